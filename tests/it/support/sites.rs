//! Pages and sitemaps of sites without a feed. `ORIGIN` in them stands for the origin's URL.

use std::fmt::Write as _;

use chrono::TimeDelta;
use feed_model::Timestamp;

use super::{
    origin::{Origin, Reply},
    time::morning,
};

impl Origin {
    /// Serves a body at each path.
    pub fn script_pages(&self, pages: &[(&str, &str)]) {
        for (path, body) in pages {
            let kind = match *path {
                "/robots.txt" => "text/plain",
                path if path.contains(".xml") => "application/xml",
                _ => "text/html; charset=utf-8",
            };
            let body = body.replace("ORIGIN", self.url("").as_str().trim_end_matches('/'));
            self.script(path, vec![Reply::ok(body).header("Content-Type", kind)]);
        }
    }

    /// Serves the page of a post at each path. The first is dated 30 October 2026, and each other a
    /// day before the one above it.
    pub fn script_posts(&self, paths: &[String]) {
        for (i, path) in paths.iter().enumerate() {
            let date = morning(2026, 10, 30) - TimeDelta::days(i64::try_from(i).unwrap());
            self.script_pages(&[(path, &post_page(&title_of(path), Some(date)))]);
        }
    }
}

/// The text of a fixture of site-discovery.
pub fn fixture(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/crates/site-discovery/tests/fixtures/sites/{name}"))
        .unwrap()
}

/// The title of the post at a path: "A Post On Logs" for `/p/a-post-on-logs`.
pub fn title_of(path: &str) -> String {
    let slug = path.trim_end_matches('/').rsplit('/').next().unwrap();
    let words = slug.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<Vec<_>>().join(" ")
}

/// The HTML page of a post.
pub fn post_page(title: &str, published: Option<Timestamp>) -> String {
    let date = published
        .map(|at| {
            format!("<meta property=\"article:published_time\" content=\"{}\">", at.to_rfc3339())
        })
        .unwrap_or_default();
    format!(
        "<!DOCTYPE html><html lang=en><head><title>{title} | Two Minute Systems</title>\
         <meta property=og:site_name content=\"Two Minute Systems\"><meta property=og:title \
         content=\"{title}\"><meta property=og:description content=\"What {title} teaches about \
         systems that must not stop.\">{date}</head><body><h1>{title}</h1><p>What {title} teaches.\
         </p></body></html>"
    )
}

/// The paths of `n` posts, newest first: `/p/lesson-number-<n>`.
pub fn post_paths(n: usize) -> Vec<String> {
    (1..=n).map(|i| format!("/p/lesson-number-{i}")).collect()
}

/// A sitemap of these paths and of two pages that are not posts. Each `lastmod` is a day before the
/// one above it.
pub fn sitemap(paths: &[String], newest: Timestamp) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url>\
         <loc>ORIGIN/</loc></url><url><loc>ORIGIN/subscribe</loc></url>",
    );
    for (i, path) in paths.iter().enumerate() {
        let day = (newest - TimeDelta::days(i64::try_from(i).unwrap())).format("%Y-%m-%d");
        let _ = write!(text, "<url><loc>ORIGIN{path}</loc><lastmod>{day}</lastmod></url>");
    }
    text + "</urlset>"
}

/// A home page without links to posts.
pub const EMPTY_HOME_PAGE: &str = "<!DOCTYPE html><html><head><title>Two Minute Systems</title>\
    </head><body><div id=root></div></body></html>";
