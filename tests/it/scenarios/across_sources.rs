//! Two sources of one story: it is announced once, and keeps both.

use super::{
    house::House,
    post::{Post, march, post, rss, words},
};

/// Polls `one`, then `two`; both are imported before with a post each, so that what comes counts as news.
fn two_polls(first: &[Post], second: &[Post]) -> (House, Vec<String>, Vec<String>) {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[post("one", 1)]);
    house.poll("two", &[post("two", 1)]);
    house.news();
    house.poll("one", first);
    let told = house.news();
    house.poll("two", second);
    let then = house.news();
    (house, told, then)
}

fn carriers(house: &House, link: &str) -> Vec<String> {
    house.story(link).sources.iter().map(|s| s.source.to_string()).collect()
}

#[test]
fn the_same_post_by_link_is_one_story() {
    let (house, told, then) =
        two_polls(&[post("one", 19)], &[post("one", 19).guid("two-19").link("http://www.one.example/posts/19/?utm_medium=rss")]);
    assert_eq!((told.as_slice(), then.as_slice()), (["one 19".to_owned()].as_slice(), [].as_slice()));
    assert_eq!(carriers(&house, "https://one.example/posts/19"), ["one", "two"]);
    assert_eq!(house.all().story("one 19").link.as_deref(), Some("https://one.example/posts/19"));
}

#[test]
fn a_copy_that_comes_first_gives_way_to_the_post_at_home_and_keeps_the_id() {
    let original = || post("one", 19).title("How brokers fail under load");
    let copy = original().guid("https://two.example/19").title("How brokers fail under load (via two)").text("Worth reading.");
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[post("one", 1)]);
    house.poll("two", &[post("two", 1)]);
    house.news();
    house.poll("two", &[copy]);
    let first = house.all();
    assert_eq!(house.news(), ["How brokers fail under load (via two)"]);
    let joined = house.now();
    house.poll("one", &[original()]);
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids(), "neither id nor position moves");
    assert_eq!(second.titles()[0], "How brokers fail under load", "the post at home shows");
    assert_eq!(second.stories[0].updated, joined, "`updated` moves once");
    house.poll("one", &[original()]);
    assert_eq!(house.all(), second);
}

#[test]
fn a_post_that_is_syndicated_under_another_link_is_one_story() {
    let text = words(41, 300);
    let original = post("one", 19).title("How brokers fail").text(&text);
    let copy =
        post("two", 19).title("How brokers fail!").text(&format!("{text} This post appeared first elsewhere.")).on(march(20, 9));
    let (house, told, then) = two_polls(&[original], &[copy]);
    assert_eq!(told, ["How brokers fail"]);
    assert_eq!(then, [""; 0]);
    assert_eq!(carriers(&house, "https://two.example/posts/19"), ["one", "two"]);
}

#[test]
fn an_index_and_the_post_itself_are_one_story_and_the_post_shows() {
    let mut house = House::with(
        "[[source]]\nid = \"index\"\nurl = \"https://one.example/index.xml\"\nfollow = \"feed\"\n\
         [[source]]\nid = \"one\"\nurl = \"https://one.example/feed.xml\"\nfollow = \"feed\"\n",
    );
    let line = post("one", 19).guid("").text("One line about it.");
    house.poll_text("index", &rss("https://one.example/", std::slice::from_ref(&line)));
    let first = house.all();
    assert_eq!(house.news(), ["one 19"]);
    assert_eq!(first.stories[0].text, "One line about it.");
    let joined = house.now();
    house.poll("one", &[post("one", 19)]);
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids());
    assert!(
        second.stories[0].text.split(' ').count() == 80,
        "the index's line gives way to the post: {}",
        second.stories[0].text
    );
    assert_eq!(second.stories[0].updated, joined);
    // The index comes again: nothing moves.
    house.poll_text("index", &rss("https://one.example/", &[line]));
    assert_eq!(house.all(), second);
}

#[test]
fn a_link_blog_with_a_text_of_its_own_is_a_story_that_names_the_post() {
    let comment = post("two", 19).title("Thoughts on one 19").link("https://one.example/posts/19").text(&words(55, 60));
    let (house, told, then) = two_polls(&[post("one", 19)], &[comment]);
    assert_eq!(told, ["one 19"]);
    assert_eq!(then, ["Thoughts on one 19"]);
    let published = house.all();
    let related = "rel=\"related\" href=\"https://one.example/posts/19\"";
    let also = "href=\"https://one.example/posts/19\" rel=\"related\"";
    assert!(published.atom.contains(related) || published.atom.contains(also), "{}", published.atom);
    assert_eq!(carriers(&house, "tag:two.example,2026:19"), ["two"]);
}

#[test]
fn a_link_blog_that_comes_before_the_post_names_it_as_soon_as_it_comes() {
    let comment = post("two", 19).title("Thoughts on one 19").link("https://one.example/posts/19").text(&words(55, 60));
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &[post("one", 1)]);
    house.poll("two", std::slice::from_ref(&comment));
    house.news();
    let first = house.all();
    house.poll("one", &[post("one", 19)]);
    assert_eq!(house.news(), ["one 19"]);
    let second = house.all();
    let page = "https://one.example/posts/19";
    assert_eq!(second.atom.matches("rel=\"related\"").count(), 1, "{}", second.atom);
    assert_eq!(second.rss.matches("rel=\"related\"").count(), 1, "{}", second.rss);
    assert_eq!(second.json.matches(&format!("\"external_url\":\"{page}\"")).count(), 1, "{}", second.json);
    assert_eq!(first.story("Thoughts on one 19"), second.story("Thoughts on one 19"), "neither id nor date moves");
    house.poll("two", &[comment]);
    assert_eq!(house.all(), second);
}

#[test]
fn a_link_blog_that_quotes_the_post_has_a_text_of_its_own() {
    let text = words(41, 130);
    let quoted: Vec<&str> = text.split(' ').take(60).collect();
    let comment = post("two", 19).title("one 19").link("https://one.example/posts/19").text(&format!(
        "<blockquote>{}</blockquote><p>{}</p>",
        quoted.join(" "),
        words(55, 120)
    ));
    let (house, told, then) = two_polls(&[post("one", 19).text(&text)], &[comment]);
    assert_eq!((told.len(), then.len()), (1, 1));
    assert_eq!(house.all().titles()[..2], ["one 19", "one 19"]);
}

#[test]
fn a_link_blog_that_says_something_and_then_quotes_most_of_it_has_a_text_of_its_own() {
    let text = words(41, 130);
    let quoted: Vec<&str> = text.split(' ').skip(20).take(80).collect();
    let comment = post("two", 19).title("one 19").link("https://one.example/posts/19").text(&format!(
        "<p>{}</p><blockquote>{}</blockquote>",
        words(55, 60),
        quoted.join(" ")
    ));
    for parted in [false, true] {
        let (first, second) = (post("one", 19).text(&text), comment.clone());
        let mut house = House::following(&["one", "two"]);
        if parted {
            house.poll("two", &[second]);
            house.poll("one", &[first]);
        } else {
            house.poll("one", &[first]);
            house.poll("two", &[second]);
        }
        let all = house.all();
        assert_eq!(all.titles(), ["one 19", "one 19"]);
        for document in [&all.atom, &all.rss] {
            assert_eq!(document.matches("rel=\"related\"").count(), 1, "{document}");
        }
        assert_eq!(all.json.matches("\"external_url\":\"https://one.example/posts/19\"").count(), 1, "{}", all.json);
    }
}

#[test]
fn a_link_blog_with_a_short_remark_joins_the_post() {
    let remark = post("two", 19).title("one 19").link("https://one.example/posts/19").text("Worth your time.");
    let (house, told, then) = two_polls(&[post("one", 19)], &[remark]);
    assert_eq!((told.len(), then.len()), (1, 0));
    assert_eq!(carriers(&house, "https://one.example/posts/19"), ["one", "two"]);
}

#[test]
fn a_board_that_lists_a_post_joins_it_though_a_copy_with_its_whole_text_is_there() {
    let mut house = House::following(&["one", "two", "three"]);
    let link = "https://one.example/posts/19";
    house.poll("one", &[post("one", 19)]);
    house.poll("two", &[post("one", 19).guid("urn:x-test:planet")]);
    house.poll("three", &[post("one", 19).guid("urn:x-test:board").text("Comments")]);
    assert_eq!(house.all().titles(), ["one 19"]);
    assert_eq!(carriers(&house, link), ["one", "two", "three"]);
}

#[test]
fn a_paper_that_is_listed_in_two_archives_is_one_story() {
    let mut house = House::with(
        "[[source]]\nid = \"dc\"\nurl = \"https://rss.papers.example/cs.DC\"\nfollow = \"feed\"\n\
         [[source]]\nid = \"lg\"\nurl = \"https://rss.papers.example/cs.LG\"\nfollow = \"feed\"\n",
    );
    let paper = |n: u32| {
        post("papers", n)
            .guid(&format!("oai:papers.example:2603.0000{n}v1"))
            .link(&format!("https://papers.example/abs/2603.0000{n}"))
    };
    let home = "https://papers.example/list";
    house.poll_text("dc", &rss(home, &[paper(3), paper(2)]));
    house.poll_text("lg", &rss(home, &[paper(4), paper(2)]));
    assert_eq!(house.all().titles(), ["papers 4", "papers 3", "papers 2"]);
    assert_eq!(carriers(&house, "https://papers.example/abs/2603.00002"), ["dc", "lg"]);
    // A second version under the same link is an edit of the same paper in both lists.
    house.news();
    let second = || paper(2).guid("oai:papers.example:2603.00002v2").text(&words(9, 90));
    house.poll_text("dc", &rss(home, &[second(), paper(3)]));
    house.poll_text("lg", &rss(home, &[second(), paper(4)]));
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.stored().len(), 3);
}

#[test]
fn whoever_drops_out_the_published_id_stays() {
    let (mut house, ..) = two_polls(&[post("one", 19)], &[post("one", 19)]);
    let first = house.all();
    house.reconfigure(&super::house::sources(&["two"]));
    assert_eq!(house.all(), first);
    house.poll("two", &[post("two", 20)]);
    assert_eq!(house.all().ids()[1..], first.ids());
}
