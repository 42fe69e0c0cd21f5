//! Over TLS: which HTTP is spoken, whose certificates are believed, and moving there for good.

use axum::http::Version;
use feed_model::Source;
use tributary::{
    fetch::{Client, ClientOptions},
    poll::Outcome,
};
use url::Url;

use super::world::{World, feed, source};
use crate::support::{
    client_options,
    origin::{Origin, Reply},
    safe_origin::{self, SafeOrigin},
};

fn believing() -> ClientOptions {
    ClientOptions { ca_file: Some(safe_origin::authority()), ..client_options() }
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_offered_unless_the_source_says_no() {
    let origin = SafeOrigin::start(feed(&["one"])).await;
    for (http2, version) in [(true, Version::HTTP_2), (false, Version::HTTP_11)] {
        let world = World::new(|_| vec![Source { http2, ..source("feed", &origin.url(&format!("/{version:?}"))) }]);
        world.ask_with(believing());
        assert_eq!(world.poll("feed").await.new_entries, 1);
        assert_eq!(world.poll("feed").await.outcome, Outcome::NotModified);
        let versions: Vec<_> = origin.requests_to(&format!("/{version:?}")).into_iter().map(|r| r.version).collect();
        assert_eq!(versions, [version, version]);
    }
}

#[tokio::test]
async fn an_authority_is_believed_only_where_feeds_toml_names_it() {
    let origin = SafeOrigin::start(feed(&["one"])).await;
    let world = World::new(|_| vec![source("feed", &origin.url("/feed"))]);
    world.poll("feed").await;
    assert_eq!(world.state("feed").last_error_class.as_deref(), Some("tls"), "{:?}", world.state("feed").last_error);
    assert!(origin.requests_to("/feed").is_empty());
    world.ask_with(believing());
    assert_eq!(world.poll("feed").await.new_entries, 1);
}

#[test]
fn authorities_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("empty.pem"), "nothing\n").unwrap();
    for name in ["missing.pem", "empty.pem"] {
        let error = Client::new(ClientOptions { ca_file: Some(dir.path().join(name)), ..client_options() }).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_move_to_the_safe_form_of_an_address_is_adopted_at_once() {
    let (plain, safe) = (Origin::start(), SafeOrigin::start(feed(&["one"])).await);
    let at_plain = Url::parse(&format!("http://localhost:{}/feed?x=1", plain.port())).unwrap();
    plain.script("/feed?x=1", vec![Reply::redirect(301, safe.url("/feed?x=1").as_str())]);
    let world = World::new(|_| vec![source("feed", &at_plain)]);
    world.ask_with(believing());
    assert_eq!(world.poll("feed").await.new_entries, 1);
    plain.forget();
    assert_eq!(world.poll("feed").await.outcome, Outcome::NotModified);
    assert!(plain.requests().is_empty(), "{:?}", plain.requests());
    assert_eq!(safe.requests_to("/feed").last().unwrap().if_none_match.as_deref(), Some("\"1\""));
    assert_eq!(world.state("feed").feed_url.as_deref(), Some(safe.url("/feed?x=1").as_str()));
}

#[tokio::test]
async fn any_other_move_to_a_safe_address_waits_like_every_move() {
    let (plain, safe) = (Origin::start(), SafeOrigin::start(feed(&["one"])).await);
    plain.script("/feed", vec![Reply::redirect(301, safe.url("/elsewhere").as_str())]);
    let world = World::new(|_| vec![source("feed", &plain.url("/feed"))]);
    world.ask_with(believing());
    assert_eq!(world.poll("feed").await.new_entries, 1);
    world.poll("feed").await;
    assert_eq!(plain.requests_to("/feed").len(), 2);
}
