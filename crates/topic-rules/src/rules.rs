//! The rules of all topics, compiled: scores, membership and what they are known by.

use std::sync::OnceLock;

use feed_model::{SourceId, Topic, TopicId};

use super::beginnings::Beginnings;
use super::hits::{self, Tallies};
use super::language::Language;
use super::learn::{self, Evidence, Judge, Learner, Lesson, Progress, Standing, TOLERANCE};
use super::matcher::{Matcher, MatcherError, parse_matcher};
use super::vocabulary::Vocabulary;
use super::{Fields, Verdict, reason, terms};

/// What a matcher means, as a number: raised when the same text would decide otherwise than before.
const MEANING: u8 = 1;

/// A language is detected from the title, the summary and this much of the text, in bytes.
pub(super) const DETECTED_BYTES: usize = 600;

/// Why rules cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("topic `{topic}`: `{list}` has at place {} a text that is no matcher", .index + 1)]
pub struct RulesError {
    /// The topic.
    pub topic: TopicId,
    /// `any`, `all` or `none`.
    pub list: &'static str,
    /// The matcher's place in that list, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub error: MatcherError,
}

/// One topic's rule; lists are places in `Rules::matchers`.
#[derive(Debug)]
struct Rule {
    topic: TopicId,
    any: Vec<usize>,
    all: Vec<usize>,
    none: Vec<usize>,
    sources: Vec<SourceId>,
    threshold: f64,
    learn: bool,
}

impl Rule {
    /// Whether a story comes from one of the sources that the topic is limited to, if it is.
    fn is_from(&self, fields: &Fields<'_>) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|source| fields.sources.contains(&source.as_str()))
    }

    fn wanted(&self) -> Vec<&str> {
        self.sources.iter().map(SourceId::as_str).collect()
    }
}

/// The rules of all topics, ready to judge.
pub struct Rules {
    decisions: Vec<Rule>,
    matchers: Vec<Matcher>,
    regexes: Beginnings,
    /// One for each language, made when a story in it is met first.
    vocabularies: [OnceLock<Vocabulary>; Language::COUNT],
    /// What labels taught, where anything was to be learnt.
    learner: Option<Learner>,
    fingerprint: [u8; 32],
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("decisions", &self.decisions).field("matchers", &self.matchers).finish_non_exhaustive()
    }
}

impl Rules {
    /// Compiles the rules of `topics`, whose order the verdicts keep.
    pub fn compile(topics: &[Topic]) -> Result<Self, RulesError> {
        let mut matchers = Vec::new();
        let mut decisions = Vec::with_capacity(topics.len());
        for topic in topics {
            let mut add = |list: &'static str, texts: &[String]| -> Result<Vec<usize>, RulesError> {
                let mut places = Vec::with_capacity(texts.len());
                for (index, text) in texts.iter().enumerate() {
                    let matcher =
                        parse_matcher(text).map_err(|error| RulesError { topic: topic.id.clone(), list, index, error })?;
                    places.push(matchers.len());
                    matchers.push(matcher);
                }
                Ok(places)
            };
            decisions.push(Rule {
                topic: topic.id.clone(),
                any: add("any", &topic.any)?,
                all: add("all", &topic.all)?,
                none: add("none", &topic.none)?,
                sources: topic.sources.clone(),
                threshold: topic.threshold,
                learn: topic.learn,
            });
        }
        Ok(Self {
            decisions,
            regexes: Beginnings::new(&matchers),
            matchers,
            vocabularies: std::array::from_fn(|_| OnceLock::new()),
            learner: None,
            fingerprint: fingerprint(topics),
        })
    }

    /// Judges one story: one verdict for each topic, in their order, with the reasons for those that it is in.
    pub fn judge(&self, fields: &Fields<'_>) -> Vec<Verdict> {
        self.verdicts(fields, false)
    }

    /// [`judge`](Self::judge) with reasons for every topic, also for those that the story is not in.
    pub fn explain(&self, fields: &Fields<'_>) -> Vec<Verdict> {
        self.verdicts(fields, true)
    }

    fn verdicts(&self, fields: &Fields<'_>, explained: bool) -> Vec<Verdict> {
        let language = terms::language(fields);
        let evidence = self.learner.as_ref().map(|learner| learner.evidence(fields, language)).unwrap_or_default();
        let tallies = self.tallies(fields, language);
        let of = |topic: &TopicId| evidence.iter().find(|(id, _)| *id == topic).map(|(_, evidence)| evidence);
        self.decisions.iter().map(|rule| self.decide(rule, fields, &tallies, of(&rule.topic), explained)).collect()
    }

    /// What the matchers find.
    fn tallies<'t>(&self, fields: &Fields<'t>, language: Language) -> Tallies<'t> {
        let vocabulary = self.vocabularies[language.index()].get_or_init(|| Vocabulary::new(language, self.matchers.iter()));
        hits::find(fields, &self.matchers, &self.regexes, vocabulary)
    }

    /// Whether any matcher of a topic's `any` or `all` hits, whatever else its rule asks for.
    pub(super) fn hits(&self, topic: &TopicId, fields: &Fields<'_>) -> bool {
        let tallies = self.tallies(fields, terms::language(fields));
        let of_topic = self.decisions.iter().filter(|rule| rule.topic == *topic);
        of_topic.flat_map(|rule| rule.any.iter().chain(&rule.all)).any(|place| tallies.is_hit(*place))
    }

    /// Whether any topic learns from labels.
    pub fn learns(&self) -> bool {
        self.decisions.iter().any(|rule| rule.learn)
    }

    /// The same rules with what `lessons` teach the topics that learn. `key` is what the lessons are known by: it
    /// becomes part of the fingerprint, so that stories are sorted again when there are other lessons.
    #[must_use]
    pub fn taught(mut self, lessons: &[Lesson<'_>], key: &[u8]) -> Self {
        if self.learns() {
            let topics = self.decisions.iter().filter(|rule| rule.learn).map(|rule| rule.topic.clone()).collect();
            self.learner = None;
            self.learner = Some(Learner::train(topics, lessons, &self));
            self.fingerprint = self.fingerprint_once_taught(key);
        }
        self
    }

    /// What rules that were not [taught](Self::taught) will be known by when they are, by lessons of this key.
    pub fn fingerprint_once_taught(&self, key: &[u8]) -> [u8; 32] {
        if !self.learns() {
            return self.fingerprint;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.fingerprint).update(&[learn::VERSION]).update(key);
        *hasher.finalize().as_bytes()
    }

    /// How far the topics that learn have come; nothing before they were [taught](Rules::taught).
    pub fn progress(&self) -> &[Progress] {
        self.learner.as_ref().map_or(&[], Learner::progress)
    }

    /// What the rules are known by: changes when and only when what they say changes. Titles, descriptions and whatever
    /// else decides nothing leave it alone.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// The topics, in the order of the verdicts.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        self.decisions.iter().map(|rule| &rule.topic)
    }

    fn standing(&self, rule: &Rule, fields: &Fields<'_>, tallies: &Tallies<'_>) -> Standing {
        let is_hit = |place: &usize| tallies.is_hit(*place);
        let points = |place: &usize| tallies.get(*place).map(|tally| tally.points(self.matchers[*place].weight()));
        Standing {
            holds: rule.is_from(fields) && rule.all.iter().all(is_hit) && !rule.none.iter().any(is_hit),
            score: rule.any.iter().filter_map(points).sum(),
            threshold: rule.threshold,
            is_alone: rule.any.is_empty(),
        }
    }

    fn decide(
        &self,
        rule: &Rule,
        fields: &Fields<'_>,
        tallies: &Tallies<'_>,
        evidence: Option<&Evidence>,
        explained: bool,
    ) -> Verdict {
        let standing = self.standing(rule, fields, tallies);
        let mut score = standing.score_with(evidence);
        if standing.is_alone && !rule.learn && standing.holds {
            score = rule.threshold;
        }
        let member = standing.holds && score + TOLERANCE >= rule.threshold;
        let (mut because, mut lacking) = (Vec::new(), Vec::new());
        // Most stories are in few of many topics, and nobody asks why not.
        if member || explained {
            because = self.because(rule, tallies, evidence, standing.holds);
            lacking = self.lacking(rule, fields, tallies, score, evidence);
        }
        Verdict { topic: rule.topic.clone(), score, member, because, lacking }
    }

    /// What was found, one sentence each.
    fn because(&self, rule: &Rule, tallies: &Tallies<'_>, evidence: Option<&Evidence>, holds: bool) -> Vec<String> {
        let found = |place: &usize| Some((&self.matchers[*place], tallies.get(*place)?));
        let mut because: Vec<String> =
            rule.all.iter().filter_map(found).map(|(matcher, tally)| reason::needed(matcher, tally)).collect();
        because.extend(rule.any.iter().filter_map(found).map(|(matcher, tally)| reason::hit(matcher, tally)));
        if holds && rule.any.is_empty() && !rule.learn && because.is_empty() {
            because.push(reason::unconditional(&rule.wanted()));
        }
        if let Some(evidence) = evidence {
            because.push(reason::learnt(evidence, evidence.points(rule.threshold, rule.any.is_empty())));
        }
        because
    }

    /// What was missing or forbidden, one sentence each; nothing where nothing was.
    fn lacking(
        &self,
        rule: &Rule,
        fields: &Fields<'_>,
        tallies: &Tallies<'_>,
        score: f64,
        evidence: Option<&Evidence>,
    ) -> Vec<String> {
        let mut lacking = Vec::new();
        if !rule.is_from(fields) {
            lacking.push(reason::elsewhere(&rule.wanted(), fields.sources));
        }
        let missing = rule.all.iter().filter(|place| !tallies.is_hit(**place));
        lacking.extend(missing.map(|place| reason::missing(&self.matchers[*place])));
        let forbidden = rule.none.iter().filter_map(|place| Some((place, tallies.get(*place)?)));
        lacking.extend(forbidden.map(|(place, tally)| reason::forbidden(&self.matchers[*place], tally)));
        if score + TOLERANCE < rule.threshold {
            lacking.push(reason::short(score, rule.threshold, rule.any.is_empty() && evidence.is_none()));
            // A learner that is held back is told of where it might have made a difference.
            if let Some(progress) = self.progress().iter().find(|progress| progress.topic == rule.topic && !progress.counts) {
                lacking.push(reason::not_learnt(progress));
            }
        }
        lacking
    }
}

impl Judge for Rules {
    fn standings(&self, fields: &Fields<'_>, language: Language, topics: &[TopicId]) -> Vec<Standing> {
        let tallies = self.tallies(fields, language);
        let rules = topics.iter().filter_map(|topic| self.decisions.iter().find(|rule| rule.topic == *topic));
        rules.map(|rule| self.standing(rule, fields, &tallies)).collect()
    }
}

fn fingerprint(topics: &[Topic]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[MEANING]);
    // Every text goes in behind its length, and every list behind its own, so that no two rules run into one.
    let count = |hasher: &mut blake3::Hasher, count: usize| {
        hasher.update(&(count as u64).to_le_bytes());
    };
    for topic in topics {
        let texts = |list: &'_ [String]| list.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        let sources = topic.sources.iter().map(|source| source.as_str().to_owned()).collect();
        count(&mut hasher, topic.id.as_str().len());
        hasher.update(topic.id.as_str().as_bytes());
        for list in [texts(&topic.any), texts(&topic.all), texts(&topic.none), sources] {
            count(&mut hasher, list.len());
            for text in list {
                count(&mut hasher, text.len());
                hasher.update(text.as_bytes());
            }
        }
        hasher.update(&topic.threshold.to_bits().to_le_bytes());
        hasher.update(&[u8::from(topic.learn)]);
    }
    *hasher.finalize().as_bytes()
}
