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
