//! Query parameters that say how a reader came, and nothing of what is read.
//!
//! The list is part of every canonical link, and so of every key that was made of one: a name that is added here changes
//! those keys, and known entries are then recognised by title, date and text alone.

/// Beginnings of names that only campaigns use.
const PREFIXES: &[&str] =
    &["utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_", "oly_", "__hs", "vero_", "ns_", "at_custom", "at_campaign"];

/// Whole names that only trackers use.
const NAMES: &[&str] = &[
    "_bhlid",
    "_branch_match_id",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_ke",
    "_kx",
    "_openstat",
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
    "rb_clickid",
    "s_cid",
    "s_kwcid",
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

/// Whether a query parameter of this name (as it stands in the address) only tells how a reader came.
pub(super) fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.binary_search(&name.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_asks_no_case() {
        assert!(NAMES.is_sorted(), "a binary search looks in it");
        assert!(is_tracking("UTM_Source") && is_tracking("fbclid") && is_tracking("hsCtaTracking"));
        assert!(!is_tracking("id") && !is_tracking("p") && !is_tracking("v") && !is_tracking("ref"));
    }
}
