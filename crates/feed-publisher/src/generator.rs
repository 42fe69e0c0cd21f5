//! The `generator` of documents.

/// The name of the program. It has no version, so that an upgrade changes no document.
pub(crate) const GENERATOR: &str = "Tributary";
