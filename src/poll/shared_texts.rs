//! Texts that several pages of a site share, and that are not about their posts: the name and the
//! description of the site, and lines that every post has.

use std::collections::{HashMap, HashSet};

use feed_model::SafeHtml;

use super::{crawl_result::CrawlResult, page_metadata::PageMetadata};
use crate::store::PageChange;

/// The fewest letters and digits of a text that several posts share and that can be their summary.
const MIN_SHARED_CHARS: usize = 40;

/// Replaces summaries that are not about their posts: descriptions that two pages of the site have,
/// or that the site's own page has, and paragraphs that three pages have. The first text that only
/// this page has takes their place, or else the first long one that is no description.
pub(super) fn replace_summaries(crawl: &mut CrawlResult) {
    let normal = |html: &str| -> String {
        feed_parser::plain_text(html)
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (mut descriptions, mut texts) = (HashMap::new(), HashMap::new());
    for page in &crawl.summaries {
        if let Some(description) = &page.description {
            *descriptions.entry(normal(description.as_str())).or_insert(0) += 1;
        }
        let own: HashSet<String> = page.texts.iter().map(|html| normal(html.as_str())).collect();
        for text in own {
            *texts.entry(text).or_insert(0) += 1;
        }
    }
    let of_site = crawl.site_description.as_deref().map(normal);
    let describes_site = |html: &SafeHtml| {
        let text = normal(html.as_str());
        of_site.as_ref() == Some(&text) || descriptions.get(&text).is_some_and(|pages| *pages >= 2)
    };
    let is_shared = |html: &SafeHtml| {
        describes_site(html) || texts.get(&normal(html.as_str())).is_some_and(|pages| *pages >= 3)
    };
    for page in std::mem::take(&mut crawl.summaries) {
        let Some(stated) = page.description.as_ref().or(page.texts.first()) else { continue };
        if !is_shared(stated) {
            continue;
        }
        let first = |fits: &dyn Fn(&SafeHtml) -> bool| page.texts.iter().find(|text| fits(text));
        // A short text that pages share is part of the site's frame.
        let is_own = |text: &SafeHtml| {
            !describes_site(text) && normal(text.as_str()).chars().count() >= MIN_SHARED_CHARS
        };
        let summary = first(&|text| !is_shared(text)).or_else(|| first(&is_own));
        if summary == Some(stated) {
            continue;
        }
        if let Some((draft, _)) = crawl.drafts.get_mut(page.draft)
            && draft.summary.as_ref() == Some(stated)
        {
            draft.summary = summary.cloned();
        }
        for change in &mut crawl.pages {
            if let PageChange::Fetched { url, metadata } = change
                && *url == page.url
            {
                let mut stored = PageMetadata::from_json(metadata.as_deref());
                let summary = summary.map(|html| html.as_str().to_owned());
                stored.replace_site_description(stated.as_str(), summary);
                *metadata = stored.to_json();
            }
        }
    }
}

/// Replaces titles that several pages state, such as the site's name, by those that the site's own
/// page gives the posts. A note has no title then.
pub(super) fn replace_titles(crawl: &mut CrawlResult) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for title in crawl.drafts.iter().filter_map(|(draft, _)| draft.title.clone()) {
        *counts.entry(title).or_default() += 1;
    }
    for title in std::mem::take(&mut crawl.doubtful_titles) {
        if let Some((draft, _)) = crawl.drafts.get_mut(title.draft)
            && draft.title.as_ref().and_then(|title| counts.get(title)).is_some_and(|n| *n >= 3)
            && (title.listed.is_some() || title.is_note)
        {
            draft.title = title.listed;
        }
    }
}
