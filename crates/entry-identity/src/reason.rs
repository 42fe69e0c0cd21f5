//! The reasons that are stored and shown with every decision, as types.
//!
//! The deciding code picks a variant and fills in what it measured. [`std::fmt::Display`] gives the
//! sentence.

use std::fmt;

use super::title_match::TitleRelation;

/// The reason why an item is an entry that its source already had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryMatchReason {
    /// The entry has the item's key.
    Key,
    /// The item's key is a further key of the entry.
    FurtherKey,
    /// The entry has the item's link and title, while the item's id belongs to several posts.
    LinkAndTitleOfSharedId,
    /// The entry has the item's id as its key, from the time before the ids were distrusted.
    DistrustedId,
    /// The entry's id differs only in scheme, host or tracking parameters.
    IdAlias,
    /// The entry is the only one with the item's link.
    Link,
    /// The entry has the item's title, text and date.
    TitleTextAndDate,
    /// The entry has the item's title, and the path of its link on another host.
    TitleAndPath,
    /// The entry has the item's publication time, and its text or title.
    PublicationTime,
    /// The document was rebuilt under new ids and links, and the title belongs to this entry alone.
    RebuiltDocument,
}

impl fmt::Display for EntryMatchReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "its key is known",
            Self::FurtherKey => "its key is known as a further key of the entry",
            Self::LinkAndTitleOfSharedId => {
                "its link and title are known, and several posts share its id"
            }
            Self::DistrustedId => {
                "its id is known, although this source's ids are no longer used as keys"
            }
            Self::IdAlias => "its id is known, except for scheme, host or tracking parameters",
            Self::Link => {
                "its link is known from one entry, and no other item of the document has it"
            }
            Self::TitleTextAndDate => "its title is known together with its text and date",
            Self::TitleAndPath => "its title is known together with its link on another host",
            Self::PublicationTime => {
                "its publication time is known together with its text or title"
            }
            Self::RebuiltDocument => {
                "most of the document has new ids and links, and this entry alone has its title"
            }
        })
    }
}

/// How two equal canonical links were written by their sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRelation {
    /// As one address, apart from scheme, `www.`, tracking parameters and fragment.
    Same,
    /// As variants of one address, such as the mobile and the desktop edition.
    Variants,
}

impl fmt::Display for LinkRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same link",
            Self::Variants => "links to variants of one page",
        })
    }
}

/// The reason why two entries of different sources are, or are not, the same story.
///
/// Similarities and shares are in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoryMatchReason {
    /// Both entries come from one source.
    SameSource,
    /// Same link, and both sources publish on the linked site.
    LinkOfBothSites,
    /// Both sources publish on the linked site, but title and text differ.
    LinkReused {
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Same link and similar texts.
    LinkAndText {
        /// How the links were written.
        link: LinkRelation,
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Same link and same title.
    LinkAndTitle {
        /// How the links were written.
        link: LinkRelation,
    },
    /// Same link, and one of the two has neither title nor text.
    LinkWithoutContent,
    /// Same link, and both are about the same subject.
    LinkAndSubject {
        /// Share of a title's words that both entries have.
        shared_words: u32,
    },
    /// Same link, but another subject.
    LinkOfOtherSubject {
        /// Share of a title's words that both entries have.
        shared_words: u32,
    },
    /// Same link, but neither title shows a subject.
    LinkOfUnknownSubject,
    /// Variants of one link, but other texts.
    LinkVariantsOfOtherText {
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Variants of one link, but another title.
    LinkVariantsOfOtherTitle,
    /// The incoming entry is a commentary on the page that both link to.
    IncomingIsCommentary {
        /// How the links were written.
        link: LinkRelation,
        /// Number of words of the commentary.
        words: u32,
        /// Similarity of the texts.
        similarity: u32,
    },
    /// The stored entry is a commentary on the page that both link to.
    CandidateIsCommentary {
        /// How the links were written.
        link: LinkRelation,
        /// Number of words of the commentary.
        words: u32,
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Neither link nor title is the same.
    NothingInCommon,
    /// The texts are similar, but the titles are unrelated.
    TextUnderOtherTitle {
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Related titles, but something other than the text shows that this is no copy.
    Objection {
        /// How the titles are related.
        title: TitleRelation,
        /// The objection.
        objection: CopyObjection,
    },
    /// Related titles and similar texts.
    TitleAndText {
        /// How the titles are related.
        title: TitleRelation,
        /// Similarity of the texts.
        similarity: u32,
        /// The similarity that this pair needs.
        needed: u32,
        /// Whether the decision also relied on the same second of publication.
        same_second: bool,
    },
    /// Related titles, and the shorter text is the beginning of the longer one.
    TitleAndExcerpt {
        /// How the titles are related.
        title: TitleRelation,
        /// How much of the shorter text is in the longer one.
        containment: u32,
    },
    /// Related titles, but the texts are not similar enough.
    TextTooDifferent {
        /// How the titles are related.
        title: TitleRelation,
        /// Similarity of the texts.
        similarity: u32,
        /// The similarity that this pair needs.
        needed: u32,
    },
    /// Similar texts that follow one template and name different things.
    FilledInTemplate {
        /// How the titles are related.
        title: TitleRelation,
        /// Similarity of the texts.
        similarity: u32,
    },
    /// Similar texts of equal length with different numbers or names.
    TemplateWithOtherFacts {
        /// How the titles are related.
        title: TitleRelation,
        /// Similarity of the texts.
        similarity: u32,
    },
}

impl fmt::Display for StoryMatchReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SameSource => f.write_str("another entry of the same source"),
            Self::LinkOfBothSites => f.write_str("same link, to a site that both sources publish"),
            Self::LinkReused { similarity } => {
                write!(f, "same link, but another title, and texts are only {similarity} % alike")
            }
            Self::LinkAndText { link, similarity } => {
                write!(f, "{link}, and texts are {similarity} % alike")
            }
            Self::LinkAndTitle { link } => write!(f, "{link} and same title"),
            Self::LinkWithoutContent => {
                f.write_str("same link, and one of the two has neither title nor text")
            }
            Self::LinkAndSubject { shared_words } => write!(
                f,
                "same link and same subject: {shared_words} % of a title's words are in both"
            ),
            Self::LinkOfOtherSubject { shared_words } => write!(
                f,
                "same link, but another subject: only {shared_words} % of a title's words are in \
                 both"
            ),
            Self::LinkOfUnknownSubject => {
                f.write_str("same link, but no title that shows the subject")
            }
            Self::LinkVariantsOfOtherText { similarity } => {
                write!(f, "{}, but texts are only {similarity} % alike", LinkRelation::Variants)
            }
            Self::LinkVariantsOfOtherTitle => {
                write!(f, "{}, but another title", LinkRelation::Variants)
            }
            Self::IncomingIsCommentary { link, words, similarity } => write!(
                f,
                "{link}, but this entry is a commentary: {words} words of its own, {similarity} % \
                 like the other's"
            ),
            Self::CandidateIsCommentary { link, words, similarity } => write!(
                f,
                "{link}, but the other entry is a commentary: {words} words of its own, \
                 {similarity} % like this one's"
            ),
            Self::NothingInCommon => f.write_str("neither link nor title is the same"),
            Self::TextUnderOtherTitle { similarity } => {
                write!(f, "texts are {similarity} % alike, but the titles are different")
            }
            Self::Objection { title, objection } => write!(f, "{title}, but {objection}"),
            Self::TitleAndText { title, similarity, needed, same_second } => {
                write!(f, "{title}, and texts are {similarity} % alike ({needed} % needed)")?;
                if same_second { f.write_str(", and published in the same second") } else { Ok(()) }
            }
            Self::TitleAndExcerpt { title, containment } => write!(
                f,
                "{title}, and the shorter text is the beginning of the longer one \
                 ({containment} % of it)"
            ),
            Self::TextTooDifferent { title, similarity, needed } => {
                write!(f, "{title}, but texts are only {similarity} % alike ({needed} % needed)")
            }
            Self::FilledInTemplate { title, similarity } => write!(
                f,
                "{title}, and texts are {similarity} % alike, but each has words in its opening \
                 that the other lacks"
            ),
            Self::TemplateWithOtherFacts { title, similarity } => write!(
                f,
                "{title}, and texts are {similarity} % alike and of one length, but each has a \
                 number or name that the other lacks"
            ),
        }
    }
}

/// What shows that an entry under a related title is no copy, however similar the texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyObjection {
    /// The shorter text has too few words to be compared.
    TooFewWords {
        /// Its number of words.
        words: u32,
    },
    /// The title has no distinctive word, as "v1.2.3" or "Episode 12".
    GenericTitle,
    /// The source already has an entry in the story.
    SourceIsInStory,
    /// The story already links to many pages, as form letters do.
    TooManyPages {
        /// Their number.
        pages: u32,
    },
    /// Both have audio or video files, and none in common.
    OtherMedia,
    /// A date is missing that this pair needs.
    NoDate,
    /// The entries were published too many days apart.
    DaysApart {
        /// Their number.
        days: i64,
    },
}

impl fmt::Display for CopyObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooFewWords { words } => {
                write!(f, "{words} words of text are too few to compare")
            }
            Self::GenericTitle => {
                f.write_str("it has no distinctive word besides numbers and version words")
            }
            Self::SourceIsInStory => f.write_str("its source already has an entry in that story"),
            Self::TooManyPages { pages } => {
                write!(f, "that story already links to {pages} pages")
            }
            Self::OtherMedia => f.write_str("different audio or video files"),
            Self::NoDate => f.write_str("a date is missing"),
            Self::DaysApart { days } => write!(f, "published {days} days apart"),
        }
    }
}
