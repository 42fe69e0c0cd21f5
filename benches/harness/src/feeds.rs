//! Generated feeds: six of ten are RSS 2.0 and four are Atom 1.0.

use crate::{random::Random, text::Vocabulary};

/// The categories of entries.
const CATEGORIES: [&str; 8] =
    ["Technology", "Science", "World", "Business", "Music", "Travel", "Open Source", "Books"];

/// The time of the newest entry of the first version: 2026-01-01 00:00 UTC, in seconds.
const NEWEST: u64 = 1_767_225_600;

/// What all feeds have in common.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// The feeds of another seed have other texts.
    pub seed: u64,
    /// Entries of a feed; `None`: 24 or 25, so that 500 feeds have 12,424.
    pub entries: Option<usize>,
    /// About how much HTML an entry has, in bytes. The half to one and a half of it.
    pub entry_bytes: usize,
}

/// Feeds that are generated when they are needed.
#[derive(Debug)]
pub struct Feeds {
    options: FeedOptions,
    vocabulary: Vocabulary,
}

struct Entry {
    title: String,
    link: String,
    guid: String,
    summary: String,
    html: String,
    categories: [&'static str; 2],
    time: u64,
}

impl Feeds {
    /// Creates the feeds of these options.
    pub fn new(options: FeedOptions) -> Self {
        Self { vocabulary: Vocabulary::new(options.seed), options }
    }

    /// Returns how many entries a feed has.
    pub fn entry_count(&self, feed: usize) -> usize {
        self.options.entries.unwrap_or(24 + usize::from(feed % 500 < 424))
    }

    /// Returns the document of a feed. In each version it has one new entry and the oldest is gone.
    pub fn document(&self, feed: usize, version: usize) -> String {
        let newest = self.entry_count(feed) + version;
        let entries = (version..newest).rev().map(|number| self.entry(feed, number));
        if feed % 10 < 6 { rss(feed, entries) } else { atom(feed, entries) }
    }

    fn entry(&self, feed: usize, number: usize) -> Entry {
        let random = &mut Random::new(&[self.options.seed, feed as u64, number as u64]);
        let mut title = String::new();
        self.vocabulary.sentence(random, 5 + random.clone().below(7), &mut title);
        let mut summary = String::new();
        self.vocabulary.sentence(random, 25 + random.clone().below(20), &mut summary);
        let bytes = self.options.entry_bytes / 2 + random.below(self.options.entry_bytes.max(1));
        let link = format!("https://blog{feed}.example/posts/{number}/");
        let guid = if feed.is_multiple_of(2) {
            link.clone()
        } else {
            format!("tag:blog{feed}.example,2026:post-{number}")
        };
        let age = 7_200 * (self.entry_count(feed) as u64) + random.below(7_000) as u64;
        Entry {
            title,
            link,
            guid,
            summary,
            html: self.vocabulary.html(random, bytes),
            categories: [random.pick(&CATEGORIES), random.pick(&CATEGORIES)],
            time: NEWEST - age + 7_200 * number as u64,
        }
    }
}

/// Returns the text with the characters that XML reserves as references.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss(feed: usize, entries: impl Iterator<Item = Entry>) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n<title>Blog {feed}</title>\n\
         <link>https://blog{feed}.example/</link>\n<description>Posts of blog {feed}\
         </description>\n<language>en</language>\n"
    );
    for entry in entries {
        xml.push_str(&format!(
            "<item>\n<title>{}</title>\n<link>{}</link>\n\
             <guid isPermaLink=\"{}\">{}</guid>\n<pubDate>{}</pubDate>\n\
             <dc:creator>Author {}</dc:creator>\n<category>{}</category>\n\
             <category>{}</category>\n<description>{}</description>\n\
             <content:encoded><![CDATA[{}]]></content:encoded>\n</item>\n",
            escape(&entry.title),
            entry.link,
            entry.guid == entry.link,
            entry.guid,
            rfc_2822(entry.time),
            feed % 7,
            entry.categories[0],
            entry.categories[1],
            escape(&entry.summary),
            entry.html,
        ));
    }
    xml.push_str("</channel>\n</rss>\n");
    xml
}

fn atom(feed: usize, entries: impl Iterator<Item = Entry>) -> String {
    let mut entries = entries.peekable();
    let updated = rfc_3339(entries.peek().map_or(NEWEST, |entry| entry.time));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" \
         xml:lang=\"en\">\n<title>Blog {feed}</title>\n<id>https://blog{feed}.example/</id>\n\
         <link href=\"https://blog{feed}.example/\"/>\n<updated>{updated}</updated>\n\
         <author><name>Author {}</name></author>\n",
        feed % 7
    );
    for entry in entries {
        let time = rfc_3339(entry.time);
        xml.push_str(&format!(
            "<entry>\n<title>{}</title>\n<link href=\"{}\"/>\n<id>{}</id>\n\
             <published>{time}</published>\n<updated>{time}</updated>\n\
             <category term=\"{}\"/>\n<category term=\"{}\"/>\n<summary>{}</summary>\n\
             <content type=\"html\">{}</content>\n</entry>\n",
            escape(&entry.title),
            entry.link,
            entry.guid,
            entry.categories[0],
            entry.categories[1],
            escape(&entry.summary),
            escape(&entry.html),
        ));
    }
    xml.push_str("</feed>\n");
    xml
}

struct Date {
    year: u64,
    month: usize,
    day: u64,
    weekday: usize,
}

/// Returns the date of a day, counted from 1970-01-01.
fn date(mut day: u64) -> Date {
    let weekday = usize::try_from((day + 3) % 7).expect("a number below seven");
    let is_leap = |year: u64| year.is_multiple_of(4);
    let mut year = 1970;
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 0;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    Date { year, month, day: day + 1, weekday }
}

fn clock(time: u64) -> String {
    format!("{:02}:{:02}:{:02}", time / 3600 % 24, time / 60 % 60, time % 60)
}

fn rfc_3339(time: u64) -> String {
    let Date { year, month, day, .. } = date(time / 86_400);
    format!("{year}-{:02}-{day:02}T{}Z", month + 1, clock(time))
}

fn rfc_2822(time: u64) -> String {
    let Date { year, month, day, weekday } = date(time / 86_400);
    let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][weekday];
    let month =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month];
    format!("{weekday}, {day:02} {month} {year} {} +0000", clock(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feed_is_read_without_repair() {
        let feeds = Feeds::new(FeedOptions { seed: 1, entries: None, entry_bytes: 300 });
        for feed in 0..10 {
            let document = feeds.document(feed, 3);
            let parsed = feed_rs::parser::parse(document.as_bytes()).unwrap();
            assert_eq!(parsed.entries.len(), feeds.entry_count(feed));
            assert!(parsed.entries.iter().all(|entry| entry.published.is_some()));
        }
    }

    #[test]
    fn a_version_has_one_new_entry() {
        let feeds = Feeds::new(FeedOptions { seed: 1, entries: Some(3), entry_bytes: 300 });
        let ids = |version| -> Vec<String> {
            let document = feeds.document(9, version);
            let parsed = feed_rs::parser::parse(document.as_bytes()).unwrap();
            parsed.entries.into_iter().map(|entry| entry.id).collect()
        };
        assert_eq!(ids(0)[..2], ids(1)[1..]);
        assert_eq!(ids(0), ids(0));
    }

    #[test]
    fn times_are_written_as_the_formats_ask_for() {
        assert_eq!(rfc_3339(NEWEST), "2026-01-01T00:00:00Z");
        assert_eq!(rfc_2822(NEWEST - 1), "Wed, 31 Dec 2025 23:59:59 +0000");
        assert_eq!(rfc_3339(951_782_400), "2000-02-29T00:00:00Z");
    }
}
