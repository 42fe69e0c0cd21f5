//! Texts as words: where a word begins and ends, what its spellings have in common, which words are
//! compounds.
//!
//! Words are those of Unicode (UAX #29), with three additions that people expect of a matcher: a
//! compound word (`KVCache`, `kv_cache`, `l'infrastructure`) is both itself and its parts; in
//! scripts without spaces every character is a word; and what stands between two words is told, so
//! that a phrase never runs over the end of a sentence. Stems are not made here: they need a
//! language.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// A piece of a text, in the order of reading. White space, quotation marks and hyphens within a
/// word are no pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextToken<'p> {
    /// A word.
    Word {
        /// Where it begins in the text, in bytes.
        start: usize,
        /// Where it ends.
        end: usize,
        /// The parts of a compound, as places in the text; empty for a plain word.
        parts: &'p [(usize, usize)],
    },
    /// Anything else that is seen: punctuation, signs, pictures, the end of a paragraph (as a line
    /// feed).
    Symbol {
        /// Where it begins in the text, in bytes.
        start: usize,
        /// The sign.
        sign: char,
    },
}

/// Reads `text` and gives each piece to `sink`.
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
        // ASCII white space always parts words, so that what lies between can be read by itself,
        // and fast where it is ASCII: as nearly all of it is.
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

/// Whether white space has an empty line in it.
fn is_paragraph_end(space: &[u8]) -> bool {
    space.iter().filter(|b| **b == b'\n').nth(1).is_some()
}

/// Whether an ASCII byte makes words in UAX #29.
fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether `bytes[at]` stands within a word by rules WB6, WB7, WB11 and WB12: `node.js`, `don't`,
/// `3.5`, `10,000`.
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
        // Most words are lower case throughout and have no parts.
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

/// What a character is in UAX #29, for the characters that nearly all texts in Latin letters are
/// made of.
#[derive(Clone, Copy, PartialEq)]
enum Latin {
    Letter,
    Digit,
    /// Belongs to the word that it stands in or beside.
    Joiner,
    /// Belongs to the word that goes on behind it, between letters, between digits or both.
    Middle {
        letters: bool,
        digits: bool,
    },
    Space,
    Sign,
}

/// `None`: it takes all rules of Unicode to say.
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

/// Quotation marks say nothing, and a hyphen within a word is a space; a hyphen with space beside
/// it is a dash.
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

/// Whether the character belongs to a script that is written without spaces between words.
fn is_without_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff // Thai, Lao
        | 0x1000..=0x109f | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f // Myanmar
        | 0x1780..=0x17ff | 0x1950..=0x19df | 0x1a20..=0x1aaf // Khmer, Tai Le, New Tai Lue, Tai Tham
        | 0x0f00..=0x0fff // Tibetan
        | 0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303b // Han radicals and numerals
        | 0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f | 0x1b000..=0x1b16f // Kana
        | 0x3105..=0x312f | 0x31a0..=0x31bf // Bopomofo
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff) // Han
}

/// Characters without width that writers and editors leave within words.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The parts of the word at `start..end`, where it is a compound: camel case, underscores,
/// apostrophes, the plural of an acronym (`LLMs`, whose only part is `LLM`).
fn split_compound(text: &str, start: usize, end: usize, parts: &mut Vec<(usize, usize)>) {
    let mut part = start;
    let mut before = None;
    let mut chars = text[start..end].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let at = start + offset;
        if matches!(c, '_' | '\'' | '’') {
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
                // The plural's `s` belongs to no part; `Is` and `As` are no plurals.
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

/// Whether a new part of a camel-case word may begin at `c`.
fn is_camel_case_boundary(before: char, c: char, next: Option<char>) -> bool {
    let next_is_lower = next.is_some_and(char::is_lowercase);
    (before.is_lowercase() && c.is_uppercase())
        || (c.is_uppercase() && next_is_lower && (before.is_uppercase() || before.is_numeric()))
        || (c == 's' && before.is_uppercase() && next.is_none_or(|next| !next.is_lowercase()))
}

/// Whether what begins at `c`, between `before` and the end, is the last capital of an acronym in
/// the plural.
fn is_plural_acronym(before: char, c: char, mut rest: impl Iterator<Item = char>) -> bool {
    before.is_uppercase()
        && c.is_uppercase()
        && rest.nth(1) == Some('s')
        && rest.next().is_none_or(|after| !after.is_lowercase())
}

/// Writes `word` into `folded` in the one spelling that its spellings share: canonically composed,
/// full case fold_chars, without characters that have no width.
pub(super) fn fold_into(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.extend(word.bytes().map(|b| char::from(b.to_ascii_lowercase())));
        return;
    }
    if word.chars().all(|c| c < LATIN_END || c == '’') {
        word.chars().for_each(|c| {
            folded.push_str(LATIN_FOLDED.get(c as usize).map_or("'", |folded| folded))
        });
        return;
    }
    folded.extend(fold_chars(word));
}

/// What lies before it is composed and stays so, whatever stands beside it.
const LATIN_END: char = '\u{250}';

/// The folded form of each character before [`LATIN_END`].
static LATIN_FOLDED: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    ('\0'..LATIN_END)
        .map(|c| fold_chars(c.encode_utf8(&mut [0; 4])).collect::<String>().into())
        .collect()
});

fn fold_chars(word: &str) -> impl Iterator<Item = char> {
    word.nfd().filter(|c| !is_ignorable(*c)).flat_map(fold).nfc()
}

/// Full case fold_chars by way of the capital: `ß` and `ẞ` are `ss`, `ς` is `σ`, `ﬁ` is `fi`.
fn fold(c: char) -> impl Iterator<Item = char> {
    let c = match c {
        '’' => '\'',
        // A capital that is its own, of a letter whose capital it is not.
        'ẞ' => 'ß',
        _ => c,
    };
    // The dotless i has the capital of the dotted one, yet is a letter of its own.
    let upper = if c == 'ı' { Vec::from([c]) } else { c.to_uppercase().collect() };
    upper.into_iter().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pieces as text: parts in brackets behind their word, signs as they are.
    fn pieces(text: &str) -> Vec<String> {
        let mut seen = Vec::new();
        read(text, |piece| {
            seen.push(match piece {
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
        assert_eq!(pieces("KVCache"), ["KVCache[KV Cache]"]);
        assert_eq!(
            pieces("kv_cache gRPC S3Bucket"),
            ["kv_cache[kv cache]", "gRPC[g RPC]", "S3Bucket[S3 Bucket]"]
        );
        assert_eq!(
            pieces("Kafka's l’infrastructure"),
            ["Kafka's[Kafka s]", "l’infrastructure[l infrastructure]"]
        );
        assert_eq!(pieces("LLMs VMs CRDTs"), ["LLMs[LLM]", "VMs[VM]", "CRDTs[CRDT]"]);
        assert_eq!(pieces("S3 p99 HTTP Kafka 3D"), ["S3", "p99", "HTTP", "Kafka", "3D"]);
        assert_eq!(pieces("ÉtatMajor"), ["ÉtatMajor[État Major]"]);
        assert_eq!(pieces("Is Üs ÄÖs"), ["Is", "Üs", "ÄÖs[ÄÖ]"]);
    }

    #[test]
    fn what_parts_words_is_told() {
        assert_eq!(
            pieces("event-driven, (or not)"),
            ["event", "driven", ",", "(", "or", "not", ")"]
        );
        assert_eq!(pieces("a - b \"c\" d\n\ne\nf"), ["a", "-", "b", "c", "d", "\n", "e", "f"]);
        assert_eq!(pieces("C++ and node.js 2.0"), ["C", "+", "+", "and", "node.js", "2.0"]);
    }

    #[test]
    fn scripts_without_spaces_are_read_by_character() {
        assert_eq!(pieces("分散システム"), ["分", "散", "シ", "ス", "テ", "ム"]);
    }

    #[test]
    fn spellings_of_one_word_fold_to_one() {
        assert_eq!(folded("STRASSE"), folded("straße"));
        assert_eq!(folded("STRAẞE"), "strasse");
        assert_eq!(folded("Cafe\u{301}"), folded("CAFÉ"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
        assert_eq!(folded("soft\u{ad}ware"), "software");
        assert_eq!(folded("diyarbakır"), "diyarbakır");
    }

    proptest! {
        #[test]
        fn any_text_is_read_in_order_and_within_bounds(text in any::<String>()) {
            let mut last = 0;
            read(&text, |piece| {
                let (start, end) = match piece {
                    TextToken::Word { start, end, parts } => {
                        for (from, to) in parts {
                            assert!(start <= *from && *to <= end && text.get(*from..*to).is_some());
                        }
                        (start, end)
                    }
                    TextToken::Symbol { start, sign } => (start, start + if sign == '\n' { 1 } else { sign.len_utf8() }),
                };
                assert!(last <= start && text.get(start..end).is_some());
                last = end;
            });
        }

        #[test]
        fn the_fast_way_through_latin_letters_reads_as_unicode_does(
            text in "[a-zA-ZäöüßÄÖÜéÉœŁıſªµ0-9_.,;:'’‘\\-+/!“”„«»–—…€\u{a0}×]{0,30}",
        ) {
            prop_assume!(!text.split_word_bounds().any(|segment| segment.chars().all(|c| c == '_')));
            let read_with = |read: &dyn Fn(&mut Vec<String>)| {
                let mut pieces = Vec::new();
                read(&mut pieces);
                pieces
            };
            let fast = read_with(&|seen| tokenize_latin(&text, 0, text.len(), &mut Vec::new(), &mut |piece| seen.push(format!("{piece:?}"))));
            let slow = read_with(&|seen| tokenize_unicode(&text, 0, text.len(), &mut Vec::new(), &mut |piece| seen.push(format!("{piece:?}"))));
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn the_fast_way_folds_as_the_long_one_does(word in "[a-zA-Z\u{80}-\u{24f}’]{0,8}") {
            prop_assert_eq!(folded(&word), fold_chars(&word).collect::<String>());
        }

        #[test]
        fn the_fast_way_through_ascii_finds_the_words_of_unicode(text in "[a-zA-Z0-9_.,;:'\\-+/ ]{0,40}") {
            let mut ours = Vec::new();
            read(&text, |piece| if let TextToken::Word { start, end, .. } = piece { ours.push(text[start..end].to_owned()) });
            let unicode: Vec<&str> =
                text.split_word_bounds().filter(|w| w.contains(|c: char| c.is_alphanumeric() || c == '_')).collect();
            prop_assert_eq!(ours, unicode);
        }
    }
}
