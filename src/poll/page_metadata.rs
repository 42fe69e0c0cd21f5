//! Metadata of a page from its sitemap, its index page, or its own head.
//!
//! It is stored with the page as JSON. It completes the entry when the page is fetched later, or
//! when the index page is read again.

use url::Url;

use feed_model::{Category, DatePrecision, Draft, Person, PublishedDate, Timestamp};
use site_discovery::SitemapPage;

/// The metadata of a page.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct PageMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<PublishedDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Person>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Category>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// A description that several pages of the site have, and that is not about any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) site_description: Option<String>,
}

impl PageMetadata {
    /// Returns the data of a sitemap's news and image extensions. `lastmod` is not used: it is not
    /// a date of publication.
    pub(super) fn from_sitemap(page: &SitemapPage) -> Self {
        Self {
            title: page.news_title.clone(),
            published: page.news_published,
            image: page.image.clone(),
            ..Self::default()
        }
    }

    /// Returns the metadata of a draft.
    pub(super) fn from_draft(draft: &Draft) -> Self {
        Self {
            title: draft.title.clone(),
            published: draft.published,
            updated: draft.updated,
            summary: draft.summary.as_ref().map(|html| html.as_str().to_owned()),
            content: draft.content.as_ref().map(|html| html.as_str().to_owned()),
            authors: draft.authors.clone(),
            categories: draft.categories.clone(),
            image: draft.image.clone(),
            language: draft.language.clone(),
            site_description: None,
        }
    }

    /// Returns the title.
    pub(super) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns whether the metadata has all that a page's own head would be fetched for.
    pub(super) fn is_complete(&self) -> bool {
        self.title.is_some() && self.published.is_some() && self.summary.is_some()
    }

    /// Fills the empty fields from other metadata of the same page.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            published: self.published.or(other.published),
            updated: self.updated.or(other.updated),
            summary: self.summary.or(other.summary),
            content: self.content.or(other.content),
            authors: if self.authors.is_empty() { other.authors } else { self.authors },
            categories: if self.categories.is_empty() { other.categories } else { self.categories },
            image: self.image.or(other.image),
            language: self.language.or(other.language),
            site_description: self.site_description.or(other.site_description),
        }
    }

    /// Replaces a summary that describes the site.
    pub(super) fn replace_site_description(&mut self, description: &str, summary: Option<String>) {
        self.summary = summary;
        self.site_description = Some(description.to_owned());
    }

    /// Parses stored metadata. Invalid JSON counts as empty.
    pub(super) fn from_json(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Returns the JSON to store, or `None` if the metadata is empty.
    pub(super) fn to_json(&self) -> Option<String> {
        if *self == Self::default() { None } else { serde_json::to_string(self).ok() }
    }

    /// Fills the empty fields of a draft. A more precise date replaces one of the same day or
    /// month.
    pub(super) fn fill_gaps(self, draft: &mut Draft, base: &Url) {
        // Stored HTML is sanitised again: the database is not trusted.
        let html = |text: Option<String>| {
            text.map(|text| feed_parser::sanitise(&text, base)).filter(|html| !html.is_empty())
        };
        draft.title = draft.title.take().or(self.title);
        draft.summary = draft.summary.take().or_else(|| html(self.summary));
        draft.content = draft.content.take().or_else(|| html(self.content));
        draft.updated = draft.updated.or(self.updated);
        draft.image = draft.image.take().or(self.image);
        draft.language = draft.language.take().or(self.language);
        if draft.authors.is_empty() {
            draft.authors = self.authors;
        }
        for category in self.categories {
            let known = |c: &Category| {
                c.scheme == category.scheme && c.term.to_lowercase() == category.term.to_lowercase()
            };
            if !draft.categories.iter().any(known) {
                draft.categories.push(category);
            }
        }
        if let Some(date) = self.published
            && draft.published.is_none_or(|known| is_more_precise(date, known))
        {
            draft.published = Some(date);
        }
    }
}

/// Returns whether a date is the same as a known one, but more precise.
fn is_more_precise(date: PublishedDate, known: PublishedDate) -> bool {
    let same = match known.precision {
        DatePrecision::Month => {
            date.at.format("%Y-%m").to_string() == known.at.format("%Y-%m").to_string()
        }
        // The day depends on the publisher's time zone, so one day of difference is allowed.
        DatePrecision::Day => (date.at - known.at).num_hours().abs() < 48,
        DatePrecision::Second => false,
    };
    date.precision > known.precision && same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: u32, hour: u32, precision: DatePrecision) -> PublishedDate {
        let at = chrono::NaiveDate::from_ymd_opt(2026, 5, day)
            .unwrap()
            .and_hms_opt(hour, 0, 0)
            .unwrap()
            .and_utc();
        PublishedDate { at, precision }
    }

    #[test]
    fn metadata_fills_gaps_and_refines_dates_only() {
        let base = Url::parse("https://example.org/a").unwrap();
        let head = Draft {
            title: Some("Their title".into()),
            summary: Some(feed_parser::sanitise("A <b>line</b>", &base)),
            published: Some(date(3, 9, DatePrecision::Second)),
            categories: vec![Category::term("Kafka"), Category::term("Logs")],
            ..Draft::default()
        };
        let stored = PageMetadata::from_draft(&head).to_json();
        let mut draft = Draft {
            title: Some("Our title".into()),
            published: Some(date(3, 0, DatePrecision::Day)),
            categories: vec![Category::term("kafka")],
            ..Draft::default()
        };
        PageMetadata::from_json(stored.as_deref()).fill_gaps(&mut draft, &base);
        assert_eq!(draft.title.as_deref(), Some("Our title"));
        assert_eq!(draft.summary.as_ref().map(feed_model::SafeHtml::as_str), Some("A <b>line</b>"));
        assert_eq!(draft.published, head.published);
        let terms: Vec<&str> = draft.categories.iter().map(|c| c.term.as_str()).collect();
        assert_eq!(terms, ["kafka", "Logs"]);
    }

    #[test]
    fn a_different_or_less_precise_date_is_ignored() {
        assert!(is_more_precise(
            date(3, 9, DatePrecision::Second),
            date(1, 0, DatePrecision::Month)
        ));
        assert!(!is_more_precise(
            date(9, 9, DatePrecision::Second),
            date(3, 0, DatePrecision::Day)
        ));
        assert!(!is_more_precise(
            date(3, 0, DatePrecision::Day),
            date(3, 9, DatePrecision::Second)
        ));
    }

    #[test]
    fn empty_metadata_is_not_stored() {
        assert_eq!(PageMetadata::default().to_json(), None);
        assert_eq!(PageMetadata::from_json(Some("{broken")), PageMetadata::default());
    }
}
