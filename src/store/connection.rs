//! Connections: one thread that owns the writing one, and a few for reading beside it.
//!
//! Work comes to the writer through a bounded channel, each piece in a transaction of its own; a
//! panic in it is that piece's error. Readers see one consistent snapshot each (WAL), and never
//! wait for the writer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{Reader, StoreError, error::SqlContext as _, migrate, search};

/// The database's name in the data directory.
pub const DATABASE: &str = "tributary.db";

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The same when the log is written back at the end.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(2);

/// Pieces of work that may wait for the writer; who comes later waits outside.
const QUEUE_LENGTH: usize = 64;

/// Reading connections that are kept open.
const MAX_IDLE_READERS: usize = 4;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// What all handles of one store share.
struct Shared {
    file: PathBuf,
    uri: String,
    readers: Mutex<Vec<Connection>>,
    /// The one connection that is asked whether anything was written.
    version_conn: Mutex<Option<Connection>>,
    writer: Mutex<Option<(SyncSender<Job>, JoinHandle<()>)>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.version_conn.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = writer {
            drop(sender);
            // The thread ends when the last sender is gone; its own panic was caught per job.
            drop(thread.join());
        }
    }
}

/// The state in one directory: a cheap handle. Every method blocks; call them from a blocking
/// thread.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.file).finish()
    }
}

impl Store {
    /// Opens the state in a directory, which is made with its database where there is none, and
    /// brings it to this program's version.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)
            .map_err(|source| StoreError::Directory { dir: dir.to_owned(), source })?;
        Self::open_file(&dir.join(DATABASE), true)
    }

    /// Opens the state in a directory for writing; an error where there is none.
    pub fn open_existing(dir: &Path) -> Result<Self, StoreError> {
        let file = existing(dir)?;
        Self::open_file(&file, true)
    }

    /// Opens the state in a directory for reading alone; an error where there is none.
    pub fn open_read_only(dir: &Path) -> Result<Self, StoreError> {
        let file = existing(dir)?;
        Self::open_file(&file, false)
    }

    /// A store in memory, for a dry run or a test. It ends with its last handle.
    pub fn in_memory() -> Result<Self, StoreError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("/tributary-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self::start(Path::new(&name), format!("file:{name}?vfs=memdb"), true)
    }

    fn open_file(file: &Path, writing: bool) -> Result<Self, StoreError> {
        if writing {
            check_owner(file)?;
        }
        let path =
            file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Self::start(file, format!("file:{path}"), writing)
    }

    fn start(file: &Path, uri: String, writing: bool) -> Result<Self, StoreError> {
        let writer = if writing {
            let mut conn = connect(file, &uri, true)?;
            migrate::migrate(&mut conn, file)?;
            search::rebuild_if_outdated(&mut conn)?;
            let (sender, jobs) = sync_channel(QUEUE_LENGTH);
            let thread = std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || work(conn, &jobs));
            let thread =
                thread.map_err(|source| StoreError::Directory { dir: file.to_owned(), source })?;
            Some((sender, thread))
        } else {
            let conn = connect(file, &uri, false)?;
            let version = migrate::version(&conn, file)?;
            if version < migrate::VERSION {
                return Err(StoreError::Refused(format!(
                    "{} has schema version {version}; run `tributary serve` or `tributary poll` \
                     to migrate it to version {}",
                    file.display(),
                    migrate::VERSION
                )));
            }
            None
        };
        Ok(Self(Arc::new(Shared {
            file: file.to_owned(),
            uri,
            readers: Mutex::default(),
            version_conn: Mutex::default(),
            writer: Mutex::new(writer),
        })))
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// A number that is another one whenever anything was written since, by this program or
    /// another. What is read after it was asked for is at least as new.
    pub fn version(&self) -> Result<i64, StoreError> {
        let mut version_conn = self.0.version_conn.lock().unwrap_or_else(PoisonError::into_inner);
        let conn = match version_conn.take() {
            Some(conn) => conn,
            None => connect(&self.0.file, &self.0.uri, false)?,
        };
        // It counts what other connections wrote, and this one writes nothing.
        let version = conn
            .query_row("PRAGMA data_version", [], |r| r.get(0))
            .context("ask whether anything was written")?;
        *version_conn = Some(conn);
        Ok(version)
    }

    /// Runs `f` over one consistent snapshot.
    pub fn read<T>(
        &self,
        f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut conn = match kept {
            Some(conn) => conn,
            None => connect(&self.0.file, &self.0.uri, false)?,
        };
        let result = {
            let tx = conn
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .context("begin to read")?;
            f(&Reader { conn: &tx })
        };
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < MAX_IDLE_READERS {
            readers.push(conn);
        }
        result
    }

    /// Runs `f` with a connection of its own that reads this database, outside any transaction, and
    /// may write another.
    pub(super) fn with_reader<T>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let conn = connect(&self.0.file, &self.0.uri, false)?;
        // `query_only` is about every database of a connection, a copy that is being written
        // included.
        conn.pragma_update(None, "query_only", false).context("prepare to copy")?;
        f(&conn)
    }

    /// Runs `f` in one transaction on the writer's thread: kept whole when it is `Ok`, else not at
    /// all.
    pub(super) fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_writer(move |conn| {
            let tx = conn
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .context("begin to write")?;
            let value = f(&tx)?;
            tx.commit().context("keep what was written")?;
            Ok(value)
        })
    }

    /// Like [`Store::write`], but nothing is kept: what would come of it.
    pub(super) fn dry_run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_writer(move |conn| {
            let tx = conn
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .context("begin to write")?;
            let value = f(&tx)?;
            tx.rollback().context("undo a rehearsal")?;
            Ok(value)
        })
    }

    /// Runs `f` with the writing connection, outside any transaction.
    pub(super) fn on_writer<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sender = match &*self.0.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((sender, _)) => sender.clone(),
            None => return Err(StoreError::Closed),
        };
        let (reply, answer) = sync_channel(1);
        let job: Job = Box::new(move |conn| {
            let result = catch_unwind(AssertUnwindSafe(|| f(conn))).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<&str>().map(ToString::to_string);
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Err(StoreError::Panicked(text.unwrap_or_else(|| "no message".into())))
            });
            // Who asked may have gone away; the work is done all the same.
            drop(reply.send(result));
        });
        sender.send(job).map_err(|_| StoreError::Closed)?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Writes the log back into the database and ends the writer, the last to leave: with it the
    /// log goes. Later writes are refused.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.version_conn.lock().unwrap_or_else(PoisonError::into_inner).take();
        let done = self.on_writer(|conn| {
            // Who still reads, another program perhaps, holds up no stop for long: what stays in
            // the log is read from there.
            conn.busy_timeout(CLOSING_TIMEOUT).context("write the log back")?;
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .context("write the log back")?;
            Ok(())
        });
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = writer {
            drop(sender);
            drop(thread.join());
        }
        done
    }
}

fn work(mut conn: Connection, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        job(&mut conn);
    }
}

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let file = dir.join(DATABASE);
    if file.is_file() { Ok(file) } else { Err(StoreError::NoState { dir: dir.to_owned() }) }
}

/// Opens one connection. A reading one never writes, whatever it is asked.
fn connect(file: &Path, uri: &str, writing: bool) -> Result<Connection, StoreError> {
    let open = |source| StoreError::Open { file: file.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let conn = if writing {
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_CREATE).map_err(open)?
    } else {
        // SQLite wants write access for the index of the log even to read; where the file cannot be
        // had so, plainly.
        Connection::open_with_flags(uri, flags)
            .or_else(|_| {
                Connection::open_with_flags(
                    uri,
                    OpenFlags::SQLITE_OPEN_URI
                        | OpenFlags::SQLITE_OPEN_NO_MUTEX
                        | OpenFlags::SQLITE_OPEN_READ_ONLY,
                )
            })
            .map_err(open)?
    };
    conn.busy_timeout(BUSY_TIMEOUT).map_err(open)?;
    conn.set_prepared_statement_cache_capacity(128);
    if writing {
        // A file of another kind is found out before anything is changed in it.
        migrate::version(&conn, file)?;
        conn.pragma_update(None, "journal_mode", "WAL").map_err(open)?;
        // NORMAL may lose the last commits at a power cut; an entry once announced must not come
        // again, so FULL.
        conn.pragma_update(None, "synchronous", "FULL").map_err(open)?;
        conn.pragma_update(None, "foreign_keys", true).map_err(open)?;
        conn.pragma_update(None, "cache_size", -16_000).map_err(open)?;
    } else {
        conn.pragma_update(None, "query_only", true).map_err(open)?;
    }
    Ok(conn)
}

/// A database of another user is not written: the log beside it would then belong to the wrong one,
/// and lock the owner's daemon out.
fn check_owner(file: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(file) else {
        return Ok(());
    };
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() == user {
        Ok(())
    } else {
        Err(StoreError::NotOwner { file: file.to_owned(), owner: metadata.uid(), user })
    }
}
