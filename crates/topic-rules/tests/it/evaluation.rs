//! Reading labels, and measuring rules against them.

use topic_rules::{Rules, evaluate};

use crate::topic;

#[test]
fn labels_are_read_from_json_and_toml() {
    let json = r#"[{"title": "A", "topics": ["t"], "note": 1},
        {"title": "B", "summary": "kafka", "topics": []}]"#;
    let rows = evaluate::parse_labels(json, "x.json").unwrap();
    assert_eq!(rows.len(), 2);
    let toml = "[[label]]\ntitle = \"A\"\ntopics = [\"t\"]\n";
    assert_eq!(evaluate::parse_labels(toml, "x.toml").unwrap()[0], rows[0]);
    for bad in [
        "",
        "[]",
        "[[label]]\ntitle = 'A'\n",
        "{",
        "[{\"title\": \"A\"}]",
        "[[labels]]\ntitle='A'\ntopics=[]",
    ] {
        let error = evaluate::parse_labels(bad, "labels").unwrap_err();
        assert!(error.to_string().starts_with("labels: "), "{error}");
    }
}

#[test]
fn an_evaluation_is_printed_as_documented() {
    let rules = Rules::compile(&[topic(&["kafka"])]).unwrap();
    let rows = evaluate::parse_labels(
        r#"[{"title": "Kafka", "topics": ["t"]}, {"title": "Kafka again", "topics": []},
            {"title": "Flink", "topics": ["t", "unknown"]}]"#,
        "x.json",
    )
    .unwrap();
    let printed = serde_json::to_value(evaluate::evaluate(&rules, &rows)).unwrap();
    assert_eq!(
        printed["topics"][0],
        serde_json::json!({"id": "t", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2})
    );
    assert_eq!(
        printed["topics"][1],
        serde_json::json!({"id": "unknown", "precision": 0.0, "recall": 0.0, "f1": 0.0,
            "support": 1})
    );
    assert_eq!(
        printed["macro"],
        serde_json::json!({"precision": 0.25, "recall": 0.25, "f1": 0.25})
    );
    assert_eq!(printed["misses"][0]["title"], "Kafka again");
    assert_eq!(printed["misses"][0]["expected"], serde_json::json!([]));
    assert_eq!(printed["misses"][0]["got"], serde_json::json!(["t"]));
    assert!(printed["misses"][0]["because"][0].as_str().unwrap().contains("kafka"));
    assert_eq!(printed["misses"][1]["because"].as_array().unwrap().len(), 2);
}
