//! The writer thread. It owns the only write connection and commits in groups.
//!
//! Jobs that wait at the same time share one transaction, and with it one wait for the disk. Each
//! job gets its result after the commit, so that nothing is announced before it is durable. A job
//! that fails is rolled back alone.

use std::sync::mpsc::Receiver;

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

use super::{StoreError, error::SqlContext as _};

/// The maximum number of jobs in one transaction.
const MAX_GROUP: usize = 64;

/// A unit of work for the writer thread.
pub(super) enum Job {
    /// Runs in a transaction that it may share with other jobs.
    Transaction(TransactionJob),
    /// Runs with the connection, outside any transaction.
    Exclusive(Box<dyn FnOnce(&mut Connection) + Send>),
}

/// Runs the work and returns what to do after the commit.
pub(super) type TransactionJob =
    Box<dyn FnOnce(Result<&Transaction<'_>, StoreError>) -> Finished + Send>;

/// The state of a job between its work and the commit.
pub(super) struct Finished {
    /// Whether the work succeeded. If not, its changes are rolled back.
    pub(super) succeeded: bool,
    /// The error of `SQLite`, if the work failed because of one.
    pub(super) error: Option<ffi::Error>,
    /// Sends the result to the caller; the argument is the result of the commit.
    pub(super) reply: Box<dyn FnOnce(Result<(), StoreError>)>,
}

/// Completes a transaction before its commit.
pub(super) type BeforeCommit = fn(&Connection) -> rusqlite::Result<()>;

/// Runs jobs until every sender is gone.
pub(super) fn run(mut conn: Connection, jobs: &Receiver<Job>, before_commit: BeforeCommit) {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| jobs.recv().ok()) {
        match job {
            Job::Exclusive(work) => work(&mut conn),
            Job::Transaction(work) => next = run_group(&mut conn, work, jobs, before_commit),
        }
    }
}

/// Runs a job, and the jobs that wait behind it, in one transaction. Returns a job that was
/// received and cannot be part of it.
fn run_group(
    conn: &mut Connection,
    first: TransactionJob,
    jobs: &Receiver<Job>,
    before_commit: BeforeCommit,
) -> Option<Job> {
    let tx = match conn.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(tx) => tx,
        Err(error) => return fail_waiting(&error, first, jobs),
    };
    let mut waiting = Vec::new();
    let mut rest = None;
    let mut next = Some(first);
    let mut any_succeeded = false;
    let mut last_error = None;
    while let Some(work) = next.take() {
        let finished = run_in_savepoint(&tx, work);
        any_succeeded |= finished.succeeded;
        last_error = finished.error;
        waiting.push(finished.reply);
        // A full disk or a lost file ends the transaction at once, with everything in it.
        if tx.is_autocommit() || waiting.len() == MAX_GROUP {
            break;
        }
        match jobs.try_recv() {
            Ok(Job::Transaction(work)) => next = Some(work),
            Ok(job) => rest = Some(job),
            Err(_) => {}
        }
    }
    // A commit without changes would look like a write to other connections.
    let committed = if tx.is_autocommit() {
        // SQLite has rolled everything back, because of the error of the last job.
        let error = last_error.unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_IOERR));
        Err(rusqlite::Error::SqliteFailure(error, None))
    } else if any_succeeded {
        before_commit(&tx).and_then(|()| tx.commit())
    } else {
        tx.rollback()
    };
    for reply in waiting {
        let result = committed.as_ref().copied().map_err(copy_error);
        reply(result.context("commit"));
    }
    rest
}

/// Fails a job, and the jobs that wait behind it, because no transaction can begin. Each of them
/// would wait as long for the same lock. Returns a job that was received and is no transaction.
fn fail_waiting(
    error: &rusqlite::Error,
    first: TransactionJob,
    jobs: &Receiver<Job>,
) -> Option<Job> {
    let mut next = Some(Job::Transaction(first));
    while let Some(job) = next.take() {
        match job {
            Job::Transaction(work) => {
                let failed = Err(copy_error(error)).context("begin a write transaction");
                (work(failed).reply)(Ok(()));
            }
            Job::Exclusive(_) => return Some(job),
        }
        next = jobs.try_recv().ok();
    }
    None
}

fn run_in_savepoint(tx: &Transaction<'_>, work: TransactionJob) -> Finished {
    if let Err(error) = tx.execute_batch("SAVEPOINT job").context("begin a savepoint") {
        return work(Err(error));
    }
    let finished = work(Ok(tx));
    let end = if finished.succeeded { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match tx.execute_batch(end).context("end a savepoint") {
        Ok(()) => finished,
        // The transaction is gone, and the commit will say so.
        Err(error) if tx.is_autocommit() => {
            Finished { error: finished.error.or_else(|| error.sqlite_error()), ..finished }
        }
        Err(error) => Finished {
            succeeded: false,
            error: error.sqlite_error(),
            reply: Box::new(move |_| (finished.reply)(Err(error))),
        },
    }
}

/// Returns an error for each of several callers; [`rusqlite::Error`] cannot be cloned.
fn copy_error(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => {
            rusqlite::Error::SqliteFailure(*code, text.clone())
        }
        other => rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_ERROR),
            Some(other.to_string()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::sync_channel,
    };

    use super::*;
    use crate::store::StorageFault;

    fn insert(number: i64, fails: bool, results: &Arc<std::sync::Mutex<Vec<bool>>>) -> Job {
        let results = Arc::clone(results);
        Job::Transaction(Box::new(move |tx| {
            let tx = tx.unwrap();
            tx.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
            Finished {
                succeeded: !fails,
                error: None,
                reply: Box::new(move |committed| {
                    results.lock().unwrap().push(!fails && committed.is_ok());
                }),
            }
        }))
    }

    #[test]
    fn waiting_jobs_share_a_transaction_and_a_failed_job_is_rolled_back_alone() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (number INTEGER)").unwrap();
        let commits = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&commits);
        conn.commit_hook(Some(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        }))
        .unwrap();
        let results = Arc::default();
        let numbers = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (sender, jobs) = sync_channel(8);
        sender.send(insert(1, false, &results)).unwrap();
        sender.send(insert(2, true, &results)).unwrap();
        sender.send(insert(3, false, &results)).unwrap();
        let read = Arc::clone(&numbers);
        sender
            .send(Job::Exclusive(Box::new(move |conn| {
                let mut statement = conn.prepare("SELECT number FROM t ORDER BY number").unwrap();
                let rows = statement.query_map([], |r| r.get::<_, i64>(0)).unwrap();
                read.lock().unwrap().extend(rows.map(Result::unwrap));
            })))
            .unwrap();
        drop(sender);
        run(conn, &jobs, |_| Ok(()));
        assert_eq!(*results.lock().unwrap(), [true, false, true]);
        assert_eq!(*numbers.lock().unwrap(), [1, 3]);
        assert_eq!(commits.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn no_job_succeeds_when_the_commit_fails() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (number INTEGER)").unwrap();
        conn.commit_hook(Some(|| true)).unwrap();
        let results = Arc::default();
        let (sender, jobs) = sync_channel(8);
        sender.send(insert(1, false, &results)).unwrap();
        sender.send(insert(2, false, &results)).unwrap();
        drop(sender);
        run(conn, &jobs, |_| Ok(()));
        assert_eq!(*results.lock().unwrap(), [false, false]);
    }

    #[test]
    fn jobs_that_a_full_disk_rolls_back_fail_with_its_error() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (bytes BLOB); PRAGMA max_page_count = 4").unwrap();
        let errors = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (sender, jobs) = sync_channel(8);
        for size in [1, 100_000] {
            let errors = Arc::clone(&errors);
            let job: TransactionJob = Box::new(move |tx| {
                let inserted = tx.unwrap().execute("INSERT INTO t VALUES (zeroblob(?1))", [size]);
                let result = inserted.context("insert");
                Finished {
                    succeeded: result.is_ok(),
                    error: result.as_ref().err().and_then(StoreError::sqlite_error),
                    reply: Box::new(move |committed| {
                        let error = result.map(drop).and(committed).unwrap_err();
                        errors.lock().unwrap().push(error.fault());
                    }),
                }
            });
            sender.send(Job::Transaction(job)).unwrap();
        }
        drop(sender);
        run(conn, &jobs, |_| Ok(()));
        assert_eq!(*errors.lock().unwrap(), [Some(StorageFault::Full); 2]);
    }
}
