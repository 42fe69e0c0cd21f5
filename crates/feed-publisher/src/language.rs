//! Language tags (BCP 47) that documents may carry.

/// The two-letter codes of ISO 639-1, with older codes that are still in use.
const TWO_LETTER_CODES: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu \
    hy hz ia id ie ig ii ik in io is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw \
    ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv \
    ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr \
    ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo \
    za zh zu";

/// Three-letter codes of languages that have a two-letter code, which must be used instead (RFC
/// 5646 §2.2.1).
const THREE_LETTER_CODES: &str = "\
    ara:ar ces:cs chi:zh cze:cs dan:da deu:de dut:nl ell:el eng:en fin:fi fra:fr fre:fr ger:de \
    gre:el heb:he hin:hi hun:hu ind:id ita:it jpn:ja kor:ko nld:nl nob:nb nor:no pol:pl por:pt \
    ron:ro rum:ro rus:ru spa:es swe:sv tha:th tur:tr ukr:uk vie:vi zho:zh";

/// Returns the valid form of a language tag, or `None` if it is not one.
///
/// A valid tag is a known two-letter or any three-letter code, followed by subtags of at most eight
/// letters and digits.
pub(crate) fn valid_tag(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let primary = tag.split('-').next()?;
    let is_primary = |code: &str| code.eq_ignore_ascii_case(primary);
    let shorter = THREE_LETTER_CODES
        .split_ascii_whitespace()
        .filter_map(|pair| pair.split_once(':'))
        .find(|(code, _)| is_primary(code));
    if let Some((_, shorter)) = shorter {
        return (primary == tag).then_some(shorter);
    }
    let is_known = match primary.len() {
        2 => TWO_LETTER_CODES.split_ascii_whitespace().any(is_primary),
        length => length == 3 && primary.bytes().all(|b| b.is_ascii_alphabetic()),
    };
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (is_known && tag.split('-').all(is_subtag)).then_some(tag)
}
