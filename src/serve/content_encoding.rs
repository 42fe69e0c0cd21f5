//! Content negotiation of the encoding: RFC 9110 §12.5.3.

/// A content encoding of documents. A greater value is preferred at equal weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ContentEncoding {
    /// No encoding.
    Identity,
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
}

impl ContentEncoding {
    /// Returns the value of `Content-Encoding`, or `None` for [`ContentEncoding::Identity`].
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// Returns the encoding that the lines of `Accept-Encoding` prefer, and the most effective one
    /// of equal weights. Without a line, or if no encoding is acceptable, it is the identity: a
    /// response is more useful than 406.
    pub(super) fn negotiate(lines: &[&str]) -> Self {
        if lines.is_empty() {
            return Self::Identity;
        }
        let weights: Vec<(String, u16)> =
            lines.iter().flat_map(|line| line.split(',')).filter_map(parse_weighted).collect();
        let weight =
            |name: &str| weights.iter().find(|(known, _)| known == name).map(|(_, weight)| *weight);
        let any = weight("*");
        let gzip = weight("gzip").or_else(|| weight("x-gzip")).or(any).unwrap_or(0);
        let brotli = weight("br").or(any).unwrap_or(0);
        // The identity is acceptable unless it is excluded, but named encodings are preferred.
        let identity = weight("identity").unwrap_or(0);
        [(brotli, Self::Brotli), (gzip, Self::Gzip), (identity, Self::Identity)]
            .into_iter()
            .filter(|(weight, _)| *weight > 0)
            .max_by_key(|(weight, coding)| (*weight, *coding))
            .map_or(Self::Identity, |(_, coding)| coding)
    }
}

/// Parses an encoding and its weight. Returns the name in lower case and the weight in thousandths;
/// an invalid weight is 0.
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
    fn the_preferred_encoding_is_chosen() {
        use ContentEncoding::{Brotli, Gzip, Identity};
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
            (&["deflate, zstd"], Identity),
            (&["gzip;q=0.5, zstd"], Gzip),
            (&["deflate, compress"], Identity),
            (&["*;q=0"], Identity),
        ] {
            assert_eq!(ContentEncoding::negotiate(lines), expected, "{lines:?}");
        }
    }
}
