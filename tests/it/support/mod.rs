//! What the tests share.

pub mod origin;
pub mod program;
pub mod publication;
