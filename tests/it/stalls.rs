//! What happens when storing or sending stalls: a full disk, a locked or read-only database, and
//! clients that take or send nothing.

mod connections;
mod read_only;
mod storage;
