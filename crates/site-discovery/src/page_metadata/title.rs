//! The title of a post: what its page states, or its heading, without the name of the site.

use super::{MetadataReader, visible};
use crate::{
    dom::text_of,
    site_name::{self, SiteNameCleaner},
    text::normalized,
    url_shape,
};

impl MetadataReader<'_> {
    /// Returns the name of the site, as the page states it.
    pub(super) fn site_title(&mut self) -> Option<String> {
        let found = self
            .meta(&["og:site_name"])
            .filter(|(name, _)| !self.is_own_title(name))
            .or_else(|| self.graph.site_name().map(|name| (name, "JSON-LD")))
            .or_else(|| {
                self.meta(&["application-name", "apple-mobile-web-app-title", "dc.publisher"])
            });
        let title = found
            .map(|(name, from)| (feed_parser::title_text(&name), from))
            .filter(|(name, _)| !name.is_empty());
        self.record_origin("site_title", title)
    }

    /// Returns whether the stated name of the site is the title of the post, as some themes have
    /// it: it begins with the heading of the post, as the other titles of the page do.
    fn is_own_title(&self, name: &str) -> bool {
        let Some(heading) = visible::heading(self.dom, self.page.url) else { return false };
        let begins = |text: &str| text.starts_with(&heading);
        let tag = self.dom.first("head > title").map(text_of).unwrap_or_default();
        !url_shape::is_home(self.page.url)
            && begins(name)
            && (name == heading && tag.len() > heading.len() && begins(&tag)
                || name.len() > heading.len() && name == tag)
            && self.meta(&["og:title"]).is_none_or(|(title, _)| begins(&title))
    }

    /// Returns the title of the post without the name of the site.
    pub(super) fn title(&mut self, site_title: Option<&str>) -> Option<String> {
        let cleaner = SiteNameCleaner::new(site_title, self.page.url);
        let tag = self
            .dom
            .first("head > title, title")
            .map(text_of)
            .filter(|t| !t.is_empty() && !site_name::lacks_title(t));
        // A heading of the text is not the title that the page states.
        let heading = visible::heading_element(self.dom, self.page.url)
            .filter(|h| {
                !visible::links_to_itself(h)
                    || tag
                        .as_deref()
                        .is_none_or(|t| normalized(t).contains(&normalized(&text_of(*h))))
            })
            .map(text_of);
        // Some templates give every page the site's name as its title.
        let is_site =
            |text: &str| site_title.is_some_and(|site| normalized(site) == normalized(text));
        let home = url_shape::is_home(self.page.url);
        let found = self
            .json_text(&["headline", "name"])
            .filter(|(text, _)| home || !is_site(text))
            .or_else(|| {
                [
                    "og:title",
                    "twitter:title",
                    "dc.title",
                    "dcterms.title",
                    "parsely-title",
                    "citation_title",
                ]
                .iter()
                .filter_map(|name| self.meta(&[name]))
                .find(|(text, _)| home || !is_site(text) && !site_name::lacks_title(text))
                .map(|(v, f)| (v, f.to_owned()))
            })
            .or_else(|| {
                visible::first_text(
                    self.dom,
                    "[itemprop~='headline'], .h-entry .p-name, .hentry .entry-title",
                )
                .map(|t| (t, "marked as headline".to_owned()))
            })
            .or_else(|| {
                let heading = heading.clone()?;
                let is_stated = tag.as_ref() == Some(&heading);
                let from = if is_stated { "<title>" } else { "the heading of the page" };
                Some((heading, from.to_owned()))
            })
            .or_else(|| {
                tag.filter(|text| home || !is_site(text)).map(|t| (t, "<title>".to_owned()))
            });
        let found = found.map(|(text, from)| {
            let text = feed_parser::title_text(&text);
            let bare = cleaner.strip_site_name(&text, heading.as_deref());
            // JSON-LD limits headlines to 110 characters. A heading with the same beginning is the
            // complete title.
            let cut = bare.trim_end_matches(['…', '.']).trim_end();
            match &heading {
                Some(whole)
                    if whole.len() > bare.len()
                        && cut.chars().count() > 40
                        && whole.starts_with(cut)
                        && whole.chars().count() < 300 =>
                {
                    (whole.clone(), from)
                }
                _ => (bare, from),
            }
        });
        self.record_origin("title", found.filter(|(text, _)| !text.is_empty()))
    }
}
