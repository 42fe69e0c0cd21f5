//! Tests of `topic` from the outside.
