//! What the same link proves: both lead to one page, and either both are what stands there, or one comments on the other, or
//! pretends to be it.

use super::{
    Candidate, Comments, Fingerprint, Home, Newcomer, StoryMatch, address,
    fingerprint::COMMENTARY_TOKENS,
    story::{different, percent, same},
};

/// Likeness from which a text is the post's and no commentary on it.
const LIKE_THE_POST: f64 = 0.5;
/// How much of a post must stand in a longer text that is the post itself, and more of it.
const WHOLLY: f64 = 0.8;
/// How much of a text must be found where it is a guess.
const MOST: f64 = 0.75;
/// How far an estimate of overlap may be off.
const A_GUESS: f64 = 0.05;
/// Shingles that an estimate of overlap needs, and those below which there is none.
const OVERLAP_SAMPLE: usize = 24;
const FEW: usize = 4;
/// Words below which an item says nothing of a page: "Comments", or "submitted by … [link]".
const SAYS_NOTHING: u32 = 10;
/// Words from which a text under a post's title and link is the post's, where no other text is there to be held against it.
const WHOLE_TEXT: u32 = 250;
/// The share of a title's words that an item must have to be about it.
const SAME_SUBJECT: f64 = 0.3;

/// What an entry with the newcomer's link is to it; `None`: the link proves nothing, because many items of one source have it.
pub(super) fn verdict(newcomer: &Newcomer<'_>, candidate: &Candidate, same_title: bool) -> Option<StoryMatch> {
    let canonical = candidate.canonical.as_deref()?;
    if address::is_root(canonical) {
        return None;
    }
    let shared = newcomer.keyed.shared.canonical || candidate.link_shared_by > 1;
    if shared && !same_title {
        return None;
    }
    let (here, there) = Home::at(&newcomer.home, &candidate.home, canonical);
    let (new, old) = (&newcomer.fingerprint, &candidate.fingerprint);
    let likeness = text_likeness((new, here), (old, there));
    let alike = percent(likeness);
    let part = |link: Option<&'_ str>| link.and_then(address::part_of).map(str::to_owned);
    let (new_part, old_part) = (part(newcomer.keyed.link.as_deref()), part(candidate.link.as_deref()));
    // Two parts of one page are two posts, whatever they are called: "2.2" of a changelog, "No programme today" of a month.
    if new_part.is_some() && old_part.is_some() && new_part != old_part {
        return None;
    }
    // At home a part of a page is a comment or a version, and not what the page is about.
    let other_part = new_part != old_part && ((here && new_part.is_some()) || (there && old_part.is_some()));
    if other_part && !same_title && likeness < LIKE_THE_POST {
        return None;
    }
    let page = || newcomer.url.map_or_else(|| canonical.to_owned(), address::without_tracking);
    let related = |comments: Comments, because: String| Some(StoryMatch::Related { comments, url: page(), because });
    let both_speak = new.tokens().min(old.tokens()) >= COMMENTARY_TOKENS;
    if here && there && !same_title && both_speak && likeness < LIKE_THE_POST && !same_subject(new, old) {
        return related(Comments::Newcomer, format!("same link, but another title, and texts are only {alike} % alike"));
    }
    let exact = address::same_page(newcomer.keyed.link.as_deref(), candidate.link.as_deref());
    if here && there && exact {
        return Some(same("same link, and both sources are at home there".to_owned()));
    }
    let link = if exact { "same link" } else { "links of one page" };
    let quoting = (there && !here && quotes(new, old)) || (here && !there && quotes(old, new));
    if likeness >= LIKE_THE_POST && !quoting {
        return Some(same(format!("{link}, and texts are {alike} % alike")));
    }
    // Away from home, a text that is long enough to stand alone and unlike what it links to is a commentary; where the
    // other one has the same title and no text there is nothing that it could be unlike, and a whole post is taken for it.
    // Where nobody is at home, who keeps the post's own id keeps the post: a planet does, a commentary has an id of its own.
    let keeps_id = |guid: Option<&str>| !here && !there && guid.is_some_and(|guid| is_of_site(guid, canonical));
    let stands_alone = |print: &Fingerprint, at_home: bool, other: &Fingerprint, guid: Option<&str>| {
        let whole = same_title && other.tokens() < SAYS_NOTHING && print.tokens() >= WHOLE_TEXT && !print.other_people(other);
        !at_home && print.tokens() >= COMMENTARY_TOKENS && !whole && !keeps_id(guid)
    };
    if stands_alone(new, here, old, newcomer.keyed.guid.as_deref()) {
        let words = new.tokens();
        let because = format!("{link}, but a commentary: {words} words of its own, {alike} % like the other's");
        return related(Comments::Newcomer, because);
    }
    if stands_alone(old, there, new, candidate.guid.as_deref()) {
        let words = old.tokens();
        let because = format!("{link}, but the other entry is a commentary: {words} words of its own, {alike} % like this one's");
        return related(Comments::Candidate, because);
    }
    if !exact && both_speak {
        return Some(different(format!("{link}, but texts are only {alike} % alike")));
    }
    if same_title {
        return Some(same(format!("{link} and same title")));
    }
    if !exact {
        return Some(different(format!("{link}, but another title")));
    }
    if !new.says_something() || !old.says_something() {
        return Some(same("same link, and one of the two says nothing else".to_owned()));
    }
    let apart = |because: String| match (here, there) {
        (true, true) => Some(different(because)),
        (true, false) => related(Comments::Candidate, because),
        (false, _) => related(Comments::Newcomer, because),
    };
    match new.shared_subject(old) {
        Some(share) if share >= SAME_SUBJECT => {
            Some(same(format!("same link and same subject: {} % of a title's words are in both", percent(share))))
        }
        Some(share) => apart(format!("same link, but another subject: only {} % of a title's words are in both", percent(share))),
        None => apart("same link, but no title that shows what it is about".to_owned()),
    }
}

/// Whether one speaks of what the other is called.
fn same_subject(new: &Fingerprint, old: &Fingerprint) -> bool {
    new.shared_subject(old).is_some_and(|share| share >= SAME_SUBJECT)
}

/// How far what is said away from home is what it links to: a commentary may quote at length, and is one as long as more than
/// half of it is its own. Each text comes with whether it is at home.
fn text_likeness((new, here): (&Fingerprint, bool), (old, there): (&Fingerprint, bool)) -> f64 {
    match (here, there) {
        (false, true) => share_of(new, old),
        (true, false) => share_of(old, new),
        _ => share_of(new, old).max(share_of(old, new)),
    }
}

/// Whether an id is one that the site of this link gave: an address there, or a `tag:` of its domain (RFC 4151).
fn is_of_site(guid: &str, link: &str) -> bool {
    let authority = guid.strip_prefix("tag:").and_then(|rest| rest.split([',', '/', ':']).next());
    let site = match authority {
        Some(authority) => address::home_of(&format!("https://{authority}/")),
        None => address::home_of(guid),
    };
    site.is_some() && site == address::home_of(link)
}

/// Whether a text has words of its own, enough of them to stand alone, beside a quotation of the post: because all that it
/// shares with the post stands in what it marks as quoted, at whatever length; or because it begins with them and then has a
/// part of the post alone. A copy begins as the post does, or has most of it.
fn quotes(text: &Fingerprint, post: &Fingerprint) -> bool {
    let ((shared, _), (told, _)) = (text.within(post), post.within(text));
    let own = f64::from(text.tokens()) * (1.0 - shared);
    let quoted = text.quoted_share();
    let is_marked = quoted > 0.0 && shared <= quoted + A_GUESS;
    let begins_itself = shared < WHOLLY && told < MOST && text.opening_likeness(post) < LIKE_THE_POST;
    own >= f64::from(COMMENTARY_TOKENS) && (is_marked || begins_itself)
}

/// How far a text is another: as much of it as stands there; or all, if it holds the whole of a shorter one.
fn share_of(text: &Fingerprint, post: &Fingerprint) -> f64 {
    let opening = text.opening_likeness(post);
    let short = text.is_all_opening() || post.is_all_opening();
    // Of a few shingles a share is a guess, which the openings have to bear out.
    let share_of_shorter = |(share, sample): (f64, usize)| match sample {
        ..FEW if !short && opening < WHOLLY => 0.0,
        ..FEW => opening,
        FEW..OVERLAP_SAMPLE if share < MOST => 0.0,
        FEW..OVERLAP_SAMPLE => share.min(opening),
        _ => share,
    };
    let shorter = share_of_shorter(text.overlap(post)).max(if short { opening } else { 0.0 });
    if text.tokens() <= post.tokens() {
        return shorter;
    }
    let (mine, _) = text.within(post);
    if shorter >= WHOLLY { shorter } else { mine }
}
