//! What a site's sitemap lists, with the sitemaps that it names.
//!
//! An index is read one level deep. Each part is one conditional request, and none where the index says that it did not
//! change; so a reading may show a part of the site only, which its reader is told.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::{
    exchange::{Answer, Exchanges},
    refresh::Refusal,
    robots,
};
use crate::{
    fetch::Accept,
    store::{KnownPage, SitemapPart, StoreError},
};
use feed_model::{Problem, PublishedDate, Source};
use site_discovery::{Holds, PostLinks, SitemapDocument, SitemapPage};

/// Sitemaps of one index that are read.
const MOST_PARTS: usize = 50;

/// The pages that a sitemap lists, with those of the sitemaps that it names.
pub(super) struct Listing {
    /// The pages.
    pub(super) document: SitemapDocument,
    /// The sitemaps of an index, to be stored; `None`: it is no index.
    pub(super) parts: Option<Vec<SitemapPart>>,
    /// Pages of parts that were named before and could not be read until now: they are not new.
    pub(super) late: HashSet<Url>,
    /// Whether some parts were not read, or had not changed.
    pub(super) partial: bool,
}

impl Listing {
    /// Reads the sitemaps that a sitemap names, where it names any.
    pub(super) async fn read(exchanges: &mut Exchanges<'_>, mut document: SitemapDocument) -> Result<Self, StoreError> {
        let mut named = std::mem::take(&mut document.sitemaps);
        // Where one part is called after posts, those called after pages, tags or products need no request.
        if exchanges.source().sitemap.include.is_empty() && named.iter().any(|part| part.holds == Holds::Posts) {
            named.retain(|part| part.holds != Holds::Others);
        }
        if named.is_empty() {
            return Ok(Self { document, parts: None, late: HashSet::new(), partial: false });
        }
        let before = stored(exchanges).await?;
        let read_before: HashMap<&Url, &SitemapPart> = before.iter().map(|part| (&part.url, part)).collect();
        let first_reading = before.is_empty();
        let mut wanted: Vec<Wanted> = named
            .into_iter()
            .map(|child| {
                let lastmod = child.lastmod.map(|d| d.at);
                let known = read_before.get(&child.url);
                let read = known.is_some_and(|part| part.read);
                Wanted {
                    part: SitemapPart {
                        url: child.url.clone(),
                        lastmod,
                        read,
                        old: known.map_or(first_reading, |part| part.old),
                    },
                    fresh: read && lastmod.is_some() && known.is_some_and(|part| part.lastmod == lastmod),
                    late: known.is_some_and(|part| part.old && !part.read),
                }
            })
            .collect();
        wanted.sort_by_key(|wanted| std::cmp::Reverse(wanted.part.lastmod));
        if first_reading && wanted.len() > MOST_PARTS {
            let text = format!("the index names {} sitemaps: the first {MOST_PARTS}, newest first, are read", wanted.len());
            document.problems.push(Problem::note("sitemap", text));
        }
        let mut listing = Self { document, parts: None, late: HashSet::new(), partial: false };
        listing.read_parts(exchanges, wanted).await?;
        Ok(listing)
    }

    /// Reads the parts of an index that itself did not change; `None`: the sitemap is no index.
    pub(super) async fn read_again(exchanges: &mut Exchanges<'_>) -> Result<Option<Self>, StoreError> {
        let parts = stored(exchanges).await?;
        if parts.is_empty() {
            return Ok(None);
        }
        // An index that tells when its parts changed told of none.
        let wanted = parts
            .into_iter()
            .map(|part| Wanted { fresh: part.read && part.lastmod.is_some(), late: part.old && !part.read, part })
            .collect();
        let mut listing = Self { document: SitemapDocument::default(), parts: None, late: HashSet::new(), partial: true };
        listing.read_parts(exchanges, wanted).await?;
        Ok(Some(listing))
    }

    async fn read_parts(&mut self, exchanges: &mut Exchanges<'_>, wanted: Vec<Wanted>) -> Result<(), StoreError> {
        let mut parts = Vec::with_capacity(wanted.len());
        for (i, mut wanted) in wanted.into_iter().enumerate() {
            let asked = i < MOST_PARTS && !wanted.fresh;
            if asked {
                self.read_part(exchanges, &mut wanted).await?;
            } else {
                self.partial = true;
            }
            parts.push(wanted.part);
        }
        self.parts = Some(parts);
        Ok(())
    }

    async fn read_part(&mut self, exchanges: &mut Exchanges<'_>, wanted: &mut Wanted) -> Result<(), StoreError> {
        let url = wanted.part.url.clone();
        let permission = robots::permission(exchanges, &url).await?;
        if let Err(why) = permission.allows(&url) {
            self.partial = true;
            self.document.problems.push(Problem::note("sitemap", why));
            return Ok(());
        }
        let why = match exchanges.ask_after(&url, Accept::Sitemap, permission.pause()).await {
            Answer::Document(response) => match site_discovery::read_sitemap(&response.body, &response.final_url) {
                Ok(part) => {
                    exchanges.accept(&response);
                    if wanted.late {
                        self.late.extend(part.pages.iter().map(|page| page.url.clone()));
                    }
                    wanted.part.read = true;
                    if !part.sitemaps.is_empty() {
                        let text = format!("{url} is an index within an index: what it names is not read");
                        self.document.problems.push(Problem::note("sitemap", text));
                    }
                    self.document.pages.extend(part.pages);
                    self.document.problems.extend(part.problems);
                    return Ok(());
                }
                Err(error) => error.to_string(),
            },
            Answer::NotModified(_) => {
                self.partial = true;
                return Ok(());
            }
            other => Refusal::of(other).error.text,
        };
        self.partial = true;
        // What the index said of it holds for its next reading only once it was read.
        wanted.part.lastmod = None;
        self.document.problems.push(Problem::warning("sitemap", format!("{url}: {why}")));
        Ok(())
    }

    /// The posts among its pages. Of a partial reading, what is known helps to tell which links are posts.
    pub(super) fn posts(&self, source: &Source, known: &HashMap<String, KnownPage>) -> PostLinks {
        if !self.partial || known.is_empty() {
            return site_discovery::post_links(&self.document, &source.sitemap, &source.url);
        }
        let listed: HashSet<Url> = self.document.pages.iter().map(|page| page.url.clone()).collect();
        let remembered = known.iter().filter_map(|(url, page)| {
            let url = Url::parse(url).ok().filter(|url| !listed.contains(url))?;
            let lastmod = page.lastmod.map(PublishedDate::exact);
            Some(SitemapPage { url, lastmod, news_title: None, news_published: None, image: None, holds: Holds::default() })
        });
        let whole = SitemapDocument {
            pages: self.document.pages.iter().cloned().chain(remembered).collect(),
            ..SitemapDocument::default()
        };
        let mut links = site_discovery::post_links(&whole, &source.sitemap, &source.url);
        links.pages.retain(|page| listed.contains(&page.url));
        links
    }
}

/// A part of an index, on its way.
struct Wanted {
    part: SitemapPart,
    /// The index says that it did not change since it was read.
    fresh: bool,
    /// It was named before, and never read.
    late: bool,
}

async fn stored(exchanges: &Exchanges<'_>) -> Result<Vec<SitemapPart>, StoreError> {
    let id = exchanges.source().id.clone();
    exchanges.poller().read(move |reader| reader.sitemap_parts(&id)).await
}
