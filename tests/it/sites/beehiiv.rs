//! A newsletter like those that Tributary exists for, played over months: home and archive pages
//! with embedded data in two themes, a sitemap with `/p/`, heads of posts, robots.txt, a challenge
//! now and then, a sitemap that goes away, and a feed that appears later.

use std::{collections::BTreeSet, fmt::Write as _};

use chrono::TimeDelta;
use feed_model::{FollowMode, Timestamp};

use crate::support::{
    installation::Installation,
    origin::Reply,
    time::{at, morning},
};

/// The subjects of the posts. A slug is cut at 100 characters, and a collision gets a suffix.
const SUBJECTS: [&str; 6] = [
    "Leases without clocks",
    "Why a queue needs a bound",
    "The log is the database",
    "Two kinds of retry",
    "What a quorum forgets",
    "Reading the slow query first",
];

/// One issue of the newsletter.
struct Issue {
    title: String,
    subtitle: String,
    slug: String,
    published: Timestamp,
}

/// The issues that are out at a time: one each week since August.
fn issues(now: Timestamp) -> Vec<Issue> {
    let first = at("2026-08-03T07:00:00Z");
    let issue = |week: i64| {
        let subject = SUBJECTS[usize::try_from(week).unwrap() % SUBJECTS.len()];
        let round = week / i64::try_from(SUBJECTS.len()).unwrap();
        let slug = subject.to_lowercase().replace(' ', "-");
        Issue {
            title: format!(
                "{subject}{}",
                ["", ", again", " (part three)", ", once more"]
                    [usize::try_from(round).unwrap() % 4]
            ),
            subtitle: format!("Issue {week} in two minutes: {}.", subject.to_lowercase()),
            slug: if round == 0 { slug } else { format!("{slug}-10e{round}") },
            published: first + TimeDelta::weeks(week),
        }
    };
    let out: Vec<Issue> = (0..200).map(issue).take_while(|i| i.published <= now).collect();
    out.into_iter().rev().collect()
}

/// How the site is built at a time.
#[allow(clippy::struct_excessive_bools)] // independent states of the site
struct Site {
    issues: Vec<Issue>,
    has_cards: bool,
    has_sitemap: bool,
    has_feed: bool,
    is_challenged: bool,
}

impl Site {
    fn at(now: Timestamp) -> Self {
        let week = (now - at("2026-11-02T00:00:00Z")).num_days() / 7;
        Self {
            issues: issues(now),
            has_cards: week >= 6,
            has_sitemap: week < 9,
            has_feed: week >= 13,
            is_challenged: matches!(week, 3 | 7)
                && (now - at("2026-11-02T00:00:00Z")).num_days() % 7 < 2,
        }
    }

    /// The home page or the archive: embedded data in the old theme, cards in the new one.
    fn listing(&self) -> String {
        let feed = if self.has_feed {
            "<link rel=alternate type=application/rss+xml href=/feeds/Ab3dEf9hIj.xml>"
        } else {
            ""
        };
        let newest = self.issues.iter().take(12);
        let mut body = String::new();
        if self.has_cards {
            for issue in newest {
                let _ = write!(
                    body,
                    "<div class='transparent h-full'><a href='/p/{}'><div class='space-y-3'><div>\
                     <figure><img src='ORIGIN/c.png' alt=''></figure></div><div class=flex><span>\
                     <time datetime='{}'>{}</time></span><span>•</span><span>2 min read</span>\
                     </div><h2>{}</h2><p>{}</p></div></a></div>",
                    issue.slug,
                    issue.published.to_rfc3339(),
                    issue.published.format("%b %-d, %Y"),
                    issue.title,
                    issue.subtitle
                );
            }
        } else {
            let posts: Vec<String> = newest
                .map(|issue| {
                    format!(
                        "{{\"id\":\"{0}\",\"web_title\":\"{1}\",\"web_subtitle\":\"{2}\",\
                         \"slug\":\"{0}\",\"status\":\"confirmed\",\
                         \"override_scheduled_at\":\"{3}\",\"authors\":[{{\"name\":\"Ann \
                         Writer\"}}],\"content_tags\":[]}}",
                        issue.slug,
                        issue.title,
                        issue.subtitle,
                        issue.published.to_rfc3339()
                    )
                })
                .collect();
            let _ = write!(
                body,
                "<script>window.__remixContext = {{\"state\":{{\"loaderData\":{{\"routes/index\":\
                 {{\"paginated\":{{\"posts\":[{}]}}}}}}}}}};</script>",
                posts.join(",")
            );
        }
        format!(
            "<!DOCTYPE html><html lang=en><head><title>Two Minute Systems</title><meta \
             property=og:site_name content='Two Minute Systems'><meta name=description content='\
             One idea about systems, each Monday.'>{feed}</head><body><nav><a href=/>Home</a><a \
             href=/archive>Archive</a><a href=/subscribe>Subscribe</a></nav>{body}<footer><a \
             href='https://www.beehiiv.com/'>Powered by beehiiv</a></footer></body></html>"
        )
    }

    fn sitemap(&self) -> String {
        let mut text = String::from(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
             xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>ORIGIN/</loc>\
             </url><url><loc>ORIGIN/archive</loc></url><url><loc>ORIGIN/subscribe</loc></url><url>\
             <loc>ORIGIN/authors</loc></url>",
        );
        for (n, issue) in self.issues.iter().enumerate() {
            // Old posts are edited: `lastmod` is no date of publication.
            let modified = issue.published + TimeDelta::days(i64::from(n % 3 == 0));
            let news = if n < 2 {
                format!(
                    "<news:news><news:publication_date>{}</news:publication_date><news:title>{}\
                     </news:title></news:news>",
                    issue.published.to_rfc3339(),
                    issue.title
                )
            } else {
                String::new()
            };
            let _ = write!(
                text,
                "<url><loc>ORIGIN/p/{}</loc><lastmod>{}</lastmod>{news}</url>",
                issue.slug,
                modified.format("%Y-%m-%d")
            );
        }
        text + "</urlset>"
    }

    fn feed(&self) -> String {
        let mut text = String::from(
            "<?xml version='1.0'?><rss version='2.0'><channel><title>Two Minute Systems</title>\
             <link>ORIGIN/</link>",
        );
        for issue in self.issues.iter().take(10) {
            let _ = write!(
                text,
                "<item><title>{0}</title><description>{1}</description><link>ORIGIN/p/{2}</link>\
                 <guid isPermaLink='false'>5b1c9a6e-{2}</guid><pubDate>{3}</pubDate></item>",
                issue.title,
                issue.subtitle,
                issue.slug,
                issue.published.to_rfc2822()
            );
        }
        text + "</channel></rss>"
    }

    fn post(issue: &Issue) -> String {
        format!(
            "<!DOCTYPE html><html lang=en><head><title>{0}</title><meta property=og:title \
             content='{0}'><meta property=og:site_name content='Two Minute Systems'><meta \
             property=og:description content='{1}'><meta property=article:published_time \
             content='{2}'></head><body><p>Two Minute Systems / Posts / {0}</p><h1>{0}</h1><p>In \
             partnership with Somebody</p><p>A lease is a lock that forgives a crash, if clocks \
             agree.</p></body></html>",
            issue.title,
            issue.subtitle,
            issue.published.to_rfc3339()
        )
    }

    fn answer(&self, path: &str, base: &str) -> Reply {
        if self.is_challenged && path != "/robots.txt" {
            return Reply::ok(
                "<html><head><title>Just a moment...</title></head><body><article>Checking your \
                 browser.</article><script>window._cf_chl_opt={}</script></body></html>",
            )
            .header("Content-Type", "text/html");
        }
        let (kind, text) = match path {
            "/robots.txt" => ("text/plain", "User-agent: *\nDisallow: /authors\n".to_owned()),
            "/" | "/archive" => ("text/html", self.listing()),
            "/sitemap.xml" if self.has_sitemap => ("application/xml", self.sitemap()),
            "/feeds/Ab3dEf9hIj.xml" if self.has_feed => ("application/rss+xml", self.feed()),
            _ => {
                let slug = path.strip_prefix("/p/").unwrap_or_default();
                match self.issues.iter().find(|issue| issue.slug == slug) {
                    Some(issue) => ("text/html", Self::post(issue)),
                    None => return Reply::new(404),
                }
            }
        };
        Reply::ok(text.replace("ORIGIN", base)).header("Content-Type", kind)
    }
}

#[tokio::test]
async fn a_newsletter_is_followed_for_months_without_loss_copies_or_wrong_dates() {
    let harness = Installation::following_site("/", "interval = \"12h\"\nbackfill = 100\n");
    let base = harness.origin.url("").as_str().trim_end_matches('/').to_owned();
    let clock = harness.clock.clone();
    harness.origin.set_handler(move |request| {
        use tributary::clock::Clock as _;
        Site::at(clock.now()).answer(&request.path, &base)
    });
    let mut modes = Vec::new();
    for week in 1..=22 {
        harness.run_until(morning(2026, 11, 5) + TimeDelta::weeks(week)).await;
        while harness.has_due_backfill() {
            harness.backfill(10).await;
        }
        let (mode, _) = harness.follow_mode_and_reason("site");
        if modes.last() != Some(&mode) {
            modes.push(mode);
        }
    }
    assert_eq!(modes, [FollowMode::Sitemap, FollowMode::Page, FollowMode::Feed]);
    let expected = issues(harness.now());
    let stories = harness.stored_stories();
    let urls: BTreeSet<&str> = stories.iter().filter_map(|story| story.url.as_deref()).collect();
    assert_eq!(urls.len(), stories.len(), "no story twice");
    assert_eq!(stories.len(), expected.len(), "{:?}", harness.story_lines());
    for issue in &expected {
        let address = harness.origin.url(&format!("/p/{}", issue.slug)).to_string();
        let story = stories
            .iter()
            .find(|story| story.url.as_deref() == Some(address.as_str()))
            .unwrap_or_else(|| panic!("{} is lost", issue.slug));
        assert_eq!(story.title, issue.title);
        assert_eq!(story.published, Some(issue.published), "{}", issue.title);
        assert_eq!(story.summary_text, issue.subtitle, "{}", issue.title);
    }
    let forbidden = harness.origin.requests_to("/authors");
    assert!(forbidden.is_empty());
    assert_eq!(harness.origin.most_in_flight(), 1);
}
