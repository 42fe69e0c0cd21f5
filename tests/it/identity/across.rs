//! What two sources say of one story, and of two.

use entry_identity::{
    Candidate, Commentary, Comments, Fingerprint, Home, KeyPolicy, Newcomer, Placement, StoryMatch, key_document, place,
    same_story,
};
use feed_model::{Draft, Enclosure, Person, PublishedDate, SourceId};

use super::{item, prose};

const POST: &str = "https://blog.example.org/exactly-once";
const HOME: &str = "https://blog.example.org/";
const AWAY: &str = "https://planet.example/";

fn stored(home: &str, draft: &Draft) -> Candidate {
    let keyed = key_document(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let print = Fingerprint::of(draft).to_bytes();
    Candidate {
        story: 1,
        entry: 1,
        source: SourceId::new("stored").expect("an id"),
        source_title: None,
        link: keyed.link,
        canonical: keyed.canonical,
        title_norm: keyed.title_norm,
        guid: keyed.guid,
        fingerprint: Fingerprint::from_bytes(&print).expect("what was stored is read"),
        published: keyed.published,
        home: Home::new(home, None),
        link_shared_by: 1,
        addresses: 1,
        has_entry_of_newcomers_source: false,
    }
}

fn with_newcomer<T>(home: &str, draft: &Draft, decide: impl FnOnce(&Newcomer<'_>) -> T) -> T {
    let keyed = key_document(std::slice::from_ref(draft), KeyPolicy::Guid, None).0.remove(0);
    let source = SourceId::new("newcomer").expect("an id");
    decide(&Newcomer::new(&source, &keyed, draft, Home::new(home, None)))
}

fn verdict(home: &str, draft: &Draft, candidate: &Candidate) -> StoryMatch {
    with_newcomer(home, draft, |newcomer| same_story(newcomer, candidate))
}

#[track_caller]
fn same(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match verdict(home, draft, candidate) {
        StoryMatch::Same { because } => because,
        other => panic!("one story, but {other:?}"),
    }
}

#[track_caller]
fn apart(home: &str, draft: &Draft, candidate: &Candidate) -> String {
    match verdict(home, draft, candidate) {
        StoryMatch::Same { because } => panic!("two stories, but joined: {because}"),
        StoryMatch::Related { because, .. } | StoryMatch::Different { because } => because,
    }
}

fn post() -> Draft {
    item("tag:blog.example.org,2026:1", POST, "Exactly once in Kafka", 3, &prose(1, 600))
}

fn copy(title: &str, text: &str) -> Draft {
    item("id", "https://elsewhere.example/copied", title, 4, text)
}

#[test]
fn the_same_post_by_link_in_two_feeds() {
    let planet =
        item("x", "http://www.blog.example.org/exactly-once/?utm_source=planet", "Exactly once in Kafka", 3, &prose(1, 600));
    assert!(same(AWAY, &planet, &stored(HOME, &post())).contains("100 % alike"));
    same(HOME, &post(), &stored(AWAY, &planet));
    let teaser = item("x", POST, "Jo: Exactly once", 3, &prose(1, 60));
    same(AWAY, &teaser, &stored(HOME, &post()));
}

#[test]
fn an_index_page_and_the_post_itself() {
    let index = item("", POST, "Exactly once", 0, "What it takes.");
    same(HOME, &post(), &stored(HOME, &index));
    same(HOME, &index, &stored(HOME, &post()));
}

#[test]
fn a_cross_listed_paper_joins() {
    let paper = |feed: u32| item("oai:1", "https://papers.example/abs/1", &format!("A paper (list {feed})"), 3, &prose(4, 150));
    same("https://papers.example/list/a", &paper(1), &stored("https://papers.example/list/b", &paper(2)));
}

#[test]
fn a_commentary_is_a_story_of_its_own_that_names_the_post() {
    let commentary = item("lb", POST, "Exactly once in Kafka", 4, &prose(2, 48));
    let StoryMatch::Related { comments, url, because } = verdict(AWAY, &commentary, &stored(HOME, &post())) else {
        panic!("a commentary")
    };
    assert_eq!((comments, url.as_str()), (Comments::Newcomer, POST));
    assert!(because.contains("48 words"), "{because}");
    assert!(apart(HOME, &post(), &stored(AWAY, &commentary)).contains("commentary"), "also when it came first");
    let placed = with_newcomer(HOME, &post(), |n| place(n, &[stored(AWAY, &commentary)]));
    assert!(matches!(placed.placement, Placement::Begins { related: None, .. }), "a post is not about itself: {placed:?}");
    let told = Commentary { entry: 1, story: 1, url: POST.to_owned() };
    assert_eq!(placed.commentaries, [told], "who commented on it before it came is told of it");
    same(AWAY, &item("lb", POST, "On Kafka, exactly", 4, &prose(2, 47)), &stored(HOME, &post()));
}

#[test]
fn a_commentary_may_quote_as_long_as_more_than_half_is_its_own() {
    let quoting =
        |quoted: u32, own: u32| item("lb", POST, "Locks and bees", 4, &format!("{} {}", prose(1, quoted), prose(2, own)));
    // A post of 134 words, and one whose text is so long that likeness is an estimate.
    for length in [134, 600, 1_500, 4_000, 15_000] {
        let post = stored(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (quoted, own) in [(40, 127), (60, 127), (90, 127), (40, 300), (30, 60)] {
            // Of so long a text too little is kept to tell a long quotation of its beginning from a copy of that.
            if length > 10_000 && quoted > 40 {
                continue;
            }
            let verdict = verdict(AWAY, &quoting(quoted, own), &post);
            assert!(matches!(verdict, StoryMatch::Related { .. }), "{quoted} of {length} words and {own}: {verdict:?}");
        }
        let copied = quoting(length.min(250), 17);
        same(AWAY, &copied, &post);
    }
    // All that the post's own feed says is the beginning of it: that is the post.
    let teaser = stored(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, 55)));
    same(AWAY, &quoting(60, 500), &teaser);
}

#[test]
fn a_commentary_that_begins_with_its_own_words_may_quote_at_any_length() {
    let told = |own: u32, quoted: u32| item("lb", POST, "Locks and bees", 4, &format!("{} {}", prose(2, own), prose(1, quoted)));
    for length in [134, 600, 1_500, 4_000] {
        let post = stored(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (own, quoted) in [(52, 60), (55, 90), (60, 90), (90, 90)] {
            let verdict = verdict(AWAY, &told(own, quoted), &post);
            assert!(matches!(verdict, StoryMatch::Related { .. }), "{own}, and {quoted} of {length} words: {verdict:?}");
        }
        // A line in front makes no commentary of an excerpt, and a paragraph none of a copy.
        same(AWAY, &told(12, length.min(150)), &post);
        same(AWAY, &told(60, length), &post);
    }
}

#[test]
fn a_commentary_that_marks_what_it_quotes_may_quote_the_whole_post() {
    let told = |quoted: u32, own: u32| {
        let text = format!("<blockquote><p>{}</p></blockquote><p>{}</p>", prose(1, quoted), prose(2, own));
        item("lb", POST, "Locks and bees", 4, &text)
    };
    for length in [134, 600] {
        let post = stored(HOME, &item("p", POST, "Exactly once in Kafka", 3, &prose(1, length)));
        for (quoted, own) in [(80, 60), (134, 60), (134, 90)] {
            let verdict = verdict(AWAY, &told(quoted, own), &post);
            assert!(matches!(verdict, StoryMatch::Related { .. }), "{quoted} of {length} words and {own}: {verdict:?}");
        }
        same(AWAY, &told(134, 20), &post);
    }
    // A copy of a post that quotes somebody else.
    let quoting = item(
        "p",
        POST,
        "Exactly once in Kafka",
        3,
        &format!("{}<blockquote>{}</blockquote>{}", prose(1, 90), prose(3, 60), prose(4, 90)),
    );
    same(AWAY, &quoting, &stored(HOME, &quoting));
}

#[test]
fn a_planets_copy_and_a_board_are_the_post_though_nobody_follows_its_site() {
    let board = item("b", POST, "Exactly once in Kafka", 5, "Comments");
    for id in [POST, "tag:blog.example.org,2026:1"] {
        let copy = item(id, POST, "Jo: Exactly once in Kafka", 4, &prose(1, 134));
        same("https://planet.example/", &copy, &stored("https://board.example/", &board));
        same("https://board.example/", &board, &stored("https://planet.example/", &copy));
    }
    // Somebody's own words have an id of their own.
    let commentary = item("tag:notes.example,2026:9", POST, "Exactly once in Kafka", 4, &prose(2, 90));
    apart("https://notes.example/", &commentary, &stored("https://board.example/", &board));
    apart("https://board.example/", &board, &stored("https://notes.example/", &commentary));
}

#[test]
fn a_remark_of_something_else_names_the_post_whichever_came_first() {
    let remark = item("r", POST, "Something good for the evening", 4, "A lovely piece.");
    let verdicts = [verdict(AWAY, &remark, &stored(HOME, &post())), verdict(HOME, &post(), &stored(AWAY, &remark))];
    let [StoryMatch::Related { comments: first, .. }, StoryMatch::Related { comments: second, .. }] = verdicts else {
        panic!("{verdicts:?}")
    };
    assert_eq!((first, second), (Comments::Newcomer, Comments::Candidate));
}

#[test]
fn a_forged_link_or_id_neither_joins_nor_hides() {
    let short = item("tag:blog.example.org,2026:1", POST, "Cheap watches", 9, "Buy them all, now and here.");
    let long = item("tag:blog.example.org,2026:1", POST, "Cheap watches", 9, &prose(7, 90));
    let elsewhere = item("tag:blog.example.org,2026:1", "https://shop.example/1", "Cheap watches", 9, &prose(7, 90));
    for forged in [short, long, elsewhere] {
        apart("https://shop.example/", &forged, &stored(HOME, &post()));
        apart(HOME, &post(), &stored("https://shop.example/", &forged));
    }
}

#[test]
fn a_bare_link_joins() {
    same(AWAY, &item("l", POST, "", 4, ""), &stored(HOME, &post()));
    same(AWAY, &item("l", POST, "Worth reading: Kafka", 4, ""), &stored(HOME, &post()));
    same(AWAY, &item("l", POST, "Exactly once in Kafka", 4, "Comments"), &stored(HOME, &post()));
}

#[test]
fn a_link_that_many_items_have_proves_nothing() {
    let mut log = stored(HOME, &item("", "https://blog.example.org/changelog#v1", "Version 1", 3, "Fixes"));
    log.link_shared_by = 9;
    apart(HOME, &item("", "https://blog.example.org/changelog#v2", "Version 2", 3, "Fixes"), &log);
    apart(AWAY, &item("", HOME, "Kafka news", 3, "short"), &stored(HOME, &item("", HOME, "Kafka news of yesterday", 2, "short")));
}

#[test]
fn a_copy_under_another_link_joins_by_title_and_text() {
    assert!(same(AWAY, &copy("Exactly Once, in Kafka!", &prose(1, 600)), &stored(HOME, &post())).contains("alike"));
    let edited = prose(1, 600).replace("stream100707", "river");
    same(AWAY, &copy("Exactly once in Kafka", &edited), &stored(HOME, &post()));
    same(AWAY, &copy("Exactly once in Kafka", &prose(1, 60)), &stored(HOME, &post()));
    apart(AWAY, &copy("Exactly twice in Kafka", &prose(1, 600)), &stored(HOME, &post()));
}

#[test]
fn a_title_may_have_a_name_or_a_few_words_more() {
    let by_jo = Draft { authors: vec![Person { name: "Jo Doe".into(), ..Person::default() }], ..post() };
    let longer = |title: &str| copy(title, &format!("{} {}", prose(1, 600), prose(8, 20)));
    assert!(same(AWAY, &longer("Jo Doe: Exactly once in Kafka"), &stored(HOME, &by_jo)).contains("but for a name"));
    same(HOME, &by_jo, &stored(AWAY, &longer("Jo Doe: Exactly once in Kafka")));
    // Other words than a name need a text that is nearly the same, and days that are.
    let reprint = copy("Exactly once in Kafka (reprint)", &prose(1, 600));
    assert!(same(AWAY, &reprint, &stored(HOME, &post())).contains("one title within the other"));
    apart(AWAY, &copy("Exactly once in Kafka (reprint)", &prose(1, 60)), &stored(HOME, &post()));
    let late = item("id", "https://elsewhere.example/copied", "Guest post: Exactly once in Kafka", 9, &prose(1, 600));
    assert!(apart(AWAY, &late, &stored(HOME, &post())).contains("6 days apart"));
    let undated = |title: &str| Draft { published: None, ..copy(title, &prose(1, 600)) };
    same(AWAY, &undated("Guest post: Exactly once in Kafka"), &stored(HOME, &post()));
    for title in
        ["Exactly once in Kafka 2", "Exactly once", "Exactly once in Kafka: what nobody has ever told us about it before"]
    {
        apart(AWAY, &undated(title), &stored(HOME, &post()));
    }
    assert!(apart(AWAY, &copy("Watches", &prose(1, 600)), &stored(HOME, &post())).contains("titles are other ones"));
}

#[test]
fn a_short_text_is_a_copy_where_title_and_second_are_the_same() {
    let brief = |link: &str, at: &str, words: u32| Draft {
        published: Some(PublishedDate::exact(at.parse().expect("a moment"))),
        ..item("b", link, "How brokers fail under load", 3, &prose(1, words))
    };
    let original = |at: &str| stored(HOME, &brief(POST, at, 24));
    let (second, slot) = ("2026-03-03T10:17:00Z", "2026-03-03T10:15:00Z");
    assert!(same(AWAY, &brief("https://a.example/1", second, 24), &original(second)).contains("same second"));
    apart(AWAY, &brief("https://a.example/1", slot, 24), &original(slot));
    apart(AWAY, &brief("https://a.example/1", "2026-03-03T10:17:01Z", 24), &original(second));
    apart(AWAY, &brief("https://a.example/1", second, 23), &stored(HOME, &brief(POST, second, 23)));
    let good_morning = |link: &str| Draft { title: Some("Good morning to you".into()), ..brief(link, second, 24) };
    apart(AWAY, &good_morning("https://a.example/1"), &stored(HOME, &good_morning(POST)));
    apart(AWAY, &brief("https://blog.example.org/warnings/2", second, 24), &original(second));
}

#[test]
fn a_part_needs_a_date_or_a_title_that_tells_something() {
    let undated = |title: &str, words: u32| Draft { published: None, ..copy(title, &prose(1, words)) };
    let by = |name: &str, draft: Draft| Draft { authors: vec![Person { name: name.into(), ..Person::default() }], ..draft };
    same(AWAY, &undated("Exactly once in Kafka", 60), &stored(HOME, &post()));
    apart(AWAY, &undated("News of the week", 60), &stored(HOME, &Draft { title: Some("News of the week".into()), ..post() }));
    // Whoever it is put up by: all of it stands in the other.
    same(AWAY, &by("Al", copy("Exactly once in Kafka", &prose(1, 60))), &stored(HOME, &by("Jo", post())));
}

#[test]
fn weekly_posts_and_two_authors_with_one_title_stay_apart() {
    let weekly = |seed, link: &str| item("w", link, "Weekly notes", 3, &prose(seed, 300));
    apart(AWAY, &weekly(2, "https://a.example/w"), &stored(HOME, &weekly(1, "https://b.example/w")));
    let opening = prose(9, 100);
    let regular = |seed, link: &str| item("w", link, "Weekly notes", 3, &format!("{opening}{}", prose(seed, 300)));
    apart(AWAY, &regular(2, "https://b.example/2"), &stored(HOME, &regular(1, "https://b.example/1")));
}

#[test]
fn podcasts_with_the_same_notes_stay_apart() {
    let episode = |n: u32, day| Draft {
        enclosures: vec![Enclosure {
            url: format!("https://cdn.example/ep-{n}.mp3?sig={n}"),
            mime: "audio/mpeg".into(),
            length: None,
        }],
        ..item("e", &format!("https://host-{n}.example/e"), "The show", day, &prose(3, 200))
    };
    assert!(apart(AWAY, &episode(2, 3), &stored(HOME, &episode(1, 3))).contains("files"));
    let undated_elsewhere = item("e", "https://x.example/e", "The show", 90, &prose(3, 200));
    let numbered = |host: &str| Draft {
        enclosures: vec![Enclosure { url: format!("https://{host}/12.mp3"), mime: "audio/mpeg".into(), length: None }],
        ..item("e", &format!("https://{host}/e/12"), "What broke this week", 3, &prose(3, 200))
    };
    assert!(apart(AWAY, &numbered("a.example"), &stored(HOME, &numbered("b.example"))).contains("files"));
    let weekly = |day: i64| item("e", &format!("https://x.example/{day}"), "News of the week", day, &prose(3, 200));
    assert!(apart(AWAY, &weekly(12), &stored(HOME, &weekly(5))).contains("7 days apart"));
    assert!(apart(AWAY, &undated_elsewhere, &stored(HOME, &episode(1, 3))).contains("days apart"));
}

#[test]
fn releases_of_two_projects_stay_apart() {
    let release = |project: &str, text: &str| item("r", &format!("https://forge.example/{project}/v1.2.3"), "v1.2.3", 3, text);
    apart(AWAY, &release("b", &prose(1, 100)), &stored(HOME, &release("a", &prose(1, 100))));
    apart(AWAY, &release("b", "Bug fixes."), &stored(HOME, &release("a", "Bug fixes.")));
    let named = |project: &str| Draft { title: Some("Release 1.2.3".into()), ..release(project, &prose(1, 100)) };
    assert!(apart(AWAY, &named("b"), &stored(HOME, &named("a"))).contains("no word of its own"));
}

#[test]
fn short_posts_and_comics_stay_apart() {
    let short = |link: &str| item("s", link, "Good morning", 3, "Good morning, everyone!");
    assert!(apart(AWAY, &short("https://a.example/1"), &stored(HOME, &short("https://b.example/1"))).contains("too few"));
    let comic = |link: &str| item("c", link, "Monday", 3, "");
    apart(AWAY, &comic("https://a.example/1"), &stored(HOME, &comic("https://b.example/1")));
    apart(
        AWAY,
        &item("s", "https://a.example/1", "", 3, &prose(1, 90)),
        &stored(HOME, &item("s", "https://b.example/1", "", 3, &prose(1, 90))),
    );
}

#[test]
fn groups_stay_small_and_a_source_is_in_a_story_once() {
    let mut full = stored(HOME, &post());
    full.addresses = 4;
    assert!(apart(AWAY, &copy("Exactly once in Kafka", &prose(1, 60)), &full).contains("4 pages"));
    // News that many papers print.
    same(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full);
    full.addresses = 16;
    assert!(apart(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &full).contains("16 pages"));
    let mut ours = stored(HOME, &post());
    ours.has_entry_of_newcomers_source = true;
    apart(AWAY, &copy("Exactly once in Kafka", &prose(1, 600)), &ours);
}

#[test]
fn other_authors_need_more() {
    let by = |name: &str, draft: Draft| Draft { authors: vec![Person { name: name.into(), ..Person::default() }], ..draft };
    let copied = |words| copy("Exactly once in Kafka", &format!("{}{}", prose(1, words), prose(5, 600 - words)));
    same(AWAY, &by("Jo", copied(520)), &stored(HOME, &by("Jo", post())));
    apart(AWAY, &by("Al", copied(520)), &stored(HOME, &by("Jo", post())));
}

#[test]
fn a_newcomer_joins_the_story_at_home_and_none_that_it_comments_on() {
    let home = stored(HOME, &post());
    let remark =
        Candidate { story: 1, entry: 2, ..stored("https://links.example/", &item("l", POST, "Exactly once in Kafka", 4, "")) };
    let other =
        Candidate { story: 0, entry: 3, ..stored("https://links.example/", &item("l", POST, "Kafka, exactly", 4, "See.")) };
    let planet = item("p", POST, "Exactly once in Kafka", 3, &prose(1, 600));
    let placed = with_newcomer(AWAY, &planet, |n| place(n, &[other.clone(), remark.clone(), home.clone()]).placement);
    let Placement::Joins { story: 1, entry: 1, .. } = placed else { panic!("the post's own story, but {placed:?}") };
    let commentary = item("c", POST, "Exactly once in Kafka", 4, &prose(2, 80));
    let placed = with_newcomer(AWAY, &commentary, |n| place(n, &[remark, home]).placement);
    let Placement::Begins { related: Some(url), because } = placed else { panic!("its own story, but {placed:?}") };
    assert_eq!(url, POST);
    assert!(!because.is_empty());
    let alone = with_newcomer(AWAY, &planet, |n| place(n, &[]));
    assert_eq!(alone.placement, Placement::Begins { related: None, because: vec![] });
}
