//! Compares two entries of different sources that have the same canonical link.
//!
//! Both link to one page. Either both are the post on that page, or one is a commentary on it, or
//! one imitates it. [`compare`] is the entry point; `docs/identity.md` lists the rules.

use super::{
    Candidate, CommentaryEntry, Fingerprint, IncomingEntry, LinkRelation, SourceSite, StoryMatch,
    StoryMatchReason, canonical_url,
    fingerprint::MIN_COMMENTARY_TOKENS,
    story_match_result::{different, percent, same},
};

/// Similarity from which a text is the post itself and not a commentary on it.
const SAME_TEXT_SIMILARITY: f64 = 0.5;
/// Share of a post that a longer text must contain to count as the full version of it.
const FULL_CONTAINMENT: f64 = 0.8;
/// Share of a text that must be contained in the other where the sample is small.
const HIGH_CONTAINMENT: f64 = 0.75;
/// Tolerance for the error of an overlap estimate.
const ESTIMATE_ERROR: f64 = 0.05;
/// Number of shingles from which an overlap estimate is reliable.
const MIN_OVERLAP_SAMPLE: usize = 24;
/// Number of shingles below which an overlap estimate is not used.
const MIN_SAMPLE: usize = 4;
/// Number of words below which an item has no content of its own: "Comments", or "submitted by …
/// [link]".
const MIN_MEANINGFUL_TOKENS: u32 = 10;
/// Number of words from which a text under a post's title and link is taken for the post, where the
/// other entry has no text to compare it with.
const FULL_TEXT_TOKENS: u32 = 250;
/// Share of a title's words that the other entry must have to be about the same subject.
const MIN_SUBJECT_OVERLAP: f64 = 0.3;

/// Compares an incoming entry with a candidate of the same canonical link.
///
/// Returns `None` if the link proves nothing, for example because several items of one source have
/// it. The entries are then compared by title and text.
pub(super) fn compare(
    incoming: &IncomingEntry<'_>,
    candidate: &Candidate,
    same_title: bool,
) -> Option<StoryMatch> {
    let canonical = candidate.canonical.as_deref()?;
    if canonical_url::is_site_root(canonical) {
        return None;
    }
    let shared = incoming.identity.ambiguous.canonical || candidate.entries_with_link > 1;
    if shared && !same_title {
        return None;
    }
    let (new_owns, old_owns) =
        SourceSite::link_ownership(&incoming.site, &candidate.site, canonical);
    let (new, old) = (&incoming.fingerprint, &candidate.fingerprint);
    let share = text_similarity((new, new_owns), (old, old_owns));
    let similarity = percent(share);
    let part = |link: Option<&'_ str>| link.and_then(canonical_url::fragment_of).map(str::to_owned);
    let (new_part, old_part) =
        (part(incoming.identity.link.as_deref()), part(candidate.link.as_deref()));
    // Two parts of one page are two posts even under one title, such as "2.2" of a changelog or "No
    // programme today" of a calendar.
    if new_part.is_some() && old_part.is_some() && new_part != old_part {
        return None;
    }
    // On its own site, a part of a page is a comment or a version, and not the page's subject.
    let is_other_part = new_part != old_part
        && ((new_owns && new_part.is_some()) || (old_owns && old_part.is_some()));
    if is_other_part && !same_title && share < SAME_TEXT_SIMILARITY {
        return None;
    }
    let related = |commentary: CommentaryEntry, reason: StoryMatchReason| {
        let url =
            incoming.url.map_or_else(|| canonical.to_owned(), canonical_url::without_tracking);
        Some(StoryMatch::Related { commentary, url, reason })
    };
    let both_have_text = new.tokens().min(old.tokens()) >= MIN_COMMENTARY_TOKENS;
    if new_owns
        && old_owns
        && !same_title
        && both_have_text
        && share < SAME_TEXT_SIMILARITY
        && !is_same_subject(new, old)
    {
        return related(CommentaryEntry::Incoming, StoryMatchReason::LinkReused { similarity });
    }
    let same_address =
        canonical_url::same_page(incoming.identity.link.as_deref(), candidate.link.as_deref());
    if new_owns && old_owns && same_address {
        return Some(same(StoryMatchReason::LinkOfBothSites));
    }
    let link = if same_address { LinkRelation::Same } else { LinkRelation::Variants };
    let is_quoting =
        (old_owns && !new_owns && quotes(new, old)) || (new_owns && !old_owns && quotes(old, new));
    if share >= SAME_TEXT_SIMILARITY && !is_quoting {
        return Some(same(StoryMatchReason::LinkAndText { link, similarity }));
    }
    // If neither source publishes on the linked site, an entry that keeps the id of the post is the
    // post: a planet keeps ids, and a commentary has its own.
    let has_guid_of_post = |guid: Option<&str>| {
        !new_owns && !old_owns && guid.is_some_and(|guid| guid_belongs_to_site(guid, canonical))
    };
    // A text from another site that is long enough and unlike the page is a commentary. If the
    // other entry has the same title and no text to compare, a text of full length is the post
    // itself.
    let is_commentary =
        |text: &Fingerprint, owns_link: bool, other: &Fingerprint, guid: Option<&str>| {
            let is_full_post = same_title
                && other.tokens() < MIN_MEANINGFUL_TOKENS
                && text.tokens() >= FULL_TEXT_TOKENS
                && !text.has_disjoint_authors(other);
            !owns_link
                && text.tokens() >= MIN_COMMENTARY_TOKENS
                && !is_full_post
                && !has_guid_of_post(guid)
        };
    if is_commentary(new, new_owns, old, incoming.identity.guid.as_deref()) {
        let words = new.tokens();
        return related(
            CommentaryEntry::Incoming,
            StoryMatchReason::IncomingIsCommentary { link, words, similarity },
        );
    }
    if is_commentary(old, old_owns, new, candidate.guid.as_deref()) {
        let words = old.tokens();
        return related(
            CommentaryEntry::Candidate,
            StoryMatchReason::CandidateIsCommentary { link, words, similarity },
        );
    }
    if !same_address && both_have_text {
        return Some(different(StoryMatchReason::LinkVariantsOfOtherText { similarity }));
    }
    if same_title {
        return Some(same(StoryMatchReason::LinkAndTitle { link }));
    }
    if !same_address {
        return Some(different(StoryMatchReason::LinkVariantsOfOtherTitle));
    }
    if !new.has_words() || !old.has_words() {
        return Some(same(StoryMatchReason::LinkWithoutContent));
    }
    let reason = match new.subject_overlap(old) {
        Some(share) if share >= MIN_SUBJECT_OVERLAP => {
            return Some(same(StoryMatchReason::LinkAndSubject { shared_words: percent(share) }));
        }
        Some(share) => StoryMatchReason::LinkOfOtherSubject { shared_words: percent(share) },
        None => StoryMatchReason::LinkOfUnknownSubject,
    };
    match (new_owns, old_owns) {
        (true, true) => Some(different(reason)),
        (true, false) => related(CommentaryEntry::Candidate, reason),
        (false, _) => related(CommentaryEntry::Incoming, reason),
    }
}

fn is_same_subject(new: &Fingerprint, old: &Fingerprint) -> bool {
    new.subject_overlap(old).is_some_and(|share| share >= MIN_SUBJECT_OVERLAP)
}

/// Returns how similar the text of a source away from the linked site is to the other text.
///
/// Each text comes with whether its source owns the link. A commentary may quote at length: it is a
/// commentary as long as more than half of it is its own text.
fn text_similarity(
    (new, new_owns): (&Fingerprint, bool),
    (old, old_owns): (&Fingerprint, bool),
) -> f64 {
    match (new_owns, old_owns) {
        (false, true) => text_share(new, old),
        (true, false) => text_share(old, new),
        _ => text_share(new, old).max(text_share(old, new)),
    }
}

/// Returns whether an id was given by the site of this link: it is an address there, or a `tag:` of
/// its domain (RFC 4151).
fn guid_belongs_to_site(guid: &str, link: &str) -> bool {
    let authority = guid.strip_prefix("tag:").and_then(|rest| rest.split([',', '/', ':']).next());
    let site = match authority {
        Some(authority) => canonical_url::site_of(&format!("https://{authority}/")),
        None => canonical_url::site_of(guid),
    };
    site.is_some() && site == canonical_url::site_of(link)
}

/// Returns whether a text quotes the post and adds enough words of its own to stand alone.
///
/// Either everything that it shares with the post is marked as quoted, or it begins with its own
/// words and contains only a part of the post. A copy begins as the post does, or contains most of
/// it.
fn quotes(text: &Fingerprint, post: &Fingerprint) -> bool {
    let ((shared, _), (contained, _)) = (text.containment(post), post.containment(text));
    let own_tokens = f64::from(text.tokens()) * (1.0 - shared);
    let quoted = text.quoted_ratio();
    let is_marked = quoted > 0.0 && shared <= quoted + ESTIMATE_ERROR;
    let begins_with_own_words = shared < FULL_CONTAINMENT
        && contained < HIGH_CONTAINMENT
        && text.opening_similarity(post) < SAME_TEXT_SIMILARITY;
    own_tokens >= f64::from(MIN_COMMENTARY_TOKENS) && (is_marked || begins_with_own_words)
}

/// Returns the share of a text that the post has too. A longer text that contains nearly the whole
/// post has the share of the post instead.
fn text_share(text: &Fingerprint, post: &Fingerprint) -> f64 {
    let opening = text.opening_similarity(post);
    let is_short = text.fits_in_opening() || post.fits_in_opening();
    // A share that is estimated from few shingles must be confirmed by the openings.
    let share_of_shorter = |(share, sample): (f64, usize)| match sample {
        ..MIN_SAMPLE if !is_short && opening < FULL_CONTAINMENT => 0.0,
        ..MIN_SAMPLE => opening,
        MIN_SAMPLE..MIN_OVERLAP_SAMPLE if share < HIGH_CONTAINMENT => 0.0,
        MIN_SAMPLE..MIN_OVERLAP_SAMPLE => share.min(opening),
        _ => share,
    };
    let shorter = share_of_shorter(text.overlap(post)).max(if is_short { opening } else { 0.0 });
    if text.tokens() <= post.tokens() {
        return shorter;
    }
    let (own_share, _) = text.containment(post);
    if shorter >= FULL_CONTAINMENT { shorter } else { own_share }
}
