//! What publishing programs add to a text: where it appeared first, where to read on. It says nothing of what the text is,
//! and two copies differ in it.

use std::sync::LazyLock;

use regex::Regex;

/// Longer additions are no additions but a text.
const MOST_CHARS: usize = 400;

/// Sentences that stand at the end of a copy, each to the end of the text.
static ENDINGS: LazyLock<Regex> = LazyLock::new(|| {
    let endings = [
        // What WordPress adds to excerpts, in the languages that it is met in most.
        r"The post .{1,250} (?:appeared|first appeared) (?:first )?on .{1,100}",
        r"(?:Der Beitrag|Der Artikel) .{1,250} erschien zuerst auf .{1,100}",
        r"L[’']article .{1,250} est apparu en premier sur .{1,100}",
        r"La entrada .{1,250} (?:aparece primero en|se publicó primero en) .{1,100}",
        r"O post .{1,250} apareceu primeiro em .{1,100}",
        r"L[’']articolo .{1,250} (?:proviene da|sembra essere il primo su) .{1,100}",
        // Medium's, and that of hand-made copies.
        r"[^.!?]{0,160}\bwas originally published in .{1,160} on Medium, where people are continuing the conversation.{0,80}",
        r"\(?(?:This (?:article|post|story|piece) (?:was |has been |is )?)?(?:originally|first|cross-?) ?(?:published|posted|appeared) (?:at|on|in|by|to) .{1,160}",
        r"(?:Continue reading|Read more|Read the rest|Keep reading|Read on)\b.{0,200}",
        r"(?:\[(?:…|\.\.\.|&hellip;)\]|…|\.\.\.)",
    ];
    Regex::new(&format!(r"(?is)(?:{})\s*$", endings.join("|"))).expect("a constant pattern compiles")
});

/// The sentence that stands at the beginning of a copy.
static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?is)^\s*\(?(?:This (?:article|post|story|piece) (?:was |has been |is )?)?(?:originally|first|cross-?) ?(?:published|posted|appeared) (?:at|on|in|by|to) [^.!?\s](?:[^.!?]|\.\S){0,159}[.!?)]+\s";
    Regex::new(pattern).expect("a constant pattern compiles")
});

/// A plain text without what was added to it.
pub(super) fn removed(text: &str) -> &str {
    let mut text = text.trim();
    if let Some(found) = BEGINNING.find(text) {
        text = &text[found.end()..];
    }
    // An excerpt has several: the ellipsis, where to read on, where it appeared first.
    for _ in 0..3 {
        let tail = text.char_indices().nth_back(MOST_CHARS - 1).map_or(0, |(at, _)| at);
        let Some(found) = ENDINGS.find(&text[tail..]) else { break };
        text = text[..tail + found.start()].trim_end();
    }
    text
}

/// How many of a text's words are parts of addresses that are written out: they are no text of one's own.
pub(super) fn words_of_addresses(text: &str) -> usize {
    let addresses = text.split_whitespace().filter(|word| word.contains("://"));
    addresses.map(|address| super::text::tokens(address).len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_to_a_copy_goes() {
        for copy in [
            "A text of its own. […] The post Queues, again appeared first on Acme Engineering.",
            "A text of its own. Der Beitrag Warteschlangen erschien zuerst auf Acme.",
            "A text of its own. Originally published at https://acme.example.org/queues on March 3, 2026.",
            "This post was originally published on acme.example.org. A text of its own.",
            "A text of its own. Continue reading on Acme »",
            "A text of its own. ...",
            "A text of its own. Queues was originally published in Acme on Medium, where people are continuing the conversation by \
             highlighting and responding to this story.",
        ] {
            let left = removed(copy);
            assert!(left.starts_with("A text of its own"), "{copy}: {left}");
            assert!(left.len() <= "A text of its own.".len(), "{copy}: {left}");
        }
    }

    #[test]
    fn a_text_that_speaks_of_posts_stays() {
        for text in
            ["", "Read this: the post office appeared first, on Monday the queue did.", "We write about where it was published."]
        {
            assert_eq!(removed(text), text);
        }
        let long = format!("The post of old appeared first on paper. {}", "And so on, for long. ".repeat(60));
        assert_eq!(removed(&long), long.trim());
    }

    #[test]
    fn addresses_are_no_words_of_ones_own() {
        assert_eq!(words_of_addresses("see https://example.org/why-we-moved and stay"), 5);
    }
}
