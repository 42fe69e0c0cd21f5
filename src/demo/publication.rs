//! The two publications of `data/demo/`, embedded in the program.

use std::{borrow::Cow, sync::LazyLock};

use chrono::{NaiveDate, NaiveTime};

use feed_model::{DatePrecision, PublishedDate};

/// The name of one of the two publications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicationName {
    /// serverless.fyi, played as RSS 2.0.
    Serverless,
    /// snackonai.com, played as JSON Feed 1.1.
    SnackOnAi,
}

impl PublicationName {
    /// Both names, in the order in which their posts arrive.
    pub(super) const ALL: [Self; 2] = [Self::Serverless, Self::SnackOnAi];

    /// Returns the first segment of its paths on the origin.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::SnackOnAi => "snackonai",
        }
    }

    /// Returns the publication with that path.
    pub(super) fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.path() == path)
    }

    /// Returns the file name of its feed.
    pub(super) fn feed_file(self) -> &'static str {
        match self {
            Self::Serverless => "feed.xml",
            Self::SnackOnAi => "feed.json",
        }
    }

    /// Returns the media type of its feed.
    pub(super) fn feed_type(self) -> &'static str {
        match self {
            Self::Serverless => "application/rss+xml",
            Self::SnackOnAi => "application/feed+json",
        }
    }

    /// Returns the publication.
    pub(super) fn publication(self) -> &'static Publication {
        match self {
            Self::Serverless => &SERVERLESS,
            Self::SnackOnAi => &SNACK_ON_AI,
        }
    }
}

/// A publication.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Publication {
    /// The real title.
    pub(super) title: String,
    /// The real home page.
    pub(super) home: String,
    /// A description of one line, written for the demo.
    pub(super) description: String,
    /// The number of posts that exist when the origin starts.
    pub(super) start: usize,
    /// The posts in the order of arrival.
    #[serde(rename = "post")]
    pub(super) posts: Vec<Post>,
}

/// A post of a publication.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Post {
    pub(super) title: String,
    pub(super) url: String,
    /// `2024-12-25` or `2024-12`, see [`Post::published`].
    date: Option<String>,
    /// Whether the feed item has a guid.
    #[serde(default = "yes")]
    pub(super) guid: bool,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    body: String,
    /// The link of the post, in either publication, whose summary and body this post repeats.
    same_text_as: Option<String>,
}

fn yes() -> bool {
    true
}

impl Post {
    /// Returns the date with its precision.
    pub(super) fn published(&self) -> Option<PublishedDate> {
        let date = self.date.as_deref()?;
        let (text, precision) = match date.len() {
            7 => (Cow::Owned(format!("{date}-01")), DatePrecision::Month),
            _ => (Cow::Borrowed(date), DatePrecision::Day),
        };
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
            .expect("the dates in data/demo/ are valid (tested)");
        Some(PublishedDate { at: day.and_time(NaiveTime::MIN).and_utc(), precision })
    }

    /// Returns the summary of one line.
    pub(super) fn summary(&self) -> &str {
        &self.text().summary
    }

    /// Returns the text as HTML.
    pub(super) fn body(&self) -> &str {
        &self.text().body
    }

    /// Returns the post that has the text: the original of a cross-post, else this post.
    fn text(&self) -> &Self {
        let Some(link) = &self.same_text_as else {
            return self;
        };
        PublicationName::ALL
            .into_iter()
            .flat_map(|name| &name.publication().posts)
            .find(|post| post.url == *link && post.same_text_as.is_none())
            .expect("every cross-post in data/demo/ has an original (tested)")
    }
}

/// A template of generated demo posts. `{n}` in the body is replaced by the number of the post.
#[derive(Debug, serde::Deserialize)]
pub(super) struct MorePost {
    pub(super) subject: String,
    pub(super) summary: String,
    pub(super) body: String,
}

#[derive(serde::Deserialize)]
struct More {
    #[serde(rename = "post")]
    posts: Vec<MorePost>,
}

static SERVERLESS: LazyLock<Publication> =
    LazyLock::new(|| embedded(include_str!("../../data/demo/serverless.toml")));
static SNACK_ON_AI: LazyLock<Publication> =
    LazyLock::new(|| embedded(include_str!("../../data/demo/snackonai.toml")));
static MORE: LazyLock<More> = LazyLock::new(|| embedded(include_str!("../../data/demo/more.toml")));

/// Returns the templates of the demo posts that follow the real posts, used in turn.
pub(super) fn more_posts() -> &'static [MorePost] {
    &MORE.posts
}

fn embedded<T: serde::de::DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("the files in data/demo/ are valid (tested)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_post_has_title_link_text_and_a_valid_date() {
        for name in PublicationName::ALL {
            let publication = name.publication();
            assert!(
                publication.start < publication.posts.len(),
                "{}: no post left to arrive",
                publication.title
            );
            for post in &publication.posts {
                assert!(!post.title.is_empty());
                assert!(post.url.starts_with("https://"), "{}", post.title);
                assert!(!post.summary().is_empty(), "{}", post.title);
                assert!(post.body().matches("<p>").count() >= 3, "{}", post.title);
                assert_eq!(post.published().is_some(), post.date.is_some(), "{}", post.title);
            }
        }
        assert!(
            more_posts().iter().all(|post| post.body.contains("{n}") && !post.summary.is_empty())
        );
    }

    #[test]
    fn the_cross_post_arrives_after_its_original() {
        let posts = &PublicationName::SnackOnAi.publication().posts;
        let (at, cross_post) =
            posts.iter().enumerate().find(|(_, post)| post.same_text_as.is_some()).unwrap();
        let original = PublicationName::Serverless
            .publication()
            .posts
            .iter()
            .position(|post| Some(&post.url) == cross_post.same_text_as.as_ref());
        assert!(
            original.unwrap() - PublicationName::Serverless.publication().start
                < at - PublicationName::SnackOnAi.publication().start
        );
        assert_eq!(
            cross_post.body(),
            PublicationName::Serverless.publication().posts[original.unwrap()].body()
        );
    }

    #[test]
    fn a_date_without_day_has_the_precision_of_a_month() {
        let published = PublicationName::Serverless.publication().posts[0].published().unwrap();
        assert_eq!(
            (published.at.to_rfc3339().as_str(), published.precision),
            ("2024-07-01T00:00:00+00:00", DatePrecision::Month)
        );
    }
}
