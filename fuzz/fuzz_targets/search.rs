//! Any text as a search: SQLite accepts it, and its canonical form means the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tributary::store::{SearchQuery, Store};

static STORE: LazyLock<Store> = LazyLock::new(|| Store::in_memory().expect("a new database"));

fuzz_target!(|text: &str| {
    let query = SearchQuery::parse(text);
    let found = STORE.read(|reader| reader.search(&query, 10, text.len() % 2 == 0));
    assert_eq!(found.expect("SQLite accepts every query").stories.len(), 0);
    let canonical = query.canonical();
    assert_eq!(SearchQuery::parse(&canonical).canonical(), canonical);
    let normalized = SearchQuery::normalize(text);
    assert_eq!(SearchQuery::normalize(&normalized), normalized);
});
