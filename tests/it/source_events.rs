//! `/sources.atom`: what went wrong and right again with sources, for the operator alone.

use crate::support::{
    http,
    origin::{Origin, Reply},
    program::{Program, wait_for},
    sample_feeds::{Post, rss},
};

const TOKEN: &str = "correct-horse-battery-staple";
const READER: &str = "another-token-of-a-reader";

#[test]
fn the_operator_reads_what_went_wrong_and_right_again_and_nobody_else_does() {
    let origin = Origin::start();
    let good = || Reply::ok(rss("The <river>", &[Post::new("1", "Kafka", 1, "Text.")]));
    let moment = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = moment.local_addr().unwrap();
    drop(moment);
    origin.script("/feed", vec![good(), Reply::new(500), Reply::new(500), good()]);
    let program = Program::with(&format!(
        "[site]\ntitle = \"Site\"\nbase_url = \"https://reader.example/feeds\"\n\
         id = \"tag:reader.example,2024:topics\"\n\
         contact = \"mailto:me@example.org\"\naccess = [\"operators\"]\n\n\
         [server]\nmetrics_listen = \"{metrics}\"\n\n\
         [polling]\nallow_hosts = [\"127.0.0.1\"]\n\n\
         [[source]]\nid = \"river\"\nurl = \"{}\"\nfollow = \"feed\"\n\n\
         [[topic]]\nid = \"secret\"\nany = [\"kafka\"]\naccess = [\"readers\"]\n",
        origin.url("/feed")
    ));
    std::fs::write(program.join("operators"), format!("{TOKEN}\n")).unwrap();
    std::fs::write(program.join("readers"), format!("{READER}\n")).unwrap();
    for _ in 0..4 {
        program.run_ok(&["poll", "--force", "river"]);
    }
    let daemon = program.serve();
    let feed = daemon.get(&format!("/t/{TOKEN}/sources.atom"));
    assert_eq!(feed.status, 200, "{}", feed.text());
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert!(feed.header("cache-control").unwrap().contains("private"));
    let parsed = feed_rs::parser::parse(&feed.body[..]).unwrap();
    let titles: Vec<String> =
        parsed.entries.iter().map(|entry| entry.title.clone().unwrap().content).collect();
    assert_eq!(titles, ["The <river> works again", "The <river> fails"]);
    assert!(parsed.entries[1].summary.as_ref().unwrap().content.contains("500"));
    assert!(parsed.entries[0].id.starts_with("tag:reader.example,2024:topics/"));
    assert_eq!(
        parsed.links[0].href,
        format!("https://reader.example/feeds/t/{TOKEN}/sources.atom"),
        "it names itself"
    );
    let link = &parsed.entries[0].links[0].href;
    assert!(link.starts_with("https://reader.example/feeds/") && link.ends_with("/sources"));
    // The same on the metrics listener, apart from the own address. Ids are stable.
    let ids = |body: &[u8]| -> Vec<String> {
        feed_rs::parser::parse(body).unwrap().entries.into_iter().map(|e| e.id).collect()
    };
    let on_metrics = http::request(metrics, "GET", "/sources.atom", &[]).unwrap();
    assert_eq!(on_metrics.status, 200);
    assert_eq!(ids(&on_metrics.body), ids(&feed.body));
    for path in [
        "/sources.atom",
        &format!("/t/{READER}/sources.atom"),
        "/t/unknown-token-0123/sources.atom",
    ] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    // The token of an operator opens no topic.
    assert_eq!(daemon.get(&format!("/t/{TOKEN}/topics/secret/feed.atom")).status, 404);
    program.run_ok(&["poll", "--force", "river"]);
    wait_for("the daemon polls", || (origin.requests_to("/feed").len() >= 5).then_some(()));
    assert_eq!(ids(&daemon.get(&format!("/t/{TOKEN}/sources.atom")).body), ids(&feed.body));
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 1, "events are no stories");
}
