//! HTTP header fields and the validators of conditional requests (RFC 9110).

/// Header fields in the order received. Names are in lower case, values are raw bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// Returns an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field. Its name is converted to lower case.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Returns the first value of `name` as bytes. The case of `name` does not matter.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    /// Returns the first value of `name` as trimmed text, or `None` if it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name).and_then(|v| std::str::from_utf8(v).ok()).map(str::trim)
    }

    /// Returns every value of `name` that is UTF-8, trimmed, in the order received.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .filter_map(|(_, v)| std::str::from_utf8(v).ok())
            .map(str::trim)
    }

    /// Returns every field in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_slice()))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(fields: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in fields {
            headers.push(name, value);
        }
        headers
    }
}

/// The validators that one URL sent, as raw bytes (RFC 9110 §8.8). They are never parsed or made
/// up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The `ETag` field with quotes and `W/`, sent back as `If-None-Match`.
    pub etag: Option<Vec<u8>>,
    /// The `Last-Modified` field, sent back as `If-Modified-Since`.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Returns whether there is no validator.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// Returns the validators of a 200 response: only its own fields count, whatever was stored
    /// before.
    pub fn from_headers(headers: &Headers) -> Self {
        let field = |name| headers.bytes(name).filter(|v| !v.is_empty()).map(<[u8]>::to_vec);
        Self { etag: field("etag"), last_modified: field("last-modified") }
    }

    /// Returns the validators after a 304 response: its fields replace the stored ones, the others
    /// stay (RFC 9111 §4.3.4).
    #[must_use]
    pub fn freshened_by(self, headers: &Headers) -> Self {
        let new = Self::from_headers(headers);
        Self {
            etag: new.etag.or(self.etag),
            last_modified: new.last_modified.or(self.last_modified),
        }
    }
}
