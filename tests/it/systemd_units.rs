//! The systemd units as they stand: every command line is one that the program takes.

use std::{fs, path::Path};

/// Where the units expect the program.
const INSTALLED: &str = "/usr/local/bin/tributary";

#[test]
fn every_exec_start_line_parses() {
    let mut seen = 0;
    for (unit, text) in units() {
        for line in text.lines().filter_map(|line| line.strip_prefix("ExecStart=")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], INSTALLED, "{unit}: {line}");
            assert!(
                !line.contains(['"', '\'', '$', '%', '\\']),
                "{unit}: {line}: this test splits at blanks only"
            );
            if let Err(error) = tributary::cli::command().try_get_matches_from(&words) {
                panic!("{unit}: `{line}` is not understood: {error}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3, "serve, poll and publish");
}

#[test]
fn every_service_is_hardened() {
    const WANTED: &[&str] = &[
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=@system-service",
        "MemoryDenyWriteExecute=yes",
        "StateDirectory=tributary",
    ];
    for (unit, text) in units().into_iter().filter(|(unit, _)| unit.ends_with(".service")) {
        for expected in WANTED {
            assert!(text.lines().any(|line| line == *expected), "{unit} lacks {expected}");
        }
        assert!(
            text.contains("\nDynamicUser=yes") || text.contains("\nUser=tributary"),
            "{unit} must not run as root"
        );
    }
}

#[test]
fn the_daemon_unit_uses_notify_watchdog_and_reload() {
    let (_, text) = units().into_iter().find(|(unit, _)| unit == "tributary.service").unwrap();
    for expected in [
        "Type=notify",
        "WatchdogSec=60",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "RestartPreventExitStatus=78",
    ] {
        assert!(text.lines().any(|line| line == expected), "tributary.service lacks {expected}");
    }
}

/// The name and text of each unit.
fn units() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let mut units: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    units.sort();
    units
}
