//! Entry keys: the values that identify items within their source.
//!
//! The key of an item is the publisher's id, byte for byte; else the link; else a hash of title and
//! date; else a hash of the content. A value that two items of a document share is a key for
//! neither. The keys therefore do not depend on the order of the items, and a new item at the top
//! changes no other key. [`identify_items`] is the entry point.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use feed_model::{DatePrecision, Draft, EntryKey, Problem};

use super::{
    Ambiguous, EntryIdentity, KeyFrom, canonical_url,
    content_hash::{self, FieldHasher},
    in_feed_duplicates,
    key_policy::{self, KeyPolicy},
    normalised_text,
};

/// Number of bytes from which a key is replaced by its hash.
const MAX_KEY_BYTES: usize = 2_048;

/// Identifies the items of a document.
///
/// Returns one identity per draft in the same order, the key policy of the source from now on, and
/// the problems that were found. `home_page` is the publication's own page; a link to it identifies
/// no item.
pub fn identify_items(
    drafts: &[Draft],
    policy: KeyPolicy,
    home_page: Option<&str>,
) -> (Vec<EntryIdentity>, KeyPolicy, Vec<Problem>) {
    let home_page = home_page.and_then(canonical_url::canonical_home_page);
    let mut identities: Vec<EntryIdentity> =
        drafts.iter().map(|draft| derive_identity(draft, home_page.as_deref())).collect();
    let originals = in_feed_duplicates::mark_duplicates(&mut identities, drafts);
    mark_ambiguous(&mut identities);
    let mut problems = Vec::new();
    let policy = key_policy::choose(&identities, policy, &mut problems);
    assign_keys(&mut identities, drafts, policy);
    for (duplicate, original) in originals {
        identities[duplicate].key = identities[original].key.clone();
        identities[duplicate].key_from = identities[original].key_from;
    }
    let duplicates = identities.iter().filter(|item| item.is_in_feed_duplicate).count();
    if duplicates > 0 {
        problems.push(Problem::note(
            "item-repeated",
            format!("{duplicates} item(s) are in the document twice; each was taken once"),
        ));
    }
    (identities, policy, problems)
}

fn derive_identity(draft: &Draft, home_page: Option<&str>) -> EntryIdentity {
    let url = draft.url.as_ref().map(url::Url::as_str);
    let guid = draft
        .guid
        .as_ref()
        .map(|guid| guid.value.trim().to_owned())
        .filter(|guid| !guid.is_empty());
    let (material_hash, text_hash) = content_hash::material_hash(draft);
    EntryIdentity {
        key: EntryKey(String::new()),
        key_from: KeyFrom::TitleText,
        guid_alias: guid.as_deref().and_then(canonical_url::guid_alias),
        guid,
        link: url
            .and_then(canonical_url::canonical_link_with_fragment)
            .filter(|link| Some(link.as_str()) != home_page),
        canonical: url.and_then(canonical_url::canonical_link),
        title_norm: normalised_text::title_norm(draft.title.as_deref()),
        published: draft.published.map(|date| date.at),
        content_hash: content_hash::content_hash(draft),
        material_hash,
        text_hash,
        ambiguous: Ambiguous::default(),
        is_in_feed_duplicate: false,
    }
}

/// Marks the values that several items share.
fn mark_ambiguous(identities: &mut [EntryIdentity]) {
    let guids = shared_values(identities, |item| item.guid.as_deref());
    let aliases = shared_values(identities, |item| item.guid_alias.as_deref());
    let links = shared_values(identities, |item| item.link.as_deref());
    let canonicals = shared_values(identities, |item| item.canonical.as_deref());
    for item in identities {
        let is_shared = |value: &Option<String>, shared: &HashSet<String>| {
            value.as_ref().is_some_and(|value| shared.contains(value))
        };
        item.ambiguous.guid = is_shared(&item.guid, &guids);
        item.ambiguous.link = is_shared(&item.link, &links);
        item.ambiguous.canonical = is_shared(&item.canonical, &canonicals);
        if item.ambiguous.guid || is_shared(&item.guid_alias, &aliases) {
            item.guid_alias = None;
        }
    }
}

/// Returns the values that more than one item has, in-feed duplicates not counted.
fn shared_values(
    identities: &[EntryIdentity],
    value: fn(&EntryIdentity) -> Option<&str>,
) -> HashSet<String> {
    let mut times = HashMap::new();
    for value in identities.iter().filter(|item| !item.is_in_feed_duplicate).filter_map(value) {
        *times.entry(value.to_owned()).or_insert(0_usize) += 1;
    }
    times.into_iter().filter(|(_, times)| *times > 1).map(|(value, _)| value).collect()
}

/// Gives every item the best key that no other item of the document could have.
fn assign_keys(identities: &mut [EntryIdentity], drafts: &[Draft], policy: KeyPolicy) {
    let mut taken: HashSet<String> = HashSet::new();
    for from in [KeyFrom::Guid, KeyFrom::Link, KeyFrom::TitleDate, KeyFrom::TitleText] {
        // All items are counted, even those that already have a better key. Otherwise the key of an
        // item would depend on the keys of the other items.
        let candidates: Vec<Option<String>> = identities
            .iter()
            .zip(drafts)
            .map(|(item, draft)| candidate_key(item, draft, from, policy))
            .collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for key in candidates.iter().flatten() {
            *times.entry(key).or_default() += 1;
        }
        let mut newly_taken = Vec::new();
        for (item, key) in identities.iter_mut().zip(&candidates) {
            let Some(key) = key else { continue };
            if item.key.0.is_empty() && times[key.as_str()] == 1 && !taken.contains(key) {
                item.key = EntryKey(key.clone());
                item.key_from = from;
                newly_taken.push(key.clone());
            }
        }
        taken.extend(newly_taken);
    }
    // The remaining items differ only in spelling. Items that are equal in all stored fields were
    // marked as duplicates before.
    for item in
        identities.iter_mut().filter(|item| item.key.0.is_empty() && !item.is_in_feed_duplicate)
    {
        let mut fields = FieldHasher::new("item");
        fields.add("content", &hex(&item.content_hash));
        fields.add_opt("link", item.link.as_deref());
        fields
            .add_opt("date", item.published.map(|at| at.timestamp_millis().to_string()).as_deref());
        item.key = EntryKey(hash_key("title-text", &fields));
    }
}

fn candidate_key(
    item: &EntryIdentity,
    draft: &Draft,
    from: KeyFrom,
    policy: KeyPolicy,
) -> Option<String> {
    if item.is_in_feed_duplicate {
        return None;
    }
    match from {
        KeyFrom::Guid => item
            .guid
            .as_deref()
            .filter(|_| policy == KeyPolicy::Guid)
            .map(|guid| key_or_hash(guid, "guid")),
        KeyFrom::Link => item.link.as_deref().map(|link| key_or_hash(link, "link")),
        KeyFrom::TitleDate => {
            let date = draft.published?;
            if item.title_norm.is_none() && date.precision != DatePrecision::Second {
                return None;
            }
            let mut fields = FieldHasher::new("title-date");
            fields.add_opt("title", item.title_norm.as_deref());
            fields.add("date", &date.at.timestamp_millis().to_string());
            Some(hash_key("title-date", &fields))
        }
        KeyFrom::TitleText => Some(title_text_key(item, draft)),
    }
}

fn title_text_key(item: &EntryIdentity, draft: &Draft) -> String {
    let mut fields = FieldHasher::new("title-text");
    fields.add("material", &hex(&item.material_hash));
    if item.text_hash.is_none() {
        // Without a text, only pictures and files distinguish one item from another.
        fields.add_opt("content", draft.content.as_ref().map(feed_model::SafeHtml::as_str));
        for enclosure in &draft.enclosures {
            fields.add("enclosure", &canonical_url::without_tracking(&enclosure.url));
        }
        fields.add_opt("image", draft.image.as_deref());
    }
    fields.add_opt(
        "date",
        draft.published.map(|date| date.at.timestamp_millis().to_string()).as_deref(),
    );
    if item.ambiguous.link || item.ambiguous.guid {
        fields.add_opt("link", item.link.as_deref());
        fields.add_opt("guid", item.guid.as_deref());
    }
    hash_key("title-text", &fields)
}

/// Returns a publisher's value as a key. A value that is too long, or that looks like one of our
/// own hashed keys, is hashed.
fn key_or_hash(key: &str, kind: &'static str) -> String {
    let ours = ["guid:", "link:", "title-date:", "title-text:"]
        .iter()
        .any(|prefix| key.starts_with(prefix));
    if key.len() <= MAX_KEY_BYTES && !ours {
        return key.to_owned();
    }
    let mut fields = FieldHasher::new(kind);
    fields.add("key", key);
    hash_key(kind, &fields)
}

fn hash_key(kind: &str, fields: &FieldHasher) -> String {
    format!("{kind}:{}", hex(&fields.finish()[..16]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use feed_model::{Guid, PublishedDate, SafeHtml};

    fn draft(guid: &str, url: &str, title: &str, day: i64, text: &str) -> Draft {
        let at = chrono::DateTime::from_timestamp(day * 86_400 + 3_600, 0).unwrap();
        Draft {
            guid: (!guid.is_empty()).then(|| Guid { value: guid.to_owned(), is_permalink: None }),
            url: url::Url::parse(url).ok(),
            title: (!title.is_empty()).then(|| title.to_owned()),
            published: (day > 0).then(|| PublishedDate::exact(at)),
            content: (!text.is_empty()).then(|| SafeHtml::from_sanitised(text.to_owned())),
            ..Draft::default()
        }
    }

    fn keys(drafts: &[Draft]) -> Vec<(KeyFrom, String)> {
        identify_items(drafts, KeyPolicy::Guid, Some("https://example.org/"))
            .0
            .into_iter()
            .map(|k| (k.key_from, k.key.0))
            .collect()
    }

    #[test]
    fn the_key_is_the_best_available_value() {
        let keys = keys(&[
            draft("Id-1", "https://example.org/1", "One", 1, "a"),
            draft("", "http://www.example.org/2/", "Two", 2, "b"),
            draft("", "https://example.org", "Three", 3, "c"),
            draft("Id-4", "", "Four", 0, "d"),
        ]);
        assert_eq!(keys[0], (KeyFrom::Guid, "Id-1".to_owned()));
        assert_eq!(keys[1], (KeyFrom::Link, "https://example.org/2".to_owned()));
        assert_eq!(keys[2].0, KeyFrom::TitleDate, "a link to the home page identifies no item");
    }

    #[test]
    fn an_item_without_id_link_and_date_is_identified_by_its_content() {
        let keys = keys(&[draft("", "", "Four", 0, "d"), draft("", "", "Four", 0, "e")]);
        assert_eq!(keys[0].0, KeyFrom::TitleText);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn an_id_cannot_imitate_a_hashed_key() {
        let forged = keys(&[draft("", "", "Four", 0, "d")]).remove(0).1;
        assert_ne!(keys(&[draft(&forged, "", "Five", 0, "e")])[0].1, forged);
    }

    #[test]
    fn a_repeated_id_is_a_key_for_no_item() {
        let drafts =
            ["1", "2"].map(|n| draft("N/A", &format!("https://example.org/{n}"), n, 1, ""));
        let (identities, policy, problems) = identify_items(&drafts, KeyPolicy::Guid, None);
        assert!(identities.iter().all(|k| k.key_from == KeyFrom::Link
            && k.unique_guid().is_none()
            && k.guid.as_deref() == Some("N/A")));
        assert_eq!(policy, KeyPolicy::Guid, "two are not enough to distrust a source");
        assert_eq!(problems[0].code, "id-repeated");
    }

    #[test]
    fn ids_are_distrusted_for_good_from_three_bad_ones_above_5_percent() {
        let document = |bad: i64, all: i64| -> Vec<Draft> {
            let id = |n: i64| {
                if n < bad { String::new() } else { format!("id-{n}") }
            };
            (0..all)
                .map(|n| {
                    draft(&id(n), &format!("https://example.org/{n}"), &format!("T{n}"), n + 1, "")
                })
                .collect()
        };
        let policy = |drafts: &[Draft], before| identify_items(drafts, before, None).1;
        assert_eq!(policy(&document(2, 10), KeyPolicy::Guid), KeyPolicy::Guid);
        assert_eq!(
            policy(&document(3, 60), KeyPolicy::Guid),
            KeyPolicy::Guid,
            "5 % are not more than 5 %"
        );
        assert_eq!(policy(&document(3, 59), KeyPolicy::Guid), KeyPolicy::Link);
        assert_eq!(policy(&document(0, 59), KeyPolicy::Link), KeyPolicy::Link);
        assert_eq!(
            policy(&document(9, 9), KeyPolicy::Guid),
            KeyPolicy::Guid,
            "without any id there is nothing to distrust"
        );
    }

    #[test]
    fn items_that_all_link_to_the_home_page_have_different_keys() {
        let drafts: Vec<Draft> =
            (1..=4).map(|n| draft("x", "https://example.org/", "Update", n, "")).collect();
        let keys = keys(&drafts);
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 4);
        assert!(keys.iter().all(|(from, _)| *from == KeyFrom::TitleDate));
    }

    #[test]
    fn comics_without_text_differ_by_their_pictures() {
        let comic = |n: i64| {
            draft("", "", "Strip", 0, &format!("<img src=\"https://example.org/{n}.png\">"))
        };
        let keys = keys(&[comic(1), comic(2)]);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn of_an_item_in_two_versions_the_latest_is_taken() {
        let mut old = draft("id", "https://example.org/1", "One", 1, "first words");
        old.updated = chrono::DateTime::from_timestamp(1_000, 0);
        let mut new = old.clone();
        new.updated = chrono::DateTime::from_timestamp(2_000, 0);
        new.content = Some(SafeHtml::from_sanitised("better words".into()));
        for drafts in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
            let (identities, _, problems) = identify_items(&drafts, KeyPolicy::Guid, None);
            assert_eq!(identities[0].key, identities[1].key);
            assert_eq!(identities[0].key.0, "id", "a duplicate does not make the id ambiguous");
            assert!(
                identities
                    .iter()
                    .zip(&drafts)
                    .all(|(k, d)| k.is_in_feed_duplicate == (d.updated == old.updated))
            );
            assert_eq!(
                problems.iter().map(|p| p.code.as_ref()).collect::<Vec<_>>(),
                ["item-repeated"]
            );
        }
    }

    #[test]
    fn dates_and_tracking_parameters_do_not_change_the_content_hash() {
        let one = draft("id", "https://example.org/1?utm_source=a", "One", 1, "text");
        let mut two = draft("id", "https://example.org/1?utm_source=b", "One", 2, "text");
        two.updated = two.published.map(|date| date.at);
        let hash = |draft: &Draft| {
            identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None).0[0].content_hash
        };
        assert_eq!(hash(&one), hash(&two));
        assert_ne!(hash(&one), hash(&draft("id", "https://example.org/1", "Two", 1, "text")));
    }

    #[test]
    fn only_words_change_the_material_hash() {
        let hash = |title: &str, text: &str| {
            identify_items(&[draft("i", "", title, 1, text)], KeyPolicy::Guid, None).0[0]
                .material_hash
        };
        assert_eq!(
            hash("Hello, World", "<p>Some  text</p>"),
            hash("hello world", "<div><b>Some</b> text!</div>")
        );
        assert_ne!(hash("Hello", "some text"), hash("Hello", "some texts"));
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }

    #[test]
    fn a_very_long_id_is_hashed() {
        let keys = keys(&[draft(&"x".repeat(100_000), "", "One", 1, "")]);
        assert!(keys[0].1.len() < 64 && keys[0].0 == KeyFrom::Guid);
    }

    fn any_draft() -> impl Strategy<Value = Draft> {
        let guid = prop_oneof![
            Just(""),
            Just("a"),
            Just("https://example.org/1"),
            Just("https://example.org/x")
        ];
        let url = prop_oneof![
            Just(""),
            Just("https://example.org/"),
            Just("https://example.org/1"),
            Just("http://example.org/1#b")
        ];
        let title = prop_oneof![Just(""), Just("One"), Just("one!"), Just("Two")];
        let text =
            prop_oneof![Just(""), Just("words"), Just("<b>words</b>"), Just("<img src=\"a.png\">")];
        (guid, url, title, 0..3_i64, text, 0..3_i64).prop_map(
            |(guid, url, title, day, text, updated)| Draft {
                updated: (updated > 0)
                    .then(|| chrono::DateTime::from_timestamp(updated, 0).unwrap()),
                ..draft(guid, url, title, day, text)
            },
        )
    }

    proptest! {
        #[test]
        fn keys_are_unique_and_do_not_depend_on_the_order(
            (drafts, order) in proptest::collection::vec(any_draft(), 0..12).prop_flat_map(
                |drafts| {
                    let order: Vec<usize> = (0..drafts.len()).collect();
                    (Just(drafts), Just(order).prop_shuffle())
                }
            )
        ) {
            let home = Some("https://example.org");
            let (identities, policy, _) = identify_items(&drafts, KeyPolicy::Guid, home);
            let originals = identities.iter().filter(|item| !item.is_in_feed_duplicate);
            let firsts: Vec<&EntryKey> = originals.map(|item| &item.key).collect();
            prop_assert_eq!(firsts.iter().collect::<HashSet<_>>().len(), firsts.len());
            for item in &identities {
                prop_assert!(!item.key.0.is_empty() && firsts.contains(&&item.key));
            }
            let shuffled: Vec<Draft> = order.iter().map(|&i| drafts[i].clone()).collect();
            let (again, policy_again, _) = identify_items(&shuffled, KeyPolicy::Guid, home);
            prop_assert_eq!(policy, policy_again);
            for (new, &old) in order.iter().enumerate() {
                let (new, old) = (&again[new], &identities[old]);
                prop_assert_eq!((&new.key, new.key_from), (&old.key, old.key_from));
            }
        }
    }
}
