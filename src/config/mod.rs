//! feeds.toml as written and as meant (layer 2).
//!
//! [`check`] reads the text once, keeping the place of every key and value, and turns it into a
//! [`Config`] in which every default is filled in. It reports every problem in one run, each with
//! its place and a suggestion. [`append_sources`] changes the text and keeps every other byte.
//!
//! Deliberately absent: reading files, the environment and credentials. The command line reads
//! feeds.toml, and a credential is read when it is needed. The rule kept: there is a [`Config`]
//! only where there is no error.

mod edit;
mod expressions;
mod findings;
mod polling;
mod publishing;
mod quantity;
mod report;
mod server;
mod site;
mod source;
mod table_reader;
mod topic;
mod value;

pub use edit::{EditError, NewSource, append_source, append_sources, suggest_id};
pub use findings::{ConfigProblem, EffectiveValue};
pub use polling::PollingConfig;
pub use publishing::PublishingConfig;
pub use report::render;
pub use server::{ServerConfig, TlsConfig};
pub use site::SiteConfig;

use feed_model::{Severity, Source, Topic};

use findings::Findings;
use table_reader::TableReader;

/// The feeds.toml that is shipped, and that `tributary init` writes.
pub const SHIPPED: &str = include_str!("../../feeds.toml");

/// feeds.toml as it is meant: every default filled in, every reference resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[site]`: what the published documents say of themselves.
    pub site: SiteConfig,
    /// `[server]`: where the daemon listens.
    pub server: ServerConfig,
    /// `[polling]`: defaults for every source, and what is shared by all.
    pub polling: PollingConfig,
    /// `[publishing]`: how much a document holds, and for how long a story is kept.
    pub publishing: PublishingConfig,
    /// `[[source]]`, in the file's order.
    pub sources: Vec<Source>,
    /// `[[topic]]`, in the file's order.
    pub topics: Vec<Topic>,
}

/// What [`check`] found.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The file as it is meant, where it has no error (warnings do not hinder).
    pub config: Option<Config>,
    /// Every problem, in the file's order.
    pub problems: Vec<ConfigProblem>,
    /// Every value in force and where it comes from, in the order of the reference.
    pub effective: Vec<EffectiveValue>,
}

impl CheckReport {
    /// How many problems are errors.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count()
    }
}

/// Reads `text`, the content of `file`, and reports everything that is wrong with it. `file` is
/// used in reports only.
pub fn check(text: &str, file: &str) -> CheckReport {
    let mut findings = Findings::new(text, file);
    let (document, syntax_errors) = toml::de::DeTable::parse_recoverable(text);
    for error in &syntax_errors {
        findings.syntax(error);
    }

    let mut top = TableReader::root(document.get_ref());
    let site = SiteConfig::read(top.table(&mut findings, "site"), &mut findings);
    let server = ServerConfig::read(top.table(&mut findings, "server"), &mut findings);
    let defaults = polling::Defaults::read(top.table(&mut findings, "polling"), &mut findings);
    let publishing = PublishingConfig::read(top.table(&mut findings, "publishing"), &mut findings);
    let sources = source::read_all(top.tables(&mut findings, "source"), &defaults, &mut findings);
    let topics = topic::read_all(top.tables(&mut findings, "topic"), &sources.ids, &mut findings);
    top.finish(&mut findings);
    defaults.check_floor(&sources, &mut findings);

    let (problems, effective) = findings.into_parts();
    let config = problems.iter().all(|p| p.severity != Severity::Error).then(|| Config {
        site,
        server,
        polling: defaults.into_polling(),
        publishing,
        sources: sources.valid,
        topics,
    });
    CheckReport { config, problems, effective }
}
