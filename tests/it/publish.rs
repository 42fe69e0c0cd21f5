//! Tests of `publish` from the outside.
