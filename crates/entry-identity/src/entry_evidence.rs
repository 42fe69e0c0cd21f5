//! What is measured of an item of a document and an entry that its source already has.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveTime, TimeDelta};
use feed_model::{EntryId, Timestamp};

use super::{
    EntryIdentity, KnownEntries, KnownEntry, canonical_url,
    thresholds::{MAX_GONE, MIN_REVISION_IDS, SERIES_MARGIN},
    timestamp_match,
};

/// The measurements of an item and an entry. Nothing is known by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one measurement")]
pub(super) struct EntryEvidence {
    /// The entry has the item's key as its own.
    pub key: bool,
    /// The entry has the item's key as a further one.
    pub further_key: bool,
    /// The item's key belongs to another post, and this entry alone has the item's link, and its
    /// title or day.
    pub better_than_key: bool,
    /// The item's id was the key of the entry before the ids were distrusted.
    pub old_id: bool,
    /// The ids are equal but for scheme, host and tracking parameters.
    pub id_alias: bool,
    /// The ids have the same host.
    pub same_id_host: bool,
    /// Both have an id, and they differ.
    pub other_id: bool,
    /// Both ids are the link with a revision number, as are other ids of the document.
    pub revision_ids: bool,
    /// No other entry and no other item has the link of the two.
    pub sole_link: bool,
    /// Both have a link, and they differ.
    pub other_link: bool,
    /// The links are equal but for the host.
    pub same_path: bool,
    /// Neither has an id or a link.
    pub unlinked: bool,
    /// Both have a title, and it is the same.
    pub same_title: bool,
    /// The titles differ, or only one has a title.
    pub other_title: bool,
    /// Title and text are the same.
    pub same_content: bool,
    /// No other entry and no other item has title and text of the two.
    pub sole_content: bool,
    /// Both have the same text.
    pub same_text: bool,
    /// No other item has the text of the two.
    pub sole_text: bool,
    /// Number of words of a common text, otherwise 0.
    pub words: usize,
    /// The entry has files. Episodes of a show may have the same notes.
    pub files: bool,
    /// Neither has a date.
    pub undated: bool,
    /// The time between the two dates.
    pub apart: Option<TimeDelta>,
    /// Both have the same publication time, which is not that of many entries.
    pub same_time: bool,
    /// The item's date has a time of day.
    pub time_of_day: bool,
    /// The item's date is on a full quarter of an hour.
    pub quarter_hour: bool,
    /// Both have a date on the same day.
    pub same_day: bool,
    /// The entry is gone from the document, and was not pushed off its end.
    pub gone: bool,
}

impl EntryEvidence {
    /// Returns whether the dates are at most `limit` apart.
    pub fn is_within(&self, limit: TimeDelta) -> bool {
        self.apart.is_some_and(|apart| apart <= limit)
    }

    /// Returns whether the dates are whole days apart, as those of a daily or weekly series.
    pub fn is_whole_days_apart(&self) -> bool {
        self.apart.is_some_and(|apart| {
            let days = (apart + TimeDelta::hours(12)).num_days();
            days > 0 && (apart - TimeDelta::days(days)).abs() <= SERIES_MARGIN
        })
    }
}

/// What the items of one document have in common.
pub(super) struct DocumentFacts {
    has_revision_ids: bool,
    texts: HashMap<[u8; 32], usize>,
    contents: HashMap<[u8; 32], usize>,
}

impl DocumentFacts {
    pub fn of(items: &[EntryIdentity]) -> Self {
        let mut facts =
            Self { has_revision_ids: false, texts: HashMap::new(), contents: HashMap::new() };
        let mut revision_ids = 0;
        for item in items.iter().filter(|item| !item.is_in_feed_duplicate) {
            let is_revised = is_revision(item.guid.as_deref(), item.link.as_deref());
            revision_ids += usize::from(is_revised && !item.ambiguous.link);
            *facts.contents.entry(item.material_hash).or_default() += 1;
            if let Some(text) = item.text_hash {
                *facts.texts.entry(text).or_default() += 1;
            }
        }
        facts.has_revision_ids = revision_ids >= MIN_REVISION_IDS;
        facts
    }
}

/// Returns the evidence about an item whose key the entry has.
pub(super) fn of_key(item: &EntryIdentity, entry: &KnownEntry) -> EntryEvidence {
    let key = entry.key == item.key;
    EntryEvidence { key, further_key: !key, ..EntryEvidence::default() }
}

/// Returns the entries that an item may be, with the evidence about each.
///
/// `gone` are the entries that [`gone_entries`] finds.
pub(super) fn candidates<K: KnownEntries>(
    item: &EntryIdentity,
    document: &DocumentFacts,
    gone: &[KnownEntry],
    known: &K,
) -> Result<Vec<(EntryId, EntryEvidence)>, K::Error> {
    let mut found: Vec<KnownEntry> = Vec::new();
    let mut add = |entries: Vec<KnownEntry>| {
        for entry in entries {
            if !found.iter().any(|other| other.entry == entry.entry) {
                found.push(entry);
            }
        }
    };
    let old_key = item.unique_guid().filter(|guid| *guid != item.key.as_str());
    let with_old_key = match old_key {
        Some(guid) => known.by_key(&feed_model::EntryKey(guid.to_owned()))?,
        None => None,
    };
    let old_id = with_old_key.as_ref().map(|entry| entry.entry);
    add(with_old_key.into_iter().collect());
    if let Some(alias) = &item.guid_alias {
        add(known.by_guid_alias(alias)?);
    }
    let mut sole_link = None;
    if let Some(link) = item.link.as_ref().filter(|_| !item.ambiguous.link) {
        let with_link = known.by_link(link)?;
        if let [entry] = &with_link[..] {
            sole_link = Some(entry.entry);
        }
        add(with_link);
    }
    let mut same_content = 0;
    if let Some(title) = &item.title_norm {
        let with_title = known.by_title(title)?;
        same_content = with_title.iter().filter(|e| e.material_hash == item.material_hash).count();
        add(with_title);
    }
    let with_time = match item.published {
        Some(at) => known.by_published(at)?,
        None => Vec::new(),
    };
    let same_time: HashSet<EntryId> = with_time.iter().map(|entry| entry.entry).collect();
    add(with_time);
    add(gone.to_vec());
    let is_gone = |entry: &KnownEntry| gone.iter().any(|other| other.entry == entry.entry);
    let mut candidates = Vec::with_capacity(found.len());
    for entry in &found {
        let mut evidence = EntryEvidence {
            old_id: old_id == Some(entry.entry),
            sole_link: sole_link == Some(entry.entry),
            same_time: same_time.contains(&entry.entry),
            sole_content: same_content == 1 && document.contents[&item.material_hash] == 1,
            revision_ids: document.has_revision_ids,
            gone: is_gone(entry),
            ..compare(item, entry)
        };
        evidence.revision_ids &= [
            (item.guid.as_deref(), item.link.as_deref()),
            (entry.guid.as_deref(), entry.link.as_deref()),
        ]
        .iter()
        .all(|(guid, link)| is_revision(*guid, *link));
        if let Some(hash) = item.text_hash
            && (evidence.same_content || evidence.other_title)
            && let Some(text) = known.text_of(entry.entry)?.filter(|text| text.hash == hash)
        {
            evidence.same_text = true;
            evidence.sole_text = document.texts[&hash] == 1;
            evidence.words = text.words;
            evidence.files = text.has_files;
        }
        candidates.push((entry.entry, evidence));
    }
    Ok(candidates)
}

/// Compares the stored values of an item and an entry.
fn compare(item: &EntryIdentity, entry: &KnownEntry) -> EntryEvidence {
    let host = |guid: &Option<String>| guid.as_deref().and_then(canonical_url::host_of);
    let path = |link: &Option<String>| link.as_deref().and_then(canonical_url::guid_alias);
    let differ = |left: &Option<String>, right: &Option<String>| {
        left.is_some() && right.is_some() && left != right
    };
    let item_path = path(&item.link).filter(|_| !item.ambiguous.link);
    let dates = item.published.zip(entry.published);
    EntryEvidence {
        id_alias: item.guid_alias.is_some() && item.guid_alias == entry.guid_alias,
        same_id_host: host(&item.guid) == host(&entry.guid),
        other_id: differ(&item.guid, &entry.guid),
        other_link: differ(&item.link, &entry.link),
        same_path: item_path.is_some() && item_path == path(&entry.link),
        unlinked: [&item.guid, &item.link, &entry.guid, &entry.link]
            .iter()
            .all(|value| value.is_none()),
        same_title: item.title_norm.is_some() && item.title_norm == entry.title_norm,
        other_title: item.title_norm != entry.title_norm,
        same_content: item.material_hash == entry.material_hash,
        undated: item.published.is_none() && entry.published.is_none(),
        apart: dates.map(|(new, old)| (new - old).abs()),
        time_of_day: item.published.is_some_and(|at| at.time() != NaiveTime::MIN),
        quarter_hour: item.published.is_some_and(timestamp_match::is_on_quarter_hour),
        same_day: is_same_day(item.published, entry.published),
        ..EntryEvidence::default()
    }
}

/// Returns the entries that are gone from a document although nothing pushed them off its end.
///
/// Only a document that is ordered by date shows this, and only if it still has items that were
/// matched by key. `matched` are the entries of these, and `None` for the other items. An entry is
/// gone if an older one is still there, or if it followed the oldest of them and no item was added
/// at the other end.
pub(super) fn gone_entries<K: KnownEntries>(
    items: &[EntryIdentity],
    matched: &[Option<EntryId>],
    known: &K,
) -> Result<Vec<KnownEntry>, K::Error> {
    let mut items: Vec<_> =
        items.iter().zip(matched).filter(|(item, _)| !item.is_in_feed_duplicate).collect();
    let dates: Vec<Option<Timestamp>> =
        items.iter().filter(|(_, entry)| entry.is_some()).map(|(i, _)| i.published).collect();
    let is_newest_first = dates.is_sorted_by(|a, b| a >= b);
    if dates.is_empty() || dates.contains(&None) || !(is_newest_first || dates.is_sorted()) {
        return Ok(Vec::new());
    }
    if !is_newest_first {
        items.reverse();
    }
    let was_pushed = items.first().is_some_and(|(_, entry)| entry.is_none());
    let present: HashSet<EntryId> = items.iter().filter_map(|(_, entry)| **entry).collect();
    let new_items = items.len() - present.len();
    let oldest = dates.iter().min().copied().flatten();
    let mut gone = known.newest(items.len() + MAX_GONE)?;
    gone.retain(|entry| !present.contains(&entry.entry));
    let newer = gone.iter().filter(|entry| entry.published >= oldest).count();
    gone.truncate(if was_pushed { newer } else { newer + new_items });
    Ok(if gone.len() > MAX_GONE { Vec::new() } else { gone })
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

pub(super) fn is_same_day(left: Option<Timestamp>, right: Option<Timestamp>) -> bool {
    left.zip(right).is_some_and(|(a, b)| a.date_naive() == b.date_naive())
}
