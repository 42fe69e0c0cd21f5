//! Our own hub, as subscribers meet it. The program runs over loopback.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ring::hmac;
use rustix::process::Signal;

use crate::support::{
    http::HttpResponse,
    origin::{Origin, ReceivedRequest, Reply},
    program::{Daemon, Program, wait_for},
    sample_feeds::{Post, rss},
};

/// A free port of the loopback interface.
pub const LOOPBACK: &str = "127.0.0.1:0";

/// A publisher whose feed gets longer.
pub struct Publisher {
    origin: Origin,
    posts: Mutex<Vec<Post>>,
}

impl Publisher {
    pub fn start() -> Self {
        let publisher = Self { origin: Origin::start(), posts: Mutex::default() };
        publisher.post(1);
        publisher
    }

    pub fn post(&self, number: u32) {
        let posts = &mut *self.posts.lock().unwrap();
        let title = format!("Story number {number}");
        posts.insert(0, Post::new(&format!("n{number}"), &title, 1 + number % 28, "Its text."));
        self.publish(posts);
    }

    /// Changes the title of a post.
    pub fn edit(&self, guid: &str, title: &str) {
        let posts = &mut *self.posts.lock().unwrap();
        let post = posts.iter_mut().find(|post| post.guid == guid).unwrap();
        title.clone_into(&mut post.title);
        self.publish(posts);
    }

    fn publish(&self, posts: &[Post]) {
        self.origin.script("/feed", vec![Reply::ok(rss("The river", posts))]);
    }

    /// A program that polls the feed every second. `more` is added to its feeds.toml.
    pub fn program(&self, more: &str) -> Program {
        Program::with(&self.feeds_toml(more))
    }

    pub fn feeds_toml(&self, more: &str) -> String {
        format!(
            "[site]\ncontact = \"mailto:me@example.org\"\n\
             [polling]\nallow_hosts = [\"127.0.0.1\"]\n\
             [[source]]\nid = \"river\"\nurl = \"{}\"\nfollow = \"feed\"\n\
             interval = \"1s\"\n{more}",
            self.origin.url("/feed")
        )
    }
}

/// A server of subscribers: it confirms what it is asked, and counts what it gets.
pub fn subscribers() -> Origin {
    let origin = Origin::start();
    origin.set_handler(|request| match query(request, "hub.challenge") {
        Some(challenge) => Reply::ok(challenge),
        None => Reply::new(204),
    });
    origin
}

/// A parameter in the path of a request.
pub fn query(request: &ReceivedRequest, name: &str) -> Option<String> {
    let (_, query) = request.path.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Subscribes `callback` to a path of the daemon, with further parameters.
pub fn subscribe(
    daemon: &Daemon,
    path: &str,
    callback: &str,
    more: &[(&str, &str)],
) -> HttpResponse {
    let topic = format!("http://{}{path}", daemon.address);
    let form =
        [("hub.mode", "subscribe"), ("hub.topic", topic.as_str()), ("hub.callback", callback)];
    daemon.post("/hub", &[&form, more].concat())
}

/// Subscribes and waits for the confirmation.
pub fn subscribe_and_confirm(daemon: &Daemon, path: &str, origin: &Origin, callback: &str) {
    let response = subscribe(daemon, path, origin.url(callback).as_str(), &[]);
    assert_eq!(response.status, 202, "{}", response.text());
    wait_for("the subscription is confirmed", || requests(origin, callback, "GET").pop().map(drop));
}

/// The requests of a method to a path, whatever its parameters are.
pub fn requests(origin: &Origin, path: &str, method: &str) -> Vec<ReceivedRequest> {
    let is_same = |request: &ReceivedRequest| {
        request.method == method && request.path.split('?').next() == Some(path)
    };
    origin.requests().into_iter().filter(is_same).collect()
}

fn deliveries(origin: &Origin, path: &str) -> Vec<ReceivedRequest> {
    requests(origin, path, "POST")
}

/// Starts the daemon with a log of every delivery.
pub fn serve(program: &Program, listen: &str) -> Daemon {
    wait_for("the port is free", || {
        let serve = program.command(&["serve", "-v", "--listen", listen]);
        Daemon::start(serve, &program.join("log"))
    })
}

/// Waits until a text is delivered.
fn wait_for_delivery_of(
    daemon: &Daemon,
    origin: &Origin,
    path: &str,
    text: &str,
) -> ReceivedRequest {
    let end = Instant::now() + Duration::from_secs(25);
    wait_for("the story is delivered", || {
        assert!(Instant::now() < end, "{text} is not delivered to {path}:\n{}", daemon.log());
        let has_text =
            |request: &ReceivedRequest| String::from_utf8_lossy(&request.body).contains(text);
        deliveries(origin, path).into_iter().find(has_text)
    })
}

#[test]
fn a_subscriber_confirms_and_gets_the_exact_bytes_of_each_new_version() {
    let (publisher, origin) = (Publisher::start(), subscribers());
    let program = publisher.program("");
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/all/feed.rss";
    wait_for("the feed is polled", || daemon.get(path).text().contains("number 1").then_some(()));
    let secret = "a secret of the subscriber";
    let callback = origin.url("/callback?own=1");
    let response = subscribe(&daemon, path, callback.as_str(), &[("hub.secret", secret)]);
    assert_eq!(response.status, 202);
    let question = wait_for("the hub asks", || requests(&origin, "/callback", "GET").pop());
    let topic = format!("http://{}{path}", daemon.address);
    assert_eq!(query(&question, "own").as_deref(), Some("1"), "the callback keeps its parameters");
    assert_eq!(query(&question, "hub.mode").as_deref(), Some("subscribe"));
    assert_eq!(query(&question, "hub.topic").as_deref(), Some(topic.as_str()));
    assert_eq!(query(&question, "hub.lease_seconds").as_deref(), Some("864000"));
    assert!(query(&question, "hub.challenge").unwrap().len() >= 32);

    publisher.post(2);
    let delivery = wait_for_delivery_of(&daemon, &origin, "/callback", "number 2");
    assert_eq!(delivery.body, daemon.get(path).body, "the bytes are those of the document");
    assert_eq!(delivery.header("content-type"), Some("application/rss+xml; charset=utf-8"));
    assert_eq!(delivery.header("x-content-type-options"), Some("nosniff"));
    let hub = format!("http://{}/hub", daemon.address);
    let link = format!("<{topic}>; rel=\"self\", <{hub}>; rel=\"hub\"");
    assert_eq!(delivery.header("link"), Some(link.as_str()));
    let signature = delivery.header("x-hub-signature").unwrap().strip_prefix("sha256=").unwrap();
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let signature: Vec<u8> = signature.as_bytes().chunks(2).map(digits).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, &delivery.body, &signature).unwrap();

    // Nothing is sent again, also not after a restart.
    let address = daemon.address.to_string();
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    let daemon = serve(&program, &address);
    publisher.post(3);
    wait_for_delivery_of(&daemon, &origin, "/callback", "number 3");
    assert_eq!(deliveries(&origin, "/callback").len(), 2, "{}", daemon.log());
}

#[test]
fn a_subscription_counts_only_after_the_exact_challenge() {
    let (publisher, origin) = (Publisher::start(), Origin::start());
    origin.script("/silent", vec![Reply::ok("")]);
    origin.script("/denied", vec![Reply::new(404)]);
    origin.script("/moved", vec![Reply::redirect(302, "/right")]);
    origin.set_handler(|request| match request.path.split('?').next() {
        Some("/right") => Reply::ok(query(request, "hub.challenge").unwrap_or_default()),
        Some("/longer") => Reply::ok(query(request, "hub.challenge").unwrap_or_default() + "\n"),
        Some("/silent") => Reply::ok(""),
        Some("/moved") => Reply::redirect(302, "/right"),
        _ => Reply::new(404),
    });
    let program = publisher.program("[[topic]]\nid = \"rest\"\nany = [\"story\"]\n");
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/rest/feed.json";
    for callback in ["/silent", "/denied", "/longer", "/moved", "/right"] {
        assert_eq!(subscribe(&daemon, path, origin.url(callback).as_str(), &[]).status, 202);
    }
    wait_for("the right one is subscribed", || {
        (program.json(&["topics"])[0]["subscribers"] == 1).then_some(())
    });
    publisher.post(2);
    wait_for_delivery_of(&daemon, &origin, "/right", "number 2");
    for callback in ["/silent", "/denied", "/longer", "/moved"] {
        assert_eq!(deliveries(&origin, callback).len(), 0, "{callback} did not confirm");
    }
    drop(daemon);
}

#[test]
fn only_feeds_of_the_site_can_be_subscribed_to_and_errors_name_the_reason() {
    let publisher = Publisher::start();
    let program = publisher.program(
        "[[topic]]\nid = \"open\"\nany = [\"story\"]\n\
         [[topic]]\nid = \"more\"\nany = [\"number\"]\n\
         [[topic]]\nid = \"secret\"\nany = [\"story\"]\naccess = [\"tokens\"]\n",
    );
    std::fs::write(program.join("tokens"), "correct-horse-battery-staple\n").unwrap();
    let daemon = serve(&program, LOOPBACK);
    let callback = "https://subscriber.example/callback";
    for (path, status) in [
        ("/topics/open/feed.atom", 202),
        ("/topics/more+open/feed.atom", 202),
        ("/topics/open+more/feed.atom", 404),
        ("/topics/secret/feed.atom", 404),
        ("/topics/open+secret/feed.atom", 404),
        ("/t/correct-horse-battery-staple/topics/secret/feed.atom", 404),
        ("/topics/open", 404),
        ("/topics/nothing/feed.atom", 404),
        ("/opml.xml", 404),
        ("/topics/open/feed.atom?x=1", 404),
    ] {
        let response = subscribe(&daemon, path, callback, &[]);
        assert_eq!(response.status, status, "{path}: {}", response.text());
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    }
    let foreign = [
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://elsewhere.example/topics/open/feed.atom"),
        ("hub.callback", callback),
    ];
    assert_eq!(daemon.post("/hub", &foreign).status, 404);
    let private = subscribe(&daemon, "/topics/open/feed.atom", "http://10.0.0.1/callback", &[]);
    assert_eq!((private.status, private.text().contains("public address")), (400, true));
    let long = "x".repeat(20_000);
    assert_eq!(subscribe(&daemon, "/topics/open/feed.atom", &long, &[]).status, 413);

    let get = daemon.get("/hub");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST, OPTIONS")));
    let program = publisher.program("[publishing]\nhub = \"none\"\n");
    let none = program.serve();
    assert_eq!(subscribe(&none, "/topics/all/feed.atom", callback, &[]).status, 404);
}

#[test]
fn unsubscribing_is_confirmed_and_410_ends_a_subscription() {
    let (publisher, origin) = (Publisher::start(), subscribers());
    let program = publisher.program("[[topic]]\nid = \"rest\"\nany = [\"story\"]\n");
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/rest/feed.atom";
    for callback in ["/a", "/b", "/gone"] {
        subscribe_and_confirm(&daemon, path, &origin, callback);
    }
    let subscribers = || program.json(&["topics"])[0]["subscribers"].as_u64().unwrap();
    wait_for("all are subscribed", || (subscribers() == 3).then_some(()));
    let topic = format!("http://{}{path}", daemon.address);
    let form = |callback: &str| {
        let callback = origin.url(callback).to_string();
        let form = [
            ("hub.mode", "unsubscribe"),
            ("hub.topic", topic.as_str()),
            ("hub.callback", callback.as_str()),
        ];
        assert_eq!(daemon.post("/hub", &form).status, 202);
    };
    form("/a");
    form("/unknown");
    wait_for("it is unsubscribed", || (subscribers() == 2).then_some(()));
    let question = requests(&origin, "/a", "GET").pop().unwrap();
    assert_eq!(query(&question, "hub.mode").as_deref(), Some("unsubscribe"));
    assert_eq!(query(&question, "hub.lease_seconds"), None);
    assert_eq!(requests(&origin, "/unknown", "GET").len(), 0, "nobody else is asked");

    origin.set_handler(
        |request| {
            if request.path == "/gone" { Reply::new(410) } else { Reply::new(200) }
        },
    );
    publisher.post(2);
    wait_for_delivery_of(&daemon, &origin, "/b", "number 2");
    wait_for("the one that is gone is removed", || (subscribers() == 1).then_some(()));
    publisher.post(3);
    wait_for_delivery_of(&daemon, &origin, "/b", "number 3");
    assert_eq!(deliveries(&origin, "/gone").len(), 1);
    assert_eq!(deliveries(&origin, "/a").len(), 0);
}

#[test]
fn subscribers_that_fail_do_not_delay_the_others_and_are_tried_again() {
    let (publisher, origin) = (Publisher::start(), subscribers());
    let (dead, hanging) = (subscribers(), subscribers());
    let program = publisher.program("");
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/all/feed.atom";
    for n in 0..20 {
        subscribe_and_confirm(&daemon, path, &origin, &format!("/good/{n}"));
    }
    subscribe_and_confirm(&daemon, path, &dead, "/failing");
    for n in 0..4 {
        subscribe_and_confirm(&daemon, path, &hanging, &format!("/hanging/{n}"));
    }
    let failures = Arc::new(Mutex::new(0));
    let counted = failures.clone();
    dead.set_handler(move |_| {
        *counted.lock().unwrap() += 1;
        Reply::new(500)
    });
    hanging.set_handler(|_| Reply::new(200).length(10).hang());
    let begun = Instant::now();
    publisher.post(2);
    for n in 0..20 {
        wait_for_delivery_of(&daemon, &origin, &format!("/good/{n}"), "number 2");
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(origin.most_in_flight(), 1, "one request at a time for each host");
    wait_for("the first attempt fails", || (*failures.lock().unwrap() == 1).then_some(()));
    // The next attempt is some seconds later.
    dead.set_handler(|_| Reply::new(200));
    wait_for("a later attempt succeeds", || {
        (deliveries(&dead, "/failing").len() == 2).then_some(())
    });
}
