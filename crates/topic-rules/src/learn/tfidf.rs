//! tf-idf vectors of stories. Terms are the stems of words and of pairs of consecutive words.

use std::collections::HashMap;

use super::{
    super::{
        StoryFields,
        language::Language,
        term_extraction::{self, TermEvent, TermReader},
        tokenizer,
    },
    linear_model::Vector,
    training_example::TrainingExample,
};

/// Number of stories that must have a term, from [`MANY_EXAMPLES`] on.
const MIN_STORIES: u32 = 2;

/// Number of examples below which every term is kept.
const MANY_EXAMPLES: usize = 1000;

/// The numbers of the stems of a word or of two consecutive words.
type TermKey = (u32, u32);

/// The second half of the key of a single word.
const SINGLE_WORD: u32 = u32::MAX;

/// The vocabulary with its weights.
#[derive(Debug)]
pub(super) struct TfidfVectorizer {
    /// The numbers of the stems.
    stems: HashMap<String, u32>,
    /// The numbers of the terms that are kept.
    terms: HashMap<TermKey, u32>,
    /// The most frequent spelling of each term, by number.
    written: Vec<String>,
    /// The inverse document frequency of each term, by number.
    weights: Vec<f32>,
}

impl TfidfVectorizer {
    /// Builds the vocabulary from all stories. Returns it with the vectors of the stories.
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
                        Some(word.stem).filter(|_| !word.is_stop),
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
        let min_stories = if examples.len() < MANY_EXAMPLES { 1 } else { MIN_STORIES };
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
            if times < min_stories {
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

    /// Returns the number of terms.
    pub(super) fn len(&self) -> usize {
        self.written.len()
    }

    /// Returns the most frequent spelling of a term.
    pub(super) fn written(&self, term: u32) -> &str {
        &self.written[term as usize]
    }

    /// Returns the vector of a story.
    pub(super) fn vector(&self, fields: &StoryFields<'_>, language: Language) -> Vector {
        let stemmer = language.stemmer();
        let (mut terms_seen, mut before, mut folded) = (Vec::new(), None, String::new());
        term_extraction::for_each_word(fields, |event| match event {
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

/// Adds a word, and the pair that it forms with the previous one. A stop word (`None`) separates
/// pairs.
fn add_word(terms_seen: &mut Vec<TermKey>, before: &mut Option<u32>, stem: Option<u32>) {
    if let Some(stem) = stem {
        terms_seen.push((stem, SINGLE_WORD));
        terms_seen.extend(before.map(|before| (before, stem)));
    }
    *before = stem;
}

/// Counts each term. The result is sorted by term.
fn term_counts(terms_seen: &mut [TermKey]) -> Vec<(TermKey, u32)> {
    terms_seen.sort_unstable();
    terms_seen
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX)))
        .collect()
}

/// The spellings of each stem and how often each occurs.
#[derive(Default)]
struct SpellingCounts {
    /// By stem: spellings with their counts.
    by_stem: Vec<Vec<(u32, u32)>>,
}

impl SpellingCounts {
    fn count(&mut self, stem: u32, written: u32) {
        let stem = stem as usize;
        if self.by_stem.len() <= stem {
            self.by_stem.resize_with(stem + 1, Vec::new);
        }
        match self.by_stem[stem].iter_mut().find(|(spelling, _)| *spelling == written) {
            Some((_, times)) => *times += 1,
            None => self.by_stem[stem].push((written, 1)),
        }
    }

    /// Returns the most frequent spelling of each stem; of equally frequent ones the first.
    fn most_often(self) -> Vec<u32> {
        let most = |counts: &Vec<(u32, u32)>| {
            counts
                .iter()
                .fold((0, 0), |most, counted| if counted.1 > most.1 { *counted } else { most })
                .0
        };
        self.by_stem.iter().map(most).collect()
    }
}

// Few stories: a float counts them exactly.
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
    fn training_and_prediction_give_the_same_vector() {
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
    fn rare_terms_weigh_more_and_unknown_terms_nothing() {
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
