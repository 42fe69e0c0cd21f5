//! Conversion of images to PNG.

use std::io::Cursor;

use feed_model::PngImage;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits, imageops::FilterType};

/// The formats that are decoded. SVG is none of them: it can contain scripts and links.
const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Ico, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];

/// The largest width and height of an image that is decoded, in pixels.
const MAX_SIDE: u32 = 4096;
/// The most memory that decoding may use, in bytes.
const MAX_DECODED_BYTES: u64 = 64 * 1024 * 1024;

/// The largest file of feeds.toml that is served as it is, in bytes.
const MAX_NAMED_BYTES: usize = 1024 * 1024;
/// The largest width and height of an icon that feeds.toml names, in pixels.
const MAX_NAMED_SIDE: u32 = 1024;

/// The reason why an image is not usable.
#[derive(Debug, thiserror::Error)]
pub enum IconError {
    /// The file is in another format.
    #[error("the image is not PNG, ICO, JPEG, GIF or WebP")]
    Format,
    /// The file cannot be decoded.
    #[error("the image cannot be decoded")]
    Decode(#[source] ImageError),
}

/// Converts an image to a PNG of at most `side` pixels in width and height.
pub fn to_png(bytes: &[u8], side: u32) -> Result<Vec<u8>, IconError> {
    let (image, _) = decode(bytes)?;
    encode(&shrunk(image, side))
}

/// Returns the icon in a file that feeds.toml names: the file itself if it is a PNG of a usual
/// size, else the image converted.
pub fn named_icon(bytes: &[u8]) -> Result<PngImage, IconError> {
    let (image, format) = decode(bytes)?;
    let (width, height) = (image.width(), image.height());
    let is_small = bytes.len() <= MAX_NAMED_BYTES && width.max(height) <= MAX_NAMED_SIDE;
    if format == ImageFormat::Png && is_small {
        return Ok(PngImage { bytes: bytes.into(), width, height });
    }
    let image = shrunk(image, MAX_NAMED_SIDE);
    let (width, height) = (image.width(), image.height());
    Ok(PngImage { bytes: encode(&image)?.into(), width, height })
}

/// Returns an ICO file with one PNG image of at most 255 pixels in width and height.
pub(super) fn ico(png: &[u8]) -> Vec<u8> {
    // The last bytes of the width and of the height, which are in the first chunk.
    let side = |at: usize| png.get(at).copied().unwrap_or_default();
    let length = u32::try_from(png.len()).unwrap_or(u32::MAX);
    let mut bytes = vec![0, 0, 1, 0, 1, 0, side(19), side(23), 0, 0, 1, 0, 32, 0];
    bytes.extend(length.to_le_bytes());
    bytes.extend(22_u32.to_le_bytes());
    bytes.extend(png);
    bytes
}

fn decode(bytes: &[u8]) -> Result<(DynamicImage, ImageFormat), IconError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| IconError::Decode(ImageError::IoError(error)))?;
    let format = reader.format().filter(|format| FORMATS.contains(format));
    let format = format.ok_or(IconError::Format)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let image = reader.decode().map_err(IconError::Decode)?;
    Ok((image, format))
}

/// Returns the image with at most `side` pixels in width and height.
fn shrunk(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side {
        return image;
    }
    image.resize(side, side, FilterType::Triangle)
}

fn encode(image: &DynamicImage) -> Result<Vec<u8>, IconError> {
    let mut bytes = Cursor::new(Vec::new());
    image.to_rgba8().write_to(&mut bytes, ImageFormat::Png).map_err(IconError::Decode)?;
    Ok(bytes.into_inner())
}
