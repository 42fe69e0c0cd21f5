//! Formulas (`MathML` Core): read, written as `MathML`, and written as plain text.
//!
//! Only presentation elements without HTML inside are written, and every text is escaped. So the
//! result is safe, although formulas do not pass the sanitiser: a placeholder does.

use std::fmt::Write as _;

use crate::xml::{
    Lexer, Tag, Token, escape_attribute, escape_text, local_name, lower_name, unescape,
};

/// The characters around the number of a placeholder. They are for private use.
const PLACEHOLDER_START: char = '\u{10fff0}';
pub(super) const PLACEHOLDER_END: char = '\u{10fff1}';

/// The depth to which a formula is read.
const MAX_DEPTH: usize = 48;

/// Elements with text only.
const TOKENS: [&str; 5] = ["mi", "mn", "mo", "ms", "mtext"];

/// Elements with elements only.
const LAYOUTS: [&str; 22] = [
    "menclose",
    "merror",
    "mfrac",
    "mmultiscripts",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtr",
    "munder",
    "munderover",
    "none",
];

/// Attributes that change the meaning of a formula.
const ATTRIBUTES: [&str; 7] = [
    "columnspan",
    "display",
    "displaystyle",
    "linethickness",
    "mathvariant",
    "rowspan",
    "stretchy",
];

/// Formulas that were replaced by placeholders.
#[derive(Debug, Default)]
pub(in crate::html) struct Formulas {
    all: Vec<Formula>,
    /// Whether the text has characters of placeholders.
    is_ambiguous: bool,
}

impl Formulas {
    /// Prepares for the formulas of a text.
    pub fn new(html: &str) -> Self {
        let is_ambiguous = html.contains([PLACEHOLDER_START, PLACEHOLDER_END]);
        Self { all: Vec::new(), is_ambiguous }
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Writes the placeholder of a formula.
    pub fn push(&mut self, out: &mut String, formula: Formula) {
        if self.is_ambiguous || !formula.is_pure() {
            return escape_text(out, &formula.text());
        }
        let _ = write!(out, "{PLACEHOLDER_START}{}{PLACEHOLDER_END}", self.all.len());
        self.all.push(formula);
    }

    /// Replaces the placeholders in sanitised HTML: in texts by `MathML`, in attributes by text.
    pub fn insert(&self, html: String) -> String {
        if self.all.is_empty() {
            return html;
        }
        let mut out = String::with_capacity(html.len() * 2);
        let mut lexer = Lexer::new(&html);
        while let Some(token) = lexer.next() {
            let raw = &html[lexer.token_start()..lexer.offset()];
            self.replace(&mut out, raw, matches!(token, Token::Text(_)));
        }
        out
    }

    fn replace(&self, out: &mut String, raw: &str, is_text: bool) {
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once(PLACEHOLDER_START) {
            out.push_str(before);
            let (number, after) = after.split_once(PLACEHOLDER_END).unwrap_or((after, ""));
            if let Some(formula) = number.parse().ok().and_then(|index: usize| self.all.get(index))
            {
                if is_text {
                    formula.write(out);
                } else {
                    escape_attribute(out, &formula.text());
                }
            }
            rest = after;
        }
        out.push_str(rest);
    }
}

/// A formula.
#[derive(Debug)]
pub(crate) struct Formula {
    /// The attribute `display`.
    is_block: bool,
    /// Whether it contains something that is no presentation `MathML`, for example HTML.
    has_foreign_parts: bool,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Element { name: &'static str, attributes: Vec<(&'static str, String)>, nodes: Vec<Node> },
}

/// Reads a formula. The lexer is after its start tag, and afterwards after its end tag.
pub(crate) fn read_after(tag: &Tag<'_>, lexer: &mut Lexer<'_>) -> Formula {
    let is_block = tag.attribute("display").is_some_and(|display| display == "block")
        || tag.attribute("mode").is_some_and(|mode| mode == "display");
    let mut formula = Formula { is_block, has_foreign_parts: is_foreign(tag), nodes: Vec::new() };
    // The open elements with their content. The first one is `math`.
    let mut open: Vec<Open> = vec![("math", Vec::new(), Vec::new())];
    let mut annotations = 0_usize;
    for token in lexer.by_ref() {
        match token {
            Token::Start(tag) => {
                let name = lower_name(local_name(tag.name));
                let known = known(&name);
                formula.has_foreign_parts |= is_foreign(&tag)
                    || known.is_none() && annotations == 0 && !is_transparent(&name);
                if is_annotation(&name) {
                    annotations += usize::from(!tag.self_closing);
                } else if annotations == 0
                    && let Some(name) = known
                    && open.len() < MAX_DEPTH
                {
                    open.push((name, attributes(&tag), Vec::new()));
                    if tag.self_closing {
                        close(&mut open);
                    }
                }
            }
            Token::End(name) => {
                let name = lower_name(local_name(name));
                if name == "math" {
                    break;
                }
                if is_annotation(&name) {
                    annotations = annotations.saturating_sub(1);
                } else if annotations == 0
                    && let Some(at) = open.iter().rposition(|(open, ..)| *open == name)
                    && at > 0
                {
                    while open.len() > at {
                        close(&mut open);
                    }
                }
            }
            Token::Text(text) if annotations == 0 => push_text(&mut open, &unescape(text)),
            Token::CData(text) if annotations == 0 => push_text(&mut open, text),
            Token::Text(_) | Token::CData(_) => {}
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    formula.nodes = open.pop().map(|(_, _, nodes)| nodes).unwrap_or_default();
    formula
}

/// Returns the source in a script of `MathJax`, without the marks of a CDATA section.
pub(super) fn tex_source(script: &str) -> &str {
    let source = script.trim();
    let source = source.strip_prefix("% <![CDATA[").unwrap_or(source);
    source.strip_suffix("%]]>").unwrap_or(source).trim()
}

type Open = (&'static str, Vec<(&'static str, String)>, Vec<Node>);

fn close(open: &mut Vec<Open>) {
    if let Some((name, attributes, nodes)) = open.pop()
        && let Some((_, _, outer)) = open.last_mut()
    {
        outer.push(Node::Element { name, attributes, nodes });
    }
}

fn push_text(open: &mut [Open], text: &str) {
    let Some((name, _, nodes)) = open.last_mut() else { return };
    let is_token = TOKENS.contains(name);
    if is_token {
        nodes.push(Node::Text(text.to_owned()));
    } else if !text.trim().is_empty() {
        let text = Node::Text(text.trim().to_owned());
        nodes.push(Node::Element { name: "mtext", attributes: Vec::new(), nodes: vec![text] });
    }
}

fn is_annotation(name: &str) -> bool {
    matches!(name, "annotation" | "annotation-xml" | "script" | "style")
}

/// Returns whether only the content of an element is used.
fn is_transparent(name: &str) -> bool {
    matches!(
        name,
        "annotation" | "annotation-xml" | "maction" | "mfenced" | "mlabeledtr" | "semantics"
    )
}

/// Returns whether an element has an attribute that leads elsewhere or runs a script.
fn is_foreign(tag: &Tag<'_>) -> bool {
    tag.attributes().any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name.starts_with("on") || matches!(name.as_str(), "href" | "src" | "xlink:href")
    })
}

/// Returns whether an element occurs within formulas.
pub(super) fn is_element(name: &str) -> bool {
    known(name).is_some() || is_transparent(name)
}

fn known(name: &str) -> Option<&'static str> {
    TOKENS.iter().chain(&LAYOUTS).find(|known| **known == name).copied()
}

fn attributes(tag: &Tag<'_>) -> Vec<(&'static str, String)> {
    let value = |name: &&'static str| {
        let value = unescape(tag.attribute(name)?).trim().to_owned();
        let is_plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.%".contains(&b));
        (is_plain && !value.is_empty() && value.len() <= 32).then_some((*name, value))
    };
    ATTRIBUTES.iter().filter_map(value).collect()
}

impl Formula {
    /// Returns whether the formula has elements, and only those of presentation `MathML`.
    fn is_pure(&self) -> bool {
        let is_element =
            |node: &Node| matches!(node, Node::Element { name, .. } if *name != "mtext");
        !self.has_foreign_parts && self.nodes.iter().any(is_element)
    }

    /// Writes the formula as `MathML`.
    fn write(&self, out: &mut String) {
        out.push_str(if self.is_block { "<math display=\"block\">" } else { "<math>" });
        write_nodes(out, &self.nodes);
        out.push_str("</math>");
    }

    /// Returns the formula as plain text: `10⁶`, `1/2`, `√(a + b)`.
    pub(crate) fn text(&self) -> String {
        text_of(&self.nodes)
    }
}

fn write_nodes(out: &mut String, nodes: &[Node]) {
    for node in nodes {
        match node {
            Node::Text(text) => escape_text(out, text),
            Node::Element { name, attributes, nodes } => {
                out.push('<');
                out.push_str(name);
                for (name, value) in attributes {
                    let _ = write!(out, " {name}=\"{value}\"");
                }
                out.push('>');
                write_nodes(out, nodes);
                let _ = write!(out, "</{name}>");
            }
        }
    }
}

fn text_of(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        node_text(&mut out, node);
    }
    out
}

fn node_text(out: &mut String, node: &Node) {
    let (name, nodes) = match node {
        Node::Text(text) => {
            // Invisible operators.
            return out.extend(text.chars().filter(|c| !('\u{2061}'..='\u{2064}').contains(c)));
        }
        Node::Element { name, nodes, .. } => (*name, nodes.as_slice()),
    };
    let of = |index: usize| nodes.get(index..=index).map(text_of).unwrap_or_default();
    match name {
        "mi" | "mn" | "mo" | "ms" => out.push_str(text_of(nodes).trim()),
        "mfrac" => {
            let fraction = format!("{}/{}", grouped(&of(0)), grouped(&of(1)));
            // A mixed number: two and a half is not twenty-one halves.
            if out.ends_with(|c: char| c.is_ascii_digit())
                && fraction.starts_with(|c: char| c.is_ascii_digit())
            {
                out.push(' ');
            }
            out.push_str(&fraction);
        }
        "msup" | "mover" => push_script(out, &of(0), "", &of(1)),
        "msub" | "munder" => push_script(out, &of(0), &of(1), ""),
        "msubsup" | "munderover" => push_script(out, &of(0), &of(1), &of(2)),
        "mroot" => {
            let _ = write!(out, "{}√{}", superscript(&of(1)), grouped(&of(0)));
        }
        "msqrt" => {
            let _ = write!(out, "√{}", grouped(&text_of(nodes)));
        }
        "mtable" | "mtr" => {
            let parts: Vec<String> =
                nodes.iter().map(|node| text_of(std::slice::from_ref(node))).collect();
            out.push_str(&parts.join(if name == "mtable" { "; " } else { ", " }));
        }
        "mphantom" => {}
        "mspace" => out.push(' '),
        _ => out.push_str(&text_of(nodes)),
    }
}

fn push_script(out: &mut String, base: &str, sub: &str, sup: &str) {
    out.push_str(base);
    if !sub.is_empty() {
        match scripted(sub, &SUBSCRIPTS) {
            Some(sub) => out.push_str(&sub),
            None => out.extend(["_", &grouped(sub)]),
        }
    }
    out.push_str(&superscript(sup));
}

/// Returns a text in parentheses if it has more than one part.
fn grouped(text: &str) -> String {
    let text = text.trim();
    let is_one = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | ',' | '√'))
        || text.starts_with('(') && text.find(')') == Some(text.len() - 1);
    if is_one { text.to_owned() } else { format!("({text})") }
}

const SUPERSCRIPTS: [(char, char); 16] = [
    ('0', '⁰'),
    ('1', '¹'),
    ('2', '²'),
    ('3', '³'),
    ('4', '⁴'),
    ('5', '⁵'),
    ('6', '⁶'),
    ('7', '⁷'),
    ('8', '⁸'),
    ('9', '⁹'),
    ('+', '⁺'),
    ('-', '⁻'),
    ('−', '⁻'),
    ('(', '⁽'),
    (')', '⁾'),
    ('n', 'ⁿ'),
];
const SUBSCRIPTS: [(char, char); 13] = [
    ('0', '₀'),
    ('1', '₁'),
    ('2', '₂'),
    ('3', '₃'),
    ('4', '₄'),
    ('5', '₅'),
    ('6', '₆'),
    ('7', '₇'),
    ('8', '₈'),
    ('9', '₉'),
    ('+', '₊'),
    ('-', '₋'),
    ('−', '₋'),
];

/// Returns an exponent as text: `⁶`, `^(a + b)`.
fn superscript(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.chars().all(|c| matches!(c, '′' | '″' | '*' | '°' | '¯' | '^' | '→'))
    {
        return text.to_owned();
    }
    scripted(text, &SUPERSCRIPTS).unwrap_or_else(|| format!("^{}", grouped(text)))
}

fn scripted(text: &str, table: &[(char, char)]) -> Option<String> {
    let script = |c: char| table.iter().find(|(plain, _)| *plain == c).map(|(_, script)| *script);
    let text = text.trim();
    if text.is_empty() { None } else { text.chars().map(script).collect() }
}

/// Returns whether an address is that of an image of a formula, whose alternative text is the
/// formula: `WordPress`, `MediaWiki`, `CodeCogs`, Google Charts.
pub(crate) fn is_image(src: &str) -> bool {
    ["/latex.php", "/math/render/", "codecogs.com/", "cht=tx", "/mathtex.cgi", "/mimetex.cgi"]
        .iter()
        .any(|part| src.contains(part))
}

/// Returns the exponent in HTML (`10<sup>6</sup>`) as text, if it is a number.
pub(crate) fn exponent(text: &str) -> Option<String> {
    let is_number = text.trim().chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '−'));
    if is_number { scripted(text, &SUPERSCRIPTS) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(mathml: &str) -> Formula {
        let mut lexer = Lexer::new(mathml);
        let Some(Token::Start(tag)) = lexer.next() else { panic!("{mathml}") };
        read_after(&tag, &mut lexer)
    }

    #[test]
    fn numbers_keep_their_value_in_text() {
        for (mathml, want) in [
            ("<math><msup><mn>10</mn><mn>6</mn></msup></math>", "10⁶"),
            ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "1/2"),
            ("<math><mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "2 1/2"),
            ("<math><msup><mi>e</mi><mrow><mo>-</mo><mn>2</mn></mrow></msup></math>", "e⁻²"),
            (
                "<math><msup><mi>e</mi><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></msup></math>",
                "e^(x+1)",
            ),
            ("<math><msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt></math>", "√(a+b)"),
            ("<math><mroot><mi>x</mi><mn>3</mn></mroot></math>", "³√x"),
            ("<math><msub><mi>x</mi><mn>1</mn></msub></math>", "x₁"),
            (
                "<m:math><m:munderover><m:mo>∑</m:mo><m:mi>i</m:mi><m:mi>n</m:mi></m:munderover>\
              </m:math>",
                "∑_iⁿ",
            ),
            (
                "<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac></math>",
                "(a+b)/c",
            ),
            (
                "<math><semantics><mi>E</mi><annotation encoding=x>no</annotation></semantics>\
              </math>",
                "E",
            ),
            (
                "<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd>\
              <mn>3</mn></mtd></mtr></mtable></math>",
                "1, 2; 3",
            ),
        ] {
            assert_eq!(formula(mathml).text(), want, "{mathml}");
        }
    }

    #[test]
    fn only_presentation_elements_are_written() {
        let mut out = String::new();
        formula(
            "<math display='block'><semantics><mi mathvariant=bold style=x>a</mi>\
             <mo>&lt;</mo><mtext>b</mtext><annotation-xml><p>c</p></annotation-xml></semantics> \
             stray",
        )
        .write(&mut out);
        assert_eq!(
            out,
            "<math display=\"block\"><mi mathvariant=\"bold\">a</mi><mo>&lt;</mo>\
             <mtext>b</mtext><mtext>stray</mtext></math>"
        );
        for foreign in [
            "<math onclick=x()><mi>a</mi></math>",
            "<math><mi>a</mi><mtext><img src=x onerror=y></mtext></math>",
            "<math>a</math>",
        ] {
            assert!(!formula(foreign).is_pure() && formula(foreign).text() == "a", "{foreign}");
        }
    }
}
