//! Two documents of one source: what was announced once is not announced again, and nothing is swallowed.

use feed_model::Draft;

use super::{
    house::{House, sources},
    post::{Post, atom, march, post, rss, words},
};

fn three() -> Vec<Post> {
    vec![post("one", 3), post("one", 2), post("one", 1)]
}

/// Polls twice; insists that the second document announces nothing and that every published byte stays.
fn nothing_happens(before: &[Post], after: &[Post]) {
    let mut house = House::following(&["one"]);
    house.poll("one", before);
    let first = house.all();
    assert_eq!(house.news().len(), before.len());
    for _ in 0..2 {
        let applied = house.poll("one", after);
        assert_eq!((applied.new_entries, applied.new_stories), (0, 0));
        assert_eq!(house.news(), [""; 0]);
        assert_eq!(house.all(), first, "every byte stays");
    }
}

#[test]
fn the_same_document_changes_no_byte() {
    nothing_happens(&three(), &three());
}

#[test]
fn an_id_that_changes_under_the_same_link_announces_nothing() {
    let mut after = three();
    after[1] = after[1].clone().guid("tag:one.example,2027:other");
    nothing_happens(&three(), &after);
}

#[test]
fn scheme_host_and_trackers_of_an_id_tell_nothing() {
    let with = |prefix: &str, suffix: &str| -> Vec<Post> {
        (1..=3)
            .rev()
            .map(|n| post("one", n).guid(&format!("{prefix}one.example/?p={n}{suffix}")).no_permalink().link(""))
            .collect()
    };
    nothing_happens(&with("http://", ""), &with("https://www.", "&utm_source=rss"));
}

#[test]
fn scheme_host_and_trackers_of_a_link_tell_nothing() {
    let with = |prefix: &str, suffix: &str| -> Vec<Post> {
        (1..=3).rev().map(|n| post("one", n).guid("").link(&format!("{prefix}one.example/posts/{n}{suffix}"))).collect()
    };
    let mut house = House::following(&["one"]);
    house.poll("one", &with("http://", ""));
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    house.poll("one", &with("https://www.", "/?utm_source=rss&fbclid=x"));
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("one 2").updated, first.story("one 2").updated, "another address is no other text");
    assert_eq!(
        second.story("one 2").link.as_deref(),
        Some("https://www.one.example/posts/2/"),
        "the link leads where it leads now"
    );
}

#[test]
fn a_site_that_moves_to_another_host_announces_nothing() {
    let at = |host: &str| -> Vec<Post> {
        let on = |n| post("one", n).guid(&format!("https://{host}/posts/{n}")).link(&format!("https://{host}/posts/{n}"));
        (1..=3).rev().map(on).collect()
    };
    let mut house = House::following(&["one"]);
    house.poll("one", &at("one.example"));
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    house.poll_text("one", &rss("https://new.example/", &at("new.example")));
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().ids(), first.ids(), "the ids are those of the old host, for ever");
    assert_eq!(house.all().stories[0].link.as_deref(), Some("https://new.example/posts/3"));
}

#[test]
fn a_new_cms_that_makes_all_ids_and_links_anew_announces_nothing() {
    let anew = |n: u32| {
        post("one", n)
            .guid(&format!("urn:uuid:00000000-0000-4000-8000-00000000000{n}"))
            .link(&format!("https://one.example/2026/{n}.html"))
    };
    let mut house = House::following(&["one"]);
    house.poll("one", &three());
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    // A post of today comes with the move.
    house.poll("one", &[post("one", 20).guid("urn:uuid:00000000-0000-4000-8000-000000000020"), anew(3), anew(2), anew(1)]);
    assert_eq!(house.news(), ["one 20"]);
    assert_eq!(house.all().ids()[1..], first.ids(), "the old published ids stay");
    // From now on the new ids are keys: an edit under one of them is an edit.
    house.poll("one", &[anew(3).title("one 3, corrected"), anew(2), anew(1)]);
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().ids()[1], first.ids()[0]);
    assert_eq!(house.all().titles()[1], "one 3, corrected");
}

#[test]
fn a_link_that_rotates_a_token_under_one_id_announces_nothing() {
    let at = |token: &str| post("one", 1).link(&format!("https://one.example/posts/1?session={token}"));
    let mut house = House::following(&["one"]);
    house.poll("one", &[at("a")]);
    let first = house.all();
    assert_eq!(house.news(), ["one 1"]);
    house.poll("one", &[at("b")]);
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.stories[0].link.as_deref(), Some("https://one.example/posts/1?session=b"));
    assert_eq!((second.ids(), second.stories[0].updated), (first.ids(), first.stories[0].updated));
}

#[test]
fn without_an_id_an_edited_title_is_an_edit() {
    let mut house = House::following(&["one"]);
    house.poll("one", &[post("one", 2).guid(""), post("one", 1).guid("")]);
    let first = house.all();
    assert_eq!(house.news().len(), 2);
    let edited = house.now();
    house.poll("one", &[post("one", 2).guid("").title("Two, and better"), post("one", 1).guid("")]);
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("Two, and better").updated, edited, "an edit is told once, when it is seen");
    assert_eq!(second.story("one 1"), first.story("one 1"));
}

#[test]
fn without_id_and_link_title_and_date_are_enough() {
    let bare = |n: u32| post("one", n).guid("").link("");
    let mut house = House::following(&["one"]);
    house.poll("one", &[bare(2), bare(1)]);
    let first = house.all();
    assert_eq!(house.news().len(), 2);
    house.poll("one", &[bare(3), bare(2).text(&words(77, 60)), bare(1)]);
    assert_eq!(house.news(), ["one 3"]);
    assert_eq!(house.all().ids()[1..], first.ids());
}

#[test]
fn without_id_and_link_an_edited_title_is_an_edit_and_another_item_is_none() {
    let bare = |n: u32| post("one", n).guid("").link("");
    let mut house = House::following(&["one"]);
    house.poll("one", &[bare(2), bare(1)]);
    let first = house.all();
    assert_eq!(house.news().len(), 2);
    // A full hour is a slot that another item may have: the text tells.
    house.poll("one", &[bare(2).title("Two, and better"), bare(1)]);
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().ids(), first.ids());
    assert_eq!(house.all().titles()[0], "Two, and better");
    house.poll("one", &[bare(2).title("Another of that hour").text(&words(78, 60)), bare(1)]);
    assert_eq!(house.news(), ["Another of that hour"]);
    assert_eq!(house.all().titles().len(), 3, "nothing is swallowed");
    // A moment to the second is as good as an id.
    let exact =
        |title: &str, text: u32| bare(3).on(march(5, 9) + chrono::Duration::seconds(17)).title(title).text(&words(text, 60));
    house.poll("one", &[exact("Exactly", 80)]);
    assert_eq!(house.news(), ["Exactly"]);
    house.poll("one", &[exact("Exactly then", 81)]);
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().titles()[0], "Exactly then");
}

#[test]
fn without_id_link_and_date_the_text_is_enough() {
    let bare = |n: u32| post("one", n).guid("").link("").dated("");
    nothing_happens(&[bare(2), bare(1)], &[bare(2), bare(1)]);
}

#[test]
fn one_id_for_all_items_swallows_none_in_either_order() {
    let same = |n: u32| post("one", n).guid("https://one.example/feed").no_permalink();
    for upside_down in [false, true] {
        let turned = |mut posts: Vec<Post>| {
            if upside_down {
                posts.reverse();
            }
            posts
        };
        let mut house = House::following(&["one"]);
        house.poll("one", &turned(vec![same(3), same(2), same(1)]));
        let first = house.all();
        assert_eq!(house.news().len(), 3);
        house.poll("one", &turned(vec![same(5), same(4), same(3), same(2), same(1)]));
        let mut news = house.news();
        news.sort();
        assert_eq!(news, ["one 4", "one 5"]);
        assert_eq!(house.all().ids()[2..], first.ids());
        // The window holds one of them alone: it is still the one that it was.
        house.poll("one", &[same(6)]);
        assert_eq!(house.news(), ["one 6"]);
        house.poll("one", &[same(6)]);
        assert_eq!(house.news(), [""; 0]);
    }
}

#[test]
fn an_address_that_is_edited_in_feeds_toml_announces_nothing() {
    let mut house = House::following(&["one"]);
    house.poll("one", &three());
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    house.reconfigure("[[source]]\nid = \"one\"\nurl = \"https://one.example/blog/index.xml\"\nfollow = \"feed\"\n");
    let memory = house.store().read(|reader| reader.memory(&feed_model::SourceId::new("one").unwrap())).unwrap();
    assert!(memory.followed.is_none() && memory.imported.is_some());
    house.poll("one", &three());
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("one 3").updated, first.story("one 3").updated);
}

#[test]
fn a_post_that_comes_back_after_a_year_is_no_news() {
    let mut house = House::following(&["one"]);
    house.poll("one", &three());
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    house.poll("one", &[post("one", 20)]);
    assert_eq!(house.news(), ["one 20"]);
    assert_eq!(house.all().ids()[1..], first.ids(), "what the publisher drops stays");
    house.hours(24 * 365);
    house.poll("one", &three());
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().ids()[1..], first.ids());
}

#[test]
fn what_expired_does_not_return_under_any_name() {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &three());
    assert_eq!(house.news().len(), 3);
    house.hours(24 * 365);
    let month = std::time::Duration::from_secs(30 * 86_400);
    assert_eq!(house.store().expire(month, 100, house.now()).unwrap(), 3);
    assert_eq!(house.all().titles(), [""; 0]);
    // The same ids; other ids and the same links; and a copy elsewhere.
    house.poll("one", &three());
    house.poll("one", &[post("one", 2).guid("urn:x-test:2"), post("one", 1).guid("urn:x-test:1")]);
    house.poll("two", &[post("one", 3)]);
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().titles(), [""; 0]);
    let kept = house.store().read(|reader| reader.sources()).unwrap();
    assert_eq!((kept[0].entries, kept[0].stories), (3, 0), "their keys are remembered");
}

#[test]
fn a_deleted_post_stays_until_it_is_forgotten() {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &three());
    assert_eq!(house.news().len(), 3);
    house.poll("one", &[post("one", 3), post("one", 1)]);
    assert_eq!(house.all().titles(), ["one 3", "one 2", "one 1"], "what the publisher deletes stays");
    let story = house.story("https://one.example/posts/2");
    house.store().forget(story.id, "asked to", house.now()).unwrap();
    assert_eq!(house.all().titles(), ["one 3", "one 1"]);
    assert!(house.page(story.id).is_none());
    // It comes again, edited, under another id, and from another source.
    house.poll("one", &[post("one", 3), post("one", 2).title("one 2, again").guid("urn:x-test:2"), post("one", 1)]);
    house.poll("two", &[post("one", 2)]);
    house.restart();
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().titles(), ["one 3", "one 1"]);
    let remark = "A remark that nobody is to keep.";
    house.poll("two", &[post("one", 2).guid("urn:x-test:22").text(remark)]);
    house.store().close().unwrap();
    let bytes = std::fs::read(house.dir().join(tributary::store::DATABASE)).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(remark), "nothing is stored of it any more");
}

#[test]
fn parts_of_one_page_are_told_apart_by_their_fragments() {
    let part = |n: u32| post("one", n).guid("").link(&format!("https://one.example/changes#v{n}"));
    let mut house = House::following(&["one"]);
    house.poll("one", &[part(2), part(1)]);
    assert_eq!(house.news(), ["one 2", "one 1"]);
    house.poll("one", &[part(4), part(3), part(2)]);
    assert_eq!(house.news(), ["one 4", "one 3"]);
    assert_eq!(house.all().stories[0].link.as_deref(), Some("https://one.example/changes#v4"));
}

#[test]
fn items_that_all_link_to_the_home_page_are_all_announced_once() {
    let home = |n: u32| post("one", n).guid("").link("https://one.example/");
    let mut house = House::following(&["one"]);
    house.poll("one", &[home(2), home(1)]);
    assert_eq!(house.news(), ["one 2", "one 1"]);
    house.poll("one", &[home(3), home(2), home(1)]);
    assert_eq!(house.news(), ["one 3"]);
    house.poll("one", &[home(3), home(2), home(1)]);
    assert_eq!(house.news(), [""; 0]);
}

#[test]
fn a_site_that_is_followed_by_its_feed_from_now_on_announces_nothing() {
    let mut house = House::with(
        "[[source]]\nid = \"one\"\nurl = \"https://one.example/\"\n[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"one\"]\n",
    );
    // A sitemap gives neither ids nor whole texts.
    let page = |n: u32| Draft {
        url: format!("https://one.example/posts/{n}").parse().ok(),
        title: Some(format!("one {n}")),
        ..Draft::default()
    };
    let plan = house.plan_of("one", vec![page(3), page(2), page(1)], tributary::store::Facts::default(), false);
    house.store().apply(plan, house.rules()).unwrap();
    house.hours(1);
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    assert!(first.ids().iter().all(|id| id.starts_with("urn:uuid:")), "a site gives no ids");
    house.poll("one", &three());
    assert_eq!(house.news(), [""; 0]);
    let second = house.all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("one 2").published, Some(march(2, 8)), "the feed knows the date");
}

#[test]
fn an_unchanged_feed_of_a_thousand_is_known_by_its_keys_alone() {
    let mut house = House::following(&["one"]);
    let many: Vec<Post> =
        (1..=1_000).map(|n| post("one", n % 28 + 1).guid(&format!("urn:x-test:{n}")).title("Notes").link("")).collect();
    assert_eq!(house.poll("one", &many).new_entries, 1_000);
    let again = house.poll("one", &many);
    assert_eq!((again.new_entries, again.updated_entries, again.visible), (0, 0, false));
    assert!(again.items.iter().all(|item| item.because == "its key is known"), "no other look-up is needed");
}

#[test]
fn the_same_content_in_another_format_announces_nothing() {
    let mut house = House::following(&["one"]);
    house.poll("one", &three());
    let first = house.all();
    assert_eq!(house.news().len(), 3);
    house.poll_text("one", &atom("https://one.example/", &three()));
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().ids(), first.ids());
    let items = |house: &House| house.all().stories;
    assert_eq!(items(&house), first.stories);
}

#[test]
fn a_source_that_leaves_feeds_toml_keeps_its_stories() {
    let mut house = House::following(&["one", "two"]);
    house.poll("one", &three());
    house.poll("two", &[post("two", 5)]);
    assert_eq!(house.news().len(), 4);
    let first = house.all();
    house.reconfigure(&sources(&["two"]));
    assert_eq!(house.all(), first);
    house.restart();
    assert_eq!(house.all(), first);
    // It comes back.
    house.reconfigure(&sources(&["one", "two"]));
    house.poll("one", &three());
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all(), first);
    // Retention can let its stories go.
    house.reconfigure(&sources(&["two"]));
    house.hours(24 * 40);
    house.poll("two", &[post("two", 6)]);
    house.store().expire(std::time::Duration::from_secs(30 * 86_400), 100, house.now()).unwrap();
    assert_eq!(house.all().titles(), ["two 6"]);
}

#[test]
fn a_source_that_is_renamed_goes_on() {
    let feeds = |ids: &[&str]| {
        let source = |id: &&str| {
            let site = if *id == "two" { "two" } else { "one" };
            format!("[[source]]\nid = \"{id}\"\nurl = \"https://{site}.example/feed.xml\"\n")
        };
        ids.iter().map(source).collect::<String>() + "[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"one\"]\n"
    };
    // Nothing that another source could be known by.
    let brief = |n: u32| post("one", n).link("").text("A short note.");
    let mut house = House::with(&feeds(&["one", "two"]));
    house.poll("one", &[brief(2), brief(1)]);
    assert_eq!(house.news().len(), 2);
    let first = house.all();
    house.reconfigure(&feeds(&["other", "two"]));
    house.poll_text("other", &rss("https://one.example/", &[brief(3), brief(2), brief(1)]));
    assert_eq!(house.news(), ["one 3"]);
    assert_eq!(house.all().ids()[1..], first.ids());
    assert!(house.stored().iter().all(|story| story.sources.iter().all(|source| source.source.as_str() == "other")));
    // Both at one address: that is another source.
    house.reconfigure(&feeds(&["other", "one", "two"]));
    house.poll("one", &[brief(1)]);
    assert_eq!(house.news(), ["one 1"]);
    // What is polled under the old name when it changes is nobody's.
    let late = house.plan("one", &rss("https://one.example/", &[brief(9)]), false);
    house.reconfigure(&feeds(&["again", "other", "two"]));
    assert!(house.store().apply(late, house.rules()).unwrap().overtaken);
    assert_eq!(house.news(), [""; 0]);
}
