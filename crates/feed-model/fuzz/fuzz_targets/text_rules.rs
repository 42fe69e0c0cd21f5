//! The shared rules for texts, languages and sites cause no panic, and cleaning a text twice
//! changes nothing more.

#![no_main]

use feed_model::{language, site, text, tracking};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|input: &str| {
    let allowed = text::strip_forbidden(input);
    assert!(!allowed.contains(text::is_forbidden));
    let collapsed = text::collapse_whitespace(input);
    assert_eq!(text::collapse_whitespace(&collapsed), collapsed);
    if let Some(tag) = language::parse_tag(input) {
        assert_eq!(language::parse_tag(&tag), Some(tag.clone()));
        let _ = language::publishable_tag(&tag);
    }
    let _ = (language::parse_page_tag(input), language::is_path_locale(input));
    let _ = (site::registrable_domain(input), tracking::is_tracking_parameter(input));
    if let Ok(url) = Url::parse(input) {
        let _ = site::site_of(&url);
    }
});
