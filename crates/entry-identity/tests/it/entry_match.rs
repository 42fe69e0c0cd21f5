//! What one source says in one document and then in the next.

use std::{collections::HashMap, convert::Infallible};

use entry_identity::{
    EntryIdentity, EntryMatch, KeyPolicy, KnownEntries, KnownEntry, KnownText, identify_items,
    known_text, match_entries,
};
use feed_model::{Draft, EntryId, EntryKey, SafeHtml, Timestamp};
use proptest::prelude::*;

use crate::{item, prose};

/// The entries of one source, kept as the store keeps them.
#[derive(Default)]
pub(crate) struct EntryMemory {
    entries: Vec<KnownEntry>,
    texts: HashMap<EntryId, KnownText>,
    further_keys: Vec<(EntryKey, EntryId)>,
    policy: KeyPolicy,
}

impl KnownEntries for EntryMemory {
    type Error = Infallible;

    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, Infallible> {
        let further = || self.further_keys.iter().find(|(k, _)| k == key).map(|(_, entry)| *entry);
        let own = self.entries.iter().find(|e| e.key == *key).map(|e| e.entry);
        Ok(own
            .or_else(further)
            .and_then(|entry| self.entries.iter().find(|e| e.entry == entry))
            .cloned())
    }

    fn by_guid_alias(&self, alias: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self
            .entries
            .iter()
            .filter(|e| e.guid_alias.as_deref() == Some(alias))
            .cloned()
            .collect())
    }

    fn by_link(&self, link: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.link.as_deref() == Some(link)).cloned().collect())
    }

    fn by_title(&self, title_norm: &str) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self
            .entries
            .iter()
            .filter(|e| e.title_norm.as_deref() == Some(title_norm))
            .cloned()
            .collect())
    }

    fn by_published(&self, published: Timestamp) -> Result<Vec<KnownEntry>, Infallible> {
        Ok(self.entries.iter().filter(|e| e.published == Some(published)).cloned().collect())
    }

    fn newest(&self, limit: usize) -> Result<Vec<KnownEntry>, Infallible> {
        let mut dated: Vec<KnownEntry> =
            self.entries.iter().filter(|e| e.published.is_some()).cloned().collect();
        dated.sort_by_key(|e| std::cmp::Reverse(e.published));
        dated.truncate(limit);
        Ok(dated)
    }

    fn text_of(&self, entry: EntryId) -> Result<Option<KnownText>, Infallible> {
        Ok(self.texts.get(&entry).copied())
    }
}

impl EntryMemory {
    /// Returns the identities of a document under the key policy of the source.
    pub(crate) fn identify(&self, drafts: &[Draft]) -> Vec<EntryIdentity> {
        identify_items(drafts, self.policy, Some("https://example.org/")).0
    }

    /// Takes a document; the entry of each item, and how many are new.
    pub(crate) fn poll(&mut self, drafts: &[Draft]) -> (Vec<Option<i64>>, usize) {
        let home = Some("https://example.org/");
        let (mut identity, policy, _) = identify_items(drafts, self.policy, home);
        self.policy = policy;
        let Ok(mut entry_matches) = match_entries(&identity, self);
        if entry_matches.ids_reused {
            (identity, self.policy, _) = identify_items(drafts, KeyPolicy::Link, home);
            let Ok(again) = match_entries(&identity, self);
            assert!(!again.ids_reused, "links are keys now");
            entry_matches = again;
        }
        let entry_matches = entry_matches.items;
        let mut new = 0;
        let mut claimed: Vec<EntryId> = entry_matches
            .iter()
            .filter_map(|r| {
                if let EntryMatch::Existing { entry, .. } = r { Some(*entry) } else { None }
            })
            .collect();
        claimed.sort_unstable();
        assert!(
            claimed.windows(2).all(|pair| pair[0] != pair[1]),
            "an entry is claimed by one item: {claimed:?}"
        );
        let entries =
            identity.iter().zip(drafts).zip(entry_matches).map(|((item, draft), recognition)| {
                match recognition {
                    EntryMatch::New => {
                        new += 1;
                        assert!(
                            self.entries.iter().all(|e| e.key != item.key),
                            "a new entry has a key of its own"
                        );
                        Some(self.store_entry(
                            EntryId(i64::try_from(self.entries.len()).expect("few entries") + 1),
                            item.key.clone(),
                            item,
                            draft,
                        ))
                    }
                    EntryMatch::Existing { entry, new_key, reason } => {
                        assert!(!reason.to_string().is_empty());
                        if new_key {
                            self.further_keys.push((item.key.clone(), entry));
                        }
                        let key = self
                            .entries
                            .iter()
                            .find(|e| e.entry == entry)
                            .expect("a known entry")
                            .key
                            .clone();
                        Some(self.store_entry(entry, key, item, draft))
                    }
                    EntryMatch::InFeedDuplicate => None,
                }
            });
        (entries.collect(), new)
    }

    fn store_entry(
        &mut self,
        entry: EntryId,
        key: EntryKey,
        item: &EntryIdentity,
        draft: &Draft,
    ) -> i64 {
        self.entries.retain(|e| e.entry != entry);
        self.texts.remove(&entry);
        let (summary, content) = (
            draft.summary.as_ref().map(SafeHtml::as_str),
            draft.content.as_ref().map(SafeHtml::as_str),
        );
        let text = known_text(summary, content, !draft.enclosures.is_empty());
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
        entry.0
    }

    fn after_first_document(drafts: &[Draft]) -> Self {
        let mut memory = Self::default();
        assert_eq!(memory.poll(drafts).1, drafts.len(), "every item of a first document is new");
        memory
    }

    /// Takes a document of which nothing may be new, and each item is the entry that it was first.
    fn assert_all_known(&mut self, drafts: &[Draft]) {
        let entries = (1..).map(Some).take(drafts.len()).collect::<Vec<_>>();
        assert_eq!(self.poll(drafts), (entries, 0), "each is the entry that it was");
    }
}

pub(crate) fn post(n: u32) -> Draft {
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
    EntryMemory::after_first_document(&drafts).assert_all_known(&drafts);
}

#[test]
fn a_changed_id_with_the_same_link_is_the_same_entry() {
    let mut memory = EntryMemory::after_first_document(&[post(1)]);
    memory.assert_all_known(&[Draft {
        guid: item("tag:example.org,2026:1", "", "", 0, "").guid,
        ..post(1)
    }]);
    memory.assert_all_known(&[Draft {
        guid: item("another", "", "", 0, "").guid,
        title: Some("Edited".into()),
        ..post(1)
    }]);
    memory.assert_all_known(&[post(1)]);
}

#[test]
fn a_changed_scheme_host_or_tracking_in_an_id_is_the_same_entry() {
    let mut memory = EntryMemory::after_first_document(&[post(1), post(2)]);
    let moved = |host: &str| {
        [1, 2].map(|n| {
            item(
                &format!("{host}/?p={n}&utm_source=rss"),
                "",
                &format!("Post {n}"),
                0,
                "other text",
            )
        })
    };
    memory.assert_all_known(&moved("http://www.example.org"));
    memory.assert_all_known(&moved("https://new.example"));
}

#[test]
fn equal_paths_on_two_hosts_of_a_planet_are_different_entries() {
    let mut memory = EntryMemory::after_first_document(&[item(
        "https://a.example/?p=12",
        "https://a.example/x",
        "On queues",
        1,
        "a",
    )]);
    assert_eq!(
        memory
            .poll(&[item("https://b.example/?p=12", "https://b.example/y", "On caches", 1, "b")])
            .1,
        1,
        "nothing is swallowed"
    );
}

#[test]
fn a_cms_change_with_new_ids_and_links_keeps_every_entry() {
    let mut memory = EntryMemory::after_first_document(&[post(1), post(2), post(3), post(4)]);
    let again = |n: u32| Draft {
        guid: item(&format!("urn:uuid:{n}"), "", "", 0, "").guid,
        url: format!("https://example.org/2026/{n}.html").parse().ok(),
        content: item("", "", "", 0, "another renderer").content,
        ..post(n)
    };
    memory.assert_all_known(&[again(1), again(2), again(3), again(4)]);
}

#[test]
fn a_new_item_during_a_cms_change_is_a_new_entry() {
    let mut memory = EntryMemory::after_first_document(&[post(1), post(2), post(3)]);
    let again = |n: u32| Draft {
        guid: None,
        url: format!("https://example.org/new/{n}").parse().ok(),
        ..post(n)
    };
    let (entries, new) = memory.poll(&[again(9), again(1), again(2), again(3)]);
    assert_eq!((entries, new), (vec![Some(4), Some(1), Some(2), Some(3)], 1));
}

#[test]
fn a_rotating_token_in_the_link_is_the_same_entry() {
    let rotated = |token: &str, guid: &str| {
        item(guid, &format!("https://example.org/read?v={token}"), "A study", 3, "its abstract")
    };
    let mut memory = EntryMemory::after_first_document(&[rotated("abc", "id-1")]);
    memory.assert_all_known(&[rotated("def", "id-1")]);
    let mut memory = EntryMemory::after_first_document(&[rotated("abc", "")]);
    memory.assert_all_known(&[rotated("def", "")]);
    memory.assert_all_known(&[rotated("ghi", "")]);
}

#[test]
fn an_edited_title_without_an_id_is_the_same_entry() {
    let mut memory =
        EntryMemory::after_first_document(&[item("", "https://example.org/a", "Frist", 1, "text")]);
    memory.assert_all_known(&[item(
        "",
        "http://www.example.org/a/?utm_medium=rss",
        "First",
        1,
        "more text",
    )]);
}

#[test]
fn title_and_date_match_without_id_and_link() {
    let bare = |text: &str| {
        [
            item("", "", "One", 1, text),
            item("", "", "Two", 2, text),
            item("", "", "", 0, "Just words"),
        ]
    };
    let mut memory = EntryMemory::after_first_document(&bare("a"));
    memory.assert_all_known(&bare("edited"));
}

#[test]
fn one_id_for_all_items_loses_no_entry_in_either_order() {
    let shared = |n: u32| Draft { guid: item("N/A", "", "", 0, "").guid, ..post(n) };
    for count in [2, 4] {
        let first: Vec<Draft> = (1..=count).map(shared).collect();
        let mut memory = EntryMemory::after_first_document(&first);
        memory.assert_all_known(&first);
        let reversed: Vec<Draft> = (1..=count).rev().map(shared).collect();
        assert_eq!(memory.poll(&reversed), ((1..=i64::from(count)).rev().map(Some).collect(), 0));
        let mut longer = vec![shared(9)];
        longer.extend(first.iter().cloned());
        let (entries, new) = memory.poll(&longer);
        assert_eq!((entries[0], new), (Some(i64::from(count) + 1), 1));
        memory.policy = KeyPolicy::Guid;
        assert_eq!(
            memory.poll(&[shared(2)]),
            (vec![Some(2)], 0),
            "alone in the window it is still itself"
        );
        assert_eq!(memory.poll(&[shared(1)]), (vec![Some(1)], 0), "and does not overwrite another");
    }
}

#[test]
fn an_id_that_later_turns_out_to_be_shared_loses_no_entry() {
    let shared = |n: u32| Draft { guid: item("feed", "", "", 0, "").guid, ..post(n) };
    let mut memory = EntryMemory::after_first_document(&[shared(1)]);
    assert_eq!(memory.poll(&[shared(2), shared(1)]), (vec![Some(2), Some(1)], 1));
    assert_eq!(memory.poll(&[shared(2)]), (vec![Some(2)], 0));
    assert_eq!(memory.poll(&[shared(1)]), (vec![Some(1)], 0));
}

#[test]
fn a_change_of_key_policy_makes_no_new_entries() {
    let mut drafts: Vec<Draft> = (1..=6).map(post).collect();
    let mut memory = EntryMemory::after_first_document(&drafts);
    for draft in &mut drafts[3..] {
        draft.guid = None;
    }
    memory.assert_all_known(&drafts);
    assert_eq!(memory.policy, KeyPolicy::Link);
    memory.assert_all_known(&(1..=6).map(post).collect::<Vec<_>>());
}

#[test]
fn a_reappearing_item_is_the_same_entry() {
    let mut memory = EntryMemory::after_first_document(&[post(1), post(2)]);
    assert_eq!(memory.poll(&[post(3)]), (vec![Some(3)], 1));
    memory.assert_all_known(&[post(1), post(2), post(3)]);
}

#[test]
fn changelog_items_are_distinguished_by_fragment() {
    let entry = |n: i64| {
        item(
            "",
            &format!("https://example.org/changelog#v{n}"),
            &format!("Version {n}"),
            n,
            "Fixes",
        )
    };
    let mut memory = EntryMemory::after_first_document(&[entry(1), entry(2)]);
    assert_eq!(memory.poll(&[entry(3), entry(2), entry(1)]), (vec![Some(3), Some(2), Some(1)], 1));
}

#[test]
fn items_with_one_shared_page_are_separate_entries() {
    for link in ["https://example.org/", "https://example.org/news"] {
        let news = |n: i64| item("", link, &format!("News {n}"), n, "");
        let mut memory = EntryMemory::after_first_document(&[news(1), news(2)]);
        assert_eq!(
            memory.poll(&[news(3), news(2), news(1)]),
            (vec![Some(3), Some(2), Some(1)], 1),
            "{link}"
        );
        assert_eq!(memory.poll(&[news(4)]).1, 1, "{link}");
    }
}

#[test]
fn a_daily_page_with_other_ids_makes_new_entries() {
    let daily = |n: u32| {
        item(
            &format!("day-{n}"),
            "https://example.org/daily",
            &format!("Strip {n}"),
            i64::from(n),
            &prose(n, 10),
        )
    };
    let mut memory = EntryMemory::after_first_document(&[daily(1)]);
    assert_eq!(memory.poll(&[daily(2)]).1, 1);
    assert_eq!(memory.poll(&[daily(3)]).1, 1);
}

#[test]
fn episodes_with_one_title_and_notes_are_separate_entries() {
    let episode = |n: i64, day: i64| {
        item(
            &format!("ep-{n}"),
            &format!("https://example.org/ep/{n}"),
            "The show",
            day,
            "Thanks for listening.",
        )
    };
    let mut memory = EntryMemory::after_first_document(&[episode(1, 1)]);
    assert_eq!(memory.poll(&[episode(2, 8)]).1, 1);
    let mut memory = EntryMemory::after_first_document(&[episode(1, 0)]);
    assert_eq!(memory.poll(&[episode(2, 0)]).1, 1, "undated");
}

#[test]
fn comics_with_one_title_and_no_text_are_separate_entries() {
    let strip = |n: i64| item(&format!("strip-{n}"), "", "Strip", 0, "");
    assert_eq!(EntryMemory::after_first_document(&[strip(1)]).poll(&[strip(2)]).1, 1);
}

#[test]
fn items_dated_with_the_request_time_are_the_same_entries() {
    let notice = |day: i64| item("", "", "Notice", day, "The office is closed on Monday.");
    let mut memory = EntryMemory::after_first_document(&[notice(1)]);
    memory.assert_all_known(&[notice(2)]);
    memory.assert_all_known(&[notice(3)]);
}

#[test]
fn a_change_from_sitemap_to_feed_keeps_every_entry() {
    let page = |n: u32| {
        item(
            "",
            &format!("https://www.example.org/post-{n}/"),
            &format!("Post {n} | Example"),
            0,
            "One line",
        )
    };
    let mut memory = EntryMemory::after_first_document(&[page(1), page(2), page(3)]);
    memory.assert_all_known(&[post(1), post(2), post(3)]);
}

#[test]
fn links_moved_to_another_host_keep_every_entry() {
    let hosted = |host: &str, n: i64, text: &str| {
        item("", &format!("https://{host}/post/{n}"), &format!("Post {n}"), 0, text)
    };
    let mut memory = EntryMemory::after_first_document(&[
        hosted("old.example", 1, "a"),
        hosted("old.example", 2, "b"),
    ]);
    memory.assert_all_known(&[hosted("new.example", 1, "c"), hosted("new.example", 2, "d")]);
}

#[test]
fn an_item_twice_in_a_document_is_one_entry() {
    let mut memory = EntryMemory::default();
    assert_eq!(memory.poll(&[post(1), post(1), post(2)]).1, 2);
    assert_eq!(memory.poll(&[post(1), post(2)]).1, 0);
}

#[test]
fn an_id_stays_with_its_entry_when_everything_else_changes() {
    let mut memory = EntryMemory::after_first_document(&[post(1)]);
    memory.assert_all_known(&[Draft {
        guid: post(1).guid,
        ..item("", "https://example.org/moved", "Renamed", 1, "rewritten")
    }]);
}

#[test]
fn swapped_ids_stay_stable() {
    let first = |guid: &str, title: &str| item(guid, "https://example.org/1", title, 1, "");
    let second =
        |guid: &str, title: &str, day: i64| item(guid, "https://example.org/2", title, day, "");
    let mut memory = EntryMemory::after_first_document(&[second("b", "", 2), first("", "")]);
    // Now the first post has the second's id, and both have one title: the links tell which is
    // which, again and again.
    let swapped = [second("", "Two", 0), first("b", "Two")];
    memory.assert_all_known(&swapped);
    memory.assert_all_known(&swapped);
    assert_eq!(memory.poll(&swapped), (vec![Some(1), Some(2)], 0));
}

fn any_item() -> impl Strategy<Value = Draft> {
    let guid = prop_oneof![
        Just(""),
        Just("a"),
        Just("b"),
        Just("http://example.org/?p=1"),
        Just("https://www.example.org/?p=1")
    ];
    let url = prop_oneof![
        Just(""),
        Just("https://example.org/"),
        Just("https://example.org/1"),
        Just("https://example.org/2#x")
    ];
    let title = prop_oneof![Just(""), Just("One"), Just("Two"), Just("Three")];
    (guid, url, title, 0..3_i64, prop_oneof![Just(""), Just("words"), Just("other words")])
        .prop_map(|(guid, url, title, day, text)| item(guid, url, title, day, text))
}

proptest! {
    /// The assertions are those of [`EntryMemory::poll`]: no taken key is given again, and no entry
    /// is claimed twice.
    #[test]
    fn keys_are_unique_for_any_documents(
        documents in proptest::collection::vec(
            proptest::collection::vec(any_item(), 0..7),
            1..6,
        ),
    ) {
        let mut memory = EntryMemory::default();
        for document in documents {
            memory.poll(&document);
            let before = memory.entries.len();
            prop_assert_eq!(memory.poll(&document).1, 0, "the same document again has nothing new");
            prop_assert_eq!(memory.entries.len(), before);
        }
    }
}
