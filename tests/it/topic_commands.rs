//! Topics as their owner works on them: what a changed rule would do, what labels teach, what is
//! proposed, what became of an old name. On stored stories and with the real program.

#![allow(clippy::unwrap_used)] // what a test expects, it may insist on

use std::{fmt::Write as _, fs};

use serde_json::Value;

use crate::support::{
    origin::{Origin, Reply},
    program::{Program, ProgramOutput},
};

/// The program with one source, `blog`, which has these titles and summaries.
struct TopicProgram {
    program: Program,
    origin: Origin,
}

impl TopicProgram {
    fn with_posts(posts: &[(String, String)], topics: &str) -> Self {
        let program = Self { program: Program::empty(), origin: Origin::start() };
        let mut feed = String::from("<rss version=\"2.0\"><channel><title>Posts</title>");
        for (number, (title, summary)) in posts.iter().enumerate() {
            let _ = write!(
                feed,
                "<item><guid isPermaLink=\"false\">p{number}</guid>\
                 <link>https://blog.example/p/{number}</link><title>{title}</title>\
                 <description>{summary}</description></item>"
            );
        }
        feed.push_str("</channel></rss>");
        program
            .origin
            .script("/feed", vec![Reply::ok(feed).header("Content-Type", "application/rss+xml")]);
        program.write(topics);
        program.run(&["poll"]);
        program
    }

    /// Writes feeds.toml with these topics.
    fn write(&self, topics: &str) {
        let source = format!(
            "[[source]]\nid = \"blog\"\nurl = \"{}\"\nfollow = \"feed\"\n",
            self.origin.url("/feed")
        );
        let site = "[site]\nbase_url = \"http://127.0.0.1:1\"\n\
            contact = \"mailto:me@example.org\"\n[polling]\nallow_hosts = [\"127.0.0.1\"]\n";
        self.program.configure(&format!("{site}{source}{topics}"));
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        self.program.run_ok(arguments)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        self.program.json(arguments)
    }

    /// The ids of the stories whose title has this in it, as arguments.
    fn ids(&self, part: &str) -> Vec<String> {
        let stories = self.json(&["stories", "--limit", "0"]);
        let has = |story: &&Value| story["title"].as_str().unwrap().contains(part);
        stories
            .as_array()
            .unwrap()
            .iter()
            .filter(has)
            .map(|story| story["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn post(title: &str, summary: &str) -> (String, String) {
    (title.to_owned(), summary.to_owned())
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|story| story["title"].as_str().unwrap()).collect()
}

#[test]
fn a_dry_run_lists_entering_and_leaving_stories_and_changes_nothing() {
    let posts = [
        post("Kafka keeps logs", "Of a log."),
        post("Raft elects leaders", "Of votes."),
        post("Cheese", "Of milk."),
        post("Kafka corrected", "Of a log."),
    ];
    let program = TopicProgram::with_posts(
        &posts,
        "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"kafka\"]\n",
    );
    program.run(&["label", &program.ids("corrected")[0], "--none"]);
    program.run(&["label", &program.ids("Cheese")[0], "streams"]);
    let before = program.json(&["stories"]);
    let state = fs::read(program.program.database()).unwrap();

    program.write(
        "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"log\", \"raft\"]\n\
        none = [\"kafka\"]\n[[topic]]\nid = \"votes\"\ntitle = \"Votes\"\nany = [\"votes\"]\n",
    );
    let check = program.json(&["check", "--dry-run"]);
    assert_eq!(check["ok"], true);
    let [streams, votes] = &check["topics"].as_array().unwrap()[..] else { panic!("{check}") };
    assert_eq!((streams["id"].as_str(), votes["id"].as_str()), (Some("streams"), Some("votes")));
    assert_eq!(titles(&streams["enter"]), ["Raft elects leaders"]);
    assert_eq!(
        titles(&streams["leave"]),
        ["Kafka keeps logs"],
        "what a person labelled stays where it is"
    );
    assert_eq!(titles(&votes["enter"]), ["Raft elects leaders"]);
    let text = program.run(&["check", "--dry-run"]);
    assert!(text.contains("streams: 1 would enter, 1 would leave\n  + "), "{text}");
    assert_eq!(program.json(&["stories"]), before);
    assert_eq!(fs::read(program.program.database()).unwrap(), state);

    let waiting = |program: &TopicProgram| program.program.run(&["status"]).stderr;
    assert_eq!(waiting(&program), "4 stories not yet classified by the rules of feeds.toml\n");

    // What was foretold comes true, and then nothing is left to change.
    program.run(&["poll"]);
    assert_eq!(waiting(&program), "");
    let nothing = program.run(&["check", "--dry-run"]);
    assert!(nothing.ends_with("no story would enter or leave any topic\n"), "{nothing}");
    let now = program.json(&["stories", "--topic", "streams"]);
    let mut now = titles(&now);
    now.sort_unstable();
    assert_eq!(now, ["Cheese", "Raft elects leaders"]);
}

#[test]
fn a_dry_run_without_a_state_names_the_directory_and_creates_none() {
    let program = Program::with("[[topic]]\nid = \"a\"\ntitle = \"A\"\nany = [\"a\"]\n");
    let ProgramOutput { code, stdout, stderr } = program.run(&["check", "--dry-run"]);
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stdout.contains("feeds.toml") && stderr.contains("data"), "{stdout}{stderr}");
    assert_eq!(fs::read_dir(program.path()).unwrap().count(), 1);
}

#[test]
fn a_renamed_topic_keeps_its_stories_and_labels() {
    let posts = [post("Kafka keeps logs", ""), post("Cheese", "Of milk.")];
    let program = TopicProgram::with_posts(
        &posts,
        "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"kafka\"]\n",
    );
    program.run(&["label", &program.ids("Cheese")[0], "streams"]);
    program.write(
        "[[topic]]\nid = \"flows\"\ntitle = \"Flows\"\nany = [\"kafka\"]\nwas = [\"streams\"]\n",
    );
    let predicted = program.json(&["check", "--dry-run"]);
    assert_eq!(
        predicted["topics"],
        serde_json::json!([{ "id": "flows", "enter": [], "leave": [] }])
    );
    program.run(&["poll"]);
    let stories = program.json(&["stories", "--topic", "flows"]);
    assert_eq!(stories.as_array().unwrap().len(), 2, "{stories}");
    let labelled = program.json(&["stories", "--labelled"]);
    assert_eq!(
        (&labelled[0]["topics"][0]["id"], &labelled[0]["topics"][0]["by"]),
        (&"flows".into(), &"label".into()),
        "{labelled}"
    );
}

#[test]
fn topics_reports_the_number_of_stories_without_a_topic() {
    let posts =
        [post("Kafka keeps logs", ""), post("Cheese", "Of milk."), post("Bread", "Of flour.")];
    let program = TopicProgram::with_posts(
        &posts,
        "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"kafka\"]\n",
    );
    let ProgramOutput { code, stderr: err, .. } = program.program.run(&["topics"]);
    assert_eq!(code, 0);
    assert!(err.contains("2 unsorted stories"), "{err}");
    assert_eq!(program.json(&["topics"])[0]["stories"], 1);
}

/// Words of two trades, and of neither.
fn trade_posts() -> Vec<(String, String)> {
    let mut posts = Vec::new();
    for n in 0..12 {
        let grain = ["wheat", "rye", "spelt", "barley"][n % 4];
        let cheese = ["gouda", "brie", "feta", "cheddar"][n % 4];
        posts.push(post(
            &format!("Baking number {n}"),
            &format!("A sourdough loaf of {grain} flour, kneaded and baked in a hot oven."),
        ));
        posts.push(post(
            &format!("Dairy number {n}"),
            &format!("A wheel of {cheese} from raw milk, pressed and ripened in a cool cellar."),
        ));
    }
    posts
}

#[test]
fn suggest_proposes_terms_for_topics_and_new_subjects() {
    let program = TopicProgram::with_posts(
        &trade_posts(),
        "[[topic]]\nid = \"bread\"\ntitle = \"Bread\"\nany = [\"sourdough\"]\n",
    );
    let suggested = program.json(&["topics", "suggest"]);
    let bread = &suggested["topics"][0];
    assert_eq!(
        (&bread["id"], &bread["from"], &bread["stories"]),
        (&"bread".into(), &"stories".into(), &12.into())
    );
    let terms: Vec<&str> = bread["terms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|term| term["term"].as_str().unwrap())
        .collect();
    assert!(terms.iter().any(|term| term.contains("oven")), "{terms:?}");
    assert!(
        terms.iter().all(|term| !term.contains("sourdough") && !term.contains("milk")),
        "{terms:?}"
    );
    let subjects = suggested["subjects"].as_array().unwrap();
    assert_eq!(
        program.run(&["topics", "suggest"]),
        program.run(&["topics", "suggest"]),
        "the same state, the same proposals"
    );
    let only = program.json(&["topics", "suggest", "bread"]);
    assert_eq!((&only["topics"][0], &only["subjects"]), (bread, &serde_json::json!([])));
    assert!(!subjects.is_empty(), "{suggested}");
    let of_dairy = program.ids("Dairy");
    for subject in subjects {
        let stories: Vec<&str> =
            subject["stories"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert!(
            stories.len() >= 3 && stories.iter().all(|id| of_dairy.iter().any(|known| known == id)),
            "{subject}"
        );
    }
    let ProgramOutput { code, stderr: err, .. } =
        program.program.run(&["topics", "suggest", "wine"]);
    assert_eq!(code, 1);
    assert!(err.contains("no such topic: wine") && err.contains("bread"), "{err}");
}

#[test]
fn labels_train_a_topic_with_learn() {
    let topics = "[[topic]]\nid = \"bread\"\ntitle = \"Bread\"\nlearn = true\n[[topic]]\n\
        id = \"plain\"\ntitle = \"Plain\"\nany = [\"spelt\"]\n";
    let program = TopicProgram::with_posts(&trade_posts(), topics);
    let learning = |program: &TopicProgram| program.json(&["topics"])[0]["learning"].clone();
    assert_eq!(
        (&learning(&program)["labels"], &learning(&program)["counts"]),
        (&0.into(), &false.into())
    );
    assert!(program.json(&["topics"])[1]["learning"].is_null());
    assert!(program.json(&["stories", "--topic", "bread"]).as_array().unwrap().is_empty());

    let (baking, dairy) = (program.ids("Baking"), program.ids("Dairy"));
    for id in &baking[..4] {
        program.run(&["label", id, "bread"]);
    }
    for id in &dairy[..6] {
        program.run(&["label", id, "--none"]);
    }
    assert_eq!(learning(&program)["counts"], false, "four labels are not enough");
    let why = program.json(&["explain", &baking[8]]);
    assert!(
        why["topics_not"][0]["because"]
            .to_string()
            .contains("4 labels in the topic and 6 outside of it"),
        "{why}"
    );

    program.run(&["label", &baking[4], "bread"]);
    let state = learning(&program);
    assert_eq!(
        (&state["labels"], &state["others"], &state["counts"]),
        (&5.into(), &6.into(), &true.into()),
        "{state}"
    );
    assert!(state["f1"].as_f64().unwrap() > state["f1_rules"].as_f64().unwrap());
    program.run(&["poll"]);
    let mut bread: Vec<String> = program
        .json(&["stories", "--topic", "bread", "--limit", "0"])
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["id"].as_str().unwrap().to_owned())
        .collect();
    let mut expected = baking.clone();
    bread.sort();
    expected.sort();
    assert_eq!(bread, expected, "every baking story, and none of dairy");
    let why = program.json(&["explain", &baking[8]]);
    let because = why["topics"][0]["because"][0].as_str().unwrap();
    assert!(
        because.starts_with("learnt from labels, ") && because.contains("\"flour\" +"),
        "{because}"
    );
    let sorted = program.json(&["stories", "--limit", "0"]);
    program.run(&["poll"]);
    assert_eq!(
        program.json(&["stories", "--limit", "0"]),
        sorted,
        "the same labels teach the same"
    );

    // Labels that are taken back unteach.
    for id in &baking[..5] {
        program.run(&["label", id, "--clear"]);
    }
    program.run(&["poll"]);
    assert!(program.json(&["stories", "--topic", "bread"]).as_array().unwrap().is_empty());
}

#[test]
fn several_stories_are_labelled_and_every_label_says_what_it_changed() {
    let topics = "[[topic]]\nid = \"bread\"\ntitle = \"Bread\"\nlearn = true\n";
    let program = TopicProgram::with_posts(&trade_posts(), topics);
    let (baking, dairy) = (program.ids("Baking"), program.ids("Dairy"));
    let run = |arguments: &[&[String]], options: &[&str]| {
        let ids: Vec<&str> =
            arguments.iter().flat_map(|ids| ids.iter().map(String::as_str)).collect();
        let ended = program.program.run(&[&["label"], options, &ids[..]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stderr
    };
    let said = run(&[&dairy[..5]], &["--none"]);
    assert!(said.contains("labelled with no topic: Dairy number"), "{said}");
    let said = run(&[&baking[..5]], &["--topic", "bread"]);
    assert!(said.contains("labelled with bread: Baking number"), "{said}");
    assert!(said.contains("bread: 7 stories enter, 0 leave by what the labels teach"), "{said}");
    let said = run(&[&baking[..2]], &["--clear"]);
    assert!(said.contains("label removed: Baking number"), "{said}");
    assert_eq!(program.json(&["stories", "--labelled"]).as_array().unwrap().len(), 8);
}

#[test]
fn labels_are_exported_and_evaluate_reads_them_and_stories() {
    let posts = [
        post("Kafka keeps logs", "Of a log."),
        post("Raft elects leaders", "Of votes."),
        post("Cheese", "Of milk."),
    ];
    let program = TopicProgram::with_posts(
        &posts,
        "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"kafka\", \"votes\"]\n",
    );
    program.run(&["label", &program.ids("Kafka")[0], "streams"]);
    program.run(&["label", &program.ids("Raft")[0], "--none"]);
    let stored = program.json(&["evaluate"]);
    let streams = &stored["topics"][0];
    assert_eq!((&streams["precision"], &streams["recall"]), (&0.5.into(), &1.0.into()));
    assert_eq!(stored["misses"][0]["title"], "Raft elects leaders");
    assert_eq!(stored["by"]["rules"]["topics"][0], *streams);
    assert!(stored["by"]["labels"]["macro"]["f1"].is_number(), "{stored}");

    let export = program.run(&["label", "--export"]);
    assert!(export.contains("[[label]]\ntitle = \"Kafka keeps logs\""), "{export}");
    let files = [
        ("labels.toml", export),
        ("labels.json", program.run(&["label", "--export", "--json"])),
        ("stories.json", program.run(&["stories", "--labelled", "--json"])),
    ];
    for (name, text) in files {
        fs::write(program.program.join(name), text).unwrap();
        let evaluation = program.json(&["evaluate", name]);
        assert_eq!(evaluation["topics"][0]["precision"], 0.5, "{name}: {evaluation}");
        assert_eq!(evaluation["misses"].as_array().unwrap().len(), 1, "{name}");
    }
    // A row with a title alone is scored by everything that is stored of the story.
    fs::write(
        program.program.join("titles.json"),
        r#"[{"title": "Raft elects leaders", "topics": ["streams"]}]"#,
    )
    .unwrap();
    assert_eq!(program.json(&["evaluate", "titles.json"])["macro"]["f1"], 1.0);
    for id in program.ids("") {
        program.run(&["label", &id, "--clear"]);
    }
    fs::write(
        program.program.join("unknown.json"),
        r#"[{"title": "Raft elects leaders", "topics": ["streams"]},
            {"title": "Cheese", "topics": ["dairy"]}]"#,
    )
    .unwrap();
    let refused = program.program.run(&["label", "--from", "unknown.json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("no such topic: dairy"), "{}", refused.stderr);
    assert_eq!(program.json(&["stories", "--labelled"]), serde_json::json!([]), "all or none");
    let imported = program.program.run(&["label", "--from", "labels.toml"]);
    assert!(imported.stderr.contains("2 stories labelled"), "{}", imported.stderr);
}

#[test]
fn stories_are_forgotten_together_or_by_source() {
    let posts = [post("One", ""), post("Two", ""), post("Three", ""), post("Four", "")];
    let program = TopicProgram::with_posts(&posts, "");
    let (one, two) = (program.ids("One").remove(0), program.ids("Two").remove(0));
    let ended = program.program.run(&["forget", &one, &two]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("One") && ended.stderr.contains("2 stories removed"));
    let unknown = program.program.run(&["forget", "--source", "blogg"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("did you mean blog?"), "{}", unknown.stderr);
    program.run(&["forget", "--source", "blog", "--yes"]);
    assert!(program.json(&["stories"]).as_array().unwrap().is_empty());
    assert_eq!(program.program.run(&["forget"]).code, 2);
}

#[test]
fn a_removed_source_or_a_renamed_topic_shows_in_check() {
    let streams = "[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"kafka\"]\n";
    let program = TopicProgram::with_posts(&[post("Kafka keeps logs", "")], streams);
    program.write(&streams.replace("\"streams\"", "\"event-streams\""));
    let check = program.json(&["check"]);
    let problem = &check["problems"][0];
    assert_eq!((&check["ok"], &problem["severity"]), (&true.into(), &"warning".into()));
    assert!(problem["hint"].as_str().unwrap().contains("was = [\"streams\"]"), "{check}");
    assert_eq!(problem["key"], "topic[0].id");
    let text = program.run(&["check", "--dry-run"]);
    assert!(text.contains("seems to be the former topic `streams`"), "{text}");
    assert!(text.contains("the topic is removed: its feed answers 404"), "{text}");

    program.program.configure(&format!("[site]\ncontact = \"mailto:me@example.org\"\n{streams}"));
    let dry_run = program.json(&["check", "--dry-run"]);
    assert_eq!(dry_run["removed_sources"][0]["id"], "blog", "{dry_run}");
    assert!(program.run(&["check", "--dry-run"]).contains("source blog is removed"));
}

#[test]
fn a_topic_is_proposed_from_stored_stories_and_appended() {
    let program = TopicProgram::with_posts(&trade_posts(), "# the end\n");
    let before = fs::read_to_string(program.program.join("feeds.toml")).unwrap();
    let new = program.json(&["topic", "new", "Sourdough", "--yes"]);
    assert_eq!((&new["id"], &new["stories"]), (&"sourdough".into(), &12.into()));
    let after = fs::read_to_string(program.program.join("feeds.toml")).unwrap();
    assert!(after.starts_with(&before) && after.contains("[[topic]]\nid"), "{after}");
    assert!(after.contains("any   = [\"sourdough\", "), "{after}");
    program.run(&["poll"]);
    assert_eq!(program.json(&["topics"])[0]["stories"], 12);
    let again = program.program.run(&["topic", "new", "Sourdough", "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("already has a topic `sourdough`"), "{}", again.stderr);

    let event_streaming = program.program.run(&["topic", "new", "Event streaming", "--yes"]);
    let hint = "`--vocabulary streaming` takes the usual words of Streaming";
    assert!(event_streaming.stderr.contains(hint), "{}", event_streaming.stderr);
    let streaming =
        program.json(&["topic", "new", "Live data", "--vocabulary", "streaming", "--yes"]);
    assert_eq!(streaming["vocabulary"], serde_json::json!(["streaming"]));
    let unknown = program.program.run(&["topic", "new", "X", "--vocabulary", "streming", "--yes"]);
    assert!(unknown.stderr.contains("did you mean streaming?"), "{}", unknown.stderr);
    assert_eq!(program.program.run(&["topic", "refill", "sourdogh"]).code, 1);

    let before = fs::read_to_string(program.program.join("feeds.toml")).unwrap();
    let wordless = program.program.run(&["topic", "new", "…", "--yes"]);
    assert_eq!(wordless.code, 1, "a topic without rules contains every story");
    assert!(wordless.stderr.contains("--vocabulary"), "{}", wordless.stderr);
    assert_eq!(fs::read_to_string(program.program.join("feeds.toml")).unwrap(), before);
}

#[test]
fn suggested_subjects_are_blocks_without_noise() {
    let mut posts = trade_posts();
    for (_, summary) in &mut posts {
        summary.push_str(" &amp;nbsp; uncategorized de com um é");
    }
    let program = TopicProgram::with_posts(&posts, "");
    let text = program.run(&["topics", "suggest"]);
    assert!(text.contains("[[topic]]\nid    = \"") && text.contains("#   Dairy number"), "{text}");
    for noise in ["nbsp", "uncategorized", "\"um\"", "\"de\""] {
        assert!(!text.contains(noise), "{noise}: {text}");
    }
    let block = &text[text.find("[[topic]]").unwrap()..];
    let block = block.split("\n\n").next().unwrap();
    program.write(&format!("{block}\n"));
    program.run(&["check"]);
}

#[test]
fn a_vocabulary_shows_where_its_terms_hit() {
    let posts =
        [post("Kafka keeps logs", "A stream processing engine."), post("Cheese", "Of milk.")];
    let program = TopicProgram::with_posts(&posts, "");
    let listed = program.json(&["vocabulary"]);
    assert!(listed.as_array().unwrap().iter().any(|one| one["name"] == "streaming"), "{listed}");
    let streaming = program.json(&["vocabulary", "streaming"]);
    let terms: Vec<&Value> = streaming["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["words"].as_array().unwrap())
        .collect();
    let stories = |term: &str| &terms.iter().find(|one| one["term"] == term).unwrap()["stories"];
    assert_eq!((stories("kafka"), stories("stream processing")), (&1.into(), &1.into()));
    assert_eq!(stories("redpanda"), &Value::from(0));
    let text = program.run(&["vocabulary", "streaming"]);
    let line = text.lines().find(|line| line.trim_start().starts_with("kafka ")).unwrap();
    assert!(line.ends_with("1  1 title"), "{line}");
    assert_eq!(program.program.run(&["vocabulary", "streming"]).code, 1);
}

#[test]
fn folders_of_an_opml_file_become_topics_on_request() {
    let program = TopicProgram::with_posts(&[post("One", "")], "");
    let known = program.origin.url("/feed");
    let opml = format!(
        "<opml version=\"2.0\"><body><outline text=\"Data &amp; Bases\">\
         <outline text=\"Known\" xmlUrl=\"{known}\"/>\
         <outline text=\"New\" xmlUrl=\"https://new.example/feed\"/></outline>\
         <outline text=\"Data Bases\"><outline text=\"Two\" xmlUrl=\"https://two.example/feed\"/>\
         </outline>\
         <outline text=\"Alone\" xmlUrl=\"https://alone.example/feed\"/></body></opml>"
    );
    fs::write(program.program.join("feeds.opml"), opml).unwrap();
    let imported = program.json(&["import", "feeds.opml", "--topics"]);
    assert_eq!(imported["topics"], serde_json::json!(["data-bases", "data-bases-2"]));
    let again = program.json(&["import", "feeds.opml", "--topics"]);
    assert_eq!(again["topics"], serde_json::json!([]));
    let text = fs::read_to_string(program.program.join("feeds.toml")).unwrap();
    assert!(text.contains("sources = [\"blog\", \"new\"]"), "{text}");
    program.run(&["check"]);
}
