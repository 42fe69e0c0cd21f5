//! TermReader that would describe a topic, and recurring subjects among the stories that no topic
//! covers.
//!
//! Both ask how much more often a term stands in some stories than in the others, by the
//! log-likelihood ratio G² (Dunning 1993), which stays sound where counts are small. A story counts
//! once for a term, however often it says it. Nothing is decided here: what is found is proposed to
//! a person.

use std::collections::{BTreeMap, BTreeSet};

use super::term_extraction::{self, TermReader, Word};
use super::{Rules, StoryFields};
use feed_model::{StoryId, TopicId};

/// The longest phrase that is proposed, in words.
const MAX_WORDS: usize = 3;

/// A term must stand in so many of the stories that it would describe.
const MIN_STORIES: usize = 2;

/// A term by chance alone comes this far once in a thousand times.
const MIN_G2: f64 = 10.83;

/// So many terms are proposed.
const MAX_TERMS: usize = 15;

/// A subject has at least so many stories.
const MIN_SUBJECT_STORIES: usize = 3;

/// So many subjects are named.
const MAX_SUBJECTS: usize = 12;

/// A term in a greater part of the unsorted stories is no subject of its own.
const MAX_SPREAD: f64 = 0.4;

/// TermReader are of one subject when one stands in so many of the other's stories.
const MIN_COOCCURRENCE: f64 = 0.6;

/// So many terms name a subject.
const SUBJECT_TERMS: usize = 4;

/// A stored story to look at.
#[derive(Debug, Clone, Copy)]
pub struct SurveyedStory<'a> {
    /// Its number.
    pub id: StoryId,
    /// What it says.
    pub fields: StoryFields<'a>,
    /// The topics that it is in, without `all`.
    pub topics: &'a [TopicId],
    /// Whether they are a person's label.
    pub labelled: bool,
}

/// A term that is proposed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SuggestedTerm {
    /// A matcher for it: the words as they are written most often.
    pub term: String,
    /// Stories of the topic that have it.
    pub inside: usize,
    /// Other stories that have it.
    pub outside: usize,
    /// How sure it is that the difference is no chance: G².
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

/// What would describe a topic.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TermSuggestions {
    /// The topic.
    pub id: TopicId,
    /// The stories that the terms describe.
    pub from: SuggestionBasis,
    /// How many stories were looked at for it.
    pub stories: usize,
    /// The terms, the surest first.
    pub terms: Vec<SuggestedTerm>,
}

/// A subject that recurs among the unsorted stories.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SuggestedSubject {
    /// The terms that its stories share, that of most stories first.
    pub terms: Vec<String>,
    /// Its stories, in the order in which they were given.
    #[serde(serialize_with = "as_texts")]
    pub stories: Vec<StoryId>,
}

fn as_texts<S: serde::Serializer>(ids: &[StoryId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

/// TermReader for a topic: those of its labelled stories, or of its present ones where none is
/// labelled, against all other stories. TermReader that the topic's matchers hit already are left
/// out.
pub fn suggest_terms(
    topic: &TopicId,
    rules: &Rules,
    stories: &[SurveyedStory<'_>],
) -> TermSuggestions {
    let labelled = stories.iter().any(|story| story.labelled && story.topics.contains(topic));
    let is_inside =
        |story: &SurveyedStory<'_>| story.topics.contains(topic) && (story.labelled || !labelled);
    let total_inside = stories.iter().filter(|story| is_inside(story)).count();
    // Stories that the rule alone put into the topic say nothing against a term.
    let is_outside = |story: &SurveyedStory<'_>| !story.topics.contains(topic);
    let total_outside = stories.iter().filter(|story| is_outside(story)).count();

    let index = TermIndex::of(stories.iter().map(|story| story.fields));
    let mut terms: Vec<(&[u32], SuggestedTerm)> = index
        .terms
        .iter()
        .filter_map(|(stems, found)| {
            let inside = found.stories.iter().filter(|place| is_inside(&stories[**place])).count();
            let outside =
                found.stories.iter().filter(|place| is_outside(&stories[**place])).count();
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
        // `raft` and `raft consensus` say the same thing twice: the surer one is enough.
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

/// Whether the topic's own matchers hit a term.
fn is_covered(topic: &TopicId, rules: &Rules, term: &str) -> bool {
    rules.hits(topic, &StoryFields { title: term, ..StoryFields::default() })
}

/// Subjects that recur among the stories in no topic: terms that stand together in several of them.
pub fn find_subjects(stories: &[SurveyedStory<'_>]) -> Vec<SuggestedSubject> {
    let is_unsorted =
        |place: &usize| stories[*place].topics.is_empty() && !stories[*place].labelled;
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
            // A term that sorted stories have as often is a word of the trade, not a subject
            // without a topic.
            let is_uncovered =
                to_f64(own.len()) * to_f64(sorted.max(1)) > to_f64(elsewhere) * to_f64(total);
            (is_recurring && is_uncovered).then_some(SubjectCandidate {
                stems: stems.as_slice(),
                found,
                stories: own,
            })
        })
        .collect();
    // The longer phrase stands for its words where it has nearly all of their stories.
    candidates.sort_by(|a, b| b.stems.len().cmp(&a.stems.len()).then_with(|| a.stems.cmp(b.stems)));

    let (mut covered, mut subjects) = (BTreeSet::new(), Vec::new());
    while subjects.len() < MAX_SUBJECTS {
        let Some(group) = best_group(&candidates, &covered, total) else {
            break;
        };
        covered.extend(group.stories.iter().copied());
        let stories = group.stories.iter().map(|place| stories[*place].id).collect();
        subjects.push(SuggestedSubject { terms: group.terms, stories });
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

/// The group of terms with the most to say of stories that no group has yet.
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

/// No group of so many stories is score more: what lets most candidates be passed over.
fn max_score(stories: usize, total: usize) -> f64 {
    to_f64(stories) * (to_f64(total) / to_f64(stories)).ln().max(0.1) * 2.0
}

/// A term with those that mostly stand where it stands; alone it is a word, not a subject, unless
/// it is a phrase.
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
    let linked = 1.0 + to_f64(named.len() - 1) / to_f64(SUBJECT_TERMS - 1);
    let score = to_f64(own.len()) * (to_f64(total) / to_f64(own.len())).ln().max(0.1) * linked;
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

/// The numbers of a term's stems, the unused places at the end empty.
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
    /// The places of the stories, in order, each once.
    stories: Vec<usize>,
    /// How it is written, and how often.
    spellings: BTreeMap<String, usize>,
}

impl TermStories {
    /// As it is written most often.
    fn written(&self) -> String {
        self.spellings
            .iter()
            .fold(("", 0), |most, (way, times)| if *times > most.1 { (way, *times) } else { most })
            .0
            .to_owned()
    }
}

impl TermIndex {
    fn of<'a>(stories: impl Iterator<Item = StoryFields<'a>>) -> Self {
        let mut reader = TermReader::default();
        let mut runs = Vec::new();
        for (place, fields) in stories.enumerate() {
            let read = reader.read(&fields, term_extraction::language(&fields));
            runs.extend(read.into_iter().map(|run| (place, run.text, run.words)));
        }
        // A phrase is rare if a part of it is: each length is counted among what is left of the
        // shorter ones.
        let mut terms: BTreeMap<TermStems, TermStories> = BTreeMap::new();
        for length in 1..=MAX_WORDS {
            let mut longer: BTreeMap<TermStems, TermStories> = BTreeMap::new();
            for (place, text, words) in &runs {
                for phrase in words.windows(length).filter(|phrase| may_recur(phrase, &terms)) {
                    let found = longer.entry(TermStems::of(phrase)).or_default();
                    if found.stories.last() != Some(place) {
                        found.stories.push(*place);
                    }
                    let written = &text[phrase[0].start..phrase[length - 1].end];
                    *found
                        .spellings
                        .entry(
                            written.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
                        )
                        .or_default() += 1;
                }
            }
            longer.retain(|_, found| found.stories.len() >= MIN_STORIES);
            terms.append(&mut longer);
        }
        Self { terms }
    }
}

/// Whether a phrase may be a term: it begins and ends with words that say something, and its parts
/// recur.
fn may_recur(phrase: &[Word], terms: &BTreeMap<TermStems, TermStories>) -> bool {
    let is_term = |words: &[Word]| terms.contains_key(&TermStems::of(words));
    match phrase {
        [only] => !only.is_stop_word,
        [first, .., last] if first.is_stop_word || last.is_stop_word => false,
        [first, last] => {
            is_term(std::slice::from_ref(first)) && is_term(std::slice::from_ref(last))
        }
        [first, inner, last] if inner.is_stop_word => {
            is_term(std::slice::from_ref(first)) && is_term(std::slice::from_ref(last))
        }
        _ => is_term(&phrase[..phrase.len() - 1]) && is_term(&phrase[1..]),
    }
}

/// Whether the words of `part` follow each other in `whole`.
fn contains(whole: &[u32], part: &[u32]) -> bool {
    whole.windows(part.len()).any(|words| words == part)
}

/// The log-likelihood ratio of two shares being different, 0 where the inside has no more than the
/// outside.
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

/// Stories are far fewer than a float counts exactly.
#[allow(clippy::cast_precision_loss)]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_grows_with_the_difference_and_with_the_number() {
        assert!(g2(5, 10, 5, 10).abs() < 1e-9);
        assert!(g2(0, 10, 5, 10).abs() < 1e-9);
        assert!(g2(9, 10, 1, 10) > g2(7, 10, 1, 10));
        assert!(g2(90, 100, 10, 100) > g2(9, 10, 1, 10));
        // By hand: 2·(5 ln 2 + 5 ln 2), all of the inside and nothing of the outside.
        assert!((g2(5, 5, 0, 5) - 20.0 * std::f64::consts::LN_2).abs() < 1e-9);
    }
}
