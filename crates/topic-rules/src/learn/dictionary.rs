//! What a story says, as numbers: its words by their stems and its pairs of words, each weighted by how rare it is.

use std::collections::HashMap;

use super::super::Fields;
use super::super::language::Language;
use super::super::terms::{self, Met, Terms};
use super::super::words;
use super::{Lesson, weights::Vector};

/// A word or pair must stand in so many stories, where there are [`MANY_LESSONS`].
const LEAST_STORIES: u32 = 2;

/// With fewer lessons every word that a label has is worth keeping.
const MANY_LESSONS: usize = 1000;

/// A word, or two that follow each other, by the numbers of their stems.
type Term = (u32, u32);

/// The second half of a term that is a word alone.
const ALONE: u32 = u32::MAX;

/// The terms that stand in several stories.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// The numbers of the stems.
    stems: HashMap<String, u32>,
    /// The numbers of the terms that are kept.
    terms: HashMap<Term, u32>,
    /// How a term is written most often, by number.
    written: Vec<String>,
    /// The rarer, the more; by number.
    weights: Vec<f32>,
}

impl Dictionary {
    /// Reads all stories; those terms are kept that stand in several.
    pub(super) fn read(lessons: &[Lesson<'_>], languages: &[Language]) -> (Self, Vec<Vector>) {
        let mut reader = Terms::default();
        let mut ways = Ways::default();
        let mut stories: HashMap<Term, (u32, u32)> = HashMap::new();
        let mut order: Vec<Term> = Vec::new();
        let mut counts: Vec<Vec<(Term, u32)>> = Vec::with_capacity(lessons.len());
        let mut met = Vec::new();
        for (lesson, language) in lessons.iter().zip(languages) {
            met.clear();
            for stretch in reader.read(&lesson.fields, *language) {
                let mut before = None;
                for word in &stretch.words {
                    ways.count(word.stem, word.written);
                    meet(&mut met, &mut before, Some(word.stem).filter(|_| !word.is_empty));
                }
            }
            let counted = counted(&mut met);
            for (term, _) in &counted {
                let next = order.len();
                let (times, _) = stories.entry(*term).or_insert_with(|| {
                    order.push(*term);
                    (0, u32::try_from(next).expect("there are fewer terms than u32 counts"))
                });
                *times += 1;
            }
            counts.push(counted);
        }
        let least = if lessons.len() < MANY_LESSONS { 1 } else { LEAST_STORIES };
        let (all, ways) = (real(counts.len()), ways.most_often());
        let writings = reader.writings();
        let write = |stem: u32| writings[ways[stem as usize] as usize];
        let mut dictionary = Self { stems: HashMap::new(), terms: HashMap::new(), written: Vec::new(), weights: Vec::new() };
        for term in order {
            let times = stories[&term].0;
            if times < least {
                continue;
            }
            let number = u32::try_from(dictionary.written.len()).expect("there are fewer terms than u32 counts");
            dictionary.terms.insert(term, number);
            dictionary.weights.push(1.0 + ((all + 1.0) / (real(times as usize) + 1.0)).ln());
            dictionary.written.push(match term {
                (stem, ALONE) => write(stem).to_owned(),
                (first, second) => format!("{} {}", write(first), write(second)),
            });
        }
        dictionary.stems = reader.into_stems();
        let stories = counts.iter().map(|counts| dictionary.weighed(counts)).collect();
        (dictionary, stories)
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
    pub(super) fn vector(&self, fields: &Fields<'_>, language: Language) -> Vector {
        let stemming = language.stemming();
        let (mut met, mut before, mut folded) = (Vec::new(), None, String::new());
        terms::meet(fields, |piece| match piece {
            Met::Word { text, start, end } => {
                words::fold_into(&text[start..end], &mut folded);
                let stem = if terms::is_empty(&folded) { None } else { self.stems.get(stemming.stem(&folded).as_ref()) };
                meet(&mut met, &mut before, stem.copied());
            }
            Met::Break => before = None,
        });
        self.weighed(&counted(&mut met))
    }

    fn weighed(&self, counts: &[(Term, u32)]) -> Vector {
        let known = counts.iter().filter_map(|(term, times)| Some((*self.terms.get(term)?, *times)));
        let mut vector: Vector =
            known.map(|(number, times)| (number, (1.0 + real(times as usize).ln()) * self.weights[number as usize])).collect();
        vector.sort_unstable_by_key(|(number, _)| *number);
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut vector {
            *weight /= length;
        }
        vector
    }
}

/// Takes a word in, and the pair that it makes with the one before; a word that says nothing parts two.
fn meet(met: &mut Vec<Term>, before: &mut Option<u32>, stem: Option<u32>) {
    if let Some(stem) = stem {
        met.push((stem, ALONE));
        met.extend(before.map(|before| (before, stem)));
    }
    *before = stem;
}

/// How often each term was met, in the order of the terms.
fn counted(met: &mut [Term]) -> Vec<(Term, u32)> {
    met.sort_unstable();
    met.chunk_by(|a, b| a == b).map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX))).collect()
}

/// How often each stem is written in which way.
#[derive(Default)]
struct Ways {
    /// By stem: the ways that were met, with their number.
    of_stem: Vec<Vec<(u32, u32)>>,
}

impl Ways {
    fn count(&mut self, stem: u32, written: u32) {
        let stem = stem as usize;
        if self.of_stem.len() <= stem {
            self.of_stem.resize_with(stem + 1, Vec::new);
        }
        match self.of_stem[stem].iter_mut().find(|(way, _)| *way == written) {
            Some((_, times)) => *times += 1,
            None => self.of_stem[stem].push((written, 1)),
        }
    }

    /// The way that was met most often, by stem; of equals the first.
    fn most_often(self) -> Vec<u32> {
        let most = |ways: &Vec<(u32, u32)>| ways.iter().fold((0, 0), |most, way| if way.1 > most.1 { *way } else { most }).0;
        self.of_stem.iter().map(most).collect()
    }
}

/// Stories are far fewer than a float counts exactly.
#[allow(clippy::cast_precision_loss)]
fn real(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(title: &str) -> Lesson<'_> {
        Lesson { fields: Fields { title, ..Fields::default() }, label: None }
    }

    #[test]
    fn a_story_is_the_same_whether_it_was_read_before_or_is_read_now() {
        let lessons = ["Vector clocks tick", "Vector clock ticks, and ticks", "The clock of a vector"].map(lesson);
        let languages = [Language::ENGLISH; 3];
        let (dictionary, stories) = Dictionary::read(&lessons, &languages);
        for (lesson, story) in lessons.iter().zip(&stories) {
            assert_eq!(dictionary.vector(&lesson.fields, Language::ENGLISH), *story);
        }
        let written: Vec<&str> = (0..u32::try_from(dictionary.len()).unwrap()).map(|n| dictionary.written(n)).collect();
        assert_eq!(written, ["vector clock", "vector", "clock ticks", "clock", "ticks"]);
    }

    #[test]
    fn rare_terms_weigh_more_and_unknown_ones_nothing() {
        let lessons = ["Kafka log", "Kafka log", "Kafka broker", "Kafka broker", "Kafka"].map(lesson);
        let (dictionary, stories) = Dictionary::read(&lessons, &[Language::ENGLISH; 5]);
        let weight = |story: &Vector, term: &str| {
            story.iter().find(|(number, _)| dictionary.written(*number) == term).map(|(_, weight)| *weight)
        };
        assert!(weight(&stories[0], "log") > weight(&stories[0], "kafka"));
        assert!(dictionary.vector(&lesson("Cheese").fields, Language::ENGLISH).is_empty());
    }
}
