//! Addresses that are folded into one, and the posts that differ in nothing but what is folded: a
//! rule may find such a pair, title or text has to prove it.

use crate::support::{
    feeds::{Post, post, rss, words},
    installation::Installation,
};

/// Two sources of one site, the second of which is followed at another address of it.
fn two_sources_of_one_site(second: &str) -> Installation {
    let source = |id: &str, url: &str| {
        format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\nfollow = \"feed\"\n")
    };
    Installation::with_config(
        &(source("one", "https://one.example/feed.xml")
            + &source("other", &format!("{second}/other.xml"))),
    )
}

/// How many stories come of a post of `one` and one of a source at `second`, whichever comes first.
fn stories(second: &str, post_of_one: &Post, post_of_other: &Post) -> usize {
    let counts = [false, true].map(|reversed| {
        let mut installation = two_sources_of_one_site(second);
        let one = rss("https://one.example/", std::slice::from_ref(post_of_one));
        let other = rss(&format!("{second}/"), std::slice::from_ref(post_of_other));
        let polls = [("one", one), ("other", other)];
        for at in if reversed { [1, 0] } else { [0, 1] } {
            installation.deliver_document(polls[at].0, &polls[at].1);
        }
        installation.stored_stories().len()
    });
    assert_eq!(counts[0], counts[1], "the order of arrival makes no difference");
    counts[0]
}

/// Links of which the second is the first one in other words, and may be another page all the same.
const URL_VARIANTS: [(&str, &str, &str); 9] = [
    ("https://one.example", "https://one.example/guides/", "https://one.example/guides/amp"),
    ("https://one.example", "https://one.example/guides/", "https://one.example/guides/index.php"),
    ("https://m.one.example", "https://one.example/1", "https://m.one.example/1"),
    ("https://mobile.one.example", "https://one.example/1", "https://mobile.one.example/1"),
    ("https://amp.one.example", "https://one.example/1", "https://amp.one.example/1"),
    (
        "https://one.example",
        "https://one.example/top?from=reddit",
        "https://one.example/top?from=github",
    ),
    (
        "https://one.example",
        "https://one.example/whois?source=a.example.com",
        "https://one.example/whois?source=b.example.com",
    ),
    (
        "https://one.example",
        "https://one.example/play?sessionid=1",
        "https://one.example/play?sessionid=2",
    ),
    ("https://one.example", "https://one.example/play", "https://one.example/play;jsessionid=2"),
];

#[test]
fn posts_with_url_variants_but_different_content_are_two_stories() {
    for (second, one, other) in URL_VARIANTS {
        let (left, right) = (post("one", 3).link(one), post("other", 4).link(other));
        assert_eq!(
            stories(second, &left, &right),
            2,
            "{one} and {other}: other titles, other texts"
        );
        let titled = |post: &Post| post.clone().title("The week in queues");
        assert_eq!(
            stories(second, &titled(&left), &titled(&right)),
            2,
            "{one} and {other}: one title, other texts"
        );
        let bare = |post: &Post, title: &str| post.clone().title(title).text("");
        assert_eq!(
            stories(second, &bare(&left, "Left"), &bare(&right, "Right")),
            2,
            "{one} and {other}: titles alone"
        );
        assert_eq!(
            stories(second, &bare(&left, ""), &bare(&right, "Right").text("A line.")),
            2,
            "{one} and {other}: no title"
        );
    }
}

#[test]
fn one_post_under_two_url_variants_is_one_story() {
    for (second, one, other) in URL_VARIANTS {
        let copy = || post("one", 3).title("How brokers fail under load");
        let (left, right) = (copy().link(one), copy().link(other).guid("urn:x-test:other"));
        assert_eq!(stories(second, &left, &right), 1, "{one} and {other}: the same text");
        assert_eq!(
            stories(second, &left, &right.title("Brokers").text(&words(404, 10))),
            2,
            "{one} and {other}: a remark"
        );
        assert_eq!(
            stories(second, &left, &copy().link(other).text("")),
            1,
            "{one} and {other}: the same title, no text"
        );
    }
}

#[test]
fn fragments_of_one_page_with_one_title_are_two_stories() {
    let part = |n: u32| {
        post("one", n)
            .title("No programme today")
            .link(&format!("https://one.example/march#day-{n}"))
            .text("Sorry.")
    };
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &[part(3)]);
    installation.deliver("two", &[part(4).guid("urn:x-test:4"), part(3).guid("urn:x-test:3")]);
    assert_eq!(installation.feed_of_all().stories.len(), 2, "{:?}", installation.stored_stories());
}

#[test]
fn hosts_under_a_public_suffix_are_different_sites() {
    let copy = |host: &str| {
        post("one", 3)
            .title("Hello world")
            .link(&format!("https://{host}/hello"))
            .text("My first post.")
    };
    for (left, right) in
        [("m.github.io", "amp.github.io"), ("m.co.uk", "mobile.co.uk"), ("www.m.de", "foo.m.de")]
    {
        assert_eq!(
            stories("https://one.example", &copy(left), &copy(right)),
            2,
            "{left} and {right}"
        );
    }
}

#[test]
fn a_forged_home_page_does_not_replace_the_original() {
    let post_of_one = post("one", 3).title("How brokers fail").text("One line about it.");
    let forged =
        post_of_one.clone().guid("urn:x-test:forged").text("One line about it, and cheap watches.");
    for reversed in [false, true] {
        let mut installation = Installation::following(&["one", "two"]);
        for site in if reversed { ["two", "one"] } else { ["one", "two"] } {
            // The forger's document names the other's page as its own.
            let posts = [if site == "one" { post_of_one.clone() } else { forged.clone() }];
            installation.deliver_document(site, &rss("https://one.example/", &posts));
        }
        let published = installation.feed_of_all();
        assert!(!published.mentions("watches"), "{}", published.atom);
        assert_eq!(published.titles(), ["How brokers fail"]);
    }
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver_document("one", &rss("https://one.example/", &[post("one", 3)]));
    installation.deliver_document(
        "two",
        &rss("https://one.example/", &[post("one", 3).title("Cheap watches").text(&words(70, 20))]),
    );
    assert_eq!(
        installation.feed_of_all().stories.len(),
        2,
        "a claim makes no forgery an index of the site"
    );
}

#[test]
fn a_site_name_after_a_title_is_not_enough_to_merge() {
    let titled = |title: &str, n: u32| {
        post("one", n).title(title).guid("").link(&format!("https://{n}.example/a"))
    };
    let mut installation = Installation::following(&["one", "two"]);
    let called = |name: &str, post: Post| {
        rss("https://x.example/", &[post]).replacen("https://x.example/<", &format!("{name}<"), 1)
    };
    installation.deliver_document("one", &called("Acme", titled("The week in queues Acme", 3)));
    installation.deliver_document("two", &called("Bolt", titled("The week in queues | Bolt", 4)));
    assert_eq!(
        installation.feed_of_all().stories.len(),
        2,
        "{:?}",
        installation.feed_of_all().titles()
    );
}

#[test]
fn a_commentary_on_a_post_without_text_is_a_separate_story() {
    // The site gives titles alone; the link blog has the post's own title over its remarks.
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let commentary = headline.clone().guid("urn:x-test:comment").text(&words(55, 60));
    for reversed in [false, true] {
        let mut installation = Installation::following(&["one", "two", "three"]);
        let mut both = [("one", headline.clone()), ("two", commentary.clone())];
        if reversed {
            both.reverse();
        }
        for (site, post) in both {
            installation.deliver(site, &[post]);
        }
        assert_eq!(installation.feed_of_all().stories.len(), 2);
        // A board that lists the post joins the post, not what is said of it.
        installation
            .deliver("three", &[headline.clone().guid("urn:x-test:board").text("Comments")]);
        assert_eq!(installation.feed_of_all().stories.len(), 2);
        let story = installation.story("urn:x-test:comment");
        assert_eq!(story.sources.len(), 1, "{:?}", story.sources);
    }
}

#[test]
fn an_earlier_commentary_does_not_hide_the_post() {
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let mut installation = Installation::following(&["two", "three", "one"]);
    installation.deliver(
        "two",
        &[headline
            .clone()
            .guid("urn:x-test:comment")
            .title("Brokers fail, and why")
            .text(&words(55, 60))],
    );
    installation.deliver(
        "three",
        &[headline.clone().guid("urn:x-test:board").title("Brokers fail, and why")],
    );
    installation.deliver("one", &[headline.text(&words(56, 300))]);
    let published = installation.feed_of_all();
    assert!(published.stories.len() >= 2);
    assert!(published.story("How brokers fail under load").text.len() > 1_000);
}

#[test]
fn a_full_copy_merges_with_the_headline_only_original() {
    let headline = post("one", 3).title("How brokers fail under load").text("");
    let whole = headline.clone().guid("urn:x-test:whole").text(&words(55, 300));
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &[headline]);
    installation.deliver("two", &[whole]);
    assert_eq!(installation.feed_of_all().stories.len(), 1);
}
