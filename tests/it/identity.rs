//! Tests of `identity` from the outside.
