//! The two harnesses, [`installation::Installation`] and [`program::Program`], and their helpers.
//! See `tests/README.md`.

#[path = "../../../crates/feed-publisher/tests/support/feed_lint.rs"]
pub mod feed_lint;
pub mod feeds;
pub mod http;
pub mod installation;
pub mod old_databases;
pub mod origin;
pub mod program;
pub mod published_feed;
pub mod sample_feeds;
pub mod sites;
pub mod time;
pub mod tls_origin;

use std::time::Duration;

use tributary::fetch::ClientOptions;

/// Options of the HTTP client without pauses between requests.
pub fn client_options() -> ClientOptions {
    ClientOptions {
        user_agent: "tributary/1.2.3 (+https://operator.example/)".into(),
        per_host: 1,
        host_gap: Duration::ZERO,
        host_gap_exempt: Duration::ZERO,
        concurrency: 32,
        proxy: None,
        ca_file: None,
        connect_timeout: Duration::from_secs(10),
    }
}
