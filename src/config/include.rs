//! `include`: further files with sources and topics.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    findings::{Findings, quoted},
    table_reader::TableReader,
    value::Located,
};

/// Reads the files that `include` names, in the order of the list and then of their names. Returns
/// their texts for the parser.
pub(super) fn read(top: &mut TableReader<'_>, findings: &mut Findings) -> Vec<String> {
    let list = top.or(findings, "include", Vec::<Located<String>>::new());
    let (directory, mut seen, mut texts) = (findings.directory(), Vec::new(), Vec::new());
    for (index, pattern) in list.value.iter().enumerate() {
        let key = format!("{}[{index}]", list.key);
        findings.depends_on(directory_of_pattern(&directory.join(&pattern.value)));
        let files = match files_of(&directory, &pattern.value) {
            Ok(files) => files,
            Err((text, hint)) => {
                findings.error(&key, &pattern.span, text, hint);
                continue;
            }
        };
        if files.is_empty() {
            let text = format!("no file matches {}", quoted(&pattern.value));
            let hint = "paths are relative to the directory of feeds.toml".to_owned();
            findings.warning(&key, &pattern.span, text, hint);
        }
        for file in files {
            if seen.contains(&file) {
                continue;
            }
            match fs::read_to_string(&file) {
                Ok(text) => texts.push(findings.add_file(&text, &file.display().to_string())),
                Err(error) => {
                    let (text, hint) = unreadable(&file, &error);
                    findings.error(&key, &pattern.span, text, hint);
                    findings.depends_on(file.clone());
                }
            }
            seen.push(file);
        }
    }
    texts
}

/// Returns the error for a file that cannot be read, and what to do about it.
pub(super) fn unreadable(file: &Path, error: &io::Error) -> (String, String) {
    let name = quoted(&file.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound => (
            format!("there is no file {name}"),
            "create it, or correct the path, which is relative to the directory of feeds.toml"
                .to_owned(),
        ),
        io::ErrorKind::InvalidData => {
            (format!("{name} is not valid UTF-8"), "save the file as UTF-8".to_owned())
        }
        _ => (
            format!("cannot read {name}: {error}"),
            "check the file and its permissions".to_owned(),
        ),
    }
}

/// Returns the files of a pattern, sorted. A `*` in the file name stands for any characters.
fn files_of(directory: &Path, pattern: &str) -> Result<Vec<PathBuf>, (String, String)> {
    let path = directory.join(pattern);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = path.parent().unwrap_or(Path::new(""));
    if parent.to_string_lossy().contains('*') {
        return Err((
            format!("{} has a `*` in a directory", quoted(pattern)),
            "use `*` in the file name only: \"topics/*.toml\"".to_owned(),
        ));
    }
    if !name.contains('*') {
        return Ok(vec![path]);
    }
    let entries = match fs::read_dir(directory_of_pattern(&path)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(parent, &error)),
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|found| !found.starts_with('.') && matches_pattern(found, &name))
        .map(|found| parent.join(found))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// Returns the directory that a pattern looks into.
fn directory_of_pattern(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Returns whether a name matches a pattern, in which `*` stands for any characters.
fn matches_pattern(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return name == pattern;
    };
    let Some(tail) = name.strip_prefix(start) else {
        return false;
    };
    (0..=tail.len())
        .filter(|at| tail.is_char_boundary(*at))
        .any(|at| matches_pattern(&tail[at..], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (name, pattern, matches) in [
            ("a.toml", "*.toml", true),
            (".toml", "*.toml", true),
            ("a.toml.bak", "*.toml", false),
            ("topic-a-1.toml", "topic-*-*.toml", true),
            ("topic.toml", "topic-*", false),
            ("é", "*", true),
        ] {
            assert_eq!(matches_pattern(name, pattern), matches, "{name} {pattern}");
        }
    }
}
