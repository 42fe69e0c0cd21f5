//! Traces: what the daemon exports by OTLP, and to whom.

use rustix::process::Signal;

use crate::{
    program::{feeds_toml, origin_with_three_feeds},
    support::{
        origin::{Origin, Reply},
        program::{Daemon, Program, wait_for},
    },
};

/// A collector that records what it is sent.
fn collector() -> Origin {
    let collector = Origin::start();
    collector.set_handler(|_| Reply::ok(""));
    collector
}

/// The bodies of all exports, one after the other. Texts are plain bytes in protocol buffers.
fn exported(collector: &Origin) -> Vec<u8> {
    collector.requests().into_iter().flat_map(|request| request.body).collect()
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn serve(program: &Program, variables: &[(&str, &str)]) -> Daemon {
    let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "100").envs(variables.iter().copied());
    Daemon::start(command, &program.join("log")).expect("the daemon starts")
}

#[test]
fn polls_requests_and_renderings_are_exported_without_queries() {
    let (origin, collector) = (origin_with_three_feeds(), collector());
    let program = Program::with(&feeds_toml(&origin, &["/rss", "/missing"]));
    let endpoint = collector.url("").to_string();
    let daemon = serve(&program, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    daemon.get("/topics/all/feed.atom?secret=1");
    wait_for("both sources are polled", || {
        (daemon.log().matches("polled ").count() >= 2).then_some(())
    });
    let expected = [
        "tributary",
        "poll",
        "discover",
        "store",
        "render documents",
        "http.response.status_code",
        "server.address",
        "GET /topics/{topic}/{file}",
        env!("CARGO_PKG_VERSION"),
    ];
    wait_for("the spans", || {
        let bytes = exported(&collector);
        expected.iter().all(|text| has(&bytes, text)).then_some(())
    });
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    let bytes = exported(&collector);
    assert!(collector.requests().iter().all(|request| request.path == "/v1/traces"));
    assert!(!has(&bytes, "secret=1"));
}

#[test]
fn the_last_spans_of_a_single_poll_are_exported_before_the_end() {
    let (origin, collector) = (origin_with_three_feeds(), collector());
    let program = Program::with(&feeds_toml(&origin, &["/rss"]));
    let endpoint = collector.url("/own/path").to_string();
    let mut command = program.command(&["poll"]);
    command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint).env("OTEL_SERVICE_NAME", "mine");
    assert!(command.output().unwrap().status.success());
    let bytes = exported(&collector);
    assert!(has(&bytes, "poll") && has(&bytes, "mine"), "{bytes:?}");
    assert!(collector.requests().iter().all(|request| request.path == "/own/path"));
}

#[test]
fn a_collector_that_does_not_answer_is_reported_and_delays_nothing() {
    let origin = origin_with_three_feeds();
    let program = Program::with(&feeds_toml(&origin, &["/rss"]));
    let daemon = serve(&program, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9/")]);
    wait_for("the source is polled", || daemon.log().contains("polled rss").then_some(()));
    wait_for("the failure in the log", || {
        daemon.log().contains("cannot export traces").then_some(())
    });
    daemon.get("/");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(daemon.log().matches("cannot export traces").count(), 1, "{}", daemon.log());
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}
