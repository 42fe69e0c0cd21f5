//! Players and other frames: the page of what they show, for a link in their place.

use url::Url;

use crate::{
    html::images,
    url::http_url,
    xml::{Tag, escape_attribute, escape_text, unescape},
};

/// What stands in the place of a player.
#[derive(Debug)]
pub(super) struct Player {
    /// The page to link to. `None` if the frame shows nothing of the entry.
    pub page: Option<String>,
    /// The title of the player, else the name of the service.
    pub label: String,
    /// Whether the service is known.
    pub is_known: bool,
    is_image: bool,
}

impl Player {
    /// Writes the link or the image.
    pub fn write(&self, out: &mut String) {
        let Some(page) = &self.page else { return };
        out.push_str(if self.is_image { "<img src=\"" } else { "<a href=\"" });
        escape_attribute(out, page);
        if self.is_image {
            out.push_str("\" alt=\"");
            escape_attribute(out, &self.label);
            return out.push_str("\">");
        }
        out.push_str("\">");
        escape_text(out, &self.label);
        out.push_str("</a>");
    }
}

/// Returns the player that an element is, or `None` if it is none.
pub(super) fn player(name: &str, tag: &Tag<'_>, base: &Url) -> Option<Player> {
    let value = |name: &str| tag.attribute(name).map(|text| unescape(text).trim().to_owned());
    let id = |name: &str| {
        value(name).filter(|id| {
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
    };
    let title = value("title")
        .or_else(|| value("playlabel"))
        .or_else(|| value("aria-label"))
        .filter(|title| !title.is_empty());
    let video = |service: &str, page: String| Player {
        page: Some(page),
        label: title.clone().unwrap_or_else(|| service.to_owned()),
        is_known: true,
        is_image: false,
    };
    let youtube = |id: String| video("YouTube", youtube_page(&id, ""));
    match name {
        "lite-youtube" | "amp-youtube" | "youtube-video" => {
            id("videoid").or_else(|| id("data-videoid")).or_else(|| id("video-id")).map(youtube)
        }
        "lite-vimeo" | "amp-vimeo" | "vimeo-video" => {
            let id = id("videoid").or_else(|| id("data-videoid")).or_else(|| id("video-id"))?;
            Some(video("Vimeo", format!("https://vimeo.com/{id}")))
        }
        "amp-dailymotion" => {
            let id = id("data-videoid")?;
            Some(video("Dailymotion", format!("https://www.dailymotion.com/video/{id}")))
        }
        "amp-twitter" => {
            let id = id("data-tweetid")?;
            Some(video("Twitter", format!("https://twitter.com/i/status/{id}")))
        }
        "amp-instagram" => {
            let id = id("data-shortcode")?;
            Some(video("Instagram", format!("https://www.instagram.com/p/{id}/")))
        }
        "script" => {
            let url = http_url(&value("src")?, Some(base))?;
            let page = url.path().strip_suffix(".js")?;
            (url.host_str() == Some("gist.github.com"))
                .then(|| video("Gist", format!("https://gist.github.com{page}")))
        }
        "iframe" | "amp-iframe" | "amp-video" | "amp-audio" | "embed" | "object" | "param" => {
            let source = source(name, tag)?;
            let url = http_url(&source, Some(base))?;
            // The front page of a site is no film.
            let is_site = url.path() == "/" && url.query().is_none();
            (!is_site).then(|| frame(name, tag, &url, title))
        }
        _ => None,
    }
}

/// Returns the address of a frame or object.
fn source(name: &str, tag: &Tag<'_>) -> Option<String> {
    let value = |name: &str| tag.attribute(name).map(|text| unescape(text).trim().to_owned());
    match name {
        "object" => value("data"),
        "param" => {
            let name = value("name")?.to_ascii_lowercase();
            matches!(name.as_str(), "movie" | "src").then(|| value("value")).flatten()
        }
        _ => {
            let written = value("src").filter(|src| images::is_address(src));
            written.or_else(|| images::lazy_frame(tag))
        }
    }
}

fn frame(name: &str, tag: &Tag<'_>, url: &Url, title: Option<String>) -> Player {
    let nothing = Player { page: None, label: String::new(), is_known: true, is_image: false };
    if is_widget(url) || images::is_hidden(|name| tag.attribute(name)) {
        return nothing;
    }
    let kind = tag.attribute("type").unwrap_or("").to_ascii_lowercase();
    let known = known_page(url);
    let path = url.path().to_ascii_lowercase();
    let is_flash = kind.contains("flash") || path.rsplit('.').next() == Some("swf");
    // Only a film is known to be one by the parameter `movie`.
    if known.is_none() && (is_flash || name == "param") {
        return nothing;
    }
    let is_image = name != "iframe" && (kind.starts_with("image/") || images::is_image_path(&path));
    let host = url.host_str().unwrap_or_default();
    let service = known.as_ref().map_or(host.trim_start_matches("www."), |(service, _)| service);
    let label = title.unwrap_or_else(|| if is_image { String::new() } else { service.to_owned() });
    let is_known = known.is_some() || is_image;
    let page = known.map_or_else(|| url.to_string(), |(_, page)| page);
    Player { page: Some(page), label, is_known, is_image }
}

fn youtube_page(id: &str, start: &str) -> String {
    format!("https://www.youtube.com/watch?v={id}{start}")
}

/// Returns the name of the service and the page of a player's address.
fn known_page(url: &Url) -> Option<(&'static str, String)> {
    let host = url.host_str()?.trim_start_matches("www.").trim_start_matches("m.");
    let path = url.path();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let query = |name: &str| {
        url.query_pairs().find(|(n, value)| n == name && !value.is_empty()).map(|(_, v)| v)
    };
    let page_in_query = |name: &str, hosts: &[&str]| {
        let page = http_url(&query(name)?, None)?;
        let host = page.host_str()?.trim_start_matches("www.").to_owned();
        hosts.contains(&host.as_str()).then(|| page.to_string())
    };
    let is_of = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    Some(match (host, parts.as_slice()) {
        ("youtube.com" | "youtube-nocookie.com", ["embed", "videoseries", ..]) => {
            ("YouTube", format!("https://www.youtube.com/playlist?list={}", query("list")?))
        }
        ("youtube.com" | "youtube-nocookie.com", ["embed", "live_stream", ..]) => {
            ("YouTube", format!("https://www.youtube.com/channel/{}/live", query("channel")?))
        }
        (
            "youtube.com" | "youtube-nocookie.com",
            ["embed" | "v" | "shorts" | "e" | "live", id, ..],
        )
        | ("youtu.be", [id]) => {
            let start = query("start").or_else(|| query("t"));
            let start = start.filter(|start| start.bytes().all(|b| b.is_ascii_alphanumeric()));
            // Flash players have their parameters in the path.
            let id = id.split('&').next().unwrap_or(id);
            let start = start.map(|start| format!("&t={start}")).unwrap_or_default();
            ("YouTube", youtube_page(id, &start))
        }
        ("player.vimeo.com", ["video", id, ..]) => {
            let hash = query("h").map(|hash| format!("/{hash}")).unwrap_or_default();
            ("Vimeo", format!("https://vimeo.com/{id}{hash}"))
        }
        ("vimeo.com", ["event", id, "embed", ..]) => {
            ("Vimeo", format!("https://vimeo.com/event/{id}"))
        }
        ("vimeo.com", ["moogaloop.swf"]) => {
            ("Vimeo", format!("https://vimeo.com/{}", query("clip_id")?))
        }
        (
            "open.spotify.com" | "embed.spotify.com",
            ["embed", "show" | "episode" | "playlist" | "album" | "artist" | "track", ..],
        )
        | ("open.spotify.com", ["embed-podcast", ..]) => {
            ("Spotify", format!("https://open.spotify.com/{}", parts[1..].join("/")))
        }
        ("open.spotify.com" | "embed.spotify.com", _) if query("uri").is_some() => {
            let uri = query("uri")?.replace(':', "/");
            ("Spotify", format!("https://open.spotify.com/{}", uri.strip_prefix("spotify/")?))
        }
        ("w.soundcloud.com", ["player", ..]) => {
            let page = page_in_query("url", &["soundcloud.com"]);
            ("SoundCloud", page.unwrap_or_else(|| url.to_string()))
        }
        ("dailymotion.com", ["embed", "video", id, ..]) => {
            ("Dailymotion", format!("https://www.dailymotion.com/video/{id}"))
        }
        ("geo.dailymotion.com", _) => {
            ("Dailymotion", format!("https://www.dailymotion.com/video/{}", query("video")?))
        }
        ("player.twitch.tv", _) => match (query("video"), query("channel")) {
            (Some(id), _) => {
                let id = id.trim_start_matches('v').to_owned();
                ("Twitch", format!("https://www.twitch.tv/videos/{id}"))
            }
            (None, channel) => ("Twitch", format!("https://www.twitch.tv/{}", channel?)),
        },
        ("clips.twitch.tv", ["embed", ..]) => {
            ("Twitch", format!("https://clips.twitch.tv/{}", query("clip")?))
        }
        ("embed.ted.com" | "embed-ssl.ted.com", ["talks", ..]) => {
            ("TED", format!("https://www.ted.com{}", path.trim_end_matches(".html")))
        }
        ("embed.podcasts.apple.com", _) => ("Apple Podcasts", with_host(url, "podcasts.apple.com")),
        ("embed.music.apple.com", _) => ("Apple Music", with_host(url, "music.apple.com")),
        ("codepen.io", [user, "embed", "preview", id, ..] | [user, "embed", id, ..]) => {
            ("CodePen", format!("https://codepen.io/{user}/pen/{id}"))
        }
        ("codesandbox.io", ["embed", id, ..]) => {
            ("CodeSandbox", format!("https://codesandbox.io/s/{id}"))
        }
        ("jsfiddle.net", [.., "embedded" | "embed"] | [_, _, "embedded", ..]) => {
            let end = parts.iter().position(|part| part.starts_with("embed"))?;
            ("JSFiddle", format!("https://jsfiddle.net/{}/", parts[..end].join("/")))
        }
        ("loom.com", ["embed", id]) => ("Loom", format!("https://www.loom.com/share/{id}")),
        ("streamable.com", ["e" | "o" | "s", id, ..]) => {
            ("Streamable", format!("https://streamable.com/{id}"))
        }
        ("archive.org", ["embed", id, ..]) => {
            ("Internet Archive", format!("https://archive.org/details/{id}"))
        }
        ("player.bilibili.com", _) => {
            ("Bilibili", format!("https://www.bilibili.com/video/{}", query("bvid")?))
        }
        ("mixcloud.com" | "player-widget.mixcloud.com", ["widget", "iframe", ..]) => {
            let feed = query("feed")?;
            let page = Url::parse("https://www.mixcloud.com/").ok()?.join(&feed).ok()?;
            ("Mixcloud", page.to_string())
        }
        ("widget.deezer.com", ["widget", _, kind, id, ..]) => {
            ("Deezer", format!("https://www.deezer.com/{kind}/{id}"))
        }
        ("facebook.com", ["plugins", "video.php" | "post.php"]) => {
            ("Facebook", page_in_query("href", &["facebook.com", "m.facebook.com"])?)
        }
        ("instagram.com", [kind @ ("p" | "reel" | "tv"), id, "embed", ..]) => {
            ("Instagram", format!("https://www.instagram.com/{kind}/{id}/"))
        }
        ("platform.twitter.com", ["embed", "Tweet.html", ..]) => {
            ("Twitter", format!("https://twitter.com/i/status/{}", query("id")?))
        }
        ("gist.github.com", [user, id]) => {
            let id = id.split('.').next().unwrap_or(id);
            ("Gist", format!("https://gist.github.com/{user}/{id}"))
        }
        (_, ["videos", "embed", id]) => ("PeerTube", format!("{}/w/{id}", origin(url))),
        (_, ["video-playlists", "embed", id]) => ("PeerTube", format!("{}/w/p/{id}", origin(url))),
        // The player of Bandcamp names its page in a link inside the frame only.
        _ if is_of("odysee.com") && parts.first() == Some(&"$") => {
            ("Odysee", format!("https://odysee.com/{}", parts.get(2..)?.join("/")))
        }
        _ => return None,
    })
}

fn with_host(url: &Url, host: &str) -> String {
    let mut page = url.clone();
    // A host name without special characters is always valid.
    let _ = page.set_host(Some(host));
    page.set_query(None);
    page.to_string()
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Returns whether a frame is known to show nothing of the entry: advertisements, trackers, buttons
/// of social networks, comments.
fn is_widget(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    let path = url.path();
    let ends_with = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    [
        "googletagmanager.com",
        "google-analytics.com",
        "doubleclick.net",
        "googlesyndication.com",
        "amazon-adsystem.com",
        "disqus.com",
        "addthis.com",
        "sharethis.com",
        "ghbtns.com",
        "scorecardresearch.com",
        "recaptcha.net",
    ]
    .iter()
    .any(|domain| ends_with(domain))
        || ends_with("facebook.com")
            && ["like", "share_button", "page.php", "likebox", "follow"]
                .iter()
                .any(|plugin| path.contains(plugin))
        || host == "platform.twitter.com" && path.contains("/widgets/")
        || ends_with("feedburner.com")
        || host.starts_with("rcm-") && host.contains(".amazon")
        || path.contains("/recaptcha/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_player_is_known() {
        for (player, page) in [
            (
                "https://www.youtube.com/embed/dQw4w9WgXcQ?rel=0",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            ),
            (
                "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=42",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42",
            ),
            (
                "https://www.youtube.com/v/dQw4w9WgXcQ&hl=en",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            ),
            (
                "https://www.youtube.com/shorts/dQw4w9WgXcQ",
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            ),
            (
                "https://www.youtube.com/embed/videoseries?list=PL1",
                "https://www.youtube.com/playlist?list=PL1",
            ),
            ("https://player.vimeo.com/video/12?h=ab", "https://vimeo.com/12/ab"),
            (
                "https://open.spotify.com/embed/episode/4Ab?utm=1",
                "https://open.spotify.com/episode/4Ab",
            ),
            (
                "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/a/b&x=1",
                "https://soundcloud.com/a/b",
            ),
            ("https://www.dailymotion.com/embed/video/x7", "https://www.dailymotion.com/video/x7"),
            (
                "https://geo.dailymotion.com/player.html?video=x7",
                "https://www.dailymotion.com/video/x7",
            ),
            ("https://tube.example/videos/embed/9c9d", "https://tube.example/w/9c9d"),
            ("https://player.twitch.tv/?video=v12&parent=x", "https://www.twitch.tv/videos/12"),
            ("https://player.twitch.tv/?channel=ada", "https://www.twitch.tv/ada"),
            ("https://clips.twitch.tv/embed?clip=Abc", "https://clips.twitch.tv/Abc"),
            ("https://embed.ted.com/talks/ada_one", "https://www.ted.com/talks/ada_one"),
            (
                "https://embed.podcasts.apple.com/us/podcast/a/id1?i=2",
                "https://podcasts.apple.com/us/podcast/a/id1",
            ),
            ("https://codepen.io/ada/embed/preview/AbC?x=1", "https://codepen.io/ada/pen/AbC"),
            (
                "https://www.facebook.com/plugins/video.php?href=\
                 https%3A%2F%2Fwww.facebook.com%2Fa%2Fvideos%2F1",
                "https://www.facebook.com/a/videos/1",
            ),
        ] {
            let (_, found) = known_page(&player.parse().unwrap()).expect(player);
            assert_eq!(found, page, "{player}");
        }
        assert!(known_page(&"https://maps.example/embed".parse().unwrap()).is_none());
    }
}
