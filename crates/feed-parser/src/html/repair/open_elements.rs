//! The stack of open elements, and the elements that a tag closes implicitly (HTML §13.2.6.4.7 and
//! the following sections on tables).

use std::borrow::Cow;

use feed_model::html_elements::{self, ElementClass};

use super::super::allow_list::is_allowed_element;

/// The maximum depth.
const MAX_DEPTH: usize = 96;

/// Returns the class of an element, or `None` if its rules are not modelled.
pub(super) fn element_class(name: &str) -> Option<ElementClass> {
    // Elements that no specification defines: `o:p` and the like.
    let is_custom = || name.contains([':', '-']) && !name.starts_with("annotation");
    html_elements::class(name).or_else(|| is_custom().then_some(ElementClass::Ordinary))
}

/// The effect of a start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartTagAction {
    /// The element is inserted where it is written.
    Insert,
    /// A parser ignores the tag.
    Ignore,
}

/// The open elements, innermost last.
#[derive(Debug, Default)]
pub(super) struct OpenElements<'a>(Vec<(Cow<'a, str>, ElementClass)>);

impl<'a> OpenElements<'a> {
    /// Returns whether a parser would move text at this position out of a table.
    pub fn in_table(&self) -> bool {
        matches!(self.top(), Some(ElementClass::Table | ElementClass::Section | ElementClass::Row))
    }

    /// Closes the elements that a start tag ends.
    pub fn start(
        &mut self,
        out: &mut String,
        name: &str,
        class: ElementClass,
    ) -> Option<StartTagAction> {
        let top = self.top();
        match class {
            ElementClass::Section | ElementClass::Row | ElementClass::Cell => {
                return self.start_in_table(out, class);
            }
            _ if self.in_table() => return None,
            ElementClass::Formatting
                if name == "a" && self.0.iter().any(|(open, _)| open == "a") =>
            {
                return None;
            }
            ElementClass::Void
            | ElementClass::Formatting
            | ElementClass::Ordinary
            | ElementClass::Raw => {}
            ElementClass::Table if self.paragraph().is_some() => return None,
            ElementClass::Heading if top == Some(ElementClass::Heading) => return None,
            ElementClass::Item => {
                let same = |open: &str| {
                    if name == "li" { open == "li" } else { matches!(open, "dt" | "dd") }
                };
                for at in (0..self.0.len()).rev() {
                    let (open, class) = &self.0[at];
                    if same(open) {
                        self.close_from(out, at)?;
                        break;
                    }
                    let passed = matches!(
                        class,
                        ElementClass::Formatting | ElementClass::Ordinary | ElementClass::Paragraph
                    );
                    if !passed && !matches!(open.as_ref(), "div" | "address") {
                        break;
                    }
                }
                self.end_paragraph(out)?;
            }
            ElementClass::Paragraph
            | ElementClass::Block
            | ElementClass::Pre
            | ElementClass::Heading
            | ElementClass::Rule
            | ElementClass::Table => {
                self.end_paragraph(out)?;
            }
        }
        Some(StartTagAction::Insert)
    }

    fn start_in_table(&mut self, out: &mut String, class: ElementClass) -> Option<StartTagAction> {
        let Some(at) = self
            .0
            .iter()
            .rposition(|(_, class)| matches!(class, ElementClass::Table | ElementClass::Cell))
        else {
            return Some(StartTagAction::Ignore);
        };
        if self.0[at].1 == ElementClass::Cell {
            self.close_from(out, at)?;
        }
        loop {
            match (self.top()?, class) {
                (ElementClass::Table, ElementClass::Section)
                | (ElementClass::Section, ElementClass::Row)
                | (ElementClass::Row, ElementClass::Cell) => {
                    return Some(StartTagAction::Insert);
                }
                (ElementClass::Row, ElementClass::Row | ElementClass::Section)
                | (ElementClass::Section, ElementClass::Section) => {
                    self.close_from(out, self.0.len() - 1)?;
                }
                (ElementClass::Table, ElementClass::Row | ElementClass::Cell) => {
                    out.push_str("<tbody>");
                    self.0.push(("tbody".into(), ElementClass::Section));
                }
                (ElementClass::Section, ElementClass::Cell) => {
                    out.push_str("<tr>");
                    self.0.push(("tr".into(), ElementClass::Row));
                }
                _ => return None,
            }
        }
    }

    /// Opens an element.
    pub fn push(&mut self, name: Cow<'a, str>, class: ElementClass) -> Option<()> {
        if class != ElementClass::Rule {
            self.0.push((name, class));
        }
        (self.0.len() < MAX_DEPTH).then_some(())
    }

    /// Closes the elements that an end tag ends.
    pub fn end(&mut self, out: &mut String, name: &str, class: ElementClass) -> Option<()> {
        let of_table = matches!(
            class,
            ElementClass::Table | ElementClass::Section | ElementClass::Row | ElementClass::Cell
        );
        if self.in_table() && !of_table {
            return None;
        }
        // The elements at which a parser stops searching for the open element.
        let is_bound = |open: &str, inner: ElementClass| match class {
            ElementClass::Table
            | ElementClass::Section
            | ElementClass::Row
            | ElementClass::Cell => inner == ElementClass::Table,
            ElementClass::Ordinary | ElementClass::Formatting => {
                !matches!(inner, ElementClass::Ordinary | ElementClass::Formatting)
            }
            ElementClass::Item if name == "li" => {
                matches!(inner, ElementClass::Table | ElementClass::Cell)
                    || matches!(open, "ul" | "ol")
            }
            _ => matches!(inner, ElementClass::Table | ElementClass::Cell),
        };
        let mut found = None;
        for (at, (open, inner)) in self.0.iter().enumerate().rev() {
            if open == name {
                found = Some(at);
                break;
            }
            if class == ElementClass::Heading && *inner == ElementClass::Heading {
                return None;
            }
            if is_bound(open, *inner) {
                break;
            }
        }
        match (found, class) {
            (_, ElementClass::Raw | ElementClass::Rule) => None,
            (_, ElementClass::Void) => (name != "br").then_some(()),
            (Some(at), ElementClass::Formatting) if at + 1 != self.0.len() => None,
            (None, ElementClass::Formatting) if self.0.iter().any(|(open, _)| open == name) => None,
            (Some(at), _) => self.close_from(out, at),
            (None, ElementClass::Paragraph) => {
                out.push_str("<p></p>");
                Some(())
            }
            (None, _) => Some(()),
        }
    }

    /// Closes all elements at the end of the text.
    pub fn close_all(&mut self, out: &mut String) {
        while let Some((name, _)) = self.0.pop() {
            write_end(out, &name);
        }
    }

    /// Closes the element at an index and everything inside it. Returns `None` if a parser would
    /// reopen one of them.
    fn close_from(&mut self, out: &mut String, at: usize) -> Option<()> {
        if self.0[at + 1..].iter().any(|(_, class)| *class == ElementClass::Formatting) {
            return None;
        }
        for (name, _) in self.0.drain(at..).rev() {
            write_end(out, &name);
        }
        Some(())
    }

    fn end_paragraph(&mut self, out: &mut String) -> Option<()> {
        match self.paragraph() {
            Some(at) => self.close_from(out, at),
            None => Some(()),
        }
    }

    /// Returns the index of the paragraph that a block element closes.
    fn paragraph(&self) -> Option<usize> {
        let at = self.0.iter().rposition(|(_, class)| {
            matches!(class, ElementClass::Paragraph | ElementClass::Table | ElementClass::Cell)
        })?;
        (self.0[at].1 == ElementClass::Paragraph).then_some(at)
    }

    fn top(&self) -> Option<ElementClass> {
        self.0.last().map(|(_, class)| *class)
    }
}

fn write_end(out: &mut String, name: &str) {
    if is_allowed_element(name) {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}
