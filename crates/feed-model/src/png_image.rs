//! An image file.

use std::{fmt, sync::Arc};

/// A PNG file that has been decoded once without an error.
#[derive(Clone, PartialEq, Eq)]
pub struct PngImage {
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl fmt::Debug for PngImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, width, height } = self;
        write!(f, "PngImage({} bytes, {width}x{height})", bytes.len())
    }
}
