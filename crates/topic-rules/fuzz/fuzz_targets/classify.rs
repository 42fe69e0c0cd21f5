//! Classifies any text by any matcher: no panic, and `classify` agrees with `explain`.

#![no_main]

use feed_model::{Topic, TopicId};
use libfuzzer_sys::fuzz_target;
use topic_rules::{Rules, StoryFields};

fuzz_target!(|input: (&str, &str, &str)| {
    let (matcher, title, text) = input;
    let id = TopicId::new("fuzz").expect("a valid id");
    let topic = Topic { any: vec![matcher.to_owned()], ..Topic::new(id) };
    let Ok(rules) = Rules::compile(&[topic]) else { return };
    let fields = StoryFields { title, text, ..StoryFields::default() };
    let (classified, explained) = (rules.classify(&fields), rules.explain(&fields));
    assert_eq!(classified[0].is_member, explained[0].is_member);
    for reason in explained[0].reasons.iter().chain(&explained[0].reasons_against) {
        assert!(!reason.to_string().is_empty());
    }
});
