//! What a story says, as numbers: its words by their stems and its pairs of words, each weighted by
//! how rare it is.

use std::collections::HashMap;

use super::super::StoryFields;
use super::super::language::Language;
use super::super::term_extraction::{self, TermEvent, TermReader};
use super::super::tokenizer;
use super::{TrainingExample, linear_model::Vector};

/// A word or pair must stand in so many stories, where there are [`MANY_EXAMPLES`].
const MIN_STORIES: u32 = 2;

/// With fewer examples every word that a label has is worth keeping.
const MANY_EXAMPLES: usize = 1000;

/// A word, or two that follow each other, by the numbers of their stems.
type TermKey = (u32, u32);

/// The second half of a term that is a word alone.
const SINGLE_WORD: u32 = u32::MAX;

/// The terms that stand in several stories.
#[derive(Debug)]
pub(super) struct TfidfVectorizer {
    /// The numbers of the stems.
    stems: HashMap<String, u32>,
    /// The numbers of the terms that are kept.
    terms: HashMap<TermKey, u32>,
    /// How a term is written most often, by number.
    written: Vec<String>,
    /// The rarer, the more; by number.
    weights: Vec<f32>,
}

impl TfidfVectorizer {
    /// Reads all stories; those terms are kept that stand in several.
    pub(super) fn read(
        examples: &[TrainingExample<'_>],
        languages: &[Language],
    ) -> (Self, Vec<Vector>) {
        let mut reader = TermReader::default();
        let mut spelling_counts = SpellingCounts::default();
        let mut stories: HashMap<TermKey, (u32, u32)> = HashMap::new();
        let mut order: Vec<TermKey> = Vec::new();
        let mut counts: Vec<Vec<(TermKey, u32)>> = Vec::with_capacity(examples.len());
        let mut terms_seen = Vec::new();
        for (example, language) in examples.iter().zip(languages) {
            terms_seen.clear();
            for run in reader.read(&example.fields, *language) {
                let mut before = None;
                for word in &run.words {
                    spelling_counts.count(word.stem, word.written);
                    add_word(
                        &mut terms_seen,
                        &mut before,
                        Some(word.stem).filter(|_| !word.is_stop_word),
                    );
                }
            }
            let term_counts = term_counts(&mut terms_seen);
            for (term, _) in &term_counts {
                let next = order.len();
                let (times, _) = stories.entry(*term).or_insert_with(|| {
                    order.push(*term);
                    (0, u32::try_from(next).expect("there are fewer terms than u32 counts"))
                });
                *times += 1;
            }
            counts.push(term_counts);
        }
        let least = if examples.len() < MANY_EXAMPLES { 1 } else { MIN_STORIES };
        let (all, spelling_counts) = (to_f32(counts.len()), spelling_counts.most_often());
        let spellings = reader.spellings();
        let write = |stem: u32| spellings[spelling_counts[stem as usize] as usize];
        let mut tfidf = Self {
            stems: HashMap::new(),
            terms: HashMap::new(),
            written: Vec::new(),
            weights: Vec::new(),
        };
        for term in order {
            let times = stories[&term].0;
            if times < least {
                continue;
            }
            let number =
                u32::try_from(tfidf.written.len()).expect("there are fewer terms than u32 counts");
            tfidf.terms.insert(term, number);
            tfidf.weights.push(1.0 + ((all + 1.0) / (to_f32(times as usize) + 1.0)).ln());
            tfidf.written.push(match term {
                (stem, SINGLE_WORD) => write(stem).to_owned(),
                (first, second) => format!("{} {}", write(first), write(second)),
            });
        }
        tfidf.stems = reader.into_stems();
        let stories = counts.iter().map(|counts| tfidf.weigh(counts)).collect();
        (tfidf, stories)
    }

    /// How many terms there are.
    pub(super) fn len(&self) -> usize {
        self.written.len()
    }

    /// How a term is written most often.
    pub(super) fn written(&self, term: u32) -> &str {
        &self.written[term as usize]
    }

    /// What a story says.
    pub(super) fn vector(&self, fields: &StoryFields<'_>, language: Language) -> Vector {
        let stemmer = language.stemmer();
        let (mut terms_seen, mut before, mut folded) = (Vec::new(), None, String::new());
        term_extraction::for_each_word(fields, |piece| match piece {
            TermEvent::Word { text, start, end } => {
                tokenizer::fold_into(&text[start..end], &mut folded);
                let stem = if term_extraction::is_stop_word(&folded) {
                    None
                } else {
                    self.stems.get(stemmer.stem(&folded).as_ref())
                };
                add_word(&mut terms_seen, &mut before, stem.copied());
            }
            TermEvent::Break => before = None,
        });
        self.weigh(&term_counts(&mut terms_seen))
    }

    fn weigh(&self, counts: &[(TermKey, u32)]) -> Vector {
        let known =
            counts.iter().filter_map(|(term, times)| Some((*self.terms.get(term)?, *times)));
        let mut vector: Vector = known
            .map(|(number, times)| {
                (number, (1.0 + to_f32(times as usize).ln()) * self.weights[number as usize])
            })
            .collect();
        vector.sort_unstable_by_key(|(number, _)| *number);
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut vector {
            *weight /= length;
        }
        vector
    }
}

/// Takes a word in, and the pair that it makes with the one before; a word that says nothing parts
/// two.
fn add_word(terms_seen: &mut Vec<TermKey>, before: &mut Option<u32>, stem: Option<u32>) {
    if let Some(stem) = stem {
        terms_seen.push((stem, SINGLE_WORD));
        terms_seen.extend(before.map(|before| (before, stem)));
    }
    *before = stem;
}

/// How often each term was terms_seen, in the order of the terms.
fn term_counts(terms_seen: &mut [TermKey]) -> Vec<(TermKey, u32)> {
    terms_seen.sort_unstable();
    terms_seen
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX)))
        .collect()
}

/// How often each stem is written in which way.
#[derive(Default)]
struct SpellingCounts {
    /// By stem: the spelling_counts that were terms_seen, with their number.
    by_stem: Vec<Vec<(u32, u32)>>,
}

impl SpellingCounts {
    fn count(&mut self, stem: u32, written: u32) {
        let stem = stem as usize;
        if self.by_stem.len() <= stem {
            self.by_stem.resize_with(stem + 1, Vec::new);
        }
        match self.by_stem[stem].iter_mut().find(|(way, _)| *way == written) {
            Some((_, times)) => *times += 1,
            None => self.by_stem[stem].push((written, 1)),
        }
    }

    /// The way that was terms_seen most often, by stem; of equals the first.
    fn most_often(self) -> Vec<u32> {
        let most = |spelling_counts: &Vec<(u32, u32)>| {
            spelling_counts
                .iter()
                .fold((0, 0), |most, way| if way.1 > most.1 { *way } else { most })
                .0
        };
        self.by_stem.iter().map(most).collect()
    }
}

/// Stories are far fewer than a float counts exactly.
#[allow(clippy::cast_precision_loss)]
fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(title: &str) -> TrainingExample<'_> {
        TrainingExample { fields: StoryFields { title, ..StoryFields::default() }, label: None }
    }

    #[test]
    fn a_story_is_the_same_whether_it_was_read_before_or_is_read_now() {
        let examples =
            ["Vector clocks tick", "Vector clock ticks, and ticks", "The clock of a vector"]
                .map(example);
        let languages = [Language::ENGLISH; 3];
        let (tfidf, stories) = TfidfVectorizer::read(&examples, &languages);
        for (example, story) in examples.iter().zip(&stories) {
            assert_eq!(tfidf.vector(&example.fields, Language::ENGLISH), *story);
        }
        let written: Vec<&str> =
            (0..u32::try_from(tfidf.len()).unwrap()).map(|n| tfidf.written(n)).collect();
        assert_eq!(written, ["vector clock", "vector", "clock ticks", "clock", "ticks"]);
    }

    #[test]
    fn rare_terms_weigh_more_and_unknown_ones_nothing() {
        let examples =
            ["Kafka log", "Kafka log", "Kafka broker", "Kafka broker", "Kafka"].map(example);
        let (tfidf, stories) = TfidfVectorizer::read(&examples, &[Language::ENGLISH; 5]);
        let weight = |story: &Vector, term: &str| {
            story
                .iter()
                .find(|(number, _)| tfidf.written(*number) == term)
                .map(|(_, weight)| *weight)
        };
        assert!(weight(&stories[0], "log") > weight(&stories[0], "kafka"));
        assert!(tfidf.vector(&example("Cheese").fields, Language::ENGLISH).is_empty());
    }
}
