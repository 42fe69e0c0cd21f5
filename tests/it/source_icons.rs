//! The icons of publications: how they are found, kept and shown.

use std::io::Cursor;

use feed_model::SourceId;
use image::{DynamicImage, ImageFormat};
use tributary::site;

use crate::support::{
    feeds::{feed, feed_with_channel},
    installation::{Installation, public_source},
    origin::Reply,
};

fn picture(side: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgba8(side, side).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// An installation with the source `feed`, which has been polled once. Its channel has `channel`.
async fn polled(channel: &str) -> Installation {
    let installation = Installation::with_public_feed();
    let origin = &installation.origin;
    let channel = channel.replace("ORIGIN", origin.url("/").as_str().trim_end_matches('/'));
    let link = format!("<link>{}</link>", origin.url("/"));
    let document =
        feed_with_channel(&channel, &["one"]).replace("<link>https://posts.example/</link>", &link);
    origin.script("/feed", vec![Reply::ok(document)]);
    installation.poll("feed").await;
    installation
}

fn requests(installation: &Installation) -> Vec<String> {
    installation.origin.requests().iter().map(|request| request.path.clone()).collect()
}

/// Looks for icons until none is due. Returns whether each source has a new one.
async fn check_icons(installation: &Installation) -> Vec<bool> {
    let mut found = Vec::new();
    while let Some((_, is_new)) = installation.poller().refresh_due_icon().await.unwrap() {
        found.push(is_new);
    }
    found
}

fn stored(installation: &Installation) -> Option<Vec<u8>> {
    let id = SourceId::new("feed").unwrap();
    installation.read(|reader| reader.source_icon(&id))
}

#[tokio::test]
async fn the_image_of_the_feed_is_converted_kept_and_checked_once_a_week() {
    let installation =
        polled("<image><url>ORIGIN/logo.jpg</url><title>x</title><link>x</link></image>").await;
    installation
        .origin
        .script("/logo.jpg", vec![Reply::ok(picture(300, ImageFormat::Png)), Reply::new(500)]);
    let before = requests(&installation).len();
    assert_eq!(check_icons(&installation).await, [true]);
    assert_eq!(requests(&installation)[before..], ["/logo.jpg"], "robots.txt is known by now");
    let icon = stored(&installation).unwrap();
    let decoded = image::load_from_memory_with_format(&icon, ImageFormat::Png).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (64, 64));

    installation.advance_hours(6 * 24);
    assert_eq!(check_icons(&installation).await, [false; 0], "not due");
    installation.advance_hours(25);
    assert_eq!(check_icons(&installation).await, [false], "the publisher is in trouble");
    assert_eq!(stored(&installation), Some(icon), "the icon is kept");
    installation.advance_hours(23);
    assert_eq!(check_icons(&installation).await, [false; 0], "not due");
    installation.advance_hours(2);
    assert_eq!(check_icons(&installation).await, [false], "a day after an outage");
}

#[tokio::test]
async fn without_an_image_in_the_feed_the_home_page_and_then_favicon_ico_are_used() {
    let installation = polled("").await;
    let html = "<html><head><link rel=icon sizes=96x96 href=/broken.png></head></html>";
    installation.origin.script("/", vec![Reply::ok(html).header("Content-Type", "text/html")]);
    installation.origin.script("/broken.png", vec![Reply::ok("<svg onload='alert(1)'/>")]);
    installation.origin.script("/favicon.ico", vec![Reply::ok(picture(32, ImageFormat::Ico))]);
    let before = requests(&installation).len();
    assert_eq!(check_icons(&installation).await, [true]);
    assert_eq!(requests(&installation)[before..], ["/", "/broken.png", "/favicon.ico"]);
}

#[tokio::test]
async fn robots_txt_is_obeyed_and_nothing_but_an_image_is_stored() {
    let installation = polled("").await;
    let page = "<html><head></head><body>not found</body></html>";
    installation.origin.script("/", vec![Reply::ok(page)]);
    installation.origin.script("/favicon.ico", vec![Reply::ok(page)]);
    assert_eq!(check_icons(&installation).await, [false]);
    assert_eq!(stored(&installation), None);

    let installation = Installation::with_public_sources(|origin| {
        vec![public_source("feed", &origin.url("/feed"))]
    });
    let robots = "User-agent: *\nDisallow: /favicon.ico\nDisallow: /$\n";
    installation.origin.script("/robots.txt", vec![Reply::ok(robots)]);
    installation.origin.script("/feed", vec![Reply::ok(feed(&["one"]))]);
    installation.poll("feed").await;
    let before = requests(&installation).len();
    assert_eq!(check_icons(&installation).await, [false]);
    let after = requests(&installation);
    assert!(!after[before..].contains(&"/favicon.ico".to_owned()), "{after:?}");
}

#[tokio::test]
async fn the_icon_is_served_shown_and_written() {
    let installation =
        polled("<image><url>ORIGIN/logo.png</url><title>x</title><link>x</link></image>").await;
    installation.origin.script("/logo.png", vec![Reply::ok(picture(48, ImageFormat::Png))]);
    check_icons(&installation).await;
    installation.publish("2026-11-22T00:00:00Z");
    let server = installation.serve();
    let path = "/sources/feed/icon.png";
    let icon = server.get(path).await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/png")));
    assert_eq!(Some(icon.body), stored(&installation));
    assert_eq!(server.get("/sources/other/icon.png").await.status, 404);
    for page in ["/", "/sources", "/topics/all"] {
        let text = server.get(page).await.text();
        assert!(text.contains(&format!("src=\"{path}\"")), "{page}: {text}");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut settle = |_: &str, _| Ok(installation.now());
    installation
        .store()
        .read(|reader| {
            site::publish(reader, &installation.settings(), &mut settle, dir.path()).unwrap();
            Ok(())
        })
        .unwrap();
    assert_eq!(std::fs::read(dir.path().join("sources/feed/icon.png")).ok(), stored(&installation));
}
