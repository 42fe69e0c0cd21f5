//! The summary of a post: the description in its page's metadata, or the first sentences of its
//! text.

use feed_model::Draft;

use super::{MetadataReader, visible};
use crate::site_name::SiteNameCleaner;

impl MetadataReader<'_> {
    /// Returns the description in the metadata, with its origin, unless it describes the site.
    pub(super) fn description(
        &self,
        draft: &Draft,
        site_title: Option<&str>,
    ) -> Option<(String, String)> {
        let cleaner = SiteNameCleaner::new(site_title, self.page.url);
        let title = draft.title.as_deref();
        let authors: Vec<&str> = draft.authors.iter().map(|p| p.name.as_str()).collect();
        let of_site = self.graph.site_descriptions();
        let clean = |text: &str| {
            let text = feed_parser::plain_text(text);
            if of_site.contains(&text) && self.article.is_none_or(|a| a.get("headline").is_none()) {
                return None;
            }
            cleaner.clean_summary(&text, title, &authors)
        };
        let mut candidates = self.json_text(&["description", "abstract"]).into_iter().chain(
            [
                "og:description",
                "description",
                "twitter:description",
                "dc.description",
                "dcterms.abstract",
                "citation_abstract",
            ]
            .iter()
            .filter_map(|n| self.meta(&[n]).map(|(v, f)| (v, f.to_owned()))),
        );
        candidates.find_map(|(v, from)| Some((clean(&v)?, from)))
    }

    /// Returns the first paragraphs of the text, each as a summary.
    pub(super) fn text_summaries(&self, draft: &Draft, site_title: Option<&str>) -> Vec<String> {
        let cleaner = SiteNameCleaner::new(site_title, self.page.url);
        let title = draft.title.as_deref();
        let authors: Vec<&str> = draft.authors.iter().map(|p| p.name.as_str()).collect();
        visible::first_paragraphs(self.dom, &|text| cleaner.clean_summary(text, title, &authors))
    }
}
