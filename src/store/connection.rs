//! Database connections: one for writing, which a thread owns, and a few for reading.
//!
//! The writer receives its jobs through a channel and commits them in groups. Every caller waits
//! for its job, so that the number of callers limits the number of queued jobs. A panic in a job
//! becomes the error of that job. Readers see a consistent snapshot each (WAL mode) and do not wait
//! for the writer.

use std::{
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Sender, channel, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{
    Connection, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, config::DbConfig,
};
use tokio::sync::{Semaphore, oneshot};

use super::{
    Reader, StoreError,
    error::SqlContext as _,
    migrate, search_index, stale_log,
    storage_fault::StorageFault,
    write_state::WriteState,
    writer::{self, Finished, Job, TransactionJob},
};
use crate::telemetry::WriteMetrics;

/// The file name of the database in the data directory.
pub const DATABASE: &str = "tributary.db";

/// How long a statement waits for the write of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for the checkpoint when the store is closed.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(2);

/// The maximum number of idle connections for reading.
const MAX_IDLE_READERS: usize = MAX_ASYNC_READS;

/// The maximum number of asynchronous reads at the same time.
const MAX_ASYNC_READS: usize = 4;

/// Compiled statements that a connection keeps: more than the program has.
const STATEMENT_CACHE: usize = 512;

/// The state that the handles of a store share.
struct Shared {
    file: PathBuf,
    uri: String,
    readers: Mutex<Vec<Connection>>,
    /// The connection for [`Store::version`].
    version_conn: Mutex<Option<Connection>>,
    writer: Mutex<Option<(Sender<Job>, JoinHandle<()>)>>,
    /// Limits [`Store::read_async`].
    read_permits: Semaphore,
    write_state: Arc<WriteState>,
    write_metrics: WriteMetrics,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        self.version_conn.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = writer {
            drop(sender);
            // The thread ends when the last sender is dropped. Panics in jobs were caught.
            drop(thread.join());
        }
    }
}

/// A handle of the database. It is cheap to clone. All methods block; call them on a blocking
/// thread.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.file).finish()
    }
}

impl Store {
    /// Opens the database in a directory and migrates it. Creates both if necessary.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)
            .map_err(|source| StoreError::Directory { dir: dir.to_owned(), source })?;
        Self::open_file(&dir.join(DATABASE), true)
    }

    /// Opens the existing database in a directory for reading and writing, and migrates it.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoState`] if there is none.
    pub fn open_existing(dir: &Path) -> Result<Self, StoreError> {
        let file = existing(dir)?;
        Self::open_file(&file, true)
    }

    /// Opens the existing database in a directory for reading.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoState`] if there is none, [`StoreError::Refused`] if it has to be migrated.
    pub fn open_read_only(dir: &Path) -> Result<Self, StoreError> {
        let file = existing(dir)?;
        Self::open_file(&file, false)
    }

    /// Creates a database in memory. It ends with its last handle.
    pub fn in_memory() -> Result<Self, StoreError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("/tributary-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self::start(Path::new(&name), format!("file:{name}?vfs=memdb"), true)
    }

    fn open_file(file: &Path, writing: bool) -> Result<Self, StoreError> {
        if writing {
            check_owner(file)?;
        }
        stale_log::set_aside(file)
            .map_err(|source| StoreError::Directory { dir: file.to_owned(), source })?;
        let path =
            file.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Self::start(file, format!("file:{path}"), writing)
    }

    fn start(file: &Path, uri: String, writing: bool) -> Result<Self, StoreError> {
        let writer = if writing {
            let mut conn = connect_to_write(file, &uri)?;
            migrate::migrate(&mut conn, file)?;
            search_index::rebuild_if_outdated(&mut conn)?;
            let (sender, jobs) = channel();
            let thread = std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || writer::run(conn, &jobs, search_index::write_pending));
            let thread =
                thread.map_err(|source| StoreError::Directory { dir: file.to_owned(), source })?;
            Some((sender, thread))
        } else {
            let version = migrate::version(&connect_to_read(file, &uri)?.conn, file)?;
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
            read_permits: Semaphore::new(MAX_ASYNC_READS),
            writer: Mutex::new(writer),
            write_state: Arc::new(WriteState::new(file)),
            write_metrics: WriteMetrics::default(),
        })))
    }

    pub(super) fn read_permits(&self) -> &Semaphore {
        &self.0.read_permits
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// Returns a number that changes with every write, by this process or another. Data that is
    /// read afterwards is at least as new.
    pub fn version(&self) -> Result<i64, StoreError> {
        let mut version_conn = self.0.version_conn.lock().unwrap_or_else(PoisonError::into_inner);
        let conn = match version_conn.take() {
            Some(conn) => conn,
            None => connect_to_read(&self.0.file, &self.0.uri)?.conn,
        };
        // The number counts the writes of other connections, and this connection never writes.
        let version = conn
            .query_row("PRAGMA data_version", [], |r| r.get(0))
            .context("read the version of the data")?;
        *version_conn = Some(conn);
        Ok(version)
    }

    /// Runs `f` with a consistent snapshot.
    pub fn read<T>(
        &self,
        f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let ReadConnection { mut conn, is_immutable } = match idle {
            Some(conn) => ReadConnection { conn, is_immutable: false },
            None => connect_to_read(&self.0.file, &self.0.uri)?,
        };
        let result = {
            let tx = conn
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .context("begin a read transaction")?;
            f(&Reader { conn: &tx }).map_err(|error| error.in_file(&self.0.file))
        };
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < MAX_IDLE_READERS && !is_immutable {
            readers.push(conn);
        }
        result
    }

    /// Runs `f` with its own connection, outside a transaction. `f` may write a copy to another
    /// file.
    pub(super) fn with_reader<T>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let conn = connect_to_read(&self.0.file, &self.0.uri)?.conn;
        // `query_only` would also forbid writing the copy.
        conn.pragma_update(None, "query_only", false).context("prepare the copy")?;
        f(&conn)
    }

    /// Runs `f` in a transaction on the writer's thread. Commits if `f` returns `Ok`, else rolls
    /// back.
    pub(super) fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send_write(f, move |result| drop(reply.send(result)))?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Does what [`write`](Self::write) does, without blocking the thread of the caller.
    pub(super) async fn write_async<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send_write(f, move |result| drop(reply.send(result)))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Sends a write to the writer's thread, which calls `reply` after the commit. The caller may
    /// be gone by then; the work is done all the same.
    fn send_write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
        reply: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let (write_state, file) = (Arc::clone(&self.0.write_state), self.0.file.clone());
        let in_progress = self.0.write_metrics.begin();
        let job: TransactionJob = Box::new(move |tx| {
            let result = tx.and_then(|tx| catch_panic(|| f(tx)));
            Finished {
                succeeded: result.is_ok(),
                error: result.as_ref().err().and_then(StoreError::sqlite_error),
                reply: Box::new(move |committed| {
                    drop(in_progress);
                    let result = result.and_then(|value| committed.map(|()| value));
                    let result = result.map_err(|error| error.in_file(&file));
                    write_state.record(result.as_ref().map(drop));
                    reply(result);
                }),
            }
        });
        self.send(Job::Transaction(job))
    }

    /// Runs `f` on the writer's thread with its connection, outside a transaction.
    pub(super) fn on_writer<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Job::Exclusive(Box::new(move |conn| {
            // The caller may be gone; the work is done all the same.
            drop(reply.send(catch_panic(|| f(conn))));
        })))?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Returns the metrics of writes.
    pub fn write_metrics(&self) -> WriteMetrics {
        self.0.write_metrics.clone()
    }

    /// Returns why writing does not work; `None` if the last write succeeded and no changes wait.
    pub fn write_fault(&self) -> Option<StorageFault> {
        self.0.write_state.fault()
    }

    /// Returns whether an error is part of a write fault, which is logged once.
    pub fn is_write_fault(&self, error: &StoreError) -> bool {
        error.fault().is_some() && self.write_fault().is_some()
    }

    /// Keeps a write fault until it is released, because changes wait in memory. It begins again if
    /// a write has ended it since.
    pub fn hold_write_fault(&self, fault: StorageFault) {
        self.0.write_state.hold(fault);
    }

    /// Ends a write fault that was held.
    pub fn release_write_fault(&self) {
        self.0.write_state.release();
    }

    /// Writes without a change, to find out whether writing works.
    pub fn probe_write(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.pragma_update(None, "user_version", migrate::VERSION).context("write the database")
        })
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let sender = match &*self.0.writer.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((sender, _)) => sender.clone(),
            None => return Err(StoreError::Closed),
        };
        sender.send(job).map_err(|_| StoreError::Closed)
    }

    /// Writes the log (WAL) back into the database and ends the writer. `SQLite` deletes the log
    /// when its last connection closes. Later writes fail.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.version_conn.lock().unwrap_or_else(PoisonError::into_inner).take();
        let done = self.on_writer(|conn| {
            // A reader, perhaps in another process, must not delay the stop for long. What stays in
            // the log is read from there.
            conn.busy_timeout(CLOSING_TIMEOUT).context("write the log back into the database")?;
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .context("write the log back into the database")?;
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

/// Runs a closure. A panic becomes an error.
fn catch_panic<T>(f: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(StoreError::Panicked(text.unwrap_or_else(|| "no message".into())))
    })
}

fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let file = dir.join(DATABASE);
    match std::fs::metadata(&file) {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(StoreError::Foreign { file }),
        Err(error) => Err(match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                StoreError::NoState { dir: dir.to_owned() }
            }
            _ => StoreError::Directory { dir: dir.to_owned(), source: error },
        }),
    }
}

/// Opens the connection for writing. Creates the file if necessary.
fn connect_to_write(file: &Path, uri: &str) -> Result<Connection, StoreError> {
    let open = |source| StoreError::open(file, source);
    let flags = OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let conn =
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_CREATE).map_err(open)?;
    // SQLite opens a file read-only if it may not write it.
    if conn.is_readonly(MAIN_DB).map_err(open)? {
        return Err(StoreError::ReadOnly { file: file.to_owned() });
    }
    configure(&conn).map_err(open)?;
    // A foreign file is refused before anything in it changes.
    migrate::version(&conn, file).map_err(|error| match error.fault() {
        // The file was opened, so it is the log beside it that cannot be created.
        Some(StorageFault::CannotOpen | StorageFault::ReadOnly) => {
            StoreError::ReadOnly { file: file.to_owned() }
        }
        _ => error,
    })?;
    conn.pragma_update(None, "journal_mode", "WAL").map_err(open)?;
    // With NORMAL the last commits may be lost in a power failure, and stories would be
    // announced again.
    conn.pragma_update(None, "synchronous", "FULL").map_err(open)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(open)?;
    conn.pragma_update(None, "cache_size", -16_000).map_err(open)?;
    search_index::create_pending(&conn).map_err(open)?;
    Ok(conn)
}

/// A connection that rejects writes.
struct ReadConnection {
    conn: Connection,
    /// Whether it takes the file as one that nobody writes. It must not be kept: a program that
    /// may write the file can start at any time.
    is_immutable: bool,
}

/// Opens a connection for reading. In a read-only directory, `SQLite` cannot create the index of
/// the log that readers and the writer share. The file is read without it if the log is empty.
fn connect_to_read(file: &Path, uri: &str) -> Result<ReadConnection, StoreError> {
    let open = |source| StoreError::open(file, source);
    let flags = OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read_only = flags | OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connect = |uri: &str, flags: OpenFlags| {
        let conn = Connection::open_with_flags(uri, flags)?;
        configure(&conn)?;
        conn.pragma_update(None, "query_only", true)?;
        // Opens the log.
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    };
    // SQLite needs write access to the index of the log even for reading.
    let error = match connect(uri, flags | OpenFlags::SQLITE_OPEN_READ_WRITE) {
        Ok(conn) => return Ok(ReadConnection { conn, is_immutable: false }),
        Err(error) => StoreError::open(file, error),
    };
    if !matches!(error.fault(), Some(StorageFault::CannotOpen | StorageFault::ReadOnly)) {
        return Err(error);
    }
    if let Ok(conn) = connect(uri, read_only) {
        return Ok(ReadConnection { conn, is_immutable: false });
    }
    // The permissions of the file may be the cause.
    if let Err(source) = std::fs::File::open(file) {
        return Err(StoreError::Directory { dir: file.to_owned(), source });
    }
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::UnreadableLog { file: file.to_owned() });
    }
    let conn = connect(&format!("{uri}?immutable=1"), read_only).map_err(open)?;
    Ok(ReadConnection { conn, is_immutable: true })
}

fn configure(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // Without this, SQLite compiles a statement again when a parameter has another value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(())
}

/// Refuses to write a database of another user: the log file would belong to the wrong user and the
/// owner's daemon could not use it.
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
