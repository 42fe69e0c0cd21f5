//! Query parameters that record where a visitor came from and do not select a page.
//!
//! Links in texts, entry URLs and the links that identity compares all use this list. Entry keys
//! are made from links: a name that is added here changes the keys of the links that carry it.

use std::borrow::Cow;

/// Prefixes of names that only campaigns use.
const PREFIXES: &[&str] = &[
    "utm_",
    "mtm_",
    "matomo_",
    "pk_",
    "piwik_",
    "hsa_",
    "oly_",
    "__hs",
    "vero_",
    "at_custom",
    "at_campaign",
];

/// Names that only trackers use, sorted for the binary search.
const NAMES: &[&str] = &[
    "__s",
    "_bhiiv",
    "_bhlid",
    "_branch_match_id",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_ke",
    "_kx",
    "_openstat",
    "at_medium",
    "bhcl_id",
    "campaign_id_mc",
    "ck_subscriber_id",
    "cmpid",
    "dclid",
    "dm_i",
    "ef_id",
    "epik",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "ncid",
    "rb_clickid",
    "ref_src",
    "s_cid",
    "s_kwcid",
    "smid",
    "srsltid",
    "trk_contact",
    "trk_module",
    "trk_msg",
    "trk_sid",
    "ttclid",
    "twclid",
    "wbraid",
    "wickedid",
    "wt_mc",
    "xtor",
    "yclid",
    "ysclid",
];

/// Names that may hold a referrer and may as well select a page (`?source=…`, `?from=10`). The flag
/// says whether [`may_name_referrer`] knows the name and whether [`is_ignored_within_page`] does.
const REFERRER_NAMES: &[(&str, ReferrerUse)] = &[
    ("from", ReferrerUse::ByValue),
    ("ref", ReferrerUse::Both),
    ("referrer", ReferrerUse::WithinPage),
    ("source", ReferrerUse::Both),
    ("src", ReferrerUse::ByValue),
    ("via", ReferrerUse::ByValue),
];

/// Where a name of [`REFERRER_NAMES`] counts as a referrer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReferrerUse {
    /// Only with a value that is a referrer (`?from=reddit`).
    ByValue,
    /// Only among the links of one page, with any value.
    WithinPage,
    /// In both cases.
    Both,
}

fn referrer_use(name: &str) -> Option<ReferrerUse> {
    REFERRER_NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, used)| *used)
}

/// Returns whether a query parameter of this name holds a referrer if its value is one.
pub fn may_name_referrer(name: &str) -> bool {
    referrer_use(name).is_some_and(|used| used != ReferrerUse::WithinPage)
}

/// Returns whether two links on one page that differ only in this query parameter lead to the same
/// page.
pub fn is_ignored_within_page(name: &str) -> bool {
    is_tracking_parameter(name)
        || referrer_use(name).is_some_and(|used| used != ReferrerUse::ByValue)
}

/// Returns whether a query parameter of this name (as written in the URL, in any case) only tracks
/// visitors.
pub fn is_tracking_parameter(name: &str) -> bool {
    let lower = if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    let name = lower.as_ref();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.binary_search(&name).is_ok()
}

/// Names that only session ids have, in lower case.
const SESSION_NAMES: &[&str] = &["cfid", "cftoken", "jsessionid", "oscsid", "phpsessid"];

/// The shortest value that is taken for a session id, in bytes. `;jsessionid=2` may be a page.
const MIN_SESSION_BYTES: usize = 6;

/// Names that hold a session id if the value looks like one, in lower case. A conference has
/// sessions with short numbers.
const MAYBE_SESSION_NAMES: &[&str] = &["s", "sessid", "session_id", "sessionid", "sid"];

/// Returns whether a parameter of a query or path is a session id. It differs for each visitor, and
/// it leads to no other page.
pub fn is_session(name: &str, value: &str) -> bool {
    let is = |known: &&str| name.eq_ignore_ascii_case(known);
    let is_id = value.len() >= MIN_SESSION_BYTES;
    let is_hash = value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
    let has_asp_prefix =
        name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("aspsessionid"));
    is_id && (SESSION_NAMES.iter().any(is) || has_asp_prefix)
        || is_hash && MAYBE_SESSION_NAMES.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        assert!(NAMES.is_sorted(), "the binary search needs sorted names");
        for name in [
            "UTM_Source",
            "fbclid",
            "hsCtaTracking",
            "vero_id",
            "oly_anon_id",
            "_bhiiv",
            "mc_cid",
            "igshid",
            "gclid",
        ] {
            assert!(is_tracking_parameter(name), "{name}");
        }
        for name in ["id", "p", "v", "ref", "page", "source", "ns_ok"] {
            assert!(!is_tracking_parameter(name), "{name}");
        }
    }

    #[test]
    fn referrers_count_by_use() {
        assert!(may_name_referrer("from") && !is_ignored_within_page("from"));
        assert!(may_name_referrer("Ref") && is_ignored_within_page("ref"));
        assert!(!may_name_referrer("referrer") && is_ignored_within_page("referrer"));
        assert!(is_ignored_within_page("utm_source") && !is_ignored_within_page("page"));
    }
}
