//! The licence and the reservations of rights of a publication.

/// What a publication states about the use of its posts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reservation {
    /// URL of the licence: `rel="license"` (RFC 4946) or `License` of robots.txt (RSL 1.0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Media type of the licence, if it is stated: `application/rsl+xml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_type: Option<String>,
    /// Whether the rights to text and data mining are reserved: `tdm-reservation: 1` (`TDMRep`).
    #[serde(default)]
    pub tdm_reserved: bool,
    /// URL of the conditions of text and data mining: `tdm-policy` (`TDMRep`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tdm_policy: Option<String>,
}
