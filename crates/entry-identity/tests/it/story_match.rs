//! What two sources say of one story, and of two.

use entry_identity::{
    Candidate, Commentary, CommentaryEntry, Fingerprint, IncomingEntry, KeyPolicy, Placement,
    SourceSite, StoryMatch, choose_story, identify_items, same_story,
};
use feed_model::{Draft, Enclosure, EntryId, Person, PublishedDate, SourceId, StoryId};

use crate::{item, prose};

const POST: &str = "https://blog.example.org/exactly-once";
const HOME: &str = "https://blog.example.org/";
const AWAY: &str = "https://planet.example/";

fn stored_candidate(home: &str, draft: &Draft) -> Candidate {
    let identity = identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let print = Fingerprint::of(draft).to_bytes();
    Candidate {
        story: StoryId(1),
        entry: EntryId(1),
        source: SourceId::new("stored").expect("an id"),
        source_title: None,
        link: identity.link,
        canonical: identity.canonical,
        title_norm: identity.title_norm,
        guid: identity.guid,
        fingerprint: Fingerprint::from_bytes(&print).expect("what was stored is read"),
        published: identity.published,
        site: SourceSite::new(home, None),
        entries_with_link: 1,
        page_count: 1,
        has_entry_of_same_source: false,
    }
}

fn with_new_entry<T>(home: &str, draft: &Draft, decide: impl FnOnce(&IncomingEntry<'_>) -> T) -> T {
    let identity = identify_items(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let source = SourceId::new("newcomer").expect("an id");
    decide(&IncomingEntry::new(&source, &identity, draft, SourceSite::new(home, None)))
}

fn match_result(home: &str, draft: &Draft, candidate: &Candidate) -> StoryMatch {
    with_new_entry(home, draft, |newcomer| same_story(newcomer, candidate))
}

#[track_caller]
fn assert_same_story(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match match_result(home, draft, candidate) {
        StoryMatch::Same { reason } => reason.to_string(),
        other => panic!("one story, but {other:?}"),
    }
}

#[track_caller]
fn assert_different_stories(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match match_result(home, draft, candidate) {
        StoryMatch::Same { reason } => panic!("two stories, but joined: {reason}"),
        StoryMatch::Related { reason, .. } | StoryMatch::Different { reason } => reason.to_string(),
    }
}

fn post() -> Draft {
    item("tag:blog.example.org,2026:1", POST, "Exactly once in Kafka", 3, &prose(1, 600))
}

fn copy(title: &str, text: &str) -> Draft {
    item("id", "https://elsewhere.example/copied", title, 4, text)
}

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
fn a_copy_under_another_link_matches_by_title_and_text() {
    assert!(
        assert_same_story(
            AWAY,
            &copy("Exactly Once, in Kafka!", &prose(1, 600)),
            &stored_candidate(HOME, &post())
        )
        .contains("alike")
    );
    let edited = prose(1, 600).replace("stream100707", "river");
    assert_same_story(
        AWAY,
        &copy("Exactly once in Kafka", &edited),
        &stored_candidate(HOME, &post()),
    );
    assert_same_story(
        AWAY,
        &copy("Exactly once in Kafka", &prose(1, 60)),
        &stored_candidate(HOME, &post()),
    );
    assert_different_stories(
        AWAY,
        &copy("Exactly twice in Kafka", &prose(1, 600)),
        &stored_candidate(HOME, &post()),
    );
}

#[test]
fn a_title_with_an_added_name_or_few_words_matches() {
    let by_jo =
        Draft { authors: vec![Person { name: "Jo Doe".into(), ..Person::default() }], ..post() };
    let longer = |title: &str| copy(title, &format!("{} {}", prose(1, 600), prose(8, 20)));
    assert!(
        assert_same_story(
            AWAY,
            &longer("Jo Doe: Exactly once in Kafka"),
            &stored_candidate(HOME, &by_jo)
        )
        .contains("but for a name")
    );
    assert_same_story(
        HOME,
        &by_jo,
        &stored_candidate(AWAY, &longer("Jo Doe: Exactly once in Kafka")),
    );
    // Other words than a name need a text that is nearly the same, and days that are.
    let reprint = copy("Exactly once in Kafka (reprint)", &prose(1, 600));
    assert!(
        assert_same_story(AWAY, &reprint, &stored_candidate(HOME, &post()))
            .contains("one title within the other")
    );
    assert_different_stories(
        AWAY,
        &copy("Exactly once in Kafka (reprint)", &prose(1, 60)),
        &stored_candidate(HOME, &post()),
    );
    let late = item(
        "id",
        "https://elsewhere.example/copied",
        "Guest post: Exactly once in Kafka",
        9,
        &prose(1, 600),
    );
    assert!(
        assert_different_stories(AWAY, &late, &stored_candidate(HOME, &post()))
            .contains("6 days apart")
    );
    let undated = |title: &str| Draft { published: None, ..copy(title, &prose(1, 600)) };
    assert_same_story(
        AWAY,
        &undated("Guest post: Exactly once in Kafka"),
        &stored_candidate(HOME, &post()),
    );
    for title in [
        "Exactly once in Kafka 2",
        "Exactly once",
        "Exactly once in Kafka: what nobody has ever told us about it before",
    ] {
        assert_different_stories(AWAY, &undated(title), &stored_candidate(HOME, &post()));
    }
    assert!(
        assert_different_stories(
            AWAY,
            &copy("Watches", &prose(1, 600)),
            &stored_candidate(HOME, &post())
        )
        .contains("the titles are different")
    );
}

#[test]
fn a_short_text_matches_with_the_same_title_and_second() {
    let brief = |link: &str, at: &str, words: u32| Draft {
        published: Some(PublishedDate::exact(at.parse().expect("a moment"))),
        ..item("b", link, "How brokers fail under load", 3, &prose(1, words))
    };
    let original = |at: &str| stored_candidate(HOME, &brief(POST, at, 24));
    let (second, slot) = ("2026-03-03T10:17:00Z", "2026-03-03T10:15:00Z");
    assert!(
        assert_same_story(AWAY, &brief("https://a.example/1", second, 24), &original(second))
            .contains("same second")
    );
    assert_different_stories(AWAY, &brief("https://a.example/1", slot, 24), &original(slot));
    assert_different_stories(
        AWAY,
        &brief("https://a.example/1", "2026-03-03T10:17:01Z", 24),
        &original(second),
    );
    assert_different_stories(
        AWAY,
        &brief("https://a.example/1", second, 23),
        &stored_candidate(HOME, &brief(POST, second, 23)),
    );
    let good_morning =
        |link: &str| Draft { title: Some("Good morning to you".into()), ..brief(link, second, 24) };
    assert_different_stories(
        AWAY,
        &good_morning("https://a.example/1"),
        &stored_candidate(HOME, &good_morning(POST)),
    );
    assert_different_stories(
        AWAY,
        &brief("https://blog.example.org/warnings/2", second, 24),
        &original(second),
    );
}

#[test]
fn an_excerpt_needs_a_date_or_a_distinctive_title() {
    let undated =
        |title: &str, words: u32| Draft { published: None, ..copy(title, &prose(1, words)) };
    let by = |name: &str, draft: Draft| Draft {
        authors: vec![Person { name: name.into(), ..Person::default() }],
        ..draft
    };
    assert_same_story(
        AWAY,
        &undated("Exactly once in Kafka", 60),
        &stored_candidate(HOME, &post()),
    );
    assert_different_stories(
        AWAY,
        &undated("News of the week", 60),
        &stored_candidate(HOME, &Draft { title: Some("News of the week".into()), ..post() }),
    );
    // Whoever it is put up by: all of it stands in the other.
    assert_same_story(
        AWAY,
        &by("Al", copy("Exactly once in Kafka", &prose(1, 60))),
        &stored_candidate(HOME, &by("Jo", post())),
    );
}

#[test]
fn weekly_posts_with_one_title_are_different_stories() {
    let weekly = |seed, link: &str| item("w", link, "Weekly notes", 3, &prose(seed, 300));
    assert_different_stories(
        AWAY,
        &weekly(2, "https://a.example/w"),
        &stored_candidate(HOME, &weekly(1, "https://b.example/w")),
    );
    let opening = prose(9, 100);
    let regular = |seed, link: &str| {
        item("w", link, "Weekly notes", 3, &format!("{opening}{}", prose(seed, 300)))
    };
    assert_different_stories(
        AWAY,
        &regular(2, "https://b.example/2"),
        &stored_candidate(HOME, &regular(1, "https://b.example/1")),
    );
}

#[test]
fn podcasts_with_the_same_notes_are_different_stories() {
    let episode = |n: u32, day| Draft {
        enclosures: vec![Enclosure {
            url: format!("https://cdn.example/ep-{n}.mp3?sig={n}"),
            mime: "audio/mpeg".into(),
            length: None,
        }],
        ..item("e", &format!("https://host-{n}.example/e"), "The show", day, &prose(3, 200))
    };
    assert!(
        assert_different_stories(AWAY, &episode(2, 3), &stored_candidate(HOME, &episode(1, 3)))
            .contains("files")
    );
    let undated_elsewhere = item("e", "https://x.example/e", "The show", 90, &prose(3, 200));
    let numbered = |host: &str| Draft {
        enclosures: vec![Enclosure {
            url: format!("https://{host}/12.mp3"),
            mime: "audio/mpeg".into(),
            length: None,
        }],
        ..item("e", &format!("https://{host}/e/12"), "What broke this week", 3, &prose(3, 200))
    };
    assert!(
        assert_different_stories(
            AWAY,
            &numbered("a.example"),
            &stored_candidate(HOME, &numbered("b.example"))
        )
        .contains("files")
    );
    let weekly = |day: i64| {
        item("e", &format!("https://x.example/{day}"), "News of the week", day, &prose(3, 200))
    };
    assert!(
        assert_different_stories(AWAY, &weekly(12), &stored_candidate(HOME, &weekly(5)))
            .contains("7 days apart")
    );
    assert!(
        assert_different_stories(AWAY, &undated_elsewhere, &stored_candidate(HOME, &episode(1, 3)))
            .contains("days apart")
    );
}

#[test]
fn releases_of_two_projects_are_different_stories() {
    let release = |project: &str, text: &str| {
        item("r", &format!("https://forge.example/{project}/v1.2.3"), "v1.2.3", 3, text)
    };
    assert_different_stories(
        AWAY,
        &release("b", &prose(1, 100)),
        &stored_candidate(HOME, &release("a", &prose(1, 100))),
    );
    assert_different_stories(
        AWAY,
        &release("b", "Bug fixes."),
        &stored_candidate(HOME, &release("a", "Bug fixes.")),
    );
    let named = |project: &str| Draft {
        title: Some("Release 1.2.3".into()),
        ..release(project, &prose(1, 100))
    };
    assert!(
        assert_different_stories(AWAY, &named("b"), &stored_candidate(HOME, &named("a")))
            .contains("no distinctive word")
    );
}

#[test]
fn short_posts_and_comics_are_different_stories() {
    let short = |link: &str| item("s", link, "Good morning", 3, "Good morning, everyone!");
    assert!(
        assert_different_stories(
            AWAY,
            &short("https://a.example/1"),
            &stored_candidate(HOME, &short("https://b.example/1"))
        )
        .contains("too few")
    );
    let comic = |link: &str| item("c", link, "Monday", 3, "");
    assert_different_stories(
        AWAY,
        &comic("https://a.example/1"),
        &stored_candidate(HOME, &comic("https://b.example/1")),
    );
    assert_different_stories(
        AWAY,
        &item("s", "https://a.example/1", "", 3, &prose(1, 90)),
        &stored_candidate(HOME, &item("s", "https://b.example/1", "", 3, &prose(1, 90))),
    );
}

#[test]
fn a_story_has_a_limit_of_pages_and_one_entry_per_source() {
    let mut full = stored_candidate(HOME, &post());
    full.page_count = 4;
    assert!(
        assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 60)), &full)
            .contains("4 pages")
    );
    // News that many papers print.
    assert_same_story(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full);
    full.page_count = 16;
    assert!(
        assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full)
            .contains("16 pages")
    );
    let mut ours = stored_candidate(HOME, &post());
    ours.has_entry_of_same_source = true;
    assert_different_stories(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &ours);
}

#[test]
fn different_authors_need_higher_similarity() {
    let by = |name: &str, draft: Draft| Draft {
        authors: vec![Person { name: name.into(), ..Person::default() }],
        ..draft
    };
    let copied = |words| {
        copy("Exactly once in Kafka", &format!("{}{}", prose(1, words), prose(5, 600 - words)))
    };
    assert_same_story(AWAY, &by("Jo", copied(520)), &stored_candidate(HOME, &by("Jo", post())));
    assert_different_stories(
        AWAY,
        &by("Al", copied(520)),
        &stored_candidate(HOME, &by("Jo", post())),
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
