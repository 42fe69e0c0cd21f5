//! Tests that frequent statements use indexes and do not scan large tables.
//!
//! The tests call functions of the store, record the statements that `SQLite` runs, and examine
//! their query plans.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};
use url::Url;

use super::{
    Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollAttempt, PollUpdate, Reader,
    SearchQuery, Store, StoreError, StoryQuery, WindowPolicy,
    write::{apply, entries::SourceEntries},
};
use entry_identity::{KeyPolicy, KnownEntries as _};
use feed_model::{
    EntryKey, FetchLimits, FollowMode, PollPolicy, SitemapPatterns, Source, SourceId, TimeZone,
    Timestamp, Topic, TopicId,
};
use topic_rules::Rules;

use crate::schedule::{NextPoll, PollReason};

const FEED: &[u8] = b"<rss version=\"2.0\"><channel><title>A</title>\
    <item><guid isPermaLink=\"false\">1</guid><title>Kafka once</title>\
    <link>https://x.example/1</link><description>Some text.</description></item>\
    <item><guid isPermaLink=\"false\">2</guid><title>Kafka twice</title>\
    <link>https://x.example/2</link><description>More text.</description></item></channel></rss>";

/// Tables that grow with the number of entries. The others have a row for each source, topic or
/// label.
const LARGE_TABLES: [&str; 6] =
    ["entry", "entry_alias", "story", "story_topic", "page", "document"];

fn now() -> Timestamp {
    Timestamp::from_timestamp_millis(1_750_000_000_000).unwrap()
}

/// Returns a database with two sources that have the same two stories, and a third that was never
/// polled.
fn store() -> Store {
    let store = Store::in_memory().unwrap();
    let sources = ["a", "b", "c"].map(|id| (source(id), format!("{id}.example")));
    store.sync_config(&sources, &[topic()], window(), now()).unwrap();
    for id in ["a", "b"] {
        store.apply(update(id), rules()).unwrap();
    }
    store
}

fn window() -> WindowPolicy {
    WindowPolicy { max_entries: 50, keep_within: Duration::from_secs(3600) }
}

fn rules() -> Arc<Rules> {
    Arc::new(Rules::compile(&[topic()]).unwrap())
}

fn topic() -> Topic {
    Topic {
        any: vec!["kafka".into()],
        announce_within: Duration::from_secs(3600),
        ..Topic::new(TopicId::new("t").unwrap())
    }
}

fn source(id: &str) -> Source {
    let hour = Duration::from_secs(3600);
    Source {
        id: SourceId::new(id).unwrap(),
        title: None,
        url: Url::parse(&format!("https://{id}.example/")).unwrap(),
        follow_mode: FollowMode::Auto,
        poll_policy: PollPolicy {
            interval: hour,
            custom_interval: false,
            schedule: None,
            timezone: TimeZone::UTC,
            max_interval: hour,
            exempt: false,
        },
        limits: FetchLimits { timeout: hour, max_body_bytes: 1, max_items: 1 },
        allow_hosts: Vec::new(),
        http2: true,
        content: None,
        auth: None,
        publish: false,
        paused: false,
        backfill: 0,
        pages_per_poll: 0,
        page: None,
        sitemap: SitemapPatterns::default(),
    }
}

fn update(id: &str) -> PollUpdate {
    let url = Url::parse("https://a.example/feed").unwrap();
    let read = feed_parser::parse_feed(&feed_parser::FeedInput {
        bytes: FEED,
        content_type: None,
        content_location: None,
        url: &url,
        max_items: 100,
    })
    .unwrap();
    let (identity, policy, _) = entry_identity::identify_items(&read.drafts, KeyPolicy::Guid, None);
    let items = read
        .drafts
        .into_iter()
        .zip(identity)
        .map(|(draft, identity)| IncomingItem { draft, identity, arrival: Arrival::Ordinary })
        .collect();
    let next = NextPoll {
        at: now(),
        reason: PollReason::AddressChanged,
        not_before: None,
        interval: Duration::from_secs(3600),
    };
    PollUpdate {
        requested: Some(now()),
        attempt: Some(PollAttempt::unchanged(next)),
        document: Some(ParsedDocument {
            metadata: FeedMetadata::default(),
            body_digest: None,
            key_policy: Some(policy),
            items,
            private: None,
            ends_import: true,
        }),
        ..PollUpdate::of(&source(id), now(), window())
    }
}

/// Returns each statement that `f` runs, with the lines of its query plan.
fn explained(
    f: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
) -> Vec<(String, Vec<String>)> {
    let store = store();
    let explained = store.on_writer(move |conn| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let recorded = seen.clone();
        let record = move |event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(statement, _) = event {
                recorded.lock().unwrap().extend(statement.expanded_sql());
            }
        };
        conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(record))?;
        f(conn)?;
        conn.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>)?;
        let statements: Vec<String> = seen.lock().unwrap().clone();
        let statements = statements
            .into_iter()
            .filter(|sql| !sql.starts_with("--") && !sql.starts_with("PRAGMA"));
        statements
            .map(|sql| {
                let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let lines =
                    plan.query_map([], |row| row.get("detail"))?.collect::<Result<_, _>>()?;
                Ok((sql, lines))
            })
            .collect()
    });
    let explained: Vec<(String, Vec<String>)> = explained.unwrap();
    assert!(!explained.is_empty(), "no statement was recorded");
    explained
}

/// Whether a line of a query plan scans a large table. Scanning an index is allowed: listings read
/// it in order up to their limit.
fn scans_table(sql: &str, line: &str) -> bool {
    let Some(rest) = line.strip_prefix("SCAN ") else {
        return false;
    };
    let name = rest.split(' ').next().unwrap_or_default();
    // The plan shows the alias of a table if it has one.
    let is = |table: &str| name == table || sql.contains(&format!(" {table} {name}"));
    LARGE_TABLES.iter().any(|table| is(table)) && !rest.contains("INDEX")
}

fn assert_no_scans(explained: &[(String, Vec<String>)]) {
    for (sql, plan) in explained {
        let scans: Vec<&String> = plan.iter().filter(|line| scans_table(sql, line)).collect();
        assert!(scans.is_empty(), "{scans:?} in\n{sql}\n{plan:#?}");
    }
}

#[test]
fn a_poll_scans_no_large_table() {
    // Once with known entries, and once with new entries that join stories of other sources.
    assert_no_scans(&explained(|conn| {
        let tx = conn.unchecked_transaction()?;
        apply::apply_update(&tx, &update("a"), Vec::new(), &rules())?;
        apply::apply_update(&tx, &update("c"), Vec::new(), &rules())?;
        tx.commit()?;
        Ok(())
    }));
}

#[test]
fn known_entries_are_found_by_index() {
    let explained = explained(|conn| {
        let source = SourceId::new("a").unwrap();
        let known = SourceEntries::new(conn, &source)?;
        known.by_key(&EntryKey("1".into()))?;
        known.by_guid_alias("1")?;
        known.by_link("x.example/1")?;
        known.by_title("kafka once")?;
        known.newest(10)?;
        Ok(())
    });
    assert_eq!(explained.len(), 6);
    assert_no_scans(&explained);
    for ((sql, plan), index) in explained[1..].iter().zip([
        "sqlite_autoindex_entry_1",
        "entry_guid_alias",
        "entry_link",
        "entry_source_title",
        "entry_source_published",
    ]) {
        assert!(
            plan.iter().any(|line| line.starts_with("SEARCH") && line.contains(index)),
            "{index} is not used by\n{sql}\n{plan:#?}"
        );
    }
}

#[test]
fn the_scheduler_scans_no_large_table() {
    let explained = explained(|conn| {
        let reader = Reader { conn };
        reader.due_sources(now(), &[SourceId::new("a").unwrap()], &[], 1, 10)?;
        reader.next_due(now())?;
        reader.unscheduled_sources()?;
        reader.source_record(&SourceId::new("a").unwrap())?;
        reader.sources_with_backfill(now())?;
        reader.manual_edits()?;
        reader.all_classified([0; 32])?;
        Ok(())
    });
    assert_no_scans(&explained);
    let next = explained.iter().find(|(sql, _)| sql.contains("min(next_poll_ms)")).unwrap();
    assert!(next.1.iter().any(|line| line.contains("source_due")), "{next:#?}");
}

#[test]
fn a_poll_finds_sources_by_index() {
    let explained = explained(|conn| {
        let reader = Reader { conn };
        let id = SourceId::new("a").unwrap();
        reader.source_record(&id)?;
        reader.shared_feed_sources(&id, &Url::parse("https://a.example/feed").unwrap())?;
        reader.host_backoff(&id, now())?;
        reader.unscheduled_sources()?;
        reader.due_sources(now(), std::slice::from_ref(&id), &[], 1, 10)?;
        let tx = conn.unchecked_transaction()?;
        apply::apply_update(&tx, &update("a"), Vec::new(), &rules())?;
        Ok(())
    });
    for (sql, plan) in &explained {
        let scans = |table: &str| plan.iter().any(|line| line == &format!("SCAN {table}"));
        assert!(!scans("source") && !scans("s") && !scans("o"), "{sql}\n{plan:#?}");
    }
}

#[test]
fn stories_are_listed_in_index_order() {
    let topic = || Some(TopicId::new("t").unwrap());
    let source = || Some(SourceId::new("a").unwrap());
    let some = || StoryQuery { limit: Some(50), ..StoryQuery::default() };
    let queries = [
        some(),
        StoryQuery { public_only: true, ..some() },
        StoryQuery { duplicates: true, ..some() },
        StoryQuery { labelled: true, ..some() },
        StoryQuery { unsorted: true, ..some() },
        StoryQuery { topic: topic(), public_only: true, ..some() },
        StoryQuery { source: source(), ..some() },
    ];
    for query in queries {
        let (ordered, shown) = (
            query.topic.is_none() && query.source.is_none() && !query.labelled,
            format!("{query:?}"),
        );
        let explained = explained(move |conn| Reader { conn }.stories(&query).map(|_| ()));
        assert_no_scans(&explained);
        let (sql, plan) = &explained[0];
        if ordered {
            assert!(
                plan.iter().any(|line| line.contains("story_position")),
                "{shown}\n{sql}\n{plan:#?}"
            );
            assert!(
                !plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER")),
                "{shown}\n{sql}\n{plan:#?}"
            );
        }
    }
}

#[test]
fn windows_and_pages_are_read_by_index() {
    assert_no_scans(&explained(|conn| {
        let reader = Reader { conn };
        reader.window(&[TopicId::new("t").unwrap(), TopicId::all()], 50)?;
        let story = reader.find_story("https://x.example/1")?.unwrap();
        reader.story(story)?;
        reader.find_story("1")?;
        reader.find_story_by_title("Kafka once")?;
        reader.sources()?;
        reader.public_sources()?;
        reader.topics()?;
        reader.months(Some(&TopicId::new("t").unwrap()), TimeZone::UTC)?;
        Ok(())
    }));
}

#[test]
fn archives_to_render_are_found_by_index() {
    let explained = explained(|conn| {
        let reader = Reader { conn };
        reader.pending_archives(&TopicId::all())?;
        reader.newest_archive(&TopicId::all())?;
        Ok(())
    });
    assert_no_scans(&explained);
    for ((sql, plan), index) in explained.iter().zip(["archive_pending", "archive_current"]) {
        assert!(plan[0].contains(index), "{index} is not used by\n{sql}\n{plan:#?}");
    }
}

#[test]
fn a_search_reads_matches_in_order_up_to_its_limit() {
    for query in ["kafka", "kafka topic:t", "topic:t"] {
        let explained = explained(move |conn| {
            Reader { conn }.search(&SearchQuery::parse(query), 10, false).map(|_| ())
        });
        assert_no_scans(&explained);
        let (sql, plan) = &explained[0];
        assert!(
            !plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER")),
            "{query}\n{sql}\n{plan:#?}"
        );
    }
}
