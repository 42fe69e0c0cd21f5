#![doc = include_str!("../README.md")]

mod attribution;
mod draft;
mod headers;
mod html;
pub mod html_elements;
mod id;
pub mod language;
mod match_field;
pub mod months;
mod png_image;
mod poll;
mod problem;
pub mod public_address;
mod reservation;
pub mod site;
mod source;
pub mod stop_words;
mod story;
pub mod text;
pub mod time_zone;
mod topic;
pub mod tracking;

pub use attribution::AttributionMode;
pub use draft::{
    Category, DatePrecision, Document, Draft, Enclosure, Encoding, FeedMeta, FieldProvenance,
    Format, Guid, OriginSource, Person, PublishedDate, Repair, UpdateHints,
};
pub use headers::{Headers, Validators};
pub use html::SafeHtml;
pub use id::{EntryId, EntryKey, IdError, SourceId, StoryId, TopicId};
pub use match_field::MatchField;
pub use png_image::PngImage;
pub use poll::{MovedAddress, PollOutcome};
pub use problem::{Problem, Severity};
pub use reservation::Reservation;
pub use source::{
    Auth, ContentPolicy, FetchLimits, FollowMode, FollowTarget, FollowWay, HostPattern,
    HostPatternError, PageSelectors, PollPolicy, SitemapPatterns, Source, SourceHealth,
    SourceState,
};
pub use story::{DecidedBy, Duplicate, Membership, NonMembership, SourceRef, Story, StoryEntry};
pub use topic::{Exceptions, TermGroup, Topic, TopicState, Webhook, WebhookTemplate};

/// A time zone of the IANA database.
pub use chrono_tz::Tz as TimeZone;

/// A point in time in UTC. It is stored with millisecond precision.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
