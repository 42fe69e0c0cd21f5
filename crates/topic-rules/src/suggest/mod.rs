//! Suggests terms that describe a topic, and subjects among the stories without a topic.
//!
//! Both compare how often a term occurs in some stories and in the others, by the log-likelihood
//! ratio G² (Dunning 1993), which is reliable for small counts. Each story counts once for a term.
//! [`suggest_terms`] and [`find_subjects`] are the entry points.

mod proposal;

use std::collections::{BTreeMap, BTreeSet};

use feed_model::{StoryId, TopicId};

pub use proposal::{ProposedStory, TopicProposal, propose_topic};

use super::{
    Rules, StoryFields,
    term_extraction::{self, TermReader, Word},
};

/// Number of words of the longest suggested phrase.
const MAX_WORDS: usize = 3;

/// Number of stories of a topic that must have a term.
const MIN_STORIES: usize = 2;

/// The lowest G² of a suggested term. By chance it is reached once in a thousand times.
const MIN_G2: f64 = 10.83;

/// Number of suggested terms.
const MAX_TERMS: usize = 15;

/// Number of stories that a subject needs.
const MIN_SUBJECT_STORIES: usize = 3;

/// Number of suggested subjects.
const MAX_SUBJECTS: usize = 12;

/// Share of the unsorted stories above which a term is too general for a subject.
const MAX_SPREAD: f64 = 0.4;

/// Share of a term's stories that must be in the subject for the term to belong to it.
const MIN_COOCCURRENCE: f64 = 0.6;

/// Number of terms of a subject.
const SUBJECT_TERMS: usize = 4;

/// A stored story.
#[derive(Debug, Clone, Copy)]
pub struct SurveyedStory<'a> {
    /// Its id.
    pub id: StoryId,
    /// Its fields.
    pub fields: StoryFields<'a>,
    /// Its topics, without `all`.
    pub topics: &'a [TopicId],
    /// Whether the topics were set by a label.
    pub labelled: bool,
}

/// A suggested term.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SuggestedTerm {
    /// The words in their most frequent spelling, usable as a matcher.
    pub term: String,
    /// Number of stories of the topic that have it.
    pub inside: usize,
    /// Number of other stories that have it.
    pub outside: usize,
    /// The log-likelihood ratio: the higher, the less likely the difference is chance.
    pub g2: f64,
}

/// The stories of a topic that suggested terms describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuggestionBasis {
    /// The stories that are labelled with the topic.
    Labels,
    /// The stories that are in the topic by its rule, if none is labelled.
    Stories,
}

/// The suggested terms of a topic.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TermSuggestions {
    /// The topic.
    pub id: TopicId,
    /// The stories that the terms describe.
    pub from: SuggestionBasis,
    /// Number of these stories.
    pub stories: usize,
    /// The terms, those with the highest G² first.
    pub terms: Vec<SuggestedTerm>,
}

/// A recurring subject among the unsorted stories.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SuggestedSubject {
    /// The terms that its stories share, the most frequent first.
    pub terms: Vec<String>,
    /// Its stories, in the given order.
    #[serde(serialize_with = "as_texts")]
    pub stories: Vec<StoryId>,
    /// The titles of its stories.
    pub titles: Vec<String>,
}

fn as_texts<S: serde::Serializer>(ids: &[StoryId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

/// Suggests terms for a topic: those that its stories have more often than all other stories.
///
/// The stories of the topic are those labelled with it, or those in it if none is labelled. Terms
/// that the topic's matchers already find are left out.
pub fn suggest_terms(
    topic: &TopicId,
    rules: &Rules,
    stories: &[SurveyedStory<'_>],
) -> TermSuggestions {
    let labelled = stories.iter().any(|story| story.labelled && story.topics.contains(topic));
    let is_inside =
        |story: &SurveyedStory<'_>| story.topics.contains(topic) && (story.labelled || !labelled);
    let total_inside = stories.iter().filter(|story| is_inside(story)).count();
    // Unlabelled stories in the topic count neither for nor against a term.
    let is_outside = |story: &SurveyedStory<'_>| !story.topics.contains(topic);
    let total_outside = stories.iter().filter(|story| is_outside(story)).count();

    let index = TermIndex::of(stories.iter().map(|story| story.fields));
    let mut terms: Vec<(&[u32], SuggestedTerm)> = index
        .terms
        .iter()
        .filter_map(|(stems, found)| {
            let inside = found.stories.iter().filter(|index| is_inside(&stories[**index])).count();
            let outside =
                found.stories.iter().filter(|index| is_outside(&stories[**index])).count();
            let g2 = g2(inside, total_inside, outside, total_outside);
            (inside >= MIN_STORIES && g2 >= MIN_G2).then(|| {
                (stems.as_slice(), SuggestedTerm { term: found.written(), inside, outside, g2 })
            })
        })
        .collect();
    terms.sort_by(|a, b| {
        b.1.g2.total_cmp(&a.1.g2).then_with(|| b.0.len().cmp(&a.0.len())).then_with(|| a.0.cmp(b.0))
    });
    let mut chosen: Vec<(&[u32], SuggestedTerm)> = Vec::new();
    for (stems, term) in terms {
        if chosen.len() == MAX_TERMS {
            break;
        }
        // Of `raft` and `raft consensus` only the one with the higher G² is suggested.
        let is_redundant =
            chosen.iter().any(|(other, _)| contains(other, stems) || contains(stems, other));
        if !is_redundant && !is_covered(topic, rules, &term.term) {
            chosen.push((stems, term));
        }
    }
    let from = if labelled { SuggestionBasis::Labels } else { SuggestionBasis::Stories };
    TermSuggestions {
        id: topic.clone(),
        from,
        stories: total_inside,
        terms: chosen.into_iter().map(|(_, term)| term).collect(),
    }
}

/// Returns whether the topic's own matchers find a term.
fn is_covered(topic: &TopicId, rules: &Rules, term: &str) -> bool {
    rules.hits(topic, &StoryFields { title: term, ..StoryFields::default() })
}

/// Finds recurring subjects among the stories without a topic: terms that several of them share.
pub fn find_subjects(stories: &[SurveyedStory<'_>]) -> Vec<SuggestedSubject> {
    let is_unsorted =
        |index: &usize| stories[*index].topics.is_empty() && !stories[*index].labelled;
    let total = (0..stories.len()).filter(is_unsorted).count();
    let (sorted, index) =
        (stories.len() - total, TermIndex::of(stories.iter().map(|story| story.fields)));
    let mut candidates: Vec<SubjectCandidate<'_>> = index
        .terms
        .iter()
        .filter_map(|(stems, found)| {
            let own: BTreeSet<usize> = found.stories.iter().copied().filter(is_unsorted).collect();
            let elsewhere = found.stories.len() - own.len();
            let is_recurring = own.len() >= MIN_SUBJECT_STORIES
                && to_f64(own.len())
                    <= (MAX_SPREAD * to_f64(total)).max(to_f64(MIN_SUBJECT_STORIES));
            // A term that is as frequent in sorted stories is general vocabulary.
            let is_uncovered =
                to_f64(own.len()) * to_f64(sorted.max(1)) > to_f64(elsewhere) * to_f64(total);
            (is_recurring && is_uncovered).then_some(SubjectCandidate {
                stems: stems.as_slice(),
                found,
                stories: own,
            })
        })
        .collect();
    // Longer phrases come first, so that they are preferred to their words.
    candidates.sort_by(|a, b| b.stems.len().cmp(&a.stems.len()).then_with(|| a.stems.cmp(b.stems)));

    let (mut covered, mut subjects) = (BTreeSet::new(), Vec::new());
    while subjects.len() < MAX_SUBJECTS {
        let Some(group) = best_group(&candidates, &covered, total) else {
            break;
        };
        covered.extend(group.stories.iter().copied());
        let of_group = || group.stories.iter().map(|index| &stories[*index]);
        subjects.push(SuggestedSubject {
            stories: of_group().map(|story| story.id).collect(),
            titles: of_group().map(|story| story.fields.title.to_owned()).collect(),
            terms: group.terms,
        });
    }
    subjects
}

struct SubjectCandidate<'i> {
    stems: &'i [u32],
    found: &'i TermStories,
    stories: BTreeSet<usize>,
}

struct TermGroup {
    terms: Vec<String>,
    stories: BTreeSet<usize>,
    score: f64,
}

/// Returns the group of terms with the highest score among the stories without a group.
fn best_group(
    candidates: &[SubjectCandidate<'_>],
    covered: &BTreeSet<usize>,
    total: usize,
) -> Option<TermGroup> {
    let mut best: Option<TermGroup> = None;
    for candidate in candidates {
        let own: BTreeSet<usize> = candidate.stories.difference(covered).copied().collect();
        if own.len() < MIN_SUBJECT_STORIES
            || best.as_ref().is_some_and(|best| max_score(own.len(), total) <= best.score)
        {
            continue;
        }
        let group = group(candidate, &own, candidates, total);
        if let Some(group) = group
            && best.as_ref().is_none_or(|best| group.score > best.score)
        {
            best = Some(group);
        }
    }
    best
}

/// Returns the highest possible score of a group of this many stories, by which most candidates are
/// skipped.
fn max_score(stories: usize, total: usize) -> f64 {
    to_f64(stories) * (to_f64(total) / to_f64(stories)).ln().max(0.1) * 2.0
}

/// Returns a term with the terms that mostly occur in the same stories. A single word without such
/// terms is no subject.
fn group(
    candidate: &SubjectCandidate<'_>,
    own: &BTreeSet<usize>,
    candidates: &[SubjectCandidate<'_>],
    total: usize,
) -> Option<TermGroup> {
    let mut companions: Vec<(usize, &SubjectCandidate<'_>)> = candidates
        .iter()
        .filter(|other| {
            !contains(other.stems, candidate.stems) && !contains(candidate.stems, other.stems)
        })
        .map(|other| (other.stories.intersection(own).count(), other))
        .filter(|(shared, other)| {
            let outside = other.stories.len() - shared;
            *shared >= MIN_SUBJECT_STORIES.max(own.len().div_ceil(3))
                && to_f64(*shared) >= MIN_COOCCURRENCE * to_f64(other.stories.len())
                && g2(*shared, own.len(), outside, total - own.len()) >= MIN_G2
        })
        .collect();
    companions.sort_by(|a, b| {
        b.0.cmp(&a.0)
            .then_with(|| b.1.stems.len().cmp(&a.1.stems.len()))
            .then_with(|| a.1.stems.cmp(b.1.stems))
    });
    let mut named: Vec<&SubjectCandidate<'_>> = vec![candidate];
    for (_, other) in companions {
        if named.len() < SUBJECT_TERMS
            && !named
                .iter()
                .any(|n| contains(n.stems, other.stems) || contains(other.stems, n.stems))
        {
            named.push(other);
        }
    }
    if named.len() == 1 && candidate.stems.len() == 1 {
        return None;
    }
    let term_bonus = 1.0 + to_f64(named.len() - 1) / to_f64(SUBJECT_TERMS - 1);
    let score = to_f64(own.len()) * (to_f64(total) / to_f64(own.len())).ln().max(0.1) * term_bonus;
    Some(TermGroup {
        terms: named.iter().map(|n| n.found.written()).collect(),
        stories: own.clone(),
        score,
    })
}

/// The terms of stories, with the stories that have them.
struct TermIndex {
    terms: BTreeMap<TermStems, TermStories>,
}

/// The numbers of a term's stems, padded with [`TermStems::UNUSED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TermStems([u32; MAX_WORDS]);

impl TermStems {
    const UNUSED: u32 = u32::MAX;

    fn of(words: &[Word]) -> Self {
        let mut stems = [Self::UNUSED; MAX_WORDS];
        stems.iter_mut().zip(words).for_each(|(stem, word)| *stem = word.stem);
        Self(stems)
    }

    fn as_slice(&self) -> &[u32] {
        let length = self.0.iter().take_while(|stem| **stem != Self::UNUSED).count();
        &self.0[..length]
    }
}

#[derive(Default)]
struct TermStories {
    /// The indexes of the stories in ascending order, each once.
    stories: Vec<usize>,
    /// The spellings, and how often each occurs.
    spellings: BTreeMap<String, usize>,
}

impl TermStories {
    /// Returns the most frequent spelling.
    fn written(&self) -> String {
        self.spellings
            .iter()
            .fold(
                ("", 0),
                |most, (spelling, times)| {
                    if *times > most.1 { (spelling, *times) } else { most }
                },
            )
            .0
            .to_owned()
    }
}

impl TermIndex {
    fn of<'a>(stories: impl Iterator<Item = StoryFields<'a>>) -> Self {
        let mut reader = TermReader::default();
        let mut runs = Vec::new();
        for (index, fields) in stories.enumerate() {
            let read = reader.read(&fields, term_extraction::language(&fields));
            runs.extend(read.into_iter().map(|run| (index, run.text, run.words)));
        }
        // A phrase is at most as frequent as its parts, so each length is built from the frequent
        // terms of the shorter ones.
        let mut terms: BTreeMap<TermStems, TermStories> = BTreeMap::new();
        for length in 1..=MAX_WORDS {
            let mut longer: BTreeMap<TermStems, TermStories> = BTreeMap::new();
            for (index, text, words) in &runs {
                for phrase in words.windows(length).filter(|phrase| may_recur(phrase, &terms)) {
                    let found = longer.entry(TermStems::of(phrase)).or_default();
                    if found.stories.last() != Some(index) {
                        found.stories.push(*index);
                    }
                    let written = &text[phrase[0].start..phrase[length - 1].end];
                    *found
                        .spellings
                        .entry(feed_model::text::collapse_whitespace(written).to_lowercase())
                        .or_default() += 1;
                }
            }
            longer.retain(|_, found| found.stories.len() >= MIN_STORIES);
            terms.append(&mut longer);
        }
        Self { terms }
    }
}

/// Returns whether a phrase may be a term: its first and last words are no stop words, and its
/// parts are terms.
fn may_recur(phrase: &[Word], terms: &BTreeMap<TermStems, TermStories>) -> bool {
    let is_term = |words: &[Word]| terms.contains_key(&TermStems::of(words));
    match phrase {
        [only] => !only.is_stop,
        [first, .., last] if first.is_stop || last.is_stop => false,
        [first, last] => {
            is_term(std::slice::from_ref(first)) && is_term(std::slice::from_ref(last))
        }
        [first, inner, last] if inner.is_stop => {
            is_term(std::slice::from_ref(first)) && is_term(std::slice::from_ref(last))
        }
        _ => is_term(&phrase[..phrase.len() - 1]) && is_term(&phrase[1..]),
    }
}

/// Returns whether `whole` contains the consecutive words of `part`.
fn contains(whole: &[u32], part: &[u32]) -> bool {
    whole.windows(part.len()).any(|words| words == part)
}

/// Returns the log-likelihood ratio of two shares being different; 0 if the share inside is not the
/// larger one.
fn g2(inside: usize, of_inside: usize, outside: usize, of_outside: usize) -> f64 {
    let (a, b) = (to_f64(inside), to_f64(outside));
    let (all_inside, all_outside) = (to_f64(of_inside), to_f64(of_outside));
    if a * all_outside <= b * all_inside {
        return 0.0;
    }
    let share = (a + b) / (all_inside + all_outside);
    let part = |seen: f64, expected: f64| {
        if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 }
    };
    2.0 * (part(a, all_inside * share)
        + part(b, all_outside * share)
        + part(all_inside - a, all_inside * (1.0 - share))
        + part(all_outside - b, all_outside * (1.0 - share)))
}

// Few stories: a float counts them exactly.
#[allow(clippy::cast_precision_loss)]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_grows_with_difference_and_count() {
        assert!(g2(5, 10, 5, 10).abs() < 1e-9);
        assert!(g2(0, 10, 5, 10).abs() < 1e-9);
        assert!(g2(9, 10, 1, 10) > g2(7, 10, 1, 10));
        assert!(g2(90, 100, 10, 100) > g2(9, 10, 1, 10));
        // All stories inside and none outside: 2·(5 ln 2 + 5 ln 2).
        assert!((g2(5, 5, 0, 5) - 20.0 * std::f64::consts::LN_2).abs() < 1e-9);
    }
}
