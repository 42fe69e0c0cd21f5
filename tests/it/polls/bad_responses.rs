//! Answers that are no documents: challenges, bombs, drips. Each is one recorded error, and costs
//! no more than it may.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use feed_model::PollOutcome;
use feed_model::{FetchLimits, Source};
use flate2::{Compression, write::GzEncoder};

use crate::support::{
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::{Origin, Reply},
    time::noon,
};

#[tokio::test]
async fn a_bot_challenge_is_detected_at_any_status_and_never_parsed() {
    let page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>\
        <script>window._cf_chl_opt={};</script></body></html>";
    for status in [200, 403, 503] {
        let harness = Installation::with_public_feed();
        let challenge = Reply::new(status)
            .body(page)
            .header("Content-Type", "text/html; charset=UTF-8")
            .header("ETag", "\"c\"");
        harness.origin.script("/feed", vec![feed_with_etag(&["one"], "\"1\""), challenge]);
        harness.poll("feed").await;
        let report = harness.poll("feed").await;
        let state = harness.source_state("feed");
        assert_eq!(
            (report.outcome, state.last_error_class.as_deref(), state.entries),
            (PollOutcome::Challenge, Some("challenge"), 1),
            "{status}"
        );
        assert_eq!(
            state.last_error.as_deref(),
            Some("the server answered with a bot challenge (Cloudflare)")
        );
        assert!(harness.time_until_next_poll("feed") >= chrono::TimeDelta::hours(4), "{status}");
        assert_eq!(
            harness.source_record("feed").throttles,
            0,
            "a challenge is no Retry-After: {status}"
        );
        harness.poll("feed").await;
        assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"1\""), "{status}");
    }
}

#[tokio::test]
async fn a_response_sent_byte_by_byte_ends_in_a_timeout() {
    let limits =
        FetchLimits { timeout: Duration::from_millis(300), max_body_bytes: 1 << 20, max_items: 10 };
    let harness = Installation::with_public_sources(|origin| {
        vec![Source { limits, ..public_source("feed", &origin.url("/feed")) }]
    });
    harness
        .origin
        .script("/feed", vec![feed_with_etag(&["one"], "\"1\"").drip(Duration::from_millis(20))]);
    let report = harness.poll("feed").await;
    let state = harness.source_state("feed");
    assert_eq!(
        (report.outcome, state.last_error_class.as_deref()),
        (PollOutcome::Failed, Some("timeout"))
    );
    assert!(state.next_poll.unwrap() > noon());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Ten gibibytes of zeros in ten megabytes, as members of a gzip stream.
fn bomb() -> Vec<u8> {
    gzip(&vec![0; 64 << 20]).repeat(160)
}

/// The most memory that a process has had, as far as it is still there to be asked.
fn peak_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Inspects an address with the real program, and tells what it printed and the most memory that it
/// took.
fn inspect(origin: &Origin, path: &str) -> (String, u64) {
    let dir = tempfile::tempdir().unwrap();
    let toml = format!(
        "[polling]\nallow_hosts = [\"127.0.0.1\"]\nmax_body = \"16 MiB\"\n[[source]]\n\
         id = \"feed\"\nurl = \"{}\"\n",
        origin.url(path)
    );
    fs::write(dir.path().join("feeds.toml"), toml).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["inspect", origin.url(path).as_str(), "--json"])
        .current_dir(dir.path())
        .env_remove("TRIBUTARY_CONFIG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_kib(child.id()).unwrap_or(peak).max(peak);
        thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    (
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr),
        peak,
    )
}

#[test]
fn a_decompression_bomb_uses_no_more_memory_than_max_body() {
    let origin = Origin::start();
    origin.script("/plain", vec![feed_with_etag(&["one"], "\"1\"")]);
    origin.script("/bomb", vec![Reply::ok(bomb()).header("Content-Encoding", "gzip")]);
    origin
        .script("/nested", vec![Reply::ok(gzip(&bomb())).header("Content-Encoding", "gzip, gzip")]);
    let zstd = zstd_of_spaces(7 << 3, 80_000);
    origin.script("/zstd", vec![Reply::ok(zstd).header("Content-Encoding", "zstd")]);
    let (_, usual) = inspect(&origin, "/plain");
    for path in ["/bomb", "/nested", "/zstd"] {
        let (printed, peak) = inspect(&origin, path);
        assert!(printed.contains("larger than max_body"), "{path}: {printed}");
        // What is held besides: buffers of the decoders, and the first half of the buffer while it
        // grows.
        let most = usual + 16 * 1024 * 3 / 2 + 4 * 1024;
        assert!(
            peak > 0 && peak < most,
            "{path}: {peak} KiB at most, of which {usual} KiB are usual"
        );
    }
}

/// A zstd frame (RFC 8878 §3.1.1) of blocks that each repeat a space 128 KiB times.
fn zstd_of_spaces(window_descriptor: u8, blocks: u32) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0, window_descriptor];
    for block in 1..=blocks {
        let header = ((128 << 10) << 3) | (1 << 1) | u32::from(block == blocks);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[tokio::test]
async fn a_zstd_window_of_more_than_8_mib_is_refused() {
    // A window is 2^(10 + descriptor / 8), and eighths of that more.
    for (window_descriptor, class) in [(13 << 3, "empty"), ((13 << 3) + 1, "body")] {
        let harness = Installation::with_public_feed();
        let body = zstd_of_spaces(window_descriptor, 2);
        harness.origin.script("/feed", vec![Reply::ok(body).header("Content-Encoding", "zstd")]);
        let report = harness.poll("feed").await;
        assert_eq!(
            (report.outcome, harness.source_state("feed").last_error_class.as_deref()),
            (PollOutcome::Failed, Some(class)),
            "{report:?}"
        );
    }
}

#[tokio::test]
async fn an_endless_response_header_is_a_protocol_error() {
    let line = format!("X: {}\r\n", "a".repeat(1000));
    for head in [line.repeat(10_000), format!("X: {}\r\n", "a".repeat(10_000_000))] {
        let harness = Installation::with_public_feed();
        harness
            .origin
            .script("/feed", vec![Reply::raw(format!("HTTP/1.1 200 Scripted\r\n{head}\r\n"))]);
        let report = harness.poll("feed").await;
        assert_eq!(
            (report.outcome, harness.source_state("feed").last_error_class.as_deref()),
            (PollOutcome::Failed, Some("protocol"))
        );
    }
}

#[tokio::test]
async fn an_unrequested_206_is_a_failure() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![
            feed_with_etag(&["one"], "\"1\""),
            Reply::new(206).body("<rss").header("ETag", "\"2\""),
        ],
    );
    harness.poll("feed").await;
    let report = harness.poll("feed").await;
    assert_eq!(
        (report.outcome, harness.source_state("feed").last_error_class.as_deref()),
        (PollOutcome::Failed, Some("http-206"))
    );
    harness.poll("feed").await;
    assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"1\""));
}
