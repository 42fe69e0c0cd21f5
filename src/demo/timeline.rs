//! The posts that have arrived and their arrival times, from which all documents are made.

use std::borrow::Cow;

use feed_model::{PublishedDate, Timestamp};

use super::publication::{Post, PublicationName, more_posts};

/// The number of items in a document. Older items are dropped.
const MAX_ITEMS: usize = 30;

/// The arrival times of the posts.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    started: Timestamp,
    arrivals: Vec<Timestamp>,
}

/// A post as an item of a document.
#[derive(Debug, PartialEq)]
pub(super) struct FeedItem {
    pub(super) title: Cow<'static, str>,
    pub(super) url: Cow<'static, str>,
    pub(super) guid: bool,
    pub(super) published: Option<PublishedDate>,
    pub(super) summary: &'static str,
    pub(super) body: Cow<'static, str>,
}

impl Timeline {
    /// Creates a timeline with the first posts of both publications.
    pub(super) fn starting_at(started: Timestamp) -> Self {
        Self { started, arrivals: Vec::new() }
    }

    /// Creates a timeline where every real post arrived at `started`, without demo posts.
    pub(super) fn with_all_posts(started: Timestamp) -> Self {
        Self { started, arrivals: vec![started; real_post_order().count()] }
    }

    /// Adds the next post.
    pub(super) fn arrive(&mut self, now: Timestamp) {
        self.arrivals.push(now);
    }

    /// Returns the number of posts that have arrived since the start.
    pub(super) fn arrived(&self) -> usize {
        self.arrivals.len()
    }

    /// Returns the time of the last change of a publication.
    pub(super) fn changed(&self, name: PublicationName) -> Timestamp {
        let last = self
            .arrivals
            .iter()
            .zip(real_post_order().chain(demo_post_order()))
            .filter(|(_, turn)| *turn == name)
            .last();
        last.map_or(self.started, |(at, _)| *at)
    }

    /// Returns the newest posts of a publication, newest first. `base` is the URL of the origin,
    /// used for the links of demo posts.
    pub(super) fn items(&self, name: PublicationName, base: &str) -> Vec<FeedItem> {
        let real_arrivals = self.arrivals.len().min(real_post_order().count());
        let real = name.publication().start
            + real_post_order().take(real_arrivals).filter(|turn| *turn == name).count();
        let demo = (1..=self.arrivals.len() - real_arrivals)
            .rev()
            .filter(|number| demo_post_publication(*number) == name);
        demo.map(|number| demo_item(number, name, base, self.arrivals[real_arrivals + number - 1]))
            .chain(name.publication().posts.iter().take(real).rev().map(real_item))
            .take(MAX_ITEMS)
            .collect()
    }

    /// Returns the demo post with that number, if it has arrived in that publication.
    pub(super) fn demo_post(
        &self,
        name: PublicationName,
        number: usize,
        base: &str,
    ) -> Option<FeedItem> {
        let at = *self.arrivals.get((real_post_order().count() + number).checked_sub(1)?)?;
        (number > 0 && demo_post_publication(number) == name)
            .then(|| demo_item(number, name, base, at))
    }
}

/// Returns the publication of each real post in the order of arrival: the publications take turns
/// while both have posts left.
fn real_post_order() -> impl Iterator<Item = PublicationName> {
    let left =
        PublicationName::ALL.map(|name| name.publication().posts.len() - name.publication().start);
    (0..left.into_iter().max().unwrap_or(0)).flat_map(move |round| {
        PublicationName::ALL
            .into_iter()
            .zip(left)
            .filter(move |(_, left)| round < *left)
            .map(|(name, _)| name)
    })
}

/// Returns the publication of each demo post in the order of arrival.
fn demo_post_order() -> impl Iterator<Item = PublicationName> {
    (1..).map(demo_post_publication)
}

/// Returns the publication of the demo post with that number.
fn demo_post_publication(number: usize) -> PublicationName {
    PublicationName::ALL[(number - 1) % PublicationName::ALL.len()]
}

fn real_item(post: &'static Post) -> FeedItem {
    FeedItem {
        title: Cow::Borrowed(&post.title),
        url: Cow::Borrowed(&post.url),
        guid: post.guid,
        published: post.published(),
        summary: post.summary(),
        body: Cow::Borrowed(post.body()),
    }
}

fn demo_item(number: usize, name: PublicationName, base: &str, at: Timestamp) -> FeedItem {
    let posts = more_posts();
    let post = &posts[(number - 1) % posts.len()];
    FeedItem {
        title: Cow::Owned(format!("Demo post {number}: {}", post.subject)),
        url: Cow::Owned(format!("{base}/{}/p/demo-post-{number}", name.path())),
        guid: true,
        published: Some(PublishedDate::exact(at)),
        summary: &post.summary,
        body: Cow::Owned(post.body.replace("{n}", &number.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::*;

    fn moment(seconds: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn after(arrivals: i64) -> Timeline {
        let mut timeline = Timeline::starting_at(moment(0));
        (1..=arrivals).for_each(|n| timeline.arrive(moment(n)));
        timeline
    }

    #[test]
    fn every_arrival_adds_one_post_to_exactly_one_publication() {
        for n in 0..16 {
            let (before, then) = (after(n), after(n + 1));
            let grown: Vec<PublicationName> = PublicationName::ALL
                .into_iter()
                .filter(|name| {
                    let (old, new) =
                        (before.items(*name, "http://o"), then.items(*name, "http://o"));
                    assert!(
                        new == old || new[1..] == old[..],
                        "arrival {n} must not change older posts"
                    );
                    new != old
                })
                .collect();
            assert_eq!(grown.len(), 1, "arrival {n}");
            assert_eq!(then.changed(grown[0]), moment(n + 1));
        }
    }

    #[test]
    fn demo_posts_arrive_after_all_real_posts() {
        let all: usize =
            PublicationName::ALL.iter().map(|name| name.publication().posts.len()).sum();
        let timeline = Timeline::with_all_posts(moment(0));
        let items: Vec<FeedItem> = PublicationName::ALL
            .into_iter()
            .flat_map(|name| timeline.items(name, "http://o"))
            .collect();
        assert_eq!(items.len(), all);
        assert!(items.iter().all(|item| !item.title.starts_with("Demo post")));

        let mut timeline = timeline;
        timeline.arrive(moment(5));
        assert_eq!(
            timeline.items(PublicationName::Serverless, "http://o")[0].url,
            "http://o/serverless/p/demo-post-1"
        );
        assert_eq!(
            timeline.demo_post(PublicationName::Serverless, 1, "http://o"),
            timeline.items(PublicationName::Serverless, "http://o").into_iter().next()
        );
        assert_eq!(timeline.demo_post(PublicationName::SnackOnAi, 1, "http://o"), None);
        assert_eq!(timeline.demo_post(PublicationName::Serverless, 0, "http://o"), None);
        assert_eq!(
            timeline.demo_post(PublicationName::SnackOnAi, 2, "http://o"),
            None,
            "it has not arrived yet"
        );
    }

    #[test]
    fn documents_have_a_maximum_number_of_items() {
        let timeline = after(500);
        let items = timeline.items(PublicationName::SnackOnAi, "http://o");
        assert_eq!(items.len(), MAX_ITEMS);
        assert!(items.iter().all(|item| item.title.starts_with("Demo post")));
    }
}
