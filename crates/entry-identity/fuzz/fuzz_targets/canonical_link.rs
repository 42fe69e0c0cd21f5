//! Canonical links are idempotent, and no text causes a panic.

#![no_main]

use entry_identity::{canonical_link, canonical_link_with_fragment, guid_alias, site_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for canonical in [canonical_link, canonical_link_with_fragment] {
        if let Some(link) = canonical(text) {
            assert_eq!(canonical(&link).as_deref(), Some(link.as_str()), "from {text}");
        }
    }
    let _ = (guid_alias(text), site_of(text));
});
