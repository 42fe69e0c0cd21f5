//! The two publications as they stand in `data/demo/`, embedded in the program.

use std::{borrow::Cow, sync::LazyLock};

use chrono::{NaiveDate, NaiveTime};

use feed_model::{DatePrecision, PublishedDate};

/// Which of the two publications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicationName {
    /// serverless.fyi, played as RSS 2.0.
    Serverless,
    /// snackonai.com, played as JSON Feed 1.1.
    SnackOnAi,
}

impl PublicationName {
    /// Both, in the order in which they take turns.
    pub(super) const ALL: [Self; 2] = [Self::Serverless, Self::SnackOnAi];

    /// The first part of its paths on the origin.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Serverless => "serverless",
            Self::SnackOnAi => "snackonai",
        }
    }

    /// The publication of that path.
    pub(super) fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.path() == path)
    }

    /// The file name of its feed.
    pub(super) fn feed_file(self) -> &'static str {
        match self {
            Self::Serverless => "feed.xml",
            Self::SnackOnAi => "feed.json",
        }
    }

    /// The media type of its feed.
    pub(super) fn feed_type(self) -> &'static str {
        match self {
            Self::Serverless => "application/rss+xml",
            Self::SnackOnAi => "application/feed+json",
        }
    }

    /// What it publishes.
    pub(super) fn publication(self) -> &'static Publication {
        match self {
            Self::Serverless => &SERVERLESS,
            Self::SnackOnAi => &SNACK_ON_AI,
        }
    }
}

/// One publication.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Publication {
    /// Its real title.
    pub(super) title: String,
    /// Its real home page.
    pub(super) home: String,
    /// One line about it, written for the demo.
    pub(super) description: String,
    /// How many posts are there when the origin starts.
    pub(super) start: usize,
    /// Its posts, in the order in which they arrive.
    #[serde(rename = "post")]
    pub(super) posts: Vec<Post>,
}

/// One post of a publication.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Post {
    pub(super) title: String,
    pub(super) url: String,
    /// `2024-12-25` or `2024-12`; see [`Post::published`].
    date: Option<String>,
    /// Whether its feed item carries a guid.
    #[serde(default = "yes")]
    pub(super) guid: bool,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    body: String,
    /// The link of a post, in either publication, whose summary and body this one repeats.
    same_text_as: Option<String>,
}

fn yes() -> bool {
    true
}

impl Post {
    /// The date, as exactly as it is known.
    pub(super) fn published(&self) -> Option<PublishedDate> {
        let date = self.date.as_deref()?;
        let (text, precision) = match date.len() {
            7 => (Cow::Owned(format!("{date}-01")), DatePrecision::Month),
            _ => (Cow::Borrowed(date), DatePrecision::Day),
        };
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
            .expect("the dates of data/demo/ are tested");
        Some(PublishedDate { at: day.and_time(NaiveTime::MIN).and_utc(), precision })
    }

    /// One line about it.
    pub(super) fn summary(&self) -> &str {
        &self.text().summary
    }

    /// Its text, as HTML.
    pub(super) fn body(&self) -> &str {
        &self.text().body
    }

    /// The post whose text it carries: itself, but for a cross-post.
    fn text(&self) -> &Self {
        let Some(link) = &self.same_text_as else {
            return self;
        };
        PublicationName::ALL
            .into_iter()
            .flat_map(|name| &name.publication().posts)
            .find(|post| post.url == *link && post.same_text_as.is_none())
            .expect("the cross-posts of data/demo/ are tested")
    }
}

/// A post that exists in the demo alone; `{n}` in its body stands for its number.
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

/// The posts that go on when every real one has arrived, round and round.
pub(super) fn more_posts() -> &'static [MorePost] {
    &MORE.posts
}

fn embedded<T: serde::de::DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("the files of data/demo/ are tested")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_post_has_a_title_a_link_a_text_and_a_date_that_can_be_read() {
        for name in PublicationName::ALL {
            let publication = name.publication();
            assert!(
                publication.start < publication.posts.len(),
                "{}: something must be left to arrive",
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
    fn one_post_appears_in_both_publications_and_its_home_has_it_first() {
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
    fn a_month_is_told_as_a_month() {
        let published = PublicationName::Serverless.publication().posts[0].published().unwrap();
        assert_eq!(
            (published.at.to_rfc3339().as_str(), published.precision),
            ("2024-07-01T00:00:00+00:00", DatePrecision::Month)
        );
    }
}
