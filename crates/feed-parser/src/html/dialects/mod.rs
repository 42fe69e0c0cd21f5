//! The dialects of HTML in feeds, converted to plain HTML before it is sanitised: players become
//! links, formulas are read once, images of other elements become `img`, and controls of a page
//! (buttons, lists of options) are removed.
//!
//! Nothing here makes a text safe. The result is sanitised like any other.

mod controls;
pub(crate) mod formula;
mod players;
mod stray;

use std::{borrow::Cow, cell::Cell};

use url::Url;

pub(in crate::html) use self::stray::escape_stray;
pub(crate) use self::stray::{unescape_markup, without_cdata};
use self::{formula::Formulas, players::Player};
use crate::xml::{Lexer, Tag, Token, escape_text, local_name, lower_name, unescape};

/// HTML without dialects, and the formulas that were taken out of it.
pub(super) struct Converted<'h> {
    pub html: Cow<'h, str>,
    pub formulas: Formulas,
}

/// Returns whether HTML of allowed elements only may still contain a dialect.
pub(super) fn may_be_in_attributes(html: &str) -> bool {
    ["white-space", "role=\"button\"", "katex-html", "copy-", "-copy", "copybtn", "MathJax"]
        .iter()
        .any(|mark| memchr::memmem::find(html.as_bytes(), mark.as_bytes()).is_some())
}

/// Converts the dialects of HTML. `base` is the base of its URLs.
pub(super) fn convert<'h>(html: &'h str, base: &Url) -> Converted<'h> {
    if !has_dialect(html) {
        return Converted { html: Cow::Borrowed(html), formulas: Formulas::default() };
    }
    let mut converter = Converter {
        html,
        base,
        lexer: Lexer::new(html),
        out: String::with_capacity(html.len() + 64),
        formulas: Formulas::new(html),
        linked: Vec::new(),
        preformatted: Vec::new(),
        links: 0,
        headings: 0,
        items: 0,
        after: After::Other,
        has_tex_scripts: html.contains("math/tex"),
        lookahead: Cell::new(html.len().saturating_mul(8)),
    };
    converter.run();
    Converted { html: Cow::Owned(converter.out), formulas: converter.formulas }
}

/// Returns whether HTML contains an element that is converted.
fn has_dialect(html: &str) -> bool {
    const NAMES: [&str; 19] = [
        "amp-",
        "button",
        "clipboard-copy",
        "datalist",
        "embed",
        "iframe",
        "input",
        "lite-",
        "m:math",
        "math",
        "mjx-",
        "mml:math",
        "noscript",
        "object",
        "select",
        "script",
        "youtube-video",
        "vimeo-video",
        "svg",
    ];
    may_be_in_attributes(html)
        || memchr::memchr_iter(b'<', html.as_bytes()).any(|at| {
            let rest = &html[at + 1..];
            NAMES.iter().any(|name| {
                rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            })
        })
}

/// What was written last, white space and end tags aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Formula,
    /// An image whose address a script would have set.
    LazyImage,
    Other,
}

struct Converter<'h> {
    html: &'h str,
    base: &'h Url,
    lexer: Lexer<'h>,
    out: String,
    formulas: Formulas,
    /// The pages that players were replaced by.
    linked: Vec<String>,
    /// The open elements in which line feeds are line breaks.
    preformatted: Vec<&'h str>,
    links: usize,
    headings: usize,
    items: usize,
    after: After,
    has_tex_scripts: bool,
    /// The bytes that may still be read in search of end tags.
    lookahead: Cell<usize>,
}

impl<'h> Converter<'h> {
    fn run(&mut self) {
        let mut copied = 0;
        while let Some(token) = self.lexer.next() {
            // Comments stay where they are.
            self.out.push_str(&self.html[copied..self.lexer.token_start()]);
            match token {
                Token::Start(tag) => self.start(&tag),
                Token::End(name) => self.end(name),
                Token::Text(text) => self.text(text),
                Token::CData(_) => self.copy_token(),
            }
            copied = self.lexer.offset();
        }
        self.out.push_str(&self.html[copied.min(self.html.len())..]);
    }

    fn copy_token(&mut self) {
        self.out.push_str(&self.html[self.lexer.token_start()..self.lexer.offset()]);
    }

    fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.after = After::Other;
        }
        if self.preformatted.is_empty() || !text.contains('\n') || text.trim().is_empty() {
            return self.copy_token();
        }
        self.out.push_str(&text.replace("\r\n", "\n").replace('\n', "<br>"));
    }

    fn end(&mut self, name: &str) {
        let name = lower_name(name);
        match name.as_ref() {
            "a" => self.links = self.links.saturating_sub(1),
            "li" => self.items = self.items.saturating_sub(1),
            "amp-img" | "amp-anim" => return,
            _ if controls::is_heading(&name) => self.headings = self.headings.saturating_sub(1),
            _ => {}
        }
        if self.preformatted.last().is_some_and(|open| open.eq_ignore_ascii_case(&name)) {
            self.preformatted.pop();
        }
        self.copy_token();
    }

    fn start(&mut self, tag: &Tag<'h>) {
        let name = lower_name(tag.name);
        let after = self.after;
        if !matches!(name.as_ref(), "span" | "br" | "noscript") {
            self.after = After::Other;
        }
        match name.as_ref() {
            _ if local_name(&name) == "math" && !tag.self_closing => self.formula(tag),
            _ if self.is_repeated_formula(&name, tag, after) => self.skip(tag),
            "mjx-container" => self.formula_inside(tag),
            "script" => self.script(tag),
            "input" => self.input(tag),
            "select" | "datalist" | "clipboard-copy" => self.skip(tag),
            "svg" => self.copy_element(tag),
            "noscript" if after == After::LazyImage && self.has_image(tag) => {
                self.skip(tag);
                self.after = after;
            }
            "amp-img" | "amp-anim" => {
                self.out.push_str("<img");
                self.out.push_str(tag.attributes);
                self.out.push('>');
            }
            "img" => {
                self.copy_token();
                if super::images::is_lazy(tag, self.base) {
                    self.after = After::LazyImage;
                }
            }
            _ if self.is_control(&name, tag) => self.skip(tag),
            _ => match players::player(&name, tag, self.base) {
                Some(player) => self.player(tag, &player),
                None => self.other(&name, tag),
            },
        }
    }

    /// Copies the start tag of an element that is no dialect.
    fn other(&mut self, name: &str, tag: &Tag<'h>) {
        match name {
            "a" => self.links += 1,
            "li" => self.items += 1,
            _ if controls::is_heading(name) => self.headings += 1,
            _ => {}
        }
        let keeps_lines = || tag.attribute("style").is_some_and(controls::keeps_line_feeds);
        if !self.preformatted.is_empty() && self.preformatted.last() == Some(&tag.name)
            || name != "pre" && !tag.self_closing && keeps_lines()
        {
            self.preformatted.push(tag.name);
        }
        self.copy_token();
    }

    /// Returns the content of the element whose start tag was read, without moving on. `None` if it
    /// has no end tag.
    fn inside(&self, tag: &Tag<'h>) -> Option<(&'h str, usize)> {
        if tag.self_closing {
            return Some(("", self.lexer.offset()));
        }
        let from = self.lexer.offset();
        let mut lexer = self.lexer.clone();
        let is_raw = ["script", "style", "iframe"].iter().any(|n| tag.name.eq_ignore_ascii_case(n));
        let mut depth = 1;
        while let Some(token) = lexer.next() {
            match token {
                Token::Start(inner) if inner.name.eq_ignore_ascii_case(tag.name) => {
                    depth += usize::from(!inner.self_closing && !is_raw);
                }
                Token::End(name) if name.eq_ignore_ascii_case(tag.name) => depth -= 1,
                _ => {}
            }
            let read = lexer.offset() - from;
            if depth == 0 || read > self.lookahead.get() {
                self.lookahead.set(self.lookahead.get().saturating_sub(read));
                return (depth == 0)
                    .then(|| (&self.html[from..lexer.token_start()], lexer.offset()));
            }
        }
        self.lookahead.set(self.lookahead.get().saturating_sub(self.html.len() - from));
        None
    }

    /// Removes an element. Without an end tag, only its start tag is removed.
    fn skip(&mut self, tag: &Tag<'h>) {
        if let Some((_, end)) = self.inside(tag) {
            self.lexer.seek(end);
        }
    }

    /// Copies an element that is not read.
    fn copy_element(&mut self, tag: &Tag<'h>) {
        let start = self.lexer.token_start();
        self.skip(tag);
        self.out.push_str(&self.html[start..self.lexer.offset()]);
    }

    fn has_image(&self, tag: &Tag<'h>) -> bool {
        self.inside(tag).is_some_and(|(inside, _)| {
            inside.contains("<img") && crate::text::plain_text(inside).is_empty()
        })
    }

    /// Replaces a formula, whose start tag was read, by its placeholder. A start tag without an end
    /// tag is removed.
    fn formula(&mut self, tag: &Tag<'h>) {
        if self.inside(tag).is_some() {
            let formula = formula::read_after(tag, &mut self.lexer);
            self.formulas.push(&mut self.out, formula);
            self.after = After::Formula;
        }
    }

    /// Replaces an element by the formulas inside it. An element without formulas stays.
    fn formula_inside(&mut self, tag: &Tag<'h>) {
        let Some((inside, end)) = self.inside(tag).filter(|(inside, _)| inside.contains("<math"))
        else {
            return self.copy_token();
        };
        self.push_formulas(inside);
        self.lexer.seek(end);
    }

    fn push_formulas(&mut self, html: &str) {
        let mut lexer = Lexer::new(html);
        while let Some(token) = lexer.next() {
            if let Token::Start(tag) = token
                && local_name(tag.name).eq_ignore_ascii_case("math")
            {
                let formula = formula::read_after(&tag, &mut lexer);
                self.formulas.push(&mut self.out, formula);
                self.after = After::Formula;
            }
        }
    }

    /// Handles an element that shows a formula again: the glyphs of `KaTeX` and `MathJax`, the
    /// preview before a formula, the image after it. Returns whether the element is to be removed.
    fn is_repeated_formula(&mut self, name: &str, tag: &Tag<'h>, after: After) -> bool {
        if name == "img" {
            let class = tag.attribute("class").unwrap_or("");
            return after == After::Formula && class.contains("mwe-math-fallback");
        }
        if !matches!(name, "span" | "div") {
            return false;
        }
        let Some(classes) = tag.attribute("class") else { return false };
        let has = |class: &str| classes.split_ascii_whitespace().any(|c| c == class);
        if has("katex-html") {
            return after == After::Formula;
        }
        if has("MathJax_Preview") {
            return self.has_tex_scripts;
        }
        if !["MathJax", "MathJax_SVG", "MathJax_CHTML", "mjx-chtml"].iter().any(|class| has(class))
        {
            return false;
        }
        let Some((inside, _)) = self.inside(tag) else { return false };
        if inside.contains("<math") {
            self.push_formulas(inside);
            return true;
        }
        if let Some(source) = tag.attribute("data-mathml") {
            self.push_formulas(&unescape(source));
            return true;
        }
        self.has_tex_scripts
    }

    /// Replaces a script that holds a formula or shows a gist, and copies any other script.
    fn script(&mut self, tag: &Tag<'h>) {
        let kind = tag.attribute("type").map(str::to_ascii_lowercase).unwrap_or_default();
        let after_formula = self.out.ends_with(formula::PLACEHOLDER_END);
        if kind.starts_with("math/")
            && let Some((source, end)) = self.inside(tag)
        {
            self.lexer.seek(end);
            if kind.starts_with("math/mml") {
                self.push_formulas(source);
            } else if !after_formula {
                escape_text(&mut self.out, formula::tex_source(source));
                self.after = After::Formula;
            }
            return;
        }
        match players::player("script", tag, self.base) {
            Some(player) => self.player(tag, &player),
            None => self.copy_element(tag),
        }
    }

    /// Writes the state of a task. Other inputs show nothing.
    fn input(&mut self, tag: &Tag<'h>) {
        let is_task = tag.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case("checkbox"))
            && (self.items > 0 || tag.attribute("disabled").is_some());
        if is_task {
            self.out.push_str(if tag.attribute("checked").is_some() { "☑" } else { "☐" });
            if !self.html[self.lexer.offset()..].starts_with(char::is_whitespace) {
                self.out.push(' ');
            }
        }
    }

    fn is_control(&self, name: &str, tag: &Tag<'h>) -> bool {
        if !controls::may_be_control(name, tag) || self.headings > 0 {
            return false;
        }
        self.inside(tag).is_some_and(|(inside, _)| controls::is_label(inside))
    }

    /// Writes a link to what a player plays, or its image, and removes the player.
    fn player(&mut self, tag: &Tag<'h>, player: &Player) {
        if let Some((inside, end)) = self.inside(tag)
            && !matches!(lower_name(tag.name).as_ref(), "embed" | "param")
        {
            // A player that has a link for browsers without frames names its page better than the
            // address of the player does.
            if inside.contains("<a ") && !player.is_known {
                return;
            }
            self.lexer.seek(end);
        }
        let Some(page) = &player.page else { return };
        if self.linked.contains(page) {
            return;
        }
        self.linked.push(page.clone());
        let joins = |c: char| !c.is_whitespace() && c != '>';
        if self.out.ends_with(joins) {
            self.out.push(' ');
        }
        if self.links == 0 {
            player.write(&mut self.out);
        } else {
            escape_text(&mut self.out, &player.label);
        }
        if self.html[self.lexer.offset()..].starts_with(|c: char| !c.is_whitespace() && c != '<') {
            self.out.push(' ');
        }
    }
}

#[cfg(test)]
mod tests;
