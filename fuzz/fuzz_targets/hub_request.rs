//! Any bytes as the body of a request to the hub: what is accepted is within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tributary::{push::HubForm, store::SubscriptionChange};

const DAY_S: u64 = 24 * 60 * 60;

fuzz_target!(|body: &[u8]| {
    let Ok(form) = HubForm::parse(body, &[]) else { return };
    assert!(matches!(form.callback.scheme(), "http" | "https"));
    assert!(form.callback.host_str().is_some_and(|host| !host.is_empty()));
    assert!(form.callback.fragment().is_none() && !form.topic.is_empty());
    if let SubscriptionChange::Subscribe { lease_s, secret } = form.change {
        assert!((DAY_S..=30 * DAY_S).contains(&lease_s));
        assert!(secret.is_none_or(|secret| secret.len() < 200));
    }
});
