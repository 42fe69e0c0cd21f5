//! Answers that were just given, lent to the other sources that read the same address: one request serves them all.
//!
//! An answer is lent to each source once, for ten minutes, and only where the publisher would have given the same: to who
//! asks for the same in the same way, without credentials, under the same exemptions from the guard, within its limits, and,
//! where it is a 304, with the same validators. Deliberately absent: when sources that read one address are asked, which is
//! arranged to be at one time where polls are planned.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use url::Url;

use super::client::{Accept, Response};
use feed_model::{SourceId, Timestamp, Validators};

/// How long an answer is lent.
const HOLDS: TimeDelta = TimeDelta::minutes(10);

/// Bytes of bodies that are held; the oldest make room.
const MOST_BYTES: usize = 4 << 20;

/// What one request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) url: Url,
    pub(super) accept: Accept,
    /// The exemptions from the guard that it is asked under, and whether HTTP/2 is offered.
    pub(super) manner: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) response: Response,
    /// The validators that made the request conditional.
    pub(super) condition: Validators,
}

/// Answers that may be lent, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Commons {
    lent: Mutex<VecDeque<Lent>>,
    turns: Mutex<HashMap<Question, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug)]
struct Lent {
    question: Question,
    given: Given,
    at: Timestamp,
    /// Who has had it.
    readers: Vec<SourceId>,
}

impl Commons {
    /// Whose turn it is to ask this: the others wait for the answer.
    pub(super) async fn turn(&self, question: &Question) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(question.clone()).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// The answer that another source was given, where it answers this source as well.
    pub(super) fn borrow(
        &self,
        question: &Question,
        reader: &SourceId,
        held: &Validators,
        most_bytes: u64,
        now: Timestamp,
    ) -> Option<Given> {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        lent.retain(|l| is_fresh(l, now));
        let found = lent.iter_mut().find(|l| l.question == *question && !l.readers.contains(reader))?;
        let answers = found.given.response.status != 304 || (!held.is_empty() && found.given.condition == *held);
        if !answers || found.given.response.body.len() as u64 > most_bytes {
            return None;
        }
        found.readers.push(reader.clone());
        Some(found.given.clone())
    }

    /// Holds what a source was given, instead of what was given before.
    pub(super) fn lend(&self, question: Question, reader: &SourceId, given: Given, now: Timestamp) {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        lent.retain(|l| l.question != question && is_fresh(l, now));
        lent.push_back(Lent { question, given, at: now, readers: vec![reader.clone()] });
        let mut held: usize = lent.iter().map(|l| l.given.response.body.len()).sum();
        while held > MOST_BYTES {
            held -= lent.pop_front().map_or(held, |oldest| oldest.given.response.body.len());
        }
    }
}

/// To either side: who waited for its turn may have come before who went first.
fn is_fresh(lent: &Lent, now: Timestamp) -> bool {
    (now - lent.at).abs() < HOLDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use feed_model::Headers;

    fn question(path: &str, manner: &str) -> Question {
        Question {
            url: Url::parse("https://example.org").unwrap().join(path).unwrap(),
            accept: Accept::Feed,
            manner: manner.into(),
        }
    }

    fn given(status: u16, bytes: usize, condition: &str) -> Given {
        let url = question("", "").url;
        let response = Response {
            requested: url.clone(),
            final_url: url,
            hops: Vec::new(),
            status,
            headers: Headers::new(),
            body: vec![b'x'; bytes].into(),
            wire_bytes: bytes as u64,
            request_headers: Headers::new(),
        };
        Given { response, condition: held(condition) }
    }

    fn held(etag: &str) -> Validators {
        Validators { etag: Some(etag.into()).filter(|e: &Vec<u8>| !e.is_empty()), last_modified: None }
    }

    fn source(id: &str) -> SourceId {
        SourceId::new(id).unwrap()
    }

    #[test]
    fn an_answer_serves_each_other_source_once_and_not_for_long() {
        let (commons, now) = (Commons::default(), Timestamp::UNIX_EPOCH);
        commons.lend(question("/feed", ""), &source("a"), given(200, 10, ""), now);
        let borrow = |who: &str, manner: &str, most, after| {
            commons.borrow(&question("/feed", manner), &source(who), &held(""), most, now + TimeDelta::minutes(after)).is_some()
        };
        assert!(!borrow("a", "", 100, 1), "who asked asks again");
        assert!(!borrow("b", "10.0.0.0/8", 100, 1), "asked under other exemptions");
        assert!(!borrow("b", "", 9, 1), "too large for it");
        assert!(borrow("b", "", 10, 9));
        assert!(borrow("waited", "", 10, -1), "it wanted to know before the other was asked");
        assert!(!borrow("b", "", 10, 9), "once");
        assert!(!borrow("c", "", 100, 10), "too old");
    }

    #[test]
    fn nothing_new_is_said_only_to_who_knows_the_same() {
        let (commons, now) = (Commons::default(), Timestamp::UNIX_EPOCH);
        commons.lend(question("/feed", ""), &source("a"), given(304, 0, "\"1\""), now);
        let borrow =
            |who: &str, etag: &str| commons.borrow(&question("/feed", ""), &source(who), &held(etag), 100, now).is_some();
        assert!(!borrow("b", ""));
        assert!(!borrow("b", "\"0\""));
        assert!(borrow("b", "\"1\""));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let (commons, now) = (Commons::default(), Timestamp::UNIX_EPOCH);
        for n in 0..5 {
            commons.lend(question(&format!("/{n}"), ""), &source("a"), given(200, MOST_BYTES / 4, ""), now);
        }
        let borrow = |n: usize| commons.borrow(&question(&format!("/{n}"), ""), &source("b"), &held(""), u64::MAX, now).is_some();
        assert_eq!([0, 1, 2, 3, 4].map(borrow), [false, true, true, true, true]);
        commons.lend(question("/huge", ""), &source("a"), given(200, MOST_BYTES + 1, ""), now);
        assert!(commons.lent.lock().unwrap().is_empty());
    }
}
