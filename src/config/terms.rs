//! `[[terms]]` and `[except]`: groups of matchers and exceptions, of topics and of vocabularies.

use feed_model::{Exceptions, MatchField, TermGroup};

use super::{
    findings::{Findings, quoted},
    table_reader::{Setting, TableReader},
    value::Located,
    words::LetterCase,
};

/// Reads the groups of a table.
pub(super) fn groups(section: &mut TableReader<'_>, findings: &mut Findings) -> Vec<TermGroup> {
    let tables = section.tables(findings, "terms");
    tables.into_iter().map(|table| group(table, findings)).collect()
}

fn group(mut table: TableReader<'_>, findings: &mut Findings) -> TermGroup {
    let fields = table.or(findings, "in", Vec::<MatchField>::new()).value;
    let weight = table.or(findings, "weight", 1.0_f64).validate(findings, |weight| {
        if *weight > 0.0 && *weight <= 1000.0 {
            Ok(())
        } else {
            Err((
                "the weight is not above 0 and at most 1000".to_owned(),
                Some("the default is 1.0".to_owned()),
            ))
        }
    });
    let case = table.or(findings, "case", LetterCase::Any).value;
    let supports = table.or(findings, "supports", false).value;
    let group = TermGroup {
        words: Vec::new(),
        fields,
        weight: weight.value,
        exact_case: case == LetterCase::Exact,
        supports,
    };
    let (name, header_span) = (table.name().to_owned(), table.header_span.clone());
    let words = matchers(&mut table, "words", &group, findings);
    if words.valid && words.value.is_empty() {
        let hint = "add words = [\"…\"], one word or phrase each".to_owned();
        findings.missing(&name, &header_span, "this group has no words", hint);
    }
    table.finish(findings);
    TermGroup { words: texts(words), ..group }
}

/// Reads the exceptions of a table.
pub(super) fn except(section: &mut TableReader<'_>, findings: &mut Findings) -> Exceptions {
    let mut table = section.table(findings, "except");
    if !table.is_written() {
        return Exceptions::default();
    }
    let words = matchers(&mut table, "words", &TermGroup::default(), findings);
    let in_title = TermGroup { fields: vec![MatchField::Title], ..TermGroup::default() };
    let title = matchers(&mut table, "title", &in_title, findings);
    table.finish(findings);
    Exceptions { words: texts(words), title: texts(title) }
}

/// Reads a list of matchers and checks their syntax.
pub(super) fn matchers(
    section: &mut TableReader<'_>,
    key: &'static str,
    group: &TermGroup,
    findings: &mut Findings,
) -> Setting<Vec<Located<String>>> {
    let list = section.or(findings, key, Vec::<Located<String>>::new());
    for (index, matcher) in list.value.iter().enumerate() {
        if let Err(error) = topic_rules::parse_term(&matcher.value, group) {
            let hint = "use a word, a phrase or a /regex/, with an optional field prefix and \
                        weight suffix: \"title:kafka^2\""
                .to_owned();
            let text = format!("invalid matcher {}: {error}", quoted(&matcher.value));
            findings.error(&format!("{}[{index}]", list.key), &matcher.span, text, hint);
        }
    }
    list
}

/// Returns the texts of a list without their positions.
pub(super) fn texts(list: Setting<Vec<Located<String>>>) -> Vec<String> {
    list.value.into_iter().map(|text| text.value).collect()
}
