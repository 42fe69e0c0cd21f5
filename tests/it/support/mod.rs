//! What the tests share.

pub mod origin;
