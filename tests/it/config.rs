//! Tests of `config` from the outside.
