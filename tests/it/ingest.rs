//! Tests of `ingest` from the outside.
