//! Finds which items of a document are entries that the source already had.
//!
//! [`match_entries`] is the entry point. Its steps go from the certain to the likely. Each step is
//! taken for the whole document before the next, so an entry that an item has under its own key is
//! never claimed by another item. In every step an entry is claimed only if exactly one item claims
//! it and that item claims exactly one entry. Everything ambiguous is new: announcing a post twice
//! is a nuisance, but swallowing a post loses it.

use std::collections::{HashMap, HashSet};

use chrono::NaiveTime;
use feed_model::{EntryId, EntryKey, Timestamp};

use super::{EntryIdentity, EntryMatchReason, KeyFrom, canonical_url, timestamp_match};

/// Number of unmatched items that must pair up with entries before a document counts as rebuilt.
const MIN_REBUILT_ITEMS: usize = 3;
/// Number of items whose id names another post than before, from which the ids count as reused.
const MIN_REUSED_IDS: usize = 3;
/// Number of items whose id is their link with a revision number, from which the publisher's ids
/// count as numbered revisions.
const MIN_REVISION_IDS: usize = 2;
/// Number of words from which a text belongs to one post only.
const MIN_UNIQUE_TEXT_WORDS: usize = 48;
/// Number of words from which a text identifies a post together with its second of publication.
const MIN_TEXT_WORDS: usize = 8;
/// Largest change of a date when its time zone is corrected.
const MAX_ZONE_SHIFT: chrono::TimeDelta = chrono::TimeDelta::hours(14);

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
        /// Why.
        reason: EntryMatchReason,
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
    let mut matcher =
        EntryMatcher { items, found: vec![None; items.len()], claimed: HashSet::new() };
    let ids_reused = matcher.match_keys(known)?;
    if ids_reused || matcher.unmatched().next().is_none() {
        return Ok(EntryMatches { items: matcher.into_matches(), ids_reused });
    }
    matcher.match_by(EntryMatchReason::DistrustedId, |item| by_unique_guid(item, known))?;
    matcher.match_by(EntryMatchReason::IdAlias, |item| by_alias(item, known))?;
    let revision_ids = items
        .iter()
        .filter(|item| {
            is_revision(item.guid.as_deref(), item.link.as_deref()) && !item.ambiguous.link
        })
        .count();
    let has_revision_ids = revision_ids >= MIN_REVISION_IDS;
    matcher.match_by(EntryMatchReason::Link, |item| by_link(item, has_revision_ids, known))?;
    matcher.match_by(EntryMatchReason::TitleTextAndDate, |item| by_title(item, known))?;
    matcher.match_by(EntryMatchReason::TitleAndPath, |item| by_title_and_path(item, known))?;
    matcher.match_by(EntryMatchReason::PublicationTime, |item| by_published(item, known))?;
    matcher.match_rebuilt_document(known)?;
    Ok(EntryMatches { items: matcher.into_matches(), ids_reused })
}

/// The stored entry that an item was matched with.
#[derive(Clone, Copy)]
struct Claim {
    entry: EntryId,
    reason: EntryMatchReason,
    new_key: bool,
}

/// An item whose own key belongs to a stored entry.
struct KeyHolder {
    /// Index of the item.
    item: usize,
    /// The entry with the item's key.
    entry: EntryId,
    /// Another entry that the item matches better ([`find_better_entry`]).
    better_entry: Option<EntryId>,
}

struct EntryMatcher<'a> {
    items: &'a [EntryIdentity],
    found: Vec<Option<Claim>>,
    claimed: HashSet<EntryId>,
}

impl EntryMatcher<'_> {
    /// Returns the items that no step has matched yet, with their index.
    fn unmatched(&self) -> impl Iterator<Item = (usize, &EntryIdentity)> {
        self.items
            .iter()
            .enumerate()
            .filter(|(i, item)| self.found[*i].is_none() && !item.is_in_feed_duplicate)
    }

    /// Matches items by key. Returns whether the publisher reuses ids.
    ///
    /// An item gets the entry with its key, unless it is clearly another stored entry that lost
    /// this key. In both cases an item claims the entry with the key, so no new entry is ever given
    /// a key that is in use.
    fn match_keys<K: KnownEntries>(&mut self, known: &K) -> Result<bool, K::Error> {
        let mut holders = Vec::new();
        let mut further = Vec::new();
        let mut rewritten = Vec::new();
        for (i, item) in
            self.items.iter().enumerate().filter(|(_, item)| !item.is_in_feed_duplicate)
        {
            if let Some(entry) = known.by_key(&item.key)? {
                let better_entry = find_better_entry(item, &entry, known)?;
                let has_other_text = entry.title_norm != item.title_norm
                    && entry.material_hash != item.material_hash;
                if item.key_from == KeyFrom::Guid && has_other_text {
                    rewritten.push((item, entry.clone()));
                }
                if entry.key == item.key {
                    holders.push(KeyHolder { item: i, entry: entry.entry, better_entry });
                } else {
                    further.push((i, better_entry.unwrap_or(entry.entry)));
                }
            }
        }
        for (i, entry) in better_matches(&holders) {
            self.claim(i, entry, EntryMatchReason::LinkAndTitleOfSharedId, false);
        }
        for KeyHolder { item, entry, .. } in holders {
            if self.found[item].is_none() && !self.claimed.contains(&entry) {
                self.claim(item, entry, EntryMatchReason::Key, false);
            }
        }
        for (i, entry) in unambiguous(further) {
            if !self.claimed.contains(&entry) {
                self.claim(i, entry, EntryMatchReason::FurtherKey, false);
            }
        }
        Ok(are_ids_reused(&rewritten, self.items))
    }

    /// Matches the remaining items with what `look_up` finds, if that is exactly one free entry.
    fn match_by<E>(
        &mut self,
        reason: EntryMatchReason,
        mut look_up: impl FnMut(&EntryIdentity) -> Result<Vec<KnownEntry>, E>,
    ) -> Result<(), E> {
        let mut proposals = Vec::new();
        for (i, item) in self.unmatched() {
            let free: Vec<EntryId> = look_up(item)?
                .iter()
                .map(|entry| entry.entry)
                .filter(|entry| !self.claimed.contains(entry))
                .collect();
            if let [entry] = free[..] {
                proposals.push((i, entry));
            }
        }
        for (i, entry) in unambiguous(proposals) {
            self.claim(i, entry, reason, true);
        }
        Ok(())
    }

    /// Matches the items of a rebuilt document, such as that of a new CMS.
    ///
    /// Ids, links and perhaps dates are new. Most unmatched items have the title of exactly one
    /// stored entry, and the same text or day.
    fn match_rebuilt_document<K: KnownEntries>(&mut self, known: &K) -> Result<(), K::Error> {
        // Items that were matched under a new key are evidence too.
        let renamed = self.found.iter().flatten().filter(|claim| claim.new_key).count();
        let open = self.unmatched().count();
        if open == 0 || open + renamed < MIN_REBUILT_ITEMS {
            return Ok(());
        }
        let mut proposals = Vec::new();
        for (i, item) in self.unmatched() {
            let Some(title) = &item.title_norm else {
                continue;
            };
            let is_similar = |entry: &&KnownEntry| {
                !self.claimed.contains(&entry.entry)
                    && (entry.material_hash == item.material_hash
                        || is_same_day(entry.published, item.published))
            };
            let found = known.by_title(title)?;
            let mut similar = found.iter().filter(is_similar);
            if let (Some(entry), None) = (similar.next(), similar.next()) {
                proposals.push((i, entry.entry));
            }
        }
        let pairs = unambiguous(proposals);
        let matched = pairs.len() + renamed;
        if matched >= MIN_REBUILT_ITEMS && matched * 2 >= open + renamed {
            for (i, entry) in pairs {
                self.claim(i, entry, EntryMatchReason::RebuiltDocument, true);
            }
        }
        Ok(())
    }

    fn claim(&mut self, item: usize, entry: EntryId, reason: EntryMatchReason, new_key: bool) {
        self.found[item] = Some(Claim { entry, reason, new_key });
        self.claimed.insert(entry);
    }

    fn into_matches(self) -> Vec<EntryMatch> {
        let result = |(item, claim): (&EntryIdentity, Option<Claim>)| match claim {
            _ if item.is_in_feed_duplicate => EntryMatch::InFeedDuplicate,
            Some(Claim { entry, reason, new_key }) => {
                EntryMatch::Existing { entry, reason, new_key }
            }
            None => EntryMatch::New,
        };
        self.items.iter().zip(self.found).map(result).collect()
    }
}

/// Returns the items that move to a better entry than the one with their key.
///
/// An item takes the entry of another key holder only if that holder moves too, as when two posts
/// exchange their ids.
fn better_matches(holders: &[KeyHolder]) -> Vec<(usize, EntryId)> {
    let mut moving = unambiguous(
        holders.iter().filter_map(|holder| Some((holder.item, holder.better_entry?))).collect(),
    );
    loop {
        let items: HashSet<usize> = moving.iter().map(|(i, _)| *i).collect();
        let kept: HashSet<EntryId> = holders
            .iter()
            .filter(|holder| !items.contains(&holder.item))
            .map(|holder| holder.entry)
            .collect();
        let before = moving.len();
        moving.retain(|(_, entry)| !kept.contains(entry));
        if moving.len() == before {
            return moving;
        }
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
            && (other.title_norm == item.title_norm || is_same_day(other.published, item.published))
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

/// Finds the entry that had the item's id as its key before the ids were distrusted.
fn by_unique_guid<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(guid) = item.unique_guid().filter(|guid| *guid != item.key.as_str()) else {
        return Ok(Vec::new());
    };
    let found = known.by_key(&EntryKey(guid.to_owned()))?;
    // The id may have named several posts, so the title must be the same too.
    Ok(found.into_iter().filter(|entry| entry.title_norm == item.title_norm).collect())
}

/// Finds entries whose id differs only in scheme, host and tracking parameters.
fn by_alias<K: KnownEntries>(item: &EntryIdentity, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(alias) = &item.guid_alias else {
        return Ok(Vec::new());
    };
    let host = |guid: &Option<String>| guid.as_deref().and_then(canonical_url::host_of);
    let item_host = host(&item.guid);
    // Two blogs in one planet may both have a post `/?p=12`, so with another host the title must be
    // the same too.
    let is_plausible = |entry: &KnownEntry| {
        host(&entry.guid) == item_host
            || (item.title_norm.is_some() && entry.title_norm == item.title_norm)
    };
    Ok(known.by_guid_alias(alias)?.into_iter().filter(is_plausible).collect())
}

/// Finds the only entry with the item's link.
fn by_link<K: KnownEntries>(
    item: &EntryIdentity,
    has_revision_ids: bool,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(link) = item.link.as_ref().filter(|_| !item.ambiguous.link) else {
        return Ok(Vec::new());
    };
    let found = known.by_link(link)?;
    let [entry] = &found[..] else {
        return Ok(Vec::new());
    };
    // A page that shows another post every day keeps its address, while id, title, text and day
    // change.
    let has_other_id = entry.guid.is_some() && item.guid.is_some() && entry.guid != item.guid;
    let has_other_text =
        entry.title_norm != item.title_norm && entry.material_hash != item.material_hash;
    if has_other_id && has_other_text && !is_same_day(entry.published, item.published) {
        let is_revised = has_revision_ids
            && is_revision(item.guid.as_deref(), item.link.as_deref())
            && is_revision(entry.guid.as_deref(), entry.link.as_deref());
        if !is_revised && common_text(item, entry, MIN_UNIQUE_TEXT_WORDS, known)?.is_none() {
            return Ok(Vec::new());
        }
    }
    Ok(found)
}

/// Finds entries with the item's title, text and date, which editors keep when they publish a post
/// again.
///
/// - Without a text the date must have a time of day, because comics of one title have no text.
/// - Without dates the links must not contradict each other, or the text must be long: episodes of
///   one title have the same notes.
/// - If neither has an id or a link, title and text are enough, because some programs date every
///   item with the time of the request.
/// - A date that moved by at most 14 hours counts as the same if the text is long, because time
///   zones get corrected.
fn by_title<K: KnownEntries>(item: &EntryIdentity, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(title) = &item.title_norm else {
        return Ok(Vec::new());
    };
    let has_time_of_day = item.published.is_some_and(|at| at.time() != NaiveTime::MIN);
    let has_text = item.text_hash.is_some();
    let mut matching = Vec::new();
    for entry in
        known.by_title(title)?.into_iter().filter(|entry| entry.material_hash == item.material_hash)
    {
        let links_agree = item.link.is_none() || entry.link.is_none() || item.link == entry.link;
        let without_id_and_link = item.guid.is_none()
            && entry.guid.is_none()
            && item.link.is_none()
            && entry.link.is_none();
        let is_match = match item.published.zip(entry.published) {
            Some((new, old)) if new == old => has_text || has_time_of_day,
            Some((new, old)) if (new - old).abs() <= MAX_ZONE_SHIFT => {
                (has_text && without_id_and_link) || has_common_unique_text(item, &entry, known)?
            }
            None if item.published.is_none() && entry.published.is_none() => {
                (has_text && links_agree) || has_common_unique_text(item, &entry, known)?
            }
            _ => has_text && without_id_and_link,
        };
        if is_match {
            matching.push(entry);
        }
    }
    Ok(matching)
}

/// Finds entries with the item's title and the path of its link, which a site keeps when it moves
/// to another host.
fn by_title_and_path<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let path = |link: &Option<String>| link.as_deref().and_then(canonical_url::guid_alias);
    let item_path = path(&item.link).filter(|_| !item.ambiguous.link);
    let Some(title) = item.title_norm.as_ref().filter(|_| item_path.is_some()) else {
        return Ok(Vec::new());
    };
    Ok(known.by_title(title)?.into_iter().filter(|entry| path(&entry.link) == item_path).collect())
}

/// Finds entries with the item's publication time: posts that were published again under a new id
/// and link and then edited.
///
/// On a full quarter of an hour only a long common text is enough. With any other second the same
/// title is enough, or a text of a few words, or that neither has an id or a link.
fn by_published<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(at) = item.published else {
        return Ok(Vec::new());
    };
    let is_quarter_hour = timestamp_match::is_on_quarter_hour(at);
    let item_without_id_and_link = item.guid.is_none() && item.link.is_none();
    let mut matching = Vec::new();
    for entry in known.by_published(at)? {
        let without_id_and_link =
            item_without_id_and_link && entry.guid.is_none() && entry.link.is_none();
        let same_title = item.title_norm.is_some() && item.title_norm == entry.title_norm;
        let min_words = match (without_id_and_link, is_quarter_hour) {
            (true, _) => 0,
            (false, true) => MIN_UNIQUE_TEXT_WORDS,
            (false, false) => MIN_TEXT_WORDS,
        };
        if (!is_quarter_hour && (without_id_and_link || same_title))
            || common_text(item, &entry, min_words, known)?.is_some()
        {
            matching.push(entry);
        }
    }
    Ok(matching)
}

/// Returns the text of the entry if the item has the same text and it has at least `min_words`.
fn common_text<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    min_words: usize,
    known: &K,
) -> Result<Option<KnownText>, K::Error> {
    let Some(hash) = item.text_hash else {
        return Ok(None);
    };
    Ok(known.text_of(entry.entry)?.filter(|text| text.hash == hash && text.words >= min_words))
}

/// Returns whether both have the same long text, and no files: several episodes may have the same
/// show notes.
fn has_common_unique_text<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    known: &K,
) -> Result<bool, K::Error> {
    Ok(common_text(item, entry, MIN_UNIQUE_TEXT_WORDS, known)?.is_some_and(|text| !text.has_files))
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
            || (has_other_link && !is_same_day(item.published, entry.published))
    };
    rewritten.iter().filter(is_reused).count() >= MIN_REUSED_IDS
}

/// Returns whether an id is the item's link with a revision number: `https://example.org/a#3`.
fn is_revision(guid: Option<&str>, link: Option<&str>) -> bool {
    let Some((page, number)) = guid.and_then(|guid| guid.rsplit_once('#')) else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number
        && link.is_some()
        && canonical_url::canonical_link_with_fragment(page).as_deref() == link
}

fn is_same_day(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.zip(right).is_some_and(|(a, b)| a.date_naive() == b.date_naive())
}
