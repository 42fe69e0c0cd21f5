//! Which items of a document are entries that the source had before, under whatever name.
//!
//! The steps go from what is certain to what is likely, and each is taken by the whole document
//! before the next: an entry that an item has under its own key can be claimed by no other. In
//! every step an entry is claimed only where one item alone claims it and one entry alone is
//! claimed; what is ambiguous is new, reason a post that is announced twice is a nuisance and a
//! post that is swallowed is lost.

use std::collections::{HashMap, HashSet};

use chrono::NaiveTime;

use super::{EntryIdentity, KeyFrom, canonical_url, timestamp_match};
use feed_model::{EntryKey, Timestamp};

/// Unrecognised items that must pair up, at least, before a document counts as made anew.
const MIN_REBUILT_ITEMS: usize = 3;

/// Items whose id names other posts than it did, before a source's ids count as wandering.
const MIN_REUSED_IDS: usize = 3;

/// Items whose id is their link with a number, before that counts as the publisher's way to number
/// revisions.
const MIN_REVISION_IDS: usize = 2;

/// Words of a text that is nobody else's.
const MIN_UNIQUE_TEXT_WORDS: usize = 48;
/// Words that say something, where the second is the same.
const MIN_TEXT_WORDS: usize = 8;
/// How far a date moves when its zone is corrected.
const MAX_ZONE_SHIFT: chrono::TimeDelta = chrono::TimeDelta::hours(14);

/// What the store holds of an entry of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// The entry's row.
    pub entry: i64,
    /// Its key, the first one that it came under.
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

/// The text of a known entry ([`known_text`](super::known_text)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownText {
    /// As [`EntryIdentity::text_hash`].
    pub hash: [u8; 32],
    /// How many words it has.
    pub words: usize,
    /// Whether files come with it: episodes have one set of notes.
    pub has_files: bool,
}

/// Looks up the entries of one source, tombstones included.
pub trait KnownEntries {
    /// Why a look-up failed.
    type Error;
    /// The entry with this key, else the one that came under it later.
    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, Self::Error>;
    /// Entries whose id is this but for scheme, host and tracking parameters.
    fn by_guid_alias(&self, alias: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Entries with this link, fragment included.
    fn by_link(&self, link: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Entries with this title.
    fn by_title(&self, title_norm: &str) -> Result<Vec<KnownEntry>, Self::Error>;
    /// Entries that the publisher dates so; none where those are more than a few: such a moment
    /// tells no entry.
    fn by_published(&self, published: Timestamp) -> Result<Vec<KnownEntry>, Self::Error>;
    /// The text of an entry; `None`: it has none beside its title.
    fn text_of(&self, entry: i64) -> Result<Option<KnownText>, Self::Error>;
}

/// What an item is to its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryMatch {
    /// An entry that is known.
    Existing {
        /// The entry's row.
        entry: i64,
        /// Why, in one sentence.
        reason: String,
        /// Whether the item's key is one that the entry has not come under yet.
        new_key: bool,
    },
    /// An entry that was never seen.
    New,
    /// The same document has it another time, and that one counts: nothing is to be stored.
    InFeedDuplicate,
}

/// What a document's items are to their source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMatches {
    /// One answer for each item, in the same order.
    pub items: Vec<EntryMatch>,
    /// Whether ids go from post to post: places in the document, or numbers that begin again. Then
    /// the answers are not to be believed; the document is to be keyed by its links, and asked
    /// about once more.
    pub ids_reused: bool,
}

/// Finds the known entry of every item.
pub fn match_entries<K: KnownEntries>(
    items: &[EntryIdentity],
    known: &K,
) -> Result<EntryMatches, K::Error> {
    let mut matcher =
        EntryMatcher { items, found: vec![None; items.len()], claimed: HashSet::new() };
    let ids_reused = matcher.by_key(known)?;
    if ids_reused || matcher.unmatched().next().is_none() {
        return Ok(EntryMatches { items: matcher.into_matches(), ids_reused });
    }
    matcher
        .match_by("its id is known, though ids of this source are no keys any more", |item| {
            by_unique_guid(item, known)
        })?;
    matcher.match_by("its id is known but for scheme, host or tracking parameters", |item| {
        by_alias(item, known)
    })?;
    let has_revision_ids = items
        .iter()
        .filter(|item| {
            is_revision(item.guid.as_deref(), item.link.as_deref()) && !item.ambiguous.link
        })
        .count()
        >= MIN_REVISION_IDS;
    matcher.match_by(
        "its link is known, of one entry alone, and no other item of the document has it",
        |item| by_link(item, has_revision_ids, known),
    )?;
    matcher.match_by("its title is known together with its text and date", |item| {
        by_title(item, known)
    })?;
    matcher.match_by("its title is known together with its link on another host", |item| {
        by_title_and_path(item, known)
    })?;
    matcher.match_by("its moment is known, together with its text or title", |item| {
        by_published(item, known)
    })?;
    matcher.match_rebuilt_document(known)?;
    Ok(EntryMatches { items: matcher.into_matches(), ids_reused })
}

struct EntryMatcher<'a> {
    items: &'a [EntryIdentity],
    found: Vec<Option<(i64, &'static str, bool)>>,
    claimed: HashSet<i64>,
}

impl EntryMatcher<'_> {
    /// Items that no step has recognised yet.
    fn unmatched(&self) -> impl Iterator<Item = (usize, &EntryIdentity)> {
        self.items
            .iter()
            .enumerate()
            .filter(|(i, item)| self.found[*i].is_none() && !item.is_in_feed_duplicate)
    }

    /// By its key. An entry that has the key itself is the item's, unless the item is plainly
    /// another known entry that lost it; either way it is claimed by one of the two, so that no new
    /// entry is ever given a key that is taken. Returns whether ids are_ids_reused.
    fn by_key<K: KnownEntries>(&mut self, known: &K) -> Result<bool, K::Error> {
        let mut own = Vec::new();
        let mut later = Vec::new();
        let mut rewritten = Vec::new();
        for (i, item) in
            self.items.iter().enumerate().filter(|(_, item)| !item.is_in_feed_duplicate)
        {
            if let Some(entry) = known.by_key(&item.key)? {
                let better_entry = find_better_entry(item, &entry, known)?;
                let other_text = entry.title_norm != item.title_norm
                    && entry.material_hash != item.material_hash;
                if item.key_from == KeyFrom::Guid && other_text {
                    rewritten.push((item, entry.clone()));
                }
                if entry.key == item.key {
                    own.push((i, entry.entry, better_entry));
                } else {
                    later.push((i, better_entry.unwrap_or(entry.entry)));
                }
            }
        }
        for (i, entry) in better_entry(&own) {
            self.claim(
                i,
                entry,
                "its link and title are known; its id is one that several posts share",
                false,
            );
        }
        for (i, entry, _) in own {
            if self.found[i].is_none() && !self.claimed.contains(&entry) {
                self.claim(i, entry, "its key is known", false);
            }
        }
        for (i, entry) in unambiguous(later) {
            if !self.claimed.contains(&entry) {
                self.claim(i, entry, "its key is known: the entry came under it before", false);
            }
        }
        Ok(are_ids_reused(&rewritten, self.items))
    }

    fn match_by<E>(
        &mut self,
        reason: &'static str,
        mut look: impl FnMut(&EntryIdentity) -> Result<Vec<KnownEntry>, E>,
    ) -> Result<(), E> {
        let mut proposals = Vec::new();
        for (i, item) in self.unmatched() {
            let free: Vec<i64> = look(item)?
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

    /// A document that was made anew: ids, links and perhaps dates are other ones, yet most of what
    /// seems new has the title of a known entry, one to one, and something else in common with it.
    fn match_rebuilt_document<K: KnownEntries>(&mut self, known: &K) -> Result<(), K::Error> {
        // What was recognised under another name already bears it out.
        let renamed = self.found.iter().flatten().filter(|(.., new_key)| *new_key).count();
        let open = self.unmatched().count();
        if open == 0 || open + renamed < MIN_REBUILT_ITEMS {
            return Ok(());
        }
        let mut proposals = Vec::new();
        for (i, item) in self.unmatched() {
            let Some(title) = &item.title_norm else {
                continue;
            };
            let alike = |entry: &&KnownEntry| {
                !self.claimed.contains(&entry.entry)
                    && (entry.material_hash == item.material_hash
                        || same_day(entry.published, item.published))
            };
            let found = known.by_title(title)?;
            let mut found = found.iter().filter(alike);
            if let (Some(entry), None) = (found.next(), found.next()) {
                proposals.push((i, entry.entry));
            }
        }
        let pairs = unambiguous(proposals);
        let matched = pairs.len() + renamed;
        if matched >= MIN_REBUILT_ITEMS && matched * 2 >= open + renamed {
            for (i, entry) in pairs {
                self.claim(i, entry, "most of the document has new ids and links, and its title pairs up with this entry", true);
            }
        }
        Ok(())
    }

    fn claim(&mut self, item: usize, entry: i64, reason: &'static str, new_key: bool) {
        self.found[item] = Some((entry, reason, new_key));
        self.claimed.insert(entry);
    }

    fn into_matches(self) -> Vec<EntryMatch> {
        let answer =
            |(item, found): (&EntryIdentity, Option<(i64, &'static str, bool)>)| match found {
                _ if item.is_in_feed_duplicate => EntryMatch::InFeedDuplicate,
                Some((entry, reason, new_key)) => {
                    EntryMatch::Existing { entry, reason: reason.to_owned(), new_key }
                }
                None => EntryMatch::New,
            };
        self.items.iter().zip(self.found).map(answer).collect()
    }
}

/// Items that are another entry than the one that has their key. An entry is another item's only
/// when the item that has its key leaves it too: so it is when two posts have changed ids.
fn better_entry(own: &[(usize, i64, Option<i64>)]) -> Vec<(usize, i64)> {
    let mut leaving = unambiguous(
        own.iter().filter_map(|(i, _, better_entry)| Some((*i, (*better_entry)?))).collect(),
    );
    loop {
        let leaves: HashSet<usize> = leaving.iter().map(|(i, _)| *i).collect();
        let stays: HashSet<i64> =
            own.iter().filter(|(i, ..)| !leaves.contains(i)).map(|(_, entry, _)| *entry).collect();
        let before = leaving.len();
        leaving.retain(|(_, entry)| !stays.contains(entry));
        if leaving.len() == before {
            return leaving;
        }
    }
}

/// Wishes for an entry that one item alone has.
fn unambiguous(proposals: Vec<(usize, i64)>) -> Vec<(usize, i64)> {
    let mut times: HashMap<i64, usize> = HashMap::new();
    for (_, entry) in &proposals {
        *times.entry(*entry).or_default() += 1;
    }
    proposals.into_iter().filter(|(_, entry)| times[entry] == 1).collect()
}

/// The entry that an item is better_entry than the one that has its key: title and link are other
/// ones than that has, and both, or link and day, are those of one other entry. So it is with an id
/// that several posts share, when the window holds one of them alone. What was so once stays so:
/// the other entry has had the id since, and the one of the key another or none.
fn find_better_entry<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    known: &K,
) -> Result<Option<i64>, K::Error> {
    if entry.link == item.link {
        return Ok(None);
    }
    let Some(link) = item.link.as_ref().filter(|_| !item.ambiguous.link) else {
        return Ok(None);
    };
    let is_other_post = |other: &KnownEntry| {
        let is_like_it =
            other.title_norm == item.title_norm || same_day(other.published, item.published);
        entry.title_norm != item.title_norm && is_like_it
    };
    let was_so = |other: &KnownEntry| {
        item.guid.is_some() && other.guid == item.guid && entry.guid != item.guid
    };
    Ok(match &known.by_link(link)?[..] {
        [other] if other.entry == entry.entry => None,
        [other] => (is_other_post(other) || was_so(other)).then_some(other.entry),
        _ => None,
    })
}

fn by_unique_guid<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(guid) = item.unique_guid().filter(|guid| *guid != item.key.as_str()) else {
        return Ok(Vec::new());
    };
    let found = known.by_key(&EntryKey(guid.to_owned()))?;
    // An id that was given to several posts once is believed only together with the title.
    Ok(found.into_iter().filter(|entry| entry.title_norm == item.title_norm).collect())
}

fn by_alias<K: KnownEntries>(item: &EntryIdentity, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(alias) = &item.guid_alias else {
        return Ok(Vec::new());
    };
    let host = |guid: &Option<String>| guid.as_deref().and_then(canonical_url::host_of);
    let here = host(&item.guid);
    // Two blogs in one planet both have a post `/?p=12`: another host is believed only together
    // with the title.
    let believable = |entry: &KnownEntry| {
        host(&entry.guid) == here
            || (item.title_norm.is_some() && entry.title_norm == item.title_norm)
    };
    Ok(known.by_guid_alias(alias)?.into_iter().filter(believable).collect())
}

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
    // A page that shows another post every day keeps its address, while id, title, text and day are
    // other ones.
    let other_id = entry.guid.is_some() && item.guid.is_some() && entry.guid != item.guid;
    let other_text =
        entry.title_norm != item.title_norm && entry.material_hash != item.material_hash;
    if other_id && other_text && !same_day(entry.published, item.published) {
        let revised = has_revision_ids
            && is_revision(item.guid.as_deref(), item.link.as_deref())
            && is_revision(entry.guid.as_deref(), entry.link.as_deref());
        if !revised && common_text(item, entry, MIN_UNIQUE_TEXT_WORDS, known)?.is_none() {
            return Ok(Vec::new());
        }
    }
    Ok(found)
}

/// Title, text and date: what an editor keeps when a post is put up anew. Without a text the date
/// must have a time of day, for comics of one title. Without a date only a long text outweighs
/// another link: episodes of one title have the same notes. Where neither has id or link, title and
/// text are enough: some programs date every item with the hour of asking. A date whose zone was
/// corrected is the same date, of a text that is long enough.
fn by_title<K: KnownEntries>(item: &EntryIdentity, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(title) = &item.title_norm else {
        return Ok(Vec::new());
    };
    let has_time_of_day = item.published.is_some_and(|at| at.time() != NaiveTime::MIN);
    let has_text = item.text_hash.is_some();
    let mut same = Vec::new();
    for entry in
        known.by_title(title)?.into_iter().filter(|entry| entry.material_hash == item.material_hash)
    {
        let links_agree = item.link.is_none() || entry.link.is_none() || item.link == entry.link;
        let without_id_and_link = item.guid.is_none()
            && entry.guid.is_none()
            && item.link.is_none()
            && entry.link.is_none();
        let is_match = match item.published.zip(entry.published) {
            Some((here, there)) if here == there => has_text || has_time_of_day,
            Some((here, there)) if (here - there).abs() <= MAX_ZONE_SHIFT => {
                (has_text && without_id_and_link) || has_common_unique_text(item, &entry, known)?
            }
            None if item.published.is_none() && entry.published.is_none() => {
                (has_text && links_agree) || has_common_unique_text(item, &entry, known)?
            }
            _ => has_text && without_id_and_link,
        };
        if is_match {
            same.push(entry);
        }
    }
    Ok(same)
}

/// Title and the link's path: what a site keeps when it moves to another host.
fn by_title_and_path<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let path = |link: &Option<String>| link.as_deref().and_then(canonical_url::guid_alias);
    let here = path(&item.link).filter(|_| !item.ambiguous.link);
    let Some(title) = item.title_norm.as_ref().filter(|_| here.is_some()) else {
        return Ok(Vec::new());
    };
    Ok(known.by_title(title)?.into_iter().filter(|entry| path(&entry.link) == here).collect())
}

/// The moment of an item whose id and link are new ones, with the text or the title: a post that
/// was put up anew and edited. A moment that several entries have is none. With a slot only a text
/// that is nobody else's proves anything; with a second of its own a title is enough, or a text
/// that says something, or that both have neither id nor link.
fn by_published<K: KnownEntries>(
    item: &EntryIdentity,
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(at) = item.published else {
        return Ok(Vec::new());
    };
    let is_quarter_hour = timestamp_match::is_on_quarter_hour(at);
    let item_without_id_and_link = item.guid.is_none() && item.link.is_none();
    let mut same = Vec::new();
    for entry in known.by_published(at)? {
        let without_id_and_link =
            item_without_id_and_link && entry.guid.is_none() && entry.link.is_none();
        let same_title = item.title_norm.is_some() && item.title_norm == entry.title_norm;
        let words = match (without_id_and_link, is_quarter_hour) {
            (true, _) => 0,
            (false, true) => MIN_UNIQUE_TEXT_WORDS,
            (false, false) => MIN_TEXT_WORDS,
        };
        if (!is_quarter_hour && (without_id_and_link || same_title))
            || common_text(item, &entry, words, known)?.is_some()
        {
            same.push(entry);
        }
    }
    Ok(same)
}

/// The text that both have, if it has so many words at least.
fn common_text<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    words: usize,
    known: &K,
) -> Result<Option<KnownText>, K::Error> {
    let Some(here) = item.text_hash else {
        return Ok(None);
    };
    Ok(known.text_of(entry.entry)?.filter(|there| there.hash == here && there.words >= words))
}

/// Whether both have a text that is nobody else's, and no files: episodes have one set of notes.
fn has_common_unique_text<K: KnownEntries>(
    item: &EntryIdentity,
    entry: &KnownEntry,
    known: &K,
) -> Result<bool, K::Error> {
    Ok(common_text(item, entry, MIN_UNIQUE_TEXT_WORDS, known)?.is_some_and(|text| !text.has_files))
}

/// Whether ids name other posts than they did: of items and the entries that have their ids, which
/// differ in title and text, enough are others reason the document says what the entry does
/// elsewhere, or reason link and day differ too.
fn are_ids_reused(rewritten: &[(&EntryIdentity, KnownEntry)], items: &[EntryIdentity]) -> bool {
    if rewritten.len() < MIN_REUSED_IDS {
        return false;
    }
    let said: HashSet<[u8; 32]> = items.iter().map(|item| item.material_hash).collect();
    let is_another = |(item, entry): &&(&EntryIdentity, KnownEntry)| {
        let other_link = item.link.is_some() && entry.link.is_some() && item.link != entry.link;
        said.contains(&entry.material_hash)
            || (other_link && !same_day(item.published, entry.published))
    };
    rewritten.iter().filter(is_another).count() >= MIN_REUSED_IDS
}

/// Whether an id is the item's link with the number of a revision: `https://example.org/a#3`.
fn is_revision(guid: Option<&str>, link: Option<&str>) -> bool {
    let Some((page, number)) = guid.and_then(|guid| guid.rsplit_once('#')) else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number
        && link.is_some()
        && canonical_url::canonical_link_with_fragment(page).as_deref() == link
}

fn same_day(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.zip(right).is_some_and(|(a, b)| a.date_naive() == b.date_naive())
}
