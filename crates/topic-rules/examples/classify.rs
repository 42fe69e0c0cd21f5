//! Classifies a title by the rules of three topics and prints the reasons.
//!
//! Run with `cargo run --example classify -p topic-rules -- "Kafka clusters without ZooKeeper"`.

use feed_model::{Topic, TopicId};
use topic_rules::{Rules, StoryFields};

fn topic(id: &str, any: &[&str], none: &[&str]) -> Result<Topic, Box<dyn std::error::Error>> {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Ok(Topic { any: texts(any), none: texts(none), ..Topic::new(TopicId::new(id)?) })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = Rules::compile(&[
        topic("streaming", &["kafka", "stream processing", "/\\bflink\\b/"], &["title:hiring"])?,
        topic("databases", &["database", "title:postgres^0.5", "index^0.25"], &[])?,
        topic("security", &["/CVE-\\d{4}-\\d+/", "vulnerability"], &[])?,
    ])?;
    let title = std::env::args().nth(1);
    let title = title.as_deref().unwrap_or("Indexes for databases that process Kafka streams");
    println!("{title}");
    for classification in rules.explain(&StoryFields { title, ..StoryFields::default() }) {
        let state = if classification.is_member { "in" } else { "not in" };
        println!("{state} {} (score {})", classification.topic, classification.score);
        for reason in classification.reasons.iter().chain(&classification.reasons_against) {
            println!("  {reason}");
        }
    }
    Ok(())
}
