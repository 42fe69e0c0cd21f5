//! Asking and reading: one visit to a source, by the way that is known, else by finding one out.
//!
//! Deliberately absent: what is stored of it, and when the next one is: see `refresh`.

use chrono::TimeDelta;

use super::{
    Outcome,
    exchange::{Answer, Exchanges},
    finding::{self, Content, Found, NotFound, read_feed},
    listing::Listing,
    refresh::{Reading, Refusal, Visit},
    robots,
    sites::{self, Gathered, Queue},
};
use crate::{
    fetch::{Accept, Response},
    store::{Arrival, Facts, PageChange, SourceMemory, StoreError},
};
use feed_model::{Document, Follow, Followed, Format, Problem, Severity};

/// After so many failures in a row it is found out again how a site can be followed, and again after as many more.
const FAILURES_UNTIL_LOOKED_FOR: u32 = 3;

/// How often a site without a feed is asked whether it has one by now.
const REVIEW_EVERY: TimeDelta = TimeDelta::days(30);

/// Asks and reads: by the way that is known, else by finding one out.
pub(super) async fn ask_and_read(exchanges: &mut Exchanges<'_>, memory: &SourceMemory) -> Result<Visit, StoreError> {
    let look_again = memory.failures > 0 && memory.failures.is_multiple_of(FAILURES_UNTIL_LOOKED_FOR);
    match &memory.followed {
        // A feed at the very address that feeds.toml names is all that there is to find: it is asked as ever, conditionally.
        Some(followed) if !look_again || (followed.way == Follow::Feed && followed.url == exchanges.source().url) => {
            by_known_way(exchanges, memory, followed.clone(), look_again).await
        }
        _ => match finding::find(exchanges).await {
            Ok(found) => by_found_way(exchanges, memory, found).await,
            Err(NotFound::Refused(refusal)) => {
                let way = memory.followed.as_ref().map_or(Follow::Auto, |f| f.way);
                Ok(Visit::refused(refusal, way))
            }
            Err(NotFound::Store(error)) => Err(error),
        },
    }
}

/// Asks where the source is known to be; `from_the_start`: where a move that was adopted began.
async fn by_known_way(
    exchanges: &mut Exchanges<'_>,
    memory: &SourceMemory,
    followed: Followed,
    from_the_start: bool,
) -> Result<Visit, StoreError> {
    let review_due = followed.way != Follow::Feed
        && exchanges.source().follow == Follow::Auto
        && memory.reviewed.is_none_or(|at| exchanges.poller().clock.now() - at >= REVIEW_EVERY);
    let site = exchanges.source().url.clone();
    // A site that is followed by its own page is reviewed with the answer of the poll itself.
    if review_due
        && site != followed.url
        && robots::permission_of_named(exchanges, &site).await?.allows_named(&site).is_ok()
        && let Answer::Document(page) = exchanges.ask(&site, Accept::Feed).await
    {
        exchanges.accept(&page);
        if let Some(visit) = adopt_feed(exchanges, memory, page).await? {
            return Ok(visit);
        }
    }
    let visit = ask_known(exchanges, memory, followed, review_due, from_the_start).await?;
    Ok(Visit { reviewed: review_due, ..visit })
}

async fn ask_known(
    exchanges: &mut Exchanges<'_>,
    memory: &SourceMemory,
    followed: Followed,
    review_due: bool,
    from_the_start: bool,
) -> Result<Visit, StoreError> {
    let way = followed.way;
    let is_own_page = followed.url == exchanges.source().url;
    // What moved for good is asked where it went, until that fails again and again.
    let url = match &memory.moved {
        Some((target, _, true)) if !from_the_start => target.clone(),
        _ => followed.url,
    };
    let permitted = match way {
        Follow::Sitemap => finding::may_ask_sitemap(exchanges, &url).await?,
        _ => robots::permission_of_named(exchanges, &url).await?.allows_named(&url),
    };
    if let Err(why) = permitted {
        return Ok(Visit::refused(Refusal::forbidden(why), way));
    }
    let accept = match way {
        Follow::Sitemap => Accept::Sitemap,
        Follow::Page => Accept::Page,
        Follow::Feed | Follow::Auto => Accept::Feed,
    };
    let response = match exchanges.ask(&url, accept).await {
        Answer::Document(response) => response,
        Answer::NotModified(response) => {
            let visit = Visit::answered(Outcome::NotModified, way, &response);
            return go_on(exchanges, visit).await;
        }
        other => return Ok(Visit::refused(Refusal::of(other), way)),
    };
    if review_due
        && is_own_page
        && let Some(visit) = adopt_feed(exchanges, memory, response.clone()).await?
    {
        return Ok(visit);
    }
    let digest = *blake3::hash(&response.body).as_bytes();
    if memory.body_digest == Some(digest) {
        // The same bytes, and perhaps other validators: those are taken over, nothing else is done.
        exchanges.accept(&response);
        let visit = Visit::answered(Outcome::Unchanged, way, &response);
        return go_on(exchanges, visit).await;
    }
    let content = match way {
        Follow::Feed | Follow::Auto => read_feed(exchanges, &response).await.map(|document| Content::Feed(Box::new(document))),
        Follow::Page => finding::read_index(exchanges, &response).await.map(Content::Index),
        Follow::Sitemap => match finding::read_sitemap(&response).await {
            Ok(document) => {
                let listing = Listing::read(exchanges, document).await?;
                match lists_nothing(exchanges, &listing) {
                    None => Ok(Content::Sitemap(listing)),
                    Some(why) => Err(Refusal::unusable(&response, "no-posts", why)),
                }
            }
            Err(refusal) => Err(refusal),
        },
    };
    match content {
        Ok(content) => take(exchanges, memory, &response, way, content, Vec::new()).await,
        Err(refusal) => {
            // It must come in full again: a 304 to it would say that nothing is wrong.
            exchanges.discard();
            Ok(Visit::refused(refusal, way))
        }
    }
}

/// Why a sitemap cannot be one of this publication any more: it lists no posts, which is a structure that changed and not a
/// publication without posts.
fn lists_nothing(exchanges: &Exchanges<'_>, listing: &Listing) -> Option<String> {
    let links = listing.posts(exchanges.source(), &std::collections::HashMap::new());
    (!listing.partial && links.pages.is_empty()).then(|| format!("the sitemap lists no posts any more: {}", links.because))
}

async fn by_found_way(exchanges: &mut Exchanges<'_>, memory: &SourceMemory, found: Found) -> Result<Visit, StoreError> {
    let Found { followed, response, content, problems } = found;
    let known = memory.followed.as_ref().is_some_and(|f| f.way == followed.way && f.url == followed.url);
    // What another way shows is not new because of that: it comes like a first import, which announces nothing.
    let forgotten = SourceMemory { imported: memory.imported.filter(|_| known), ..memory.clone() };
    let visit = take(exchanges, &forgotten, &response, followed.way, content, problems).await?;
    Ok(Visit { followed: Some(followed), ..visit })
}

/// Adopts the feed that a site's page names by now, if it can be read and has a post that is known: it is this
/// publication's then, and announces nothing by being adopted.
async fn adopt_feed(exchanges: &mut Exchanges<'_>, memory: &SourceMemory, page: Response) -> Result<Option<Visit>, StoreError> {
    let Some(found) = finding::feed_of(exchanges, page).await? else { return Ok(None) };
    let Content::Feed(document) = &found.content else { return Ok(None) };
    let links = document
        .drafts
        .iter()
        .filter_map(|draft| entry_identity::canonical_link_with_fragment(draft.url.as_ref()?.as_str()))
        .collect::<Vec<_>>();
    let id = exchanges.source().id.clone();
    if !exchanges.poller().read(move |reader| reader.has_link(&id, &links)).await? {
        return Ok(None);
    }
    by_found_way(exchanges, memory, found).await.map(Some)
}

/// Takes in what was read: a feed's items, a sitemap's pages, an index's items.
async fn take(
    exchanges: &mut Exchanges<'_>,
    memory: &SourceMemory,
    response: &Response,
    way: Follow,
    content: Content,
    problems: Vec<Problem>,
) -> Result<Visit, StoreError> {
    exchanges.accept(response);
    let mut visit = Visit::answered(Outcome::Unchanged, way, response);
    visit.read = true;
    visit.body_digest = Some(*blake3::hash(&response.body).as_bytes());
    visit.problems = Some(problems);
    let first = memory.imported.is_none();
    let arrival = if first { Arrival::Import } else { Arrival::Ordinary };
    let mut gathered = Gathered::by(way);
    let now = exchanges.poller().clock.now();
    match content {
        Content::Feed(document) => {
            take_feed(&mut visit, *document, arrival);
            return Ok(visit);
        }
        Content::Index(index) => {
            visit.reading = Some(Reading { format: Format::Page, encoding: None, repairs: Vec::new(), updated: None });
            visit.facts =
                Facts { title: index.site_title, home_page_url: Some(response.final_url.to_string()), ..Facts::default() };
            gathered.drafts = index.drafts.into_iter().map(|draft| (draft, arrival)).collect();
            gathered.problems = index.problems;
            sites::complete_index(exchanges, &response.final_url, first, now, &mut gathered).await?;
        }
        Content::Sitemap(listing) => {
            visit.reading = Some(Reading { format: Format::Sitemap, encoding: None, repairs: Vec::new(), updated: None });
            visit.facts.home_page_url = Some(sites::home_page(&exchanges.source().url, response).to_string());
            sites::compare(exchanges, &listing, first, now, &mut gathered).await?;
            gathered.pages.extend(listing.parts.map(PageChange::Parts));
        }
    }
    visit_pages(exchanges, visit, gathered).await
}

/// Goes on with a site whose listing did not change: with the parts of an index, and with the pages that wait.
async fn go_on(exchanges: &mut Exchanges<'_>, visit: Visit) -> Result<Visit, StoreError> {
    if visit.way == Follow::Feed {
        return Ok(visit);
    }
    let mut gathered = Gathered::by(visit.way);
    if visit.way == Follow::Sitemap
        && let Some(listing) = Listing::read_again(exchanges).await?
    {
        let now = exchanges.poller().clock.now();
        sites::compare(exchanges, &listing, false, now, &mut gathered).await?;
        gathered.pages.extend(listing.parts.map(PageChange::Parts));
    }
    visit_pages(exchanges, visit, gathered).await
}

/// Asks for pages that wait, and adds what they brought to the visit.
async fn visit_pages(exchanges: &mut Exchanges<'_>, mut visit: Visit, mut gathered: Gathered) -> Result<Visit, StoreError> {
    let now = exchanges.poller().clock.now();
    let most = exchanges.source().pages_per_poll as usize;
    sites::visit_pages(exchanges, most, Queue::All, now, &mut gathered).await?;
    visit.read = visit.read || !gathered.drafts.is_empty();
    visit.facts.title = visit.facts.title.or(gathered.site_title);
    visit.drafts = gathered.drafts;
    visit.pages = gathered.pages;
    if visit.problems.is_some() || !gathered.problems.is_empty() {
        visit.problems.get_or_insert_default().extend(gathered.problems);
    }
    Ok(visit)
}

fn take_feed(visit: &mut Visit, document: Document, arrival: Arrival) {
    let feed = document.feed;
    visit.reading = Some(Reading {
        format: document.format,
        encoding: Some(document.encoding),
        repairs: document.repairs.clone(),
        updated: feed.updated,
    });
    visit.facts =
        Facts { title: feed.title, id: feed.id, feed_url: feed.self_url, home_page_url: feed.home_page_url, rights: feed.rights };
    visit.pace = Some(feed.pace);
    visit.drafts = document.drafts.into_iter().map(|draft| (draft, arrival)).collect();
    let problems = visit.problems.get_or_insert_default();
    problems.extend(document.problems);
    problems.extend(document.repairs.into_iter().map(|repair| Problem {
        code: repair.code.into(),
        severity: Severity::Warning,
        text: repair.text,
        line: repair.line,
    }));
}
