//! The language of matchers, the scores, and the shipped topics against their reference labels.

// What every test here uses stands outside of the tests themselves.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use feed_model::{SourceId, Topic, TopicId};
use topic_rules::evaluate::{self, Evaluation, Labelled};
use topic_rules::{Fields, Rules, Verdict};

fn topic(any: &[&str]) -> Topic {
    Topic {
        id: TopicId::new("t").unwrap(),
        title: "T".to_owned(),
        description: None,
        any: any.iter().map(|text| (*text).to_owned()).collect(),
        all: Vec::new(),
        none: Vec::new(),
        sources: Vec::new(),
        threshold: 1.0,
        was: Vec::new(),
        learn: false,
        announce_within: Duration::from_hours(48),
        access: Vec::new(),
    }
}

fn judge(topic: &Topic, fields: &Fields<'_>) -> Verdict {
    Rules::compile(std::slice::from_ref(topic)).unwrap().explain(fields).remove(0)
}

fn titled(title: &str) -> Fields<'_> {
    Fields { title, language: Some("en"), ..Fields::default() }
}

#[track_caller]
fn assert_title(matcher: &str, title: &str, hits: bool) {
    let verdict = judge(&topic(&[matcher]), &titled(title));
    assert_eq!(verdict.member, hits, "`{matcher}` in {title:?}: {verdict:?}");
}

#[track_caller]
fn assert_score(topic: &Topic, fields: &Fields<'_>, score: f64) {
    let verdict = judge(topic, fields);
    assert!((verdict.score - score).abs() < 1e-6, "{score} expected: {verdict:?}");
}

#[test]
fn words_are_whole_words_in_any_case() {
    assert_title("kafka", "What KAFKA promises", true);
    assert_title("kafka", "Kafkaesque meetings", false);
    assert_title("ai", "He said nothing", false);
    assert_title("java", "javascript without tears", false);
    assert_title("straße", "STRASSE", true);
    assert_title("strasse", "Die Straße", true);
    assert_title("Café", "cafe\u{301} society", true);
    assert_title("cafe\u{301}", "CAFÉ", true);
    assert_title("софт", "Новый СОФТ", true);
}

#[test]
fn inflections_match() {
    assert_title("database", "Databases compared", true);
    assert_title("stream processing", "We processed streams", false);
    assert_title("stream processing", "Stream processes", true);
    assert_title("llm", "LLMs in production", true);
    assert_title("vm", "Small VMs", true);
    assert_title("AWS", "An awful day", false);
    assert_title("AWS", "An aws bill", true);
    assert_title("agents", "One agent", true);
    assert_title("kafka", "Kafka's log", true);
    assert_title("kafka", "Kafka’s log", true);
    let german = Fields { title: "Die Datenbanken", language: Some("de"), ..Fields::default() };
    assert!(judge(&topic(&["datenbank"]), &german).member);
    let french = Fields { title: "L’infrastructure", language: Some("fr-FR"), ..Fields::default() };
    assert!(judge(&topic(&["infrastructures"]), &french).member);
    let declared = Fields { title: "Datenbanken", language: Some("en"), ..Fields::default() };
    assert!(!judge(&topic(&["datenbank"]), &declared).member);
}

#[test]
fn an_undeclared_language_is_detected() {
    let fields = Fields {
        title: "Verteilte Datenbanken",
        summary: Some(
            "Wie sich einzelne Knoten auf einen gemeinsamen Zustand einigen, auch wenn das Netz zwischen ihnen ausfällt.",
        ),
        ..Fields::default()
    };
    assert!(judge(&topic(&["title:datenbank"]), &fields).member);
}

#[test]
fn hyphen_space_and_camel_case_are_one() {
    for matcher in ["KV cache", "kv-cache", "KVCache", "kv\u{2011}cache", "KvCache"] {
        for title in ["The KV cache", "kv-cache tiers", "KVCache tiers", "Kv-Caches", "kv\ncache", "kvCache"] {
            assert_title(matcher, title, true);
        }
    }
    assert_title("event-driven", "Event driven design", true);
    assert_title("event driven", "EventDriven design", true);
    assert_title("gRPC", "GRPC or grpc?", true);
    assert_title("grpc", "Using gRPC", true);
    assert_title("grpc server", "A gRPC server with KVCache", true);
    assert_title("grpc kv cache", "gRPC KVCache", true);
    assert_title("kafka", "KafkaStreams", true);
    assert_title("eventdriven", "event driven", false);
}

#[test]
fn a_phrase_does_not_run_over_punctuation() {
    assert_title("stream processing", "The stream. Processing begins", false);
    assert_title("stream processing", "stream, processing", false);
    assert_title("stream processing", "stream - processing", false);
    assert_title("stream processing", "stream\n\nprocessing", false);
    assert_title("stream processing", "\u{201c}stream\u{201d} processing", true);
}

#[test]
fn names_with_signs_and_digits_are_words() {
    assert_title("C++", "Modern C++ idioms", true);
    assert_title("C++", "Plan C", false);
    assert_title("C#", "C# records", true);
    assert_title(".NET", "What is new in .NET", true);
    assert_title(".NET", "Cast it. Net it.", false);
    assert_title("CI/CD", "ci/cd pipelines", true);
    assert_title("CI/CD", "CI and CD", false);
    assert_title("S3", "A cache on S3", true);
    assert_title("S3", "S3Bucket", true);
    assert_title("p99", "P99 latency", true);
    assert_title("node.js", "Node.js leaks", true);
    assert_title("AI + infrastructure", "AI + Infrastructure", true);
    assert_title("HTTP/2", "HTTP/2 in depth", true);
}

#[test]
fn scripts_without_spaces_match_anywhere() {
    assert_title("分散", "大規模な分散システムの設計", true);
    assert_title("システム", "大規模な分散システムの設計", true);
    assert_title("分散 システム", "大規模な分散システムの設計", true);
    assert_title("数据库", "分布式数据库原理", true);
    assert_title("ระบบ", "การออกแบบระบบกระจาย", true);
    assert_title("ストリーム", "Kafkaストリーム処理", true);
    assert_title("kafka", "Kafkaストリーム処理", true);
    let composed = "か\u{3099}";
    assert_title("が", composed, true);
}

#[test]
fn regexes_ignore_case_unless_told() {
    assert_title("/kafka|flink/", "FLINK", true);
    assert_title("/(?-i)RAG/", "rag rug", false);
    assert_title("/(?-i)RAG/", "RAG at work", true);
    assert_title("/caf\u{e9}/", "cafe\u{301}", true);
    assert_title("title:/^why/", "Why not", true);
    assert_title("title:/^why/", "And why not", false);
}

#[test]
fn fields_count_as_the_reference_says() {
    let long = format!("{} kafka at the end.", "word ".repeat(80));
    let fields = |title, summary, text| Fields { title, summary, text, language: Some("en"), ..Fields::default() };
    assert_score(&topic(&["kafka"]), &fields("Kafka", None, ""), 2.0);
    assert_score(&topic(&["kafka"]), &fields("", Some("Kafka"), ""), 1.0);
    assert_score(&topic(&["kafka"]), &fields("", None, "Kafka is first."), 1.0);
    assert_score(&topic(&["kafka"]), &fields("", None, &long), 0.5);
    assert_score(&topic(&["kafka"]), &fields("", Some("else"), "Kafka is first."), 0.5);
    assert_score(&topic(&["content:kafka"]), &fields("", None, &long), 1.0);
    assert_score(&topic(&["content:kafka"]), &fields("Kafka", Some("Kafka"), "Kafka is first."), 1.0);
    assert_score(&topic(&["summary:kafka"]), &fields("Kafka", None, "Kafka is first."), 1.0);
    assert_score(&topic(&["title:kafka"]), &fields("Kafka", Some("Kafka"), "Kafka"), 2.0);
    assert_score(&topic(&["kafka^2.5"]), &fields("Kafka", None, ""), 5.0);
    assert_score(&topic(&["kafka", "flink"]), &fields("Kafka", Some("Flink"), ""), 3.0);
    let other = Fields {
        categories: &["Event Streaming"],
        authors: &["Ada Lovelace"],
        url: Some("https://www.serverless.fyi/p/kafka-streams?x=1"),
        sources: &["serverless-fyi"],
        ..Fields::default()
    };
    assert_score(&topic(&["streaming"]), &other, 2.0);
    assert_score(&topic(&["category:streaming"]), &other, 2.0);
    assert_score(&topic(&["author:ada lovelace"]), &other, 1.0);
    assert_score(&topic(&["url:kafka streams"]), &other, 1.0);
    assert_score(&topic(&["url:serverless.fyi"]), &other, 1.0);
    assert_score(&topic(&["url:/serverless\\.fyi\\/p/"]), &other, 1.0);
    assert_score(&topic(&["source:serverless-fyi"]), &other, 1.0);
    assert_score(&topic(&["ada", "kafka", "serverless"]), &other, 0.0);
}

#[test]
fn each_further_hit_adds_half_of_the_one_before() {
    assert_score(&topic(&["kafka"]), &titled("Kafka, Kafka, Kafka"), 3.5);
    let fields = Fields { title: "Kafka", summary: Some("Kafka"), language: Some("en"), ..Fields::default() };
    assert_score(&topic(&["kafka"]), &fields, 3.0);
    let many = format!("{}{}", "word ".repeat(80), "kafka ".repeat(5000));
    let long = Fields { text: &many, language: Some("en"), ..Fields::default() };
    let verdict = judge(&topic(&["kafka"]), &long);
    assert!(verdict.score < 1.0 && !verdict.member, "length alone does not win: {}", verdict.score);
}

#[test]
fn a_stretch_of_text_counts_once() {
    assert_score(&topic(&["a a"]), &titled("a a a"), 2.0);
    assert_score(&topic(&["KVCache"]), &titled("KVCache"), 2.0);
    let text = "Kafka keeps logs. Readers follow.";
    let same = Fields { summary: Some("Kafka keeps logs…"), text, language: Some("en"), ..Fields::default() };
    assert_score(&topic(&["kafka"]), &same, 1.0);
    let other = Fields { summary: Some("Kafka loses logs."), text, language: Some("en"), ..Fields::default() };
    assert_score(&topic(&["kafka"]), &other, 1.5);
}

#[test]
fn all_none_and_sources_decide_whatever_the_score() {
    let mut rule = topic(&["kafka"]);
    rule.all = vec!["/\\d/".to_owned(), "cluster".to_owned()];
    rule.none = vec!["title:hiring".to_owned()];
    assert!(judge(&rule, &titled("Kafka clusters, 3 of them")).member);
    let missing = judge(&rule, &titled("Kafka, 3 of them"));
    assert!(!missing.member && missing.lacking.len() == 1 && missing.lacking[0].contains("`cluster`"), "{missing:?}");
    let forbidden = judge(&rule, &titled("Hiring for Kafka clusters, 3 of them"));
    assert!(!forbidden.member && forbidden.lacking[0].contains("\"Hiring\" in the title"), "{forbidden:?}");

    let mut limited = topic(&[]);
    limited.threshold = 2.5;
    limited.sources = vec![SourceId::new("a").unwrap(), SourceId::new("b").unwrap()];
    let from_b = judge(&limited, &Fields { sources: &["x", "b"], ..titled("Anything") });
    assert!(from_b.member && (from_b.score - 2.5).abs() < 1e-9, "{from_b:?}");
    let elsewhere = judge(&limited, &Fields { sources: &["x"], ..titled("Anything") });
    assert!(!elsewhere.member && elsewhere.lacking[0].contains("a, b"), "{elsewhere:?}");

    let mut learning = topic(&[]);
    learning.learn = true;
    assert!(!judge(&learning, &titled("Anything")).member, "only the learner scores");
}

#[test]
fn a_verdict_names_matcher_field_text_and_weight() {
    let verdict = judge(&topic(&["stream processing^0.5", "flink"]), &titled("Stream-Processing at home"));
    assert_eq!(verdict.because, ["`stream processing^0.5` found \"Stream-Processing\" in the title: 1 at weight 0.5"]);
    let verdict = judge(&topic(&["flink^0.25"]), &titled("Flink"));
    assert_eq!(verdict.lacking, ["the score is 0.5, and 1 is needed"]);
    assert_eq!(judge(&topic(&["flink"]), &titled("Kafka")).lacking, ["nothing of `any` was found, and a score of 1 is needed"]);
}

#[test]
fn a_wrong_matcher_is_named_by_topic_list_and_place() {
    let mut rule = topic(&["kafka"]);
    rule.none = vec!["ok".to_owned(), "/(/".to_owned()];
    let error = Rules::compile(&[rule]).unwrap_err();
    assert_eq!((error.topic.as_str(), error.list, error.index), ("t", "none", 1));
}

#[test]
fn the_fingerprint_changes_with_what_decides_and_only_then() {
    let print = |topic: &Topic| Rules::compile(std::slice::from_ref(topic)).unwrap().fingerprint();
    let rule = topic(&["kafka", "flink"]);
    let mut renamed = rule.clone();
    renamed.title = "Other".to_owned();
    renamed.description = Some("Other".to_owned());
    renamed.announce_within = Duration::ZERO;
    assert_eq!(print(&rule), print(&renamed));
    let mut moved = topic(&["kafka"]);
    moved.all = vec!["flink".to_owned()];
    let mut threshold = rule.clone();
    threshold.threshold = 1.5;
    let mut learning = rule.clone();
    learning.learn = true;
    for other in [topic(&["kafka"]), topic(&["kafkaflink"]), moved, threshold, learning] {
        assert_ne!(print(&rule), print(&other), "{other:?}");
    }
}

#[test]
fn hostile_texts_are_judged_like_any_other() {
    let rule = topic(&["KVCache GPUPool", "/(a|b)+c/", "分散", "C++"]);
    for text in [
        "aB".repeat(20_000),
        "分".repeat(20_000),
        "\u{301}".repeat(20_000),
        "a_".repeat(20_000),
        "-".repeat(20_000),
        "İﬁßǰ".repeat(9_000),
    ] {
        let fields = Fields { title: &text, summary: Some(&text), text: &text, url: Some(&text), ..Fields::default() };
        judge(&rule, &fields);
    }
}

/// The topics of the shipped feeds.toml.
fn shipped() -> Rules {
    #[derive(serde::Deserialize)]
    struct File {
        topic: Vec<Written>,
    }
    #[derive(serde::Deserialize)]
    struct Written {
        id: String,
        title: String,
        #[serde(default)]
        any: Vec<String>,
        #[serde(default)]
        all: Vec<String>,
        #[serde(default)]
        none: Vec<String>,
        threshold: Option<f64>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("feeds.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let topics: Vec<Topic> = file
        .topic
        .into_iter()
        .map(|written| Topic {
            id: TopicId::new(written.id).unwrap(),
            title: written.title,
            any: written.any,
            all: written.all,
            none: written.none,
            threshold: written.threshold.unwrap_or(1.0),
            ..topic(&[])
        })
        .collect();
    Rules::compile(&topics).unwrap()
}

fn reference_labels() -> Vec<Labelled> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/labels.toml");
    evaluate::parse_labels(&std::fs::read_to_string(path).unwrap(), "data/labels.toml").unwrap()
}

#[track_caller]
fn assert_floor(evaluation: &Evaluation, floor: f64) {
    assert!(evaluation.mean.f1 >= floor, "{}", serde_json::to_string_pretty(evaluation).unwrap());
}

#[test]
fn the_shipped_topics_sort_the_reference_labels() {
    assert_floor(&evaluate::evaluate(&shipped(), &reference_labels()), 0.95);
}

#[test]
fn the_shipped_topics_do_not_lean_on_the_publishers_categories() {
    let mut labels = reference_labels();
    for row in &mut labels {
        row.categories.clear();
    }
    assert_floor(&evaluate::evaluate(&shipped(), &labels), 0.9);
}

#[test]
fn the_shipped_topics_sort_most_posts_by_title_alone() {
    let mut labels = reference_labels();
    for row in &mut labels {
        row.categories.clear();
        row.summary = None;
    }
    assert_floor(&evaluate::evaluate(&shipped(), &labels), 0.8);
}

#[test]
fn every_post_that_the_author_sorted_is_where_he_put_it() {
    let rules = shipped();
    let mut sorted = 0;
    for row in reference_labels().into_iter().filter(|row| !row.categories.is_empty()) {
        for summary in [row.summary.as_deref(), None] {
            let categories: Vec<&str> = row.categories.iter().map(String::as_str).collect();
            let verdicts = rules.explain(&Fields { title: &row.title, summary, categories: &categories, ..Fields::default() });
            let wanted = row.categories[0].to_lowercase().replace(" + ", "-").replace(' ', "-");
            assert!(verdicts.iter().any(|v| v.member && v.topic.as_str() == wanted), "{}: {verdicts:#?}", row.title);
        }
        sorted += 1;
    }
    assert!(sorted >= 12, "the author's index names {sorted}");
}

#[test]
fn labels_are_read_from_json_and_toml() {
    let json = r#"[{"title": "A", "topics": ["t"], "note": 1}, {"title": "B", "summary": "kafka", "topics": []}]"#;
    let rows = evaluate::parse_labels(json, "x.json").unwrap();
    assert_eq!(rows.len(), 2);
    let toml = "[[label]]\ntitle = \"A\"\ntopics = [\"t\"]\n";
    assert_eq!(evaluate::parse_labels(toml, "x.toml").unwrap()[0], rows[0]);
    for bad in ["", "[]", "[[label]]\ntitle = 'A'\n", "{", "[{\"title\": \"A\"}]", "[[labels]]\ntitle='A'\ntopics=[]"] {
        let error = evaluate::parse_labels(bad, "labels").unwrap_err();
        assert!(error.to_string().starts_with("labels: "), "{error}");
    }
}

#[test]
fn an_evaluation_is_printed_as_documented() {
    let rules = Rules::compile(&[topic(&["kafka"])]).unwrap();
    let rows = evaluate::parse_labels(
        r#"[{"title": "Kafka", "topics": ["t"]}, {"title": "Kafka again", "topics": []}, {"title": "Flink", "topics": ["t", "unknown"]}]"#,
        "x.json",
    )
    .unwrap();
    let printed = serde_json::to_value(evaluate::evaluate(&rules, &rows)).unwrap();
    assert_eq!(printed["topics"][0], serde_json::json!({"id": "t", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}));
    assert_eq!(
        printed["topics"][1],
        serde_json::json!({"id": "unknown", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1})
    );
    assert_eq!(printed["macro"], serde_json::json!({"precision": 0.25, "recall": 0.25, "f1": 0.25}));
    assert_eq!(printed["misses"][0]["title"], "Kafka again");
    assert_eq!(printed["misses"][0]["expected"], serde_json::json!([]));
    assert_eq!(printed["misses"][0]["got"], serde_json::json!(["t"]));
    assert!(printed["misses"][0]["because"][0].as_str().unwrap().contains("kafka"));
    assert_eq!(printed["misses"][1]["because"].as_array().unwrap().len(), 2);
}
