//! Addresses that are folded into one, and the posts that differ in nothing but what is folded: a rule may find such a
//! pair, title or text has to prove it.

use super::{
    house::House,
    post::{Post, post, rss, words},
};

/// Two sources of one site, the second of which is followed at another address of it.
fn siblings(second: &str) -> House {
    let source = |id: &str, url: &str| format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nfollow = \"feed\"\n");
    House::with(&(source("one", "https://one.example/feed.xml") + &source("other", &format!("{second}/other.xml"))))
}

/// How many stories come of a post of `one` and one of a source at `second`, whichever comes first.
fn stories(second: &str, post_of_one: &Post, post_of_other: &Post) -> usize {
    let counts = [false, true].map(|turned| {
        let mut house = siblings(second);
        let one = rss("https://one.example/", std::slice::from_ref(post_of_one));
        let other = rss(&format!("{second}/"), std::slice::from_ref(post_of_other));
        let polls = [("one", one), ("other", other)];
        for at in if turned { [1, 0] } else { [0, 1] } {
            house.poll_text(polls[at].0, &polls[at].1);
        }
        house.stored().len()
    });
    assert_eq!(counts[0], counts[1], "the order of arrival makes no difference");
    counts[0]
}

/// Links of which the second is the first one in other words, and may be another page all the same.
const FOLDED: [(&str, &str, &str); 9] = [
    ("https://one.example", "https://one.example/guides/", "https://one.example/guides/amp"),
    ("https://one.example", "https://one.example/guides/", "https://one.example/guides/index.php"),
    ("https://m.one.example", "https://one.example/1", "https://m.one.example/1"),
    ("https://mobile.one.example", "https://one.example/1", "https://mobile.one.example/1"),
    ("https://amp.one.example", "https://one.example/1", "https://amp.one.example/1"),
    ("https://one.example", "https://one.example/top?from=reddit", "https://one.example/top?from=github"),
    ("https://one.example", "https://one.example/whois?source=a.example.com", "https://one.example/whois?source=b.example.com"),
    ("https://one.example", "https://one.example/play?sessionid=1", "https://one.example/play?sessionid=2"),
    ("https://one.example", "https://one.example/play", "https://one.example/play;jsessionid=2"),
];

#[test]
fn two_posts_whose_addresses_differ_in_what_is_folded_alone_are_two() {
    for (second, one, other) in FOLDED {
        let (left, right) = (post("one", 3).link(one), post("other", 4).link(other));
        assert_eq!(stories(second, &left, &right), 2, "{one} and {other}: other titles, other texts");
        let titled = |post: &Post| post.clone().title("The week in queues");
        assert_eq!(stories(second, &titled(&left), &titled(&right)), 2, "{one} and {other}: one title, other texts");
        let bare = |post: &Post, title: &str| post.clone().title(title).text("");
        assert_eq!(stories(second, &bare(&left, "Left"), &bare(&right, "Right")), 2, "{one} and {other}: titles alone");
        assert_eq!(stories(second, &bare(&left, ""), &bare(&right, "Right").text("A line.")), 2, "{one} and {other}: no title");
    }
}

#[test]
fn one_post_under_two_addresses_of_its_page_is_one() {
    for (second, one, other) in FOLDED {
        let copy = || post("one", 3).title("How brokers fail under load");
        let (left, right) = (copy().link(one), copy().link(other).guid("urn:x-test:other"));
        assert_eq!(stories(second, &left, &right), 1, "{one} and {other}: the same text");
        assert_eq!(stories(second, &left, &right.title("Brokers").text(&words(404, 10))), 2, "{one} and {other}: a remark");
        assert_eq!(stories(second, &left, &copy().link(other).text("")), 1, "{one} and {other}: the same title, no text");
    }
}

#[test]
fn two_parts_of_one_page_are_two_posts_under_one_title_too() {
    let part =
        |n: u32| post("one", n).title("No programme today").link(&format!("https://one.example/march#day-{n}")).text("Sorry.");
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[part(3)]);
    house.poll("two", &[part(4).guid("urn:x-test:4"), part(3).guid("urn:x-test:3")]);
    assert_eq!(house.all().stories.len(), 2, "{:?}", house.stored());
}

#[test]
fn what_a_registry_gives_to_two_people_is_two_sites() {
    let copy = |host: &str| post("one", 3).title("Hello world").link(&format!("https://{host}/hello")).text("My first post.");
    for (left, right) in [("m.github.io", "amp.github.io"), ("m.co.uk", "mobile.co.uk"), ("www.m.de", "foo.m.de")] {
        assert_eq!(stories("https://one.example", &copy(left), &copy(right)), 2, "{left} and {right}");
    }
}

#[test]
fn a_site_that_a_forger_claims_shows_its_own_post() {
    let post_of_one = post("one", 3).title("How brokers fail").text("One line about it.");
    let forged = post_of_one.clone().guid("urn:x-test:forged").text("One line about it, and cheap watches.");
    for turned in [false, true] {
        let mut house = House::following(&["one", "two"]);
        for site in if turned { ["two", "one"] } else { ["one", "two"] } {
            // The forger's document names the other's page as its own.
            let posts = [if site == "one" { post_of_one.clone() } else { forged.clone() }];
            house.poll_text(site, &rss("https://one.example/", &posts));
        }
        let published = house.all();
        assert!(!published.mentions("watches"), "{}", published.atom);
        assert_eq!(published.titles(), ["How brokers fail"]);
    }
    let mut house = House::following(&["one", "two"]);
    house.poll_text("one", &rss("https://one.example/", &[post("one", 3)]));
    house.poll_text("two", &rss("https://one.example/", &[post("one", 3).title("Cheap watches").text(&words(70, 20))]));
    assert_eq!(house.all().stories.len(), 2, "a claim makes no forgery an index of the site");
}

#[test]
fn a_name_behind_a_title_proves_nothing_without_the_text() {
    let titled = |title: &str, n: u32| post("one", n).title(title).guid("").link(&format!("https://{n}.example/a"));
    let mut house = House::following(&["one", "two"]);
    let called =
        |name: &str, post: Post| rss("https://x.example/", &[post]).replacen("https://x.example/<", &format!("{name}<"), 1);
    house.poll_text("one", &called("Acme", titled("The week in queues Acme", 3)));
    house.poll_text("two", &called("Bolt", titled("The week in queues | Bolt", 4)));
    assert_eq!(house.all().stories.len(), 2, "{:?}", house.all().titles());
}

#[test]
fn a_commentary_on_a_post_without_text_is_a_story_of_its_own() {
    // The site gives titles alone; the link blog has the post's own title over its remarks.
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let commentary = headline.clone().guid("urn:x-test:comment").text(&words(55, 60));
    for turned in [false, true] {
        let mut house = House::following(&["one", "two", "three"]);
        let mut both = [("one", headline.clone()), ("two", commentary.clone())];
        if turned {
            both.reverse();
        }
        for (site, post) in both {
            house.poll(site, &[post]);
        }
        assert_eq!(house.all().stories.len(), 2);
        // A board that lists the post joins the post, not what is said of it.
        house.poll("three", &[headline.clone().guid("urn:x-test:board").text("Comments")]);
        assert_eq!(house.all().stories.len(), 2);
        let story = house.story("urn:x-test:comment");
        assert_eq!(story.sources.len(), 1, "{:?}", story.sources);
    }
}

#[test]
fn a_post_never_hides_behind_a_commentary_that_came_first() {
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let mut house = House::following(&["two", "three", "one"]);
    house.poll("two", &[headline.clone().guid("urn:x-test:comment").title("Brokers fail, and why").text(&words(55, 60))]);
    house.poll("three", &[headline.clone().guid("urn:x-test:board").title("Brokers fail, and why")]);
    house.poll("one", &[headline.text(&words(56, 300))]);
    let published = house.all();
    assert!(published.stories.len() >= 2);
    assert!(published.story("How brokers fail under load").text.len() > 1_000);
}

#[test]
fn a_whole_post_elsewhere_joins_its_headline() {
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let whole = headline.clone().guid("urn:x-test:whole").text(&words(55, 300));
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[headline]);
    house.poll("two", &[whole]);
    assert_eq!(house.all().stories.len(), 1);
}
