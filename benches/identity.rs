//! Cost of entry identity: keys of a document, matching known items, comparing candidates.
//!
//! Items of a document whose entries are all known are looked up by key, and no text is compared. A
//! new entry is compared with the few candidates that an index finds.

use std::{collections::HashMap, convert::Infallible, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use entry_identity::{
    Candidate, EntryIdentity, Fingerprint, IncomingEntry, KeyPolicy, KnownEntries, KnownEntry,
    KnownText, SourceSite, choose_story, identify_items, match_entries,
};
use feed_model::{Draft, EntryId, EntryKey, Guid, SafeHtml, SourceId, StoryId, Timestamp};

/// Number of words of a text, as in a typical post.
const WORDS: usize = 800;
/// Number of items of a large document.
const ITEMS: usize = 1_000;
/// Number of candidates that the store passes at most.
const CANDIDATES: i64 = 24;

struct EntryMemory(HashMap<EntryKey, KnownEntry>);

impl KnownEntries for EntryMemory {
    type Error = Infallible;

    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, Infallible> {
        Ok(self.0.get(key).cloned())
    }

    fn by_guid_alias(&self, _: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(Vec::new())
    }

    fn by_link(&self, _: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(Vec::new())
    }

    fn by_title(&self, _: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(Vec::new())
    }

    fn by_published(&self, _: Timestamp) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(Vec::new())
    }

    fn newest(&self, _: usize) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(Vec::new())
    }

    fn text_of(&self, _: EntryId) -> Result<Option<KnownText>, Infallible> {
        Ok(None)
    }
}

fn draft(n: usize) -> Draft {
    let text: Vec<String> =
        (0..WORDS).map(|word| format!("w{}", (n * 7_919 + word * 31) % 10_007)).collect();
    Draft {
        guid: Some(Guid { value: format!("tag:example.org,2026:{n}"), is_permalink: None }),
        url: format!("https://example.org/posts/{n}").parse().ok(),
        title: Some(format!("Notes on streams {n}")),
        content: Some(SafeHtml::from_sanitised(format!("<p>{}</p>", text.join(" ")))),
        ..Draft::default()
    }
}

fn known(entry: EntryId, item: &EntryIdentity) -> KnownEntry {
    KnownEntry {
        entry,
        key: item.key.clone(),
        guid: item.guid.clone(),
        guid_alias: item.guid_alias.clone(),
        link: item.link.clone(),
        title_norm: item.title_norm.clone(),
        material_hash: item.material_hash,
        published: item.published,
    }
}

fn benches(c: &mut Criterion) {
    let drafts: Vec<Draft> = (0..ITEMS).map(draft).collect();
    c.bench_function("keys of 1,000 items of 800 words", |b| {
        b.iter(|| identify_items(black_box(&drafts), KeyPolicy::Guid, None));
    });

    let (identity, ..) = identify_items(&drafts, KeyPolicy::Guid, None);
    let known_entries = EntryMemory(
        (1..)
            .zip(&identity)
            .map(|(entry, item)| (item.key.clone(), known(EntryId(entry), item)))
            .collect(),
    );
    c.bench_function("match 1,000 known items", |b| {
        b.iter(|| match_entries(black_box(&identity), &known_entries));
    });

    c.bench_function("fingerprint of 800 words", |b| {
        b.iter(|| Fingerprint::of(black_box(&drafts[0])));
    });

    let source = SourceId::new("incoming").expect("an id");
    let candidate = |story: i64| Candidate {
        story: StoryId(story),
        entry: EntryId(story),
        source: SourceId::new("stored").expect("an id"),
        source_title: Some("Stored".into()),
        link: Some(format!("https://elsewhere.example/{story}")),
        canonical: Some(format!("https://elsewhere.example/{story}")),
        title_norm: identity[0].title_norm.clone(),
        guid: None,
        fingerprint: Fingerprint::of(&drafts[1]),
        published: None,
        site: SourceSite::default(),
        entries_with_link: 1,
        page_count: 1,
        has_entry_of_same_source: false,
    };
    let candidates: Vec<Candidate> = (1..=CANDIDATES).map(candidate).collect();
    c.bench_function("choose the story among 24 candidates", |b| {
        b.iter(|| {
            choose_story(
                &IncomingEntry::new(&source, &identity[0], &drafts[0], SourceSite::default()),
                black_box(&candidates),
            )
        });
    });
}

criterion_group!(identity, benches);
criterion_main!(identity);
