//! The publication of a story in what feed readers show: `attribution` of `[publishing]`.

use tributary::store::Arrival;

use crate::support::{
    feeds::{Post, draft, post},
    installation::Installation,
    published_feed::PublishedFeed,
    time::march,
};

const FORMATS: [&str; 3] = ["Atom", "RSS", "JSON"];

/// Lines of feeds.toml with the source `minutes`, in this mode.
fn config(mode: &str) -> String {
    format!(
        "attribution = \"{mode}\"\n\
         [[source]]\nid = \"minutes\"\ntitle = \"2 Minute Serverless\"\n\
         url = \"https://minutes.example/feed.xml\"\nfollow = \"feed\"\n"
    )
}

fn following(mode: &str, posts: &[Post]) -> Installation {
    let mut installation = Installation::with_config(&config(mode));
    installation.deliver("minutes", posts);
    installation
}

/// The authors of each item in the three formats, as another project's parsers read them.
fn authors(feed: &PublishedFeed) -> Vec<[Vec<String>; 3]> {
    let of = |document: &str| -> Vec<Vec<String>> {
        let feed = feed_rs::parser::parse(document.as_bytes()).unwrap();
        let names = |entry: feed_rs::model::Entry| {
            entry.authors.into_iter().map(|author| author.name.unwrap()).collect()
        };
        feed.entries.into_iter().map(names).collect()
    };
    let (atom, rss) = (of(&feed.atom), of(&feed.rss));
    let json: serde_json::Value = serde_json::from_str(&feed.json).unwrap();
    let name = |author: &serde_json::Value| author["name"].as_str().unwrap().to_owned();
    let json =
        json["items"].as_array().unwrap().iter().map(|item| {
            item["authors"].as_array().unwrap().iter().map(name).collect::<Vec<String>>()
        });
    atom.into_iter().zip(rss).zip(json).map(|((atom, rss), json)| [atom, rss, json]).collect()
}

fn same(name: &str) -> [Vec<String>; 3] {
    FORMATS.map(|_| vec![name.to_owned()])
}

#[test]
fn the_author_names_the_publication_once_in_every_format() {
    let two = "<dc:creator xmlns:dc=\"http://purl.org/dc/elements/1.1/\">Ann Roe</dc:creator>";
    let installation = following(
        "author",
        &[
            post("minutes", 6).author("2 minute  serverless"),
            post("minutes", 5).author("Jane Doe, 2 Minute Serverless"),
            post("minutes", 4).author("Jane Doe").with(two),
            post("minutes", 3).author("jane@minutes.example (Jane Doe)"),
            post("minutes", 2).author("Jane Doe"),
            post("minutes", 1),
        ],
    );
    assert_eq!(
        authors(&installation.feed_of_all()),
        [
            same("2 Minute Serverless"),
            same("Jane Doe, 2 Minute Serverless"),
            same("Jane Doe, Ann Roe, 2 Minute Serverless"),
            same("Jane Doe, 2 Minute Serverless"),
            same("Jane Doe, 2 Minute Serverless"),
            same("2 Minute Serverless"),
        ]
    );
    assert_eq!(installation.feed_of_all().titles()[4], "minutes 2", "titles are the publisher's");
}

#[test]
fn the_title_names_the_publication_once_also_where_the_publisher_gives_no_title() {
    let installation = following(
        "title",
        &[
            post("minutes", 4).title("2 Minute Serverless"),
            post("minutes", 3).title("2 Minute Serverless: Limits"),
            post("minutes", 2).title("").text("Cold starts are slow.").author("Jane Doe"),
            post("minutes", 1).title("Cold starts").author("Jane Doe"),
        ],
    );
    let feed = installation.feed_of_all();
    assert_eq!(
        feed.titles(),
        [
            "2 Minute Serverless",
            "2 Minute Serverless: Limits",
            "2 Minute Serverless: Cold starts are slow.",
            "2 Minute Serverless: Cold starts",
        ]
    );
    assert_eq!(authors(&feed)[3], same("Jane Doe"), "authors are the publisher's");
}

/// Ids and times of a feed's entries.
fn identity(installation: &Installation) -> Vec<(String, String, Option<String>)> {
    let feed = installation.feed_of_all();
    let time = |at: feed_model::Timestamp| at.to_rfc3339();
    feed.stories.into_iter().map(|s| (s.id, time(s.updated), s.published.map(time))).collect()
}

#[test]
fn switching_moves_no_id_and_no_date_and_announces_nothing() {
    let posts = [post("minutes", 2).author("Jane Doe"), post("minutes", 1)];
    let mut installation = following("markup", &posts);
    let before = identity(&installation);
    assert_eq!(installation.newly_announced().len(), 2);
    for mode in ["author", "title", "markup"] {
        installation.reconfigure(&config(mode));
        assert_eq!(identity(&installation), before, "{mode}");
        assert_eq!(installation.newly_announced(), [""; 0], "{mode}");
    }
}

#[tokio::test]
async fn published_archives_keep_their_bytes_when_the_attribution_changes() {
    let lines = |mode: &str| format!("max_entries = 2\nkeep_within = \"0s\"\n{}", config(mode));
    let installation = Installation::with_config(&lines("markup"));
    let posts = |range: std::ops::RangeInclusive<u32>| -> Vec<feed_model::Draft> {
        range.rev().map(|n| draft(n, &format!("Number {n}"), &format!("Lot {n}."))).collect()
    };
    for (day, range) in [("02", 1..=4), ("03", 5..=8)] {
        let now = format!("2026-02-{day}T00:00:00Z");
        installation.deliver_drafts("minutes", &now, Arrival::Ordinary, posts(range));
        installation.publish(&now);
    }
    let archive = installation.serve().get("/topics/all/archive/1.atom").await;
    assert!(archive.text().contains("Number 1"), "{}", archive.text());

    let mut installation = installation;
    installation.reconfigure(&lines("title"));
    installation.publish("2026-02-04T00:00:00Z");
    let server = installation.serve();
    let after = server.get("/topics/all/archive/1.atom").await;
    assert_eq!(after.text(), archive.text());
    assert!(
        server.get("/topics/all/feed.atom").await.text().contains("2 Minute Serverless: Number 8")
    );

    // Archives that are cut from now on are as the feed is.
    let now = "2026-02-05T00:00:00Z";
    installation.deliver_drafts("minutes", now, Arrival::Ordinary, posts(9..=10));
    installation.publish(now);
    let feed = installation.serve().get("/topics/all/feed.atom").await.text();
    let newest = feed.split("/archive/").nth(1).unwrap().split('.').next().unwrap().to_owned();
    let cut = installation.serve().get(&format!("/topics/all/archive/{newest}.atom")).await;
    assert!(cut.text().contains("2 Minute Serverless: Number 8"), "{}", cut.text());
}

#[tokio::test]
async fn a_delta_after_a_switch_has_the_new_form_of_every_story() {
    let posts = [post("minutes", 2).author("Jane Doe"), post("minutes", 1)];
    let mut installation = following("markup", &posts);
    installation.publish("2026-03-20T14:00:00Z");
    let path = "/topics/all/feed.atom";
    let tag = installation.serve().get(path).await.header("etag").unwrap().to_owned();
    installation.reconfigure(&config("author"));
    installation
        .deliver("minutes", &[post("minutes", 3).author("Ann Roe").published_at(march(20, 9))]);
    installation.publish("2026-03-20T16:00:00Z");
    let server = installation.serve();
    let delta = server.get_with(path, &[("A-IM", "feed"), ("If-None-Match", &tag)]).await;
    for author in ["Ann Roe, 2 Minute Serverless", "Jane Doe, 2 Minute Serverless"] {
        assert!(delta.text().contains(author), "{author}: {}", delta.text());
    }
    let tag = delta.header("etag").unwrap().to_owned();
    installation.deliver("minutes", &[post("minutes", 4).published_at(march(20, 10))]);
    installation.publish("2026-03-20T17:00:00Z");
    let delta = server.get_with(path, &[("A-IM", "feed"), ("If-None-Match", &tag)]).await;
    assert_eq!(delta.status, 226);
    assert!(delta.text().contains("minutes 4") && !delta.text().contains("Ann Roe"));
}

#[test]
fn an_aggregator_of_an_aggregator_names_the_publication_once() {
    let posts = [post("minutes", 2).author("Jane Doe"), post("minutes", 1)];
    for (first_mode, titles, author) in [
        ("author", ["minutes 2", "minutes 1"], "Jane Doe"),
        ("title", ["2 Minute Serverless: minutes 2", "2 Minute Serverless: minutes 1"], "Jane Doe"),
    ] {
        let feed = following(first_mode, &posts).feed_of_all();
        for document in [&feed.atom, &feed.rss, &feed.json] {
            let mut next = Installation::following(&["planet"]);
            next.deliver_document("planet", document);
            let last = {
                let mut last = Installation::following(&["planet"]);
                last.deliver_document("planet", &next.feed_of_all().atom);
                last
            };
            for hop in [&next, &last] {
                let feed = hop.feed_of_all();
                assert_eq!(feed.titles(), titles);
                assert_eq!(
                    authors(&feed),
                    [same(&format!("{author}, 2 Minute Serverless")), same("2 Minute Serverless")],
                    "{first_mode}: {document}"
                );
                assert!(
                    feed.atom.contains("<source><title>2 Minute Serverless</title>"),
                    "the source is kept: {}",
                    feed.atom
                );
            }
            let page = next.page(next.stored_stories()[0].id).unwrap();
            assert!(!page.contains("Jane Doe, 2 Minute Serverless"), "{page}");
        }
    }
}
