//! Which entry of a story shows, its date, and when `updated` moves.

use super::{MIN_COMMENTARY_TOKENS, SourceSite};
use feed_model::{PublishedDate, Timestamp};

/// How often a story's `updated` moves: a publisher who rewrites a post every hour is heard for a
/// day.
pub const MAX_UPDATES: u32 = 24;

/// An entry, as the choice of the one that shows sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepresentativeCandidate {
    /// The entry's row.
    pub entry: i64,
    /// Its link as it is compared across sources.
    pub canonical: Option<String>,
    /// The site of its source.
    pub site: SourceSite,
    /// The publisher's date.
    pub published: Option<PublishedDate>,
    /// When it was first stored.
    pub first_seen: Timestamp,
    /// Words of its own text ([`Fingerprint::tokens`](super::Fingerprint::tokens)).
    pub token_count: u32,
}

/// The entry whose title, link and text are the story's: one whose source is the home of its link,
/// else the first seen.
///
/// Of several at home, one with a text of its own goes before an index page's single line. A source
/// that only claims the site is at home there as long as none is followed at the site itself. 0
/// where there is no entry.
pub fn choose_representative(entries: &[RepresentativeCandidate]) -> i64 {
    let proven =
        |facts: &RepresentativeCandidate| facts.site.is_followed_at(facts.canonical.as_deref());
    let any_proven = entries.iter().any(proven);
    let rank = |facts: &&RepresentativeCandidate| {
        let home = if any_proven {
            proven(facts)
        } else {
            facts.site.owns_link(facts.canonical.as_deref())
        };
        (!home, home && facts.token_count < MIN_COMMENTARY_TOKENS, facts.first_seen, facts.entry)
    };
    entries.iter().min_by_key(rank).map_or(0, |facts| facts.entry)
}

/// The date of a story: the most exact among its entries, else the earliest.
pub fn story_date(entries: &[RepresentativeCandidate]) -> Option<PublishedDate> {
    entries
        .iter()
        .filter_map(|facts| facts.published)
        .min_by_key(|date| (std::cmp::Reverse(date.precision), date.at))
}

/// The `updated` of a story that begins: the publisher's, else its date, neither before that date
/// nor in the future; else now.
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

/// Where `updated` moves when title or text changed materially: to the publisher's newer time if
/// that is not in the future, else to now; `None`: it stays, because it moved [`MAX_UPDATES`] times
/// or the clock stands behind it.
pub fn next_updated(
    current: Timestamp,
    moves: u32,
    publisher: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    if moves >= MAX_UPDATES {
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

    fn entry(entry: i64, home: &str, seen: i64, words: u32) -> RepresentativeCandidate {
        RepresentativeCandidate {
            entry,
            canonical: Some("https://blog.example.org/post".into()),
            site: SourceSite::new(&format!("https://{home}/"), None),
            published: None,
            first_seen: at(seen),
            token_count: words,
        }
    }

    #[test]
    fn the_home_of_the_link_shows_else_the_first_seen() {
        let (planet, mirror, home) = (
            entry(1, "planet.example", 1, 500),
            entry(2, "mirror.example", 2, 900),
            entry(3, "example.org", 9, 80),
        );
        assert_eq!(choose_representative(&[mirror.clone(), planet.clone()]), 1);
        assert_eq!(choose_representative(&[planet, mirror, home]), 3);
        assert_eq!(choose_representative(&[]), 0);
    }

    #[test]
    fn who_only_claims_the_site_gives_way_to_it() {
        let claims = |n| RepresentativeCandidate {
            site: SourceSite::new("https://feeds.example.net/x", Some("https://example.org/")),
            ..entry(n, "", 1, 900)
        };
        assert_eq!(choose_representative(&[entry(1, "planet.example", 0, 500), claims(2)]), 2);
        assert_eq!(
            choose_representative(&[claims(2), entry(3, "example.org", 9, 12)]),
            3,
            "a forger's text shows in nobody's place"
        );
    }

    #[test]
    fn an_index_gives_way_to_the_post_itself() {
        let (index, post) = (entry(1, "example.org", 1, 12), entry(2, "example.org", 2, 700));
        assert_eq!(choose_representative(&[index.clone(), post]), 2);
        assert_eq!(
            choose_representative(&[index, entry(3, "planet.example", 0, 700)]),
            1,
            "and to no one else"
        );
    }

    #[test]
    fn the_most_exact_date_is_the_storys_else_the_earliest() {
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
    fn updated_moves_to_the_publishers_newer_time_else_to_now() {
        assert_eq!(next_updated(at(10), 0, Some(at(20)), at(30)), Some(at(20)));
        assert_eq!(
            next_updated(at(10), 0, Some(at(40)), at(30)),
            Some(at(30)),
            "not to the future"
        );
        assert_eq!(next_updated(at(10), 0, Some(at(5)), at(30)), Some(at(30)), "not back");
        assert_eq!(next_updated(at(10), 0, None, at(30)), Some(at(30)));
        assert_eq!(next_updated(at(10), 23, None, at(30)), Some(at(30)));
        assert_eq!(next_updated(at(10), 24, None, at(30)), None, "at most 24 times");
        assert_eq!(
            next_updated(at(40), 0, None, at(30)),
            None,
            "a clock that stands behind moves nothing"
        );
    }

    #[test]
    fn a_story_begins_with_the_publishers_time() {
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
