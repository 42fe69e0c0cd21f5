//! Tests of `serve` from the outside.
