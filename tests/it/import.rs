//! `tributary import`, `add` and `search`, and what the tables of the program show.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::json;

use crate::support::{
    origin::{Origin, Reply},
    program::{Program, ProgramOutput},
};

const FEED: &str = "<rss version=\"2.0\"><channel><title>The Quiet Blog</title>\
                    <link>https://blog.example/</link><item><guid>1</guid><title>Kafka and \
                    Pulsar</title><link>https://blog.example/1</link></item><item><guid>2</guid>\
                    <title>Cheese</title><link>https://blog.example/2</link></item></channel>\
                    </rss>";

fn import(program: &Program, outlines: &str) -> ProgramOutput {
    fs::write(
        program.join("feeds.opml"),
        format!("<opml version=\"2.0\"><body>\n{outlines}\n</body></opml>"),
    )
    .unwrap();
    program.run(&["import", "feeds.opml"])
}

#[test]
fn ids_of_imported_feeds_are_made_from_their_titles() {
    let program = Program::with("");
    let outlines = "<outline text=\"Jane's Café\" xmlUrl=\"https://medium.com/feed/@jane\"/>\n\
                    <outline text=\"Joe\" xmlUrl=\"https://medium.com/feed/@joe\"/>\n\
                    <outline text=\"Joe\" xmlUrl=\"https://joe.example/feed\"/>\n\
                    <outline text=\"日本語\" xmlUrl=\"https://blog.example/feed\"/>";
    let imported = import(&program, outlines);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    let checked = tributary::config::check(
        &fs::read_to_string(program.join("feeds.toml")).unwrap(),
        "feeds.toml",
    );
    let ids: Vec<String> =
        checked.config.unwrap().sources.iter().map(|source| source.id.to_string()).collect();
    assert_eq!(ids, ["janes-cafe", "joe", "joe-joe-example", "blog-example"]);
}

#[test]
fn nothing_of_an_opml_file_is_dropped_without_a_word() {
    let program = Program::with("");
    let opml = "<opml version=\"2.0\"><body>\n\
                <outline text=\"Good\" xmlUrl=\"https://good.example/feed\"/>\n\
                <outline text=\"No address\" type=\"rss\"/>\n\
                <outline text=\"Cut\" xmlUrl=\"https://cut.exam";
    fs::write(program.join("feeds.opml"), opml).unwrap();
    let imported = program.run(&["import", "feeds.opml"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    for part in ["feeds.opml:3: 1 outline", "“No address”", "truncated", "1 source added"] {
        assert!(imported.stderr.contains(part), "no {part} in {}", imported.stderr);
    }
    let json = program.json(&["import", "feeds.opml"]);
    let codes: Vec<&str> = json["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["opml-address", "opml-truncated"]);
}

#[test]
fn credentials_in_a_url_go_to_a_file_that_only_the_owner_can_read() {
    let program = Program::with("");
    let secret = "<outline text=\"Secret\" xmlUrl=\"https://user:p%40ss@feeds.example/private\"/>";
    let imported = import(&program, secret);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert!(imported.stderr.contains("`secret` are in the file secret.password"));
    assert!(!imported.stderr.contains("p@ss"));
    let file = program.join("secret.password");
    assert_eq!(fs::read_to_string(&file).unwrap(), "user:p@ss\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(program.join("feeds.toml")).unwrap();
    assert!(text.contains("url    = \"https://feeds.example/private\"\n"), "{text}");
    assert!(text.contains("auth   = { basic_file = \"secret.password\" }\n"), "{text}");
    assert_eq!(program.run(&["check"]).stdout, "feeds.toml is valid: 1 source, 0 topics\n");

    // Another secret does not replace the first.
    let other = "<outline text=\"Other\" xmlUrl=\"https://a:b@other.example/x\"/>";
    fs::write(program.join("other.password"), "mine:mine\n").unwrap();
    assert_eq!(import(&program, other).code, 0);
    assert_eq!(fs::read_to_string(program.join("other.password")).unwrap(), "mine:mine\n");
    assert_eq!(fs::read_to_string(program.join("other-2.password")).unwrap(), "a:b\n");
}

#[test]
fn an_added_url_with_credentials_is_fetched_with_them_and_named_by_its_title() {
    let origin = Origin::start();
    origin.script("/feed", vec![Reply::ok(FEED)]);
    let program = Program::with("[polling]\nallow_hosts = [\"127.0.0.1\"]\n");
    let address = origin.url("/feed").as_str().replace("http://", "http://user:pw@");
    let added = program.run(&["add", &address]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let text = fs::read_to_string(program.join("feeds.toml")).unwrap();
    assert!(text.contains("id     = \"the-quiet-blog\"\n"), "{text}");
    assert!(text.contains("basic_file = \"127-0-0-1.password\""), "{text}");
    assert!(!text.contains("pw@"), "{text}");
    let requests = origin.requests();
    let authorization = requests.last().unwrap().header("authorization");
    assert_eq!(authorization, Some("Basic dXNlcjpwdw=="));
    // A failed command leaves no password behind.
    origin.script("/none", vec![Reply::new(404)]);
    let failing = origin.url("/none").as_str().replace("http://", "http://a:b@");
    assert_eq!(program.run(&["add", &failing]).code, 1);
    let passwords = fs::read_dir(program.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("password"));
    assert_eq!(passwords.count(), 1);
}

#[test]
fn many_private_addresses_are_one_warning_at_every_command() {
    let program = Program::with("");
    let outline =
        |n| format!("<outline text=\"Private {n}\" xmlUrl=\"http://10.0.0.{n}/feed\"/>\n");
    let outlines: Vec<String> = (1..=50).map(outline).collect();
    let imported = import(&program, &outlines.concat());
    assert_eq!(imported.stderr.matches("private address").count(), 1, "{}", imported.stderr);
    assert!(imported.stderr.contains("50 warnings of this kind"), "{}", imported.stderr);
    let check = program.run(&["check"]);
    assert_eq!(check.stdout.matches("warning: ").count(), 1, "{}", check.stdout);
    assert!(check.stdout.contains("and 45 more"), "{}", check.stdout);
    let json = program.json(&["check"]);
    assert_eq!(json["problems"].as_array().unwrap().len(), 50);
}

#[test]
fn a_web_page_followed_as_a_feed_is_called_that() {
    let origin = Origin::start();
    let page = "<!doctype html><title>Hello</title><p>No posts here.</p>";
    origin.script("/", vec![Reply::ok(page).header("content-type", "text/html")]);
    let program = Program::with(&format!(
        "[polling]\nallow_hosts = [\"127.0.0.1\"]\n[[source]]\nid = \"page\"\nurl = \"{}\"\n\
         follow = \"feed\"\n",
        origin.url("/")
    ));
    let polled = program.json(&["poll"]);
    let error = polled["sources"][0]["error"].as_str().unwrap();
    assert!(error.starts_with("this is a web page without a feed"), "{error}");
}

#[test]
fn tables_show_titles_and_a_search_finds_stories() {
    let origin = Origin::start();
    origin.script("/feed", vec![Reply::ok(FEED)]);
    let program = Program::with(&format!(
        "[polling]\nallow_hosts = [\"127.0.0.1\"]\n[[source]]\nid = \"quiet\"\nurl = \"{}\"\n\
         [[topic]]\nid = \"logs\"\ntitle = \"Event logs\"\nany = [\"kafka\"]\n",
        origin.url("/feed")
    ));
    let first = program.run(&["poll"]);
    assert!(first.stderr.contains("publishers cannot contact you"), "{}", first.stderr);
    assert!(first.stdout.contains("The Quiet Blog"), "{}", first.stdout);
    for command in [&["sources"][..], &["status"], &["stories"], &["poll", "quiet"]] {
        let ended = program.run(command);
        assert!(ended.stdout.contains("quiet"), "{command:?}: {}", ended.stdout);
        assert!(ended.stdout.contains("The Quiet Blog"), "{command:?}: {}", ended.stdout);
        assert!(!ended.stderr.contains("contact you"), "{command:?}: {}", ended.stderr);
    }
    assert!(program.run(&["poll", "quiet"]).stdout.contains("--force"));
    assert!(program.run(&["topics"]).stdout.contains("Event logs"));

    let found = program.json(&["search", "pulsars", "topic:logs"]);
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["title"], "Kafka and Pulsar");
    assert_eq!(program.json(&["search", "kafka -pulsar"]), json!([]));
    let text = program.run(&["search", "chees*", "--limit", "1"]);
    assert!(text.stdout.contains("Cheese") && !text.stdout.contains("Kafka"), "{}", text.stdout);
    assert_eq!(text.stderr, "1 story\n");
    assert_eq!(program.run(&["search", "!!"]).code, 2);

    for command in
        [&["search", "source:quite"][..], &["poll", "quite"], &["stories", "--source", "quite"]]
    {
        let ended = program.run(command);
        assert_eq!(ended.code, 1, "{command:?}");
        assert!(ended.stderr.contains("did you mean quiet?"), "{command:?}: {}", ended.stderr);
    }
}
