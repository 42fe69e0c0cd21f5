//! What an operator uses beside the feeds: the probe of health, the schema of feeds.toml, the
//! reloading of a changed file, and backups.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use rustix::process::Signal;
use serde_json::Value;
use tributary::config;

use crate::support::program::{Daemon, Program, wait_for};

/// A free port. If another process takes it in the meantime, the test fails.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const SITE: &str = "[site]\ncontact = \"mailto:test@example.org\"\n";

fn topic(id: &str) -> String {
    format!("[[topic]]\nid = \"{id}\"\nany = [\"{id}\"]\n")
}

#[test]
fn health_asks_the_daemon_at_listen() {
    let port = free_port();
    let program = Program::with(&format!("{SITE}[server]\nlisten = \"0.0.0.0:{port}\"\n"));
    let down = program.run(&["health"]);
    assert_eq!(down.code, 1, "{down:?}");
    assert!(down.stdout.starts_with("no response: cannot connect to 127.0.0.1"), "{down:?}");
    let daemon = Daemon::start(program.command(&["serve"]), &program.join("log")).unwrap();
    assert_eq!(program.run_ok(&["health"]), "ok\n");
    let report = program.json(&["health"]);
    assert_eq!(report["ok"], true);
    assert_eq!(report["status"], 200);
    assert_eq!(report["url"], format!("http://127.0.0.1:{port}/readyz"));
    // A running daemon keeps its settings if feeds.toml becomes invalid, and so does the probe.
    program.configure(&format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[sight]\n"));
    assert_eq!(program.run_ok(&["health"]), "ok\n");
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn health_prints_the_reason_of_an_unready_daemon() {
    let program = Program::with(SITE);
    let daemon = program.serve();
    let url = format!("http://{}/", daemon.address);
    assert_eq!(program.run_ok(&["health", "--url", &url]), "ok\n");
    let lock = rusqlite::Connection::open(program.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    program.configure(&format!("{SITE}{}", topic("one")));
    daemon.signal(Signal::HUP);
    let unready = wait_for("the daemon is not ready", || {
        Some(program.run(&["health", "--url", &url])).filter(|ended| ended.code == 1)
    });
    assert!(unready.stdout.contains("cannot be stored"), "{unready:?}");
    let wrong = program.run(&["health", "--url", &format!("{url}nothing/here/")]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.stdout.starts_with("unexpected status 404"), "{wrong:?}");
    assert_eq!(program.run(&["health", "--url", "127.0.0.1:1"]).code, 2);
}

#[test]
fn health_accepts_the_certificate_of_the_daemon_under_any_name() {
    let fixture =
        |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name);
    let port = free_port();
    let server = format!(
        "{SITE}[server]\nlisten = \"127.0.0.1:{port}\"\n\
         tls = {{ cert = \"{}\", key = \"{}\" }}\n",
        fixture("cert.pem").display(),
        fixture("key.pem").display()
    );
    let program = Program::with(&server);
    let _daemon = Daemon::start(program.command(&["serve"]), &program.join("log")).unwrap();
    assert_eq!(program.run_ok(&["health"]), "ok\n");
    let url = format!("https://127.0.0.2:{port}/");
    let other = format!("https://localhost:{port}/");
    assert_eq!(program.run_ok(&["health", "--url", &other]), "ok\n");
    assert_ne!(program.run(&["health", "--url", &url]).code, 0, "nothing listens there");
    // Without the settings of the daemon, its authority is not known.
    let elsewhere = Program::with(SITE);
    let refused = elsewhere.run(&["health", "--url", &other]);
    assert_eq!(refused.code, 1);
    assert!(refused.stdout.starts_with("no response: no secure connection"), "{refused:?}");
    let ca = fixture("ca.pem");
    elsewhere.configure(&format!("{SITE}[polling]\nca_file = \"{}\"\n", ca.display()));
    assert_eq!(elsewhere.run_ok(&["health", "--url", &other]), "ok\n");
}

#[test]
fn the_schema_accepts_the_shipped_files_and_names_every_documented_key() {
    let program = Program::empty();
    let schema: Value = serde_json::from_str(&program.run_ok(&["schema"])).unwrap();
    assert_eq!(schema, config::schema());
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let everything = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/valid/everything.toml"),
    )
    .unwrap();
    for (name, text) in
        [("shipped", config::SHIPPED), ("starter", config::STARTER), ("everything", &everything)]
    {
        let errors: Vec<String> = validator
            .iter_errors(&json_of(text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{name}");
    }
    for text in [config::SHIPPED, config::STARTER] {
        assert!(text.starts_with("#:schema feeds.schema.json\n"), "editors find the schema");
    }
    for wrong in [
        "[sight]\ntitle = \"x\"",
        "[site]\ntitel = \"x\"",
        "[server]\nlisten = 8080",
        "[polling]\ninterval = \"soon\"",
        "[polling]\nper_host = -1",
        "[[source]]\nid = \"x\"",
        "[[source]]\nid = \"x\"\nurl = \"https://a.example/\"\nfollow = \"fead\"",
        "[topic]\nid = \"x\"",
        "[[topic]]\nid = \"x\"\nany = \"word\"",
    ] {
        assert!(!validator.is_valid(&json_of(wrong)), "{wrong}");
        assert!(config::check(wrong, "x").config.is_none(), "{wrong}");
    }
}

#[test]
fn the_schema_has_every_key_of_the_reference_with_its_meaning() {
    let schema = config::schema();
    let reference =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md"))
            .unwrap();
    let (mut table, mut checked) = (None, 0);
    for line in reference.lines() {
        if line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim();
            table = match heading {
                "Groups of terms" => Some("topic.terms"),
                _ if heading.starts_with('[') => Some(heading.trim_matches(['[', ']'])),
                _ => None,
            };
        }
        let key = line.strip_prefix("| `").and_then(|row| row.split_once("` |"));
        if let (Some(table), Some((key, _))) = (table, key) {
            let property = &properties(&schema, table)[key];
            assert!(property["description"].is_string(), "[{table}] {key}: {property}");
            checked += 1;
        }
    }
    assert!(checked >= 45, "only {checked} keys were found");
    assert!(properties(&schema, "source.page")["item"].is_object());
    assert!(properties(&schema, "source")["interval"]["description"].is_string());
    assert_eq!(properties(&schema, "publishing")["max_entries"]["default"], 50);
    assert_eq!(properties(&schema, "polling")["timeout"]["default"], "30s");
}

/// The properties of a table: `source.page`.
fn properties<'s>(schema: &'s Value, table: &str) -> &'s Value {
    let within = |schema: &'s Value, name: &str| -> &'s Value {
        let property = &schema["properties"][name];
        if property["items"].is_object() { &property["items"] } else { property }
    };
    &table.split('.').fold(schema, within)["properties"]
}

fn json_of(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn a_watched_configuration_is_reloaded_when_a_file_changes() {
    let program = Program::with(&format!("include = [\"topics/*.toml\"]\n{SITE}{}", topic("one")));
    fs::create_dir(program.join("topics")).unwrap();
    let command = program.command(&["serve", "--listen", "127.0.0.1:0", "--watch-config"]);
    let daemon = Daemon::start(command, &program.join("log")).unwrap();
    let serves = |topic: &str| {
        let path = format!("/topics/{topic}/feed.atom");
        (daemon.get(&path).status == 200).then_some(())
    };
    wait_for("the topic of the start", || serves("one"));

    fs::write(program.join("topics/two.toml"), topic("two")).unwrap();
    wait_for("the topic of a new included file", || serves("two"));

    fs::write(program.join("topics/two.toml"), topic("three")).unwrap();
    wait_for("the topic of a changed included file", || serves("three"));
    assert_eq!(daemon.get("/topics/two/feed.atom").status, 404);

    // An editor replaces the file; the first version has an error.
    let replace = |text: &str| {
        fs::write(program.join("new"), text).unwrap();
        fs::rename(program.join("new"), program.join("feeds.toml")).unwrap();
    };
    replace(&format!("{SITE}{}any = 3", topic("four")));
    wait_for("the log names the error", || {
        daemon.log().contains("the previous settings stay in force").then_some(())
    });
    assert_eq!(daemon.get("/topics/three/feed.atom").status, 200);
    replace(&format!("{SITE}{}", topic("four")));
    wait_for("the corrected file", || serves("four"));

    let faults = || daemon.log().matches("the previous settings stay in force").count();
    let known = faults();
    fs::rename(program.join("feeds.toml"), program.join("away")).unwrap();
    wait_for("the log says that the file is missing", || (faults() > known).then_some(()));
    assert_eq!(daemon.get("/topics/four/feed.atom").status, 200);
    fs::rename(program.join("away"), program.join("feeds.toml")).unwrap();
    let is_valid = || daemon.log().ends_with("feeds.toml reloaded: 0 sources, 1 topics\n");
    wait_for("the file that is back", || is_valid().then_some(()));

    let reloads = || daemon.log().matches("feeds.toml reloaded").count();
    let before = reloads();
    // The same content is no change. The next change shows that the file was looked at.
    fs::write(program.join("feeds.toml"), format!("{SITE}{}", topic("four"))).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(reloads(), before);
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn an_unwatched_configuration_is_reloaded_on_a_signal_only() {
    let program = Program::with(&format!("{SITE}{}", topic("one")));
    let daemon = program.serve();
    program.configure(&format!("{SITE}{}", topic("two")));
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(daemon.get("/topics/two/feed.atom").status, 404);
    daemon.signal(Signal::HUP);
    wait_for("the reload", || (daemon.get("/topics/two/feed.atom").status == 200).then_some(()));
}

#[test]
fn a_backup_may_be_read_by_those_who_may_read_the_database() {
    let program = Program::with(SITE);
    program.run_ok(&["poll"]);
    fs::set_permissions(program.database(), fs::Permissions::from_mode(0o600)).unwrap();
    program.run_ok(&["backup", "backup.db"]);
    assert_eq!(fs::metadata(program.join("backup.db")).unwrap().mode() & 0o777, 0o600);
}
