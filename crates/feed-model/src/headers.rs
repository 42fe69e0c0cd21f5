//! HTTP header fields as values: what `fetch` brings and what `schedule` and `ingest` read.

/// Header fields in the order received, names in lower case, values byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// No header fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field; its name is put in lower case.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// The first value of `name` (any case), byte for byte.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    /// The first value of `name` as text, where it is UTF-8, trimmed.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name).and_then(|v| std::str::from_utf8(v).ok()).map(str::trim)
    }

    /// Every value of `name` that is UTF-8, trimmed, in the order received.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .filter_map(|(_, v)| std::str::from_utf8(v).ok())
            .map(str::trim)
    }

    /// Every field, in the order received.
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

/// The validators that one URL gave, byte for byte as it gave them (RFC 9110 §8.8). Never parsed,
/// never invented.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The `ETag` field, quotes and `W/` included: sent back as `If-None-Match`.
    pub etag: Option<Vec<u8>>,
    /// The `Last-Modified` field: sent back as `If-Modified-Since`.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Whether the URL gave none.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// What a 200 gives: exactly its own fields, whatever was held before.
    pub fn from_headers(headers: &Headers) -> Self {
        let field = |name| headers.bytes(name).filter(|v| !v.is_empty()).map(<[u8]>::to_vec);
        Self { etag: field("etag"), last_modified: field("last-modified") }
    }

    /// What a 304 leaves: the fields that it carries replace those held, the others stay (RFC 9111
    /// §4.3.4).
    #[must_use]
    pub fn freshened_by(self, headers: &Headers) -> Self {
        let new = Self::from_headers(headers);
        Self {
            etag: new.etag.or(self.etag),
            last_modified: new.last_modified.or(self.last_modified),
        }
    }
}
