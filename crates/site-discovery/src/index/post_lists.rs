//! Selection of the lists of a page that contain its posts.
//!
//! Entry point: [`select_candidates`]. The list with the highest weight is the reference. Other
//! lists are taken if their items look like its items. Lists within its items and lists that repeat
//! its items are left out.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ego_tree::NodeId;

use super::candidate::{Candidate, ONE_WORD_PENALTY, PageContext};
use crate::{
    url_shape,
    word_list::{WordList, word_list},
};

/// A list of candidates with its statistics.
struct CandidateList<'a> {
    candidates: Vec<&'a Candidate>,
    mean_score: f64,
    dated_share: f64,
    heading_share: f64,
    external_share: f64,
    directory: &'a (String, String),
}

#[allow(clippy::cast_precision_loss)] // a few thousand at most
impl<'a> CandidateList<'a> {
    fn new(candidates: Vec<&'a Candidate>) -> Self {
        let n = candidates.len().max(1) as f64;
        let share = |has: &dyn Fn(&Candidate) -> bool| {
            candidates.iter().filter(|c| has(c)).count() as f64 / n
        };
        let mut counts: HashMap<&(String, String), usize> = HashMap::new();
        for candidate in &candidates {
            *counts.entry(&candidate.directory).or_default() += 1;
        }
        let directory = counts
            .into_iter()
            .max_by_key(|(d, count)| (*count, std::cmp::Reverse(*d)))
            .map(|(d, _)| d)
            .expect("a list has a candidate");
        Self {
            mean_score: candidates.iter().map(|c| c.score).sum::<f64>() / n,
            dated_share: share(&|c| c.features.has_date),
            heading_share: share(&|c| c.features.has_heading),
            external_share: share(&|c| c.external),
            directory,
            candidates,
        }
    }

    fn weight(&self) -> f64 {
        let n = self.candidates.len() as f64;
        let directory_factor =
            if self.directory.1 != "/" && url_shape::is_post_directory(&self.directory.1) {
                1.3
            } else {
                1.0
            };
        self.mean_score.max(0.0) * (1.0 + n).ln() * directory_factor
    }

    /// Returns whether the items of this list are within the items of another list, such as links
    /// to tags or comments.
    fn is_nested_in(&self, other: &Self) -> bool {
        let roots: HashSet<NodeId> = other.candidates.iter().map(|c| c.root).collect();
        let keys: HashSet<String> = other.candidates.iter().filter_map(|c| c.item.key()).collect();
        let nested = self.candidates.iter().filter(|c| {
            roots.contains(&c.root) && c.item.key().is_some_and(|k| !keys.contains(&k))
        });
        nested.count() * 2 > self.candidates.len()
    }

    /// Returns whether the list contains nearly all links of a page whose URL names a list of
    /// posts.
    fn dominates_page(&self, page_context: &PageContext<'_>) -> bool {
        let keys: HashSet<&str> =
            page_context.anchors.iter().filter(|a| !a.inline).map(|a| a.key.as_str()).collect();
        let own_count = self
            .candidates
            .iter()
            .filter(|c| c.directory == *self.directory && !c.external)
            .count();
        own_count >= 8
            && own_count * 10 >= self.candidates.len() * 9
            && own_count * 10 >= keys.len() * 6
            && url_shape::is_post_list(page_context.page)
    }

    /// Returns whether the list is a box of recommended posts: its heading says so, and the items
    /// have only titles.
    fn is_recommendation_box(&self) -> bool {
        let only_titles =
            self.candidates.iter().all(|c| !c.features.has_heading && !c.features.has_summary);
        only_titles
            && self
                .candidates
                .iter()
                .all(|c| c.section_heading.as_deref().is_some_and(is_recommendation_heading))
    }

    /// Returns whether the items of this list look like those of the reference list.
    fn is_similar_to(&self, best: &Self) -> bool {
        if self.mean_score < 2.5 || self.is_recommendation_box() && !best.is_recommendation_box() {
            return false;
        }
        if self.directory == best.directory && self.directory.1 != "/" {
            // A box of recent or popular posts repeats the items of the list with less detail.
            let known: HashSet<String> =
                best.candidates.iter().filter_map(|c| c.item.key()).collect();
            let repeated = self
                .candidates
                .iter()
                .filter(|c| c.item.key().is_some_and(|k| known.contains(&k)))
                .count();
            return repeated * 2 <= self.candidates.len()
                || self.dated_share >= 0.2
                || best.dated_share < 0.8;
        }
        let same_group = self.candidates[0].list.0 == best.candidates[0].list.0;
        let min_share = if same_group && self.directory == best.directory { 0.6 } else { 0.75 };
        let has_similar_shares = self.dated_share >= best.dated_share * 0.6
            && self.heading_share >= best.heading_share * 0.6
            && (self.external_share - best.external_share).abs() < 0.6;
        // Lists of something else (projects, talks) look like posts but lead to other directories.
        let elsewhere = self.directory != best.directory
            && best.directory.1 != "/"
            && best.external_share < 0.5;
        // Dated cards of the same structure are posts of several subjects.
        let are_dated_cards = same_group && self.dated_share >= 0.8 && best.dated_share >= 0.8;
        let is_plausible_place = !elsewhere
            || are_dated_cards
            || self.dated_share >= 0.6
                && best.dated_share >= 0.6
                && url_shape::is_post_directory(&self.directory.1);
        has_similar_shares && is_plausible_place && self.mean_score >= best.mean_score * min_share
    }
}

/// Returns whether a text is the heading of a box of recommended posts: `Popular posts`.
pub(super) fn is_recommendation_heading(text: &str) -> bool {
    static RECOMMENDATION_WORDS: LazyLock<WordList> = word_list!("recommendation_words.txt");
    let lower = text.to_lowercase();
    RECOMMENDATION_WORDS.contains_any(lower.split(|c: char| !c.is_alphanumeric()))
        && lower.split(' ').count() <= 5
}

/// Returns the candidates of the list that looks most like posts, and of the lists like it.
pub(super) fn select_candidates(
    candidates: &[Candidate],
    page_context: &PageContext<'_>,
) -> Vec<Candidate> {
    let mut by_list: HashMap<(usize, Option<NodeId>), Vec<&Candidate>> = HashMap::new();
    for candidate in candidates.iter().filter(|c| c.score > -5.0) {
        by_list.entry(candidate.list).or_default().push(candidate);
    }
    // Items that are alone in their parent element form one list with those of the same group.
    let mut lists: Vec<CandidateList<'_>> = Vec::new();
    let mut singletons: HashMap<usize, Vec<&Candidate>> = HashMap::new();
    for ((group, _), candidates) in by_list {
        if candidates.len() == 1 {
            singletons.entry(group).or_default().extend(candidates);
        } else {
            lists.push(CandidateList::new(candidates));
        }
    }
    lists.extend(singletons.into_values().map(CandidateList::new));
    lists.sort_by(|a, b| {
        b.weight()
            .total_cmp(&a.weight())
            .then(a.candidates[0].position.cmp(&b.candidates[0].position))
            .then(a.candidates[0].list.cmp(&b.candidates[0].list))
    });
    let Some(best) = lists.first() else {
        return Vec::new();
    };
    let n = best.candidates.len();
    let is_good_enough = best.mean_score >= 3.0 && n >= 2
        || best.mean_score >= 1.75 && n >= 3 && best.external_share < 0.5
        || best.mean_score >= 4.0
        || best.mean_score >= 0.75 && best.dominates_page(page_context);
    if !is_good_enough {
        return Vec::new();
    }
    let min_score = (best.mean_score * 0.3).min(2.0);
    lists
        .iter()
        .enumerate()
        .filter(|(i, list)| *i == 0 || list.is_similar_to(best) && !list.is_nested_in(best))
        .flat_map(|(_, list)| list.candidates.iter().map(move |candidate| (list, candidate)))
        .filter(|(list, candidate)| {
            // A one-word title is accepted among other items of the same directory.
            let among_titles = candidate.is_single_word
                && candidate.directory == *list.directory
                && !candidate.external;
            if among_titles {
                candidate.score + ONE_WORD_PENALTY >= 0.0
            } else {
                candidate.score >= min_score
            }
        })
        .map(|(_, candidate)| (*candidate).clone())
        .collect()
}
