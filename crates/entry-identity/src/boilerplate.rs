//! Removes the sentences that publishing software adds to a text: "The post … appeared first on …",
//! "Continue reading". Copies of one text differ in them.
//!
//! [`strip`] is the entry point.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

/// Longest text that can be an addition, in characters.
const MAX_CHARS: usize = 400;

/// The beginning of a sentence that names the first place of publication. Its capital letter
/// distinguishes it from "she first appeared on".
const FIRST_PUBLISHED: &str = concat!(
    r"\(?(?:This (?:article|post|story|piece|entry) (?:(?:was|has been|is) )?",
    r"(?:originally|first|cross-?)|Originally|First|Cross-?|\((?:originally|first|cross-?)) ?",
    r"(?:published|posted|appeared) (?:at|on|in|by|to) ",
);
/// The rest of a sentence. A full stop within a word, as in a host name, does not end it.
const REST_OF_SENTENCE: &str = r"(?:[^.!?]|[.!?][^\s.!?)]){1,160}[.!?)]*";

/// Additions at the end of a text.
static ENDINGS: LazyLock<Regex> = LazyLock::new(|| {
    let endings = [
        // WordPress excerpts, in its most frequent languages.
        r"The post .{1,250} (?:appeared|first appeared) (?:first )?on .{1,100}",
        r"(?:Der Beitrag|Der Artikel) .{1,250} erschien zuerst auf .{1,100}",
        r"L[’']article .{1,250} est apparu en premier sur .{1,100}",
        r"La entrada .{1,250} (?:aparece primero en|se publicó primero en) .{1,100}",
        r"O post .{1,250} apareceu primeiro em .{1,100}",
        r"L[’']articolo .{1,250} (?:proviene da|sembra essere il primo su) .{1,100}",
        // Medium, and copies made by hand.
        concat!(
            r"[^.!?]{0,160}\bwas originally published in .{1,160} on Medium, ",
            r"where people are continuing the conversation.{0,80}",
        ),
        &format!("{FIRST_PUBLISHED}{REST_OF_SENTENCE}"),
        concat!(
            r"(?:Continue reading|Read more|Read the rest|Keep reading|Read on)\b",
            r"(?:[^.!?]|[.!?][^\s.!?)]){0,160}[.!?)]*",
        ),
        r"(?:\[(?:…|\.\.\.|&hellip;)\]|…|\.\.\.)",
    ]
    .join("|");
    Regex::new(&format!(r"(?s)(?:{endings})\s*$")).expect("a constant pattern compiles")
});

/// An addition at the beginning of a text.
static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?s)^\s*{FIRST_PUBLISHED}(?:[^.!?]|[.!?][^\s.!?)]){{1,160}}[.!?)]+\s"))
        .expect("a constant pattern compiles")
});

/// Words of which every addition except an ellipsis has one. They are searched first, because few
/// texts end with one and the patterns take a hundred times as long.
static CUES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let cues = [
        "appeared",
        "published",
        "posted",
        "erschien zuerst",
        "est apparu",
        "aparece",
        "se publicó",
        "proviene da",
        "sembra essere",
        "continue reading",
        "read more",
        "read the rest",
        "keep reading",
        "read on",
    ];
    AhoCorasick::builder().ascii_case_insensitive(true).build(cues).expect("a few words")
});

/// Number of bytes at the beginning of a text that include the verb of [`BEGINNING`].
const CUE_BYTES: usize = 64;

/// Returns a plain text without the additions at its beginning and end.
pub(super) fn strip(text: &str) -> &str {
    let mut text = text.trim();
    if CUES.is_match(&text[..text.floor_char_boundary(CUE_BYTES)])
        && let Some(found) = BEGINNING.find(text)
    {
        text = &text[found.end()..];
    }
    // An excerpt may have three: an ellipsis, "Continue reading", "appeared first on".
    for _ in 0..3 {
        let tail = text.char_indices().nth_back(MAX_CHARS - 1).map_or(0, |(at, _)| at);
        let is_open = ["…", "...", "…]", "...]", "&hellip;]"].iter().any(|end| text.ends_with(end));
        if !is_open && !CUES.is_match(&text[tail..]) {
            break;
        }
        let Some(found) = ENDINGS.find(&text[tail..]) else {
            break;
        };
        text = text[..tail + found.start()].trim_end();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_are_removed() {
        for copy in [
            "A text of its own. […] The post Queues, again appeared first on Acme Engineering.",
            "A text of its own. Der Beitrag Warteschlangen erschien zuerst auf Acme.",
            "A text of its own. Originally published at https://acme.example.org/queues on March \
             3, 2026.",
            "This post was originally published on acme.example.org. A text of its own.",
            "A text of its own. L’article Files est apparu en premier sur Acme.",
            "A text of its own. La entrada Colas se publicó primero en Acme.",
            "A text of its own. La entrada Colas aparece primero en Acme.",
            "A text of its own. O post Filas apareceu primeiro em Acme.",
            "A text of its own. L'articolo Code proviene da Acme.",
            "A text of its own. L'articolo Code sembra essere il primo su Acme.",
            "A text of its own. (Cross-posted to our other blog.)",
            "A text of its own. Read the rest of it",
            "A text of its own. Keep reading",
            "A text of its own. Read on.",
            "A text of its own. [&hellip;]",
            "(This article has been cross-posted to acme.example.org.) A text of its own.",
            "A text of its own. Continue reading on Acme »",
            "A text of its own. ...",
            "A text of its own. Queues was originally published in Acme on Medium, where people \
             are continuing the conversation by highlighting and responding to this story.",
        ] {
            let left = strip(copy);
            assert!(left.starts_with("A text of its own"), "{copy}: {left}");
            assert!(left.len() <= "A text of its own.".len(), "{copy}: {left}");
        }
    }

    #[test]
    fn a_text_about_posts_is_kept() {
        for text in [
            "",
            "Read this: the post office appeared first, on Monday the queue did.",
            "We write about where it was published.",
        ] {
            assert_eq!(strip(text), text);
        }
        let long = format!(
            "The post of old appeared first on paper. {}",
            "And so on, for long. ".repeat(60)
        );
        assert_eq!(strip(&long), long.trim());
    }

    #[test]
    fn sentences_about_reading_and_publishing_are_kept() {
        for text in [
            "In winter people read more books than in summer, which is why the shelves of this \
             library are warm.",
            "She first appeared on a stage in Bexhill. Nobody who was there forgot it, and there \
             are a few who wrote it down.",
            "The standard was originally published in 1998. It has been revised twice, and neither \
             revision was liked by all.",
            "We read on, and on; then the night fell. Nobody spoke.",
        ] {
            assert_eq!(strip(text), text);
        }
        let two = "A text. Read more books! They are good for you.";
        assert_eq!(strip(two), two, "an addition with a further sentence is text");
    }
}
