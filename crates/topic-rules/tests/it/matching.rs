//! The matcher language, the scores and the rules fingerprint.

use std::time::Duration;

use feed_model::{SourceId, Topic};
use topic_rules::{MatcherList, Reason, Rules, StoryFields};

use crate::{classify_one, title_fields, topic};

#[track_caller]
fn assert_title_match(matcher: &str, title: &str, hits: bool) {
    let classification = classify_one(&topic(&[matcher]), &title_fields(title));
    assert_eq!(classification.is_member, hits, "`{matcher}` in {title:?}: {classification:?}");
}

#[track_caller]
fn assert_score(topic: &Topic, fields: &StoryFields<'_>, score: f64) {
    let classification = classify_one(topic, fields);
    assert!((classification.score - score).abs() < 1e-6, "{score} expected: {classification:?}");
}

#[test]
fn words_are_whole_words_in_any_case() {
    assert_title_match("kafka", "What KAFKA promises", true);
    assert_title_match("kafka", "Kafkaesque meetings", false);
    assert_title_match("ai", "He said nothing", false);
    assert_title_match("java", "javascript without tears", false);
    assert_title_match("straße", "STRASSE", true);
    assert_title_match("strasse", "Die Straße", true);
    assert_title_match("Café", "cafe\u{301} society", true);
    assert_title_match("cafe\u{301}", "CAFÉ", true);
    assert_title_match("софт", "Новый СОФТ", true);
}

#[test]
fn inflections_match() {
    assert_title_match("database", "Databases compared", true);
    assert_title_match("stream processing", "We processed streams", false);
    assert_title_match("stream processing", "Stream processes", true);
    assert_title_match("llm", "LLMs in production", true);
    assert_title_match("vm", "Small VMs", true);
    assert_title_match("AWS", "An awful day", false);
    assert_title_match("AWS", "An aws bill", true);
    assert_title_match("agents", "One agent", true);
    assert_title_match("kafka", "Kafka's log", true);
    assert_title_match("kafka", "Kafka’s log", true);
    let german =
        StoryFields { title: "Die Datenbanken", language: Some("de"), ..StoryFields::default() };
    assert!(classify_one(&topic(&["datenbank"]), &german).is_member);
    let french = StoryFields {
        title: "L’infrastructure",
        language: Some("fr-FR"),
        ..StoryFields::default()
    };
    assert!(classify_one(&topic(&["infrastructures"]), &french).is_member);
    let declared =
        StoryFields { title: "Datenbanken", language: Some("en"), ..StoryFields::default() };
    assert!(!classify_one(&topic(&["datenbank"]), &declared).is_member);
}

#[test]
fn an_undeclared_language_is_detected() {
    let fields = StoryFields {
        title: "Verteilte Datenbanken",
        summary: Some(
            "Wie sich einzelne Knoten auf einen gemeinsamen Zustand einigen, auch wenn das Netz \
             zwischen ihnen ausfällt.",
        ),
        ..StoryFields::default()
    };
    assert!(classify_one(&topic(&["title:datenbank"]), &fields).is_member);
}

#[test]
fn hyphens_spaces_and_camel_case_are_equivalent() {
    for matcher in ["KV cache", "kv-cache", "KVCache", "kv\u{2011}cache", "KvCache"] {
        for title in
            ["The KV cache", "kv-cache tiers", "KVCache tiers", "Kv-Caches", "kv\ncache", "kvCache"]
        {
            assert_title_match(matcher, title, true);
        }
    }
    assert_title_match("event-driven", "Event driven design", true);
    assert_title_match("event driven", "EventDriven design", true);
    assert_title_match("gRPC", "GRPC or grpc?", true);
    assert_title_match("grpc", "Using gRPC", true);
    assert_title_match("grpc server", "A gRPC server with KVCache", true);
    assert_title_match("grpc kv cache", "gRPC KVCache", true);
    assert_title_match("kafka", "KafkaStreams", true);
    assert_title_match("eventdriven", "event driven", false);
}

#[test]
fn a_phrase_reaches_over_signs_within_a_sentence() {
    for title in [
        "Stream, processing",
        "Stream: processing",
        "stream:processing",
        "Stream/processing",
        "stream / processing",
        "Stream & processing",
        "stream， processing",
    ] {
        assert_title_match("stream processing", title, true);
    }
    assert_title_match("stream processing", "stream, batch processing", false);
    assert_title_match("CI/CD pipelines", "CI/CD: pipelines", true);
    assert_title_match("C++ templates", "C++: templates", true);
    assert_title_match("CI CD", "CI/CD", true);
    assert_title_match("CI/CD", "CI, CD", false);
    assert_title_match("분산 시스템", "분산, 시스템", true);
}

#[test]
fn korean_words_match_with_particles() {
    for title in ["카프카를 배우다", "카프카는 빠르다", "카프카의 로그", "카프카에서는", "카프카"]
    {
        assert_title_match("카프카", title, true);
    }
    assert_title_match("스트림 처리", "스트림의 처리를 배우다", true);
    assert_title_match("kafka", "Kafka를 배우다", true);
    assert_title_match("카프카", "카프카네", false);
    assert_title_match("회", "회의", false);
}

#[test]
fn a_turkish_capital_i_with_a_dot_is_an_i() {
    assert_title_match("istanbul", "İstanbul haberleri", true);
    assert_title_match("internet", "İNTERNET kesildi", true);
    assert_title_match("İstanbul", "istanbul", true);
}

#[test]
fn a_phrase_does_not_match_across_the_end_of_a_sentence() {
    assert_title_match("stream processing", "The stream. Processing begins", false);
    assert_title_match("stream processing", "The stream! Processing begins", false);
    assert_title_match("stream processing", "A stream? Processing begins", false);
    assert_title_match("stream processing", "A stream; processing begins", false);
    assert_title_match("stream processing", "stream - processing", false);
    assert_title_match("stream processing", "stream\n\nprocessing", false);
    assert_title_match("stream processing", "\u{201c}stream\u{201d} processing", true);
}

#[test]
fn names_with_signs_and_digits_are_words() {
    assert_title_match("C++", "Modern C++ idioms", true);
    assert_title_match("C++", "Plan C", false);
    assert_title_match("C#", "C# records", true);
    assert_title_match(".NET", "What is new in .NET", true);
    assert_title_match(".NET", "Cast it. Net it.", false);
    assert_title_match("CI/CD", "ci/cd pipelines", true);
    assert_title_match("CI/CD", "CI and CD", false);
    assert_title_match("S3", "A cache on S3", true);
    assert_title_match("S3", "S3Bucket", true);
    assert_title_match("p99", "P99 latency", true);
    assert_title_match("node.js", "Node.js leaks", true);
    assert_title_match("AI + infrastructure", "AI + Infrastructure", true);
    assert_title_match("HTTP/2", "HTTP/2 in depth", true);
}

#[test]
fn scripts_without_spaces_match_substrings() {
    assert_title_match("分散", "大規模な分散システムの設計", true);
    assert_title_match("システム", "大規模な分散システムの設計", true);
    assert_title_match("分散 システム", "大規模な分散システムの設計", true);
    assert_title_match("数据库", "分布式数据库原理", true);
    assert_title_match("ระบบ", "การออกแบบระบบกระจาย", true);
    assert_title_match("ストリーム", "Kafkaストリーム処理", true);
    assert_title_match("kafka", "Kafkaストリーム処理", true);
    let composed = "か\u{3099}";
    assert_title_match("が", composed, true);
}

#[test]
fn regexes_ignore_case_unless_a_flag_says_otherwise() {
    assert_title_match("/kafka|flink/", "FLINK", true);
    assert_title_match("/(?-i)RAG/", "rag rug", false);
    assert_title_match("/(?-i)RAG/", "RAG at work", true);
    assert_title_match("/caf\u{e9}/", "cafe\u{301}", true);
    assert_title_match("title:/^why/", "Why not", true);
    assert_title_match("title:/^why/", "And why not", false);
}

#[test]
fn fields_have_the_documented_weights() {
    let long = format!("{} kafka at the end.", "word ".repeat(80));
    let fields = |title, summary, text| StoryFields {
        title,
        summary,
        text,
        language: Some("en"),
        ..StoryFields::default()
    };
    assert_score(&topic(&["kafka"]), &fields("Kafka", None, ""), 2.0);
    assert_score(&topic(&["kafka"]), &fields("", Some("Kafka"), ""), 1.0);
    assert_score(&topic(&["kafka"]), &fields("", None, "Kafka is first."), 1.0);
    assert_score(&topic(&["kafka"]), &fields("", None, &long), 0.5);
    assert_score(&topic(&["kafka"]), &fields("", Some("else"), "Kafka is first."), 0.5);
    assert_score(&topic(&["content:kafka"]), &fields("", None, &long), 1.0);
    assert_score(
        &topic(&["content:kafka"]),
        &fields("Kafka", Some("Kafka"), "Kafka is first."),
        1.0,
    );
    assert_score(&topic(&["summary:kafka"]), &fields("Kafka", None, "Kafka is first."), 1.0);
    assert_score(&topic(&["title:kafka"]), &fields("Kafka", Some("Kafka"), "Kafka"), 2.0);
    assert_score(&topic(&["kafka^2.5"]), &fields("Kafka", None, ""), 5.0);
    assert_score(&topic(&["kafka", "flink"]), &fields("Kafka", Some("Flink"), ""), 3.0);
    let other = StoryFields {
        categories: &["Event Streaming"],
        authors: &["Ada Lovelace"],
        url: Some("https://www.serverless.fyi/p/kafka-streams?x=1"),
        sources: &["serverless-fyi"],
        ..StoryFields::default()
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
fn each_further_match_adds_half_of_the_previous_weight() {
    assert_score(&topic(&["kafka"]), &title_fields("Kafka, Kafka, Kafka"), 3.5);
    let fields = StoryFields {
        title: "Kafka",
        summary: Some("Kafka"),
        language: Some("en"),
        ..StoryFields::default()
    };
    assert_score(&topic(&["kafka"]), &fields, 3.0);
    let many = format!("{}{}", "word ".repeat(80), "kafka ".repeat(5000));
    let long = StoryFields { text: &many, language: Some("en"), ..StoryFields::default() };
    let classification = classify_one(&topic(&["kafka"]), &long);
    assert!(
        classification.score < 1.0 && !classification.is_member,
        "length alone does not win: {}",
        classification.score
    );
}

#[test]
fn overlapping_matches_count_once() {
    assert_score(&topic(&["a a"]), &title_fields("a a a"), 2.0);
    assert_score(&topic(&["KVCache"]), &title_fields("KVCache"), 2.0);
    let text = "Kafka keeps logs. Readers follow.";
    let same = StoryFields {
        summary: Some("Kafka keeps logs…"),
        text,
        language: Some("en"),
        ..StoryFields::default()
    };
    assert_score(&topic(&["kafka"]), &same, 1.0);
    let other = StoryFields {
        summary: Some("Kafka loses logs."),
        text,
        language: Some("en"),
        ..StoryFields::default()
    };
    assert_score(&topic(&["kafka"]), &other, 1.5);
}

#[test]
fn all_none_and_sources_override_the_score() {
    let mut rule = topic(&["kafka"]);
    rule.all = vec!["/\\d/".to_owned(), "cluster".to_owned()];
    rule.none = vec!["title:hiring".to_owned()];
    assert!(classify_one(&rule, &title_fields("Kafka clusters, 3 of them")).is_member);
    let missing = classify_one(&rule, &title_fields("Kafka, 3 of them"));
    assert!(
        !missing.is_member
            && missing.reasons_against.len() == 1
            && missing.reasons_against[0].to_string().contains("`cluster`"),
        "{missing:?}"
    );
    let forbidden = classify_one(&rule, &title_fields("Hiring for Kafka clusters, 3 of them"));
    assert!(
        !forbidden.is_member
            && forbidden.reasons_against[0].to_string().contains("\"Hiring\" in the title"),
        "{forbidden:?}"
    );

    let mut limited = topic(&[]);
    limited.threshold = 2.5;
    limited.sources = vec![SourceId::new("a").unwrap(), SourceId::new("b").unwrap()];
    let from_b =
        classify_one(&limited, &StoryFields { sources: &["x", "b"], ..title_fields("Anything") });
    assert!(from_b.is_member && (from_b.score - 2.5).abs() < 1e-9, "{from_b:?}");
    let elsewhere =
        classify_one(&limited, &StoryFields { sources: &["x"], ..title_fields("Anything") });
    assert!(
        !elsewhere.is_member && elsewhere.reasons_against[0].to_string().contains("a, b"),
        "{elsewhere:?}"
    );

    let mut learning = topic(&[]);
    learning.learn = true;
    assert!(
        !classify_one(&learning, &title_fields("Anything")).is_member,
        "only the learner scores"
    );
}

fn sentences(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(Reason::to_string).collect()
}

#[test]
fn an_explanation_has_matcher_field_text_and_weight() {
    let classification = classify_one(
        &topic(&["stream processing^0.5", "flink"]),
        &title_fields("Stream-Processing at home"),
    );
    assert_eq!(
        sentences(&classification.reasons),
        ["`stream processing^0.5` found \"Stream-Processing\" in the title: 1 at weight 0.5"]
    );
    let classification = classify_one(&topic(&["flink^0.25"]), &title_fields("Flink"));
    assert_eq!(sentences(&classification.reasons_against), ["the score is 0.5, and 1 is needed"]);
    assert_eq!(
        sentences(&classify_one(&topic(&["flink"]), &title_fields("Kafka")).reasons_against),
        ["no `any` matcher hit; 1 needed"]
    );
}

#[test]
fn an_invalid_matcher_is_named_by_topic_list_and_index() {
    let mut rule = topic(&["kafka"]);
    rule.none = vec!["ok".to_owned(), "/(/".to_owned()];
    let error = Rules::compile(&[rule]).unwrap_err();
    assert_eq!((error.topic.as_str(), error.list, error.index), ("t", MatcherList::None, 1));
}

#[test]
fn the_rules_fingerprint_changes_only_with_what_decides() {
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
fn hostile_texts_are_classified_without_a_panic() {
    let rule = topic(&["KVCache GPUPool", "/(a|b)+c/", "分散", "C++"]);
    for text in [
        "aB".repeat(20_000),
        "分".repeat(20_000),
        "\u{301}".repeat(20_000),
        "a_".repeat(20_000),
        "-".repeat(20_000),
        "İﬁßǰ".repeat(9_000),
    ] {
        let fields = StoryFields {
            title: &text,
            summary: Some(&text),
            text: &text,
            url: Some(&text),
            ..StoryFields::default()
        };
        classify_one(&rule, &fields);
    }
}
