//! What the tests share.

pub mod origin;
pub mod press;
pub mod program;
pub mod publication;
pub mod safe_origin;
