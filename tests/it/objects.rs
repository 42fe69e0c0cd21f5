//! Publishing to an object store, tried on an S3 server: moto, a Python package.
//!
//! Without the server these tests say so and pass, except in CI (`CI=true`), where they fail. To
//! have it: `python3 -m venv target/moto && target/moto/bin/pip install "moto[server,s3]"`.

#![allow(clippy::disallowed_methods)] // the variables are those of the tests

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use crate::{
    program::{origin_with_three_feeds, polled_program},
    support::{
        http::{self, HttpResponse},
        program::{Program, ProgramOutput, wait_for},
    },
};

/// The server wants a signature and does not verify it.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=unverified";

/// An S3 server of its own, with one bucket.
struct S3 {
    server: Child,
    address: SocketAddr,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn moto_server() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = [root.join("target/moto/bin/moto_server"), PathBuf::from("moto_server")];
    let set = std::env::var_os("MOTO_SERVER").map(PathBuf::from);
    set.into_iter().chain(own).find(|path| {
        let mut run = Command::new(path);
        run.arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
        run.status().is_ok_and(|status| status.success())
    })
}

impl S3 {
    /// Starts a server. `None`, with a loud notice, if there is none on this machine.
    fn start() -> Option<Self> {
        static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let Some(path) = PATH.get_or_init(moto_server) else {
            let notice = "NOT TESTED: there is no S3 server; see the head of tests/it/objects.rs";
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{notice}");
            eprintln!("\n*** {notice} ***\n");
            return None;
        };
        let _starting = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let server = Command::new(path)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let s3 = Self { server, address };
        wait_for("the S3 server starts", || {
            s3.request("PUT", "/bucket", "").ok().filter(|answer| answer.status == 200)
        });
        Some(s3)
    }

    fn get(&self, key: &str) -> HttpResponse {
        self.request("GET", &format!("/bucket/{key}"), "").unwrap()
    }

    fn put(&self, key: &str, body: &str) {
        let answer = self.request("PUT", &format!("/bucket/{key}"), body).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The server takes a name with dots for that of a bucket.
    fn request(&self, method: &str, path: &str, body: &str) -> io::Result<HttpResponse> {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: {AUTHORIZATION}\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        http::exchange(self.address, head.as_bytes())
    }

    /// Key, entity tag and time of every object.
    fn objects(&self) -> BTreeMap<String, (String, String)> {
        let listing = self.request("GET", "/bucket?list-type=2&max-keys=1000", "");
        let text = listing.unwrap().text();
        assert!(text.contains("<IsTruncated>false"), "{text}");
        let field = |part: &str, name: &str| {
            let rest = part.split(&format!("<{name}>")).nth(1).unwrap();
            rest.split("</").next().unwrap().to_owned()
        };
        let objects = text.split("<Contents>").skip(1);
        objects
            .map(|part| (field(part, "Key"), (field(part, "ETag"), field(part, "LastModified"))))
            .collect()
    }

    fn command(&self, program: &Program, target: &str) -> Command {
        let mut command = program.command(&["publish", target, "--json"]);
        command
            .env("AWS_ENDPOINT", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    }

    fn publish(&self, program: &Program, target: &str) -> ProgramOutput {
        ProgramOutput::from_output(&self.command(program, target).output().unwrap())
    }

    /// Publishes and returns the numbers of written, unchanged and removed files.
    #[track_caller]
    fn publish_ok(&self, program: &Program, target: &str) -> [u64; 3] {
        let ended = self.publish(program, target);
        assert_eq!(ended.code, 0, "{ended:?}");
        let counts: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        ["written", "unchanged", "removed"].map(|name| counts[name].as_u64().unwrap())
    }
}

/// Compares the objects below `feeds/` with the files that `publish DIR` writes.
#[track_caller]
fn assert_same_as_files(s3: &S3, program: &Program) {
    program.run_ok(&["publish", "public"]);
    let files: BTreeMap<String, Vec<u8>> =
        program.files("public").into_iter().map(|(name, bytes, _)| (name, bytes)).collect();
    let mut names: Vec<String> = s3
        .objects()
        .into_keys()
        .filter_map(|key| key.strip_prefix("feeds/").map(str::to_owned))
        .collect();
    names.sort();
    let mut expected: Vec<&String> = files.keys().collect();
    expected.sort();
    assert_eq!(names.iter().collect::<Vec<_>>(), expected);
    for (name, bytes) in files.iter().filter(|(name, _)| *name != ".tributary-manifest") {
        assert!(s3.get(&format!("feeds/{name}")).body == *bytes, "{name}");
    }
}

#[test]
fn objects_have_the_bytes_and_the_headers_of_the_site() {
    let Some(s3) = S3::start() else { return };
    let program = polled_program(&origin_with_three_feeds());
    s3.put("feeds.html", "next to the prefix");
    let [written, unchanged, removed] = s3.publish_ok(&program, "s3://bucket/feeds/");
    assert!(written > 20 && unchanged == 0 && removed == 0, "{written} {unchanged} {removed}");
    assert_same_as_files(&s3, &program);
    for (name, media_type, coding) in [
        ("topics/all/feed.atom", "application/atom+xml; charset=utf-8", None),
        ("topics/all/feed.atom.gz", "application/atom+xml; charset=utf-8", Some("gzip")),
        ("topics/all/feed.atom.br", "application/atom+xml; charset=utf-8", Some("br")),
        ("topics/all/feed.json", "application/feed+json", None),
        ("topics/all/index.html", "text/html; charset=utf-8", None),
        ("style.css", "text/css; charset=utf-8", None),
    ] {
        let object = s3.get(&format!("feeds/{name}"));
        assert_eq!(object.header("content-type"), Some(media_type), "{name}");
        assert_eq!(object.header("content-encoding"), coding, "{name}");
        let caching = object.header("cache-control").unwrap_or_default();
        assert!(caching.starts_with("public, max-age="), "{name}: {caching}");
        assert!(object.header("etag").is_some() && object.header("last-modified").is_some());
    }
}

#[test]
fn only_what_changed_is_uploaded_and_what_is_gone_is_removed() {
    let Some(s3) = S3::start() else { return };
    let program = polled_program(&origin_with_three_feeds());
    let [all, _, _] = s3.publish_ok(&program, "s3://bucket/feeds");
    let before = s3.objects();
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(s3.publish_ok(&program, "s3://bucket/feeds"), [0, all, 0]);
    assert_eq!(s3.objects(), before, "nothing is written, the manifest neither");

    // What somebody else has changed or removed is restored.
    s3.put("feeds/opml.xml", "damaged");
    assert_eq!(s3.publish_ok(&program, "s3://bucket/feeds"), [1, all - 1, 0]);
    assert_same_as_files(&s3, &program);

    let config = fs::read_to_string(program.join("feeds.toml")).unwrap();
    let without = config.split("[[topic]]\nid = \"databases\"").next().unwrap().to_owned();
    program.configure(&without);
    let [written, _, removed] = s3.publish_ok(&program, "s3://bucket/feeds");
    assert!(written > 0 && written < all && removed >= 4, "{written} {removed}");
    assert_same_as_files(&s3, &program);
    assert_eq!(s3.get("feeds/topics/databases/feed.atom").status, 404);
}

#[test]
fn an_object_of_somebody_else_is_not_overwritten() {
    let Some(s3) = S3::start() else { return };
    let program = polled_program(&origin_with_three_feeds());
    s3.put("feeds/index.html", "mine");
    let refused = s3.publish(&program, "s3://bucket/feeds");
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("feeds/index.html is not listed"), "{refused:?}");
    assert_eq!(s3.objects().len(), 1);
    assert_eq!(s3.get("feeds/index.html").text(), "mine");
    for (target, code) in [("s3://", 2), ("s3://bucket/x?y=1", 2), ("s3://missing/feeds", 1)] {
        let ended = s3.publish(&program, target);
        assert_eq!(ended.code, code, "{target}: {ended:?}");
    }
}

#[test]
fn runs_at_the_same_time_agree_in_the_end() {
    let Some(s3) = S3::start() else { return };
    let program = polled_program(&origin_with_three_feeds());
    let mut runs: Vec<Child> = (0..3)
        .map(|_| {
            let mut command = s3.command(&program, "s3://bucket/feeds");
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in &mut runs {
        let status = run.wait().unwrap();
        let mut text = String::new();
        run.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(status.success(), "{text}");
    }
    assert_same_as_files(&s3, &program);
}

#[test]
fn a_killed_run_is_completed_by_the_next() {
    let Some(s3) = S3::start() else { return };
    let program = polled_program(&origin_with_three_feeds());
    for (round, count) in [0, 1, 5, 20, 35].into_iter().enumerate() {
        let mut run = s3
            .command(&program, "s3://bucket/feeds")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for("the run writes", || {
            (s3.objects().len() >= count || run.try_wait().unwrap().is_some()).then_some(())
        });
        run.kill().unwrap();
        run.wait().unwrap();
        // The objects that are there are complete.
        for key in s3.objects().into_keys().filter(|key| key.ends_with("/feed.atom")) {
            assert!(s3.get(&key).text().ends_with("</feed>\n"), "{key}");
        }
        if round % 2 == 1 {
            s3.publish_ok(&program, "s3://bucket/feeds");
            assert_same_as_files(&s3, &program);
            // All keys are new again for the next round.
            let config = fs::read_to_string(program.join("feeds.toml")).unwrap();
            program.configure(&config.replace("title = \"Test\"", "title = \"Test again\""));
        }
    }
    s3.publish_ok(&program, "s3://bucket/feeds");
    assert_same_as_files(&s3, &program);
}
