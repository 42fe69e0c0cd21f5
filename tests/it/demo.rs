//! Tests of `demo` from the outside.
