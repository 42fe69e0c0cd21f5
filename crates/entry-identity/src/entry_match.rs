//! Finds which items of a document are entries that the source already had.
//!
//! [`match_entries`] is the entry point. It applies [`ENTRY_RULES`] in their order. By each rule an
//! entry is claimed only if exactly one item claims it and that item claims exactly one entry.
//! Everything ambiguous is new: announcing a post twice is a nuisance, but swallowing a post loses
//! it.

use std::collections::{HashMap, HashSet};

use feed_model::{EntryId, EntryKey, Timestamp};

use super::{
    ENTRY_RULES, EntryIdentity, EntryRule, KeyFrom,
    entry_evidence::{self, DocumentFacts, EntryEvidence},
    entry_rules::LookUp,
    thresholds::{MIN_REBUILT_ITEMS, MIN_REUSED_IDS},
};

/// A stored entry of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// The entry's row.
    pub entry: EntryId,
    /// The key under which it first appeared.
    pub key: EntryKey,
    /// As in [`EntryIdentity`].
    pub guid: Option<String>,
    /// As in [`EntryIdentity`].
    pub guid_alias: Option<String>,
    /// As in [`EntryIdentity`].
    pub link: Option<String>,
    /// As in [`EntryIdentity`].
    pub title_norm: Option<String>,
    /// As in [`EntryIdentity`].
    pub material_hash: [u8; 32],
    /// The publisher's date.
    pub published: Option<Timestamp>,
}

/// The text of a stored entry, made by [`known_text`](super::known_text).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownText {
    /// The hash of the text, comparable with [`EntryIdentity::text_hash`].
    pub hash: [u8; 32],
    /// Number of words.
    pub words: usize,
    /// Whether files are attached. Several episodes may have the same show notes.
    pub has_files: bool,
}

/// Access to the stored entries of one source, tombstones included.
pub trait KnownEntries {
    /// The error of a failed look-up.
    type Error;
    /// Returns the entry with this key, or else the entry that has it as a further key.
    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, Self::Error>;
    /// Returns the entries whose id differs only in scheme, host and tracking parameters.
    fn by_guid_alias(&self, alias: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Returns the entries with this link, fragment included.
    fn by_link(&self, link: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Returns the entries with this normalised title.
    fn by_title(&self, title_norm: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Returns the entries with this publication time. Returns none if there are more than a few,
    /// because such a time identifies no entry.
    fn by_published(&self, published: Timestamp) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Returns the newest dated entries by publication time, the newest first, at most `limit`.
    fn newest(&self, limit: usize) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Returns the text of an entry; `None` if it has only a title.
    fn text_of(&self, entry: EntryId) -> Result<Option<KnownText>, Self::Error>;
}

/// The result of matching one item with the entries of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryMatch {
    /// A stored entry.
    Existing {
        /// The entry's row.
        entry: EntryId,
        /// The rule that decided.
        reason: &'static EntryRule,
        /// Whether the item's key must be stored as a further key of the entry.
        new_key: bool,
    },
    /// A new entry.
    New,
    /// A duplicate of another item of the same document. It is not stored.
    InFeedDuplicate,
}

/// The results for all items of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMatches {
    /// One result per item, in the same order.
    pub items: Vec<EntryMatch>,
    /// Whether the publisher reuses ids for other posts: positions in the document ("item-0"), or
    /// numbers that started again. The results are then unreliable. The caller must identify the
    /// items again with [`KeyPolicy::Link`](super::KeyPolicy::Link) and match them again.
    pub ids_reused: bool,
}

/// Finds the stored entry of every item of a document.
pub fn match_entries<K: KnownEntries>(
    items: &[EntryIdentity],
    known: &K,
) -> Result<EntryMatches, K::Error> {
    match_entries_without("", items, known)
}

/// The same without one rule. Tests show by this that every rule is needed.
#[doc(hidden)]
pub fn match_entries_without<K: KnownEntries>(
    left_out: &str,
    items: &[EntryIdentity],
    known: &K,
) -> Result<EntryMatches, K::Error> {
    let rules = |look_up| {
        ENTRY_RULES
            .iter()
            .filter(move |rule: &&EntryRule| rule.look_up == look_up && rule.name != left_out)
    };
    let mut matcher = EntryMatcher {
        items,
        found: vec![None; items.len()],
        claimed: HashSet::new(),
        key_holders: HashMap::new(),
        candidates: vec![Vec::new(); items.len()],
    };
    let ids_reused = matcher.look_up_keys(known)?;
    rules(LookUp::Key).for_each(|rule| matcher.apply(rule));
    if ids_reused || matcher.unmatched().next().is_none() {
        return Ok(EntryMatches { items: matcher.into_matches(), ids_reused });
    }
    matcher.look_up_values(known)?;
    rules(LookUp::Values).for_each(|rule| matcher.apply(rule));
    rules(LookUp::RebuiltDocument).for_each(|rule| matcher.apply_to_rebuilt_document(rule));
    Ok(EntryMatches { items: matcher.into_matches(), ids_reused })
}

/// The stored entry that an item was matched with.
#[derive(Clone, Copy)]
struct Claim {
    entry: EntryId,
    rule: &'static EntryRule,
}

impl Claim {
    /// Returns whether the item's key must be stored as a further key of the entry.
    fn has_new_key(&self) -> bool {
        self.rule.look_up != LookUp::Key
    }
}

struct EntryMatcher<'a> {
    items: &'a [EntryIdentity],
    found: Vec<Option<Claim>>,
    claimed: HashSet<EntryId>,
    /// The items that have the own key of an entry.
    key_holders: HashMap<EntryId, usize>,
    /// The entries that each item may be.
    candidates: Vec<Vec<(EntryId, EntryEvidence)>>,
}

impl EntryMatcher<'_> {
    /// Returns the items that no rule has matched yet, with their index.
    fn unmatched(&self) -> impl Iterator<Item = (usize, &EntryIdentity)> {
        self.items
            .iter()
            .enumerate()
            .filter(|(i, item)| self.found[*i].is_none() && !item.is_in_feed_duplicate)
    }

    /// Looks up the entries with the items' keys. Returns whether the publisher reuses ids.
    fn look_up_keys<K: KnownEntries>(&mut self, known: &K) -> Result<bool, K::Error> {
        let mut rewritten = Vec::new();
        for (i, item) in self.items.iter().enumerate().filter(|(_, i)| !i.is_in_feed_duplicate) {
            let Some(entry) = known.by_key(&item.key)? else {
                continue;
            };
            if entry.key == item.key {
                self.key_holders.insert(entry.entry, i);
            }
            if let Some(better) = find_better_entry(item, &entry, known)? {
                let evidence = EntryEvidence { better_than_key: true, ..Default::default() };
                self.candidates[i].push((better, evidence));
            }
            self.candidates[i].push((entry.entry, entry_evidence::of_key(item, &entry)));
            let has_other_text =
                entry.title_norm != item.title_norm && entry.material_hash != item.material_hash;
            if item.key_from == KeyFrom::Guid && has_other_text {
                rewritten.push((item, entry));
            }
        }
        Ok(are_ids_reused(&rewritten, self.items))
    }

    /// Looks up the entries with other values of the unmatched items.
    fn look_up_values<K: KnownEntries>(&mut self, known: &K) -> Result<(), K::Error> {
        let matched: Vec<_> = self.found.iter().map(|claim| claim.map(|c| c.entry)).collect();
        let gone = entry_evidence::gone_entries(self.items, &matched, known)?;
        let document = DocumentFacts::of(self.items);
        let unmatched: Vec<usize> = self.unmatched().map(|(i, _)| i).collect();
        for i in unmatched {
            self.candidates[i] =
                entry_evidence::candidates(&self.items[i], &document, &gone, known)?;
        }
        Ok(())
    }

    /// Matches each unmatched item with the entry to which the rule applies, if that is exactly one
    /// free entry.
    fn apply(&mut self, rule: &'static EntryRule) {
        for (item, entry) in self.pairs(rule) {
            self.found[item] = Some(Claim { entry, rule });
            self.claimed.insert(entry);
        }
    }

    /// Does the same if most of the document changed, as after a change of CMS.
    fn apply_to_rebuilt_document(&mut self, rule: &'static EntryRule) {
        // Items that were matched under a new key are evidence too.
        let renamed = self.found.iter().flatten().filter(|claim| claim.has_new_key()).count();
        let unknown = self.unmatched().count() + renamed;
        let matched = self.pairs(rule).len() + renamed;
        if matched >= MIN_REBUILT_ITEMS && matched * 2 >= unknown {
            self.apply(rule);
        }
    }

    /// Returns the items and entries that a rule pairs up unambiguously.
    fn pairs(&self, rule: &EntryRule) -> Vec<(usize, EntryId)> {
        let mut proposals = Vec::new();
        for (i, _) in self.unmatched() {
            let mut free = self.candidates[i]
                .iter()
                .filter(|(entry, e)| !self.claimed.contains(entry) && (rule.applies)(e));
            if let (Some((entry, _)), None) = (free.next(), free.next()) {
                proposals.push((i, *entry));
            }
        }
        self.without_kept(unambiguous(proposals))
    }

    /// Removes the proposals whose entry belongs to another item by its key, unless that item has
    /// another entry or gets one at the same time, as when two posts exchange their ids.
    fn without_kept(&self, mut proposals: Vec<(usize, EntryId)>) -> Vec<(usize, EntryId)> {
        loop {
            let moving: HashSet<usize> = proposals.iter().map(|(i, _)| *i).collect();
            let is_kept = |(item, entry): &(usize, EntryId)| {
                self.key_holders
                    .get(entry)
                    .is_some_and(|i| i != item && self.found[*i].is_none() && !moving.contains(i))
            };
            let before = proposals.len();
            proposals.retain(|proposal| !is_kept(proposal));
            if proposals.len() == before {
                return proposals;
            }
        }
    }

    fn into_matches(self) -> Vec<EntryMatch> {
        let result = |(item, claim): (&EntryIdentity, Option<Claim>)| match claim {
            _ if item.is_in_feed_duplicate => EntryMatch::InFeedDuplicate,
            Some(claim) => EntryMatch::Existing {
                entry: claim.entry,
                reason: claim.rule,
                new_key: claim.has_new_key(),
            },
            None => EntryMatch::New,
        };
        self.items.iter().zip(self.found).map(result).collect()
    }
}

/// Keeps the proposals whose entry only one item claims.
fn unambiguous(proposals: Vec<(usize, EntryId)>) -> Vec<(usize, EntryId)> {
    let mut times: HashMap<EntryId, usize> = HashMap::new();
    for (_, entry) in &proposals {
        *times.entry(*entry).or_default() += 1;
    }
    proposals.into_iter().filter(|(_, entry)| times[entry] == 1).collect()
}

/// Returns the entry that an item matches better than the entry with its key.
///
/// The title and link of the item differ from those of the entry with its key, while exactly one
/// other entry has its link, and its title or day. This happens with an id that several posts
/// share, when the document holds only one of them. Once decided it stays so: the other entry then
/// has the id, and the entry with the key has another id or none.
fn find_better_entry<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    known: &K,
) -> Result<Option<EntryId>, K::Error> {
    if entry.link == item.link {
        return Ok(None);
    }
    let Some(link) = item.link.as_ref().filter(|_| !item.ambiguous.link) else {
        return Ok(None);
    };
    let is_other_post = |other: &KnownEntry| {
        entry.title_norm != item.title_norm
            && (other.title_norm == item.title_norm
                || entry_evidence::is_same_day(other.published, item.published))
    };
    let was_decided = |other: &KnownEntry| {
        item.guid.is_some() && other.guid == item.guid && entry.guid != item.guid
    };
    Ok(match &known.by_link(link)?[..] {
        [other] if other.entry == entry.entry => None,
        [other] => (is_other_post(other) || was_decided(other)).then_some(other.entry),
        _ => None,
    })
}

/// Returns whether ids name other posts than before.
///
/// `rewritten` are the items that differ in title and text from the entry with their id. Such an id
/// is reused if another item of the document has the content of that entry, or if link and day
/// differ too.
fn are_ids_reused(rewritten: &[(&EntryIdentity, KnownEntry)], items: &[EntryIdentity]) -> bool {
    if rewritten.len() < MIN_REUSED_IDS {
        return false;
    }
    let contents: HashSet<[u8; 32]> = items.iter().map(|item| item.material_hash).collect();
    let is_reused = |(item, entry): &&(&EntryIdentity, KnownEntry)| {
        let has_other_link = item.link.is_some() && entry.link.is_some() && item.link != entry.link;
        contents.contains(&entry.material_hash)
            || (has_other_link && !entry_evidence::is_same_day(item.published, entry.published))
    };
    rewritten.iter().filter(is_reused).count() >= MIN_REUSED_IDS
}
