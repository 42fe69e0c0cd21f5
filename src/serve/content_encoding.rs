//! Which content coding an answer has: RFC 9110 §12.5.3.

/// A content coding that documents are held in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentEncoding {
    /// As they are.
    Identity,
    /// `gzip`.
    Gzip,
    /// `zstd`.
    Zstd,
    /// `br`.
    Brotli,
}

impl ContentEncoding {
    /// The value of `Content-Encoding`; none for [`ContentEncoding::Identity`].
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The coding that the lines of `Accept-Encoding` prefer; among equals the smaller result.
    /// Without a line, and where nothing that we have is acceptable, the bytes as they are: better
    /// than an answer that nobody can use (406).
    pub fn negotiate(lines: &[&str]) -> Self {
        if lines.is_empty() {
            return Self::Identity;
        }
        let weights: Vec<(String, u16)> =
            lines.iter().flat_map(|line| line.split(',')).filter_map(parse_weighted).collect();
        let of =
            |name: &str| weights.iter().find(|(known, _)| known == name).map(|(_, weight)| *weight);
        let any = of("*");
        let gzip = of("gzip").or_else(|| of("x-gzip")).or(any).unwrap_or(0);
        let brotli = of("br").or(any).unwrap_or(0);
        let zstd = of("zstd").or(any).unwrap_or(0);
        // Identity is acceptable unless it is refused; where it is not named, anything that is
        // named comes before it.
        let identity = of("identity").unwrap_or(0);
        [(brotli, Self::Brotli), (gzip, Self::Gzip), (zstd, Self::Zstd), (identity, Self::Identity)]
            .into_iter()
            .filter(|(weight, _)| *weight > 0)
            .max_by_key(|(weight, coding)| (*weight, *coding))
            .map_or(Self::Identity, |(_, coding)| coding)
    }
}

/// A coding's name in lower case and its weight in thousandths; a weight that cannot be read
/// refuses it.
fn parse_weighted(part: &str) -> Option<(String, u16)> {
    let mut pieces = part.split(';');
    let name = pieces.next()?.trim().to_ascii_lowercase();
    if name.is_empty() {
        return None;
    }
    let weight = pieces.find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    Some((name, weight.unwrap_or(1000)))
}

fn thousandths(value: &str) -> u16 {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().unwrap_or(0);
    match whole {
        "0" => fraction,
        "1" if fraction == 0 => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_coding_is_chosen() {
        use ContentEncoding::{Brotli, Gzip, Identity, Zstd};
        for (lines, expected) in [
            (&[][..], Identity),
            (&[""], Identity),
            (&["gzip"], Gzip),
            (&["x-gzip"], Gzip),
            (&["GZIP"], Gzip),
            (&["gzip, deflate, br, zstd"], Brotli),
            (&["br;q=0.5, gzip;q=1.0"], Gzip),
            (&["br; q=0, gzip"], Gzip),
            (&["br;q=0", "gzip;q=0.001"], Gzip),
            (&["*"], Brotli),
            (&["*;q=0.5, gzip;q=0.9"], Gzip),
            (&["gzip;q=0, *"], Brotli),
            (&["identity"], Identity),
            (&["identity;q=1, gzip;q=0.5"], Identity),
            (&["identity;q=0.5, gzip;q=0.5"], Gzip),
            (&["identity;q=0"], Identity),
            (&["gzip;q=2"], Identity),
            (&["gzip;q=abc"], Identity),
            (&["gzip;q=0.1234"], Identity),
            (&["deflate, zstd"], Zstd),
            (&["gzip;q=0.5, zstd"], Zstd),
            (&["deflate, compress"], Identity),
            (&["*;q=0"], Identity),
        ] {
            assert_eq!(ContentEncoding::negotiate(lines), expected, "{lines:?}");
        }
    }
}
