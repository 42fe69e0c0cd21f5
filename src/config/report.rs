//! Rendering of problems as text, with carets.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

use super::ConfigProblem;
use feed_model::Severity;

/// Renders problems, one paragraph each: severity and text, file with line and
/// column, the line with a caret, and the hint. Returns an empty string if there are no problems.
pub fn render(problems: &[ConfigProblem], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for problem in problems {
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
        let mut group = level.primary_title(&problem.text).element(snippet);
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.message(hint));
        }
        out.push_str(&renderer.render(&[group]));
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
