//! Which of a page's lists are its posts.
//!
//! Deliberately absent: what one item tells of itself. The rule kept: one list decides what the page's posts look like, and
//! a list within its items, or one that shows them again, is none of theirs.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;

use super::{
    super::shape,
    cards::{Card, ONE_WORD, Seen},
};

/// One list's figures.
struct List<'a> {
    cards: Vec<&'a Card>,
    mean: f64,
    dated: f64,
    headed: f64,
    external: f64,
    directory: &'a (String, String),
}

#[allow(clippy::cast_precision_loss)] // a few thousand at most
impl<'a> List<'a> {
    fn of(cards: Vec<&'a Card>) -> Self {
        let n = cards.len().max(1) as f64;
        let share = |holds: &dyn Fn(&Card) -> bool| cards.iter().filter(|c| holds(c)).count() as f64 / n;
        let mut counts: HashMap<&(String, String), usize> = HashMap::new();
        for card in &cards {
            *counts.entry(&card.directory).or_default() += 1;
        }
        let directory = counts
            .into_iter()
            .max_by_key(|(d, count)| (*count, std::cmp::Reverse(*d)))
            .map(|(d, _)| d)
            .expect("a list has a card");
        Self {
            mean: cards.iter().map(|c| c.score).sum::<f64>() / n,
            dated: share(&|c| c.signs.dated),
            headed: share(&|c| c.signs.heading),
            external: share(&|c| c.external),
            directory,
            cards,
        }
    }

    fn weight(&self) -> f64 {
        let n = self.cards.len() as f64;
        let home = if self.directory.1 != "/" && shape::is_post_directory(&self.directory.1) { 1.3 } else { 1.0 };
        self.mean.max(0.0) * (1.0 + n).ln() * home
    }

    /// Whether its items lie within the items of another: a card's links to its tag, its source, its comments.
    fn is_part_of(&self, other: &Self) -> bool {
        let tops: HashSet<NodeId> = other.cards.iter().map(|c| c.top).collect();
        let keys: HashSet<String> = other.cards.iter().filter_map(|c| c.item.key()).collect();
        let parts = self.cards.iter().filter(|c| tops.contains(&c.top) && c.item.key().is_some_and(|k| !keys.contains(&k)));
        parts.count() * 2 > self.cards.len()
    }

    /// Whether it is nearly all that there is on a page which calls itself a list of posts.
    fn fills(&self, seen: &Seen<'_>) -> bool {
        let keys: HashSet<&str> = seen.anchors.iter().filter(|a| !a.inline).map(|a| a.key.as_str()).collect();
        let own = self.cards.iter().filter(|c| c.directory == *self.directory && !c.external).count();
        own >= 8 && own * 10 >= self.cards.len() * 9 && own * 10 >= keys.len() * 6 && shape::is_post_list(seen.page)
    }

    /// Whether a heading calls it a choice of what is listed elsewhere, and its items show no more than their titles.
    fn is_box(&self) -> bool {
        const BOXES: &[&str] = &[
            "popular",
            "trending",
            "related",
            "recommended",
            "highlights",
            "favorites",
            "favourites",
            "favorite",
            "favourite",
            "elsewhere",
            "also",
            "read",
            "beliebt",
            "populaires",
            "populares",
        ];
        let says = |text: &String| {
            let lower = text.to_lowercase();
            lower.split(|c: char| !c.is_alphanumeric()).any(|w| BOXES.contains(&w)) && lower.split(' ').count() <= 5
        };
        let bare = self.cards.iter().all(|c| !c.signs.heading && !c.signs.summary);
        bare && self.cards.iter().all(|c| c.section.as_ref().is_some_and(says))
    }

    /// Whether this list's items are posts as `best`'s are.
    fn is_like(&self, best: &Self) -> bool {
        if self.mean < 2.5 || self.is_box() && !best.is_box() {
            return false;
        }
        if self.directory == best.directory && self.directory.1 != "/" {
            // A box of recent or popular posts beside the list says less of each, and shows most of it again.
            let known: HashSet<String> = best.cards.iter().filter_map(|c| c.item.key()).collect();
            let again = self.cards.iter().filter(|c| c.item.key().is_some_and(|k| known.contains(&k))).count();
            return again * 2 <= self.cards.len() || self.dated >= 0.2 || best.dated < 0.8;
        }
        let same_group = self.cards[0].list.0 == best.cards[0].list.0;
        let enough = if same_group && self.directory == best.directory { 0.6 } else { 0.75 };
        let alike =
            self.dated >= best.dated * 0.6 && self.headed >= best.headed * 0.6 && (self.external - best.external).abs() < 0.6;
        // Lists of other kinds (projects, talks) have headings and summaries as posts have, but lie elsewhere.
        let elsewhere = self.directory != best.directory && best.directory.1 != "/" && best.external < 0.5;
        // Cards of one structure that all tell their days are posts under several subjects.
        let siblings = same_group && self.dated >= 0.8 && best.dated >= 0.8;
        let told =
            !elsewhere || siblings || self.dated >= 0.6 && best.dated >= 0.6 && shape::is_post_directory(&self.directory.1);
        alike && told && self.mean >= best.mean * enough
    }
}

/// The items of the list that looks most like posts, and of every list like it.
pub(super) fn choose(cards: &[Card], seen: &Seen<'_>) -> Vec<Card> {
    let mut by_list: HashMap<(usize, Option<NodeId>), Vec<&Card>> = HashMap::new();
    for card in cards.iter().filter(|c| c.score > -5.0) {
        by_list.entry(card.list).or_default().push(card);
    }
    // Items that are alone in their element (a wrapper each) are judged as one list with their like.
    let mut lists: Vec<List<'_>> = Vec::new();
    let mut single: HashMap<usize, Vec<&Card>> = HashMap::new();
    for ((group, _), cards) in by_list {
        if cards.len() == 1 { single.entry(group).or_default().extend(cards) } else { lists.push(List::of(cards)) }
    }
    lists.extend(single.into_values().map(List::of));
    lists.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then(a.cards[0].place.cmp(&b.cards[0].place)));
    let Some(best) = lists.first() else { return Vec::new() };
    let n = best.cards.len();
    let enough = best.mean >= 3.0 && n >= 2
        || best.mean >= 1.75 && n >= 3 && best.external < 0.5
        || best.mean >= 4.0
        || best.mean >= 0.75 && best.fills(seen);
    if !enough {
        return Vec::new();
    }
    let floor = (best.mean * 0.3).min(2.0);
    lists
        .iter()
        .enumerate()
        .filter(|(i, list)| *i == 0 || list.is_like(best) && !list.is_part_of(best))
        .flat_map(|(_, list)| list.cards.iter().map(move |card| (list, card)))
        .filter(|(list, card)| {
            // One word is a title where all around it are titles.
            let among_titles = card.bare && card.directory == *list.directory && !card.external;
            if among_titles { card.score + ONE_WORD >= 0.0 } else { card.score >= floor }
        })
        .map(|(_, card)| (*card).clone())
        .collect()
}
