//! What the same text proves: under titles that are related it is a copy, and under other titles it is boilerplate.

use super::{
    Candidate, Fingerprint, Newcomer, StoryMatch, address, moment,
    story::{COMMENTARY_TOKENS, different, percent, same},
    titles::{self, Titles},
};

/// Pages that may have one text: what stands on more is a form letter. However many link to one of them does not count. The
/// second is for news that many papers print: one second of publication, or a long text, hardly changed, within days.
const MOST_ADDRESSES: (u32, u32) = (4, 16);
/// Words of a text that is compared though it is short, and of its title those that mean something: where moment and title
/// are the same too, and the title tells more than "Good morning".
const BRIEF: (u32, usize) = (24, 4);
/// Words of an opening, which is compared exactly.
const OPENING: u32 = 80;
/// Shingles that an estimate of overlap needs.
const OVERLAP_SAMPLE: usize = 12;
/// Words of a text that has room for what is its own: a part of it is one also when it comes days later.
const LONG: u32 = 100;
/// Words of a title that mean something, from which no date is needed.
const TELLING_TITLE: usize = 3;
/// Likeness from which two texts are one, whatever words were changed.
const NEARLY_EQUAL: f64 = 0.95;
/// The least where anything else speaks against a copy: a title with more to it, other people, days between.
const DOUBTFUL: f64 = 0.9;
/// How much of a part must stand in the whole, and how much where other people are named or there is no date.
const PART: (f64, f64) = (0.85, 0.97);
/// Days between two dates of one text that need no further proof, and the most that any proof allows.
const DAYS_APART: (i64, i64) = (3, 45);

/// What an entry is to a newcomer whose title is related to its title in this way.
pub(super) fn verdict(newcomer: &Newcomer<'_>, candidate: &Candidate, related: Titles) -> StoryMatch {
    let (new, old) = (&newcomer.fingerprint, &candidate.fingerprint);
    let titles = related.as_str();
    let words = new.tokens().min(old.tokens());
    let whole = new.likeness(old);
    if related == Titles::Other {
        return different(if words >= COMMENTARY_TOKENS && whole >= DOUBTFUL {
            format!("texts are {} % alike, but titles are other ones", percent(whole))
        } else {
            "neither link nor title is the same".to_owned()
        });
    }
    let one_moment = moment::is_one(newcomer.keyed.published, candidate.published);
    let link_home = |link: Option<&str>| link.and_then(address::home_of);
    let one_site = link_home(newcomer.keyed.canonical.as_deref())
        .is_some_and(|home| Some(home) == link_home(candidate.canonical.as_deref()));
    let brief = words < COMMENTARY_TOKENS;
    // A program that makes several feeds dates their items alike.
    let keeps_all = related == Titles::Same && one_moment && !one_site && new.words_of_title() >= BRIEF.1;
    if brief && !(words >= BRIEF.0 && keeps_all) {
        return different(format!("{titles}, but {words} words of text are too few to compare"));
    }
    if !newcomer.keyed.title_norm.as_deref().is_some_and(titles::names_something) {
        return different(format!("{titles}, but it has no word of its own: a version or a number is nobody's"));
    }
    if candidate.has_entry_of_newcomers_source {
        return different(format!("{titles}, but its source has an entry of that story already"));
    }
    let apart = candidate.published.zip(newcomer.keyed.published).map(|(a, b)| (a - b).num_hours().abs());
    let near = apart.is_some_and(|hours| hours <= DAYS_APART.0 * 24);
    let is_news = one_moment || (words >= LONG && whole >= NEARLY_EQUAL && near);
    if candidate.addresses >= if is_news { MOST_ADDRESSES.1 } else { MOST_ADDRESSES.0 } {
        return different(format!("{titles}, but that story stands on {} pages already", candidate.addresses));
    }
    if new.other_media(old) {
        return different(format!("{titles}, but other sound or film files"));
    }
    let telling = new.words_of_title().min(old.words_of_title()) >= TELLING_TITLE;
    // What comes every week under a title of every week comes with a text of every week.
    let near_enough = match (related, apart) {
        _ if near => true,
        (Titles::OneInOther, None) => telling,
        (_, None) => true,
        (Titles::OneInOther, Some(_)) => false,
        (_, Some(hours)) => telling && hours <= DAYS_APART.1 * 24,
    };
    if !near_enough {
        let how = apart.map_or_else(|| "without a date".to_owned(), |hours| format!("published {} days apart", hours / 24));
        return different(format!("{titles}, but {how}"));
    }
    let strangers = new.other_people(old);
    let needed: f64 = match words {
        ..100 => 0.9,
        100..250 => 0.8,
        _ => 0.7,
    };
    let needed = if brief || one_site || (related == Titles::OneInOther && !one_moment) {
        // Two pages of one site are two pages.
        NEARLY_EQUAL
    } else if !one_moment && (!near || related != Titles::Same || strangers) {
        needed.max(DOUBTFUL)
    } else {
        needed
    };
    let is_form = || {
        ((whole < NEARLY_EQUAL || one_site) && new.other_names(old))
            || new.each_names_itself(&newcomer.names(), old, &candidate.names())
    };
    if whole >= needed && is_form() {
        return different(format!("{titles}, and texts are {} % alike, but each names what the other does not", percent(whole)));
    }
    if whole >= needed {
        let moment = if brief { ", and published in the same second" } else { "" };
        return same(format!("{titles}, and texts are {} % alike ({} % needed){moment}", percent(whole), percent(needed)));
    }
    let may_be_part = !brief && !one_site && (related != Titles::OneInOther || one_moment);
    let undated = apart.is_none() && related == Titles::Same && telling;
    let part = if (strangers && !one_moment) || undated { PART.1 } else { PART.0 };
    if let Some(alike) = may_be_part.then(|| part_likeness(new, old)).flatten().filter(|alike| *alike >= part)
        && (near || undated || (words >= LONG && apart.is_some()))
    {
        return same(format!("{titles}, and the shorter text is a beginning of the longer one ({} % of it)", percent(alike)));
    }
    different(format!("{titles}, but texts are only {} % alike ({} % needed)", percent(whole), percent(needed)))
}

/// How far the shorter text is a beginning of the longer; `None` where it is none. Two texts with one introduction have the
/// same opening too, and so the rest of the shorter has to stand in the longer as well, as far as that can be estimated.
fn part_likeness(new: &Fingerprint, old: &Fingerprint) -> Option<f64> {
    let opening = new.opening_likeness(old);
    let (overlap, sample) = new.overlap(old);
    let alike = if sample >= OVERLAP_SAMPLE { opening.min(overlap) } else { opening };
    let judged = sample >= OVERLAP_SAMPLE || new.tokens().min(old.tokens()) <= OPENING || (sample >= 3 && overlap >= 0.99);
    let (short, long) = (new.tokens().min(old.tokens()), new.tokens().max(old.tokens()));
    // A part says what the whole says, word by word; what was cut off may end in half a word.
    let verbatim = match new.words_of_its_own(old) {
        0 => true,
        1 => short < OPENING && long >= short + short / 2,
        _ => false,
    };
    (judged && verbatim && opening >= 0.9).then_some(alike)
}
