//! What the same link proves: both lead to one page, and either both are what stands there, or one
//! comments on the other, or pretends to be it.

use super::{
    Candidate, Comments, Fingerprint, IncomingEntry, SourceSite, StoryMatch, canonical_url,
    fingerprint::MIN_COMMENTARY_TOKENS,
    story_match::{different, percent, same},
};

/// Likeness from which a text is the post's and no commentary on it.
const SAME_TEXT_SIMILARITY: f64 = 0.5;
/// How much of a post must stand in a longer text that is the post itself, and more of it.
const FULL_CONTAINMENT: f64 = 0.8;
/// How much of a text must be found where it is a guess.
const HIGH_CONTAINMENT: f64 = 0.75;
/// How far an estimate of overlap may be off.
const ESTIMATE_ERROR: f64 = 0.05;
/// Shingles that an estimate of overlap needs, and those below which there is none.
const MIN_OVERLAP_SAMPLE: usize = 24;
const MIN_SAMPLE: usize = 4;
/// Words below which an item says nothing of a page: "Comments", or "submitted by … [link]".
const MIN_MEANINGFUL_TOKENS: u32 = 10;
/// Words from which a text under a post's title and link is the post's, where no other text is
/// there to be held against it.
const FULL_TEXT_TOKENS: u32 = 250;
/// The share of a title's words that an item must have to be about it.
const MIN_SUBJECT_OVERLAP: f64 = 0.3;

/// What an entry with the incoming's link is to it; `None`: the link proves nothing, reason many
/// items of one source have it.
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
    let (here, there) = SourceSite::link_ownership(&incoming.home, &candidate.home, canonical);
    let (new, old) = (&incoming.fingerprint, &candidate.fingerprint);
    let similarity = text_similarity((new, here), (old, there));
    let alike = percent(similarity);
    let part = |link: Option<&'_ str>| link.and_then(canonical_url::fragment_of).map(str::to_owned);
    let (new_part, old_part) =
        (part(incoming.identity.link.as_deref()), part(candidate.link.as_deref()));
    // Two parts of one page are two posts, whatever they are called: "2.2" of a changelog, "No
    // programme today" of a month.
    if new_part.is_some() && old_part.is_some() && new_part != old_part {
        return None;
    }
    // At home a part of a page is a comment or a version, and not what the page is about.
    let other_part =
        new_part != old_part && ((here && new_part.is_some()) || (there && old_part.is_some()));
    if other_part && !same_title && similarity < SAME_TEXT_SIMILARITY {
        return None;
    }
    let page =
        || incoming.url.map_or_else(|| canonical.to_owned(), canonical_url::without_tracking);
    let related = |comments: Comments, reason: String| {
        Some(StoryMatch::Related { comments, url: page(), reason })
    };
    let both_have_text = new.tokens().min(old.tokens()) >= MIN_COMMENTARY_TOKENS;
    if here
        && there
        && !same_title
        && both_have_text
        && similarity < SAME_TEXT_SIMILARITY
        && !same_subject(new, old)
    {
        return related(
            Comments::IncomingEntry,
            format!("same link, but another title, and texts are only {alike} % alike"),
        );
    }
    let exact =
        canonical_url::same_page(incoming.identity.link.as_deref(), candidate.link.as_deref());
    if here && there && exact {
        return Some(same("same link, and both sources are at home there".to_owned()));
    }
    let link = if exact { "same link" } else { "links of one page" };
    let quoting = (there && !here && quotes(new, old)) || (here && !there && quotes(old, new));
    if similarity >= SAME_TEXT_SIMILARITY && !quoting {
        return Some(same(format!("{link}, and texts are {alike} % alike")));
    }
    // Away from home, a text that is long enough to stand alone and unlike what it links to is a
    // commentary; where the other one has the same title and no text there is nothing that it could
    // be unlike, and a whole post is taken for it. Where nobody is at home, who keeps the post's
    // own id keeps the post: a planet does, a commentary has an id of its own.
    let keeps_post_guid = |guid: Option<&str>| {
        !here && !there && guid.is_some_and(|guid| guid_belongs_to_site(guid, canonical))
    };
    let is_commentary =
        |print: &Fingerprint, at_home: bool, other: &Fingerprint, guid: Option<&str>| {
            let whole = same_title
                && other.tokens() < MIN_MEANINGFUL_TOKENS
                && print.tokens() >= FULL_TEXT_TOKENS
                && !print.has_disjoint_authors(other);
            !at_home && print.tokens() >= MIN_COMMENTARY_TOKENS && !whole && !keeps_post_guid(guid)
        };
    if is_commentary(new, here, old, incoming.identity.guid.as_deref()) {
        let words = new.tokens();
        let reason = format!(
            "{link}, but a commentary: {words} words of its own, {alike} % like the other's"
        );
        return related(Comments::IncomingEntry, reason);
    }
    if is_commentary(old, there, new, candidate.guid.as_deref()) {
        let words = old.tokens();
        let reason = format!(
            "{link}, but the other entry is a commentary: {words} words of its own, {alike} % like this one's"
        );
        return related(Comments::Candidate, reason);
    }
    if !exact && both_have_text {
        return Some(different(format!("{link}, but texts are only {alike} % alike")));
    }
    if same_title {
        return Some(same(format!("{link} and same title")));
    }
    if !exact {
        return Some(different(format!("{link}, but another title")));
    }
    if !new.has_words() || !old.has_words() {
        return Some(same("same link, and one of the two says nothing else".to_owned()));
    }
    let apart = |reason: String| match (here, there) {
        (true, true) => Some(different(reason)),
        (true, false) => related(Comments::Candidate, reason),
        (false, _) => related(Comments::IncomingEntry, reason),
    };
    match new.subject_overlap(old) {
        Some(share) if share >= MIN_SUBJECT_OVERLAP => Some(same(format!(
            "same link and same subject: {} % of a title's words are in both",
            percent(share)
        ))),
        Some(share) => apart(format!(
            "same link, but another subject: only {} % of a title's words are in both",
            percent(share)
        )),
        None => apart("same link, but no title that shows what it is about".to_owned()),
    }
}

/// Whether one speaks of what the other is called.
fn same_subject(new: &Fingerprint, old: &Fingerprint) -> bool {
    new.subject_overlap(old).is_some_and(|share| share >= MIN_SUBJECT_OVERLAP)
}

/// How far what is said away from home is what it links to: a commentary may quote at length, and
/// is one as long as more than half of it is its own. Each text comes with whether it is at home.
fn text_similarity((new, here): (&Fingerprint, bool), (old, there): (&Fingerprint, bool)) -> f64 {
    match (here, there) {
        (false, true) => text_share(new, old),
        (true, false) => text_share(old, new),
        _ => text_share(new, old).max(text_share(old, new)),
    }
}

/// Whether an id is one that the site of this link gave: an address there, or a `tag:` of its
/// domain (RFC 4151).
fn guid_belongs_to_site(guid: &str, link: &str) -> bool {
    let authority = guid.strip_prefix("tag:").and_then(|rest| rest.split([',', '/', ':']).next());
    let site = match authority {
        Some(authority) => canonical_url::site_of(&format!("https://{authority}/")),
        None => canonical_url::site_of(guid),
    };
    site.is_some() && site == canonical_url::site_of(link)
}

/// Whether a text has words of its own, enough of them to stand alone, beside a quotation of the
/// post: reason all that it shares with the post stands in what it marks as quoted, at whatever
/// length; or reason it begins with them and then has a part of the post alone. A copy begins as
/// the post does, or has most of it.
fn quotes(text: &Fingerprint, post: &Fingerprint) -> bool {
    let ((shared, _), (told, _)) = (text.containment(post), post.containment(text));
    let own = f64::from(text.tokens()) * (1.0 - shared);
    let quoted = text.quoted_ratio();
    let is_marked = quoted > 0.0 && shared <= quoted + ESTIMATE_ERROR;
    let begins_itself = shared < FULL_CONTAINMENT
        && told < HIGH_CONTAINMENT
        && text.opening_similarity(post) < SAME_TEXT_SIMILARITY;
    own >= f64::from(MIN_COMMENTARY_TOKENS) && (is_marked || begins_itself)
}

/// How far a text is another: as much of it as stands there; or all, if it holds the whole of a
/// shorter one.
fn text_share(text: &Fingerprint, post: &Fingerprint) -> f64 {
    let opening = text.opening_similarity(post);
    let short = text.fits_in_opening() || post.fits_in_opening();
    // Of a few shingles a share is a guess, which the openings have to bear out.
    let share_of_shorter = |(share, sample): (f64, usize)| match sample {
        ..MIN_SAMPLE if !short && opening < FULL_CONTAINMENT => 0.0,
        ..MIN_SAMPLE => opening,
        MIN_SAMPLE..MIN_OVERLAP_SAMPLE if share < HIGH_CONTAINMENT => 0.0,
        MIN_SAMPLE..MIN_OVERLAP_SAMPLE => share.min(opening),
        _ => share,
    };
    let shorter = share_of_shorter(text.overlap(post)).max(if short { opening } else { 0.0 });
    if text.tokens() <= post.tokens() {
        return shorter;
    }
    let (mine, _) = text.containment(post);
    if shorter >= FULL_CONTAINMENT { shorter } else { mine }
}
