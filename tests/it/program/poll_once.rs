//! One round of `poll` over several hosts.

use std::{
    collections::HashSet,
    fmt::Write as _,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{HEAD, feeds_toml};
use crate::support::{
    origin::{Origin, Reply},
    program::{Program, ProgramOutput},
    sample_feeds::{Post, rss},
};

#[test]
fn forty_sources_of_a_slow_host_do_not_delay_other_hosts() {
    let (slow, fast) = (Origin::start(), Origin::start());
    let mut toml = HEAD.replace(
        "allow_hosts = [\"127.0.0.1\"]",
        "allow_hosts = [\"127.0.0.1\", \"localhost\"]\nconcurrency = 4",
    );
    toml = toml.replace("timeout = \"5s\"", "timeout = \"60s\"");
    for n in 0..40 {
        write!(
            toml,
            "[[source]]\nid = \"slow-{n}\"\nurl = \"{}\"\nfollow = \"feed\"\n\n",
            slow.url(&format!("/{n}"))
        )
        .unwrap();
    }
    for n in 0..5 {
        let url = format!("http://localhost:{}/{n}", fast.port());
        write!(toml, "[[source]]\nid = \"fast-{n}\"\nurl = \"{url}\"\nfollow = \"feed\"\n\n")
            .unwrap();
    }
    // The slow host answers nothing until the other was asked for all of its feeds; once it waited
    // for them in vain, it waits no more.
    let asked = Arc::new((Mutex::new(HashSet::new()), Condvar::new()));
    let gave_up = AtomicBool::new(false);
    let noted = asked.clone();
    let document = rss("Scripted", &[Post::new("one", "Kafka", 1, "A log.")]);
    let answer = document.clone();
    fast.set_handler(move |request| {
        if request.path != "/robots.txt" {
            noted.0.lock().unwrap().insert(request.path.clone());
            noted.1.notify_all();
        }
        Reply::ok(answer.clone())
    });
    slow.set_handler(move |_| {
        let wait_timeout =
            if gave_up.load(Ordering::Relaxed) { Duration::ZERO } else { Duration::from_secs(30) };
        let paths = asked.0.lock().unwrap();
        let (paths, waited) =
            asked.1.wait_timeout_while(paths, wait_timeout, |paths| paths.len() < 5).unwrap();
        drop(paths);
        gave_up.fetch_or(waited.timed_out(), Ordering::Relaxed);
        if waited.timed_out() { Reply::new(500) } else { Reply::ok(document.clone()) }
    });
    let summary = Program::with(&toml).json(&["poll"]);
    assert_eq!((&summary["attempted"], &summary["failed"]), (&45.into(), &0.into()), "{summary}");
    assert_eq!((slow.most_in_flight(), fast.most_in_flight()), (1, 1));
}

#[test]
fn proxy_environment_variables_are_ignored() {
    let (origin, proxy) = (Origin::start(), Origin::start());
    origin.script(
        "/rss",
        vec![Reply::ok(rss("Scripted", &[Post::new("one", "Kafka", 1, "A log.")]))],
    );
    let program = Program::with(&feeds_toml(&origin, &["/rss"]));
    let mut command = program.command(&["poll", "--fail-on-error"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        command.env(name, proxy.url("/").as_str());
    }
    let ended = ProgramOutput::from_output(&command.output().unwrap());
    assert_eq!(
        (ended.code, origin.requests_to("/rss").len()),
        (0, 1),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert!(proxy.requests().is_empty());
}
