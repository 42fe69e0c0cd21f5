//! The layer rules, read from the sources: imports go down only, a library's types stay in the rooms that own them, and
//! nobody below layer 4 sees the whole configuration.
//!
//! What is read are the paths in the code: `crate::room::…` wherever it stands, the names of `use crate::{…}` groups,
//! and the first name of every path for libraries. Comments, strings and `#[cfg(test)]` modules are left out: a test may
//! look anywhere.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The layer of each room; what is not named here may not exist.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["model"]),
    (1, &["follow", "ingest", "identity", "topic", "schedule", "publish"]),
    (2, &["config", "fetch", "store", "telemetry", "clock"]),
    (3, &["poll", "serve", "site"]),
    (4, &["main", "lib", "cli", "daemon", "demo"]),
];

/// The places (beginnings of paths under `src/`) that may name a library.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("feed_rs", &["ingest/parse"]),
    ("rss", &["publish/", "ingest/parse"]),
    ("atom_syndication", &["publish/", "ingest/parse"]),
    ("rusqlite", &["store/"]),
    ("reqwest", &["fetch/"]),
    ("axum", &["serve/", "demo/"]),
    ("clap", &["cli/"]),
];

const DOWN: &str = "imports go down only: layer 0 model; 1 follow ingest identity topic schedule publish; \
    2 config fetch store telemetry clock, which do not import each other; 3 poll serve site; 4 main cli daemon demo";
const CONFINED: &str = "a library's types stay in the rooms that own them";
const POLICY: &str =
    "nobody below layer 4 sees the whole Config: pure functions take a small policy struct, edges an options struct";

#[test]
fn imports_go_down_only() {
    let mut broken = Broken::default();
    for file in sources() {
        let layer = layer_of(&file.room).unwrap_or_else(|| panic!("src/{} stands in no layer; {DOWN}", file.path));
        for (line, target) in file.crate_paths() {
            if target == file.room || target == "crate" {
                continue;
            }
            let Some(below) = layer_of(&target) else {
                broken.at(&file, line, &format!("`crate::{target}` is no room"));
                continue;
            };
            let allowed = below < layer || (below == layer && matches!(layer, 1 | 3 | 4));
            if !allowed {
                broken.at(&file, line, &format!("{} (layer {layer}) imports {target} (layer {below})", file.room));
            }
        }
    }
    broken.check(DOWN);
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut broken = Broken::default();
    for file in sources() {
        for (library, places) in LIBRARIES {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            for line in file.library_lines(library) {
                broken.at(&file, line, &format!("`{library}` belongs to {}", places.join(" and ")));
            }
        }
    }
    broken.check(CONFINED);
}

#[test]
fn nobody_below_layer_4_sees_the_whole_config() {
    let mut broken = Broken::default();
    for file in sources() {
        if layer_of(&file.room) == Some(4) || file.room == "config" {
            continue;
        }
        for line in file.whole_config_lines() {
            broken.at(&file, line, "the whole Config is named");
        }
    }
    broken.check(POLICY);
}

#[test]
fn the_reader_of_paths_sees_what_it_has_to_see() {
    let code = "use crate::{\n    model::Id, // crate::serve\n    store::{self, Store},\n    cli,\n};\n\
        fn f() -> crate::fetch::Answer { let _ = \"crate::demo::x\"; let c = '\"'; axum::serve(c) }\n\
        use  rss ::Channel;\nlet x = model::rss::y; let rss = 1; r#\"crate::topic\"#;\n\
        use feed_rs as parser;\n#[cfg(test)]\nmod tests { use crate::poll; }\n/* crate::site /* nested */ clap:: */ fn after() { crate::publish::go() }\n";
    let file = Source::new("fetch/x.rs", code);
    let paths: Vec<_> = file.crate_paths().into_iter().map(|(line, target)| format!("{target}:{line}")).collect();
    assert_eq!(paths, ["model:2", "store:3", "cli:4", "fetch:6", "publish:12"]);
    assert_eq!(file.library_lines("axum"), [6]);
    assert_eq!(file.library_lines("rss"), [7]);
    assert_eq!(file.library_lines("feed_rs"), [9]);
    assert!(file.library_lines("clap").is_empty());
    assert_eq!(Source::new("poll/x.rs", "use crate::config::{Polling,\nConfig};").whole_config_lines(), [2]);
    assert_eq!(Source::new("poll/x.rs", "use crate::config; fn f(_: &config::Config) {}").whole_config_lines(), [1]);
    assert!(Source::new("poll/x.rs", "use crate::config::Polling; use rustls::ClientConfig;").whole_config_lines().is_empty());
    assert!(Source::new("fetch/x.rs", "use other::Config;").whole_config_lines().is_empty());
}

/// The places where a rule is broken.
#[derive(Default)]
struct Broken(String);

impl Broken {
    fn at(&mut self, file: &Source, line: usize, what: &str) {
        writeln!(self.0, "  src/{}:{line}: {what}", file.path).unwrap();
    }

    fn check(self, rule: &str) {
        assert!(self.0.is_empty(), "the rule is: {rule}\n{}", self.0);
    }
}

fn layer_of(room: &str) -> Option<u8> {
    LAYERS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(layer, _)| *layer)
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.retain(|file| !is_test_module(file));
    files.sort();
    assert!(files.len() > 10, "the sources are under {}", root.display());
    let relative = |file: &Path| file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
    files.iter().map(|file| Source::new(&relative(file), &fs::read_to_string(file).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether the module beside it declares the file for tests alone.
fn is_test_module(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let parent = fs::read_to_string(file.with_file_name("mod.rs")).unwrap_or_default();
    parent.contains(&format!("#[cfg(test)]\nmod {name};"))
}

/// One source file as a list of words: names and punctuation, each with its line.
struct Source {
    path: String,
    room: String,
    words: Vec<(usize, String)>,
}

impl Source {
    fn new(path: &str, code: &str) -> Self {
        let room = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        Self { path: path.to_owned(), room, words: without_tests(&words(code)) }
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |(_, word)| word)
    }

    /// The room that each `crate::room` names, groups included.
    fn crate_paths(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            if self.word(at) != "crate" || self.word(at + 1) != "::" {
                continue;
            }
            if self.word(at + 2) != "{" {
                found.extend(self.words.get(at + 2).cloned());
                continue;
            }
            // In a group, each name that begins an element of the outermost braces is a room.
            let (mut depth, mut begins) = (0, false);
            for (line, word) in &self.words[at + 2..] {
                match word.as_str() {
                    "{" => {
                        depth += 1;
                        begins = depth == 1;
                    }
                    "}" if depth == 1 => break,
                    "}" => depth -= 1,
                    "," => begins = depth == 1,
                    name if begins => {
                        found.push((*line, name.to_owned()));
                        begins = false;
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The lines that name `Config`, in a file that reaches for `crate::config` at all.
    fn whole_config_lines(&self) -> Vec<usize> {
        let reaches = self.crate_paths().iter().any(|(_, target)| target == "config");
        self.words.iter().filter(|(_, word)| reaches && word == "Config").map(|(line, _)| *line).collect()
    }

    /// The lines where a path begins with the library's name, or `use` names it alone.
    fn library_lines(&self, library: &str) -> Vec<usize> {
        let starts = |at: usize| {
            let before = at.checked_sub(1).map_or("", |at| self.word(at));
            let outermost = before != "::" || !is_name(at.checked_sub(2).map_or("", |at| self.word(at)));
            self.word(at) == library && outermost && (self.word(at + 1) == "::" || before == "use")
        };
        (0..self.words.len()).filter(|at| starts(*at)).map(|at| self.words[at].0).collect()
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single characters of punctuation, without comments, strings and characters.
fn words(code: &str) -> Vec<(usize, String)> {
    let bytes: Vec<char> = code.chars().collect();
    let (mut found, mut line, mut at) = (Vec::new(), 1, 0);
    let peek = |at: usize| bytes.get(at).copied().unwrap_or('\0');
    while at < bytes.len() {
        let start = at;
        let c = bytes[at];
        if c == '/' && peek(at + 1) == '/' {
            while at < bytes.len() && bytes[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && peek(at + 1) == '*' {
            let mut depth = 0;
            loop {
                match (peek(at), peek(at + 1)) {
                    ('/', '*') => (depth, at) = (depth + 1, at + 2),
                    ('*', '/') => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
                if depth == 0 || at >= bytes.len() {
                    break;
                }
            }
        } else if c == '"' {
            at = after_string(&bytes, at + 1);
        } else if let Some(end) = after_raw_string(&bytes, at) {
            at = end;
        } else if c == '\'' {
            // A character ends with a quote; a lifetime does not.
            at = match (peek(at + 1), peek(at + 2)) {
                ('\\', _) => (at + 3..bytes.len()).find(|end| bytes[*end] == '\'').map_or(bytes.len(), |end| end + 1),
                (_, '\'') => at + 3,
                _ => at + 1,
            };
        } else if c.is_alphanumeric() || c == '_' {
            while peek(at).is_alphanumeric() || peek(at) == '_' {
                at += 1;
            }
            found.push((line, bytes[start..at].iter().collect()));
        } else if c == ':' && peek(at + 1) == ':' {
            at += 2;
            found.push((line, "::".to_owned()));
        } else {
            at += 1;
            if !c.is_whitespace() {
                found.push((line, c.to_string()));
            }
        }
        line += bytes[start..at.min(bytes.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn after_string(bytes: &[char], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != '"' {
        at += if bytes[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where the raw string (`r"…"`, `br#"…"#`) that begins here ends, if one does.
fn after_raw_string(bytes: &[char], at: usize) -> Option<usize> {
    let r = at + usize::from(bytes[at] == 'b');
    let hashes = bytes.get(r + 1..)?.iter().take_while(|c| **c == '#').count();
    if bytes.get(r) != Some(&'r') || bytes.get(r + 1 + hashes) != Some(&'"') {
        return None;
    }
    let body = r + 2 + hashes;
    let closes =
        |end: &usize| bytes[*end] == '"' && bytes[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    Some((body..bytes.len()).find(closes).map_or(bytes.len(), |end| end + 1 + hashes))
}

/// The words without the modules marked `#[cfg(test)]`.
fn without_tests(words: &[(usize, String)]) -> Vec<(usize, String)> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let marked = MARK.iter().enumerate().all(|(i, mark)| words.get(at + i).is_some_and(|(_, word)| word == mark));
        if !marked {
            kept.push(words[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        while at < words.len() {
            let word = words[at].1.as_str();
            depth += i32::from(word == "{") - i32::from(word == "}");
            at += 1;
            if depth == 0 && matches!(word, "}" | ";") {
                break;
            }
        }
    }
    kept
}
