//! The scenarios of websub.rocks for subscribers. Each is a source of a program, and the server
//! plays the publishers and their hubs. Each scenario has its test:
//!
//! - 100–104 (discovery in headers, HTML, Atom and RSS, and its priority), 200–202 (another
//!   `self`, redirected topics): `the_hub_and_the_topic_are_those_that_a_document_names`
//! - 203 and 204 (redirected hubs): `redirected_hubs_are_asked_again_at_their_new_address`
//! - 205 (a verification for another topic), 300–302 (deliveries, with an invalid signature, and
//!   without one): `leases_are_renewed_and_pages_are_polled_when_their_hub_pushes`, and
//!   `subscriber::a_push_is_published_at_once_and_polls_become_rare`

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    hub::{LOOPBACK, requests, serve},
    subscriber::{push, signature, titles},
};
use crate::support::{
    http::{self, HttpResponse},
    origin::{Origin, ReceivedRequest, Reply},
    program::{Daemon, Program, wait_for},
};

/// A program with a page or feed at `/blog/{number}` for each number.
fn program(origin: &Origin, sources: &[(u32, &str)]) -> Program {
    let mut feeds_toml = "[site]\ncontact = \"mailto:me@example.org\"\n\
         [polling]\nallow_hosts = [\"127.0.0.1\"]\nper_host = 4\n"
        .to_owned();
    for (number, follow) in sources {
        feeds_toml += &format!(
            "[[source]]\nid = \"s{number}\"\nurl = \"{}\"\nfollow = \"{follow}\"\n\
             interval = \"1s\"\n",
            origin.url(&format!("/blog/{number}"))
        );
        if *follow == "page" {
            feeds_toml += "page = { item = \"article\", title = \"h2\", link = \"a@href\" }\n";
        }
    }
    Program::with(&feeds_toml)
}

/// A page with posts up to this number. Its head has these lines.
fn page(head: &str, newest: u32) -> Reply {
    let post =
        |n| format!("<article><h2><a href=\"/posts/{n}\">Story number {n}</a></h2></article>");
    let posts: String = (1..=newest).rev().map(post).collect();
    let html = format!(
        "<!DOCTYPE html><html><head><title>A blog</title>{head}</head><body>{posts}\
         <link rel=\"hub\" href=\"/hub/wrong\"></body></html>"
    );
    Reply::ok(html).header("Content-Type", "text/html; charset=utf-8")
}

fn atom(links: &str) -> Reply {
    Reply::ok(format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:x-test:feed</id><title>A feed</title>\
         <updated>2024-01-31T00:00:00Z</updated>{links}<entry><id>urn:x-test:1</id>\
         <title>An entry</title><link href=\"https://example.org/1\"/>\
         <updated>2024-01-01T00:00:00Z</updated></entry></feed>"
    ))
    .header("Content-Type", "text/xml")
}

fn rss(links: &str) -> Reply {
    Reply::ok(format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
         <title>A feed</title><link>https://example.org/</link><description>Text</description>\
         {links}<item><guid isPermaLink=\"false\">r1</guid><title>An item</title></item>\
         </channel></rss>"
    ))
    .header("Content-Type", "text/xml")
}

/// The reply of a publisher with a hub and itself in `Link` headers.
fn with_headers(reply: Reply, own: &str, hub: &str) -> Reply {
    reply
        .header("Link", &format!("<{own}>; rel=\"self\""))
        .header("Link", &format!("<{hub}>; rel=\"hub\""))
}

/// A field of the form that a hub got.
fn field(request: &ReceivedRequest, name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(&request.body);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The requests to the hub of a scenario.
fn asked(origin: &Origin, number: u32) -> Vec<ReceivedRequest> {
    requests(origin, &format!("/hub/{number}"), "POST")
}

fn callback_path(request: &ReceivedRequest) -> String {
    url::Url::parse(&field(request, "hub.callback")).unwrap().path().to_owned()
}

fn verification(topic: &str, lease_s: u32) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", topic)
        .append_pair("hub.challenge", "challenge")
        .append_pair("hub.lease_seconds", &lease_s.to_string())
        .finish()
}

fn confirm(daemon: &Daemon, request: &ReceivedRequest, topic: &str) -> HttpResponse {
    daemon.get(&format!("{}?{}", callback_path(request), verification(topic, 86_400)))
}

#[test]
fn the_hub_and_the_topic_are_those_that_a_document_names() {
    let origin = Origin::start();
    origin.set_handler(|request| {
        let (path, has_query) = match request.path.split_once('?') {
            Some((path, _)) => (path, true),
            None => (request.path.as_str(), false),
        };
        let Some(number) = path.strip_prefix("/blog/") else {
            return Reply::new(if path.starts_with("/hub/") { 202 } else { 404 });
        };
        let hub = format!("/hub/{number}");
        let link = |prefix: &str, hub: &str| {
            format!(
                "<{prefix}link rel=\"hub\" href=\"{hub}\"/><{prefix}link rel=\"self\" \
                 href=\"{path}\"/>"
            )
        };
        match number {
            "100" => with_headers(page("", 1), path, &hub),
            "101" => page(&link("", &hub), 1),
            "102" => atom(&link("", &hub)),
            "103" => rss(&link("atom:", &hub)),
            "104" => with_headers(atom(&link("", "/hub/wrong")), path, &hub),
            "200" => with_headers(page("", 1), &format!("{path}?self=other"), &hub),
            "201" | "202" if !has_query => {
                let status = if number == "201" { 302 } else { 301 };
                Reply::redirect(status, &format!("{path}?redirect=complete"))
            }
            "201" | "202" => with_headers(page("", 1), &request.path, &hub),
            _ => Reply::new(404),
        }
    });
    let sources = [
        (100, "page"),
        (101, "page"),
        (102, "feed"),
        (103, "feed"),
        (104, "feed"),
        (200, "page"),
        (201, "page"),
        (202, "page"),
    ];
    let program = program(&origin, &sources);
    let daemon = serve(&program, LOOPBACK);
    for (number, _) in sources {
        let request = wait_for("the hub is asked", || asked(&origin, number).pop());
        let query = match number {
            200 => "?self=other",
            201 | 202 => "?redirect=complete",
            _ => "",
        };
        let topic = origin.url(&format!("/blog/{number}{query}"));
        assert_eq!(field(&request, "hub.topic"), topic.as_str(), "{number}");
        assert_eq!(field(&request, "hub.mode"), "subscribe");
        assert!((64..200).contains(&field(&request, "hub.secret").len()), "{number}");
        assert_eq!(confirm(&daemon, &request, topic.as_str()).text(), "challenge");
    }
    assert_eq!(requests(&origin, "/hub/wrong", "POST").len(), 0);
}

#[test]
fn redirected_hubs_are_asked_again_at_their_new_address() {
    let origin = Origin::start();
    let refusals = Arc::new(AtomicU32::new(0));
    let counted = refusals.clone();
    origin.set_handler(move |request| {
        let (path, has_query) = match request.path.split_once('?') {
            Some((path, _)) => (path, true),
            None => (request.path.as_str(), false),
        };
        match path {
            "/blog/203" | "/blog/204" => {
                let hub = path.replace("blog", "hub") + "?redirect=true";
                with_headers(page("", 1), path, &hub)
            }
            "/blog/500" => with_headers(page("", 1), path, "/hub/500"),
            "/hub/203" if has_query => Reply::redirect(307, "/hub/203"),
            "/hub/204" if has_query => Reply::redirect(308, "/hub/204"),
            "/hub/500" if counted.fetch_add(1, Ordering::SeqCst) < 2 => {
                Reply::new(503).header("Retry-After", "1")
            }
            "/hub/203" | "/hub/204" | "/hub/500" => Reply::new(202),
            _ => Reply::new(404),
        }
    });
    let sources = [(203, "page"), (204, "page"), (500, "page")];
    let program = program(&origin, &sources);
    let daemon = serve(&program, LOOPBACK);
    for number in [203, 204] {
        let both = wait_for("the new address is asked", || {
            Some(asked(&origin, number)).filter(|asked| asked.len() >= 2)
        });
        assert!(both[0].path.ends_with("?redirect=true") && !both[1].path.contains('?'));
        assert_eq!(both[0].body, both[1].body, "the same request");
        let topic = origin.url(&format!("/blog/{number}"));
        assert_eq!(confirm(&daemon, &both[1], topic.as_str()).status, 200);
    }
    // A hub that is down is asked again.
    let third = wait_for("the hub is asked again", || asked(&origin, 500).into_iter().nth(2));
    assert_eq!(field(&third, "hub.topic"), origin.url("/blog/500").as_str());
}

/// A hub that answers a request and then asks whether it was meant. Returns the statuses of a
/// question about another topic and of the right one, for each request.
fn confirm_by_itself(request: &ReceivedRequest, statuses: &Arc<Mutex<Vec<[u16; 2]>>>) -> Reply {
    let (callback, topic) = (field(request, "hub.callback"), field(request, "hub.topic"));
    let statuses = statuses.clone();
    std::thread::spawn(move || {
        let callback = url::Url::parse(&callback).unwrap();
        let address = callback.socket_addrs(|| None).unwrap()[0];
        let ask = |topic: &str| {
            let query = verification(topic, 6);
            let path = format!("{}?{query}", callback.path());
            http::request(address, "GET", &path, &[]).map_or(0, |response| response.status)
        };
        let asked = [ask("https://elsewhere.example/"), ask(&topic)];
        statuses.lock().unwrap().push(asked);
    });
    Reply::new(202)
}

#[test]
fn leases_are_renewed_and_pages_are_polled_when_their_hub_pushes() {
    let origin = Origin::start();
    let newest = Arc::new(AtomicU32::new(1));
    let statuses: Arc<Mutex<Vec<[u16; 2]>>> = Arc::default();
    let (shown, asked_back) = (newest.clone(), statuses.clone());
    origin.set_handler(move |request| match request.path.as_str() {
        "/blog/300" => page("<link rel=\"hub\" href=\"/hub/300\">", shown.load(Ordering::SeqCst)),
        "/hub/300" => confirm_by_itself(request, &asked_back),
        path if path.starts_with("/posts/") => Reply::ok(
            "<!DOCTYPE html><html><head><title>A post</title></head><body><article><h1>A post</h1>\
             <p>Its text.</p></article></body></html>",
        )
        .header("Content-Type", "text/html"),
        _ => Reply::new(404),
    });
    let program = program(&origin, &[(300, "page")]);
    let daemon = serve(&program, LOOPBACK);
    let confirmed = |times: usize| {
        wait_for("the subscription is confirmed", || {
            Some(statuses.lock().unwrap().clone()).filter(|statuses| statuses.len() >= times)
        })
    };
    assert_eq!(confirmed(1)[0], [404, 200], "scenario 205");
    let begun = Instant::now();
    let request = asked(&origin, 300).remove(0);
    let (path, secret) = (callback_path(&request), field(&request, "hub.secret"));
    let has = |count: usize| (titles(&daemon).len() == count).then_some(());
    wait_for("the page is read", || has(1));

    // While its hub pushes, the page is polled when the hub says so, and not else.
    let signed_push = |body: &str| {
        let signed = signature(&secret, body.as_bytes());
        assert_eq!(push(&daemon, &path, body.as_bytes(), Some(&signed)), 202);
    };
    signed_push("<p>The first version</p>");
    let is_pushed = || program.json(&["status"])[0]["pushed"].as_bool().unwrap();
    wait_for("the page counts as pushed", || is_pushed().then_some(()));
    let polls = || requests(&origin, "/blog/300", "GET").len();
    let quiet = || {
        let before = polls();
        std::thread::sleep(Duration::from_millis(1500));
        (polls() == before).then_some(())
    };
    wait_for("the page is not polled any more", quiet);
    newest.store(2, Ordering::SeqCst);
    let forged = signature("another secret", b"<p>Forged</p>");
    assert_eq!(push(&daemon, &path, b"<p>Forged</p>", Some(&forged)), 202, "scenario 301");
    assert_eq!(push(&daemon, &path, b"<p>Unsigned</p>", None), 202, "scenario 302");
    assert!(quiet().is_some(), "nothing is polled for a push that is not valid");
    signed_push("<p>The second version</p>");
    wait_for("the new post is published", || has(2));
    assert!(is_pushed(), "a poll that a push asked for finds what was pushed");

    // Before the lease ends, it is renewed with the same callback and secret.
    confirmed(2);
    let renewal = asked(&origin, 300).remove(1);
    assert_eq!(field(&renewal, "hub.callback"), field(&request, "hub.callback"));
    assert_eq!(field(&renewal, "hub.secret"), secret);
    std::thread::sleep(Duration::from_secs(6).saturating_sub(begun.elapsed()));
    newest.store(3, Ordering::SeqCst);
    signed_push("<p>The third version</p>");
    wait_for("pushes are taken after the first lease", || has(3));
}
