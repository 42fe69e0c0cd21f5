//! The scenarios of websub.rocks for publishers and hubs, played by a subscriber that knows nothing
//! but an address of the site. Each scenario has its test:
//!
//! - Publisher 100–105 (the hub and `self` in headers, HTML, Atom, RSS and JSON; a subscription
//!   to them; a new post arrives), hub 100 (a typical request, without a signature), hub 105 and
//!   106 (content that is not XML; no document is plain text):
//!   `a_subscriber_that_discovers_the_hub_of_any_document_gets_its_new_version`
//! - Hub 101 (with a secret):
//!   `hub::a_subscriber_confirms_and_gets_the_exact_bytes_of_each_new_version`
//! - Hub 102 and 103 (unknown parameters, subscribing again):
//!   `a_second_subscription_replaces_the_first_and_unknown_parameters_are_ignored`
//! - Hub 104 (unsubscribing): `hub::unsubscribing_is_confirmed_and_410_ends_a_subscription`
//! - Hub 200–300 (invalid requests, and subscribers that do not confirm):
//!   `hub::only_feeds_of_the_site_can_be_subscribed_to_and_errors_name_the_reason`,
//!   `hub::a_subscription_counts_only_after_the_exact_challenge`, and `src/push/hub_request.rs`

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::process::Signal;
use tributary::clock::{Clock as _, SystemClock};

use super::hub::{
    LOOPBACK, Publisher, query, requests, serve, subscribe, subscribe_and_confirm, subscribers,
};
use crate::support::{
    http::HttpResponse,
    origin::{Origin, ReceivedRequest, Reply},
    program::{Daemon, Program, wait_for},
};

/// The hub and the address of the document that a response names: in its headers, else in its body.
fn discovered(response: &HttpResponse, in_body: bool) -> (String, String) {
    let text = response.text();
    let in_headers = response.header("link").unwrap_or_default();
    let target = |rel: &str| {
        if !in_body {
            let link =
                in_headers.split(", ").find(|link| link.ends_with(&format!("rel=\"{rel}\"")));
            let link = link.unwrap_or_else(|| panic!("no {rel} in {in_headers}"));
            return link.split('>').next().unwrap().trim_start_matches('<').to_owned();
        }
        if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
            let found = if rel == "hub" { &json["hubs"][0]["url"] } else { &json["feed_url"] };
            return found.as_str().unwrap().to_owned();
        }
        let element = text.split('<').find(|element| {
            element.split('>').next().unwrap().contains(&format!("rel=\"{rel}\""))
                && element.contains("link ")
        });
        let element = element.unwrap_or_else(|| panic!("no {rel} in {text}"));
        let href = element.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        href.replace("&amp;", "&")
    };
    (target("hub"), target("self"))
}

fn path_of(daemon: &Daemon, address: &str) -> String {
    address.strip_prefix(&format!("http://{}", daemon.address)).unwrap().to_owned()
}

#[test]
fn a_subscriber_that_discovers_the_hub_of_any_document_gets_its_new_version() {
    let (publisher, origin) = (Origin::start(), subscribers());
    // The first poll ends when everything is subscribed to. Its stories are of the last days, so
    // that digests list them.
    let is_open = Arc::new(AtomicBool::new(false));
    let opened = is_open.clone();
    let date = SystemClock.now() - chrono::TimeDelta::days(8);
    publisher.set_handler(move |_| {
        while !opened.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Reply::ok(format!(
            "<rss version=\"2.0\"><channel><title>The river</title><link>https://example.org/\
             </link><description>Text</description><item><guid isPermaLink=\"false\">n1</guid>\
             <title>Story number 1</title><link>https://example.org/1</link><pubDate>{}</pubDate>\
             </item></channel></rss>",
            date.to_rfc2822()
        ))
    });
    let program = Program::with(&format!(
        "[site]\ncontact = \"mailto:me@example.org\"\n[polling]\nallow_hosts = [\"127.0.0.1\"]\n\
         timeout = \"2m\"\n[[source]]\nid = \"river\"\nurl = \"{}\"\nfollow = \"feed\"\n\
         interval = \"1h\"\n\
         [[topic]]\nid = \"one\"\nany = [\"story\"]\n[[topic]]\nid = \"two\"\nany = [\"number\"]\n",
        publisher.url("/feed")
    ));
    let daemon = serve(&program, LOOPBACK);
    let mut callbacks = BTreeMap::new();
    for (number, (path, in_body)) in [
        ("/topics/all/feed.atom", false),
        ("/topics/all/feed.rss", true),
        ("/topics/one/feed.atom", true),
        ("/topics/one/feed.json", true),
        ("/topics/two", true),
        ("/topics/one+two", true),
        ("/topics/one+two/feed.rss", false),
        ("/topics/one/daily.atom", true),
        ("/topics/all/weekly.json", true),
        ("/topics/two/weekly.rss", false),
        ("/search.atom?q=story%20number", true),
        ("/search.json?q=number", false),
        ("/topics/two/feed.rss?q=story", true),
    ]
    .into_iter()
    .enumerate()
    {
        let response = daemon.get(path);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let (hub, own) = discovered(&response, in_body);
        assert_eq!(path_of(&daemon, &hub), "/hub", "{path}");
        let own = path_of(&daemon, &own);
        // A page is followed by its feed.
        let is_page = !path.contains('.');
        assert_eq!(own, if is_page { format!("{path}/feed.atom") } else { path.to_owned() });
        let callback = format!("/callback/{number}");
        let more = [("hub.lease_seconds", "7200")];
        let address = origin.url(&format!("{callback}?token=t{number}"));
        let response = subscribe(&daemon, &own, address.as_str(), &more);
        assert_eq!(response.status, 202, "{own}: {}", response.text());
        callbacks.insert(callback, own);
    }
    for (callback, own) in &callbacks {
        let question = wait_for("the hub asks", || requests(&origin, callback, "GET").pop());
        let topic = format!("http://{}{own}", daemon.address);
        assert_eq!(query(&question, "hub.topic").as_deref(), Some(topic.as_str()));
        assert!(query(&question, "token").is_some(), "the callback keeps its parameters");
    }
    is_open.store(true, Ordering::SeqCst);
    for (callback, own) in &callbacks {
        let is_new = |request: &ReceivedRequest| {
            String::from_utf8_lossy(&request.body).contains("Story number 1")
        };
        let delivery = wait_for(own, || {
            requests(&origin, callback, "POST").into_iter().find(|request| is_new(request))
        });
        let document = daemon.get(own);
        assert_eq!(delivery.body, document.body, "{own}");
        assert_eq!(delivery.header("content-type"), document.header("content-type"), "{own}");
        assert_eq!(delivery.header("x-hub-signature"), None);
        let link = delivery.header("link").unwrap();
        assert!(link.contains(&format!("{own}>; rel=\"self\"")), "{link}");
        assert!(link.contains("/hub>; rel=\"hub\""), "{link}");
    }
}

#[test]
fn documents_that_no_hub_delivers_name_none() {
    let publisher = Publisher::start();
    let other = Origin::start();
    let hub = other.url("/hub");
    let topics = "[[topic]]\nid = \"one\"\nany = [\"story\"]\n\
                  [[topic]]\nid = \"two\"\nany = [\"number\"]\n";
    let program = publisher.program(&format!("[publishing]\nhub = \"{hub}\"\n{topics}"));
    let daemon = serve(&program, LOOPBACK);
    wait_for("the feed is polled", || {
        daemon.get("/topics/all/feed.atom").text().contains("number 1").then_some(())
    });
    for (path, has_hub) in [
        ("/topics/one/feed.atom", true),
        ("/topics/one", true),
        ("/topics/one/daily.rss", true),
        ("/topics/one+two/feed.atom", false),
        ("/topics/one+two", false),
        ("/search.atom?q=story", false),
        ("/topics/one/feed.json?q=story", false),
    ] {
        let response = daemon.get(path);
        assert_eq!(response.status, 200, "{path}");
        let link = response.header("link").unwrap_or_default();
        let is_page = !path.contains('.');
        assert_eq!(link.contains("rel=\"hub\""), has_hub && !is_page, "{path}: {link}");
        assert_eq!(response.text().contains(hub.as_str()), has_hub, "{path}");
    }
}

#[test]
fn another_hub_is_told_of_each_change_and_again_after_a_failure() {
    let publisher = Publisher::start();
    let other = Origin::start();
    other.script("/hub", vec![Reply::new(500), Reply::new(204)]);
    let more = format!("[publishing]\nhub = \"{}\"\n", other.url("/hub"));
    let program = publisher.program(&more);
    let daemon = serve(&program, LOOPBACK);
    wait_for("the feed is polled", || {
        daemon.get("/topics/all/feed.atom").text().contains("number 1").then_some(())
    });
    let told = |path: &str| {
        let topic = format!("http://{}{path}", daemon.address);
        let is_of = |request: &&ReceivedRequest| {
            let form: BTreeMap<String, String> =
                url::form_urlencoded::parse(&request.body).into_owned().collect();
            form.get("hub.mode").map(String::as_str) == Some("publish")
                && form.get("hub.url") == Some(&topic)
                && form.get("hub.topic") == Some(&topic)
        };
        requests(&other, "/hub", "POST").iter().filter(is_of).count()
    };
    let feeds = ["atom", "rss", "json"].map(|format| format!("/topics/all/feed.{format}"));
    // The state before is known to the hub or not: only changes count.
    std::thread::sleep(Duration::from_millis(1200));
    let before = feeds.clone().map(|path| told(&path));
    publisher.post(2);
    for (path, before) in feeds.iter().zip(before) {
        wait_for("the hub is told", || (told(path) > before).then_some(()));
    }
    // The first request failed.
    let first = requests(&other, "/hub", "POST").remove(0).body;
    wait_for("what failed is repeated", || {
        let all = requests(&other, "/hub", "POST");
        (all.iter().filter(|request| request.body == first).count() >= 2).then_some(())
    });
}

#[test]
fn a_second_subscription_replaces_the_first_and_unknown_parameters_are_ignored() {
    let (publisher, origin) = (Publisher::start(), subscribers());
    let program = publisher.program("[[topic]]\nid = \"rest\"\nany = [\"story\"]\n");
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/rest/feed.json";
    let ask = |secret: &str, times: usize| {
        let more = [("hub.secret", secret), ("foo", "bar"), ("hub.foo", "hub.bar")];
        let callback = origin.url("/callback");
        assert_eq!(subscribe(&daemon, path, callback.as_str(), &more).status, 202);
        wait_for("the hub asks", || {
            (requests(&origin, "/callback", "GET").len() == times).then_some(())
        });
    };
    ask("the first secret", 1);
    let lease = || program.json(&["topics"])[0]["subscribers"].as_u64() == Some(1);
    wait_for("it is subscribed", || lease().then_some(()));
    ask("the second secret", 2);
    // The answer to the question is stored before the next delivery to this host is sent.
    subscribe_and_confirm(&daemon, path, &origin, "/other");
    publisher.post(2);
    let deliveries = || requests(&origin, "/callback", "POST");
    let has =
        |request: &ReceivedRequest| String::from_utf8_lossy(&request.body).contains("number 2");
    let delivery = wait_for("it is delivered", || deliveries().into_iter().find(has));
    let signed = super::subscriber::signature("the second secret", &delivery.body);
    assert_eq!(delivery.header("x-hub-signature"), Some(signed.as_str()));
    wait_for("the other has it", || requests(&origin, "/other", "POST").into_iter().find(has));
    assert_eq!(deliveries().into_iter().filter(has).count(), 1, "one subscription");
}

#[test]
fn subscribers_of_a_renamed_topic_keep_getting_it() {
    let (publisher, origin) = (Publisher::start(), subscribers());
    let program = publisher.program("[[topic]]\nid = \"old\"\nany = [\"story\"]\n");
    let daemon = serve(&program, LOOPBACK);
    subscribe_and_confirm(&daemon, "/topics/old/feed.json", &origin, "/callback");
    let renamed = "[[topic]]\nid = \"new\"\nwas = [\"old\"]\nany = [\"story\"]\n";
    program.configure(&publisher.feeds_toml(renamed));
    daemon.signal(Signal::HUP);
    wait_for("the topic is renamed", || {
        (daemon.get("/topics/new/feed.json").status == 200).then_some(())
    });
    // Also a subscription that is renewed under the former name.
    subscribe_and_confirm(&daemon, "/topics/old/feed.json", &origin, "/renewed");
    let question = requests(&origin, "/renewed", "GET").pop().unwrap();
    assert!(query(&question, "hub.topic").unwrap().ends_with("/topics/old/feed.json"));
    publisher.post(2);
    for callback in ["/callback", "/renewed"] {
        let delivery = wait_for("it is delivered", || {
            requests(&origin, callback, "POST")
                .into_iter()
                .find(|request| String::from_utf8_lossy(&request.body).contains("number 2"))
        });
        assert!(delivery.header("link").unwrap().contains("/topics/new/feed.json>; rel=\"self\""));
    }
}

#[test]
fn strangers_can_neither_fill_the_hub_nor_have_it_render_without_end() {
    let publisher = Publisher::start();
    let program = publisher.program("");
    let daemon = serve(&program, LOOPBACK);
    let origin = Origin::start();
    origin.set_handler(|_| Reply::new(503));
    wait_for("the feed is polled", || {
        daemon.get("/topics/all/feed.atom").text().contains("number 1").then_some(())
    });
    // A host in `allow_hosts` has no limit of its own, but searches have one.
    let callback = |n: usize| origin.url(&format!("/c/{n}")).to_string();
    let statuses = |ask: &dyn Fn(usize) -> u16| (0..101).map(ask).collect::<Vec<u16>>();
    let searches = statuses(&|n| {
        subscribe(&daemon, &format!("/search.atom?q=w{n}"), &callback(n), &[]).status
    });
    assert_eq!((searches[..100].iter().all(|s| *s == 202), searches[100]), (true, 503));
    let again = subscribe(&daemon, "/search.atom?q=w7", &callback(200), &[]);
    assert_eq!(again.status, 202, "a search that has a subscriber already");
    assert_eq!(subscribe(&daemon, "/topics/all/feed.atom", &callback(201), &[]).status, 202);
    let hosts = statuses(&|n| {
        let callback = format!("https://subscriber.example:{}/", 1000 + n);
        subscribe(&daemon, "/topics/all/feed.atom", &callback, &[]).status
    });
    assert_eq!((hosts[..100].iter().all(|s| *s == 202), hosts[100]), (true, 503));
    let elsewhere = subscribe(&daemon, "/topics/all/feed.atom", "https://other.example/", &[]);
    assert_eq!(elsewhere.status, 202, "another host is not affected");
}
