//! Vocabularies: files with the terms of a subject, which topics take by name.
//!
//! Those of `data/vocabularies/` are compiled in. A path names one of the user's own.

use std::{fs, path::Path};

use feed_model::{Exceptions, TermGroup};

use super::{
    findings::{Findings, closest_match, quoted},
    include,
    table_reader::TableReader,
    terms,
    value::Located,
};

/// The terms of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// Its name, or the path of its file.
    pub name: String,
    /// The title of the subject.
    pub title: String,
    /// What the subject is, in one sentence.
    pub description: Option<String>,
    /// The groups of terms.
    pub terms: Vec<TermGroup>,
    /// What is not of the subject although a term occurs.
    pub except: Exceptions,
}

/// The name and the text of a compiled-in vocabulary.
macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../../data/vocabularies/", $name, ".toml")))
    };
}

/// The compiled-in vocabularies: name and text, in alphabetical order.
const SHIPPED: [(&str, &str); 15] = [
    shipped!("ai-infrastructure"),
    shipped!("cloud-infrastructure"),
    shipped!("data-engineering"),
    shipped!("databases"),
    shipped!("developer-tools"),
    shipped!("distributed-systems"),
    shipped!("hardware"),
    shipped!("machine-learning"),
    shipped!("networking"),
    shipped!("observability"),
    shipped!("programming-languages"),
    shipped!("security"),
    shipped!("software-architecture"),
    shipped!("streaming"),
    shipped!("web-frontend"),
];

impl Vocabulary {
    /// Returns all compiled-in vocabularies in alphabetical order.
    pub fn all() -> Vec<Self> {
        SHIPPED.iter().map(|(name, text)| Self::shipped(name, text)).collect()
    }

    fn shipped(name: &str, text: &str) -> Self {
        let mut findings = Findings::new(text, name);
        let vocabulary = parse(text, name, &mut findings);
        let (problems, _) = findings.into_parts();
        assert!(problems.is_empty(), "the vocabulary {name} is valid: {problems:?}");
        vocabulary
    }

    /// Reads a vocabulary from a file. `Err` has the rendered problems.
    pub fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            let (text, hint) = include::unreadable(path, &error);
            format!("{text}; {hint}")
        })?;
        let mut findings = Findings::new(&text, &name);
        let vocabulary = parse(&text, &name, &mut findings);
        let (problems, _) = findings.into_parts();
        if problems.is_empty() { Ok(vocabulary) } else { Err(super::render(&problems, false)) }
    }

    /// Returns whether a name is the path of a file.
    pub fn is_path(name: &str) -> bool {
        let extension = Path::new(name).extension();
        name.contains(['/', '\\'])
            || extension.is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    }
}

/// Reads `vocabulary` of a topic: the named vocabularies, in their order.
pub(super) fn read(section: &mut TableReader<'_>, findings: &mut Findings) -> Vec<Vocabulary> {
    let list = section.or(findings, "vocabulary", Vec::<Located<String>>::new());
    let mut vocabularies = Vec::new();
    for (index, name) in list.value.iter().enumerate() {
        let key = format!("{}[{index}]", list.key);
        if Vocabulary::is_path(&name.value) {
            let file = findings.directory().join(&name.value);
            match fs::read_to_string(&file) {
                Ok(text) => {
                    let shown = file.display().to_string();
                    let padded = findings.add_file(&text, &shown);
                    vocabularies.push(parse(&padded, &shown, findings));
                }
                Err(error) => {
                    let (text, hint) = include::unreadable(&file, &error);
                    findings.error(&key, &name.span, text, hint);
                    findings.depends_on(file);
                }
            }
            continue;
        }
        if let Some((known, text)) = SHIPPED.iter().find(|(known, _)| *known == name.value) {
            vocabularies.push(Vocabulary::shipped(known, text));
            continue;
        }
        let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let hint = match closest_match(&name.value, &known) {
            Some(known) => format!("did you mean {}?", quoted(known)),
            None => format!("use a file such as \"mine.toml\", or one of: {}", known.join(", ")),
        };
        let text = format!("unknown vocabulary {}", quoted(&name.value));
        findings.error(&key, &name.span, text, hint);
    }
    vocabularies
}

fn parse(text: &str, name: &str, findings: &mut Findings) -> Vocabulary {
    let (document, errors) = toml::de::DeTable::parse_recoverable(text);
    for error in &errors {
        findings.syntax(error);
    }
    findings.hide_effective(|findings| {
        let mut top = TableReader::root(document.get_ref());
        let title = top.or(findings, "title", name.to_owned()).value;
        let description = top.optional::<String>(findings, "description", "none").value;
        let terms = terms::groups(&mut top, findings);
        let except = terms::except(&mut top, findings);
        top.finish(findings);
        Vocabulary { name: name.to_owned(), title, description, terms, except }
    })
}
