//! Our subscriptions to the hubs of sources. The program runs over loopback.

use ring::hmac;
use rustix::process::Signal;
use serde_json::Value;

use super::hub::{LOOPBACK, requests, serve};
use crate::support::{
    http::{self, HttpResponse},
    origin::{Origin, Reply},
    program::{Daemon, Program, wait_for},
    sample_feeds::{Post, rss},
};

/// A publisher whose feed names a hub on the same server.
fn publisher() -> Origin {
    let origin = Origin::start();
    origin.script("/hub", vec![Reply::new(202)]);
    publish(&origin, &[1]);
    origin
}

fn document(origin: &Origin, numbers: &[u32]) -> String {
    let posts: Vec<Post> = numbers
        .iter()
        .map(|n| Post::new(&format!("n{n}"), &format!("Story number {n}"), *n, "Its text."))
        .collect();
    let links = format!(
        "<atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" rel=\"self\" href=\"{}\"/>\
         <description>",
        origin.url("/self")
    );
    rss("The river", &posts).replacen("<description>", &links, 1)
}

fn publish(origin: &Origin, numbers: &[u32]) {
    let hub = format!("<{}>; rel=\"hub\"", origin.url("/hub"));
    origin.script("/feed", vec![Reply::ok(document(origin, numbers)).header("Link", &hub)]);
}

fn program(origin: &Origin, interval: &str) -> Program {
    Program::with(&format!(
        "[site]\ncontact = \"mailto:me@example.org\"\n\
         [polling]\nallow_hosts = [\"127.0.0.1\"]\n\
         [[source]]\nid = \"river\"\nurl = \"{}\"\nfollow = \"feed\"\ninterval = \"{interval}\"\n",
        origin.url("/feed")
    ))
}

/// What the hub was asked for.
struct Asked {
    path: String,
    topic: String,
    secret: String,
}

fn asked(origin: &Origin) -> Asked {
    let request = wait_for("the hub is asked", || requests(origin, "/hub", "POST").pop());
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(&request.body);
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
    };
    assert_eq!(field("hub.mode"), "subscribe");
    let callback = url::Url::parse(&field("hub.callback")).unwrap();
    Asked {
        path: callback.path().to_owned(),
        topic: field("hub.topic"),
        secret: field("hub.secret"),
    }
}

fn confirm(daemon: &Daemon, asked: &Asked, mode: &str, topic: &str) -> HttpResponse {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", mode)
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "<b>challenge")
        .append_pair("hub.lease_seconds", "86400")
        .finish();
    daemon.get(&format!("{}?{query}", asked.path))
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digits = hmac::sign(&key, body);
    digits.as_ref().iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

pub fn push(daemon: &Daemon, path: &str, body: &[u8], signed: Option<&str>) -> u16 {
    let mut headers = vec![("Content-Type", "application/rss+xml")];
    headers.extend(signed.map(|signature| ("X-Hub-Signature", signature)));
    http::request_with_body(daemon.address, "POST", path, &headers, body).unwrap().status
}

pub fn titles(daemon: &Daemon) -> Vec<String> {
    let feed: Value = serde_json::from_slice(&daemon.get("/topics/all/feed.json").body).unwrap();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_push_is_published_at_once_and_polls_become_rare() {
    let origin = publisher();
    let program = program(&origin, "1s");
    let daemon = serve(&program, LOOPBACK);
    let asked = asked(&origin);
    assert_eq!(asked.topic, origin.url("/self").as_str(), "the address that the feed states");
    assert!(asked.path.starts_with("/websub/") && asked.path.len() >= 40);
    // Notices that belong to nothing that was asked for.
    let right = asked.topic.clone();
    let elsewhere = Asked { path: format!("/websub/{}", "0".repeat(64)), ..asked_again(&asked) };
    for (asked, mode, topic) in [
        (&elsewhere, "subscribe", right.as_str()),
        (&asked, "unsubscribe", right.as_str()),
        (&asked, "subscribe", "https://other.example/"),
        (&asked, "publish", right.as_str()),
    ] {
        assert_eq!(confirm(&daemon, asked, mode, topic).status, 404, "{mode} {topic}");
    }
    let body = document(&origin, &[2]);
    let good = signature(&asked.secret, body.as_bytes());
    assert_eq!(push(&daemon, &asked.path, body.as_bytes(), Some(&good)), 410, "not confirmed");
    let confirmed = confirm(&daemon, &asked, "subscribe", &right);
    assert_eq!((confirmed.status, confirmed.text()), (200, "<b>challenge".to_owned()));
    assert_eq!(confirmed.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(confirmed.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(confirm(&daemon, &asked, "subscribe", &right).status, 404, "a replay");

    wait_for("the first post is published", || (titles(&daemon).len() == 1).then_some(()));
    // Forged, unsigned, oversized and unreadable pushes change nothing.
    let forged = signature("another secret", body.as_bytes());
    let sha1 = "sha1=0000000000000000000000000000000000000000";
    for signed in [None, Some(forged.as_str()), Some(sha1), Some("sha256=")] {
        assert_eq!(push(&daemon, &asked.path, body.as_bytes(), signed), 202);
    }
    let rubbish = b"<html>no feed";
    let signed = signature(&asked.secret, rubbish);
    assert_eq!(push(&daemon, &asked.path, rubbish, Some(&signed)), 202);
    let large = [("Content-Length", "5242880"), ("X-Hub-Signature", "sha256=00")];
    assert_eq!(daemon.request("POST", &asked.path, &large).status, 413, "it is not even read");
    assert_eq!(push(&daemon, &elsewhere.path, body.as_bytes(), Some(&good)), 404);
    assert_eq!(titles(&daemon), ["Story number 1"]);
    assert_eq!(program.json(&["status"])[0]["pushed"], false);

    let begun = std::time::Instant::now();
    assert_eq!(push(&daemon, &asked.path, body.as_bytes(), Some(&good)), 202);
    wait_for("the push is published", || (titles(&daemon).len() == 2).then_some(()));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    let status = &program.json(&["status"])[0];
    assert_eq!(status["pushed"], true);
    assert!(status["next_poll_because"].as_str().unwrap().contains("hub pushes"), "{status}");

    // An older push that is sent again changes nothing.
    let newer = document(&origin, &[2]).replace("number 2", "number 2, corrected");
    let signed = signature(&asked.secret, newer.as_bytes());
    assert_eq!(push(&daemon, &asked.path, newer.as_bytes(), Some(&signed)), 202);
    wait_for("the edit is published", || {
        titles(&daemon).contains(&"Story number 2, corrected".to_owned()).then_some(())
    });
    assert_eq!(push(&daemon, &asked.path, body.as_bytes(), Some(&good)), 202);
    let polls = requests(&origin, "/feed", "GET").len();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(titles(&daemon).contains(&"Story number 2, corrected".to_owned()));
    assert_eq!(requests(&origin, "/feed", "GET").len(), polls, "it is not polled");

    // A denial may come at any time. Then polls go on.
    let denied = confirm(&daemon, &asked, "denied", &right);
    assert_eq!(denied.status, 200);
    publish(&origin, &[3, 2, 1]);
    wait_for("it is polled again", || {
        titles(&daemon).contains(&"Story number 3".to_owned()).then_some(())
    });
    assert_eq!(program.json(&["status"])[0]["pushed"], false);
    assert_eq!(push(&daemon, &asked.path, body.as_bytes(), Some(&good)), 410, "it is over");
}

fn asked_again(asked: &Asked) -> Asked {
    Asked { path: asked.path.clone(), topic: asked.topic.clone(), secret: asked.secret.clone() }
}

#[test]
fn without_a_public_address_or_a_hub_nothing_is_subscribed_to() {
    let origin = publisher();
    let feeds_toml = format!(
        "[site]\nbase_url = \"http://planet.example/\"\ncontact = \"mailto:me@example.org\"\n\
         [polling]\nallow_hosts = [\"127.0.0.1\"]\n\
         [[source]]\nid = \"river\"\nurl = \"{}\"\nfollow = \"feed\"\ninterval = \"1s\"\n",
        origin.url("/feed")
    );
    let program = Program::with(&feeds_toml);
    let daemon = serve(&program, LOOPBACK);
    wait_for("it is polled several times", || {
        (requests(&origin, "/feed", "GET").len() >= 5).then_some(())
    });
    assert_eq!(requests(&origin, "/hub", "POST").len(), 0);
    drop(daemon);
}

#[test]
fn a_post_goes_round_a_ring_of_three_at_once_and_comes_back_to_nobody() {
    let origin = publisher();
    let one = program(&origin, "1s");
    let first = serve(&one, LOOPBACK);
    let follow = |daemon: &Daemon| {
        format!(
            "[[source]]\nid = \"other\"\nurl = \"http://{}/topics/all/feed.atom\"\n\
             follow = \"feed\"\ninterval = \"1h\"\n",
            daemon.address
        )
    };
    let site = "[site]\ncontact = \"mailto:me@example.org\"\n\
                [polling]\nallow_hosts = [\"127.0.0.1\"]\n";
    let is_subscribed =
        |daemon: &Daemon| daemon.log().contains("confirmed the subscription").then_some(());
    wait_for("the first has a story", || (titles(&first).len() == 1).then_some(()));
    let two = Program::with(&format!("{site}{}", follow(&first)));
    let second = serve(&two, LOOPBACK);
    wait_for("the second is subscribed to the first", || is_subscribed(&second));
    let three = Program::with(&format!("{site}{}", follow(&second)));
    let third = serve(&three, LOOPBACK);
    wait_for("the third is subscribed to the second", || is_subscribed(&third));
    let feeds_toml = std::fs::read_to_string(one.join("feeds.toml")).unwrap();
    one.configure(&format!("{feeds_toml}{}", follow(&third)));
    first.signal(Signal::HUP);
    wait_for("the first is subscribed to the third", || is_subscribed(&first));

    let begun = std::time::Instant::now();
    publish(&origin, &[2, 1]);
    wait_for("the third has the post", || (titles(&third).len() == 2).then_some(()));
    let took = begun.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");
    let came_back = || first.log().contains("other: pushed").then_some(());
    wait_for("the post comes back to the first", came_back);
    let ids = |daemon: &Daemon| {
        let body = daemon.get("/topics/all/feed.json").body;
        let feed: Value = serde_json::from_slice(&body).unwrap();
        let items = feed["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| (item["id"].to_string(), item["_source"]["title"].to_string()))
            .collect::<Vec<_>>()
    };
    let of_first = ids(&first);
    assert_eq!(of_first.len(), 2, "nothing is told twice");
    for other in [&second, &third] {
        assert_eq!(ids(other), of_first, "ids and sources are kept");
    }
    // It is not sent round again.
    let pushes = second.log().matches("other: pushed").count();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(second.log().matches("other: pushed").count(), pushes);
}
