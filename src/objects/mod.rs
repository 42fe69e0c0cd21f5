//! Publishing to an object store: Amazon S3 and what speaks its protocol, Google Cloud Storage, and
//! Azure Blob Storage.
//!
//! The objects are the files of [`crate::site::publish`], below a prefix. A manifest among them
//! lists every object with a digest of its content and with its entity tag in the store.
//!
//! Every object is written on the condition that it is still what this run has found. If another
//! run has written meanwhile, this one ends with [`ObjectsError::Conflict`] and is begun again,
//! with a newer snapshot. So a newer object is never replaced with an older one. New objects are
//! listed before they are written, so that a run after a crash knows them. Deletions come last.

mod connector;
mod manifest;
mod run;
mod target;

pub use manifest::MANIFEST;
pub use run::{ObjectsError, publish};
pub use target::{ObjectListing, ObjectTarget, TargetError};
