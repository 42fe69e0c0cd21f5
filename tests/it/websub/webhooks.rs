//! Webhooks of topics: what they get, when, and in which order.

use ring::hmac;
use serde_json::Value;

use super::hub::{LOOPBACK, Publisher, serve};
use crate::support::{
    origin::{Origin, ReceivedRequest, Reply},
    program::{Program, wait_for},
};

/// A topic of all stories with these lines of `[[topic.notify]]`.
pub fn topic(notify: &str) -> String {
    format!("[[topic]]\nid = \"rest\"\ntitle = \"The <rest>\"\nany = [\"story\"]\n{notify}")
}

pub fn notify(origin: &Origin, path: &str, more: &str) -> String {
    format!("[[topic.notify]]\nurl = \"{}\"\n{more}", origin.url(path))
}

fn json(request: &ReceivedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

pub fn titles(origin: &Origin, path: &str) -> Vec<String> {
    let title =
        |request: &ReceivedRequest| json(request)["story"]["title"].as_str().map(str::to_owned);
    origin.requests_to(path).iter().filter_map(title).collect()
}

#[test]
fn each_new_story_is_told_once_in_order_and_signed() {
    let (publisher, origin) = (Publisher::start(), Origin::start());
    // The second story fails twice; the third one waits for it.
    let unavailable = || Reply::new(503).header("Retry-After", "1");
    let mut replies = vec![Reply::new(200), unavailable(), unavailable()];
    replies.push(Reply::new(200));
    origin.script("/hook", replies);
    let program = publisher.program(&topic(&notify(&origin, "/hook", "secret_file = \"key\"\n")));
    std::fs::write(program.join("key"), "the key\n").unwrap();
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/rest/feed.json";
    let has = |text: &str| daemon.get(path).text().contains(text).then_some(());
    wait_for("the feed is imported", || has("number 1"));
    publisher.post(2);
    wait_for("the first is told", || (origin.requests_to("/hook").len() == 1).then_some(()));
    publisher.post(3);
    wait_for("the second fails", || (origin.requests_to("/hook").len() == 2).then_some(()));
    publisher.post(4);
    wait_for("all are told", || (origin.requests_to("/hook").len() == 5).then_some(()));
    let told = [2, 3, 3, 3, 4].map(|n| format!("Story number {n}"));
    assert_eq!(titles(&origin, "/hook"), told, "no import, and nothing twice");

    let request = &origin.requests_to("/hook")[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    let signature = request.header("x-hub-signature").unwrap().strip_prefix("sha256=").unwrap();
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let signature: Vec<u8> = signature.as_bytes().chunks(2).map(digits).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"the key");
    hmac::verify(&key, &request.body, &signature).unwrap();
    let body = json(request);
    assert_eq!(body["topic"]["id"], "rest");
    assert_eq!(body["story"]["url"], "https://example.org/posts/n2");
    assert_eq!(body["story"]["source"]["id"], "river");

    // An edit tells nothing, and neither do a restart, changed rules and another source with the
    // same story.
    publisher.edit("n4", "Story number 4, corrected");
    wait_for("the edit is published", || has("corrected"));
    drop(daemon);
    let rules =
        topic(&notify(&origin, "/hook", "")).replace("any = [\"story\"]", "any = [\"number\"]");
    program.configure(&publisher.feeds_toml(&rules));
    let daemon = serve(&program, LOOPBACK);
    publisher.post(5);
    wait_for("the next is told", || (origin.requests_to("/hook").len() == 6).then_some(()));
    assert_eq!(titles(&origin, "/hook")[5], "Story number 5");
    drop(daemon);
}

#[test]
fn stories_that_wait_follow_their_webhook_to_another_address_and_topic() {
    let (publisher, origin) = (Publisher::start(), Origin::start());
    origin.script("/old", vec![Reply::new(503).header("Retry-After", "3600")]);
    origin.script("/new", vec![Reply::new(200)]);
    let program = publisher.program(&topic(&notify(&origin, "/old", "secret_file = \"key\"\n")));
    let daemon = serve(&program, LOOPBACK);
    let path = "/topics/all/feed.json";
    let has = |text: &str| daemon.get(path).text().contains(text).then_some(());
    wait_for("the feed is imported", || has("number 1"));
    publisher.post(2);
    wait_for("the second is published", || has("number 2"));
    assert_eq!(origin.requests_to("/old").len(), 0, "nothing is sent without the secret");
    std::fs::write(program.join("key"), "the key\n").unwrap();
    wait_for("the second is refused", || (origin.requests_to("/old").len() == 1).then_some(()));
    publisher.post(3);
    wait_for("the third is published", || has("number 3"));

    // The process ends, and both the address and the id of the topic change.
    drop(daemon);
    let moved = topic(&notify(&origin, "/new", ""))
        .replace("id = \"rest\"", "id = \"rest-of-it\"\nwas = [\"rest\"]");
    program.configure(&publisher.feeds_toml(&moved));
    let _daemon = serve(&program, LOOPBACK);
    wait_for("both are told", || (origin.requests_to("/new").len() == 2).then_some(()));
    assert_eq!(titles(&origin, "/new"), ["Story number 2", "Story number 3"]);
    assert_eq!(json(&origin.requests_to("/new")[0])["topic"]["id"], "rest-of-it");
}

#[test]
fn without_a_daemon_each_poll_tells_the_webhooks() {
    let (publisher, origin) = (Publisher::start(), Origin::start());
    origin.script("/hook", vec![Reply::new(200), Reply::new(500), Reply::new(200)]);
    let program = publisher.program(&topic(&notify(&origin, "/hook", "")));
    let told = |expected: &[u32]| {
        program.run_ok(&["poll", "--force"]);
        let expected: Vec<String> = expected.iter().map(|n| format!("Story number {n}")).collect();
        assert_eq!(titles(&origin, "/hook"), expected);
    };
    told(&[]);
    publisher.post(2);
    told(&[2]);
    publisher.post(3);
    told(&[2, 3]);
    // The first pause after a failure is 2 s.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    publisher.post(4);
    told(&[2, 3, 3, 4]);
}

#[test]
fn templates_have_the_forms_that_services_expect() {
    let (publisher, origin) = (Publisher::start(), Origin::start());
    origin.set_handler(|request| Reply::new(if request.path == "/broken" { 500 } else { 200 }));
    let hooks = [
        notify(&origin, "/slack", "template = \"slack\"\n"),
        notify(&origin, "/discord", "template = \"discord\"\n"),
        notify(&origin, "/ntfy", "template = \"ntfy\"\n"),
        notify(&origin, "/matrix", "template = \"matrix\"\n"),
        notify(&origin, "/text", "template = \"{title} in {topic_title}: {url} {other\"\n"),
        notify(&origin, "/own", "template = '{\"say\": \"{title}\", \"n\": {\"x\": 1}}'\n"),
    ];
    let program = publisher.program(&topic(&hooks.concat()));
    publisher.edit("n1", "Story &amp; \u{201c}quotes\u{201d} of &lt;b&gt;");
    program.run_ok(&["poll"]);
    let printed = program.run_ok(&["notify", "--test", "rest"]);
    assert_eq!(printed.lines().count(), 6, "{printed}");
    assert!(printed.lines().all(|line| line.ends_with(": 200")), "{printed}");
    let one = |path: &str| origin.requests_to(path).pop().unwrap();
    let title = "Story & \u{201c}quotes\u{201d} of <b>";
    assert_eq!(
        json(&one("/slack"))["text"],
        "<https://example.org/posts/n1|Story &amp; \u{201c}quotes\u{201d} of &lt;b&gt;> (The river)"
    );
    let discord = json(&one("/discord"));
    assert_eq!(discord["embeds"][0]["title"], title);
    assert_eq!(discord["allowed_mentions"]["parse"], Value::Array(Vec::new()));
    let ntfy = one("/ntfy");
    assert!(ntfy.header("title").unwrap().starts_with("=?UTF-8?B?"));
    assert_eq!(ntfy.header("click"), Some("https://example.org/posts/n1"));
    assert_eq!(ntfy.body, b"Its text.");
    assert!(json(&one("/matrix"))["html"].as_str().unwrap().contains("of &lt;b&gt;</a>"));
    let text = one("/text");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        String::from_utf8(text.body).unwrap(),
        format!("{title} in The <rest>: https://example.org/posts/n1 {{other")
    );
    let own = one("/own");
    assert_eq!(own.header("content-type"), Some("application/json"));
    assert_eq!(json(&own)["say"], title);

    let failing = publisher.program(&topic(&notify(&origin, "/broken", "")));
    failing.run_ok(&["poll"]);
    let failed = failing.run(&["notify", "--test", "rest"]);
    assert_eq!((failed.code, failed.stdout.contains(": 500")), (1, true), "{}", failed.stdout);
}

#[test]
fn mistakes_in_webhooks_are_named() {
    let program = Program::with(
        "[[topic]]\nid = \"rest\"\nany = [\"story\"]\n\
         [[topic.notify]]\nurl = \"ftp://a.example/\"\ntemplate = \"slak\"\n\
         [[topic.notify]]\ntemplate = \"{titel}\"\n",
    );
    let checked = program.run(&["check"]);
    assert_eq!(checked.code, 78);
    let output = checked.stdout + &checked.stderr;
    for text in [
        "unsupported scheme `ftp`",
        "did you mean \"slack\"?",
        "did you mean {title}?",
        "add the address that is told of new stories",
    ] {
        assert!(output.contains(text), "`{text}` is missing in\n{output}");
    }
    let program = Program::with("[[topic]]\nid = \"rest\"\nany = [\"story\"]\n");
    let none = program.run(&["notify", "--test", "rest"]);
    assert_eq!((none.code, none.stderr.contains("no webhook")), (1, true), "{}", none.stderr);
    let unknown = program.run(&["notify", "--test", "rets"]);
    assert!(unknown.stderr.contains("did you mean rest?"), "{}", unknown.stderr);
}
