//! The documentation as it stands: its commands are understood, its configuration is right, and
//! nothing is left out.

use std::{fs, path::Path};

use tributary::{cli, config, demo};

#[test]
fn every_command_line_in_the_documentation_parses() {
    let mut seen = 0;
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "systemd/README.md",
        "docs/install.md",
        "docs/operations.md",
    ] {
        for block in blocks(page, "sh") {
            for line in block.lines() {
                let line = line.split('#').next().unwrap().trim();
                let line = line.strip_prefix("sudo ").unwrap_or(line);
                let line = line
                    .replace("cargo run --release --", "tributary")
                    .replace("cargo run --", "tributary");
                if !line.starts_with("tributary ") {
                    continue;
                }
                if let Err(error) = cli::command().try_get_matches_from(line.split_whitespace()) {
                    panic!("{page}: `{line}` is not understood: {error}");
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "only {seen} command lines were found");
}

#[test]
fn the_reference_has_the_table_of_fields() {
    assert!(page("docs/reference.md").contains(&feed_parser::field_reference()));
}

#[test]
fn the_readme_configuration_is_valid() {
    let blocks = blocks("README.md", "toml");
    assert_eq!(blocks.len(), 1);
    let checked = config::check(&blocks[0], "README.md");
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}

#[test]
fn the_demo_configuration_is_valid_and_has_the_shipped_topics() {
    let text = demo::feeds_toml(config::SHIPPED, ([127, 0, 0, 1], 4711).into()).unwrap();
    let checked = config::check(&text, "demo");
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let shipped = config::check(config::SHIPPED, "feeds.toml").config.unwrap();
    assert_eq!(checked.config.unwrap().topics, shipped.topics);
}

#[test]
fn the_reference_names_every_command_option_and_key() {
    let reference = page("docs/reference.md");
    let program = cli::command();
    for command in program
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        let name = command.get_name();
        let named = [format!("`{name}`"), format!("`{name} ")]
            .iter()
            .any(|form| reference.contains(form.as_str()));
        assert!(named, "docs/reference.md does not name the command `{name}`");
        for option in command
            .get_arguments()
            .filter(|option| !option.is_hide_set())
            .filter_map(|option| option.get_long())
        {
            let named = option == "help" || reference.contains(&format!("--{option}"));
            assert!(named, "docs/reference.md does not name `{name} --{option}`");
        }
    }
    for value in &config::check(config::SHIPPED, "feeds.toml").effective {
        let key = value.key.rsplit('.').next().unwrap();
        assert!(
            reference.contains(&format!("`{key}`")),
            "docs/reference.md does not name the key `{}`",
            value.key
        );
    }
}

#[test]
fn the_packaging_files_have_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(page("compose.yaml").contains(&format!("image: tributary:{version}\n")));
    let install = page("docs/install.md");
    for file in [
        format!("tributary_{version}_amd64.deb"),
        format!("tributary-{version}-x86_64-unknown-linux-musl.tar.gz"),
        format!("tributary-{version}-image.tar"),
    ] {
        assert!(install.contains(&file), "docs/install.md does not name {file}");
    }
}

#[test]
fn architecture_names_existing_files_and_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = rust_sources(root);
    let page = page("ARCHITECTURE.md");
    let mut checked = 0;
    for span in page.split('`').skip(1).step_by(2).filter(|span| !span.contains([' ', '\n'])) {
        if span.contains('/') {
            assert!(root.join(span).exists(), "ARCHITECTURE.md names {span}, which does not exist");
        } else if span.matches('_').count() >= 4 {
            let test = format!("fn {span}(");
            let found = sources.iter().any(|source| source.contains(&test));
            assert!(found, "ARCHITECTURE.md names the test {span}, which does not exist");
        } else {
            continue;
        }
        checked += 1;
    }
    assert!(checked >= 50, "only {checked} names were found");
}

/// The text of every Rust file of the workspace.
fn rust_sources(root: &Path) -> Vec<String> {
    let mut folders: Vec<_> =
        ["src", "crates", "tests"].iter().map(|name| root.join(name)).collect();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The code blocks of that language in a page.
fn blocks(path: &str, language: &str) -> Vec<String> {
    let text = page(path);
    let begin = format!("```{language}\n");
    text.split(begin.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}
