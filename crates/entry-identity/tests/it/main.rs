//! Tests of the public interface of entry-identity, in one binary: entries of one source, and
//! stories of several sources.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

mod documentation;
mod entry_match;
mod rules;
mod story_match;

use feed_model::{Draft, Guid, PublishedDate, SafeHtml, Timestamp};

/// Noon of a day. Day 0 is 2026-01-01.
fn noon(day: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_767_268_800 + day * 86_400, 0).expect("a day of our time")
}

/// A text of `words` words that differs from the text of any other `seed`.
fn prose(seed: u32, words: u32) -> String {
    (0..words)
        .map(|n| {
            format!(
                "{}{} ",
                ["lorem", "stream", "queue", "node", "cache"][n as usize % 5],
                seed * 100_000 + n * 7
            )
        })
        .collect::<Vec<_>>()
        .concat()
}

fn item(guid: &str, url: &str, title: &str, day: i64, text: &str) -> Draft {
    Draft {
        guid: (!guid.is_empty()).then(|| Guid { value: guid.to_owned(), is_permalink: None }),
        url: (!url.is_empty()).then(|| url.parse().expect("an address of the test")),
        title: (!title.is_empty()).then(|| title.to_owned()),
        published: (day > 0).then(|| PublishedDate::exact(noon(day))),
        content: (!text.is_empty()).then(|| SafeHtml::from_sanitised(format!("<p>{text}</p>"))),
        ..Draft::default()
    }
}
