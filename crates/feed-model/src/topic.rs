//! A topic as feeds.toml configures it, and its stored state.

use std::time::Duration;

use url::Url;

use super::{MatchField, PngImage, SourceId, Timestamp, TopicId};

/// A category of stories and the feed of them. The matchers are texts that the crate `topic-rules`
/// has checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Its name in feeds.toml and in URLs.
    pub id: TopicId,
    /// Its title.
    pub title: String,
    /// Its description, one sentence.
    pub description: Option<String>,
    /// Its icon. `None`: a drawn one.
    pub icon: Option<PngImage>,
    /// Matchers whose scores are added.
    pub any: Vec<String>,
    /// Further matchers whose scores are added, in groups: those of vocabularies, then its own.
    pub terms: Vec<TermGroup>,
    /// Matchers that must all hit.
    pub all: Vec<String>,
    /// Matchers that must not hit.
    pub none: Vec<String>,
    /// Exceptions, which must not hit either: those of vocabularies, then its own.
    pub except: Exceptions,
    /// The sources that it is limited to. Empty means every source.
    pub sources: Vec<SourceId>,
    /// Sources whose stories are left out.
    pub excluded_sources: Vec<SourceId>,
    /// The languages that it is limited to, as primary subtags of BCP 47. Empty means every
    /// language.
    pub languages: Vec<String>,
    /// The minimum score of a story.
    pub threshold: f64,
    /// Earlier ids. Their URLs redirect to this topic.
    pub former_ids: Vec<TopicId>,
    /// Whether labels train a classifier for it.
    pub learn: bool,
    /// A story that enters because a rule changed is added to the feed window only if it is younger
    /// than this.
    pub announce_within: Duration,
    /// Files with access tokens. If there are any, the topic is private.
    pub access: Vec<String>,
    /// Who is told of each new story.
    pub webhooks: Vec<Webhook>,
}

/// An address that is told of each new story of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// The file with the key that signs the requests.
    pub secret_file: Option<String>,
    /// The form of the message.
    pub template: WebhookTemplate,
}

/// The form of a message to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookTemplate {
    /// A JSON object with all fields of the story.
    Json,
    /// An incoming webhook of Slack, and of what imitates it.
    Slack,
    /// A webhook of Discord.
    Discord,
    /// A topic of ntfy.
    Ntfy,
    /// A webhook that posts to a Matrix room.
    Matrix,
    /// A text with fields in braces.
    Text(String),
}

/// A group of matchers that share their settings.
#[derive(Debug, Clone, PartialEq)]
pub struct TermGroup {
    /// Words, phrases or regexes.
    pub words: Vec<String>,
    /// The fields that the words are limited to. Empty means title, category, summary and content.
    pub fields: Vec<MatchField>,
    /// The weight of each word.
    pub weight: f64,
    /// Whether upper and lower case are different.
    pub exact_case: bool,
    /// Whether the words only support others. All such words of a topic together add at most half
    /// of its threshold.
    pub supports: bool,
}

impl Default for TermGroup {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            fields: Vec::new(),
            weight: 1.0,
            exact_case: false,
            supports: false,
        }
    }
}

/// Matchers that keep a story out of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions {
    /// Words anywhere in title, category, summary or content.
    pub words: Vec<String>,
    /// Words in the title.
    pub title: Vec<String>,
}

/// The state of a topic, as the command `topics` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicState {
    /// Its id.
    pub id: TopicId,
    /// Its title.
    pub title: String,
    /// Its description, one sentence.
    pub description: Option<String>,
    /// Number of stories that may be published.
    pub stories: u64,
    /// Number of those that are in its feed now. The others are on its pages and in its archives.
    pub in_feed: u64,
    /// Number of subscribers at our hub.
    pub subscribers: u64,
    /// When its newest story was first stored.
    pub latest: Option<Timestamp>,
}

impl Topic {
    /// Creates a topic without matchers and with the threshold 1. The id is also its title.
    pub fn new(id: TopicId) -> Self {
        Self {
            title: id.to_string(),
            id,
            description: None,
            icon: None,
            any: Vec::new(),
            terms: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            except: Exceptions::default(),
            sources: Vec::new(),
            excluded_sources: Vec::new(),
            languages: Vec::new(),
            threshold: 1.0,
            former_ids: Vec::new(),
            learn: false,
            announce_within: Duration::ZERO,
            access: Vec::new(),
            webhooks: Vec::new(),
        }
    }
}
