//! Proposes the words of a new topic from its title and the stored stories.

use feed_model::{StoryId, Topic, TopicId};

use super::{SurveyedStory, suggest_terms};
use crate::{Classification, Reason, Rules, parse_matcher, term_extraction};

/// Number of proposed words besides the title.
const MAX_WORDS: usize = 6;

/// Share of a word's stories that must be in the topic.
const MIN_PRECISION: f64 = 0.75;

/// Share of the found stories that a proposed word must be in, and their number.
const MIN_SHARE: f64 = 0.1;
const MIN_STORIES: usize = 3;

/// Share of the threshold from which a story is a near miss.
const NEAR_MISS: f64 = 0.4;

/// Number of stories that the title must find before other words are derived from them.
const MIN_FOUND: usize = 2;

/// A story that would be in a proposed topic, or nearly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedStory {
    /// Its id.
    pub id: StoryId,
    /// Its title.
    pub title: String,
    /// The words that were found in it.
    pub words: Vec<String>,
}

/// The proposed words of a topic with their effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicProposal {
    /// The words, usable as matchers.
    pub words: Vec<String>,
    /// The stories that would be in the topic, in the given order.
    pub inside: Vec<ProposedStory>,
    /// The stories that would be in it if they scored a little more.
    pub near_misses: Vec<ProposedStory>,
}

impl TopicProposal {
    /// Returns the proposal for a title without any stories.
    pub fn of_title(title: &str, words: Option<Vec<String>>) -> Self {
        let words = words.unwrap_or_else(|| title_phrase(title).into_iter().collect());
        Self { words, inside: Vec::new(), near_misses: Vec::new() }
    }

    /// Returns the words after corrections. `wrong` and `right` are indexes of stories, those of
    /// near misses after those of the topic. A word that mostly finds wrong stories is dropped. The
    /// words of a right near miss weigh more, and those of its vocabulary become words of the
    /// topic.
    pub fn corrected(&self, wrong: &[usize], right: &[usize]) -> Vec<String> {
        let stories: Vec<&ProposedStory> = self.inside.iter().chain(&self.near_misses).collect();
        let has = |index: &usize, word: &String| {
            stories.get(*index).is_some_and(|story| story.words.contains(word))
        };
        let is_mostly_wrong = |word: &String| {
            let wrong = wrong.iter().filter(|index| has(index, word)).count();
            let all = self.inside.iter().filter(|story| story.words.contains(word)).count();
            wrong * 2 > all
        };
        let weighted = |word: &String| {
            let is_right = right.iter().any(|index| has(index, word));
            if is_right && !word.contains('^') { format!("{word}^2") } else { word.clone() }
        };
        let mut words: Vec<String> =
            self.words.iter().filter(|word| !is_mostly_wrong(word)).map(weighted).collect();
        for word in right.iter().filter_map(|index| stories.get(*index)).flat_map(|s| &s.words) {
            if !self.words.contains(word) && !words.contains(word) {
                words.push(word.clone());
            }
        }
        words
    }
}

/// Proposes words for a topic of this title, or shows the effect of `words`. `base` has what else
/// the topic consists of, such as a vocabulary.
pub fn propose_topic(
    title: &str,
    base: &Topic,
    words: Option<Vec<String>>,
    stories: &[SurveyedStory<'_>],
) -> TopicProposal {
    let words = words.unwrap_or_else(|| proposed_words(title, base, stories));
    let mut proposal = TopicProposal { words, inside: Vec::new(), near_misses: Vec::new() };
    let topic = Topic { any: proposal.words.clone(), ..base.clone() };
    if topic.any.is_empty() && topic.terms.is_empty() {
        return proposal;
    }
    let Ok(rules) = Rules::compile(std::slice::from_ref(&topic)) else {
        return proposal;
    };
    for story in stories {
        let classification = rules.explain(&story.fields).remove(0);
        let list = if classification.is_member {
            &mut proposal.inside
        } else if is_near_miss(&classification, topic.threshold)
            && !found_words(&classification).is_empty()
        {
            &mut proposal.near_misses
        } else {
            continue;
        };
        list.push(ProposedStory {
            id: story.id,
            title: story.fields.title.to_owned(),
            words: found_words(&classification),
        });
    }
    proposal
}

/// Returns whether nothing but some points is missing.
fn is_near_miss(classification: &Classification, threshold: f64) -> bool {
    let misses_points_only = classification
        .reasons_against
        .iter()
        .all(|reason| matches!(reason, Reason::BelowThreshold { .. }));
    misses_points_only && classification.score >= threshold * NEAR_MISS
}

fn found_words(classification: &Classification) -> Vec<String> {
    let word = |reason: &Reason| match reason {
        Reason::Scored { matcher, supports: false, .. } => Some(matcher.clone()),
        _ => None,
    };
    classification.reasons.iter().filter_map(word).collect()
}

/// Returns the title as a matcher, and terms that describe the stories that it finds. A topic with
/// a vocabulary needs none.
fn proposed_words(title: &str, base: &Topic, stories: &[SurveyedStory<'_>]) -> Vec<String> {
    if !base.terms.is_empty() {
        return Vec::new();
    }
    let mut words: Vec<String> = title_phrase(title).into_iter().collect();
    let single_words = title_words(title);
    let seeds = [
        Topic { any: words.clone(), ..base.clone() },
        Topic { all: single_words.clone(), ..Topic::new(base.id.clone()) },
        Topic { any: single_words, ..Topic::new(base.id.clone()) },
    ];
    for seed in seeds {
        if seed.any.is_empty() && seed.all.is_empty() {
            continue;
        }
        let Ok(rules) = Rules::compile(std::slice::from_ref(&seed)) else {
            continue;
        };
        let inside: Vec<bool> =
            stories.iter().map(|story| rules.classify(&story.fields)[0].is_member).collect();
        let found = inside.iter().filter(|is_inside| **is_inside).count();
        if found < MIN_FOUND {
            continue;
        }
        let (own, none): (&[TopicId], &[TopicId]) = (std::slice::from_ref(&base.id), &[]);
        let surveyed: Vec<SurveyedStory<'_>> = stories
            .iter()
            .zip(&inside)
            .map(|(story, is_inside)| SurveyedStory {
                topics: if *is_inside { own } else { none },
                labelled: false,
                ..*story
            })
            .collect();
        #[allow(clippy::cast_precision_loss)] // Few stories: a float counts them exactly.
        let is_precise = |inside: usize, outside: usize| {
            inside as f64 >= MIN_PRECISION * (inside + outside) as f64
                && inside >= MIN_STORIES.min(found)
                && inside as f64 >= MIN_SHARE * found as f64
        };
        let terms = suggest_terms(&base.id, &rules, &surveyed).terms;
        let precise = terms.into_iter().filter(|term| is_precise(term.inside, term.outside));
        words.extend(precise.map(|term| term.term).take(MAX_WORDS));
        break;
    }
    words.retain(|word| parse_matcher(word).is_ok());
    words
}

/// Returns the title as a matcher; `None` if it has no word.
fn title_phrase(title: &str) -> Option<String> {
    let words = all_words(title);
    let phrase = words.join(" ").to_lowercase();
    (!phrase.is_empty() && parse_matcher(&phrase).is_ok()).then_some(phrase)
}

/// Returns the words of a title that describe a subject.
fn title_words(title: &str) -> Vec<String> {
    let words = all_words(title).into_iter().map(str::to_lowercase);
    words.filter(|word| !term_extraction::is_stop_word(word)).collect()
}

fn all_words(title: &str) -> Vec<&str> {
    title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(id: i64, words: &[&str]) -> ProposedStory {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        ProposedStory { id: StoryId(id), title: String::new(), words }
    }

    #[test]
    fn corrections_drop_wrong_words_and_weigh_right_ones() {
        let proposal = TopicProposal {
            words: ["kafka", "log", "stream"].map(str::to_owned).to_vec(),
            inside: vec![story(1, &["kafka"]), story(2, &["log"]), story(3, &["log", "kafka"])],
            near_misses: vec![story(4, &["stream"])],
        };
        assert_eq!(proposal.corrected(&[1, 2], &[]), ["kafka", "stream"]);
        assert_eq!(proposal.corrected(&[], &[3]), ["kafka", "log", "stream^2"]);
        assert_eq!(proposal.corrected(&[9], &[9]), proposal.words);
        let of_vocabulary = TopicProposal { words: Vec::new(), ..proposal };
        assert_eq!(of_vocabulary.corrected(&[0], &[3]), ["stream"]);
    }

    #[test]
    fn a_title_is_a_phrase_of_its_words() {
        assert_eq!(
            title_phrase("Event / streaming: CI/CD^2").as_deref(),
            Some("event streaming ci cd 2")
        );
        assert_eq!(title_phrase("…"), None);
        assert_eq!(title_words("The state of the art"), ["state", "art"]);
    }
}
