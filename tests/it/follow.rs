//! Tests of `follow` from the outside.
