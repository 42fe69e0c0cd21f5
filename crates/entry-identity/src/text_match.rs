//! Compares two entries of different sources by title, text and date.
//!
//! Similar texts under related titles are copies. Similar texts under unrelated titles are
//! boilerplate. [`compare`] is the entry point; `docs/identity.md` lists the rules.

use super::{
    Candidate, CopyObjection, Fingerprint, IncomingEntry, StoryMatch, StoryMatchReason,
    canonical_url,
    fingerprint::MIN_COMMENTARY_TOKENS,
    story_match_result::{different, percent, same},
    timestamp_match,
    title_match::{self, TitleRelation},
};

/// Number of pages from which a story takes no more copies: a text on more pages is a form letter.
const MAX_PAGES: u32 = 4;
/// The same for news that many papers print: published in the same second, or a long and nearly
/// unchanged text within days.
const MAX_PAGES_OF_NEWS: u32 = 16;
/// Number of words from which a short text is compared if title and second of publication are the
/// same too.
const MIN_SHORT_TEXT_TOKENS: u32 = 24;
/// Number of content words that the title of such a short text needs, which "Good morning" lacks.
const MIN_SHORT_TEXT_TITLE_WORDS: usize = 4;
/// Number of words up to which a text is hardly more than its opening, which is compared exactly.
const NEAR_OPENING_TOKENS: u32 = 80;
/// Number of shingles from which an overlap estimate is reliable.
const MIN_OVERLAP_SAMPLE: usize = 12;
/// Number of words from which a text is individual enough that an excerpt may come days later.
const LONG_TEXT_TOKENS: u32 = 100;
/// Number of content words from which titles need no date beside them.
const DISTINCTIVE_TITLE_WORDS: usize = 3;
/// Largest difference in words between two texts of one template with different facts.
const MAX_TEMPLATE_LENGTH_DIFFERENCE: u32 = 3;
/// Similarity from which two texts are one text, whatever words were changed.
const NEAR_DUPLICATE_SIMILARITY: f64 = 0.95;
/// Lowest similarity where something else speaks against a copy: a longer title, other authors, or
/// days between the dates.
const CAUTIOUS_SIMILARITY: f64 = 0.9;
/// Share of an excerpt that must be in the longer text.
const MIN_EXCERPT_CONTAINMENT: f64 = 0.85;
/// The same where the authors differ or a date is missing.
const MIN_DOUBTFUL_EXCERPT_CONTAINMENT: f64 = 0.97;
/// Number of days between two dates that needs no further proof.
const NEAR_DAYS: i64 = 3;
/// Number of days between two dates beyond which nothing is a copy.
const MAX_DAYS_APART: i64 = 45;

/// Compares an incoming entry with a candidate, given how their titles are related.
pub(super) fn compare(
    incoming: &IncomingEntry<'_>,
    candidate: &Candidate,
    title: TitleRelation,
) -> StoryMatch {
    let pair = Pair::new(incoming, candidate, title);
    let similarity = percent(pair.similarity);
    if title == TitleRelation::Different {
        let is_boilerplate =
            pair.shorter_tokens >= MIN_COMMENTARY_TOKENS && pair.similarity >= CAUTIOUS_SIMILARITY;
        return different(if is_boilerplate {
            StoryMatchReason::TextUnderOtherTitle { similarity }
        } else {
            StoryMatchReason::NothingInCommon
        });
    }
    if let Some(objection) = pair.objection() {
        return different(StoryMatchReason::Objection { title, objection });
    }
    let required = pair.required_similarity();
    let needed = percent(required);
    if pair.similarity < required {
        return match pair.excerpt_containment() {
            Some(share) => {
                same(StoryMatchReason::TitleAndExcerpt { title, containment: percent(share) })
            }
            None => different(StoryMatchReason::TextTooDifferent { title, similarity, needed }),
        };
    }
    if pair.is_filled_in_template() {
        return different(StoryMatchReason::FilledInTemplate { title, similarity });
    }
    if pair.is_template_with_other_facts() {
        return different(StoryMatchReason::TemplateWithOtherFacts { title, similarity });
    }
    let same_second = pair.is_short();
    same(StoryMatchReason::TitleAndText { title, similarity, needed, same_second })
}

/// Two entries and their measurements.
struct Pair<'a> {
    incoming: &'a IncomingEntry<'a>,
    candidate: &'a Candidate,
    new: &'a Fingerprint,
    old: &'a Fingerprint,
    title: TitleRelation,
    /// Number of words of the shorter text.
    shorter_tokens: u32,
    /// Similarity of the whole texts.
    similarity: f64,
    /// Hours between the dates; `None` if either entry has no date.
    hours_apart: Option<i64>,
    same_second: bool,
    same_site: bool,
}

impl<'a> Pair<'a> {
    fn new(
        incoming: &'a IncomingEntry<'a>,
        candidate: &'a Candidate,
        title: TitleRelation,
    ) -> Self {
        let (new, old) = (&incoming.fingerprint, &candidate.fingerprint);
        let dates = (incoming.identity.published, candidate.published);
        let hours_apart = dates.0.zip(dates.1).map(|(new, old)| (new - old).num_hours().abs());
        let site = |link: Option<&str>| link.and_then(canonical_url::site_of);
        let sites =
            (site(incoming.identity.canonical.as_deref()), site(candidate.canonical.as_deref()));
        Self {
            incoming,
            candidate,
            new,
            old,
            title,
            shorter_tokens: new.tokens().min(old.tokens()),
            similarity: new.similarity(old),
            hours_apart,
            same_second: timestamp_match::is_same_second(dates.0, dates.1),
            same_site: sites.0.is_some() && sites.0 == sites.1,
        }
    }

    fn is_short(&self) -> bool {
        self.shorter_tokens < MIN_COMMENTARY_TOKENS
    }

    fn is_within_days(&self) -> bool {
        self.hours_apart.is_some_and(|hours| hours <= NEAR_DAYS * 24)
    }

    fn has_distinctive_titles(&self) -> bool {
        self.new.title_word_count().min(self.old.title_word_count()) >= DISTINCTIVE_TITLE_WORDS
    }

    /// Returns what shows that this is no copy, however similar the texts are.
    fn objection(&self) -> Option<CopyObjection> {
        // On one site the same second proves nothing: one program dates the items of several feeds.
        let is_same_publication =
            self.title == TitleRelation::Same && self.same_second && !self.same_site;
        let is_comparable_short_text = is_same_publication
            && self.shorter_tokens >= MIN_SHORT_TEXT_TOKENS
            && self.new.title_word_count() >= MIN_SHORT_TEXT_TITLE_WORDS;
        if self.is_short() && !is_comparable_short_text {
            return Some(CopyObjection::TooFewWords { words: self.shorter_tokens });
        }
        if !self.incoming.identity.title_norm.as_deref().is_some_and(title_match::is_distinctive) {
            return Some(CopyObjection::GenericTitle);
        }
        if self.candidate.has_entry_of_same_source {
            return Some(CopyObjection::SourceIsInStory);
        }
        let is_news = self.same_second
            || (self.shorter_tokens >= LONG_TEXT_TOKENS
                && self.similarity >= NEAR_DUPLICATE_SIMILARITY
                && self.is_within_days());
        let pages = self.candidate.page_count;
        if pages >= if is_news { MAX_PAGES_OF_NEWS } else { MAX_PAGES } {
            return Some(CopyObjection::TooManyPages { pages });
        }
        if self.new.has_disjoint_media(self.old) {
            return Some(CopyObjection::OtherMedia);
        }
        self.date_objection()
    }

    /// Returns whether the dates show that this is no copy. A weekly post under a fixed title has a
    /// new text every week.
    fn date_objection(&self) -> Option<CopyObjection> {
        let is_contained = self.title == TitleRelation::Contained;
        match self.hours_apart {
            _ if self.is_within_days() => None,
            None if is_contained && !self.has_distinctive_titles() => Some(CopyObjection::NoDate),
            None => None,
            Some(hours)
                if !is_contained
                    && self.has_distinctive_titles()
                    && hours <= MAX_DAYS_APART * 24 =>
            {
                None
            }
            Some(hours) => Some(CopyObjection::DaysApart { days: hours / 24 }),
        }
    }

    /// Returns the similarity that the texts need.
    fn required_similarity(&self) -> f64 {
        let required_by_length: f64 = match self.shorter_tokens {
            ..100 => 0.9,
            100..250 => 0.8,
            _ => 0.7,
        };
        // Two pages of one site are usually two posts.
        if self.is_short()
            || self.same_site
            || (self.title == TitleRelation::Contained && !self.same_second)
        {
            NEAR_DUPLICATE_SIMILARITY
        } else if !self.same_second
            && (!self.is_within_days()
                || self.title != TitleRelation::Same
                || self.new.has_disjoint_authors(self.old))
        {
            required_by_length.max(CAUTIOUS_SIMILARITY)
        } else {
            required_by_length
        }
    }

    /// Returns whether the texts are one template that two sources filled in.
    fn is_filled_in_template(&self) -> bool {
        ((self.similarity < NEAR_DUPLICATE_SIMILARITY || self.same_site)
            && self.new.each_opening_has_own_words(self.old))
            || self.new.each_names_own_source(
                &self.incoming.source_names,
                self.old,
                &self.candidate.source_names(),
            )
    }

    /// Returns whether the texts are one notice about two cases: another fault, town or number.
    ///
    /// An edited copy differs in length or in other words.
    fn is_template_with_other_facts(&self) -> bool {
        let difference = self.new.tokens().abs_diff(self.old.tokens());
        !self.same_second
            && difference <= MAX_TEMPLATE_LENGTH_DIFFERENCE
            && self.new.each_has_own_salient_tokens(self.old)
    }

    /// Returns the share of the shorter text that is in the longer one, if that is enough for an
    /// excerpt.
    fn excerpt_containment(&self) -> Option<f64> {
        let needs_no_date = self.hours_apart.is_none()
            && self.title == TitleRelation::Same
            && self.has_distinctive_titles();
        let dates_allow = self.is_within_days()
            || needs_no_date
            || (self.shorter_tokens >= LONG_TEXT_TOKENS && self.hours_apart.is_some());
        if !dates_allow
            || self.is_short()
            || self.same_site
            || (self.title == TitleRelation::Contained && !self.same_second)
        {
            return None;
        }
        let is_doubtful =
            needs_no_date || (self.new.has_disjoint_authors(self.old) && !self.same_second);
        let needed =
            if is_doubtful { MIN_DOUBTFUL_EXCERPT_CONTAINMENT } else { MIN_EXCERPT_CONTAINMENT };
        beginning_containment(self.new, self.old).filter(|share| *share >= needed)
    }
}

/// Returns the share of the shorter text that is in the longer one; `None` if the shorter text is
/// not the beginning of the longer one.
///
/// Two texts with one introduction have the same opening. The rest of the shorter text must
/// therefore be in the longer one too, as far as that can be estimated.
fn beginning_containment(new: &Fingerprint, old: &Fingerprint) -> Option<f64> {
    let opening = new.opening_similarity(old);
    let (overlap, sample) = new.overlap(old);
    let share = if sample >= MIN_OVERLAP_SAMPLE { opening.min(overlap) } else { opening };
    let is_reliable = sample >= MIN_OVERLAP_SAMPLE
        || new.tokens().min(old.tokens()) <= NEAR_OPENING_TOKENS
        || (sample >= 3 && overlap >= 0.99);
    let (short, long) = (new.tokens().min(old.tokens()), new.tokens().max(old.tokens()));
    // An excerpt repeats the text word by word. It may end in half a word where it was cut off.
    let is_verbatim = match new.extra_opening_words(old) {
        0 => true,
        1 => short < NEAR_OPENING_TOKENS && long >= short + short / 2,
        _ => false,
    };
    (is_reliable && is_verbatim && opening >= 0.9).then_some(share)
}
