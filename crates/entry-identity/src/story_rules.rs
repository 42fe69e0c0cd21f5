//! The rules by which an entry is the same story as an entry of another source.
//!
//! The first rule that applies decides.

use std::fmt;

use super::{
    story_evidence::{Link, StoryEvidence},
    thresholds::{
        CAUTIOUS_SIMILARITY, LONG_TEXT_TOKENS, MAX_ADDED_WORDS, MAX_HOURS, MAX_PAGES,
        MAX_PAGES_OF_NEWS, MIN_DOUBTFUL_EXCERPT_CONTAINMENT, MIN_EXCERPT_CONTAINMENT,
        MIN_SHORT_TEXT_TITLE_WORDS, MIN_SHORT_TEXT_TOKENS, MIN_SUBJECT_OVERLAP, MIN_TEXT_TOKENS,
        MIN_WORDS_BETWEEN_REPLACEMENTS, NEAR_DUPLICATE_SIMILARITY, SAME_TEXT_SIMILARITY,
        WORDS_CHANGED_PER_EDIT, WORDS_PER_EDIT, WORDS_PER_REPLACEMENT,
    },
    title_match::TitleRelation,
};

/// A rule of story matching.
#[derive(Debug, Clone, Copy)]
pub struct StoryRule {
    /// Its name, with which every reason begins.
    pub name: &'static str,
    /// What it decides.
    pub verdict: Verdict,
    /// Its condition.
    pub condition: &'static str,
    /// The sentence of the reason. Words in braces stand for measurements.
    reason: &'static str,
    pub(super) applies: fn(&StoryEvidence) -> bool,
}

/// What a rule decides about an incoming and a stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are one story.
    SameStory,
    /// They are two stories.
    OtherStory,
    /// The incoming entry is a story of its own about the page of the stored one.
    IncomingComments,
    /// The stored entry is a story of its own about the page of the incoming one.
    StoredComments,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameStory => "same story",
            Self::OtherStory => "another story",
            Self::IncomingComments => "a commentary on it",
            Self::StoredComments => "it is a commentary",
        })
    }
}

/// The rule that decided about two entries, with what was measured of them.
///
/// [`fmt::Display`] gives the name of the rule and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryReason {
    /// The name of the rule.
    pub rule: &'static str,
    sentence: String,
}

impl fmt::Display for StoryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.sentence)
    }
}

impl StoryRule {
    /// Returns the reason for two entries: the sentence with the measurements filled in.
    pub(super) fn reason(&self, evidence: &StoryEvidence) -> StoryReason {
        let mut sentence = String::new();
        let mut rest = self.reason;
        while let Some((text, (name, after))) =
            rest.split_once('{').and_then(|(text, rest)| Some((text, rest.split_once('}')?)))
        {
            sentence.push_str(text);
            sentence.push_str(&evidence.measurement(name));
            rest = after;
        }
        sentence.push_str(rest);
        StoryReason { rule: self.name, sentence }
    }
}

const fn rule(
    verdict: Verdict,
    name: &'static str,
    condition: &'static str,
    reason: &'static str,
    applies: fn(&StoryEvidence) -> bool,
) -> StoryRule {
    StoryRule { name, verdict, condition, reason, applies }
}

use Verdict::{IncomingComments, OtherStory, SameStory, StoredComments};

/// The rules of story matching, in their order.
#[rustfmt::skip] // a rule has a line for its name and one each for what it says
pub const STORY_RULES: &[StoryRule] = &[
    rule(OtherStory, "one-source", "both come from one source", "both come from one source", |e| {
        e.same_source
    }),
    rule(IncomingComments, "reused-link",
        "same link, both come from the linked site, and titles, subjects and texts of at \
         least 48 words differ",
        "same link, but another title, and texts are only {shared} % alike",
        |e| {
            e.has_link()
                && e.owns_link == [true, true]
                && e.title != TitleRelation::Same
                && !e.is_short()
                && e.shared < SAME_TEXT_SIMILARITY
                && !e.has_same_subject()
        }),
    rule(SameStory, "link-at-home",
        "same link, written as one address, and both come from the linked site",
        "same link, to a site that both sources publish",
        |e| e.link == Link::Same && e.owns_link == [true, true]),
    rule(SameStory, "link-and-text",
        "same link, texts at least 50 % alike, and neither quotes the other",
        "{link}, and texts are {shared} % alike",
        |e| e.has_link() && e.shared >= SAME_TEXT_SIMILARITY && !e.quotes),
    rule(IncomingComments, "commentary",
        "same link, and at least 48 words from another site",
        "{link}, but this entry is a commentary: {new-words} words of its own, {shared} % \
         like the other's",
        |e| e.has_link() && e.may_comment[0]),
    rule(StoredComments, "stored-commentary",
        "the same, of the stored entry",
        "{link}, but the other entry is a commentary: {old-words} words of its own, {shared} \
         % like this one's",
        |e| e.has_link() && e.may_comment[1]),
    rule(OtherStory, "variant-of-other-text",
        "links to variants of one page, both with at least 48 words",
        "links to variants of one page, but texts are only {shared} % alike",
        |e| e.link == Link::Variants && !e.is_short()),
    rule(SameStory, "link-and-title", "same link and same title", "{link} and same title", |e| {
        e.has_link() && e.title == TitleRelation::Same
    }),
    rule(OtherStory, "variant-of-other-title",
        "links to variants of one page",
        "links to variants of one page, but another title",
        |e| e.link == Link::Variants),
    rule(SameStory, "bare-link",
        "same link, and one of the two has neither title nor text",
        "same link, and one of the two has neither title nor text",
        |e| e.has_link() && !e.both_have_words),
    rule(SameStory, "link-and-subject",
        "same link, and at least 30 % of a title's content words are in the other's title or \
         opening",
        "same link and same subject: {subject} % of a title's words are in both",
        |e| e.has_link() && e.has_same_subject()),
    rule(StoredComments, "stored-remark",
        "same link, and the incoming entry comes from the linked site",
        "same link, but the other entry has another subject: only {subject} % of a title's \
         words are in both",
        |e| e.has_link() && e.owns_link[0]),
    rule(IncomingComments, "remark",
        "same link",
        "same link, but this entry has another subject: only {subject} % of a title's words \
         are in both",
        |e| e.has_link()),
    rule(OtherStory, "other-title",
        "the titles are different",
        "the titles are different, and texts are {similarity} % alike",
        |e| e.title == TitleRelation::Different),
    rule(OtherStory, "short-text",
        "a text has fewer than 48 words; or fewer than 24 if the title is the same and has at \
         least 4 content words, the second of publication is the same, and the pages are on \
         two sites",
        "{title}, but {words} words of text are too few to compare",
        |e| {
            let is_same_publication = e.title == TitleRelation::Same
                && e.same_second
                && !e.same_site
                && e.title_words >= MIN_SHORT_TEXT_TITLE_WORDS;
            let needed = if is_same_publication { MIN_SHORT_TEXT_TOKENS } else { MIN_TEXT_TOKENS };
            e.shorter() < needed
        }),
    rule(OtherStory, "generic-title",
        "the title has only numbers and words of versions, such as “Bugfix release”",
        "{title}, but it has no distinctive word besides numbers and version words",
        |e| !e.distinctive_title),
    rule(OtherStory, "source-in-story",
        "the story has an entry of the source",
        "{title}, but its source already has an entry in that story",
        |e| e.source_in_story),
    rule(OtherStory, "many-pages",
        "the story links to 4 pages; or to 16 if the second of publication is the same, or a \
         text of at least 100 words is 95 % alike within 3 days",
        "{title}, but that story already links to {pages} pages",
        |e| {
            let is_news = e.same_second
                || (e.shorter() >= LONG_TEXT_TOKENS
                    && e.similarity >= NEAR_DUPLICATE_SIMILARITY
                    && e.is_near_in_time());
            e.pages >= if is_news { MAX_PAGES_OF_NEWS } else { MAX_PAGES }
        }),
    rule(OtherStory, "other-files",
        "both have audio or video files, and none in common",
        "{title}, but different audio or video files",
        |e| e.other_files),
    rule(OtherStory, "undated",
        "a date is missing, one title contains the other, and one has fewer than 3 content \
         words",
        "{title}, but a date is missing",
        |e| e.hours_apart.is_none() && e.is_contained() && !e.has_distinctive_titles()),
    rule(OtherStory, "other-days",
        "published more than 3 days apart; or more than 45 if the titles are equal, apart \
         from a name, and have at least 3 content words",
        "{title}, but published {days} days apart",
        |e| {
            let is_distinctive = !e.is_contained() && e.has_distinctive_titles();
            e.hours_apart.is_some_and(|hours| {
                !(e.is_near_in_time() || is_distinctive && hours <= MAX_HOURS)
            })
        }),
    rule(OtherStory, "other-facts",
        "a word with a digit or a capital letter stands for another, in texts of up to 512 \
         words that were not published in the same second",
        "{title}, and texts are {similarity} % alike, but {facts} numbers or names differ",
        |e| !e.same_second && e.edits.is_some_and(|edits| edits.other_facts > 0)),
    rule(SameStory, "copy",
        "titles equal apart from a name, two sites, at most 3 days apart, texts of up to 512 \
         words with at most 40 words before or after one of them, and with at most one change \
         of two words in 40 words and one replacement in 60, with 8 words between replacements",
        "{title}, and texts are {similarity} % alike, with {places} changes in {words} words",
        |e| {
            !e.is_short()
                && !e.is_contained()
                && !e.same_site
                && e.is_near_in_time()
                && e.edits.is_some_and(|edits| {
                    let limit = |words_each: usize| 1 + edits.words / words_each;
                    edits.places <= limit(WORDS_PER_EDIT)
                        && edits.replaced <= limit(WORDS_PER_REPLACEMENT)
                        && edits.changed <= limit(WORDS_PER_EDIT) * WORDS_CHANGED_PER_EDIT
                        && edits.apart.is_none_or(|words| words >= MIN_WORDS_BETWEEN_REPLACEMENTS)
                        && edits.added <= MAX_ADDED_WORDS
                })
        }),
    rule(SameStory, "excerpt",
        "the shorter text is word by word the beginning of the longer one, with at least 85 % \
         of it in there; 97 % if a date is missing or the authors differ. At most 3 days \
         apart; or any time if it has at least 100 words, or a date is missing and the titles \
         are equal and have at least 3 content words. On two sites",
        "{title}, and the shorter text is the beginning of the longer one ({beginning} % of \
         it)",
        |e| e.similarity < e.needed_similarity() && e.is_excerpt()),
    rule(OtherStory, "filled-in-form",
        "texts are alike as for the next rule, but by less than 95 % or on pages of one site, \
         and each opening has a word that the other lacks",
        "{title}, and texts are {similarity} % alike, but each has words in its opening that \
         the other lacks",
        |e| {
            e.own_opening_words
                && e.similarity >= e.needed_similarity()
                && (e.similarity < NEAR_DUPLICATE_SIMILARITY || e.same_site)
        }),
    rule(SameStory, "similar-text",
        "texts are alike: by 95 % below 48 words, on pages of one site, or where one title \
         contains the other and the second of publication differs; otherwise by 90 % below \
         100 words, 80 % below 250, and 70 % from there. By 90 % at least if the second of \
         publication differs and the titles differ by a name, the authors differ, or the \
         dates are missing or more than 3 days apart",
        "{title}, and texts are {similarity} % alike ({needed} % needed){second}",
        |e| e.similarity >= e.needed_similarity()),
];

/// The verdict if no rule applies.
pub(super) const NO_RULE: StoryRule = rule(
    OtherStory,
    "other-text",
    "no other rule applies",
    "{title}, but texts are only {similarity} % alike ({needed} % needed)",
    |_| true,
);

impl StoryEvidence {
    fn has_link(&self) -> bool {
        self.link != Link::Nothing
    }

    fn is_contained(&self) -> bool {
        self.title == TitleRelation::Contained
    }

    fn has_same_subject(&self) -> bool {
        self.subject.is_some_and(|share| share >= MIN_SUBJECT_OVERLAP)
    }

    /// Returns whether two pages are usually two posts: on one site, or under a longer title.
    fn is_usually_another(&self) -> bool {
        self.same_site || (self.is_contained() && !self.same_second)
    }

    /// Returns the similarity that copies need.
    fn needed_similarity(&self) -> f64 {
        if self.is_short() || self.is_usually_another() {
            NEAR_DUPLICATE_SIMILARITY
        } else if !self.same_second
            && (!self.is_near_in_time() || self.title != TitleRelation::Same || self.other_authors)
        {
            self.similarity_of_copies().max(CAUTIOUS_SIMILARITY)
        } else {
            self.similarity_of_copies()
        }
    }

    fn is_excerpt(&self) -> bool {
        let needs_no_date = self.hours_apart.is_none()
            && self.title == TitleRelation::Same
            && self.has_distinctive_titles();
        let is_dated = self.is_near_in_time()
            || needs_no_date
            || (self.shorter() >= LONG_TEXT_TOKENS && self.hours_apart.is_some());
        let is_doubtful = needs_no_date || (self.other_authors && !self.same_second);
        let needed =
            if is_doubtful { MIN_DOUBTFUL_EXCERPT_CONTAINMENT } else { MIN_EXCERPT_CONTAINMENT };
        is_dated
            && !self.is_short()
            && !self.is_usually_another()
            && self.beginning.is_some_and(|share| share >= needed)
    }

    /// Returns the text for a word in braces of [`StoryRule::reason`].
    fn measurement(&self, name: &str) -> String {
        let edits = self.edits.unwrap_or_default();
        match name {
            "link" if self.link == Link::Variants => "links to variants of one page".to_owned(),
            "link" => "same link".to_owned(),
            "title" => self.title.to_string(),
            "similarity" => percent(self.similarity),
            "needed" => percent(self.needed_similarity()),
            "shared" => percent(self.shared),
            "subject" => percent(self.subject.unwrap_or_default()),
            "beginning" => percent(self.beginning.unwrap_or_default()),
            "words" => self.shorter().to_string(),
            "new-words" => self.words[0].to_string(),
            "old-words" => self.words[1].to_string(),
            "pages" => self.pages.to_string(),
            "days" => (self.hours_apart.unwrap_or_default() / 24).to_string(),
            "places" => edits.places.to_string(),
            "second" if self.is_short() => ", and published in the same second".to_owned(),
            "facts" => edits.other_facts.to_string(),
            _ => String::new(),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measurement_of_a_reason_is_known() {
        for rule in STORY_RULES.iter().chain([&NO_RULE]) {
            let names = rule.reason.split('{').skip(1).filter_map(|part| part.split_once('}'));
            for (name, _) in names {
                let known = [
                    "link",
                    "title",
                    "similarity",
                    "needed",
                    "shared",
                    "subject",
                    "beginning",
                    "words",
                    "new-words",
                    "old-words",
                    "pages",
                    "days",
                    "places",
                    "facts",
                    "second",
                ];
                assert!(known.contains(&name), "{}: {{{name}}}", rule.name);
            }
        }
    }
}
