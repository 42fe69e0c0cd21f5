//! What the same text proves: under titles that are related it is a copy, and under other titles it is boilerplate.

use super::{
    Candidate, Fingerprint, Newcomer, StoryMatch, address,
    fingerprint::COMMENTARY_TOKENS,
    moment,
    story::{different, percent, same},
    titles::{self, Titles},
};

/// Pages that may have one text: what stands on more is a form letter. However many link to one of them does not count. The
/// second is for news that many papers print: one second of publication, or a long text, hardly changed, within days.
const MOST_ADDRESSES: (u32, u32) = (4, 16);
/// Words of a text that is compared though it is short, and of its title those that mean something: where moment and title
/// are the same too, and the title tells more than "Good morning".
const BRIEF: (u32, usize) = (24, 4);
/// Words of a text that is hardly more than its opening, which is compared exactly.
const OPENING: u32 = 80;
/// Shingles that an estimate of overlap needs.
const OVERLAP_SAMPLE: usize = 12;
/// Words of a text that has room for what is its own: a part of it is one also when it comes days later.
const LONG: u32 = 100;
/// Words of a title that mean something, from which no date is needed.
const TELLING_TITLE: usize = 3;
/// By how many words two forms differ in length at most, when other facts were filled in.
const EXCHANGED: u32 = 3;
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
    let pair = Pair::of(newcomer, candidate, related);
    let (titles, alike) = (related.as_str(), percent(pair.whole));
    if related == Titles::Other {
        return different(if pair.words >= COMMENTARY_TOKENS && pair.whole >= DOUBTFUL {
            format!("texts are {alike} % alike, but titles are other ones")
        } else {
            "neither link nor title is the same".to_owned()
        });
    }
    if let Some(why) = pair.what_forbids() {
        return different(format!("{titles}, but {why}"));
    }
    let needed = pair.needed();
    if pair.whole < needed {
        return match pair.part() {
            Some(part) => {
                same(format!("{titles}, and the shorter text is a beginning of the longer one ({} % of it)", percent(part)))
            }
            None => different(format!("{titles}, but texts are only {alike} % alike ({} % needed)", percent(needed))),
        };
    }
    if pair.is_form() {
        return different(format!("{titles}, and texts are {alike} % alike, but each names what the other does not"));
    }
    if pair.is_filled_in_otherwise() {
        return different(format!(
            "{titles}, and texts are {alike} % alike, but of one length, and each has a number or name that the other has not"
        ));
    }
    let moment = if pair.is_brief() { ", and published in the same second" } else { "" };
    same(format!("{titles}, and texts are {alike} % alike ({} % needed){moment}", percent(needed)))
}

/// Two entries, and what is measured of them.
struct Pair<'a> {
    newcomer: &'a Newcomer<'a>,
    candidate: &'a Candidate,
    new: &'a Fingerprint,
    old: &'a Fingerprint,
    related: Titles,
    /// Words of the shorter text.
    words: u32,
    /// Likeness of the texts as wholes.
    whole: f64,
    /// Hours between them; `None` where either has no date.
    apart: Option<i64>,
    one_moment: bool,
    one_site: bool,
}

impl<'a> Pair<'a> {
    fn of(newcomer: &'a Newcomer<'a>, candidate: &'a Candidate, related: Titles) -> Self {
        let (new, old) = (&newcomer.fingerprint, &candidate.fingerprint);
        let dates = (newcomer.keyed.published, candidate.published);
        let apart = dates.0.zip(dates.1).map(|(new, old)| (new - old).num_hours().abs());
        let site = |link: Option<&str>| link.and_then(address::home_of);
        let sites = (site(newcomer.keyed.canonical.as_deref()), site(candidate.canonical.as_deref()));
        Self {
            newcomer,
            candidate,
            new,
            old,
            related,
            words: new.tokens().min(old.tokens()),
            whole: new.likeness(old),
            apart,
            one_moment: moment::is_one(dates.0, dates.1),
            one_site: sites.0.is_some() && sites.0 == sites.1,
        }
    }

    fn is_brief(&self) -> bool {
        self.words < COMMENTARY_TOKENS
    }

    /// Whether they were published within days.
    fn is_near(&self) -> bool {
        self.apart.is_some_and(|hours| hours <= DAYS_APART.0 * 24)
    }

    /// Whether both titles tell something.
    fn is_telling(&self) -> bool {
        self.new.words_of_title().min(self.old.words_of_title()) >= TELLING_TITLE
    }

    /// What speaks against a copy, however alike the texts are.
    fn what_forbids(&self) -> Option<String> {
        // A program that makes several feeds dates their items alike.
        let keeps_all = self.related == Titles::Same && self.one_moment && !self.one_site;
        if self.is_brief() && !(keeps_all && self.words >= BRIEF.0 && self.new.words_of_title() >= BRIEF.1) {
            return Some(format!("{} words of text are too few to compare", self.words));
        }
        if !self.newcomer.keyed.title_norm.as_deref().is_some_and(titles::names_something) {
            return Some("it has no word of its own: a version or a number is nobody's".to_owned());
        }
        if self.candidate.has_entry_of_newcomers_source {
            return Some("its source has an entry of that story already".to_owned());
        }
        let is_news = self.one_moment || (self.words >= LONG && self.whole >= NEARLY_EQUAL && self.is_near());
        let pages = self.candidate.addresses;
        if pages >= if is_news { MOST_ADDRESSES.1 } else { MOST_ADDRESSES.0 } {
            return Some(format!("that story stands on {pages} pages already"));
        }
        if self.new.other_media(self.old) {
            return Some("other sound or film files".to_owned());
        }
        // What comes every week under a title of every week comes with a text of every week.
        match (self.related, self.apart) {
            _ if self.is_near() => None,
            (Titles::OneInOther, None) if !self.is_telling() => Some("without a date".to_owned()),
            (_, None) => None,
            (related, Some(hours)) if related != Titles::OneInOther && self.is_telling() && hours <= DAYS_APART.1 * 24 => None,
            (_, Some(hours)) => Some(format!("published {} days apart", hours / 24)),
        }
    }

    /// How alike the texts have to be.
    fn needed(&self) -> f64 {
        let least: f64 = match self.words {
            ..100 => 0.9,
            100..250 => 0.8,
            _ => 0.7,
        };
        // Two pages of one site are two pages.
        if self.is_brief() || self.one_site || (self.related == Titles::OneInOther && !self.one_moment) {
            NEARLY_EQUAL
        } else if !self.one_moment && (!self.is_near() || self.related != Titles::Same || self.new.other_people(self.old)) {
            least.max(DOUBTFUL)
        } else {
            least
        }
    }

    /// Whether it is rather one form that two filled in.
    fn is_form(&self) -> bool {
        ((self.whole < NEARLY_EQUAL || self.one_site) && self.new.other_names(self.old))
            || self.new.each_names_itself(&self.newcomer.names, self.old, &self.candidate.names())
    }

    /// Whether facts were put in the place of others: a notice of another fault, town or number. A copy is cut, has something
    /// added, or was edited in other words.
    fn is_filled_in_otherwise(&self) -> bool {
        let added = self.new.tokens().abs_diff(self.old.tokens());
        !self.one_moment && added <= EXCHANGED && self.new.other_facts(self.old)
    }

    /// How far one text is a part of the other, where that is enough.
    fn part(&self) -> Option<f64> {
        let undated = self.apart.is_none() && self.related == Titles::Same && self.is_telling();
        let in_time = self.is_near() || undated || (self.words >= LONG && self.apart.is_some());
        if !in_time || self.is_brief() || self.one_site || (self.related == Titles::OneInOther && !self.one_moment) {
            return None;
        }
        let doubtful = undated || (self.new.other_people(self.old) && !self.one_moment);
        let needed = if doubtful { PART.1 } else { PART.0 };
        part_likeness(self.new, self.old).filter(|alike| *alike >= needed)
    }
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
