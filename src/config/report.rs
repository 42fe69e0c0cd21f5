//! Rendering of problems as text, with carets. Warnings of the same kind are one paragraph.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

use super::ConfigProblem;
use feed_model::Severity;

/// The fewest warnings of the same kind that are grouped.
const MIN_GROUP: usize = 3;

/// The warnings of a group that are named besides the first.
const MAX_EXAMPLES: usize = 4;

/// A problem, with the warnings of the same kind that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemGroup<'p> {
    /// The first of them.
    pub first: &'p ConfigProblem,
    /// The others, in the order of the file; empty for errors.
    pub others: Vec<&'p ConfigProblem>,
}

impl ProblemGroup<'_> {
    /// Returns the text of the first problem, with the number of all of them.
    pub fn text(&self) -> String {
        if self.others.is_empty() {
            return self.first.text.clone();
        }
        format!("{} ({} warnings of this kind)", self.first.text, self.others.len() + 1)
    }

    /// Returns a sentence that names some of the others; `None` without others.
    pub fn examples(&self) -> Option<String> {
        let named = self.others.iter().take(MAX_EXAMPLES).map(|problem| {
            let quoted = problem.text.split('`').nth(1).map(|text| format!("`{text}` "));
            let place = if problem.file == self.first.file {
                format!("line {}", problem.line)
            } else {
                format!("{}:{}", problem.file, problem.line)
            };
            match quoted {
                Some(quoted) => format!("{quoted}({place})"),
                None => place,
            }
        });
        let named = named.collect::<Vec<_>>().join(", ");
        match self.others.len() {
            0 => None,
            count if count > MAX_EXAMPLES => {
                Some(format!("also {named} and {} more", count - MAX_EXAMPLES))
            }
            _ => Some(format!("also {named}")),
        }
    }
}

/// Groups the warnings that differ only in their place and in what they quote, if there are several
/// of a kind. Each group is at the place of its first warning; errors stay alone.
pub fn group_warnings(problems: &[ConfigProblem]) -> Vec<ProblemGroup<'_>> {
    let kinds: Vec<Option<String>> = problems.iter().map(warning_kind).collect();
    let mut groups: Vec<(Option<&String>, ProblemGroup<'_>)> = Vec::new();
    for (problem, kind) in problems.iter().zip(&kinds) {
        let kind = kind.as_ref().filter(|kind| {
            kinds.iter().filter(|other| other.as_ref() == Some(kind)).count() >= MIN_GROUP
        });
        match groups.iter_mut().find(|(known, _)| kind.is_some() && *known == kind) {
            Some((_, group)) => group.others.push(problem),
            None => groups.push((kind, ProblemGroup { first: problem, others: Vec::new() })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Returns the text of a warning without what it quotes, after its key without indexes.
fn warning_kind(problem: &ConfigProblem) -> Option<String> {
    if problem.severity == Severity::Error {
        return None;
    }
    let key: String = problem.key.chars().filter(|c| !c.is_ascii_digit()).collect();
    let unquoted: Vec<&str> = problem.text.split('`').step_by(2).collect();
    Some(format!("{key}: {}", unquoted.join("`")))
}

/// Renders problems, one paragraph each: severity and text, file with line and
/// column, the line with a caret, and the hint. Returns an empty string if there are no problems.
pub fn render(problems: &[ConfigProblem], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for group in group_warnings(problems) {
        let problem = group.first;
        let text = &*problem.file_text;
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        // A position beyond the text, such as an unfinished last line, is shown at the end.
        let end = problem.span.end.min(text.len());
        let span = problem.span.start.min(end)..end;
        let caret = AnnotationKind::Primary.span(first_line(text, span));
        let snippet = Snippet::source(text).path(&problem.file).annotation(caret);
        let hint = problem.hint.as_deref().map(annotate_snippets::normalize_untrusted_str);
        let (title, examples) = (group.text(), group.examples());
        let mut paragraph = level.primary_title(&title).element(snippet);
        if let Some(examples) = &examples {
            paragraph = paragraph.element(Level::NOTE.message(examples));
        }
        if let Some(hint) = &hint {
            paragraph = paragraph.element(Level::HELP.message(hint));
        }
        out.push_str(&renderer.render(&[paragraph]));
        out.push_str("\n\n");
    }
    out
}

/// Limits a span to its first line, so that the report does not quote whole tables.
fn first_line(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let length =
        text.get(span.clone()).and_then(|part| part.find(['\r', '\n'])).unwrap_or(span.len());
    span.start..span.start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(hosts: impl Iterator<Item = String>) -> String {
        let source = |(n, host)| format!("[[source]]\nid = \"s{n}\"\nurl = \"http://{host}/\"\n");
        hosts.enumerate().map(source).collect::<Vec<_>>().concat()
    }

    #[test]
    fn many_warnings_of_a_kind_are_one_paragraph_with_examples() {
        let text = sources((1..=50).map(|n| format!("10.0.0.{n}"))) + "[server]\nlisten = 3\n";
        let problems = super::super::check(&text, "feeds.toml").problems;
        assert_eq!(problems.len(), 51, "each is listed for programs");
        let report = render(&problems, false);
        assert_eq!(report.matches("warning: ").count(), 1, "{report}");
        assert_eq!(report.matches("error: ").count(), 1, "{report}");
        assert!(
            report.contains(
                "warning: `10.0.0.1` is a private address and will not be fetched (50 warnings of \
                 this kind)\n"
            ),
            "{report}"
        );
        assert!(
            report.contains(
                "note: also `10.0.0.2` (line 6), `10.0.0.3` (line 9), `10.0.0.4` (line 12), \
                 `10.0.0.5` (line 15) and 45 more\n"
            ),
            "{report}"
        );
    }

    #[test]
    fn few_warnings_and_other_kinds_are_not_grouped() {
        let text = sources(["10.0.0.1", "10.0.0.2"].map(str::to_owned).into_iter())
            + "allow_hosts = [\"example.org\"]\n";
        let report = render(&super::super::check(&text, "feeds.toml").problems, false);
        assert_eq!(report.matches("warning: ").count(), 3, "{report}");
        assert!(!report.contains("also "), "{report}");
    }
}
