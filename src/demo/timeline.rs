//! Which posts have arrived, and when: all that the origin's answers depend on.

use std::borrow::Cow;

use feed_model::{PublishedDate, Timestamp};

use super::publication::{Post, PublicationName, more_posts};

/// Items in one document, newest first; older ones drop out of it, as they do everywhere.
const MAX_ITEMS: usize = 30;

/// The posts that have arrived.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    started: Timestamp,
    arrivals: Vec<Timestamp>,
}

/// A post as a document carries it.
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
    /// The first posts of both publications.
    pub(super) fn starting_at(started: Timestamp) -> Self {
        Self { started, arrivals: Vec::new() }
    }

    /// Every real post, all of them there since `started`, and none of the demo's own.
    pub(super) fn with_all_posts(started: Timestamp) -> Self {
        Self { started, arrivals: vec![started; real_post_order().count()] }
    }

    /// The next post arrives.
    pub(super) fn arrive(&mut self, now: Timestamp) {
        self.arrivals.push(now);
    }

    /// How many posts have arrived since the opening.
    pub(super) fn arrived(&self) -> usize {
        self.arrivals.len()
    }

    /// When what the publication shows changed last.
    pub(super) fn changed(&self, name: PublicationName) -> Timestamp {
        let last = self
            .arrivals
            .iter()
            .zip(real_post_order().chain(demo_post_order()))
            .filter(|(_, turn)| *turn == name)
            .last();
        last.map_or(self.started, |(at, _)| *at)
    }

    /// The publication's newest posts, newest first. `base` is the address of the origin, for posts
    /// of the demo's own.
    pub(super) fn items(&self, name: PublicationName, base: &str) -> Vec<FeedItem> {
        let real_arrivals = self.arrivals.len().min(real_post_order().count());
        let real = name.publication().start
            + real_post_order().take(real_arrivals).filter(|turn| *turn == name).count();
        let own = (1..=self.arrivals.len() - real_arrivals)
            .rev()
            .filter(|number| demo_post_publication(*number) == name);
        own.map(|number| demo_item(number, name, base, self.arrivals[real_arrivals + number - 1]))
            .chain(name.publication().posts.iter().take(real).rev().map(real_item))
            .take(MAX_ITEMS)
            .collect()
    }

    /// The demo's own post of that number, if it has arrived in that publication.
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

/// Whose turn it is for each of the real posts that arrive: by real_post_order, and then whoever
/// has some left.
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

/// Whose turn it is for the demo's own posts, from the first on.
fn demo_post_order() -> impl Iterator<Item = PublicationName> {
    (1..).map(demo_post_publication)
}

/// The publication in which the demo's own post of that number appears.
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
    fn every_arrival_adds_one_post_on_top_of_exactly_one_publication() {
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
    fn real_posts_come_before_the_demos_own_and_a_finished_stage_has_only_real_ones() {
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
            "it has not arrived"
        );
    }

    #[test]
    fn a_document_stays_bounded_however_long_the_demo_runs() {
        let timeline = after(500);
        let items = timeline.items(PublicationName::SnackOnAi, "http://o");
        assert_eq!(items.len(), MAX_ITEMS);
        assert!(items.iter().all(|item| item.title.starts_with("Demo post")));
    }
}
