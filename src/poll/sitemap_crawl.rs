//! Reads a site's sitemap, with the sitemaps that a sitemap index names.
//!
//! An index is read one level deep. Each sitemap is one conditional request, or none if the index
//! says that it did not change. A listing may therefore be partial
//! ([`SitemapListing::is_partial`]).

use std::collections::{HashMap, HashSet};

use url::Url;

use feed_model::{Problem, PublishedDate, Source};
use site_discovery::{PostLinks, SitemapDocument, SitemapKind, SitemapPage};

use super::{
    fetched::PollFailure,
    robots,
    session::{FetchOutcome, FetchSession},
};
use crate::{
    fetch::Accept,
    store::{IndexedSitemap, KnownPage, StoreError},
};

/// The most sitemaps of one index that are read.
const MAX_CHILD_SITEMAPS: usize = 50;

/// The pages that a sitemap lists, with those of the sitemaps that it names.
pub(super) struct SitemapListing {
    /// The pages.
    pub(super) document: SitemapDocument,
    /// The sitemaps of an index, to be stored; `None` if it is not an index.
    pub(super) parts: Option<Vec<IndexedSitemap>>,
    /// Pages of sitemaps that were known before but could not be read until now: they are not new.
    pub(super) previously_unread: HashSet<Url>,
    /// Whether some sitemaps of the index were not read or had not changed.
    pub(super) is_partial: bool,
}

impl SitemapListing {
    /// Reads the sitemaps that `document` names, if it is an index.
    pub(super) async fn read(
        session: &mut FetchSession<'_>,
        mut document: SitemapDocument,
    ) -> Result<Self, StoreError> {
        let mut named = std::mem::take(&mut document.sitemaps);
        // If a sitemap is named after posts, those named after pages, tags or products are skipped.
        if session.source().sitemap.include.is_empty()
            && named.iter().any(|part| part.kind == SitemapKind::Posts)
        {
            named.retain(|part| part.kind != SitemapKind::Other);
        }
        if named.is_empty() {
            return Ok(Self {
                document,
                parts: None,
                previously_unread: HashSet::new(),
                is_partial: false,
            });
        }
        let before = stored(session).await?;
        let read_before: HashMap<&Url, &IndexedSitemap> =
            before.iter().map(|part| (&part.url, part)).collect();
        let first_reading = before.is_empty();
        let mut pending: Vec<PendingSitemap> = named
            .into_iter()
            .map(|child| {
                let lastmod = child.lastmod.map(|d| d.at);
                let known = read_before.get(&child.url);
                let read = known.is_some_and(|part| part.read);
                PendingSitemap {
                    part: IndexedSitemap {
                        url: child.url.clone(),
                        lastmod,
                        read,
                        from_first_index: known.map_or(first_reading, |part| part.from_first_index),
                    },
                    unmodified: read
                        && lastmod.is_some()
                        && known.is_some_and(|part| part.lastmod == lastmod),
                    previously_unread: known
                        .is_some_and(|part| part.from_first_index && !part.read),
                }
            })
            .collect();
        pending.sort_by_key(|pending| std::cmp::Reverse(pending.part.lastmod));
        if first_reading && pending.len() > MAX_CHILD_SITEMAPS {
            let text = format!(
                "the index names {} sitemaps: only the newest {MAX_CHILD_SITEMAPS} are read",
                pending.len()
            );
            document.problems.push(Problem::note("sitemap", text));
        }
        let mut listing =
            Self { document, parts: None, previously_unread: HashSet::new(), is_partial: false };
        listing.read_children(session, pending).await?;
        Ok(listing)
    }

    /// Reads the sitemaps of an index that did not change itself. Returns `None` if the sitemap is
    /// not an index.
    pub(super) async fn read_unchanged_index(
        session: &mut FetchSession<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let parts = stored(session).await?;
        if parts.is_empty() {
            return Ok(None);
        }
        // An unchanged index has unchanged dates, so dated sitemaps that were read are unmodified.
        let pending = parts
            .into_iter()
            .map(|part| PendingSitemap {
                unmodified: part.read && part.lastmod.is_some(),
                previously_unread: part.from_first_index && !part.read,
                part,
            })
            .collect();
        let mut listing = Self {
            document: SitemapDocument::default(),
            parts: None,
            previously_unread: HashSet::new(),
            is_partial: true,
        };
        listing.read_children(session, pending).await?;
        Ok(Some(listing))
    }

    async fn read_children(
        &mut self,
        session: &mut FetchSession<'_>,
        pending: Vec<PendingSitemap>,
    ) -> Result<(), StoreError> {
        let mut parts = Vec::with_capacity(pending.len());
        for (i, mut pending) in pending.into_iter().enumerate() {
            if i < MAX_CHILD_SITEMAPS && !pending.unmodified {
                self.read_child(session, &mut pending).await?;
            } else {
                self.is_partial = true;
            }
            parts.push(pending.part);
        }
        self.parts = Some(parts);
        Ok(())
    }

    async fn read_child(
        &mut self,
        session: &mut FetchSession<'_>,
        pending: &mut PendingSitemap,
    ) -> Result<(), StoreError> {
        let url = pending.part.url.clone();
        let permission = robots::permission(session, &url).await?;
        if let Err(why) = permission.allows(&url) {
            self.is_partial = true;
            self.document.problems.push(Problem::note("sitemap", why));
            return Ok(());
        }
        let why =
            match session.fetch_with_delay(&url, Accept::Sitemap, permission.crawl_delay()).await {
                FetchOutcome::Document(response) => {
                    match site_discovery::read_sitemap(&response.body, &response.final_url) {
                        Ok(part) => {
                            session.record_validators(&response);
                            if pending.previously_unread {
                                self.previously_unread
                                    .extend(part.pages.iter().map(|page| page.url.clone()));
                            }
                            pending.part.read = true;
                            if !part.sitemaps.is_empty() {
                                let text =
                                    format!("{url} is an index within an index, which is not read");
                                self.document.problems.push(Problem::note("sitemap", text));
                            }
                            self.document.pages.extend(part.pages);
                            self.document.problems.extend(part.problems);
                            return Ok(());
                        }
                        Err(error) => error.to_string(),
                    }
                }
                FetchOutcome::NotModified(_) => {
                    self.is_partial = true;
                    return Ok(());
                }
                other => PollFailure::of(other).error.text,
            };
        self.is_partial = true;
        // Without the date, the sitemap does not count as unmodified in the next poll.
        pending.part.lastmod = None;
        self.document.problems.push(Problem::warning("sitemap", format!("{url}: {why}")));
        Ok(())
    }

    /// Returns the posts among the pages. For a partial listing, the known pages help to recognise
    /// which links are posts.
    pub(super) fn post_links(
        &self,
        source: &Source,
        known: &HashMap<String, KnownPage>,
        known_posts: &[Url],
    ) -> PostLinks {
        // What was chosen before stays chosen.
        let known_posts: Vec<Url> = known_posts
            .iter()
            .cloned()
            .chain(known.keys().filter_map(|url| Url::parse(url).ok()))
            .collect();
        let select = |document: &SitemapDocument| {
            site_discovery::post_links(document, &source.sitemap, &source.url, &known_posts)
        };
        if !self.is_partial || known.is_empty() {
            return select(&self.document);
        }
        let listed: HashSet<Url> =
            self.document.pages.iter().map(|page| page.url.clone()).collect();
        let remembered = known.iter().filter_map(|(url, page)| {
            let url = Url::parse(url).ok().filter(|url| !listed.contains(url))?;
            let lastmod = page.lastmod.map(PublishedDate::exact);
            Some(SitemapPage {
                url,
                lastmod,
                news_title: None,
                news_published: None,
                image: None,
                kind: SitemapKind::default(),
            })
        });
        let combined = SitemapDocument {
            pages: self.document.pages.iter().cloned().chain(remembered).collect(),
            ..SitemapDocument::default()
        };
        let mut links = select(&combined);
        links.pages.retain(|page| listed.contains(&page.url));
        links
    }
}

/// A sitemap of an index, to be read.
struct PendingSitemap {
    part: IndexedSitemap,
    /// Whether the index says that it did not change since it was read.
    unmodified: bool,
    /// Whether it was known before and never read.
    previously_unread: bool,
}

async fn stored(session: &FetchSession<'_>) -> Result<Vec<IndexedSitemap>, StoreError> {
    let id = session.source().id.clone();
    session.poller().store.read_async(move |reader| reader.indexed_sitemaps(&id)).await
}
