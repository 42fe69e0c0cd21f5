//! What the tests share.

#[path = "../../../crates/feed-publisher/tests/support/feed_lint.rs"]
pub mod feed_lint;
pub mod origin;
pub mod program;
pub mod sample_feeds;
#[path = "../../../crates/feed-publisher/tests/support/sample_stories.rs"]
pub mod sample_stories;
pub mod test_site;
pub mod tls_origin;

use std::time::Duration;

use tributary::fetch::ClientOptions;

/// How the client behaves: without pauses, so that no test waits.
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
