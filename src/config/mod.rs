//! The configuration file feeds.toml: parsing, validation and editing.
//!
//! [`check`] parses the text and returns a [`Config`] with every default filled in, or every error
//! with its position and a suggestion. [`append_sources`] adds sources and keeps the rest of the
//! text byte for byte.
//!
//! `cli` reads feeds.toml. The files that it includes are read here, and credentials when they are
//! needed.

mod edit;
mod expressions;
mod findings;
mod icon;
mod include;
mod polling;
mod publishing;
mod quantity;
mod report;
mod schema;
mod server;
mod site;
mod source;
mod suggested_ids;
mod table_reader;
mod terms;
mod texts;
mod topic;
mod value;
mod vocabulary;
mod webhook;
mod words;

pub use edit::{
    EditError, NewSource, NewTopic, append_source, append_sources, append_topics, topic_block,
};
pub use findings::{ConfigInputs, ConfigProblem, EffectiveValue, closest_match};
pub use polling::PollingConfig;
pub use publishing::{Hub, PublishingConfig};
pub use report::{ProblemGroup, group_warnings, render};
pub use schema::schema;
pub use server::{ServerConfig, TlsConfig};
pub use site::SiteConfig;
pub use suggested_ids::{numbered_id, suggest_source_id, suggest_topic_id};
pub use vocabulary::Vocabulary;

use feed_model::{Severity, Source, Topic};

use findings::Findings;
use schema::KeyTable;
use table_reader::TableReader;

/// The example feeds.toml, which `tributary init --example` writes.
pub const SHIPPED: &str = include_str!("../../feeds.toml");

/// The first feeds.toml of a new user, which `tributary init` writes.
pub const STARTER: &str = include_str!("../../data/starter.toml");

/// A valid configuration, with every default filled in and every reference resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[site]`: title, URL and identity of the published site.
    pub site: SiteConfig,
    /// `[server]`: where the daemon listens.
    pub server: ServerConfig,
    /// `[polling]`: defaults for every source, and limits shared by all sources.
    pub polling: PollingConfig,
    /// `[publishing]`: size of the feed documents, and retention.
    pub publishing: PublishingConfig,
    /// `[[source]]`, in the order of the file.
    pub sources: Vec<Source>,
    /// `[[topic]]`, in the order of the file.
    pub topics: Vec<Topic>,
}

/// The result of [`check`].
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The configuration; `None` if there is an error. Warnings are allowed.
    pub config: Option<Config>,
    /// `[server]`, even if other parts are invalid. Invalid values are replaced with defaults.
    pub server: ServerConfig,
    /// Every problem, in the order of the file.
    pub problems: Vec<ConfigProblem>,
    /// Every effective value and its origin, in the order of docs/reference.md.
    pub effective: Vec<EffectiveValue>,
    /// What was read.
    pub inputs: ConfigInputs,
}

impl CheckReport {
    /// Returns the number of errors.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count()
    }
}

/// Parses and validates the text of a configuration file. `file` is its path. It is its name in
/// reports, and the files that it names are relative to its directory.
pub fn check(text: &str, file: &str) -> CheckReport {
    read(text, Findings::new(text, file)).0
}

/// Returns the keys that [`check`] looks for in the tables of `text`.
fn recorded_keys(text: &str) -> KeyTable {
    let mut findings = Findings::new(text, "feeds.toml");
    findings.record_keys();
    read(text, findings).1
}

/// Reads a configuration file. The keys are empty unless `findings` records them.
fn read(text: &str, mut findings: Findings) -> (CheckReport, KeyTable) {
    let (document, syntax_errors) = toml::de::DeTable::parse_recoverable(text);
    for error in &syntax_errors {
        findings.syntax(error);
    }

    let mut top = TableReader::root(document.get_ref());
    let site = SiteConfig::read(top.table(&mut findings, "site"), &mut findings);
    let server = ServerConfig::read(top.table(&mut findings, "server"), &mut findings);
    let defaults =
        polling::Defaults::read(top.table(&mut findings, "polling"), site.timezone, &mut findings);
    let publishing = PublishingConfig::read(top.table(&mut findings, "publishing"), &mut findings);
    let texts = include::read(&mut top, &mut findings);
    let included: Vec<_> =
        texts.iter().map(|text| toml::de::DeTable::parse_recoverable(text)).collect();
    for error in included.iter().flat_map(|(_, errors)| errors) {
        findings.syntax(error);
    }
    let mut source_tables = top.tables(&mut findings, "source");
    let mut topic_tables = top.tables(&mut findings, "topic");
    top.finish(&mut findings);
    for (document, _) in &included {
        let mut file = TableReader::root(document.get_ref());
        source_tables.extend(file.tables(&mut findings, "source"));
        topic_tables.extend(file.tables(&mut findings, "topic"));
        file.finish(&mut findings);
    }
    let sources = source::read_all(source_tables, &defaults, &mut findings);
    let topics = topic::read_all(topic_tables, &sources.ids, &mut findings);
    defaults.check_floor(&sources.on_default_interval, &mut findings);

    let (keys, inputs) = (findings.take_keys(), findings.inputs());
    let (problems, effective) = findings.into_parts();
    let config = problems.iter().all(|p| p.severity != Severity::Error).then(|| Config {
        site,
        server: server.clone(),
        polling: defaults.into_polling(),
        publishing,
        sources: sources.valid,
        topics,
    });
    (CheckReport { config, server, problems, effective, inputs }, keys)
}
