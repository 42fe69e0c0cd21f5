//! Groups of terms, exceptions, and the limits to sources and languages.

use feed_model::{Exceptions, MatchField, SourceId, TermGroup, Topic};
use topic_rules::{Rules, StoryFields};

use crate::{classify_one, title_fields, topic};

fn group(words: &[&str]) -> TermGroup {
    TermGroup {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..TermGroup::default()
    }
}

fn with_terms(terms: Vec<TermGroup>) -> Topic {
    Topic { terms, ..topic(&[]) }
}

#[track_caller]
fn assert_score(topic: &Topic, fields: &StoryFields<'_>, score: f64) {
    let classification = classify_one(topic, fields);
    assert!((classification.score - score).abs() < 1e-9, "{score} expected: {classification:?}");
}

#[test]
fn supporting_terms_add_at_most_half_of_the_threshold() {
    let supports = TermGroup { supports: true, weight: 3.0, ..group(&["leader", "elected"]) };
    let weak = with_terms(vec![supports.clone()]);
    let text = "leader elected ".repeat(60);
    let fields = StoryFields {
        title: "Leader elected: the leader was elected",
        summary: Some("A leader. A leader is elected."),
        text: &text,
        language: Some("en"),
        ..StoryFields::default()
    };
    assert_score(&weak, &fields, 0.5);
    assert_score(&Topic { threshold: 3.0, ..weak.clone() }, &fields, 1.5);
    assert!(!classify_one(&weak, &fields).is_member);
    let reasons: Vec<String> =
        classify_one(&weak, &fields).reasons.iter().map(ToString::to_string).collect();
    assert!(reasons[0].ends_with(", supporting"), "{reasons:?}");
    assert!(reasons[2].ends_with("of which 0.5 counts"), "{reasons:?}");

    let second = TermGroup { supports: true, ..group(&["vote"]) };
    let several = with_terms(vec![supports.clone(), second]);
    assert_score(&several, &title_fields("The leader and the vote"), 0.5);

    let summary = StoryFields { summary: Some("Raft and a leader"), ..title_fields("A note") };
    let deciding = with_terms(vec![TermGroup { weight: 0.5, ..group(&["raft"]) }, supports]);
    assert_score(&deciding, &summary, 1.0);
    assert!(classify_one(&deciding, &summary).is_member);
}

#[test]
fn a_group_applies_its_weight_and_fields_to_every_word() {
    let limited = with_terms(vec![TermGroup {
        fields: vec![MatchField::Title, MatchField::Summary],
        weight: 0.25,
        ..group(&["kafka", "flink^2"])
    }]);
    assert_score(&limited, &title_fields("Kafka and Flink"), 0.5 + 1.0);
    let category = StoryFields { categories: &["Kafka"], ..title_fields("A note") };
    assert_score(&limited, &category, 0.0);
    let content = StoryFields { summary: Some("Kafka"), text: "Kafka", ..title_fields("A note") };
    assert_score(&limited, &content, 0.25);
    let only_content =
        with_terms(vec![TermGroup { fields: vec![MatchField::Content], ..group(&["kafka"]) }]);
    assert_score(&only_content, &content, 1.0);
}

#[test]
fn exact_case_distinguishes_names_from_words() {
    let exact = with_terms(vec![TermGroup {
        exact_case: true,
        ..group(&["Raft", "RAG", "NATS", "KV Cache", "/Go/"])
    }]);
    for title in ["Raft explained", "Two Rafts", "RAGs at work", "A KVCache", "NATS", "Raft's log"]
    {
        assert!(classify_one(&exact, &title_fields(title)).is_member, "{title}");
    }
    for title in
        ["A raft of rules", "Rag and bone", "rags", "A NAT gateway", "nats", "go on", "RaftLog"]
    {
        assert!(!classify_one(&exact, &title_fields(title)).is_member, "{title}");
    }
}

#[test]
fn exceptions_keep_a_story_out() {
    let streaming = Topic {
        except: Exceptions {
            words: vec!["franz kafka".to_owned()],
            title: vec!["what to watch".to_owned()],
        },
        ..with_terms(vec![group(&["kafka", "streaming"])])
    };
    let is_member = |fields: &StoryFields<'_>| classify_one(&streaming, fields).is_member;
    assert!(is_member(&title_fields("Kafka in production")));
    assert!(!is_member(&title_fields("Franz Kafka's trial")));
    assert!(!is_member(&title_fields("Streaming: what to watch")));
    let summary =
        StoryFields { summary: Some("What to watch in a cluster"), ..title_fields("Kafka") };
    assert!(is_member(&summary), "an exception of `title` looks at the title only");
}

#[test]
fn excluded_sources_are_left_out_unless_another_source_has_the_story() {
    let limited =
        Topic { excluded_sources: vec![SourceId::new("noise").unwrap()], ..topic(&["kafka"]) };
    let of = |sources| StoryFields { sources, ..title_fields("Kafka") };
    assert!(classify_one(&limited, &of(&["blog"])).is_member);
    assert!(classify_one(&limited, &of(&["noise", "blog"])).is_member);
    let out = classify_one(&limited, &of(&["noise"]));
    assert!(!out.is_member);
    assert!(out.reasons_against[0].to_string().contains("noise"), "{out:?}");
}

#[test]
fn languages_limit_a_topic_by_the_declared_or_detected_language() {
    let limited = Topic { languages: vec!["pt".to_owned(), "ja".to_owned()], ..topic(&["kafka"]) };
    let is_member = |title, language| {
        let fields = StoryFields { title, language, ..StoryFields::default() };
        classify_one(&limited, &fields).is_member
    };
    assert!(is_member("Kafka", Some("pt-BR")));
    assert!(is_member("Kafka", Some("por")));
    assert!(!is_member("Kafka", Some("es")));
    assert!(!is_member("Kafka keeps what it was told, and then some", None));
    assert!(!is_member("Kafka", None), "a language that cannot be detected counts as English");
    let japanese = StoryFields {
        title: "Kafka",
        summary: Some(
            "大規模な分散システムの設計に、ストリーム処理を取り入れる方法について説明します。\
             読者が知っておくべきことは、それほど多くはありません。",
        ),
        ..StoryFields::default()
    };
    assert!(classify_one(&limited, &japanese).is_member);
}

#[test]
fn a_topic_without_scoring_matchers_takes_what_the_rest_allows() {
    let german = Topic { languages: vec!["de".to_owned()], ..topic(&[]) };
    let fields = StoryFields { title: "Käse", language: Some("de"), ..StoryFields::default() };
    assert!(classify_one(&german, &fields).is_member);
    assert!(!classify_one(&german, &title_fields("Cheese")).is_member);
}

#[test]
fn the_new_settings_change_the_fingerprint_and_their_absence_does_not() {
    let plain = topic(&["kafka"]);
    let fingerprint =
        |topic: &Topic| Rules::compile(std::slice::from_ref(topic)).unwrap().fingerprint();
    let with = [
        Topic { terms: vec![group(&["kafka"])], ..plain.clone() },
        Topic { terms: vec![TermGroup { supports: true, ..group(&["kafka"]) }], ..plain.clone() },
        Topic {
            except: Exceptions { words: vec!["a".to_owned()], title: Vec::new() },
            ..plain.clone()
        },
        Topic {
            except: Exceptions { words: Vec::new(), title: vec!["a".to_owned()] },
            ..plain.clone()
        },
        Topic { excluded_sources: vec![SourceId::new("a").unwrap()], ..plain.clone() },
        Topic { languages: vec!["a".to_owned()], ..plain.clone() },
    ];
    let mut fingerprints: Vec<[u8; 32]> = with.iter().map(fingerprint).collect();
    fingerprints.push(fingerprint(&plain));
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 7);
}
