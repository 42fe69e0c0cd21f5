//! Icons of publications: which one a publication has, and its pixels.
//!
//! An icon is looked for once a week for each source, in this order: the image that the feed names,
//! the icons that the home page names, and `/favicon.ico`. The requests obey robots.txt and all
//! limits of polls.

use chrono::TimeDelta;
use url::Url;

use feed_model::{FetchLimits, Source, SourceId};
use site_discovery::Page;

use super::{
    poller::Poller,
    robots,
    session::{FetchOutcome, FetchSession, RequestCondition, RequestOptions},
};
use crate::{
    fetch::{Accept, Response},
    icons,
    store::{DueIcon, StoreError},
};

/// Width and height of a stored icon, in pixels: twice the largest size on a page.
const SIDE: u32 = 64;
/// The largest image or page that is read, in bytes.
const MAX_BODY_BYTES: u64 = 1024 * 1024;
/// How much earlier than usual an icon is looked for again after an outage.
const RETRY_EARLIER: TimeDelta = TimeDelta::days(6);
/// The most icons of a home page that are requested.
const MAX_PAGE_ICONS: usize = 2;

impl Poller {
    /// Looks for the icon of the source whose icon has been due longest. Returns the source and
    /// whether it has a new icon; `None` if no icon is due.
    pub async fn refresh_due_icon(&self) -> Result<Option<(SourceId, bool)>, StoreError> {
        let now = self.clock.now();
        let Some(due) = self.store.read_async(move |reader| reader.due_icon(now)).await? else {
            return Ok(None);
        };
        let id = due.source.clone();
        let configured = self.settings.load().sources.iter().find(|s| s.id == id).cloned();
        let mut search = IconSearch::default();
        if let Some(source) = configured {
            self.find_icon(&source, &due, &mut search).await?;
        }
        let is_new = search.icon.is_some();
        // Without an answer, the icon is looked for again on the next day.
        let sooner = if is_new || !search.had_outage { TimeDelta::zero() } else { RETRY_EARLIER };
        let (source, checked) = (id.clone(), self.clock.now() - sooner);
        self.store
            .run_blocking(move |store| store.store_source_icon(&source, search.icon, checked))
            .await?;
        Ok(Some((id, is_new)))
    }

    async fn find_icon(
        &self,
        source: &Source,
        due: &DueIcon,
        search: &mut IconSearch,
    ) -> Result<(), StoreError> {
        let limits = FetchLimits { max_body_bytes: MAX_BODY_BYTES, ..source.limits.clone() };
        let source = Source { limits, ..source.clone() };
        let record = self.load_record(&source).await?;
        let Ok(mut session) = FetchSession::new(self, &source, &record) else {
            return Ok(());
        };
        let parse = |url: &Option<String>| url.as_deref().and_then(|url| Url::parse(url).ok());
        if let Some(url) = parse(&due.icon_url)
            && search.try_image(&mut session, &url).await?
        {
            return Ok(());
        }
        let home = parse(&due.home_page_url).unwrap_or_else(|| source.url.clone());
        let mut candidates = Vec::new();
        if let Some(page) = search.get(&mut session, &home, Accept::Page).await? {
            let named = tokio::task::spawn_blocking(move || named_icons(&page)).await;
            candidates = named.unwrap_or_default();
        }
        candidates.truncate(MAX_PAGE_ICONS);
        candidates.extend(home.join("/favicon.ico"));
        for url in candidates {
            if search.try_image(&mut session, &url).await? {
                break;
            }
        }
        Ok(())
    }
}

fn named_icons(page: &Response) -> Vec<Url> {
    let (html, _) = feed_parser::decode(&page.body, page.headers.text("content-type"));
    site_discovery::icon_links(&Page { url: &page.final_url, headers: &page.headers, html: &html })
}

/// What was found of an icon so far.
#[derive(Debug, Default)]
struct IconSearch {
    icon: Option<Vec<u8>>,
    /// Whether a request had no answer that says something about the icon.
    had_outage: bool,
}

impl IconSearch {
    /// Requests an image and converts it. Returns whether it is an image that can be decoded.
    async fn try_image(
        &mut self,
        session: &mut FetchSession<'_>,
        url: &Url,
    ) -> Result<bool, StoreError> {
        if let Some(response) = self.get(session, url, Accept::Image).await? {
            // A decoder that panics costs this image.
            let convert = move || icons::to_png(&response.body, SIDE).ok();
            self.icon = tokio::task::spawn_blocking(convert).await.ok().flatten();
        }
        Ok(self.icon.is_some())
    }

    /// Requests a URL if robots.txt allows it.
    async fn get(
        &mut self,
        session: &mut FetchSession<'_>,
        url: &Url,
        accept: Accept,
    ) -> Result<Option<Response>, StoreError> {
        let permission = robots::permission(session, url).await?;
        if permission.allows(url).is_err() {
            self.had_outage |= permission.is_outage();
            return Ok(None);
        }
        let (condition, pause) = (RequestCondition::None, permission.crawl_delay());
        let options = RequestOptions { condition, pause };
        Ok(match session.fetch_with(url, accept, options).await {
            FetchOutcome::Document(response) => Some(response),
            FetchOutcome::ErrorStatus(response) => {
                self.had_outage |= response.status == 429 || response.status >= 500;
                None
            }
            FetchOutcome::Challenge(..) | FetchOutcome::Failed(_) => {
                self.had_outage = true;
                None
            }
            FetchOutcome::NotModified(_) => None,
        })
    }
}
