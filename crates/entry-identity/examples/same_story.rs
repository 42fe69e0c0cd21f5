//! Compares an entry with entries of other sources and prints each decision with its reason.
//!
//! Run with `cargo run --example same_story -p entry-identity`.

use entry_identity::{
    Candidate, CommentaryEntry, Fingerprint, IncomingEntry, KeyPolicy, SourceSite, StoryMatch,
    identify_items, same_story,
};
use feed_model::{Draft, EntryId, SafeHtml, SourceId, StoryId};

const POST: &str = "https://blog.example.org/queues";
const TEXT: &str = "Queues forget and logs remember. Last spring our payment service lost eleven \
    messages in a week, and nobody could say which ones, because the broker had deleted them as \
    soon as a worker took them. We replaced the queue with a log: every message keeps its offset, \
    workers store how far they came, and a crash means reading again from there. Nothing was lost \
    since, and the one message that broke every worker is still there for us to look at.";
const REMARK: &str = "An argument that I have heard before and never believed. Retention costs \
    money, and offsets are state like any other: somebody has to store them, and somebody will \
    store them badly. Read it anyway, because the numbers in the second half are honest, and \
    because few teams admit in public that they lost anything at all. What it leaves out is \
    ordering, which a log gives you within a partition and nowhere else.";

fn draft(url: &str, title: &str, text: &str) -> Draft {
    Draft {
        url: url.parse().ok(),
        title: Some(title.to_owned()),
        content: Some(SafeHtml::from_sanitised(format!("<p>{text}</p>"))),
        ..Draft::default()
    }
}

fn stored(source: SourceId, feed_url: &str, draft: &Draft) -> Candidate {
    let (mut items, ..) = identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None);
    let identity = items.remove(0);
    Candidate {
        story: StoryId(1),
        entry: EntryId(1),
        source,
        source_title: None,
        link: identity.link,
        canonical: identity.canonical,
        title_norm: identity.title_norm,
        guid: identity.guid,
        fingerprint: Fingerprint::of(draft),
        published: identity.published,
        site: SourceSite::new(feed_url, None),
        entries_with_link: 1,
        page_count: 1,
        has_entry_of_same_source: false,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let blog = SourceId::new("blog")?;
    let post = draft(POST, "Why we replaced our queue with a log", TEXT);
    let stored = stored(blog, "https://blog.example.org/feed.xml", &post);

    let other = SourceId::new("other")?;
    let site = SourceSite::new("https://other.example/feed.xml", None);
    for (name, item) in [
        ("planet", draft(POST, "Why we replaced our queue with a log", TEXT)),
        ("copy", draft("https://other.example/1", "Why we replaced our queue with a log", TEXT)),
        ("link blog", draft(POST, "Logs and queues", REMARK)),
        ("unrelated", draft("https://other.example/2", "Clocks", REMARK)),
    ] {
        let (items, ..) = identify_items(std::slice::from_ref(&item), KeyPolicy::Guid, None);
        let incoming = IncomingEntry::new(&other, &items[0], &item, site.clone());
        let (decision, reason) = match same_story(&incoming, &stored) {
            StoryMatch::Same { reason } => ("same story", reason),
            StoryMatch::Related { commentary: CommentaryEntry::Incoming, reason, .. } => {
                ("commentary on the post", reason)
            }
            StoryMatch::Related { commentary: CommentaryEntry::Candidate, reason, .. } => {
                ("the stored entry is a commentary", reason)
            }
            StoryMatch::Different { reason } => ("different stories", reason),
        };
        println!("{name:<10} {decision}: {reason}");
    }
    Ok(())
}
