//! Every text is a matcher or an error, and a matcher is parsed again from its own text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use topic_rules::parse_matcher;

fuzz_target!(|text: &str| {
    if let Ok(matcher) = parse_matcher(text) {
        let again = parse_matcher(matcher.as_str()).expect("the text of a matcher is a matcher");
        assert_eq!((again.field(), again.weight()), (matcher.field(), matcher.weight()));
    }
});
