//! What one source says in one document and then in the next.

use std::{collections::HashMap, convert::Infallible};

use entry_identity::{KeyPolicy, Keyed, KnownEntries, KnownEntry, KnownText, Recognition, key_document, recognise, stored_text};
use feed_model::{Draft, EntryKey, SafeHtml, Timestamp};
use proptest::prelude::*;

use super::{item, prose};

/// The entries of one source, kept as the store keeps them.
#[derive(Default)]
struct Shelf {
    entries: Vec<KnownEntry>,
    texts: HashMap<i64, KnownText>,
    further_keys: Vec<(EntryKey, i64)>,
    policy: KeyPolicy,
}

impl KnownEntries for Shelf {
    type Error = Infallible;

    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, Infallible> {
        let further = || self.further_keys.iter().find(|(k, _)| k == key).map(|(_, entry)| *entry);
        let own = self.entries.iter().find(|e| e.key == *key).map(|e| e.entry);
        Ok(own.or_else(further).and_then(|entry| self.entries.iter().find(|e| e.entry == entry)).cloned())
    }

    fn by_guid_alias(&self, alias: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.guid_alias.as_deref() == Some(alias)).cloned().collect())
    }

    fn by_link(&self, link: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.link.as_deref() == Some(link)).cloned().collect())
    }

    fn by_title(&self, title_norm: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.title_norm.as_deref() == Some(title_norm)).cloned().collect())
    }

    fn by_moment(&self, published: Timestamp) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.published == Some(published)).cloned().collect())
    }

    fn text_of(&self, entry: i64) -> Result<Option<KnownText>, Infallible> {
        Ok(self.texts.get(&entry).copied())
    }
}

impl Shelf {
    /// Takes a document; the entry of each item, and how many are new.
    fn poll(&mut self, drafts: &[Draft]) -> (Vec<Option<i64>>, usize) {
        let home = Some("https://example.org/");
        let (mut keyed, policy, _) = key_document(drafts, self.policy, home);
        self.policy = policy;
        let Ok(mut recognised) = recognise(&keyed, self);
        if recognised.ids_wander {
            (keyed, self.policy, _) = key_document(drafts, KeyPolicy::Link, home);
            let Ok(again) = recognise(&keyed, self);
            assert!(!again.ids_wander, "links are keys now");
            recognised = again;
        }
        let recognised = recognised.items;
        let mut new = 0;
        let mut claimed: Vec<i64> =
            recognised.iter().filter_map(|r| if let Recognition::Same { entry, .. } = r { Some(*entry) } else { None }).collect();
        claimed.sort_unstable();
        assert!(claimed.windows(2).all(|pair| pair[0] != pair[1]), "an entry is claimed by one item: {claimed:?}");
        let entries = keyed.iter().zip(drafts).zip(recognised).map(|((item, draft), recognition)| match recognition {
            Recognition::New => {
                new += 1;
                assert!(self.entries.iter().all(|e| e.key != item.key), "a new entry has a key of its own");
                Some(self.keep(i64::try_from(self.entries.len()).expect("few entries") + 1, item.key.clone(), item, draft))
            }
            Recognition::Same { entry, new_key, because } => {
                assert!(!because.is_empty());
                if new_key {
                    self.further_keys.push((item.key.clone(), entry));
                }
                let key = self.entries.iter().find(|e| e.entry == entry).expect("a known entry").key.clone();
                Some(self.keep(entry, key, item, draft))
            }
            Recognition::Repetition => None,
        });
        (entries.collect(), new)
    }

    fn keep(&mut self, entry: i64, key: EntryKey, item: &Keyed, draft: &Draft) -> i64 {
        self.entries.retain(|e| e.entry != entry);
        self.texts.remove(&entry);
        let (summary, content) = (draft.summary.as_ref().map(SafeHtml::as_str), draft.content.as_ref().map(SafeHtml::as_str));
        let text = stored_text(summary, content, !draft.enclosures.is_empty());
        assert_eq!(text.map(|text| text.hash), item.text_hash, "what is stored is known again");
        self.texts.extend(text.map(|text| (entry, text)));
        self.entries.push(KnownEntry {
            entry,
            key,
            guid: item.guid.clone(),
            guid_alias: item.guid_alias.clone(),
            link: item.link.clone(),
            title_norm: item.title_norm.clone(),
            material_hash: item.material_hash,
            published: item.published,
        });
        entry
    }

    fn with(drafts: &[Draft]) -> Self {
        let mut shelf = Self::default();
        assert_eq!(shelf.poll(drafts).1, drafts.len(), "every item of a first document is new");
        shelf
    }

    /// Takes a document of which nothing may be new, and each item is the entry that it was first.
    fn knows(&mut self, drafts: &[Draft]) {
        let entries = (1..).map(Some).take(drafts.len()).collect::<Vec<_>>();
        assert_eq!(self.poll(drafts), (entries, 0), "each is the entry that it was");
    }
}

fn post(n: u32) -> Draft {
    item(
        &format!("https://example.org/?p={n}"),
        &format!("https://example.org/post-{n}"),
        &format!("Post {n}"),
        i64::from(n),
        &prose(n, 30),
    )
}

#[test]
fn the_same_document_has_nothing_new() {
    let drafts = [post(1), post(2)];
    Shelf::with(&drafts).knows(&drafts);
}

#[test]
fn the_id_changes_and_the_link_stays() {
    let mut shelf = Shelf::with(&[post(1)]);
    shelf.knows(&[Draft { guid: item("tag:example.org,2026:1", "", "", 0, "").guid, ..post(1) }]);
    shelf.knows(&[Draft { guid: item("another", "", "", 0, "").guid, title: Some("Edited".into()), ..post(1) }]);
    shelf.knows(&[post(1)]);
}

#[test]
fn the_ids_scheme_host_or_tracking_changes() {
    let mut shelf = Shelf::with(&[post(1), post(2)]);
    let moved =
        |host: &str| [1, 2].map(|n| item(&format!("{host}/?p={n}&utm_source=rss"), "", &format!("Post {n}"), 0, "other text"));
    shelf.knows(&moved("http://www.example.org"));
    shelf.knows(&moved("https://new.example"));
}

#[test]
fn two_blogs_of_one_planet_have_the_same_path() {
    let mut shelf = Shelf::with(&[item("https://a.example/?p=12", "https://a.example/x", "On queues", 1, "a")]);
    assert_eq!(
        shelf.poll(&[item("https://b.example/?p=12", "https://b.example/y", "On caches", 1, "b")]).1,
        1,
        "nothing is swallowed"
    );
}

#[test]
fn a_new_cms_makes_every_id_and_link_anew() {
    let mut shelf = Shelf::with(&[post(1), post(2), post(3), post(4)]);
    let again = |n: u32| Draft {
        guid: item(&format!("urn:uuid:{n}"), "", "", 0, "").guid,
        url: format!("https://example.org/2026/{n}.html").parse().ok(),
        content: item("", "", "", 0, "another renderer").content,
        ..post(n)
    };
    shelf.knows(&[again(1), again(2), again(3), again(4)]);
}

#[test]
fn a_new_cms_is_not_a_reason_to_swallow_what_is_new() {
    let mut shelf = Shelf::with(&[post(1), post(2), post(3)]);
    let again = |n: u32| Draft { guid: None, url: format!("https://example.org/new/{n}").parse().ok(), ..post(n) };
    let (entries, new) = shelf.poll(&[again(9), again(1), again(2), again(3)]);
    assert_eq!((entries, new), (vec![Some(4), Some(1), Some(2), Some(3)], 1));
}

#[test]
fn the_link_rotates_a_token() {
    let rotated =
        |token: &str, guid: &str| item(guid, &format!("https://example.org/read?v={token}"), "A study", 3, "its abstract");
    let mut shelf = Shelf::with(&[rotated("abc", "id-1")]);
    shelf.knows(&[rotated("def", "id-1")]);
    let mut shelf = Shelf::with(&[rotated("abc", "")]);
    shelf.knows(&[rotated("def", "")]);
    shelf.knows(&[rotated("ghi", "")]);
}

#[test]
fn without_an_id_a_title_may_be_edited() {
    let mut shelf = Shelf::with(&[item("", "https://example.org/a", "Frist", 1, "text")]);
    shelf.knows(&[item("", "http://www.example.org/a/?utm_medium=rss", "First", 1, "more text")]);
}

#[test]
fn without_id_and_link_title_and_date_tell() {
    let bare = |text: &str| [item("", "", "One", 1, text), item("", "", "Two", 2, text), item("", "", "", 0, "Just words")];
    let mut shelf = Shelf::with(&bare("a"));
    shelf.knows(&bare("edited"));
}

#[test]
fn one_id_for_all_items_in_both_orders_and_with_new_ones_on_top() {
    let shared = |n: u32| Draft { guid: item("N/A", "", "", 0, "").guid, ..post(n) };
    for count in [2, 4] {
        let first: Vec<Draft> = (1..=count).map(shared).collect();
        let mut shelf = Shelf::with(&first);
        shelf.knows(&first);
        let reversed: Vec<Draft> = (1..=count).rev().map(shared).collect();
        assert_eq!(shelf.poll(&reversed), ((1..=i64::from(count)).rev().map(Some).collect(), 0));
        let mut longer = vec![shared(9)];
        longer.extend(first.iter().cloned());
        let (entries, new) = shelf.poll(&longer);
        assert_eq!((entries[0], new), (Some(i64::from(count) + 1), 1));
        shelf.policy = KeyPolicy::Guid;
        assert_eq!(shelf.poll(&[shared(2)]), (vec![Some(2)], 0), "alone in the window it is still itself");
        assert_eq!(shelf.poll(&[shared(1)]), (vec![Some(1)], 0), "and does not overwrite another");
    }
}

#[test]
fn an_id_that_was_good_alone_turns_out_to_be_shared() {
    let shared = |n: u32| Draft { guid: item("feed", "", "", 0, "").guid, ..post(n) };
    let mut shelf = Shelf::with(&[shared(1)]);
    assert_eq!(shelf.poll(&[shared(2), shared(1)]), (vec![Some(2), Some(1)], 1));
    assert_eq!(shelf.poll(&[shared(2)]), (vec![Some(2)], 0));
    assert_eq!(shelf.poll(&[shared(1)]), (vec![Some(1)], 0));
}

#[test]
fn distrusted_ids_announce_nothing_again() {
    let mut drafts: Vec<Draft> = (1..=6).map(post).collect();
    let mut shelf = Shelf::with(&drafts);
    for draft in &mut drafts[3..] {
        draft.guid = None;
    }
    shelf.knows(&drafts);
    assert_eq!(shelf.policy, KeyPolicy::Link);
    shelf.knows(&(1..=6).map(post).collect::<Vec<_>>());
}

#[test]
fn an_item_comes_back_after_a_year() {
    let mut shelf = Shelf::with(&[post(1), post(2)]);
    assert_eq!(shelf.poll(&[post(3)]), (vec![Some(3)], 1));
    shelf.knows(&[post(1), post(2), post(3)]);
}

#[test]
fn a_changelog_differs_by_fragment() {
    let entry = |n: i64| item("", &format!("https://example.org/changelog#v{n}"), &format!("Version {n}"), n, "Fixes");
    let mut shelf = Shelf::with(&[entry(1), entry(2)]);
    assert_eq!(shelf.poll(&[entry(3), entry(2), entry(1)]), (vec![Some(3), Some(2), Some(1)], 1));
}

#[test]
fn items_that_share_a_page_swallow_none() {
    for link in ["https://example.org/", "https://example.org/news"] {
        let news = |n: i64| item("", link, &format!("News {n}"), n, "");
        let mut shelf = Shelf::with(&[news(1), news(2)]);
        assert_eq!(shelf.poll(&[news(3), news(2), news(1)]), (vec![Some(3), Some(2), Some(1)], 1), "{link}");
        assert_eq!(shelf.poll(&[news(4)]).1, 1, "{link}");
    }
}

#[test]
fn a_page_that_shows_another_post_every_day() {
    let daily =
        |n: u32| item(&format!("day-{n}"), "https://example.org/daily", &format!("Strip {n}"), i64::from(n), &prose(n, 10));
    let mut shelf = Shelf::with(&[daily(1)]);
    assert_eq!(shelf.poll(&[daily(2)]).1, 1);
    assert_eq!(shelf.poll(&[daily(3)]).1, 1);
}

#[test]
fn episodes_with_one_title_and_the_same_notes() {
    let episode = |n: i64, day: i64| {
        item(&format!("ep-{n}"), &format!("https://example.org/ep/{n}"), "The show", day, "Thanks for listening.")
    };
    let mut shelf = Shelf::with(&[episode(1, 1)]);
    assert_eq!(shelf.poll(&[episode(2, 8)]).1, 1);
    let mut shelf = Shelf::with(&[episode(1, 0)]);
    assert_eq!(shelf.poll(&[episode(2, 0)]).1, 1, "undated");
}

#[test]
fn comics_with_one_title_and_no_text() {
    let strip = |n: i64| item(&format!("strip-{n}"), "", "Strip", 0, "");
    assert_eq!(Shelf::with(&[strip(1)]).poll(&[strip(2)]).1, 1);
}

#[test]
fn every_item_is_dated_with_the_hour_of_asking() {
    let notice = |day: i64| item("", "", "Notice", day, "The office is closed on Monday.");
    let mut shelf = Shelf::with(&[notice(1)]);
    shelf.knows(&[notice(2)]);
    shelf.knows(&[notice(3)]);
}

#[test]
fn a_site_is_followed_by_sitemap_and_later_by_feed() {
    let page = |n: u32| item("", &format!("https://www.example.org/post-{n}/"), &format!("Post {n} | Example"), 0, "One line");
    let mut shelf = Shelf::with(&[page(1), page(2), page(3)]);
    shelf.knows(&[post(1), post(2), post(3)]);
}

#[test]
fn links_move_to_another_host() {
    let hosted = |host: &str, n: i64, text: &str| item("", &format!("https://{host}/post/{n}"), &format!("Post {n}"), 0, text);
    let mut shelf = Shelf::with(&[hosted("old.example", 1, "a"), hosted("old.example", 2, "b")]);
    shelf.knows(&[hosted("new.example", 1, "c"), hosted("new.example", 2, "d")]);
}

#[test]
fn an_item_twice_in_a_document_is_one_entry() {
    let mut shelf = Shelf::default();
    assert_eq!(shelf.poll(&[post(1), post(1), post(2)]).1, 2);
    assert_eq!(shelf.poll(&[post(1), post(2)]).1, 0);
}

#[test]
fn an_id_stays_with_its_entry_when_everything_else_changes() {
    let mut shelf = Shelf::with(&[post(1)]);
    shelf.knows(&[Draft { guid: post(1).guid, ..item("", "https://example.org/moved", "Renamed", 1, "rewritten") }]);
}

#[test]
fn an_id_that_went_to_another_post_stays_there() {
    let first = |guid: &str, title: &str| item(guid, "https://example.org/1", title, 1, "");
    let second = |guid: &str, title: &str, day: i64| item(guid, "https://example.org/2", title, day, "");
    let mut shelf = Shelf::with(&[second("b", "", 2), first("", "")]);
    // Now the first post has the second's id, and both have one title: the links tell which is which, again and again.
    let swapped = [second("", "Two", 0), first("b", "Two")];
    shelf.knows(&swapped);
    shelf.knows(&swapped);
    assert_eq!(shelf.poll(&swapped), (vec![Some(1), Some(2)], 0));
}

fn any_item() -> impl Strategy<Value = Draft> {
    let guid = prop_oneof![Just(""), Just("a"), Just("b"), Just("http://example.org/?p=1"), Just("https://www.example.org/?p=1")];
    let url = prop_oneof![Just(""), Just("https://example.org/"), Just("https://example.org/1"), Just("https://example.org/2#x")];
    let title = prop_oneof![Just(""), Just("One"), Just("Two"), Just("Three")];
    (guid, url, title, 0..3_i64, prop_oneof![Just(""), Just("words"), Just("other words")])
        .prop_map(|(guid, url, title, day, text)| item(guid, url, title, day, text))
}

proptest! {
    /// The assertions are those of [`Shelf::poll`]: no taken key is given again, and no entry is claimed twice.
    #[test]
    fn whatever_a_publisher_does_the_entries_stay_sound(documents in proptest::collection::vec(proptest::collection::vec(any_item(), 0..7), 1..6)) {
        let mut shelf = Shelf::default();
        for document in documents {
            shelf.poll(&document);
            let before = shelf.entries.len();
            prop_assert_eq!(shelf.poll(&document).1, 0, "the same document again has nothing new");
            prop_assert_eq!(shelf.entries.len(), before);
        }
    }
}
