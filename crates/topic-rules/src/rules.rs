//! The compiled rules of all topics: scores, membership and fingerprint.
//!
//! [`Rules`] is the entry point.

use std::{fmt, sync::OnceLock};

use feed_model::{Exceptions, MatchField, SourceId, TermGroup, Topic, TopicId};

use super::{
    Classification, Reason, StoryFields,
    hits::{self, Tallies},
    language::Language,
    learn::{
        self, Evidence, Learner, LearnerProgress, RuleScore, RuleScoring, TOLERANCE,
        TrainingExample,
    },
    matcher::{Matcher, MatcherError, parse_term},
    phrase_trie::PhraseTrie,
    regex_prefilter::RegexPrefilter,
    term_extraction,
};

/// Part of every fingerprint. It is raised when the same rules classify differently than before.
const FINGERPRINT_VERSION: u8 = 2;

/// The error for rules that cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("topic `{topic}`: item {} of `{list}` is not a valid matcher", .index + 1)]
pub struct RulesError {
    /// The topic.
    pub topic: TopicId,
    /// The list.
    pub list: MatcherList,
    /// The index of the matcher in the list.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub error: MatcherError,
}

/// A list of matchers of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatcherList {
    /// `any`: each match adds to the score.
    Any,
    /// `all`: every matcher must match.
    All,
    /// `none`: no matcher may match.
    None,
    /// `terms`: each match adds to the score. The number is that of the group, from 0.
    Terms(usize),
    /// `except.words`: no matcher may match.
    ExceptWords,
    /// `except.title`: no matcher may match in the title.
    ExceptTitle,
}

impl fmt::Display for MatcherList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Terms(group) => write!(f, "terms[{group}].words"),
            Self::ExceptWords => f.write_str("except.words"),
            Self::ExceptTitle => f.write_str("except.title"),
        }
    }
}

/// Share of the threshold that supporting terms add at most.
const SUPPORT_SHARE: f64 = 0.5;

/// What the conditions of topics need of a story besides the hits.
struct StoryFacts<'f> {
    fields: &'f StoryFields<'f>,
    /// The language as a primary subtag; empty if no topic asks for it.
    language: String,
}

/// The rule of one topic. The lists are indexes into `Rules::matchers`.
#[derive(Debug)]
struct TopicRule {
    topic: TopicId,
    /// `any`, and `terms` without `supports`.
    any: Vec<usize>,
    /// `terms` with `supports`.
    supports: Vec<usize>,
    all: Vec<usize>,
    /// `none` and `except`.
    none: Vec<usize>,
    sources: Vec<SourceId>,
    excluded_sources: Vec<SourceId>,
    languages: Vec<String>,
    threshold: f64,
    learn: bool,
}

impl TopicRule {
    /// Returns whether a story comes from one of the topic's sources, or the topic has none.
    fn matches_source(&self, fields: &StoryFields<'_>) -> bool {
        self.sources.is_empty()
            || self.sources.iter().any(|source| fields.sources.contains(&source.as_str()))
    }

    /// Returns the source of a story that the topic leaves out, if all of its sources are left out.
    /// A story that another source has as well stays in the topic.
    fn excluded_source<'f>(&self, fields: &StoryFields<'f>) -> Option<&'f str> {
        let is_excluded =
            |source: &str| self.excluded_sources.iter().any(|id| id.as_str() == source);
        fields
            .sources
            .first()
            .copied()
            .filter(|_| fields.sources.iter().all(|source| is_excluded(source)))
    }

    /// Returns whether the topic takes stories in this language.
    fn matches_language(&self, tag: &str) -> bool {
        self.languages.is_empty() || self.languages.iter().any(|language| language == tag)
    }

    /// Returns whether no matcher of the topic adds to the score.
    fn has_no_scoring_matchers(&self) -> bool {
        self.any.is_empty() && self.supports.is_empty()
    }
}

/// The compiled rules of all topics.
///
/// The same rules and fields give the same classifications on every machine.
pub struct Rules {
    topics: Vec<TopicRule>,
    matchers: Vec<Matcher>,
    regexes: RegexPrefilter,
    /// One per language, built for the first story of the language.
    phrase_tries: [OnceLock<PhraseTrie>; Language::COUNT],
    /// Trained if a topic learns from labels.
    learner: Option<Learner>,
    fingerprint: [u8; 32],
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("topics", &self.topics)
            .field("matchers", &self.matchers)
            .finish_non_exhaustive()
    }
}

impl Rules {
    /// Compiles the rules of `topics`. Classifications have the same order.
    pub fn compile(topics: &[Topic]) -> Result<Self, RulesError> {
        let mut matchers = Vec::new();
        let mut rules = Vec::with_capacity(topics.len());
        for topic in topics {
            let mut add = |list: MatcherList,
                           texts: &[String],
                           group: &TermGroup|
             -> Result<Vec<usize>, RulesError> {
                let mut indexes = Vec::with_capacity(texts.len());
                for (index, text) in texts.iter().enumerate() {
                    let matcher = parse_term(text, group).map_err(|error| RulesError {
                        topic: topic.id.clone(),
                        list,
                        index,
                        error,
                    })?;
                    indexes.push(matchers.len());
                    matchers.push(matcher);
                }
                Ok(indexes)
            };
            let plain = TermGroup::default();
            let in_title = TermGroup { fields: vec![MatchField::Title], ..TermGroup::default() };
            let mut any = add(MatcherList::Any, &topic.any, &plain)?;
            let mut supports = Vec::new();
            for (index, group) in topic.terms.iter().enumerate() {
                let added = add(MatcherList::Terms(index), &group.words, group)?;
                if group.supports { &mut supports } else { &mut any }.extend(added);
            }
            let mut none = add(MatcherList::None, &topic.none, &plain)?;
            none.extend(add(MatcherList::ExceptWords, &topic.except.words, &plain)?);
            none.extend(add(MatcherList::ExceptTitle, &topic.except.title, &in_title)?);
            rules.push(TopicRule {
                topic: topic.id.clone(),
                any,
                supports,
                all: add(MatcherList::All, &topic.all, &plain)?,
                none,
                sources: topic.sources.clone(),
                excluded_sources: topic.excluded_sources.clone(),
                languages: topic.languages.clone(),
                threshold: topic.threshold,
                learn: topic.learn,
            });
        }
        Ok(Self {
            topics: rules,
            regexes: RegexPrefilter::new(&matchers),
            matchers,
            phrase_tries: std::array::from_fn(|_| OnceLock::new()),
            learner: None,
            fingerprint: fingerprint(topics),
        })
    }

    /// Classifies one story. Returns one classification per topic, in their order, with reasons for
    /// the topics that the story is in.
    pub fn classify(&self, fields: &StoryFields<'_>) -> Vec<Classification> {
        self.classifications(fields, false)
    }

    /// Classifies one story like [`classify`](Self::classify), with reasons for every topic.
    pub fn explain(&self, fields: &StoryFields<'_>) -> Vec<Classification> {
        self.classifications(fields, true)
    }

    fn classifications(&self, fields: &StoryFields<'_>, explain: bool) -> Vec<Classification> {
        let language = term_extraction::language(fields);
        let evidence = self
            .learner
            .as_ref()
            .map(|learner| learner.evidence(fields, language))
            .unwrap_or_default();
        let tallies = self.tallies(fields, language);
        let facts = self.facts(fields);
        let evidence_for = |topic: &TopicId| {
            evidence.iter().find(|(id, _)| *id == topic).map(|(_, evidence)| evidence)
        };
        self.topics
            .iter()
            .map(|rule| {
                self.classify_by_rule(rule, &facts, &tallies, evidence_for(&rule.topic), explain)
            })
            .collect()
    }

    /// Returns what the conditions of the topics need of a story besides the hits.
    fn facts<'f>(&self, fields: &'f StoryFields<'f>) -> StoryFacts<'f> {
        let needs_language = self.topics.iter().any(|rule| !rule.languages.is_empty());
        let language =
            if needs_language { term_extraction::language_tag(fields) } else { String::new() };
        StoryFacts { fields, language }
    }

    /// Returns what the matchers find in a story.
    fn tallies<'t>(&self, fields: &StoryFields<'t>, language: Language) -> Tallies<'t> {
        let phrase_trie = self.phrase_tries[language.index()]
            .get_or_init(|| PhraseTrie::new(language, self.matchers.iter()));
        hits::find(fields, &self.matchers, &self.regexes, phrase_trie)
    }

    /// Returns whether a matcher of the topic's `any` or `all` hits, regardless of the rest of the
    /// rule.
    pub(super) fn hits(&self, topic: &TopicId, fields: &StoryFields<'_>) -> bool {
        let tallies = self.tallies(fields, term_extraction::language(fields));
        let of_topic = self.topics.iter().filter(|rule| rule.topic == *topic);
        of_topic
            .flat_map(|rule| rule.any.iter().chain(&rule.supports).chain(&rule.all))
            .any(|index| tallies.is_hit(*index))
    }

    /// Returns the number of matchers. They are numbered by topic, and within a topic in the order
    /// `any`, `terms`, `none`, `except.words`, `except.title` and `all`.
    pub fn matcher_count(&self) -> usize {
        self.matchers.len()
    }

    /// Returns the matchers that hit a story, each with the field of its first hit, which has the
    /// most points.
    pub fn matcher_hits(&self, fields: &StoryFields<'_>) -> Vec<(usize, MatchField)> {
        let tallies = self.tallies(fields, term_extraction::language(fields));
        (0..self.matchers.len())
            .filter_map(|index| Some((index, tallies.get(index)?.first_field()?)))
            .collect()
    }

    /// Returns whether a topic learns from labels.
    pub fn has_learning_topics(&self) -> bool {
        self.topics.iter().any(|rule| rule.learn)
    }

    /// Trains the topics that learn from labels.
    ///
    /// `key` identifies the examples. It becomes part of the fingerprint, so that stories are
    /// classified again when the examples change.
    #[must_use]
    pub fn trained(mut self, examples: &[TrainingExample<'_>], key: &[u8]) -> Self {
        if self.has_learning_topics() {
            let topics = self
                .topics
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

    /// Returns the fingerprint that untrained rules will have after [training](Self::trained) with
    /// examples of this key.
    pub fn fingerprint_once_trained(&self, key: &[u8]) -> [u8; 32] {
        if !self.has_learning_topics() {
            return self.fingerprint;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.fingerprint).update(&[learn::VERSION]).update(key);
        *hasher.finalize().as_bytes()
    }

    /// Returns the progress of the topics that learn; empty before [training](Rules::trained).
    pub fn progress(&self) -> &[LearnerProgress] {
        self.learner.as_ref().map_or(&[], Learner::progress)
    }

    /// Returns a hash of everything that affects classifications. Titles and descriptions of topics
    /// do not.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Returns the topics in the order of the classifications.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        self.topics.iter().map(|rule| &rule.topic)
    }

    fn rule_score(
        &self,
        rule: &TopicRule,
        facts: &StoryFacts<'_>,
        tallies: &Tallies<'_>,
    ) -> RuleScore {
        let is_hit = |index: &usize| tallies.is_hit(*index);
        let support = self.points(&rule.supports, tallies).min(rule.threshold * SUPPORT_SHARE);
        RuleScore {
            conditions_met: rule.matches_source(facts.fields)
                && rule.excluded_source(facts.fields).is_none()
                && rule.matches_language(&facts.language)
                && rule.all.iter().all(is_hit)
                && !rule.none.iter().any(is_hit),
            score: self.points(&rule.any, tallies) + support,
            threshold: rule.threshold,
            is_evidence_only: rule.has_no_scoring_matchers(),
        }
    }

    /// Returns the points of all hits of some matchers.
    fn points(&self, matchers: &[usize], tallies: &Tallies<'_>) -> f64 {
        let points = |index: &usize| {
            tallies.get(*index).map(|tally| tally.points(self.matchers[*index].weight()))
        };
        // Unlike `sum`, this is not -0 without any points.
        matchers.iter().filter_map(points).fold(0.0, |sum, points| sum + points)
    }

    fn classify_by_rule(
        &self,
        rule: &TopicRule,
        facts: &StoryFacts<'_>,
        tallies: &Tallies<'_>,
        evidence: Option<&Evidence>,
        explain: bool,
    ) -> Classification {
        let rule_score = self.rule_score(rule, facts, tallies);
        let mut score = rule_score.score_with(evidence);
        if rule_score.is_evidence_only && !rule.learn && rule_score.conditions_met {
            score = rule.threshold;
        }
        let is_member = rule_score.conditions_met && score + TOLERANCE >= rule.threshold;
        let (mut reasons, mut reasons_against) = (Vec::new(), Vec::new());
        // Most stories are in few topics, so the reasons for the others are made on request only.
        if is_member || explain {
            reasons = self.reasons(rule, &rule_score, tallies, evidence);
            reasons_against = self.reasons_against(rule, facts, tallies, score, evidence);
        }
        Classification { topic: rule.topic.clone(), score, is_member, reasons, reasons_against }
    }

    /// Returns what was found.
    fn reasons(
        &self,
        rule: &TopicRule,
        rule_score: &RuleScore,
        tallies: &Tallies<'_>,
        evidence: Option<&Evidence>,
    ) -> Vec<Reason> {
        let found = |index: &usize| Some((&self.matchers[*index], tallies.get(*index)?));
        let required = rule.all.iter().filter_map(found).map(|(matcher, tally)| {
            Reason::RequiredFound { matcher: matcher.to_string(), found: tally.found_texts() }
        });
        let scored = |indexes: &'_ [usize], supports: bool| {
            let scored = indexes.iter().filter_map(found).map(|(matcher, tally)| Reason::Scored {
                matcher: matcher.to_string(),
                found: tally.found_texts(),
                points: tally.points(matcher.weight()),
                weight: matcher.weight(),
                supports,
            });
            scored.collect::<Vec<_>>()
        };
        let mut reasons: Vec<Reason> = required.collect();
        reasons.extend(scored(&rule.any, false));
        reasons.extend(scored(&rule.supports, true));
        let (support, limit) =
            (self.points(&rule.supports, tallies), rule.threshold * SUPPORT_SHARE);
        if support > limit {
            reasons.push(Reason::SupportLimited { points: support, limit });
        }
        if rule_score.conditions_met
            && rule.has_no_scoring_matchers()
            && !rule.learn
            && reasons.is_empty()
        {
            reasons.push(if rule.sources.is_empty() {
                Reason::Unconditional
            } else {
                Reason::FromSource { sources: rule.sources.clone() }
            });
        }
        reasons.extend(evidence.map(|evidence| Reason::Learnt {
            probability: evidence.probability,
            points: evidence.score(rule_score) - rule_score.score,
            words: evidence.words.clone(),
        }));
        reasons
    }

    /// Returns what was missing or forbidden.
    fn reasons_against(
        &self,
        rule: &TopicRule,
        facts: &StoryFacts<'_>,
        tallies: &Tallies<'_>,
        score: f64,
        evidence: Option<&Evidence>,
    ) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if !rule.matches_source(facts.fields) {
            reasons.push(Reason::OtherSource {
                allowed: rule.sources.clone(),
                actual: facts.fields.sources.iter().map(ToString::to_string).collect(),
            });
        }
        if let Some(source) = rule.excluded_source(facts.fields) {
            reasons.push(Reason::ExcludedSource { source: source.to_owned() });
        }
        if !rule.matches_language(&facts.language) {
            reasons.push(Reason::OtherLanguage {
                allowed: rule.languages.clone(),
                actual: facts.language.clone(),
            });
        }
        let missing = rule.all.iter().filter(|index| !tallies.is_hit(**index));
        reasons.extend(missing.map(|index| &self.matchers[*index]).map(|matcher| {
            Reason::RequiredMissing { matcher: matcher.to_string(), field: matcher.field() }
        }));
        let forbidden = rule
            .none
            .iter()
            .filter_map(|index| Some((&self.matchers[*index], tallies.get(*index)?)));
        reasons.extend(forbidden.map(|(matcher, tally)| Reason::ForbiddenFound {
            matcher: matcher.to_string(),
            found: tally.found_texts(),
        }));
        if score + TOLERANCE < rule.threshold {
            let threshold = rule.threshold;
            reasons.push(if rule.has_no_scoring_matchers() && evidence.is_none() {
                Reason::NoScoringMatchers { threshold }
            } else {
                Reason::BelowThreshold { score, threshold }
            });
            let progress = self.progress().iter().find(|progress| progress.topic == rule.topic);
            reasons.extend(
                progress
                    .filter(|progress| !progress.is_active())
                    .map(|progress| Reason::LearnerInactive(progress.reason)),
            );
        }
        reasons
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
        let facts = self.facts(fields);
        let rules =
            topics.iter().filter_map(|topic| self.topics.iter().find(|rule| rule.topic == *topic));
        rules.map(|rule| self.rule_score(rule, &facts, &tallies)).collect()
    }
}

fn fingerprint(topics: &[Topic]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[FINGERPRINT_VERSION]);
    // Texts and lists are preceded by their lengths, so that different rules have different inputs.
    let add_count = |hasher: &mut blake3::Hasher, count: usize| {
        hasher.update(&(count as u64).to_le_bytes());
    };
    for topic in topics {
        let texts =
            |list: &'_ [String]| list.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>();
        let sources = topic.sources.iter().map(|source| source.as_str().to_owned()).collect();
        add_count(&mut hasher, topic.id.as_str().len());
        hasher.update(topic.id.as_str().as_bytes());
        for list in [texts(&topic.any), texts(&topic.all), texts(&topic.none), sources] {
            add_count(&mut hasher, list.len());
            for text in list {
                add_count(&mut hasher, text.len());
                hasher.update(text.as_bytes());
            }
        }
        hasher.update(&topic.threshold.to_bits().to_le_bytes());
        hasher.update(&[u8::from(topic.learn)]);
        // Topics without these settings keep the fingerprint that they had before the settings
        // existed.
        if !topic.terms.is_empty() {
            hasher.update(format!("terms {:?}", topic.terms).as_bytes());
        }
        if topic.except != Exceptions::default() {
            hasher.update(format!("except {:?}", topic.except).as_bytes());
        }
        if !topic.excluded_sources.is_empty() {
            hasher.update(format!("exclude_sources {:?}", topic.excluded_sources).as_bytes());
        }
        if !topic.languages.is_empty() {
            hasher.update(format!("languages {:?}", topic.languages).as_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}
