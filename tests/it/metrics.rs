//! The metrics of the running daemon, and the files of `contrib/` that use them.

#![allow(clippy::float_cmp)] // counts are whole numbers

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{
    program::{feeds_toml, origin_with_three_feeds},
    support::{
        http,
        program::{Daemon, Program, wait_for},
    },
};

/// A daemon that has polled three good sources and a missing one, and where its metrics are.
fn polled_daemon() -> (Program, Daemon, std::net::SocketAddr) {
    let origin = origin_with_three_feeds();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = format!("[server]\nmetrics_listen = \"{address}\"\n\n[polling]");
    let text =
        feeds_toml(&origin, &["/rss", "/atom", "/json", "/missing"]).replace("[polling]", &server);
    let program = Program::with(&text);
    let daemon = program.serve();
    wait_for("the four sources are polled", || {
        let polled: f64 = samples(&scrape(address))
            .into_iter()
            .filter(|(name, _)| name.starts_with("tributary_polls_total"))
            .map(|(_, value)| value)
            .sum();
        (polled >= 4.0).then_some(())
    });
    (program, daemon, address)
}

fn scrape(address: std::net::SocketAddr) -> String {
    http::request(address, "GET", "/metrics", &[]).unwrap().text()
}

/// Every sample: name with labels, and value.
fn samples(text: &str) -> BTreeMap<String, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The names of samples that the declared types lead to.
fn declared_names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            "gauge" => &[""],
            _ => panic!("{line}: unexpected type"),
        };
        names.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
    }
    names
}

#[test]
fn the_metrics_describe_what_the_daemon_did() {
    let (_program, daemon, address) = polled_daemon();
    assert_eq!(daemon.get("/topics/all/feed.atom").status, 200);
    assert_eq!(daemon.get("/nothing").status, 404);
    let text = scrape(address);
    let samples = samples(&text);
    let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert_eq!(value("tributary_polls_total{source=\"rss\",outcome=\"changed\"}"), 1.0);
    assert_eq!(value("tributary_polls_total{source=\"missing\",outcome=\"failed\"}"), 1.0);
    assert_eq!(value("tributary_entries_new_total{source=\"rss\"}"), 3.0);
    assert_eq!(value("tributary_source_up{source=\"missing\"}"), 0.0);
    assert_eq!(value("tributary_source_up{source=\"atom\"}"), 1.0);
    assert!(value("tributary_fetches_total{status=\"2xx\"}") >= 3.0);
    assert!(value("tributary_fetches_total{status=\"4xx\"}") >= 1.0);
    assert!(value("tributary_fetch_duration_seconds_count") >= 4.0);
    assert!(value("tributary_store_write_duration_seconds_count") >= 4.0);
    assert_eq!(value("tributary_http_requests_total{status=\"4xx\"}"), 1.0);
    assert!(value("tributary_http_requests_total{status=\"2xx\"}") >= 1.0);
    assert_eq!(value("tributary_ready"), 1.0);
    assert_eq!(value("tributary_database_writable"), 1.0);
    assert_eq!(value("tributary_config_last_reload_successful"), 1.0);
    assert!(value("tributary_database_size_bytes") > 4096.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 3.0);
    let success = value("tributary_source_last_success_timestamp_seconds{source=\"rss\"}");
    assert!(success >= value("process_start_time_seconds").floor());
    assert!(value("tributary_source_next_poll_timestamp_seconds{source=\"rss\"}") > success);
    assert!(!text.contains("tributary_source_last_success_timestamp_seconds{source=\"missing\"}"));
}

#[test]
fn metric_names_follow_the_conventions_of_prometheus() {
    let (_program, _daemon, address) = polled_daemon();
    let text = scrape(address);
    assert!(text.ends_with("# EOF\n"));
    for name in declared_names(&text) {
        let own = name.starts_with("tributary_") || name.starts_with("process_");
        assert!(own && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        for wrong in ["_ms", "_millis", "_minutes", "_kb", "_mb", "_percent", "_count_total"] {
            assert!(!name.ends_with(wrong), "{name}");
        }
    }
    for (name, _) in samples(&text) {
        let bare = name.split('{').next().unwrap();
        assert!(declared_names(&text).contains(bare), "{name} has no type");
    }
}

#[test]
fn the_dashboard_and_the_alerts_use_metrics_that_exist() {
    let (_program, _daemon, address) = polled_daemon();
    let known = declared_names(&scrape(address));
    let contrib = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib");
    let operations = fs::read_to_string(contrib.join("../docs/operations.md")).unwrap_or_default();
    for file in ["prometheus/tributary.rules.yml", "grafana/tributary.json"] {
        let text = fs::read_to_string(contrib.join(file)).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let used: BTreeSet<&str> = words
            .filter(|word| word.starts_with("tributary_") || word.starts_with("process_"))
            .collect();
        assert!(used.len() >= 10, "{file} uses {used:?}");
        for name in used {
            assert!(known.contains(name), "{file}: there is no metric {name}");
        }
        let alerts = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
        for alert in alerts {
            assert!(operations.contains(alert), "docs/operations.md does not explain {alert}");
        }
    }
}
