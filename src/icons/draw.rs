//! Drawn icons: a letter on a colour. They are the same bytes on every machine.

use unicode_normalization::UnicodeNormalization as _;

use super::font::{self, Glyph};

/// Background colours, as red, green and blue. White has a contrast of at least 5:1 on each.
const COLOURS: [[u8; 3]; 24] = [
    [0xca, 0x2f, 0x2f],
    [0xb4, 0x4d, 0x2a],
    [0x99, 0x5e, 0x24],
    [0x82, 0x69, 0x1f],
    [0x70, 0x70, 0x1a],
    [0x5e, 0x74, 0x1b],
    [0x4a, 0x78, 0x1c],
    [0x34, 0x7a, 0x1d],
    [0x1d, 0x7c, 0x1d],
    [0x1d, 0x7c, 0x35],
    [0x1d, 0x7c, 0x4c],
    [0x1d, 0x7a, 0x63],
    [0x1c, 0x78, 0x78],
    [0x22, 0x75, 0x91],
    [0x2a, 0x6f, 0xb4],
    [0x30, 0x58, 0xcf],
    [0x30, 0x30, 0xcf],
    [0x58, 0x30, 0xcf],
    [0x7f, 0x30, 0xcf],
    [0xa7, 0x30, 0xcf],
    [0xb6, 0x2b, 0xb6],
    [0xbe, 0x2d, 0x9a],
    [0xc4, 0x2e, 0x79],
    [0xc8, 0x2f, 0x55],
];

/// Draws a square icon: the letter of a title on the colour of an id.
///
/// The letter is the first letter or digit of the title without its accents. If that is not Latin,
/// it is the first one of the id.
pub(super) fn draw(title: &str, id: &str, side: usize) -> Vec<u8> {
    let glyph = first_glyph(title).or_else(|| first_glyph(id)).unwrap_or(font::STREAMS);
    let hash = blake3::hash(id.as_bytes());
    let colour = COLOURS[usize::from(hash.as_bytes()[0]) % COLOURS.len()];
    encode(&rows(glyph, side), side, colour)
}

fn first_glyph(text: &str) -> Option<Glyph> {
    let first = text.nfkd().find(|c| c.is_alphanumeric())?;
    font::glyph(first.to_ascii_uppercase())
}

/// Returns the rows of the icon, one bit for each pixel.
fn rows(glyph: Glyph, side: usize) -> Vec<u8> {
    // The glyph is as high as seven of eleven parts.
    let scale = (side / 11).max(1);
    let left = side.saturating_sub(font::WIDTH * scale) / 2;
    let top = side.saturating_sub(font::HEIGHT * scale) / 2;
    let row_bytes = side.div_ceil(8);
    let mut data = vec![0; row_bytes * side];
    // Pixels of the glyph overlap, so that diagonals are connected.
    let overlap = scale / 4;
    for (row, pixels) in glyph.iter().enumerate() {
        for column in
            (0..font::WIDTH).filter(|column| pixels >> (font::WIDTH - 1 - column) & 1 == 1)
        {
            let (x, y) = (left + column * scale, top + row * scale);
            for y in y - overlap..y + scale + overlap {
                for x in x - overlap..x + scale + overlap {
                    data[y * row_bytes + x / 8] |= 0x80 >> (x % 8);
                }
            }
        }
    }
    data
}

/// Encodes the rows as PNG with a palette of two colours.
fn encode(rows: &[u8], side: usize, colour: [u8; 3]) -> Vec<u8> {
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_palette([&colour[..], &[0xff; 3]].concat());
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(rows));
    written.expect("writing to memory does not fail");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(bytes: &[u8]) -> String {
        blake3::hash(bytes).to_hex()[..16].to_owned()
    }

    #[test]
    fn an_icon_has_the_same_bytes_on_every_machine() {
        // The digest was recorded once. A new version of the encoder may change it.
        assert_eq!(digest(&draw("Streaming", "streaming", 512)), "98f3db3924efcb3a");
    }

    #[test]
    fn the_letter_is_that_of_the_title_without_accents_or_else_that_of_the_id() {
        let icon = |title, id| draw(title, id, 44);
        assert_eq!(icon("Élan", "x"), icon("energy", "x"));
        assert_eq!(icon("  “Kafka”", "x"), icon("K", "x"));
        assert_eq!(icon("2 Minute", "x"), icon("2", "x"));
        assert_eq!(icon("Базы данных", "databases"), icon("D", "databases"));
        assert_eq!(icon("数据库", "databases"), icon("D", "databases"));
        assert_ne!(icon("S", "x"), icon("T", "x"));
        assert_ne!(icon("S", "streaming"), icon("S", "security"), "the colour is the topic's");
        assert!(!icon("…", "…").is_empty());
    }

    #[test]
    fn every_letter_and_digit_has_a_glyph_of_its_own() {
        let all: std::collections::BTreeSet<Glyph> =
            ('A'..='Z').chain('0'..='9').filter_map(font::glyph).collect();
        assert_eq!(all.len(), 36);
    }
}
