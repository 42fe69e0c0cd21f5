//! Over TLS: which HTTP is spoken, whose certificates are believed, and moving there for good.

use axum::http::Version;
use feed_model::PollOutcome;
use feed_model::Source;
use tributary::fetch::{Client, ClientOptions};
use url::Url;

use crate::support::{
    client_options,
    feeds::feed,
    installation::{Installation, public_source},
    origin::{Origin, Reply},
    tls_origin::{self, TlsOrigin},
};

fn trusting_test_ca() -> ClientOptions {
    ClientOptions { ca_file: Some(tls_origin::ca_file()), ..client_options() }
}

#[tokio::test]
async fn http_2_is_used_when_offered_unless_the_source_disables_it() {
    let origin = TlsOrigin::start(feed(&["one"])).await;
    for (http2, version) in [(true, Version::HTTP_2), (false, Version::HTTP_11)] {
        let harness = Installation::with_public_sources(|_| {
            vec![Source { http2, ..public_source("feed", &origin.url(&format!("/{version:?}"))) }]
        });
        harness.use_client_options(trusting_test_ca());
        assert_eq!(harness.poll("feed").await.new_entries, 1);
        assert_eq!(harness.poll("feed").await.outcome, PollOutcome::NotModified);
        let versions: Vec<_> =
            origin.requests_to(&format!("/{version:?}")).into_iter().map(|r| r.version).collect();
        assert_eq!(versions, [version, version]);
    }
}

#[tokio::test]
async fn a_private_ca_is_trusted_only_when_configured() {
    let origin = TlsOrigin::start(feed(&["one"])).await;
    let harness =
        Installation::with_public_sources(|_| vec![public_source("feed", &origin.url("/feed"))]);
    harness.poll("feed").await;
    assert_eq!(
        harness.source_state("feed").last_error_class.as_deref(),
        Some("tls"),
        "{:?}",
        harness.source_state("feed").last_error
    );
    assert!(origin.requests_to("/feed").is_empty());
    harness.use_client_options(trusting_test_ca());
    assert_eq!(harness.poll("feed").await.new_entries, 1);
}

#[test]
fn an_unreadable_ca_file_is_named_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("empty.pem"), "nothing\n").unwrap();
    for name in ["missing.pem", "empty.pem"] {
        let error =
            Client::new(ClientOptions { ca_file: Some(dir.path().join(name)), ..client_options() })
                .unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_permanent_redirect_to_the_https_form_is_adopted_at_once() {
    let (plain, tls) = (Origin::start(), TlsOrigin::start(feed(&["one"])).await);
    let at_plain = Url::parse(&format!("http://localhost:{}/feed?x=1", plain.port())).unwrap();
    plain.script("/feed?x=1", vec![Reply::redirect(301, tls.url("/feed?x=1").as_str())]);
    let harness = Installation::with_public_sources(|_| vec![public_source("feed", &at_plain)]);
    harness.use_client_options(trusting_test_ca());
    assert_eq!(harness.poll("feed").await.new_entries, 1);
    plain.clear_requests();
    assert_eq!(harness.poll("feed").await.outcome, PollOutcome::NotModified);
    assert!(plain.requests().is_empty(), "{:?}", plain.requests());
    assert_eq!(tls.requests_to("/feed").last().unwrap().if_none_match.as_deref(), Some("\"1\""));
    assert_eq!(
        harness.source_state("feed").feed_url.as_deref(),
        Some(tls.url("/feed?x=1").as_str())
    );
}

#[tokio::test]
async fn a_permanent_redirect_to_another_https_address_waits_seven_days() {
    let (plain, tls) = (Origin::start(), TlsOrigin::start(feed(&["one"])).await);
    plain.script("/feed", vec![Reply::redirect(301, tls.url("/elsewhere").as_str())]);
    let harness =
        Installation::with_public_sources(|_| vec![public_source("feed", &plain.url("/feed"))]);
    harness.use_client_options(trusting_test_ca());
    assert_eq!(harness.poll("feed").await.new_entries, 1);
    harness.poll("feed").await;
    assert_eq!(plain.requests_to("/feed").len(), 2);
}
