//! Which items of a document are entries that the source had before, under whatever name.
//!
//! The steps go from what is certain to what is likely, and each is taken by the whole document before the next: an entry
//! that an item has under its own key can be claimed by no other. In every step an entry is claimed only where one item
//! alone claims it and one entry alone is claimed; what is ambiguous is new, because a post that is announced twice is
//! a nuisance and a post that is swallowed is lost.

use std::collections::{HashMap, HashSet};

use chrono::NaiveTime;

use super::{Keyed, address, moment};
use crate::model::{EntryKey, Timestamp};

/// Unrecognised items that must pair up, at least, before a document counts as made anew.
const MASS_FROM: usize = 3;

/// Unrecognised items that are looked for by nothing but their moment, at most.
const MOST_BY_MOMENT: usize = 50;

/// What the store holds of an entry of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// The entry's row.
    pub entry: i64,
    /// Its key, the first one that it came under.
    pub key: EntryKey,
    /// As in [`Keyed`].
    pub guid: Option<String>,
    /// As in [`Keyed`].
    pub guid_alias: Option<String>,
    /// As in [`Keyed`].
    pub link: Option<String>,
    /// As in [`Keyed`].
    pub title_norm: Option<String>,
    /// As in [`Keyed`].
    pub material_hash: [u8; 32],
    /// The publisher's date.
    pub published: Option<Timestamp>,
}

/// A known entry with the digest of its text ([`stored_text_hash`](super::stored_text_hash)).
pub type WithText = (KnownEntry, Option<[u8; 32]>);

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
    /// Entries without id and link that the publisher dates so.
    fn nameless_of(&self, published: Timestamp) -> Result<Vec<WithText>, Self::Error>;
}

/// What an item is to its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// An entry that is known.
    Same {
        /// The entry's row.
        entry: i64,
        /// Why, in one sentence.
        because: String,
        /// Whether the item's key is one that the entry has not come under yet.
        new_key: bool,
    },
    /// An entry that was never seen.
    New,
    /// The same document has it another time, and that one counts: nothing is to be stored.
    Repetition,
}

/// Finds the known entry of every item: one answer for each, in the same order.
pub fn recognise<K: KnownEntries>(items: &[Keyed], known: &K) -> Result<Vec<Recognition>, K::Error> {
    let mut round = Round { items, found: vec![None; items.len()], claimed: HashSet::new() };
    round.by_key(known)?;
    if round.open().next().is_none() {
        return Ok(round.answers());
    }
    round.step("its id is known, though ids of this source are no keys any more", |item| by_own_guid(item, known))?;
    round.step("its id is known but for scheme, host or tracking parameters", |item| by_alias(item, known))?;
    round.step("its link is known, of one entry alone, and no other item of the document has it", |item| by_link(item, known))?;
    round.step("its title is known together with its text and date", |item| by_title(item, known, same_post))?;
    round.step("its title is known together with its link on another host", |item| by_title(item, known, moved_post))?;
    // An editor corrects a few titles; of a document that is made anew the mass decides.
    if round.open().count() <= MOST_BY_MOMENT {
        round.step("it has neither id nor link, and its moment is known, or its day and text", |item| by_moment(item, known))?;
    }
    round.mass(known)?;
    Ok(round.answers())
}

struct Round<'a> {
    items: &'a [Keyed],
    found: Vec<Option<(i64, &'static str, bool)>>,
    claimed: HashSet<i64>,
}

impl Round<'_> {
    /// Items that no step has recognised yet.
    fn open(&self) -> impl Iterator<Item = (usize, &Keyed)> {
        self.items.iter().enumerate().filter(|(i, item)| self.found[*i].is_none() && !item.repetition)
    }

    /// By its key. An entry that has the key itself is the item's, unless the item is plainly another known entry that lost
    /// it; either way it is claimed by one of the two, so that no new entry is ever given a key that is taken.
    fn by_key<K: KnownEntries>(&mut self, known: &K) -> Result<(), K::Error> {
        let mut own = Vec::new();
        let mut later = Vec::new();
        for (i, item) in self.items.iter().enumerate().filter(|(_, item)| !item.repetition) {
            if let Some(entry) = known.by_key(&item.key)? {
                let rather = rather_another(item, &entry, known)?;
                if entry.key == item.key {
                    own.push((i, entry.entry, rather));
                } else {
                    later.push((i, rather.unwrap_or(entry.entry)));
                }
            }
        }
        for (i, entry) in rather(&own) {
            self.claim(i, entry, "its link and title are known; its id is one that several posts share", false);
        }
        for (i, entry, _) in own {
            if self.found[i].is_none() && !self.claimed.contains(&entry) {
                self.claim(i, entry, "its key is known", false);
            }
        }
        for (i, entry) in undisputed(later) {
            if !self.claimed.contains(&entry) {
                self.claim(i, entry, "its key is known: the entry came under it before", false);
            }
        }
        Ok(())
    }

    fn step<E>(&mut self, because: &'static str, mut look: impl FnMut(&Keyed) -> Result<Vec<KnownEntry>, E>) -> Result<(), E> {
        let mut wishes = Vec::new();
        for (i, item) in self.open() {
            let free: Vec<i64> =
                look(item)?.iter().map(|entry| entry.entry).filter(|entry| !self.claimed.contains(entry)).collect();
            if let [entry] = free[..] {
                wishes.push((i, entry));
            }
        }
        for (i, entry) in undisputed(wishes) {
            self.claim(i, entry, because, true);
        }
        Ok(())
    }

    /// A document that was made anew: ids, links and perhaps dates are other ones, yet most of what seems new has the title
    /// of a known entry, one to one, and something else in common with it.
    fn mass<K: KnownEntries>(&mut self, known: &K) -> Result<(), K::Error> {
        let open = self.open().count();
        if open < MASS_FROM {
            return Ok(());
        }
        let mut wishes = Vec::new();
        for (i, item) in self.open() {
            let Some(title) = &item.title_norm else { continue };
            let alike = |entry: &&KnownEntry| {
                !self.claimed.contains(&entry.entry)
                    && (entry.material_hash == item.material_hash || same_day(entry.published, item.published))
            };
            let found = known.by_title(title)?;
            let mut found = found.iter().filter(alike);
            if let (Some(entry), None) = (found.next(), found.next()) {
                wishes.push((i, entry.entry));
            }
        }
        let pairs = undisputed(wishes);
        if pairs.len() >= MASS_FROM && pairs.len() * 2 >= open {
            for (i, entry) in pairs {
                self.claim(i, entry, "most of the document has new ids and links, and its title pairs up with this entry", true);
            }
        }
        Ok(())
    }

    fn claim(&mut self, item: usize, entry: i64, because: &'static str, new_key: bool) {
        self.found[item] = Some((entry, because, new_key));
        self.claimed.insert(entry);
    }

    fn answers(self) -> Vec<Recognition> {
        let answer = |(item, found): (&Keyed, Option<(i64, &'static str, bool)>)| match found {
            _ if item.repetition => Recognition::Repetition,
            Some((entry, because, new_key)) => Recognition::Same { entry, because: because.to_owned(), new_key },
            None => Recognition::New,
        };
        self.items.iter().zip(self.found).map(answer).collect()
    }
}

/// Items that are another entry than the one that has their key. An entry is another item's only when the item that has its
/// key leaves it too: so it is when two posts have changed ids.
fn rather(own: &[(usize, i64, Option<i64>)]) -> Vec<(usize, i64)> {
    let mut leaving = undisputed(own.iter().filter_map(|(i, _, rather)| Some((*i, (*rather)?))).collect());
    loop {
        let leaves: HashSet<usize> = leaving.iter().map(|(i, _)| *i).collect();
        let stays: HashSet<i64> = own.iter().filter(|(i, ..)| !leaves.contains(i)).map(|(_, entry, _)| *entry).collect();
        let before = leaving.len();
        leaving.retain(|(_, entry)| !stays.contains(entry));
        if leaving.len() == before {
            return leaving;
        }
    }
}

/// Wishes for an entry that one item alone has.
fn undisputed(wishes: Vec<(usize, i64)>) -> Vec<(usize, i64)> {
    let mut times: HashMap<i64, usize> = HashMap::new();
    for (_, entry) in &wishes {
        *times.entry(*entry).or_default() += 1;
    }
    wishes.into_iter().filter(|(_, entry)| times[entry] == 1).collect()
}

/// The entry that an item is rather than the one that has its key: title and link are other ones than that has, and both, or
/// link and day, are those of one other entry. So it is with an id that several posts share, when the window holds one of
/// them alone. What was so once stays so: the other entry has had the id since, and the one of the key another or none.
fn rather_another<K: KnownEntries>(item: &Keyed, entry: &KnownEntry, known: &K) -> Result<Option<i64>, K::Error> {
    if entry.link == item.link {
        return Ok(None);
    }
    let Some(link) = item.link.as_ref().filter(|_| !item.shared.link) else { return Ok(None) };
    let is_other_post = |other: &KnownEntry| {
        let is_like_it = other.title_norm == item.title_norm || same_day(other.published, item.published);
        entry.title_norm != item.title_norm && is_like_it
    };
    let was_so = |other: &KnownEntry| item.guid.is_some() && other.guid == item.guid && entry.guid != item.guid;
    Ok(match &known.by_link(link)?[..] {
        [other] if other.entry == entry.entry => None,
        [other] => (is_other_post(other) || was_so(other)).then_some(other.entry),
        _ => None,
    })
}

fn by_own_guid<K: KnownEntries>(item: &Keyed, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(guid) = item.own_guid().filter(|guid| *guid != item.key.as_str()) else { return Ok(Vec::new()) };
    let found = known.by_key(&EntryKey(guid.to_owned()))?;
    // An id that was given to several posts once is believed only together with the title.
    Ok(found.into_iter().filter(|entry| entry.title_norm == item.title_norm).collect())
}

fn by_alias<K: KnownEntries>(item: &Keyed, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(alias) = &item.guid_alias else { return Ok(Vec::new()) };
    let host = |guid: &Option<String>| guid.as_deref().and_then(address::host_of);
    let here = host(&item.guid);
    // Two blogs in one planet both have a post `/?p=12`: another host is believed only together with the title.
    let believable =
        |entry: &KnownEntry| host(&entry.guid) == here || (item.title_norm.is_some() && entry.title_norm == item.title_norm);
    Ok(known.by_guid_alias(alias)?.into_iter().filter(believable).collect())
}

fn by_link<K: KnownEntries>(item: &Keyed, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(link) = item.link.as_ref().filter(|_| !item.shared.link) else { return Ok(Vec::new()) };
    let found = known.by_link(link)?;
    // A page that shows another post every day keeps its address, while id, title, text and day are other ones.
    let another_post = |entry: &KnownEntry| {
        let other_id = entry.guid.is_some() && item.guid.is_some() && entry.guid != item.guid;
        let other_text = entry.title_norm != item.title_norm && entry.material_hash != item.material_hash;
        other_id && other_text && !same_day(entry.published, item.published)
    };
    Ok(if found.len() == 1 && !another_post(&found[0]) { found } else { Vec::new() })
}

fn by_title<K: KnownEntries>(
    item: &Keyed,
    known: &K,
    same: fn(&Keyed, &KnownEntry) -> bool,
) -> Result<Vec<KnownEntry>, K::Error> {
    let Some(title) = &item.title_norm else { return Ok(Vec::new()) };
    Ok(known.by_title(title)?.into_iter().filter(|entry| same(item, entry)).collect())
}

/// The moment of an item that has nothing else that stays when its title is edited. A moment that several entries have is
/// none, and with a slot the text must be the same.
fn by_moment<K: KnownEntries>(item: &Keyed, known: &K) -> Result<Vec<KnownEntry>, K::Error> {
    let nameless = item.guid.is_none() && item.link.is_none();
    let Some(at) = item.published.filter(|_| nameless) else { return Ok(Vec::new()) };
    let a_slot = moment::is_slot(at);
    let mut found = known.nameless_of(at)?;
    Ok(match found.pop() {
        Some((entry, text)) if found.is_empty() && (!a_slot || (text.is_some() && text == item.text_hash)) => vec![entry],
        _ => Vec::new(),
    })
}

/// Title, text and date: what an editor keeps when a post is put up anew. Without a text the date must have a time of day,
/// for comics of one title. Without a date the links must not speak against it: episodes of one title have the same notes.
/// Where neither has id or link, title and text are enough: some programs date every item with the hour of asking.
fn same_post(item: &Keyed, entry: &KnownEntry) -> bool {
    if entry.material_hash != item.material_hash {
        return false;
    }
    let links_agree = item.link.is_none() || entry.link.is_none() || item.link == entry.link;
    let nameless = item.guid.is_none() && entry.guid.is_none() && item.link.is_none() && entry.link.is_none();
    let timed = item.published.is_some_and(|at| at.time() != NaiveTime::MIN);
    match item.published {
        Some(_) if entry.published == item.published => item.text_hash.is_some() || timed,
        None if entry.published.is_none() => item.text_hash.is_some() && links_agree,
        _ => item.text_hash.is_some() && nameless,
    }
}

/// Title and the link's path: what a site keeps when it moves to another host.
fn moved_post(item: &Keyed, entry: &KnownEntry) -> bool {
    let path = |link: &Option<String>| link.as_deref().and_then(address::guid_alias);
    let here = path(&item.link).filter(|_| !item.shared.link);
    here.is_some() && here == path(&entry.link)
}

fn same_day(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.zip(right).is_some_and(|(a, b)| a.date_naive() == b.date_naive())
}
