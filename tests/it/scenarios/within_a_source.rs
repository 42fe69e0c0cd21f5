//! Two documents of one source: what was announced once is not announced again, and nothing is
//! swallowed.

use feed_model::Draft;

use crate::support::{
    feeds::{Post, atom, post, rss, words},
    installation::{Installation, sources},
    time::march,
};

fn three_posts() -> Vec<Post> {
    vec![post("one", 3), post("one", 2), post("one", 1)]
}

/// Polls twice; insists that the second document announces nothing and that every published byte
/// stays.
fn assert_no_change(before: &[Post], after: &[Post]) {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", before);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), before.len());
    for _ in 0..2 {
        let applied = installation.deliver("one", after);
        assert_eq!((applied.new_entries, applied.new_stories), (0, 0));
        assert_eq!(installation.newly_announced(), [""; 0]);
        assert_eq!(installation.feed_of_all(), first, "every byte stays");
    }
}

#[test]
fn the_same_document_changes_no_byte() {
    assert_no_change(&three_posts(), &three_posts());
}

#[test]
fn an_id_that_changes_under_the_same_link_announces_nothing() {
    let mut after = three_posts();
    after[1] = after[1].clone().guid("tag:one.example,2027:other");
    assert_no_change(&three_posts(), &after);
}

#[test]
fn changes_of_scheme_host_and_tracking_in_an_id_announce_nothing() {
    let with = |prefix: &str, suffix: &str| -> Vec<Post> {
        (1..=3)
            .rev()
            .map(|n| {
                post("one", n)
                    .guid(&format!("{prefix}one.example/?p={n}{suffix}"))
                    .no_permalink()
                    .link("")
            })
            .collect()
    };
    assert_no_change(&with("http://", ""), &with("https://www.", "&utm_source=rss"));
}

#[test]
fn changes_of_scheme_host_and_tracking_in_a_link_announce_nothing() {
    let with = |prefix: &str, suffix: &str| -> Vec<Post> {
        (1..=3)
            .rev()
            .map(|n| {
                post("one", n).guid("").link(&format!("{prefix}one.example/posts/{n}{suffix}"))
            })
            .collect()
    };
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &with("http://", ""));
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    installation.deliver("one", &with("https://www.", "/?utm_source=rss&fbclid=x"));
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(
        second.story("one 2").updated,
        first.story("one 2").updated,
        "another address is no other text"
    );
    assert_eq!(
        second.story("one 2").link.as_deref(),
        Some("https://www.one.example/posts/2/"),
        "the link leads where it leads now"
    );
}

#[test]
fn a_site_that_moves_to_another_host_announces_nothing() {
    let at = |host: &str| -> Vec<Post> {
        let on = |n| {
            post("one", n)
                .guid(&format!("https://{host}/posts/{n}"))
                .link(&format!("https://{host}/posts/{n}"))
        };
        (1..=3).rev().map(on).collect()
    };
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &at("one.example"));
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    installation.deliver_document("one", &rss("https://new.example/", &at("new.example")));
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(
        installation.feed_of_all().ids(),
        first.ids(),
        "the ids are those of the old host, for ever"
    );
    assert_eq!(
        installation.feed_of_all().stories[0].link.as_deref(),
        Some("https://new.example/posts/3")
    );
}

#[test]
fn a_cms_change_with_new_ids_and_links_announces_nothing() {
    let anew = |n: u32| {
        post("one", n)
            .guid(&format!("urn:uuid:00000000-0000-4000-8000-00000000000{n}"))
            .link(&format!("https://one.example/2026/{n}.html"))
    };
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &three_posts());
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    // A post of today comes with the move.
    installation.deliver(
        "one",
        &[
            post("one", 20).guid("urn:uuid:00000000-0000-4000-8000-000000000020"),
            anew(3),
            anew(2),
            anew(1),
        ],
    );
    assert_eq!(installation.newly_announced(), ["one 20"]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids(), "the old published ids stay");
    // From now on the new ids are keys: an edit under one of them is an edit.
    installation.deliver("one", &[anew(3).title("one 3, corrected"), anew(2), anew(1)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().ids()[1], first.ids()[0]);
    assert_eq!(installation.feed_of_all().titles()[1], "one 3, corrected");
}

#[test]
fn a_link_that_rotates_a_token_under_one_id_announces_nothing() {
    let at =
        |token: &str| post("one", 1).link(&format!("https://one.example/posts/1?session={token}"));
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[at("a")]);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced(), ["one 1"]);
    installation.deliver("one", &[at("b")]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.stories[0].link.as_deref(), Some("https://one.example/posts/1?session=b"));
    assert_eq!((second.ids(), second.stories[0].updated), (first.ids(), first.stories[0].updated));
}

#[test]
fn an_edited_title_of_an_item_without_id_is_an_update() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[post("one", 2).guid(""), post("one", 1).guid("")]);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 2);
    let edited = installation.now();
    installation.deliver(
        "one",
        &[post("one", 2).guid("").title("Two, and better"), post("one", 1).guid("")],
    );
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(
        second.story("Two, and better").updated,
        edited,
        "an edit is told once, when it is seen"
    );
    assert_eq!(second.story("one 1"), first.story("one 1"));
}

#[test]
fn items_without_id_and_link_are_matched_by_title_and_date() {
    let bare = |n: u32| post("one", n).guid("").link("");
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[bare(2), bare(1)]);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 2);
    installation.deliver("one", &[bare(3), bare(2).text(&words(77, 60)), bare(1)]);
    assert_eq!(installation.newly_announced(), ["one 3"]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
}

#[test]
fn an_edited_title_without_id_and_link_is_matched_by_text_or_exact_date() {
    let bare = |n: u32| post("one", n).guid("").link("");
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[bare(2), bare(1)]);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 2);
    // A full hour is a slot that another item may have: the text tells.
    installation.deliver("one", &[bare(2).title("Two, and better"), bare(1)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().ids(), first.ids());
    assert_eq!(installation.feed_of_all().titles()[0], "Two, and better");
    installation
        .deliver("one", &[bare(2).title("Another of that hour").text(&words(78, 60)), bare(1)]);
    assert_eq!(installation.newly_announced(), ["Another of that hour"]);
    assert_eq!(installation.feed_of_all().titles().len(), 3, "nothing is swallowed");
    // A moment to the second is as good as an id.
    let exact = |title: &str, text: u32| {
        bare(3)
            .published_at(march(5, 9) + chrono::Duration::seconds(17))
            .title(title)
            .text(&words(text, 60))
    };
    installation.deliver("one", &[exact("Exactly", 80)]);
    assert_eq!(installation.newly_announced(), ["Exactly"]);
    installation.deliver("one", &[exact("Exactly then", 81)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().titles()[0], "Exactly then");
}

#[test]
fn items_without_id_link_and_date_are_matched_by_text() {
    let bare = |n: u32| post("one", n).guid("").link("").with_date_text("");
    assert_no_change(&[bare(2), bare(1)], &[bare(2), bare(1)]);
}

#[test]
fn one_id_for_all_items_loses_no_item_in_either_order() {
    let same = |n: u32| post("one", n).guid("https://one.example/feed").no_permalink();
    for upside_down in [false, true] {
        let reversed = |mut posts: Vec<Post>| {
            if upside_down {
                posts.reverse();
            }
            posts
        };
        let mut installation = Installation::following(&["one"]);
        installation.deliver("one", &reversed(vec![same(3), same(2), same(1)]));
        let first = installation.feed_of_all();
        assert_eq!(installation.newly_announced().len(), 3);
        installation.deliver("one", &reversed(vec![same(5), same(4), same(3), same(2), same(1)]));
        let mut news = installation.newly_announced();
        news.sort();
        assert_eq!(news, ["one 4", "one 5"]);
        assert_eq!(installation.feed_of_all().ids()[2..], first.ids());
        // The window holds one of them alone: it is still the one that it was.
        installation.deliver("one", &[same(6)]);
        assert_eq!(installation.newly_announced(), ["one 6"]);
        installation.deliver("one", &[same(6)]);
        assert_eq!(installation.newly_announced(), [""; 0]);
    }
}

#[test]
fn a_changed_source_url_announces_nothing() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &three_posts());
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    installation.reconfigure(
        "[[source]]\nid = \"one\"\nurl = \
        \"https://one.example/blog/index.xml\"\nfollow = \"feed\"\n",
    );
    let memory = installation
        .store()
        .read(|reader| reader.source_record(&feed_model::SourceId::new("one").unwrap()))
        .unwrap();
    assert!(memory.followed.is_none() && memory.imported.is_some());
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("one 3").updated, first.story("one 3").updated);
}

#[test]
fn a_post_that_reappears_after_a_year_is_not_announced() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &three_posts());
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    installation.deliver("one", &[post("one", 20)]);
    assert_eq!(installation.newly_announced(), ["one 20"]);
    assert_eq!(
        installation.feed_of_all().ids()[1..],
        first.ids(),
        "what the publisher drops stays"
    );
    installation.advance_hours(24 * 365);
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
}

#[test]
fn expired_stories_do_not_return_under_other_ids_or_links() {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced().len(), 3);
    installation.advance_hours(24 * 365);
    let month = std::time::Duration::from_secs(30 * 86_400);
    assert_eq!(installation.store().expire_stories(month, 100, installation.now()).unwrap(), 3);
    assert_eq!(installation.feed_of_all().titles(), [""; 0]);
    // The same ids; other ids and the same links; and a copy elsewhere.
    installation.deliver("one", &three_posts());
    installation.deliver(
        "one",
        &[post("one", 2).guid("urn:x-test:2"), post("one", 1).guid("urn:x-test:1")],
    );
    installation.deliver("two", &[post("one", 3)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().titles(), [""; 0]);
    let kept = installation.store().read(|reader| reader.sources()).unwrap();
    assert_eq!((kept[0].entries, kept[0].stories), (3, 0), "their keys are remembered");
}

#[test]
fn a_post_deleted_by_its_publisher_stays_until_forget() {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced().len(), 3);
    installation.deliver("one", &[post("one", 3), post("one", 1)]);
    assert_eq!(
        installation.feed_of_all().titles(),
        ["one 3", "one 2", "one 1"],
        "what the publisher deletes stays"
    );
    let story = installation.story("https://one.example/posts/2");
    installation.store().forget(story.id, "asked to", installation.now()).unwrap();
    assert_eq!(installation.feed_of_all().titles(), ["one 3", "one 1"]);
    assert!(installation.page(story.id).is_none());
    // It comes again, edited, under another id, and from another source.
    installation.deliver(
        "one",
        &[
            post("one", 3),
            post("one", 2).title("one 2, again").guid("urn:x-test:2"),
            post("one", 1),
        ],
    );
    installation.deliver("two", &[post("one", 2)]);
    installation.restart();
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().titles(), ["one 3", "one 1"]);
    let remark = "A remark that nobody is to keep.";
    installation.deliver("two", &[post("one", 2).guid("urn:x-test:22").text(remark)]);
    installation.store().close().unwrap();
    let bytes = std::fs::read(installation.dir().join(tributary::store::DATABASE)).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(remark), "nothing is stored of it any more");
}

#[test]
fn fragments_distinguish_items_of_one_page() {
    let part = |n: u32| post("one", n).guid("").link(&format!("https://one.example/changes#v{n}"));
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[part(2), part(1)]);
    assert_eq!(installation.newly_announced(), ["one 2", "one 1"]);
    installation.deliver("one", &[part(4), part(3), part(2)]);
    assert_eq!(installation.newly_announced(), ["one 4", "one 3"]);
    assert_eq!(
        installation.feed_of_all().stories[0].link.as_deref(),
        Some("https://one.example/changes#v4")
    );
}

#[test]
fn items_that_all_link_to_the_home_page_are_all_announced_once() {
    let home = |n: u32| post("one", n).guid("").link("https://one.example/");
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[home(2), home(1)]);
    assert_eq!(installation.newly_announced(), ["one 2", "one 1"]);
    installation.deliver("one", &[home(3), home(2), home(1)]);
    assert_eq!(installation.newly_announced(), ["one 3"]);
    installation.deliver("one", &[home(3), home(2), home(1)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
}

#[test]
fn a_change_from_sitemap_to_feed_announces_nothing() {
    let mut installation = Installation::with_config(
        "[[source]]\nid = \"one\"\nurl = \"https://one.example/\"\n[[topic]]\nid = \"t\"\n\
         title = \"T\"\nany = [\"one\"]\n",
    );
    // A sitemap gives neither ids nor whole texts.
    let page = |n: u32| Draft {
        url: format!("https://one.example/posts/{n}").parse().ok(),
        title: Some(format!("one {n}")),
        ..Draft::default()
    };
    let plan = installation.poll_update_of(
        "one",
        vec![page(3), page(2), page(1)],
        tributary::store::FeedMetadata::default(),
        false,
    );
    installation.store().apply(plan, installation.rules()).unwrap();
    installation.advance_hours(1);
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    assert!(first.ids().iter().all(|id| id.starts_with("urn:uuid:")), "a site gives no ids");
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced(), [""; 0]);
    let second = installation.feed_of_all();
    assert_eq!(second.ids(), first.ids());
    assert_eq!(second.story("one 2").published, Some(march(2, 8)), "the feed knows the date");
}

#[test]
fn an_unchanged_feed_of_a_thousand_items_is_matched_by_key_only() {
    let mut installation = Installation::following(&["one"]);
    let many: Vec<Post> = (1..=1_000)
        .map(|n| post("one", n % 28 + 1).guid(&format!("urn:x-test:{n}")).title("Notes").link(""))
        .collect();
    assert_eq!(installation.deliver("one", &many).new_entries, 1_000);
    let again = installation.deliver("one", &many);
    assert_eq!((again.new_entries, again.updated_entries, again.visible), (0, 0, false));
    assert!(
        again.items.iter().all(|item| item.reason.starts_with("key: ")),
        "no other look-up is needed"
    );
}

#[test]
fn the_same_content_in_another_format_announces_nothing() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &three_posts());
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 3);
    installation.deliver_document("one", &atom("https://one.example/", &three_posts()));
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().ids(), first.ids());
    let items = |installation: &Installation| installation.feed_of_all().stories;
    assert_eq!(items(&installation), first.stories);
}

#[test]
fn a_source_removed_from_the_config_keeps_its_stories() {
    let mut installation = Installation::following(&["one", "two"]);
    installation.deliver("one", &three_posts());
    installation.deliver("two", &[post("two", 5)]);
    assert_eq!(installation.newly_announced().len(), 4);
    let first = installation.feed_of_all();
    installation.reconfigure(&sources(&["two"]));
    assert_eq!(installation.feed_of_all(), first);
    installation.restart();
    assert_eq!(installation.feed_of_all(), first);
    // It comes back.
    installation.reconfigure(&sources(&["one", "two"]));
    installation.deliver("one", &three_posts());
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all(), first);
    // Retention can let its stories go.
    installation.reconfigure(&sources(&["two"]));
    installation.advance_hours(24 * 40);
    installation.deliver("two", &[post("two", 6)]);
    installation
        .store()
        .expire_stories(std::time::Duration::from_secs(30 * 86_400), 100, installation.now())
        .unwrap();
    assert_eq!(installation.feed_of_all().titles(), ["two 6"]);
}

#[test]
fn a_renamed_source_keeps_its_entries() {
    let feeds = |ids: &[&str]| {
        let source = |id: &&str| {
            let site = if *id == "two" { "two" } else { "one" };
            format!("[[source]]\nid = \"{id}\"\nurl = \"https://{site}.example/feed.xml\"\n")
        };
        ids.iter().map(source).collect::<String>()
            + "[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [\"one\"]\n"
    };
    // Nothing that another source could be known by.
    let brief = |n: u32| post("one", n).link("").text("A short note.");
    let mut installation = Installation::with_config(&feeds(&["one", "two"]));
    installation.deliver("one", &[brief(2), brief(1)]);
    assert_eq!(installation.newly_announced().len(), 2);
    let first = installation.feed_of_all();
    installation.reconfigure(&feeds(&["other", "two"]));
    installation
        .deliver_document("other", &rss("https://one.example/", &[brief(3), brief(2), brief(1)]));
    assert_eq!(installation.newly_announced(), ["one 3"]);
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
    assert!(
        installation
            .stored_stories()
            .iter()
            .all(|story| { story.sources.iter().all(|source| source.source.as_str() == "other") })
    );
    // Both at one address: that is another source.
    installation.reconfigure(&feeds(&["other", "one", "two"]));
    installation.deliver("one", &[brief(1)]);
    assert_eq!(installation.newly_announced(), ["one 1"]);
    // What is polled under the old name when it changes is nobody's.
    let late = installation.poll_update("one", &rss("https://one.example/", &[brief(9)]), false);
    installation.reconfigure(&feeds(&["again", "other", "two"]));
    assert!(installation.store().apply(late, installation.rules()).unwrap().config_changed);
    assert_eq!(installation.newly_announced(), [""; 0]);
}
