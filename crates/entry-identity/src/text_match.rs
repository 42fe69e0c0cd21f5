//! What the same text proves: under titles that are related it is a copy, and under other titles it
//! is boilerplate.

use super::{
    Candidate, Fingerprint, IncomingEntry, StoryMatch, canonical_url,
    fingerprint::MIN_COMMENTARY_TOKENS,
    story_match::{different, percent, same},
    timestamp_match,
    title_match::{self, TitleRelation},
};

/// Pages that may have one text: what stands on more is a form letter. However many link to one of
/// them does not count. The second is for news that many papers print: one second of publication,
/// or a long text, hardly changed, within days.
const MAX_PAGES: (u32, u32) = (4, 16);
/// Words of a text that is compared though it is short, and of its title those that mean something:
/// where moment and title are the same too, and the title tells more than "Good morning".
const MIN_SHORT_TEXT: (u32, usize) = (24, 4);
/// Words of a text that is hardly more than its opening, which is compared exactly.
const NEAR_OPENING_TOKENS: u32 = 80;
/// Shingles that an estimate of overlap needs.
const MIN_OVERLAP_SAMPLE: usize = 12;
/// Words of a text that has room for what is its own: a part of it is one also when it comes days
/// later.
const LONG_TEXT_TOKENS: u32 = 100;
/// Words of a title that mean something, from which no date is needed.
const DISTINCTIVE_TITLE_WORDS: usize = 3;
/// By how many words two forms differ in length at most, when other facts were filled in.
const MAX_TEMPLATE_LENGTH_DIFFERENCE: u32 = 3;
/// Likeness from which two texts are one, whatever words were changed.
const NEAR_DUPLICATE_SIMILARITY: f64 = 0.95;
/// The least where anything else speaks against a copy: a title with more to it, other people, days
/// between.
const CAUTIOUS_SIMILARITY: f64 = 0.9;
/// How much of a part must stand in the whole, and how much where other people are named or there
/// is no date.
const MIN_PREFIX_SIMILARITY: (f64, f64) = (0.85, 0.97);
/// Days between two dates of one text that need no further proof, and the most that any proof
/// allows.
const MAX_DAYS_APART: (i64, i64) = (3, 45);

/// What an entry is to a incoming whose title is related to its title in this way.
pub(super) fn compare(
    incoming: &IncomingEntry<'_>,
    candidate: &Candidate,
    related: TitleRelation,
) -> StoryMatch {
    let pair = Pair::of(incoming, candidate, related);
    let (titles, alike) = (related.as_str(), percent(pair.similarity));
    if related == TitleRelation::Other {
        return different(
            if pair.shorter_tokens >= MIN_COMMENTARY_TOKENS
                && pair.similarity >= CAUTIOUS_SIMILARITY
            {
                format!("texts are {alike} % alike, but titles are other ones")
            } else {
                "neither link nor title is the same".to_owned()
            },
        );
    }
    if let Some(why) = pair.rejection_reason() {
        return different(format!("{titles}, but {why}"));
    }
    let needed = pair.required_similarity();
    if pair.similarity < needed {
        return match pair.prefix_match() {
            Some(part) => same(format!(
                "{titles}, and the shorter text is a beginning of the longer one ({} % of it)",
                percent(part)
            )),
            None => different(format!(
                "{titles}, but texts are only {alike} % alike ({} % needed)",
                percent(needed)
            )),
        };
    }
    if pair.is_filled_in_template() {
        return different(format!(
            "{titles}, and texts are {alike} % alike, but each names what the other does not"
        ));
    }
    if pair.is_template_variant() {
        return different(format!(
            "{titles}, and texts are {alike} % alike, but of one length, and each has a number or name that the other has not"
        ));
    }
    let moment = if pair.is_short() { ", and published in the same second" } else { "" };
    same(format!("{titles}, and texts are {alike} % alike ({} % needed){moment}", percent(needed)))
}

/// Two entries, and what is measured of them.
struct Pair<'a> {
    incoming: &'a IncomingEntry<'a>,
    candidate: &'a Candidate,
    new: &'a Fingerprint,
    old: &'a Fingerprint,
    related: TitleRelation,
    /// Words of the shorter text.
    shorter_tokens: u32,
    /// Likeness of the texts as wholes.
    similarity: f64,
    /// Hours between them; `None` where either has no date.
    apart: Option<i64>,
    same_second: bool,
    same_site: bool,
}

impl<'a> Pair<'a> {
    fn of(
        incoming: &'a IncomingEntry<'a>,
        candidate: &'a Candidate,
        related: TitleRelation,
    ) -> Self {
        let (new, old) = (&incoming.fingerprint, &candidate.fingerprint);
        let dates = (incoming.identity.published, candidate.published);
        let apart = dates.0.zip(dates.1).map(|(new, old)| (new - old).num_hours().abs());
        let site = |link: Option<&str>| link.and_then(canonical_url::site_of);
        let sites =
            (site(incoming.identity.canonical.as_deref()), site(candidate.canonical.as_deref()));
        Self {
            incoming,
            candidate,
            new,
            old,
            related,
            shorter_tokens: new.tokens().min(old.tokens()),
            similarity: new.similarity(old),
            apart,
            same_second: timestamp_match::is_same_second(dates.0, dates.1),
            same_site: sites.0.is_some() && sites.0 == sites.1,
        }
    }

    fn is_short(&self) -> bool {
        self.shorter_tokens < MIN_COMMENTARY_TOKENS
    }

    /// Whether they were published within days.
    fn is_within_days(&self) -> bool {
        self.apart.is_some_and(|hours| hours <= MAX_DAYS_APART.0 * 24)
    }

    /// Whether both titles tell something.
    fn has_distinctive_titles(&self) -> bool {
        self.new.title_word_count().min(self.old.title_word_count()) >= DISTINCTIVE_TITLE_WORDS
    }

    /// What speaks against a copy, however alike the texts are.
    fn rejection_reason(&self) -> Option<String> {
        // A program that makes several feeds dates their items alike.
        let keeps_all = self.related == TitleRelation::Same && self.same_second && !self.same_site;
        if self.is_short()
            && !(keeps_all
                && self.shorter_tokens >= MIN_SHORT_TEXT.0
                && self.new.title_word_count() >= MIN_SHORT_TEXT.1)
        {
            return Some(format!("{} words of text are too few to compare", self.shorter_tokens));
        }
        if !self.incoming.identity.title_norm.as_deref().is_some_and(title_match::is_distinctive) {
            return Some("it has no word of its own: a version or a number is nobody's".to_owned());
        }
        if self.candidate.has_entry_of_same_source {
            return Some("its source has an entry of that story already".to_owned());
        }
        let is_news = self.same_second
            || (self.shorter_tokens >= LONG_TEXT_TOKENS
                && self.similarity >= NEAR_DUPLICATE_SIMILARITY
                && self.is_within_days());
        let pages = self.candidate.page_count;
        if pages >= if is_news { MAX_PAGES.1 } else { MAX_PAGES.0 } {
            return Some(format!("that story stands on {pages} pages already"));
        }
        if self.new.has_disjoint_media(self.old) {
            return Some("other sound or film files".to_owned());
        }
        // What comes every week under a title of every week comes with a text of every week.
        match (self.related, self.apart) {
            _ if self.is_within_days() => None,
            (TitleRelation::Contained, None) if !self.has_distinctive_titles() => {
                Some("without a date".to_owned())
            }
            (_, None) => None,
            (related, Some(hours))
                if related != TitleRelation::Contained
                    && self.has_distinctive_titles()
                    && hours <= MAX_DAYS_APART.1 * 24 =>
            {
                None
            }
            (_, Some(hours)) => Some(format!("published {} days apart", hours / 24)),
        }
    }

    /// How alike the texts have to be.
    fn required_similarity(&self) -> f64 {
        let least: f64 = match self.shorter_tokens {
            ..100 => 0.9,
            100..250 => 0.8,
            _ => 0.7,
        };
        // Two pages of one site are two pages.
        if self.is_short()
            || self.same_site
            || (self.related == TitleRelation::Contained && !self.same_second)
        {
            NEAR_DUPLICATE_SIMILARITY
        } else if !self.same_second
            && (!self.is_within_days()
                || self.related != TitleRelation::Same
                || self.new.has_disjoint_authors(self.old))
        {
            least.max(CAUTIOUS_SIMILARITY)
        } else {
            least
        }
    }

    /// Whether it is rather one form that two filled in.
    fn is_filled_in_template(&self) -> bool {
        ((self.similarity < NEAR_DUPLICATE_SIMILARITY || self.same_site)
            && self.new.each_opening_has_own_words(self.old))
            || self.new.each_names_own_source(
                &self.incoming.names,
                self.old,
                &self.candidate.names(),
            )
    }

    /// Whether facts were put in the place of others: a notice of another fault, town or number. A
    /// copy is cut, has something added, or was edited in other words.
    fn is_template_variant(&self) -> bool {
        let added = self.new.tokens().abs_diff(self.old.tokens());
        !self.same_second
            && added <= MAX_TEMPLATE_LENGTH_DIFFERENCE
            && self.new.each_has_own_salient_tokens(self.old)
    }

    /// How far one text is a part of the other, where that is enough.
    fn prefix_match(&self) -> Option<f64> {
        let undated = self.apart.is_none()
            && self.related == TitleRelation::Same
            && self.has_distinctive_titles();
        let in_time = self.is_within_days()
            || undated
            || (self.shorter_tokens >= LONG_TEXT_TOKENS && self.apart.is_some());
        if !in_time
            || self.is_short()
            || self.same_site
            || (self.related == TitleRelation::Contained && !self.same_second)
        {
            return None;
        }
        let doubtful = undated || (self.new.has_disjoint_authors(self.old) && !self.same_second);
        let needed = if doubtful { MIN_PREFIX_SIMILARITY.1 } else { MIN_PREFIX_SIMILARITY.0 };
        prefix_similarity(self.new, self.old).filter(|alike| *alike >= needed)
    }
}

/// How far the shorter text is a beginning of the longer; `None` where it is none. Two texts with
/// one introduction have the same opening too, and so the rest of the shorter has to stand in the
/// longer as well, as far as that can be estimated.
fn prefix_similarity(new: &Fingerprint, old: &Fingerprint) -> Option<f64> {
    let opening = new.opening_similarity(old);
    let (overlap, sample) = new.overlap(old);
    let alike = if sample >= MIN_OVERLAP_SAMPLE { opening.min(overlap) } else { opening };
    let judged = sample >= MIN_OVERLAP_SAMPLE
        || new.tokens().min(old.tokens()) <= NEAR_OPENING_TOKENS
        || (sample >= 3 && overlap >= 0.99);
    let (short, long) = (new.tokens().min(old.tokens()), new.tokens().max(old.tokens()));
    // A part says what the whole says, word by word; what was cut off may end in half a word.
    let verbatim = match new.extra_opening_words(old) {
        0 => true,
        1 => short < NEAR_OPENING_TOKENS && long >= short + short / 2,
        _ => false,
    };
    (judged && verbatim && opening >= 0.9).then_some(alike)
}
