//! Labelled pairs: what two feeds say of one post, and what looks like it and is not, with the
//! share that has to be judged rightly.
//!
//! Each kind of pair is made of the same twelve posts, of which `one` carries the first half of
//! every pair and `two` the second, in a document each and then in the opposite order: so a pair
//! can be missed, or joined to another pair.

use std::collections::BTreeMap;

use super::sample_posts::{POSTS, first_words, with_other_markup};
use crate::support::{
    feeds::{Post, post, rss, words},
    installation::Installation,
    time::march,
};

/// One half of a pair: who carries it, and what.
struct PairSide {
    /// The source's own page and title.
    home: &'static str,
    feed_title: &'static str,
    posts: Vec<Post>,
}

const HOME: (&str, &str) = ("https://one.example/", "Acme Engineering");
const AWAY: (&str, &str) = ("https://two.example/", "Planet of Brokers");

fn side(who: (&'static str, &'static str), make: impl Fn(usize) -> Post) -> PairSide {
    PairSide { home: who.0, feed_title: who.1, posts: (0..POSTS.len()).map(make).collect() }
}

/// The post as its own feed has it; every third is long.
fn original(n: usize) -> Post {
    let (title, _) = POSTS[n];
    post("one", day(n)).title(title).text(&full(n)).link(&link(n))
}

fn full(n: usize) -> String {
    let (_, text) = POSTS[n];
    if n.is_multiple_of(3) {
        format!("{text} {}", words(u32::try_from(n).unwrap() + 300, 400))
    } else {
        text.to_owned()
    }
}

fn link(n: usize) -> String {
    format!("https://one.example/posts/{}", POSTS[n].0.to_lowercase().replace(' ', "-"))
}

fn day(n: usize) -> u32 {
    u32::try_from(n).unwrap() + 1
}

/// The same post elsewhere, under an address of that place.
fn copy(n: usize) -> Post {
    let (title, _) = POSTS[n];
    post("two", day(n)).title(title).text(&full(n)).published_at(march(day(n), 15))
}

fn document(side: &PairSide, marked: &str) -> String {
    let posts: Vec<Post> = side
        .posts
        .iter()
        .enumerate()
        .map(|(n, post)| post.clone().guid(&format!("urn:x-pair:{marked}:{n}")))
        .collect();
    rss(side.home, &posts).replacen(
        &format!("<title>{}</title>", side.home),
        &format!("<title>{}</title>", side.feed_title),
        1,
    )
}

/// Of the pairs of a kind: how many were joined, and how many entries were joined to what they are
/// no pair with.
fn count_merged(first: &PairSide, second: &PairSide, reversed: bool) -> (usize, usize) {
    let source = |id: &str, side: &PairSide| {
        format!("[[source]]\nid = \"{id}\"\nurl = \"{}{id}.xml\"\nfollow = \"feed\"\n", side.home)
    };
    let mut installation =
        Installation::with_config(&(source("one", first) + &source("two", second)));
    let polls = [("one", document(first, "a")), ("two", document(second, "b"))];
    for at in if reversed { [1, 0] } else { [0, 1] } {
        installation.deliver_document(polls[at].0, &polls[at].1);
    }
    let (mut right, mut wrong) = (0, 0);
    for story in installation.stored_stories() {
        let ends: Vec<&str> =
            story.sources.iter().filter_map(|s| s.guid.as_deref()?.rsplit(':').next()).collect();
        match ends[..] {
            [_] => {}
            [one, other] if one == other => right += 1,
            _ => wrong += ends.len() - 1,
        }
    }
    (right, wrong)
}

/// What came of each kind, in both orders of arrival.
fn count_by_kind<'a>(
    kinds: &'a [(&'a str, PairSide, PairSide)],
) -> BTreeMap<&'a str, (usize, usize, usize)> {
    let mut counts = BTreeMap::new();
    for (name, first, second) in kinds {
        for reversed in [false, true] {
            let (right, wrong) = count_merged(first, second, reversed);
            let count: &mut (usize, usize, usize) = counts.entry(*name).or_default();
            *count = (count.0 + first.posts.len(), count.1 + right, count.2 + wrong);
        }
    }
    counts
}

/// Holds the pairs that are one story against a floor of recall, in per mille; none may be joined
/// wrongly.
fn assert_recall_per_mille(floor: usize, kinds: &[(&str, PairSide, PairSide)]) {
    let counts = count_by_kind(kinds);
    let (pairs, right) =
        counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(counts.values().all(|count| count.2 == 0), "joined to another post: {counts:#?}");
    assert!(
        counts.values().all(|count| count.1 * 2 >= count.0),
        "a kind that is hardly ever found: {counts:#?}"
    );
    assert!(
        right * 1_000 >= pairs * floor,
        "{right} of {pairs} were found, kind: (pairs, found, wrong): {counts:#?}"
    );
}

/// A pair of the exact-link sort: the same page under this address, with as much text as such feeds
/// have.
fn by_link(address: impl Fn(&str) -> String) -> (PairSide, PairSide) {
    let text = |n: usize| match n % 5 {
        0 => full(n),
        1 => String::new(),
        2 => "<a href=\"https://news.example/item?id=17\">Comments</a>".to_owned(),
        3 => format!("{} […]", first_words(POSTS[n].1, 30)),
        _ => format!(
            "<p>{}</p><p>The post <a href=\"#\">{}</a> appeared first on Acme.</p>",
            first_words(POSTS[n].1, 55),
            POSTS[n].0
        ),
    };
    (side(HOME, original), side(AWAY, |n| copy(n).link(&address(&link(n))).text(&text(n))))
}

#[test]
fn recall_for_pairs_with_one_link_is_at_least_95_percent() {
    let after = |suffix: &'static str| by_link(move |link| format!("{link}{suffix}"));
    let pairs = [
        ("the address itself", after("")),
        ("http", by_link(|link| link.replacen("https", "http", 1))),
        ("www", by_link(|link| link.replacen("://", "://www.", 1))),
        ("a port", by_link(|link| link.replacen(".example", ".example:443", 1))),
        ("capitals in the host", by_link(|link| link.replacen("one.example", "One.Example", 1))),
        ("a slash", after("/")),
        ("campaign parameters", after("?utm_source=rss&utm_medium=feed&utm_campaign=x")),
        ("a click id", after("/?fbclid=IwAR0x")),
        ("a referring site", after("?ref=planet.example.org")),
        ("a referring programme", after("?ref=hackernews")),
        ("Medium's source", after("?source=rss----3f1a2b---4")),
        ("AMP by path", after("/amp/")),
        ("AMP by parameter", after("?amp=1")),
        ("a mobile host", by_link(|link| link.replacen("://", "://m.", 1))),
        ("a fragment", after("#comments")),
        ("a highlighted text", after("#:~:text=brokers")),
        ("an index file", after("/index.html")),
        ("a session in the query", after("?PHPSESSID=0a1b2c")),
        ("a session in the path", after(";jsessionid=0A1B2C")),
    ];
    let mut kinds: Vec<(&str, PairSide, PairSide)> =
        pairs.into_iter().map(|(name, (home, away))| (name, home, away)).collect();
    let feedburner = |n: usize| {
        let tag = format!("<feedburner:origLink>{}</feedburner:origLink>", link(n));
        copy(n).link(&format!("http://feedproxy.example.net/~r/one/~3/{n}")).with(&tag)
    };
    kinds.push(("FeedBurner's original link", side(HOME, original), side(AWAY, feedburner)));
    let titled =
        |n: usize| copy(n).link(&link(n)).title(&format!("Jo: {} [2026]", POSTS[n].0)).text("");
    kinds.push(("an aggregator's title", side(HOME, original), side(AWAY, titled)));
    let item = |n: usize| {
        let urls = format!(
            "Article URL: {0} Comments URL: https://news.example/item?id={n} Points: 7 # Comments: \
             3",
            link(n)
        );
        copy(n).link(&link(n)).text(&urls)
    };
    kinds.push(("a news board's numbers", side(HOME, original), side(AWAY, item)));
    assert_recall_per_mille(950, &kinds);
}

#[test]
fn recall_for_syndicated_pairs_is_at_least_90_percent() {
    let later = |n: usize, days: i64| march(day(n), 15) + chrono::Duration::days(days);
    let away = |make: fn(usize) -> Post| (side(HOME, original), side(AWAY, make));
    let pairs = [
        ("the same", away(copy)),
        (
            "capitals and quotes in the title",
            away(|n| copy(n).title(&format!("“{}!”", POSTS[n].0.to_uppercase()))),
        ),
        (
            "the copier's name behind the title",
            away(|n| copy(n).title(&format!("{} | Planet of Brokers", POSTS[n].0))),
        ),
        (
            "the author's name before the title",
            away(|n| copy(n).title(&format!("Jo Doe: {}", POSTS[n].0)).author("Jo Doe")),
        ),
        (
            "a planet's name before the title",
            away(|n| copy(n).title(&format!("Jo Doe: {}", POSTS[n].0))),
        ),
        ("a word before the title", away(|n| copy(n).title(&format!("[Guest] {}", POSTS[n].0)))),
        ("a word behind the title", away(|n| copy(n).title(&format!("{} (reprint)", POSTS[n].0)))),
        (
            "the author's name behind the title",
            away(|n| copy(n).title(&format!("{} – Acme Engineering", POSTS[n].0))),
        ),
        ("other markup", away(|n| copy(n).text(&with_other_markup(&full(n))))),
        (
            "where it appeared first, at the end",
            away(|n| {
                copy(n).text(&format!(
                    "{}<p>Originally published at <a href=\"#\">one.example</a> on 3 March.</p>",
                    full(n)
                ))
            }),
        ),
        (
            "where it appeared first, at the beginning",
            away(|n| {
                copy(n).text(&format!(
                    "<p>This post was originally published on one.example.</p>{}",
                    full(n)
                ))
            }),
        ),
        (
            "an excerpt of WordPress",
            away(|n| {
                let added =
                    format!("[…] The post {} appeared first on Acme Engineering.", POSTS[n].0);
                copy(n).text(&format!("{} {added}", first_words(&full(n), 55)))
            }),
        ),
        ("cut off", away(|n| copy(n).text(&format!("{}…", first_words(&full(n), 70))))),
        (
            "an edited sentence",
            away(|n| copy(n).text(&full(n).replacen("nobody", "not one of us", 1))),
        ),
        (
            "an added paragraph",
            away(|n| {
                copy(n).text(&format!("{} Discuss this post with us on our mailing list.", full(n)))
            }),
        ),
    ];
    let mut kinds: Vec<(&str, PairSide, PairSide)> =
        pairs.into_iter().map(|(name, (home, away))| (name, home, away)).collect();
    kinds.push((
        "days later",
        side(HOME, original),
        side(AWAY, move |n| copy(n).published_at(later(n, 6))),
    ));
    kinds.push((
        "weeks later",
        side(HOME, original),
        side(AWAY, move |n| copy(n).published_at(later(n, 30))),
    ));
    kinds.push((
        "without a date",
        side(HOME, original),
        side(AWAY, |n| copy(n).with_date_text("")),
    ));
    kinds.push((
        "another author's name",
        side(HOME, |n| original(n).author("Jo")),
        side(AWAY, |n| copy(n).author("Acme Team")),
    ));
    let word = |n: usize| POSTS[n].0.rsplit(' ').next().unwrap();
    kinds.push((
        "a title of one word, and the copier's name behind it",
        side(HOME, move |n| original(n).title(word(n))),
        side(AWAY, move |n| copy(n).title(&format!("{} | Planet of Brokers", word(n)))),
    ));
    kinds.push((
        "another author's name, the next day, with a line behind it",
        side(HOME, |n| original(n).author("Jo")),
        side(AWAY, move |n| {
            copy(n)
                .author("Al")
                .published_at(later(n, 1))
                .text(&format!("{} Discuss this with us in our forum, or write a letter.", full(n)))
        }),
    ));
    kinds.push((
        "a beginning without a date",
        side(HOME, original),
        side(AWAY, |n| {
            copy(n).with_date_text("").text(&format!("{} […]", first_words(&full(n), 55)))
        }),
    ));
    let second = |n: usize| march(day(n), 8) + chrono::Duration::seconds(1_021);
    let brief = |n: usize| format!("{}.", first_words(POSTS[n].1, 24));
    let telling = |n: usize| format!("{}, told after several years", POSTS[n].0);
    kinds.push((
        "a short text of the same second",
        side(HOME, move |n| original(n).published_at(second(n)).title(&telling(n)).text(&brief(n))),
        side(AWAY, move |n| copy(n).published_at(second(n)).title(&telling(n)).text(&brief(n))),
    ));
    assert_recall_per_mille(900, &kinds);
}

/// Two halves that are two stories, of the same home where `siblings`.
fn false_pair(
    name: &'static str,
    siblings: bool,
    first: fn(usize) -> Post,
    second: fn(usize) -> Post,
) -> (&'static str, PairSide, PairSide) {
    (
        name,
        side(HOME, first),
        side(if siblings { ("https://one.example/", "Acme, other") } else { AWAY }, second),
    )
}

/// A text that no post has: four words of one and four of another in turn.
fn other(n: usize) -> String {
    let text = |further: usize| POSTS[(n + further) % POSTS.len()].1.split(' ').collect::<Vec<_>>();
    let (one, another) = (text(5), text(7));
    one.chunks(4)
        .zip(another.chunks(4))
        .flat_map(|(a, b)| [a.join(" "), b.join(" ")])
        .collect::<Vec<_>>()
        .join(" ")
}

const NOTES: &str = "In this show two engineers talk about what broke this week, what they read, \
    and what they would do again. Write to us at show at acme dot example, or leave a rating where \
    you listen. The music is by a friend of the house, and the pictures are by another. You can \
    support the show by telling a colleague about it, and by buying one of the cups.";

const ABOUT: &str = "About Acme. Acme is the leading provider of ledgers for those who move goods \
    across borders, with offices in nine countries and customers in sixty. For further \
    information, or to arrange an interview with one of the founders, please write to press at \
    acme dot example. Statements about the future are subject to risks and may turn out otherwise \
    than expected.";

#[test]
fn false_pairs_are_never_merged() {
    let kinds = [
        false_pair(
            "weekly posts",
            false,
            |n| original(n).title("Weekly notes"),
            |n| copy(n).title("Weekly notes").text(&other(n)),
        ),
        false_pair(
            "a regular's opening",
            false,
            |n| original(n).title("The week in queues").text(&format!("{NOTES} {}", full(n))),
            |n| {
                copy(n).title("The week in queues").text(&format!(
                    "{NOTES} {} {}",
                    other(n),
                    words(day(n) + 70, 300)
                ))
            },
        ),
        false_pair(
            "parts",
            false,
            |n| original(n).title(&format!("{}, part 1", POSTS[n].0)),
            |n| {
                copy(n).title(&format!("{}, part 2", POSTS[n].0)).text(&format!(
                    "{} {}",
                    first_words(&full(n), 60),
                    other(n)
                ))
            },
        ),
        false_pair(
            "releases of siblings",
            true,
            |n| original(n).title(&format!("Release 2.{n}.0")).text(&release("acme-client", n)),
            |n| copy(n).title(&format!("Release 2.{n}.0")).text(&release("acme-server", n)),
        ),
        false_pair(
            "versions alone",
            false,
            |n| original(n).title(&format!("v2.{n}.0")).text(NOTES),
            |n| copy(n).title(&format!("v2.{n}.0")).text(NOTES),
        ),
        false_pair(
            "episodes with one set of notes",
            false,
            |n| original(n).title("The show").text(NOTES).with(&audio_enclosure("a", n)),
            |n| copy(n).title("The show").text(NOTES).with(&audio_enclosure("b", n)),
        ),
        false_pair(
            "episodes of one number",
            false,
            |n| {
                original(n)
                    .title("What broke this week")
                    .text(NOTES)
                    .with(&numbered_audio_enclosure("one", n))
            },
            |n| {
                copy(n)
                    .title("What broke this week")
                    .text(NOTES)
                    .with(&numbered_audio_enclosure("two", n))
            },
        ),
        false_pair(
            "releases of one number",
            false,
            |n| original(n).title(&format!("Release 2.{n}.0")).text(NOTES),
            |n| copy(n).title(&format!("Release 2.{n}.0")).text(NOTES),
        ),
        false_pair(
            "one form, filled in by each",
            false,
            |n| original(n).title("Higher error rates").text(&incident("Acme", n)),
            |n| copy(n).title("Higher error rates").text(&incident("Brokers", n)),
        ),
        false_pair(
            "one form on two pages of a site",
            true,
            |n| original(n).title("Meeting minutes").text(&incident("Room 1", n)),
            |n| {
                copy(n)
                    .link(&format!("https://one.example/b/{n}"))
                    .title("Meeting minutes")
                    .text(&incident("Room 2", n))
            },
        ),
        false_pair(
            "one text under other titles",
            false,
            |n| original(n).title(&format!("{}: queues", POSTS[n].0)).text(NOTES),
            |n| copy(n).title(&format!("{}: ledgers", POSTS[n].0)).text(NOTES),
        ),
        false_pair(
            "numbers of a series",
            false,
            |n| original(n).title("Notes on brokers").text(NOTES),
            |n| copy(n).title(&format!("Notes on brokers {}", n + 2)).text(NOTES),
        ),
        false_pair(
            "short posts on the hour",
            false,
            |n| {
                original(n).text(
                    "We are back after a long break, and there is more to come from \
                    all of us here very soon.",
                )
            },
            |n| {
                copy(n).published_at(march(day(n), 8)).text(
                    "We are back after a long break, and there is more to come from all of \
                        us here very soon.",
                )
            },
        ),
        false_pair(
            "advisories",
            false,
            |n| original(n).title("Security advisory").text(&advisory("libledger", n)),
            |n| copy(n).title("Security advisory").text(&advisory("quorumd", n + 40)),
        ),
        false_pair(
            "forecasts",
            false,
            |n| original(n).title("Forecast for tomorrow").text(&forecast("Ashford", n)),
            |n| copy(n).title("Forecast for tomorrow").text(&forecast("Bexhill", n + 3)),
        ),
        false_pair(
            "press releases",
            false,
            |n| {
                original(n)
                    .title(&format!("Acme announces: {}", POSTS[n].0))
                    .text(&format!("{} {ABOUT}", first_words(&full(n), 40)))
            },
            |n| {
                copy(n)
                    .title(&format!("Acme announces: more of {}", POSTS[n].0))
                    .text(&format!("{} {ABOUT}", first_words(&other(n), 40)))
            },
        ),
        false_pair(
            "year after year",
            false,
            |n| original(n).title(&format!("State of queues {}", 2020 + n)),
            |n| copy(n).title(&format!("State of queues {}", 2050 + n)),
        ),
        false_pair(
            "vacancies",
            false,
            |n| original(n).title("Senior engineer").text(&vacancy("Ashford", "payments", n)),
            |n| copy(n).title("Senior engineer").text(&vacancy("Bexhill", "search", n + 4)),
        ),
        false_pair(
            "short posts",
            false,
            |n| original(n).text("We are back after a break. More soon."),
            |n| copy(n).text("We are back after a break. More soon."),
        ),
        false_pair(
            "pictures alone",
            false,
            |n| original(n).title("Today").text("<img src=\"/a.png\">"),
            |n| copy(n).title("Today").text("<img src=\"/b.png\">"),
        ),
        false_pair(
            "notes without a title",
            false,
            |n| original(n).title(""),
            |n| copy(n).title(""),
        ),
        false_pair(
            "parameters that are ids",
            false,
            |n| original(n).link(&format!("https://one.example/item?id={n}")),
            |n| {
                copy(n)
                    .link(&format!("https://one.example/item?id={}", n + 20))
                    .text(&other(n))
                    .title(POSTS[(n + 5) % 12].0)
            },
        ),
        false_pair(
            "routes of one page",
            false,
            |n| original(n).link(&format!("https://one.example/#!/post/{n}")).text("short"),
            |n| copy(n).link(&format!("https://one.example/#!/post/{}", n + 20)).text("short"),
        ),
        false_pair(
            "films",
            false,
            |n| original(n).link(&format!("https://tube.example/watch?v=a{n}")).text(""),
            |n| copy(n).link(&format!("https://tube.example/watch?v=b{n}")).text(""),
        ),
        false_pair("commentaries", false, original, |n| copy(n).link(&link(n)).text(&other(n))),
        false_pair("comments under the post", true, original, |n| {
            let title = format!("Comment on {} by Al", POSTS[n].0);
            copy(n)
                .link(&format!("{}#comment-{n}", link(n)))
                .title(&title)
                .text("I have seen this as well, and it took us a year.")
        }),
        false_pair(
            "a home page as link",
            false,
            |n| original(n).link("https://one.example/").text(""),
            |n| copy(n).link("https://one.example/").text(""),
        ),
        false_pair(
            "a list as link",
            false,
            |n| original(n).link("https://one.example/news").title(&format!("News {n}")),
            |n| {
                copy(n).link("https://one.example/news").title(&format!("More {n}")).text(&other(n))
            },
        ),
        false_pair("an advertisement under the post's link", false, original, |n| {
            copy(n)
                .link(&link(n))
                .title("Cheap watches today")
                .text("Buy them all, now and here, while they last.")
        }),
    ];
    let counts = count_by_kind(&kinds);
    assert!(
        counts.values().all(|count| count.1 + count.2 == 0),
        "kind: (pairs, joined, joined crosswise): {counts:#?}"
    );
}

fn numbered_audio_enclosure(site: &str, n: usize) -> String {
    format!("<enclosure url=\"https://{site}.example/{n}.mp3\" type=\"audio/mpeg\" length=\"1\"/>")
}

fn incident(who: &str, n: usize) -> String {
    format!(
        "{who} sees higher error rates than usual since {} minutes past the hour. {}",
        n + 40,
        words(7, 120)
    )
}

fn release(project: &str, n: usize) -> String {
    let line = |change: &str, pull: usize| {
        format!("{change} by @bot in https://forge.example/acme/{project}/pull/{pull}. ")
    };
    let changes: String = [
        "Bump serde from 1.0.1 to 1.0.2",
        "Bump tokio from 1.40.0 to 1.41.0",
        "Say which file is missing",
    ]
    .iter()
    .enumerate()
    .map(|(at, change)| line(change, project.len() * 10 + n * 7 + at))
    .collect();
    format!(
        "What has changed: {changes}Full list: https://forge.example/acme/{project}/compare/\
         v2.{n}.0"
    )
}

fn advisory(package: &str, n: usize) -> String {
    format!(
        "A flaw was found in {package}. A remote attacker who can send crafted requests to \
         {package} before version 1.{n}.3 may cause it to end without notice or, in some settings, \
         to run code of the attacker's choice. The flaw is known as CVE-2026-{} and was reported \
         by {} people. Everyone who runs {package} is advised to update to version 1.{n}.3, which \
         is available from the usual places. There is no way to avoid the flaw without the update. \
         We thank those who told us in confidence.",
        1_000 + n * 17,
        n + 2
    )
}

fn forecast(town: &str, n: usize) -> String {
    format!(
        "{town}: cloudy at first with {} per cent humidity, brighter from {} o'clock. Highest \
         temperature {} degrees, lowest {} degrees. Wind from the {} at {} miles an hour, with \
         gusts of up to {} on the coast. Rain is likely at {} per cent. The sun rises at 6:{} and \
         sets at 18:{}. The outlook for the rest of the week in {town} is {}.",
        60 + n,
        9 + n % 5,
        12 + n,
        2 + n,
        ["north", "west", "south"][n % 3],
        8 + n,
        20 + n * 2,
        10 + n * 5,
        10 + n,
        40 + n,
        ["dry", "wet", "changeable"][n % 3]
    )
}

fn vacancy(town: &str, team: &str, n: usize) -> String {
    format!(
        "We are looking for a senior engineer in our {team} team in {town}. You will own services \
         that {} people depend on, review designs, and be on call one week in {}. You bring {} \
         years of experience, a liking for plain code, and English that we can follow. We offer {} \
         days of leave, a pension, and a budget for learning. Acme does not discriminate. Apply in \
         {town} by the {}th of the month with a letter that tells us which of the {team} problems \
         interests you.",
        n * 100,
        n + 3,
        n + 2,
        25 + n,
        n + 1
    )
}

fn audio_enclosure(host: &str, n: usize) -> String {
    format!(
        "<enclosure url=\"https://{host}.example/audio/{host}-{n}.mp3\" type=\"audio/mpeg\" \
         length=\"1\"/>"
    )
}
