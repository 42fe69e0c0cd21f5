//! Entries with one link: copies, teasers, commentaries, and links that are no evidence.

use entry_identity::{Candidate, Commentary, CommentaryEntry, Placement, StoryMatch, choose_story};
use feed_model::{EntryId, StoryId};

use super::{
    AWAY, HOME, POST, assert_different_stories, assert_same_story, match_result, post,
    stored_candidate, with_new_entry,
};
use crate::{item, prose};

#[test]
fn the_same_link_in_two_feeds_is_the_same_story() {
    let planet = item(
        "x",
        "http://www.blog.example.org/exactly-once/?utm_source=planet",
        "Exactly once in Kafka",
        3,
        &prose(1, 600),
    );
    assert!(
        assert_same_story(AWAY, &planet, &stored_candidate(HOME, &post())).contains("100 % alike")
    );
    assert_same_story(HOME, &post(), &stored_candidate(AWAY, &planet));
    let teaser = item("x", POST, "Jo: Exactly once", 3, &prose(1, 60));
    assert_same_story(AWAY, &teaser, &stored_candidate(HOME, &post()));
}

#[test]
fn an_index_item_and_its_post_are_the_same_story() {
    let index = item("", POST, "Exactly once", 0, "What it takes.");
    assert_same_story(HOME, &post(), &stored_candidate(HOME, &index));
    assert_same_story(HOME, &index, &stored_candidate(HOME, &post()));
}

#[test]
fn a_cross_listed_paper_is_the_same_story() {
    let paper = |feed: u32| {
        item(
            "oai:1",
            "https://papers.example/abs/1",
            &format!("A paper (list {feed})"),
            3,
            &prose(4, 150),
        )
    };
    assert_same_story(
        "https://papers.example/list/a",
        &paper(1),
        &stored_candidate("https://papers.example/list/b", &paper(2)),
    );
}

#[test]
fn a_commentary_is_a_separate_related_story() {
    let commentary = item("lb", POST, "Exactly once in Kafka", 4, &prose(2, 48));
    let StoryMatch::Related { commentary: by, url, reason } =
        match_result(AWAY, &commentary, &stored_candidate(HOME, &post()))
    else {
        panic!("a commentary")
    };
    assert_eq!((by, url.as_str()), (CommentaryEntry::Incoming, POST));
    assert!(reason.to_string().contains("48 words"), "{reason}");
    assert!(
        assert_different_stories(HOME, &post(), &stored_candidate(AWAY, &commentary))
            .contains("commentary"),
        "also when it came first"
    );
    let placed =
        with_new_entry(HOME, &post(), |n| choose_story(n, &[stored_candidate(AWAY, &commentary)]));
    assert!(
        matches!(placed.placement, Placement::Begins { related: None, .. }),
        "a post is not about itself: {placed:?}"
    );
    let told = Commentary { entry: EntryId(1), story: StoryId(1), url: POST.to_owned() };
    assert_eq!(placed.commentaries, [told], "who commented on it before it came is told of it");
    assert_same_story(
        AWAY,
        &item("lb", POST, "On Kafka, exactly", 4, &prose(2, 47)),
        &stored_candidate(HOME, &post()),
    );
}

#[test]
fn a_commentary_with_more_than_half_own_text_is_separate() {
    let quoting = |quoted: u32, own: u32| {
        item("lb", POST, "Locks and bees", 4, &format!("{} {}", prose(1, quoted), prose(2, own)))
    };
    // A post of 134 words, and one whose text is so long that similarity is an estimate.
    for length in [134, 600, 1_500, 4_000, 15_000] {
        let post =
            stored_candidate(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (quoted, own) in [(40, 127), (60, 127), (90, 127), (40, 300), (30, 60)] {
            // Of so long a text too little is kept to tell a long quotation of its beginning from a
            // copy of that.
            if length > 10_000 && quoted > 40 {
                continue;
            }
            let match_result = match_result(AWAY, &quoting(quoted, own), &post);
            assert!(
                matches!(match_result, StoryMatch::Related { .. }),
                "{quoted} of {length} words and {own}: {match_result:?}"
            );
        }
        let copied = quoting(length.min(250), 17);
        assert_same_story(AWAY, &copied, &post);
    }
    // All that the post's own feed says is the beginning of it: that is the post.
    let teaser =
        stored_candidate(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, 55)));
    assert_same_story(AWAY, &quoting(60, 500), &teaser);
}

#[test]
fn a_commentary_that_begins_with_own_text_is_separate() {
    let told = |own: u32, quoted: u32| {
        item("lb", POST, "Locks and bees", 4, &format!("{} {}", prose(2, own), prose(1, quoted)))
    };
    for length in [134, 600, 1_500, 4_000] {
        let post =
            stored_candidate(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (own, quoted) in [(52, 60), (55, 90), (60, 90), (90, 90)] {
            let match_result = match_result(AWAY, &told(own, quoted), &post);
            assert!(
                matches!(match_result, StoryMatch::Related { .. }),
                "{own}, and {quoted} of {length} words: {match_result:?}"
            );
        }
        // A line in front makes no commentary of an excerpt, and a paragraph none of a copy.
        assert_same_story(AWAY, &told(12, length.min(150)), &post);
        assert_same_story(AWAY, &told(60, length), &post);
    }
}

#[test]
fn a_commentary_with_marked_quotations_is_separate() {
    let told = |quoted: u32, own: u32| {
        let text =
            format!("<blockquote><p>{}</p></blockquote><p>{}</p>", prose(1, quoted), prose(2, own));
        item("lb", POST, "Locks and bees", 4, &text)
    };
    for length in [134, 600] {
        let post =
            stored_candidate(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (quoted, own) in [(80, 60), (134, 60), (134, 90)] {
            let match_result = match_result(AWAY, &told(quoted, own), &post);
            assert!(
                matches!(match_result, StoryMatch::Related { .. }),
                "{quoted} of {length} words and {own}: {match_result:?}"
            );
        }
        assert_same_story(AWAY, &told(134, 20), &post);
    }
    // A copy of a post that quotes somebody else.
    let quoting = item(
        "p",
        POST,
        "Exactly once in Kafka",
        3,
        &format!("{}<blockquote>{}</blockquote>{}", prose(1, 90), prose(3, 60), prose(4, 90)),
    );
    assert_same_story(AWAY, &quoting, &stored_candidate(HOME, &quoting));
}

#[test]
fn a_planet_copy_and_a_board_item_are_the_same_story_without_the_original() {
    let board = item("b", POST, "Exactly once in Kafka", 5, "Comments");
    for id in [POST, "tag:blog.example.org,2026:1"] {
        let copy = item(id, POST, "Jo: Exactly once in Kafka", 4, &prose(1, 134));
        assert_same_story(
            "https://planet.example/",
            &copy,
            &stored_candidate("https://board.example/", &board),
        );
        assert_same_story(
            "https://board.example/",
            &board,
            &stored_candidate("https://planet.example/", &copy),
        );
    }
    // Somebody's own words have an id of their own.
    let commentary =
        item("tag:notes.example,2026:9", POST, "Exactly once in Kafka", 4, &prose(2, 90));
    assert_different_stories(
        "https://notes.example/",
        &commentary,
        &stored_candidate("https://board.example/", &board),
    );
    assert_different_stories(
        "https://board.example/",
        &board,
        &stored_candidate("https://notes.example/", &commentary),
    );
}

#[test]
fn a_remark_with_another_title_is_related_in_either_order() {
    let remark = item("r", POST, "Something good for the evening", 4, "A lovely piece.");
    let match_results = [
        match_result(AWAY, &remark, &stored_candidate(HOME, &post())),
        match_result(HOME, &post(), &stored_candidate(AWAY, &remark)),
    ];
    let [
        StoryMatch::Related { commentary: first, .. },
        StoryMatch::Related { commentary: second, .. },
    ] = match_results
    else {
        panic!("{match_results:?}")
    };
    assert_eq!((first, second), (CommentaryEntry::Incoming, CommentaryEntry::Candidate));
}

#[test]
fn a_forged_link_or_id_is_not_merged() {
    let short = item(
        "tag:blog.example.org,2026:1",
        POST,
        "Cheap watches",
        9,
        "Buy them all, now and here.",
    );
    let long = item("tag:blog.example.org,2026:1", POST, "Cheap watches", 9, &prose(7, 90));
    let elsewhere = item(
        "tag:blog.example.org,2026:1",
        "https://shop.example/1",
        "Cheap watches",
        9,
        &prose(7, 90),
    );
    for forged in [short, long, elsewhere] {
        assert_different_stories(
            "https://shop.example/",
            &forged,
            &stored_candidate(HOME, &post()),
        );
        assert_different_stories(
            HOME,
            &post(),
            &stored_candidate("https://shop.example/", &forged),
        );
    }
}

#[test]
fn a_bare_link_is_the_same_story() {
    assert_same_story(AWAY, &item("l", POST, "", 4, ""), &stored_candidate(HOME, &post()));
    assert_same_story(
        AWAY,
        &item("l", POST, "Worth reading: Kafka", 4, ""),
        &stored_candidate(HOME, &post()),
    );
    assert_same_story(
        AWAY,
        &item("l", POST, "Exactly once in Kafka", 4, "Comments"),
        &stored_candidate(HOME, &post()),
    );
}

#[test]
fn a_link_shared_by_many_items_is_no_evidence() {
    let mut log = stored_candidate(
        HOME,
        &item("", "https://blog.example.org/changelog#v1", "Version 1", 3, "Fixes"),
    );
    log.entries_with_link = 9;
    assert_different_stories(
        HOME,
        &item("", "https://blog.example.org/changelog#v2", "Version 2", 3, "Fixes"),
        &log,
    );
    assert_different_stories(
        AWAY,
        &item("", HOME, "Kafka news", 3, "short"),
        &stored_candidate(HOME, &item("", HOME, "Kafka news of yesterday", 2, "short")),
    );
}

#[test]
fn a_new_entry_joins_the_original_story_and_none_that_it_comments_on() {
    let home = stored_candidate(HOME, &post());
    let remark = Candidate {
        story: StoryId(1),
        entry: EntryId(2),
        ..stored_candidate(
            "https://links.example/",
            &item("l", POST, "Exactly once in Kafka", 4, ""),
        )
    };
    let other = Candidate {
        story: StoryId(0),
        entry: EntryId(3),
        ..stored_candidate("https://links.example/", &item("l", POST, "Kafka, exactly", 4, "See."))
    };
    let planet = item("p", POST, "Exactly once in Kafka", 3, &prose(1, 600));
    let placed = with_new_entry(AWAY, &planet, |n| {
        choose_story(n, &[other.clone(), remark.clone(), home.clone()]).placement
    });
    let Placement::Joins { story: StoryId(1), entry: EntryId(1), .. } = placed else {
        panic!("the post's own story, but {placed:?}")
    };
    let commentary = item("c", POST, "Exactly once in Kafka", 4, &prose(2, 80));
    let placed = with_new_entry(AWAY, &commentary, |n| choose_story(n, &[remark, home]).placement);
    let Placement::Begins { related: Some(url), reasons } = placed else {
        panic!("its own story, but {placed:?}")
    };
    assert_eq!(url, POST);
    assert!(!reasons.is_empty());
    let alone = with_new_entry(AWAY, &planet, |n| choose_story(n, &[]));
    assert_eq!(alone.placement, Placement::Begins { related: None, reasons: vec![] });
}
