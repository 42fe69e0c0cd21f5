//! Chooses the representative entry of a story, its date, and when its `updated` changes.

use feed_model::{EntryId, PublishedDate, Timestamp};

use super::{MIN_COMMENTARY_TOKENS, SourceSite};

/// Number of changes of a story's `updated`, after which further edits do not change it. For a post
/// that is edited every hour this is one day.
pub const MAX_UPDATES: u32 = 24;

/// An entry of a story, with the values by which the representative is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepresentativeCandidate {
    /// The entry's row.
    pub entry: EntryId,
    /// Its link as compared across sources.
    pub canonical: Option<String>,
    /// The site of its source.
    pub site: SourceSite,
    /// The publisher's date.
    pub published: Option<PublishedDate>,
    /// When it was first stored.
    pub first_seen: Timestamp,
    /// Number of words of its text ([`Fingerprint::tokens`](super::Fingerprint::tokens)).
    pub token_count: u32,
}

/// Chooses the entry whose title, link and text the story shows. Returns `None` if there
/// is no entry.
///
/// An entry whose source owns its link is preferred, and among those one with at least 48 words.
/// Otherwise the entry that was stored first is taken. A source that only claims the linked site
/// owns it only if no other entry comes from a source that is followed at that site.
pub fn choose_representative(entries: &[RepresentativeCandidate]) -> Option<EntryId> {
    let is_proven =
        |entry: &RepresentativeCandidate| entry.site.is_followed_at(entry.canonical.as_deref());
    let any_proven = entries.iter().any(is_proven);
    let rank = |entry: &&RepresentativeCandidate| {
        let owns_link = if any_proven {
            is_proven(entry)
        } else {
            entry.site.owns_link(entry.canonical.as_deref())
        };
        let is_short = entry.token_count < MIN_COMMENTARY_TOKENS;
        (!owns_link, owns_link && is_short, entry.first_seen, entry.entry)
    };
    entries.iter().min_by_key(rank).map(|entry| entry.entry)
}

/// Returns the date of a story: the most precise among its entries, and of those the earliest.
pub fn story_date(entries: &[RepresentativeCandidate]) -> Option<PublishedDate> {
    entries
        .iter()
        .filter_map(|entry| entry.published)
        .min_by_key(|date| (std::cmp::Reverse(date.precision), date.at))
}

/// Returns the `updated` of a new story: the later of the publisher's `updated` and the publication
/// date. If that is in the future, it is the publication date. If that is in the future too, it is
/// now.
pub fn initial_updated(
    updated: Option<Timestamp>,
    published: Option<PublishedDate>,
    now: Timestamp,
) -> Timestamp {
    let published = published.map(|date| date.at);
    updated
        .max(published)
        .filter(|at| *at <= now)
        .or(published.filter(|at| *at <= now))
        .unwrap_or(now)
}

/// Returns the new `updated` of a story whose title or text changed materially: the publisher's
/// time if it is newer and not in the future, else now.
///
/// Returns `None` if `updated` stays as it is, because it changed [`MAX_UPDATES`] times or the
/// clock is behind it.
pub fn next_updated(
    current: Timestamp,
    changes: u32,
    publisher: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    if changes >= MAX_UPDATES {
        return None;
    }
    publisher.filter(|at| *at > current && *at <= now).or((now > current).then_some(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use feed_model::DatePrecision;

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn chosen(entries: &[RepresentativeCandidate]) -> i64 {
        choose_representative(entries).map_or(0, |entry| entry.0)
    }

    fn entry(entry: i64, site: &str, seen: i64, words: u32) -> RepresentativeCandidate {
        RepresentativeCandidate {
            entry: EntryId(entry),
            canonical: Some("https://blog.example.org/post".into()),
            site: SourceSite::new(&format!("https://{site}/"), None),
            published: None,
            first_seen: at(seen),
            token_count: words,
        }
    }

    #[test]
    fn the_source_that_owns_the_link_is_preferred_then_the_oldest_entry() {
        let (planet, mirror, home) = (
            entry(1, "planet.example", 1, 500),
            entry(2, "mirror.example", 2, 900),
            entry(3, "example.org", 9, 80),
        );
        assert_eq!(chosen(&[mirror.clone(), planet.clone()]), 1);
        assert_eq!(chosen(&[planet, mirror, home]), 3);
        assert_eq!(chosen(&[]), 0);
    }

    #[test]
    fn a_source_followed_at_the_site_is_preferred_to_one_that_claims_it() {
        let claims = |n| RepresentativeCandidate {
            site: SourceSite::new("https://feeds.example.net/x", Some("https://example.org/")),
            ..entry(n, "", 1, 900)
        };
        assert_eq!(chosen(&[entry(1, "planet.example", 0, 500), claims(2)]), 2);
        assert_eq!(
            chosen(&[claims(2), entry(3, "example.org", 9, 12)]),
            3,
            "a forged text replaces no other"
        );
    }

    #[test]
    fn an_index_item_is_replaced_by_the_post_of_the_same_site() {
        let (index, post) = (entry(1, "example.org", 1, 12), entry(2, "example.org", 2, 700));
        assert_eq!(chosen(&[index.clone(), post]), 2);
        assert_eq!(
            chosen(&[index, entry(3, "planet.example", 0, 700)]),
            1,
            "and not by that of another site"
        );
    }

    #[test]
    fn the_most_precise_date_is_taken_then_the_earliest() {
        let dated = |n, precision, seconds| RepresentativeCandidate {
            published: Some(PublishedDate { at: at(seconds), precision }),
            ..entry(n, "x", 1, 0)
        };
        let (day, late, early) = (
            dated(1, DatePrecision::Day, 10),
            dated(2, DatePrecision::Second, 90),
            dated(3, DatePrecision::Second, 50),
        );
        assert_eq!(story_date(&[day.clone(), late, early.clone()]), early.published);
        assert_eq!(story_date(&[entry(4, "x", 1, 0), day.clone()]), day.published);
        assert_eq!(story_date(&[entry(4, "x", 1, 0)]), None);
    }

    #[test]
    fn updated_becomes_the_publishers_newer_time_or_now() {
        assert_eq!(next_updated(at(10), 0, Some(at(20)), at(30)), Some(at(20)));
        assert_eq!(
            next_updated(at(10), 0, Some(at(40)), at(30)),
            Some(at(30)),
            "not in the future"
        );
        assert_eq!(next_updated(at(10), 0, Some(at(5)), at(30)), Some(at(30)), "not earlier");
        assert_eq!(next_updated(at(10), 0, None, at(30)), Some(at(30)));
        assert_eq!(next_updated(at(10), 23, None, at(30)), Some(at(30)));
        assert_eq!(next_updated(at(10), 24, None, at(30)), None, "at most 24 times");
        assert_eq!(
            next_updated(at(40), 0, None, at(30)),
            None,
            "a clock that is behind changes nothing"
        );
    }

    #[test]
    fn a_new_story_has_the_publishers_time() {
        let date = |seconds| Some(PublishedDate::exact(at(seconds)));
        assert_eq!(initial_updated(Some(at(20)), date(10), at(30)), at(20));
        assert_eq!(
            initial_updated(Some(at(5)), date(10), at(30)),
            at(10),
            "not before it was published"
        );
        assert_eq!(initial_updated(Some(at(99)), date(10), at(30)), at(10), "not in the future");
        assert_eq!(initial_updated(None, date(99), at(30)), at(30));
        assert_eq!(initial_updated(None, None, at(30)), at(30));
    }
}
