//! Normalises texts for comparison: plain text without case, white space and punctuation.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use feed_model::{Draft, SafeHtml};

/// Number of words of a text that are compared.
const MAX_WORDS: usize = 20_000;

/// White space, punctuation, control characters and spacing modifier symbols.
static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{P}\p{Z}\p{C}\p{Sk}]$").expect("a constant pattern compiles")
});

/// Returns the plain text of an item: its content, or its summary if it has no content.
pub(super) fn item_text(draft: &Draft) -> String {
    content_or_summary_text(
        draft.summary.as_ref().map(SafeHtml::as_str),
        draft.content.as_ref().map(SafeHtml::as_str),
    )
}

/// Returns the plain text of an item without its `blockquote` elements; `None` if there are none.
pub(super) fn unquoted_text(draft: &Draft) -> Option<String> {
    let html = draft.content.as_ref().map(SafeHtml::as_str).filter(|html| !html.is_empty());
    let html = html
        .or(draft.summary.as_ref().map(SafeHtml::as_str))
        .filter(|html| html.contains("<blockquote"))?;
    let (mut own, mut depth, mut rest) = (String::with_capacity(html.len()), 0_usize, html);
    while let Some(at) = rest.find('<') {
        if depth == 0 {
            own.push_str(&rest[..at]);
        }
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        if tag.starts_with("<blockquote") {
            depth += 1;
        } else if tag.starts_with("</blockquote") {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            own.push_str(tag);
        }
        rest = &rest[end..];
    }
    if depth == 0 {
        own.push_str(rest);
    }
    Some(plain_text(&own))
}

/// Returns the plain text of the content, or of the summary if there is no content. Both are
/// sanitised HTML.
pub(super) fn content_or_summary_text(summary: Option<&str>, content: Option<&str>) -> String {
    content.filter(|html| !html.is_empty()).or(summary).map(plain_text).unwrap_or_default()
}

/// Normalises a title: Unicode compatibility forms (NFKC) in lower case, words separated by one
/// space. A title of punctuation alone is kept as it is. Returns `None` if there is no title.
pub(super) fn title_norm(title: Option<&str>) -> Option<String> {
    let title = title?.trim();
    let spaced: String =
        fold(title).chars().map(|c| if is_significant(c) { c } else { ' ' }).collect();
    let norm = feed_model::text::collapse_whitespace(&spaced);
    let norm = if norm.is_empty() { title.to_owned() } else { norm };
    (!norm.is_empty()).then_some(norm)
}

/// Removes case, white space and punctuation from a text.
pub(super) fn comparable(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(is_significant);
    folded
}

/// A word of a text.
pub(super) struct TextWord<'a> {
    /// The word in NFKC and lower case.
    pub folded: &'a str,
    /// Whether it has a digit or begins with a capital letter, as names and sentences do.
    pub is_fact: bool,
    /// Whether it is a part of a written-out URL.
    pub is_in_url: bool,
}

/// Calls a function with the words of a text (UAX #29), at most the first 20,000. In scripts
/// without spaces every ideograph is a word.
pub(super) fn each_word(text: &str, mut f: impl FnMut(&TextWord<'_>)) {
    let mut folded = String::new();
    let mut count = 0;
    for part in text.split_whitespace() {
        let is_in_url = part.contains("://");
        for word in words(part) {
            folded.clear();
            if word.is_ascii() {
                folded.push_str(word);
                folded.make_ascii_lowercase();
            } else {
                folded.extend(word.nfkc().flat_map(char::to_lowercase));
            }
            let is_name = word.starts_with(char::is_uppercase) && word.chars().nth(1).is_some();
            let is_fact = is_name || word.contains(char::is_numeric);
            f(&TextWord { folded: &folded, is_fact, is_in_url });
            count += 1;
            if count == MAX_WORDS {
                return;
            }
        }
    }
}

/// Returns the number of words of a text.
pub(super) fn count_words(text: &str) -> usize {
    let mut count = 0;
    each_word(text, |_| count += 1);
    count
}

/// Returns the words of a text in NFKC and lower case.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, |word| words.push(word.folded.to_owned()));
    words
}

/// Returns the words (UAX #29) of a part of a text that has no white space. Nearly all of these
/// parts are a single ASCII word, perhaps between punctuation.
fn words(part: &str) -> impl Iterator<Item = &str> {
    let core = part.trim_matches(|c: char| c.is_ascii_punctuation() && c != '_');
    let is_simple = core.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (simple, other) = if is_simple { (core, "") } else { ("", part) };
    Some(simple).filter(|word| !word.is_empty()).into_iter().chain(other.unicode_words())
}

/// Returns the text in NFKC and lower case.
///
/// ASCII characters are only changed by combining marks that follow them, so that each run of other
/// characters is normalised together with the ASCII character before it.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let from = at.saturating_sub(1);
        push_ascii_lowercase(&mut folded, &rest[..from]);
        let end = rest[at..].find(|c: char| c.is_ascii()).map_or(rest.len(), |length| at + length);
        folded.extend(rest[from..end].nfkc().flat_map(char::to_lowercase));
        rest = &rest[end..];
    }
    push_ascii_lowercase(&mut folded, rest);
    folded
}

fn push_ascii_lowercase(out: &mut String, ascii: &str) {
    let from = out.len();
    out.push_str(ascii);
    out[from..].make_ascii_lowercase();
}

/// Returns whether a character is neither white space nor punctuation: letters, digits, marks, and
/// symbols such as `+` and `€`.
fn is_significant(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "$+<=>|~".contains(c);
    }
    c.is_alphanumeric() || !SEPARATOR.is_match(c.encode_utf8(&mut [0; 4]))
}

/// Returns the plain text of sanitised HTML. It has the same words as `feed_parser::plain_text`.
///
/// This runs for every item of every polled document and takes less than half the time (12 instead
/// of 26 µs for 800 words), because sanitised HTML has no comments, no scripts and only these
/// character references.
fn plain_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            rest = &rest[at + 1..];
            continue;
        };
        let tag = rest[at + 1..at + end].trim_start_matches('/');
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if !INLINE_ELEMENTS.iter().any(|element| element.eq_ignore_ascii_case(name)) {
            out.push(' ');
        }
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    if !out.contains('&') {
        return out;
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(
        out,
        |text, (escape, plain)| {
            if text.contains(escape) { text.replace(escape, plain) } else { text }
        },
    )
}

/// Elements that do not separate words.
const INLINE_ELEMENTS: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_those_of_unicode(text in "[a-c1A_.,:;'’\"() \n\u{301}\u{200d}éß日…]{0,60}") {
            let words: Vec<_> = text.split_whitespace().flat_map(words).collect();
            let expected: Vec<_> = text.unicode_words().collect();
            prop_assert_eq!(words, expected);
        }

        #[test]
        fn folding_by_runs_equals_folding_the_text(
            text in "[a-cA\u{301}\u{327}éßﬁ½İ가ᄀ\u{1161}日…\u{a0} ]{0,40}",
        ) {
            let expected: String = text.nfkc().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(fold(&text), expected);
        }
    }

    #[test]
    fn quotations_are_left_out() {
        let of = |html: &str| {
            unquoted_text(&Draft {
                content: Some(SafeHtml::from_sanitised(html.to_owned())),
                ..Draft::default()
            })
            .map(|text| feed_model::text::collapse_whitespace(&text))
        };
        assert_eq!(
            of("<p>a</p><blockquote>b<blockquote>c</blockquote>d</blockquote><p>e &lt; f</p>")
                .as_deref(),
            Some("a e < f")
        );
        assert_eq!(
            of("<blockquote cite=\"https://a.example/\">b</blockquote>").as_deref(),
            Some("")
        );
        assert_eq!(of("a<blockquote>b").as_deref(), Some("a"));
        assert_eq!(of("<p>a</p>"), None);
    }

    #[test]
    fn titles_are_compared_without_case_and_punctuation() {
        assert_eq!(title_norm(Some("  Don’t PANIC — now! ")), title_norm(Some("don't panic: now")));
        assert_ne!(title_norm(Some("v1.2.3")), title_norm(Some("v1.23")));
        assert_ne!(title_norm(Some("C++")), title_norm(Some("C")));
        assert_eq!(title_norm(Some("???")).as_deref(), Some("???"));
        assert_eq!(title_norm(Some("  ")), None);
    }

    #[test]
    fn markup_is_removed() {
        assert_eq!(
            comparable(&plain_text("<p>H<b>ell</b>o,</p><p>you &amp; me</p>")),
            comparable("hello you me")
        );
        assert_eq!(tokens(&plain_text("<p>one</p><p>two<br>three</p>")), ["one", "two", "three"]);
        assert_eq!(plain_text("a < b"), "a  b");
    }

    #[test]
    fn plain_text_has_the_words_that_feed_parser_finds() {
        let base = "https://example.org/".parse().unwrap();
        for html in [
            "<p>One <em>t</em>wo<br>three &lt;b&gt; &amp;amp; &copy; &#8217;s &nbsp; \"four\" \
             'five'</p><!-- six --><script>7</script>",
            "<ul><li>a<li>b</ul><pre><code>x &lt; y &amp;&amp; z</code></pre><time>noon</time>s \
             <img alt=\"no > text\" src=\"/a.png\">",
            "a < b and c > d <unknown>e</unknown>",
        ] {
            let safe = feed_parser::sanitise(html, &base);
            assert_eq!(
                tokens(&plain_text(safe.as_str())),
                tokens(&feed_parser::plain_text(safe.as_str())),
                "{}",
                safe.as_str()
            );
        }
    }

    #[test]
    fn numbers_and_capitalised_words_are_facts() {
        let facts = |text: &str| {
            let mut facts = Vec::new();
            each_word(text, |word| facts.extend(word.is_fact.then(|| word.folded.to_owned())));
            facts
        };
        assert_eq!(facts("We see 12 errors, O’Brien said."), ["we", "12", "o’brien"]);
        assert_eq!(
            facts("CVE-2026-31001 in OpenSSL 3.2"),
            ["cve", "2026", "31001", "openssl", "3.2"]
        );
        assert_eq!(facts("nothing of the kind, e.g. A"), [""; 0]);
        assert_eq!(facts("улица Гагарина, 4"), ["гагарина", "4"]);
    }

    #[test]
    fn words_of_urls_are_marked() {
        let mut count = 0;
        each_word("see https://example.org/why-we-moved and stay", |word| {
            count += usize::from(word.is_in_url);
        });
        assert_eq!(count, 5);
    }

    #[test]
    fn ideographs_are_words() {
        assert_eq!(tokens("日本語の文").len(), 5);
    }
}
