//! Feeds that would exceed the size limit.

use std::time::Duration;

use feed_model::*;
use feed_publisher::{Channel, SizeLimits, atom, fit, json_feed, rss};

use crate::{
    addresses, channel,
    sample_stories::{at, html, story},
};

fn limits(max_bytes: usize) -> SizeLimits {
    SizeLimits { max_bytes, keep_within: Duration::ZERO, max_kept: 500 }
}

fn largest_size(channel: &Channel<'_>) -> usize {
    atom(channel).len().max(rss(channel).len()).max(json_feed(channel).len())
}

/// Ten stories of about five kilobytes, newest first, an hour apart.
fn large_stories() -> Vec<Story> {
    let text = format!("<p>{}</p>", "water ".repeat(800));
    (1..=10).rev().map(|id| Story { content: Some(html(&text)), ..story(id) }).collect()
}

#[test]
fn over_the_size_limit_the_oldest_lose_their_content_before_being_dropped() {
    let (addresses, stories) = (addresses(), large_stories());
    let whole = channel(&addresses, &stories);
    assert_eq!(fit(&whole, limits(1_000_000)), stories, "what fits stays as it is");

    let some = fit(&whole, limits(35_000));
    assert_eq!(some.len(), 10, "nobody leaves as long as texts can go");
    let full: Vec<bool> = some.iter().map(|story| story.content.is_some()).collect();
    assert!(full[0] && !full[9] && full.is_sorted_by(|newer, older| newer >= older), "{full:?}");
    assert!(some.iter().all(|story| story.summary.is_some() && story.url.is_some()));
    assert!(largest_size(&Channel { stories: &some, ..whole.clone() }) <= 35_000);

    let few = fit(&whole, limits(6_000));
    assert!(!few.is_empty() && few.len() < 10);
    assert_eq!(few[0].id, stories[0].id, "the newest stays");
    assert!(largest_size(&Channel { stories: &few, ..whole.clone() }) <= 6_000);
}

#[test]
fn recent_stories_are_dropped_by_count_but_never_by_size() {
    let (addresses, stories) = (addresses(), large_stories());
    let whole = channel(&addresses, &stories);
    let within = |hours: u64, max_kept| SizeLimits {
        keep_within: Duration::from_secs(hours * 3600),
        max_kept,
        ..limits(1_000)
    };
    assert_eq!(
        fit(&whole, within(4, 500)).len(),
        5,
        "the newest and those of the four hours before it"
    );
    assert_eq!(fit(&whole, within(4, 3)).len(), 3);
    let imported: Vec<Story> = stories
        .iter()
        .map(|story| Story { first_published: at("2026-06-01T00:00:00Z"), ..story.clone() })
        .collect();
    assert_eq!(
        fit(&Channel { stories: &imported, ..whole }, within(4, 500)).len(),
        1,
        "an import is no arrival"
    );
}

#[test]
fn a_story_that_loses_its_content_gets_a_summary() {
    let addresses = addresses();
    let stories = [Story {
        summary: None,
        summary_text: "1 < 2 & so on".to_owned(),
        ..large_stories().remove(0)
    }];
    let fitted = fit(&channel(&addresses, &stories), limits(1_000));
    assert_eq!(fitted[0].summary.as_ref().map(SafeHtml::as_str), Some("1 &lt; 2 &amp; so on"));
    assert_eq!(fitted[0].content, None);
}
