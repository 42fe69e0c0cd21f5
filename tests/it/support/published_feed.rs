//! Published feeds, parsed by a feed reader of another project.

use feed_model::Timestamp;

/// A story as a feed reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    pub id: String,
    pub title: String,
    pub link: Option<String>,
    pub published: Option<Timestamp>,
    pub updated: Timestamp,
    pub text: String,
}

/// A feed in its three formats, and the stories that a feed reader finds in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedFeed {
    pub atom: String,
    pub rss: String,
    pub json: String,
    pub updated: Timestamp,
    pub stories: Vec<FeedItem>,
}

impl PublishedFeed {
    /// Parses the documents with independent parsers and asserts that they agree.
    pub fn parse(atom: String, rss: String, json: String) -> Self {
        let feed = feed_rs::parser::parse(atom.as_bytes()).unwrap();
        let stories: Vec<FeedItem> = feed
            .entries
            .iter()
            .map(|entry| FeedItem {
                id: entry.id.clone(),
                title: entry.title.as_ref().map(|t| t.content.clone()).unwrap_or_default(),
                link: entry
                    .links
                    .iter()
                    .find(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"))
                    .map(|l| l.href.clone()),
                published: entry.published,
                updated: entry.updated.unwrap(),
                text: entry.content.as_ref().and_then(|c| c.body.clone()).unwrap_or_default(),
            })
            .collect();
        let ids: Vec<&str> = stories.iter().map(|s| s.id.as_str()).collect();
        let titles: Vec<&str> = stories.iter().map(|s| s.title.as_str()).collect();

        let other = feed_rs::parser::parse(rss.as_bytes()).unwrap();
        assert_eq!(
            other.entries.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(),
            ids,
            "RSS has the ids of Atom in its order"
        );
        for (item, story) in other.entries.iter().zip(&stories) {
            let title = item.title.as_ref().map(|t| t.content.as_str()).unwrap_or_default();
            assert_eq!(title, story.title, "RSS has the titles of Atom");
            let link =
                item.links.iter().find(|l| l.rel.as_deref().is_none_or(|rel| rel == "alternate"));
            assert_eq!(link.map(|l| &l.href), story.link.as_ref(), "RSS has the links of Atom");
            // RSS items have no other time, and feed readers sort by it.
            assert!(
                story.published.is_none_or(|at| item.published == Some(at)),
                "RSS has the dates of Atom"
            );
        }

        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let items = value["items"].as_array().unwrap();
        let of = |name: &str| {
            items.iter().map(|item| item[name].as_str().unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(of("id"), ids, "JSON Feed has the ids of Atom in its order");
        assert_eq!(of("title"), titles, "JSON Feed has the titles of Atom");
        for (item, story) in items.iter().zip(&stories) {
            assert_eq!(
                item["url"].as_str(),
                story.link.as_deref(),
                "JSON Feed has the links of Atom"
            );
            let modified: Timestamp = item["date_modified"].as_str().unwrap().parse().unwrap();
            assert_eq!(modified, story.updated, "JSON Feed has the times of Atom");
        }
        Self { updated: feed.updated.unwrap(), stories, atom, rss, json }
    }

    pub fn titles(&self) -> Vec<&str> {
        self.stories.iter().map(|s| s.title.as_str()).collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.stories.iter().map(|s| s.id.as_str()).collect()
    }

    /// The story with this title.
    pub fn story(&self, title: &str) -> &FeedItem {
        self.stories
            .iter()
            .find(|s| s.title == title)
            .unwrap_or_else(|| panic!("`{title}` is not among {:?}", self.titles()))
    }

    /// Whether any of the three documents contains this text.
    pub fn mentions(&self, text: &str) -> bool {
        [&self.atom, &self.rss, &self.json].into_iter().any(|document| document.contains(text))
    }
}
