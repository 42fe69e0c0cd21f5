//! The rules of all topics, compiled: scores, membership and what they are known by.

use std::sync::OnceLock;

use feed_model::{SourceId, Topic, TopicId};

use super::hits::{self, Tallies};
use super::language::Language;
use super::learn::{
    self, Evidence, Learner, LearnerProgress, RuleScore, RuleScoring, TOLERANCE, TrainingExample,
};
use super::matcher::{Matcher, MatcherError, parse_matcher};
use super::phrase_trie::PhraseTrie;
use super::regex_prefilter::RegexPrefilter;
use super::{Classification, StoryFields, explanation, term_extraction};

/// What a matcher means, as a number: raised when the same text would classify_by_rule otherwise
/// than before.
const FINGERPRINT_VERSION: u8 = 1;

/// A language is detected from the title, the summary and this much of the text, in bytes.
pub(super) const LANGUAGE_SAMPLE_BYTES: usize = 600;

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
struct TopicRule {
    topic: TopicId,
    any: Vec<usize>,
    all: Vec<usize>,
    none: Vec<usize>,
    sources: Vec<SourceId>,
    threshold: f64,
    learn: bool,
}

impl TopicRule {
    /// Whether a story comes from one of the sources that the topic is limited to, if it is.
    fn matches_source(&self, fields: &StoryFields<'_>) -> bool {
        self.sources.is_empty()
            || self.sources.iter().any(|source| fields.sources.contains(&source.as_str()))
    }

    fn source_ids(&self) -> Vec<&str> {
        self.sources.iter().map(SourceId::as_str).collect()
    }
}

/// The rules of all topics, ready to classify.
pub struct Rules {
    topic_rules: Vec<TopicRule>,
    matchers: Vec<Matcher>,
    regexes: RegexPrefilter,
    /// One for each language, made when a story in it is met first.
    phrase_tries: [OnceLock<PhraseTrie>; Language::COUNT],
    /// What labels taught, where anything was to be learnt.
    learner: Option<Learner>,
    fingerprint: [u8; 32],
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules")
            .field("topic_rules", &self.topic_rules)
            .field("matchers", &self.matchers)
            .finish_non_exhaustive()
    }
}

impl Rules {
    /// Compiles the rules of `topics`, whose order the classifications keep.
    pub fn compile(topics: &[Topic]) -> Result<Self, RulesError> {
        let mut matchers = Vec::new();
        let mut topic_rules = Vec::with_capacity(topics.len());
        for topic in topics {
            let mut add =
                |list: &'static str, texts: &[String]| -> Result<Vec<usize>, RulesError> {
                    let mut places = Vec::with_capacity(texts.len());
                    for (index, text) in texts.iter().enumerate() {
                        let matcher = parse_matcher(text).map_err(|error| RulesError {
                            topic: topic.id.clone(),
                            list,
                            index,
                            error,
                        })?;
                        places.push(matchers.len());
                        matchers.push(matcher);
                    }
                    Ok(places)
                };
            topic_rules.push(TopicRule {
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
            topic_rules,
            regexes: RegexPrefilter::new(&matchers),
            matchers,
            phrase_tries: std::array::from_fn(|_| OnceLock::new()),
            learner: None,
            fingerprint: fingerprint(topics),
        })
    }

    /// Judges one story: one classification for each topic, in their order, with the reasons for
    /// those that it is in.
    pub fn classify(&self, fields: &StoryFields<'_>) -> Vec<Classification> {
        self.classifications(fields, false)
    }

    /// [`classify`](Self::classify) with reasons for every topic, also for those that the story is
    /// not in.
    pub fn explain(&self, fields: &StoryFields<'_>) -> Vec<Classification> {
        self.classifications(fields, true)
    }

    fn classifications(&self, fields: &StoryFields<'_>, explained: bool) -> Vec<Classification> {
        let language = term_extraction::language(fields);
        let evidence = self
            .learner
            .as_ref()
            .map(|learner| learner.evidence(fields, language))
            .unwrap_or_default();
        let tallies = self.tallies(fields, language);
        let of = |topic: &TopicId| {
            evidence.iter().find(|(id, _)| *id == topic).map(|(_, evidence)| evidence)
        };
        self.topic_rules
            .iter()
            .map(|rule| self.classify_by_rule(rule, fields, &tallies, of(&rule.topic), explained))
            .collect()
    }

    /// What the matchers find.
    fn tallies<'t>(&self, fields: &StoryFields<'t>, language: Language) -> Tallies<'t> {
        let phrase_trie = self.phrase_tries[language.index()]
            .get_or_init(|| PhraseTrie::new(language, self.matchers.iter()));
        hits::find(fields, &self.matchers, &self.regexes, phrase_trie)
    }

    /// Whether any matcher of a topic's `any` or `all` hits, whatever else its rule asks for.
    pub(super) fn hits(&self, topic: &TopicId, fields: &StoryFields<'_>) -> bool {
        let tallies = self.tallies(fields, term_extraction::language(fields));
        let of_topic = self.topic_rules.iter().filter(|rule| rule.topic == *topic);
        of_topic
            .flat_map(|rule| rule.any.iter().chain(&rule.all))
            .any(|place| tallies.is_hit(*place))
    }

    /// Whether any topic learns from labels.
    pub fn has_learning_topics(&self) -> bool {
        self.topic_rules.iter().any(|rule| rule.learn)
    }

    /// The same rules with what `examples` teach the topics that learn. `key` is what the examples
    /// are known by: it becomes part of the fingerprint, so that stories are sorted again when
    /// there are other examples.
    #[must_use]
    pub fn trained(mut self, examples: &[TrainingExample<'_>], key: &[u8]) -> Self {
        if self.has_learning_topics() {
            let topics = self
                .topic_rules
                .iter()
                .filter(|rule| rule.learn)
                .map(|rule| rule.topic.clone())
                .collect();
            self.learner = None;
            self.learner = Some(Learner::train(topics, examples, &self));
            self.fingerprint = self.fingerprint_once_trained(key);
        }
        self
    }

    /// What rules that were not [taught](Self::trained) will be known by when they are, by examples
    /// of this key.
    pub fn fingerprint_once_trained(&self, key: &[u8]) -> [u8; 32] {
        if !self.has_learning_topics() {
            return self.fingerprint;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.fingerprint).update(&[learn::VERSION]).update(key);
        *hasher.finalize().as_bytes()
    }

    /// How far the topics that learn have come; nothing before they were [taught](Rules::trained).
    pub fn progress(&self) -> &[LearnerProgress] {
        self.learner.as_ref().map_or(&[], Learner::progress)
    }

    /// What the rules are known by: changes when and only when what they say changes. Titles,
    /// descriptions and whatever else decides nothing leave it alone.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// The topics, in the order of the classifications.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        self.topic_rules.iter().map(|rule| &rule.topic)
    }

    fn rule_score(
        &self,
        rule: &TopicRule,
        fields: &StoryFields<'_>,
        tallies: &Tallies<'_>,
    ) -> RuleScore {
        let is_hit = |place: &usize| tallies.is_hit(*place);
        let points = |place: &usize| {
            tallies.get(*place).map(|tally| tally.points(self.matchers[*place].weight()))
        };
        RuleScore {
            conditions_met: rule.matches_source(fields)
                && rule.all.iter().all(is_hit)
                && !rule.none.iter().any(is_hit),
            score: rule.any.iter().filter_map(points).sum(),
            threshold: rule.threshold,
            is_evidence_only: rule.any.is_empty(),
        }
    }

    fn classify_by_rule(
        &self,
        rule: &TopicRule,
        fields: &StoryFields<'_>,
        tallies: &Tallies<'_>,
        evidence: Option<&Evidence>,
        explained: bool,
    ) -> Classification {
        let rule_score = self.rule_score(rule, fields, tallies);
        let mut score = rule_score.score_with(evidence);
        if rule_score.is_evidence_only && !rule.learn && rule_score.conditions_met {
            score = rule.threshold;
        }
        let is_member = rule_score.conditions_met && score + TOLERANCE >= rule.threshold;
        let (mut reasons, mut reasons_against) = (Vec::new(), Vec::new());
        // Most stories are in few of many topics, and nobody asks why not.
        if is_member || explained {
            reasons = self.reasons(rule, tallies, evidence, rule_score.conditions_met);
            reasons_against = self.reasons_against(rule, fields, tallies, score, evidence);
        }
        Classification { topic: rule.topic.clone(), score, is_member, reasons, reasons_against }
    }

    /// What was found, one sentence each.
    fn reasons(
        &self,
        rule: &TopicRule,
        tallies: &Tallies<'_>,
        evidence: Option<&Evidence>,
        conditions_met: bool,
    ) -> Vec<String> {
        let found = |place: &usize| Some((&self.matchers[*place], tallies.get(*place)?));
        let mut reasons: Vec<String> = rule
            .all
            .iter()
            .filter_map(found)
            .map(|(matcher, tally)| explanation::required_hit(matcher, tally))
            .collect();
        reasons.extend(
            rule.any
                .iter()
                .filter_map(found)
                .map(|(matcher, tally)| explanation::hit(matcher, tally)),
        );
        if conditions_met && rule.any.is_empty() && !rule.learn && reasons.is_empty() {
            reasons.push(explanation::unconditional(&rule.source_ids()));
        }
        if let Some(evidence) = evidence {
            reasons.push(explanation::learner_evidence(
                evidence,
                evidence.points(rule.threshold, rule.any.is_empty()),
            ));
        }
        reasons
    }

    /// What was missing or forbidden, one sentence each; nothing where nothing was.
    fn reasons_against(
        &self,
        rule: &TopicRule,
        fields: &StoryFields<'_>,
        tallies: &Tallies<'_>,
        score: f64,
        evidence: Option<&Evidence>,
    ) -> Vec<String> {
        let mut reasons_against = Vec::new();
        if !rule.matches_source(fields) {
            reasons_against.push(explanation::wrong_source(&rule.source_ids(), fields.sources));
        }
        let missing = rule.all.iter().filter(|place| !tallies.is_hit(**place));
        reasons_against.extend(missing.map(|place| explanation::missing(&self.matchers[*place])));
        let forbidden = rule.none.iter().filter_map(|place| Some((place, tallies.get(*place)?)));
        reasons_against.extend(
            forbidden.map(|(place, tally)| explanation::forbidden(&self.matchers[*place], tally)),
        );
        if score + TOLERANCE < rule.threshold {
            reasons_against.push(explanation::below_threshold(
                score,
                rule.threshold,
                rule.any.is_empty() && evidence.is_none(),
            ));
            // A learner that is held back is told of where it might have made a difference.
            if let Some(progress) = self
                .progress()
                .iter()
                .find(|progress| progress.topic == rule.topic && !progress.is_active)
            {
                reasons_against.push(explanation::learner_inactive(progress));
            }
        }
        reasons_against
    }
}

impl RuleScoring for Rules {
    fn rule_scores(
        &self,
        fields: &StoryFields<'_>,
        language: Language,
        topics: &[TopicId],
    ) -> Vec<RuleScore> {
        let tallies = self.tallies(fields, language);
        let rules = topics
            .iter()
            .filter_map(|topic| self.topic_rules.iter().find(|rule| rule.topic == *topic));
        rules.map(|rule| self.rule_score(rule, fields, &tallies)).collect()
    }
}

fn fingerprint(topics: &[Topic]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[FINGERPRINT_VERSION]);
    // Every text goes in behind its length, and every list behind its own, so that no two rules run
    // into one.
    let count = |hasher: &mut blake3::Hasher, count: usize| {
        hasher.update(&(count as u64).to_le_bytes());
    };
    for topic in topics {
        let texts =
            |list: &'_ [String]| list.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
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
