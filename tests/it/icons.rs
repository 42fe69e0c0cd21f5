//! The icons of the site and its topics: drawn or named, in feeds, on pages and in files.

use std::io::Cursor;

use feed_model::Draft;
use image::{ImageFormat, RgbaImage};
use tributary::store::Arrival;

use crate::support::{feeds::draft, installation::Installation};

const SITE: &str = "[site]\ntitle = \"Planet\"\nbase_url = \"https://planet.example/\"\n\
                    id = \"tag:planet.example,2026:topics\"\n";

const TOPICS: &str = "[[topic]]\nid = \"streaming\"\ntitle = \"Streaming\"\nany = [\"kafka\"]\n\
                      was = [\"streams\"]\n\
                      [[topic]]\nid = \"data\"\ntitle = \"Базы данных\"\nany = [\"sql\"]\n";

const PATHS: [&str; 5] = [
    "/topics/all/icon.png",
    "/topics/streaming/icon.png",
    "/topics/data/icon.png",
    "/apple-touch-icon.png",
    "/favicon.ico",
];

/// An image of one colour in a format.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = RgbaImage::from_pixel(width, height, image::Rgba([180, 60, 40, 255]));
    image::DynamicImage::from(pixels).to_rgb8().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Width and height of an image, as another decoder sees them.
fn size(bytes: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(bytes).unwrap();
    (image.width(), image.height())
}

async fn icons_of(installation: &Installation) -> Vec<Vec<u8>> {
    installation.publish("2026-03-01T00:00:00Z");
    let server = installation.serve();
    let mut icons = Vec::new();
    for path in PATHS {
        let response = server.get(path).await;
        assert_eq!(response.status, 200, "{path}");
        let expected = if path == "/favicon.ico" { "image/x-icon" } else { "image/png" };
        assert_eq!(response.header("content-type"), Some(expected), "{path}");
        assert!(response.header("etag").is_some(), "{path}");
        icons.push(response.body);
    }
    icons
}

#[tokio::test]
async fn drawn_icons_are_served_and_are_the_same_in_every_installation() {
    let feeds_toml = format!("{SITE}{TOPICS}");
    let icons = icons_of(&Installation::with_feeds_toml(&feeds_toml)).await;
    let sizes: Vec<_> = icons.iter().map(|icon| size(icon)).collect();
    assert_eq!(sizes, [(512, 512), (512, 512), (512, 512), (180, 180), (48, 48)]);
    let moved = feeds_toml.replace("planet.example", "elsewhere.example");
    assert_eq!(icons_of(&Installation::with_feeds_toml(&moved)).await, icons);
    assert_ne!(icons[1], icons[2], "each topic has an icon of its own");
    assert!(icons.iter().all(|icon| icon.len() < 3_000), "icons are small");
}

#[tokio::test]
async fn the_icon_of_a_union_is_the_sites_and_a_former_id_redirects() {
    let installation = Installation::with_feeds_toml(&format!("{SITE}{TOPICS}"));
    let icons = icons_of(&installation).await;
    let server = installation.serve();
    assert_eq!(server.get("/topics/data+streaming/icon.png").await.body, icons[0]);
    let moved = server.get("/topics/streams/icon.png").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("/topics/streaming/icon.png")));
    assert_eq!(server.get("/topics/unknown/icon.png").await.status, 404);
}

#[tokio::test]
async fn named_icons_are_served_as_they_are_or_converted() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let site = picture(300, 300, ImageFormat::Png);
    let feeds_toml = format!(
        "{SITE}icon = \"{}\"\n{}",
        file("site.png", &site),
        TOPICS.replace(
            "id = \"data\"",
            &format!(
                "id = \"data\"\nicon = \"{}\"",
                file("data.jpeg", &picture(2000, 1000, ImageFormat::Jpeg))
            )
        )
    );
    let installation = Installation::with_feeds_toml(&feeds_toml);
    let icons = icons_of(&installation).await;
    assert_eq!(icons[0], site, "a PNG of a usual size is served as it is");
    assert_eq!(size(&icons[2]), (1024, 512));
    assert_eq!((size(&icons[3]), size(&icons[4])), ((180, 180), (48, 48)));
    let rss = installation.serve().get("/topics/data/feed.rss").await.text();
    assert!(!rss.contains("<width>"), "only a square image has the usual size: {rss}");
}

#[tokio::test]
async fn feeds_and_pages_name_their_icon() {
    let installation = Installation::with_feeds_toml(&format!("{SITE}{TOPICS}"));
    installation.publish("2026-03-01T00:00:00Z");
    let server = installation.serve();
    let icon = "https://planet.example/topics/streaming/icon.png";
    let atom = server.get("/topics/streaming/feed.atom").await.text();
    for name in ["icon", "logo"] {
        assert!(atom.contains(&format!("<{name}>{icon}</{name}>")), "{atom}");
    }
    let rss = server.get("/topics/streaming/feed.rss").await.text();
    let image = format!(
        "<image><url>{icon}</url><title>Streaming</title>\
         <link>https://planet.example/topics/streaming</link>\
         <width>144</width><height>144</height></image>"
    );
    assert!(rss.contains(&image), "{rss}");
    let json = server.get("/topics/streaming/feed.json").await.text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["icon"].as_str(), json["favicon"].as_str()), (Some(icon), Some(icon)));
    let union = server.get("/topics/data+streaming/feed.atom").await.text();
    assert!(union.contains("<icon>https://planet.example/topics/all/icon.png</icon>"), "{union}");

    for file in ["feed.atom", "feed.rss", "feed.json"] {
        let feed = server.get(&format!("/topics/streaming/{file}")).await;
        assert_eq!(feed.header("x-robots-tag"), Some("noindex"), "{file}");
    }
    let page = server.get("/topics/streaming").await;
    assert_eq!(page.header("x-robots-tag"), None);
    assert!(page.text().contains("<link rel=\"icon\" href=\"/topics/streaming/icon.png\">"));
    let home = server.get("/").await;
    for link in [
        "<link rel=\"icon\" href=\"/favicon.ico\">",
        "<link rel=\"apple-touch-icon\" href=\"/apple-touch-icon.png\">",
        "<link rel=\"blogroll\" type=\"text/x-opml\" href=\"/sources.opml\">",
    ] {
        assert!(home.text().contains(link), "{link}: {}", home.text());
    }
    assert!(home.header("content-security-policy").unwrap().contains("img-src 'self';"));
}

#[tokio::test]
async fn pages_show_images_of_publishers_only_if_the_site_says_so() {
    for (setting, is_shown) in [("", false), ("images = true\n", true)] {
        let source = "[[source]]\nid = \"river\"\nurl = \"https://river.example/feed\"\n";
        let installation = Installation::with_feeds_toml(&format!("{SITE}{setting}{source}"));
        let image = "https://river.example/picture.jpg".to_owned();
        let draft = Draft { image: Some(image.clone()), ..draft(1, "Kafka", "Words.") };
        installation.deliver_drafts("river", "2026-02-01T00:00:00Z", Arrival::Import, vec![draft]);
        installation.publish("2026-03-01T00:00:00Z");
        let page = installation.serve().get("/topics/all").await;
        let text = page.text();
        assert_eq!(text.contains(&image), is_shown, "{text}");
        let policy = page.expect_header("content-security-policy");
        assert_eq!(policy.contains("img-src 'self' https: http:;"), is_shown, "{policy}");
        if is_shown {
            let picture = text.split("<img").find(|tag| tag.contains(&image)).unwrap();
            let picture = picture.split('>').next().unwrap();
            for part in ["loading=\"lazy\"", "referrerpolicy=\"no-referrer\"", "alt=\"\""] {
                assert!(picture.contains(part), "{part}: {picture}");
            }
        }
    }
}
