//! Every item gets a key, and no two items share one unless one duplicates the other.

#![no_main]

use std::collections::HashSet;

use arbitrary::Arbitrary;
use entry_identity::{KeyPolicy, identify_items};
use feed_model::{Draft, Guid, SafeHtml};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Item<'a> {
    guid: Option<&'a str>,
    url: &'a str,
    title: Option<&'a str>,
    content: Option<&'a str>,
}

fuzz_target!(|input: (Vec<Item<'_>>, bool, Option<&str>)| {
    let (items, distrusts_ids, home_page) = input;
    let drafts: Vec<Draft> = items
        .iter()
        .map(|item| Draft {
            guid: item.guid.map(|value| Guid { value: value.to_owned(), is_permalink: None }),
            url: item.url.parse().ok(),
            title: item.title.map(str::to_owned),
            content: item.content.map(|html| SafeHtml::from_sanitised(html.to_owned())),
            ..Draft::default()
        })
        .collect();
    let policy = if distrusts_ids { KeyPolicy::Link } else { KeyPolicy::Guid };
    let (identities, ..) = identify_items(&drafts, policy, home_page);
    assert_eq!(identities.len(), drafts.len());
    let mut keys = HashSet::new();
    for item in identities.iter().filter(|item| !item.is_in_feed_duplicate) {
        assert!(!item.key.as_str().is_empty() && keys.insert(item.key.as_str()));
    }
    assert!(identities.iter().all(|item| keys.contains(item.key.as_str())));
});
