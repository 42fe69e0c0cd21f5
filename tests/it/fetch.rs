//! Tests of `fetch` from the outside.
