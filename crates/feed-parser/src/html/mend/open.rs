//! The elements that are open, and which of them a tag closes without saying so (HTML §13.2.6.4.7 and the tables below it).

use std::borrow::Cow;

use super::super::allowed::is_element;

/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 96;

/// How a parser treats an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Has no content.
    Void,
    /// `hr`: has none, and ends a paragraph.
    Rule,
    /// Has content that is no HTML, and goes with it.
    Raw,
    /// Would be opened again where it was closed out of order.
    Formatting,
    /// A paragraph.
    Paragraph,
    /// Ends a paragraph.
    Block,
    /// `pre`: a block, too.
    Pre,
    /// `h1` to `h6`.
    Heading,
    /// `li`, `dt` or `dd`.
    Item,
    /// `table`.
    Table,
    /// `thead`, `tbody` or `tfoot`.
    Section,
    /// `tr`.
    Row,
    /// `td` or `th`.
    Cell,
    /// All others.
    Ordinary,
}

/// The class of an element; nothing for those whose rules are not known here.
pub(super) fn class_of(name: &str) -> Option<Class> {
    Some(match name {
        "br" | "img" | "source" | "wbr" | "area" | "base" | "link" | "meta" | "embed" | "input" | "param" | "track" => {
            Class::Void
        }
        "hr" => Class::Rule,
        "script" | "style" => Class::Raw,
        "a" | "b" | "big" | "code" | "em" | "font" | "i" | "s" | "small" | "strike" | "strong" | "tt" | "u" => Class::Formatting,
        "p" => Class::Paragraph,
        "address" | "article" | "aside" | "blockquote" | "center" | "details" | "dir" | "div" | "dl" | "fieldset"
        | "figcaption" | "figure" | "footer" | "header" | "hgroup" | "main" | "menu" | "nav" | "ol" | "section" | "summary"
        | "ul" => Class::Block,
        "pre" => Class::Pre,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Class::Heading,
        "li" | "dt" | "dd" => Class::Item,
        "table" => Class::Table,
        "thead" | "tbody" | "tfoot" => Class::Section,
        "tr" => Class::Row,
        "td" | "th" => Class::Cell,
        "abbr" | "acronym" | "audio" | "bdi" | "bdo" | "cite" | "data" | "del" | "dfn" | "ins" | "kbd" | "label" | "mark"
        | "picture" | "q" | "samp" | "span" | "sub" | "sup" | "time" | "var" | "video" => Class::Ordinary,
        // Elements that nobody defined: `o:p` and the like.
        _ if name.contains([':', '-']) && !name.starts_with("annotation") => Class::Ordinary,
        _ => return None,
    })
}

/// What becomes of a start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It stands where it is written.
    Here,
    /// A parser passes it over.
    Nowhere,
}

/// The elements that are open, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Open<'a>(Vec<(Cow<'a, str>, Class)>);

impl<'a> Open<'a> {
    /// Whether text that stands here would be moved out of a table.
    pub fn in_table(&self) -> bool {
        matches!(self.top(), Some(Class::Table | Class::Section | Class::Row))
    }

    /// Closes what the start tag of an element ends.
    pub fn start(&mut self, out: &mut String, name: &str, class: Class) -> Option<Place> {
        let top = self.top();
        match class {
            Class::Section | Class::Row | Class::Cell => return self.start_in_table(out, class),
            _ if self.in_table() => return None,
            Class::Formatting if name == "a" && self.0.iter().any(|(open, _)| open == "a") => return None,
            Class::Void | Class::Formatting | Class::Ordinary | Class::Raw => {}
            Class::Table if self.paragraph().is_some() => return None,
            Class::Heading if top == Some(Class::Heading) => return None,
            Class::Item => {
                let same = |open: &str| if name == "li" { open == "li" } else { matches!(open, "dt" | "dd") };
                for at in (0..self.0.len()).rev() {
                    let (open, class) = &self.0[at];
                    if same(open) {
                        self.close_to(out, at)?;
                        break;
                    }
                    let passed = matches!(class, Class::Formatting | Class::Ordinary | Class::Paragraph);
                    if !passed && !matches!(open.as_ref(), "div" | "address") {
                        break;
                    }
                }
                self.end_paragraph(out)?;
            }
            Class::Paragraph | Class::Block | Class::Pre | Class::Heading | Class::Rule | Class::Table => {
                self.end_paragraph(out)?;
            }
        }
        Some(Place::Here)
    }

    fn start_in_table(&mut self, out: &mut String, class: Class) -> Option<Place> {
        let Some(at) = self.0.iter().rposition(|(_, class)| matches!(class, Class::Table | Class::Cell)) else {
            return Some(Place::Nowhere);
        };
        if self.0[at].1 == Class::Cell {
            self.close_to(out, at)?;
        }
        loop {
            match (self.top()?, class) {
                (Class::Table, Class::Section) | (Class::Section, Class::Row) | (Class::Row, Class::Cell) => {
                    return Some(Place::Here);
                }
                (Class::Row, Class::Row | Class::Section) | (Class::Section, Class::Section) => {
                    self.close_to(out, self.0.len() - 1)?;
                }
                (Class::Table, Class::Row | Class::Cell) => {
                    out.push_str("<tbody>");
                    self.0.push(("tbody".into(), Class::Section));
                }
                (Class::Section, Class::Cell) => {
                    out.push_str("<tr>");
                    self.0.push(("tr".into(), Class::Row));
                }
                _ => return None,
            }
        }
    }

    /// Opens an element.
    pub fn push(&mut self, name: Cow<'a, str>, class: Class) -> Option<()> {
        if class != Class::Rule {
            self.0.push((name, class));
        }
        (self.0.len() < MAX_DEPTH).then_some(())
    }

    /// Closes what an end tag closes.
    pub fn end(&mut self, out: &mut String, name: &str, class: Class) -> Option<()> {
        let of_table = matches!(class, Class::Table | Class::Section | Class::Row | Class::Cell);
        if self.in_table() && !of_table {
            return None;
        }
        // Where a parser stops looking for the element that is closed.
        let is_bound = |open: &str, inner: Class| match class {
            Class::Table | Class::Section | Class::Row | Class::Cell => inner == Class::Table,
            Class::Ordinary | Class::Formatting => !matches!(inner, Class::Ordinary | Class::Formatting),
            Class::Item if name == "li" => matches!(inner, Class::Table | Class::Cell) || matches!(open, "ul" | "ol"),
            _ => matches!(inner, Class::Table | Class::Cell),
        };
        let mut found = None;
        for (at, (open, inner)) in self.0.iter().enumerate().rev() {
            if open == name {
                found = Some(at);
                break;
            }
            if class == Class::Heading && *inner == Class::Heading {
                return None;
            }
            if is_bound(open, *inner) {
                break;
            }
        }
        match (found, class) {
            (_, Class::Raw | Class::Rule) => None,
            (_, Class::Void) => (name != "br").then_some(()),
            (Some(at), Class::Formatting) if at + 1 != self.0.len() => None,
            (None, Class::Formatting) if self.0.iter().any(|(open, _)| open == name) => None,
            (Some(at), _) => self.close_to(out, at),
            (None, Class::Paragraph) => {
                out.push_str("<p></p>");
                Some(())
            }
            (None, _) => Some(()),
        }
    }

    /// Closes everything: the text ends.
    pub fn close_all(&mut self, out: &mut String) {
        while let Some((name, _)) = self.0.pop() {
            write_end(out, &name);
        }
    }

    /// Closes the element at an index with all that is open within it; not where some of that would be opened again.
    fn close_to(&mut self, out: &mut String, at: usize) -> Option<()> {
        if self.0[at + 1..].iter().any(|(_, class)| *class == Class::Formatting) {
            return None;
        }
        for (name, _) in self.0.drain(at..).rev() {
            write_end(out, &name);
        }
        Some(())
    }

    fn end_paragraph(&mut self, out: &mut String) -> Option<()> {
        match self.paragraph() {
            Some(at) => self.close_to(out, at),
            None => Some(()),
        }
    }

    /// The paragraph that a block would end.
    fn paragraph(&self) -> Option<usize> {
        let at = self.0.iter().rposition(|(_, class)| matches!(class, Class::Paragraph | Class::Table | Class::Cell))?;
        (self.0[at].1 == Class::Paragraph).then_some(at)
    }

    fn top(&self) -> Option<Class> {
        self.0.last().map(|(_, class)| *class)
    }
}

fn write_end(out: &mut String, name: &str) {
    if is_element(name) {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}
