//! Divides texts into words and folds their case.
//!
//! Words are those of UAX #29, with three additions for matching: a compound (`KVCache`,
//! `kv_cache`, `l'infrastructure`) is a word and its parts; in scripts without spaces every
//! character is a word; and signs between words are reported, so that no phrase crosses the end of
//! a sentence. [`read`] is the entry point. Stemming needs a language and happens elsewhere.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// A token of a text. White space, quotation marks and hyphens within a word are no tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextToken<'p> {
    /// A word.
    Word {
        /// The byte offset of its beginning.
        start: usize,
        /// The byte offset of its end.
        end: usize,
        /// The byte ranges of the parts of a compound; empty for other words.
        parts: &'p [(usize, usize)],
    },
    /// Any other visible character: punctuation, symbols, emoji. A line feed stands for the end of
    /// a paragraph.
    Symbol {
        /// The byte offset of its beginning.
        start: usize,
        /// The character.
        sign: char,
    },
}

/// Reads `text` and passes each token to `sink`, in reading order.
pub(super) fn read(text: &str, mut sink: impl FnMut(TextToken<'_>)) {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let gap = bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        if gap > 1 && is_paragraph_end(&bytes[at..at + gap]) {
            sink(TextToken::Symbol { start: at, sign: '\n' });
        }
        at += gap;
        // ASCII white space always separates words. The text between is read by the fastest
        // function that can read it; most of it is ASCII.
        let mut end = at;
        let mut high_bits = 0;
        while end < bytes.len() && !bytes[end].is_ascii_whitespace() {
            high_bits |= bytes[end];
            end += 1;
        }
        if high_bits < 0x80 {
            tokenize_ascii(text, at, end, &mut parts, &mut sink);
        } else if text[at..end].chars().all(|c| latin(c).is_some()) {
            tokenize_latin(text, at, end, &mut parts, &mut sink);
        } else {
            tokenize_unicode(text, at, end, &mut parts, &mut sink);
        }
        at = end;
    }
}

/// Returns whether white space contains an empty line.
fn is_paragraph_end(space: &[u8]) -> bool {
    space.iter().filter(|b| **b == b'\n').nth(1).is_some()
}

/// Returns whether an ASCII byte is part of words in UAX #29.
fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Returns whether `bytes[at]` is within a word by the rules WB6, WB7, WB11 and WB12 of UAX #29:
/// `node.js`, `don't`, `3.5`, `10,000`.
fn is_mid_word(bytes: &[u8], at: usize, end: usize) -> bool {
    if at + 1 >= end || at == 0 {
        return false;
    }
    let (before, after) = (bytes[at - 1], bytes[at + 1]);
    match bytes[at] {
        b'.' | b'\'' => {
            before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
                || before.is_ascii_digit() && after.is_ascii_digit()
        }
        b':' => before.is_ascii_alphabetic() && after.is_ascii_alphabetic(),
        b',' | b';' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

fn tokenize_ascii(
    text: &str,
    from: usize,
    end: usize,
    parts: &mut Vec<(usize, usize)>,
    sink: &mut impl FnMut(TextToken<'_>),
) {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < end {
        let start = at;
        if !is_word_byte(bytes[at]) {
            at += 1;
            emit_symbol(text, start, char::from(bytes[start]), sink);
            continue;
        }
        // Most words have only lower-case letters and no parts.
        let mut may_be_compound = bytes[at] == b'_';
        while at < end && (is_word_byte(bytes[at]) || is_mid_word(bytes, at, end)) {
            may_be_compound |= at > start && !bytes[at].is_ascii_lowercase();
            at += 1;
        }
        parts.clear();
        if may_be_compound {
            split_compound(text, start, at, parts);
        }
        sink(TextToken::Word { start, end: at, parts });
    }
}

/// The class of a character in UAX #29, for the characters of nearly all texts in Latin script.
#[derive(Clone, Copy, PartialEq)]
enum Latin {
    Letter,
    Digit,
    /// Belongs to an adjacent word.
    Joiner,
    /// Belongs to a word if it is between two letters, between two digits, or both.
    Middle {
        letters: bool,
        digits: bool,
    },
    Space,
    Sign,
}

/// Returns the class of a character; `None` if the full rules of UAX #29 are needed.
fn latin(c: char) -> Option<Latin> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | 'ª' | 'µ' | 'º' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' => {
            Latin::Letter
        }
        '0'..='9' => Latin::Digit,
        '_' => Latin::Joiner,
        '.' | '\'' | '‘' | '’' => Latin::Middle { letters: true, digits: true },
        ':' => Latin::Middle { letters: true, digits: false },
        ',' | ';' => Latin::Middle { letters: false, digits: true },
        '\u{a0}' => Latin::Space,
        '!'..='~'
        | '£'
        | '§'
        | '°'
        | '«'
        | '»'
        | '×'
        | '÷'
        | '–'
        | '—'
        | '“'
        | '”'
        | '„'
        | '‚'
        | '…'
        | '‹'
        | '›'
        | '€' => Latin::Sign,
        _ => return None,
    })
}

fn tokenize_latin(
    text: &str,
    from: usize,
    end: usize,
    parts: &mut Vec<(usize, usize)>,
    sink: &mut impl FnMut(TextToken<'_>),
) {
    let mut chars =
        text[from..end].char_indices().map(|(offset, c)| (from + offset, c, latin(c))).peekable();
    while let Some((start, first, class)) = chars.next() {
        if !matches!(class, Some(Latin::Letter | Latin::Digit | Latin::Joiner)) {
            if class != Some(Latin::Space) {
                emit_symbol(text, start, first, sink);
            }
            continue;
        }
        let (mut at, mut before, mut may_be_compound) =
            (start + first.len_utf8(), class, first == '_');
        while let Some((_, c, class)) = chars.peek().copied() {
            match class {
                Some(Latin::Letter | Latin::Digit | Latin::Joiner) => {}
                Some(Latin::Middle { letters, digits }) => {
                    let after = text[at + c.len_utf8()..end].chars().next().and_then(latin);
                    let is_within = letters && before == Some(Latin::Letter) && after == before
                        || digits && before == Some(Latin::Digit) && after == before;
                    if !is_within {
                        break;
                    }
                }
                _ => break,
            }
            may_be_compound |= !c.is_lowercase();
            (at, before) = (at + c.len_utf8(), class);
            chars.next();
        }
        parts.clear();
        if may_be_compound {
            split_compound(text, start, at, parts);
        }
        sink(TextToken::Word { start, end: at, parts });
    }
}

fn tokenize_unicode(
    text: &str,
    from: usize,
    end: usize,
    parts: &mut Vec<(usize, usize)>,
    sink: &mut impl FnMut(TextToken<'_>),
) {
    for (offset, segment) in text[from..end].split_word_bound_indices() {
        let start = from + offset;
        let Some(first) = segment.chars().next() else {
            continue;
        };
        if !segment.chars().any(char::is_alphanumeric) {
            if !first.is_whitespace() && !is_ignorable(first) {
                emit_symbol(text, start, first, sink);
            }
            continue;
        }
        parts.clear();
        if is_without_spaces(first) {
            for (offset, grapheme) in segment.grapheme_indices(true) {
                sink(TextToken::Word {
                    start: start + offset,
                    end: start + offset + grapheme.len(),
                    parts: &[],
                });
            }
            continue;
        }
        split_compound(text, start, start + segment.len(), parts);
        sink(TextToken::Word { start, end: start + segment.len(), parts });
    }
}

/// Emits a sign, except for quotation marks and hyphens within a word. A hyphen beside a space is a
/// dash.
fn emit_symbol(text: &str, start: usize, sign: char, sink: &mut impl FnMut(TextToken<'_>)) {
    match sign {
        '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' => {}
        '-' | '\u{2010}' | '\u{2011}' | '\u{fe63}' | '\u{ff0d}' => {
            let joins = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != '-');
            if !joins(text[..start].chars().next_back())
                || !joins(text[start + sign.len_utf8()..].chars().next())
            {
                sink(TextToken::Symbol { start, sign });
            }
        }
        _ => sink(TextToken::Symbol { start, sign }),
    }
}

/// Returns whether a phrase reaches over a sign between two of its words: `Kafka: Streams`. The end
/// of a sentence is no such sign.
pub(super) fn is_bridge(sign: char) -> bool {
    matches!(sign, ':' | ',' | '/' | '&' | '：' | '，' | '、' | '／' | '＆' | '،')
}

/// Returns whether a character belongs to a script without spaces between words.
fn is_without_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff // Thai, Lao
        | 0x1000..=0x109f | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f // Myanmar
        | 0x1780..=0x17ff // Khmer
        | 0x1950..=0x19df | 0x1a20..=0x1aaf // Tai Le, New Tai Lue, Tai Tham
        | 0x0f00..=0x0fff // Tibetan
        | 0x2e80..=0x2fdf // Han radicals
        | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303b // Han numerals
        | 0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f | 0x1b000..=0x1b16f // Kana
        | 0x3105..=0x312f | 0x31a0..=0x31bf // Bopomofo
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff) // Han
}

/// Returns whether a character is invisible and may occur within words.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

/// Adds the parts of the word at `start..end` if it is a compound: camel case, underscores, colons,
/// apostrophes, or the plural of an acronym (`LLMs`, whose only part is `LLM`).
fn split_compound(text: &str, start: usize, end: usize, parts: &mut Vec<(usize, usize)>) {
    let mut part = start;
    let mut before = None;
    let mut chars = text[start..end].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let at = start + offset;
        if matches!(c, '_' | ':' | '\'' | '’') {
            push_part(part, at, parts);
            part = at + c.len_utf8();
            before = None;
            continue;
        }
        let next = chars.peek().map(|(_, c)| *c);
        if let Some(before) = before
            && is_camel_case_boundary(before, c, next)
        {
            if c == 's' && before.is_uppercase() {
                // The `s` of a plural belongs to no part. `Is` and `As` are no plurals.
                if text[part..at].chars().nth(1).is_some() {
                    push_part(part, at, parts);
                    part = at + 1;
                }
            } else if !is_plural_acronym(before, c, text[at..end].chars()) {
                push_part(part, at, parts);
                part = at;
            }
        }
        before = Some(c);
    }
    push_part(part, end, parts);
    if parts.len() == 1 && parts[0] == (start, end) {
        parts.clear();
    }
}

fn push_part(from: usize, to: usize, parts: &mut Vec<(usize, usize)>) {
    if from < to {
        parts.push((from, to));
    }
}

/// Returns whether a part of a camel-case word may begin at `c`.
fn is_camel_case_boundary(before: char, c: char, next: Option<char>) -> bool {
    let next_is_lower = next.is_some_and(char::is_lowercase);
    (before.is_lowercase() && c.is_uppercase())
        || (c.is_uppercase() && next_is_lower && (before.is_uppercase() || before.is_numeric()))
        || (c == 's' && before.is_uppercase() && next.is_none_or(|next| !next.is_lowercase()))
}

/// Returns whether `c` is the last capital letter of an acronym in the plural. `rest` begins with
/// `c`.
fn is_plural_acronym(before: char, c: char, mut rest: impl Iterator<Item = char>) -> bool {
    before.is_uppercase()
        && c.is_uppercase()
        && rest.nth(1) == Some('s')
        && rest.next().is_none_or(|after| !after.is_lowercase())
}

/// Writes the folded form of `word` into `folded`: NFC, full case folding, without invisible
/// characters.
pub(super) fn fold_into(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.extend(word.bytes().map(|b| char::from(b.to_ascii_lowercase())));
        return;
    }
    if word.chars().all(|c| c < LATIN_END || c == '’') {
        word.chars().for_each(|c| {
            folded.push_str(LATIN_FOLDED.get(c as usize).map_or("'", |folded| folded));
        });
        return;
    }
    folded.extend(fold_chars(word));
}

/// Characters before this one are composed, and stay so next to any character.
const LATIN_END: char = '\u{250}';

/// The folded forms of the characters before [`LATIN_END`].
static LATIN_FOLDED: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    ('\0'..LATIN_END)
        .map(|c| fold_chars(c.encode_utf8(&mut [0; 4])).collect::<String>().into())
        .collect()
});

fn fold_chars(word: &str) -> impl Iterator<Item = char> {
    let mut before = '\0';
    let decomposed = word.nfd().filter(move |c| {
        // `İ` is a capital `i` in Turkish, and decomposes into `I` and a dot.
        let is_dot_of_i = *c == '\u{307}' && before == 'I';
        before = *c;
        !is_dot_of_i && !is_ignorable(*c)
    });
    decomposed.flat_map(fold).nfc()
}

/// Folds the case by way of the upper case: `ß` and `ẞ` become `ss`, `ς` becomes `σ`, `ﬁ` becomes
/// `fi`.
fn fold(c: char) -> impl Iterator<Item = char> {
    let c = match c {
        '’' => '\'',
        // The upper case of `ß` is `SS`, while `ẞ` is its own upper case.
        'ẞ' => 'ß',
        _ => c,
    };
    // The dotless i has the upper case of the dotted one, but is another letter.
    let upper = if c == 'ı' { Vec::from([c]) } else { c.to_uppercase().collect() };
    upper.into_iter().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the tokens as text, with parts in brackets after their word.
    fn tokens(text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        read(text, |token| {
            seen.push(match token {
                TextToken::Word { start, end, parts: [] } => text[start..end].to_owned(),
                TextToken::Word { start, end, parts } => {
                    let parts: Vec<&str> =
                        parts.iter().map(|(from, to)| &text[*from..*to]).collect();
                    format!("{}[{}]", &text[start..end], parts.join(" "))
                }
                TextToken::Symbol { sign, .. } => sign.to_string(),
            });
        });
        seen
    }

    fn folded(word: &str) -> String {
        let mut folded = String::new();
        fold_into(word, &mut folded);
        folded
    }

    #[test]
    fn a_compound_is_itself_and_its_parts() {
        assert_eq!(tokens("KVCache"), ["KVCache[KV Cache]"]);
        assert_eq!(
            tokens("kv_cache gRPC S3Bucket"),
            ["kv_cache[kv cache]", "gRPC[g RPC]", "S3Bucket[S3 Bucket]"]
        );
        assert_eq!(
            tokens("Kafka's l’infrastructure"),
            ["Kafka's[Kafka s]", "l’infrastructure[l infrastructure]"]
        );
        assert_eq!(
            tokens("kafka:streams 10:30"),
            ["kafka:streams[kafka streams]", "10", ":", "30"]
        );
        assert_eq!(tokens("LLMs VMs CRDTs"), ["LLMs[LLM]", "VMs[VM]", "CRDTs[CRDT]"]);
        assert_eq!(tokens("S3 p99 HTTP Kafka 3D"), ["S3", "p99", "HTTP", "Kafka", "3D"]);
        assert_eq!(tokens("ÉtatMajor"), ["ÉtatMajor[État Major]"]);
        assert_eq!(tokens("Is Üs ÄÖs"), ["Is", "Üs", "ÄÖs[ÄÖ]"]);
    }

    #[test]
    fn signs_between_words_are_tokens() {
        assert_eq!(
            tokens("event-driven, (or not)"),
            ["event", "driven", ",", "(", "or", "not", ")"]
        );
        assert_eq!(tokens("a - b \"c\" d\n\ne\nf"), ["a", "-", "b", "c", "d", "\n", "e", "f"]);
        assert_eq!(tokens("C++ and node.js 2.0"), ["C", "+", "+", "and", "node.js", "2.0"]);
    }

    #[test]
    fn scripts_without_spaces_have_one_token_per_character() {
        assert_eq!(tokens("分散システム"), ["分", "散", "シ", "ス", "テ", "ム"]);
    }

    #[test]
    fn spellings_of_one_word_have_one_folded_form() {
        assert_eq!(folded("STRASSE"), folded("straße"));
        assert_eq!(folded("STRAẞE"), "strasse");
        assert_eq!(folded("Cafe\u{301}"), folded("CAFÉ"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
        assert_eq!(folded("soft\u{ad}ware"), "software");
        assert_eq!(folded("diyarbakır"), "diyarbakır");
        assert_eq!(folded("İSTANBUL"), "istanbul");
        assert_eq!(folded("I\u{307}stanbul"), "istanbul");
    }

    proptest! {
        #[test]
        fn any_text_is_read_in_order_and_within_bounds(text in any::<String>()) {
            let mut last = 0;
            read(&text, |token| {
                let (start, end) = match token {
                    TextToken::Word { start, end, parts } => {
                        for (from, to) in parts {
                            assert!(start <= *from && *to <= end && text.get(*from..*to).is_some());
                        }
                        (start, end)
                    }
                    TextToken::Symbol { start, sign } => (start, start + sign.len_utf8()),
                };
                assert!(last <= start && text.get(start..end).is_some());
                last = end;
            });
        }

        #[test]
        fn the_latin_tokenizer_equals_the_unicode_tokenizer(
            text in "[a-zA-ZäöüßÄÖÜéÉœŁıſªµ0-9_.,;:'’‘\\-+/!“”„«»–—…€\u{a0}×]{0,30}",
        ) {
            let mut segments = text.split_word_bounds();
            prop_assume!(!segments.any(|segment| segment.chars().all(|c| c == '_')));
            let read_with = |read: &dyn Fn(&mut Vec<String>)| {
                let mut tokens = Vec::new();
                read(&mut tokens);
                tokens
            };
            let end = text.len();
            let fast = read_with(&|seen| {
                tokenize_latin(&text, 0, end, &mut Vec::new(), &mut |token| {
                    seen.push(format!("{token:?}"));
                });
            });
            let slow = read_with(&|seen| {
                tokenize_unicode(&text, 0, end, &mut Vec::new(), &mut |token| {
                    seen.push(format!("{token:?}"));
                });
            });
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn the_latin_folding_equals_the_full_folding(word in "[a-zA-Z\u{80}-\u{24f}’]{0,8}") {
            prop_assert_eq!(folded(&word), fold_chars(&word).collect::<String>());
        }

        #[test]
        fn the_ascii_tokenizer_equals_the_unicode_tokenizer(
            text in "[a-zA-Z0-9_.,;:'\\-+/ ]{0,40}",
        ) {
            let mut ours = Vec::new();
            read(&text, |token| {
                if let TextToken::Word { start, end, .. } = token {
                    ours.push(text[start..end].to_owned());
                }
            });
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let unicode: Vec<&str> =
                text.split_word_bounds().filter(|word| word.contains(is_word)).collect();
            prop_assert_eq!(ours, unicode);
        }
    }
}
