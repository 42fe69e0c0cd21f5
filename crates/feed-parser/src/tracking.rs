//! Query parameters that say how a reader came, and nothing of what is read.
//!
//! The one list of them: links in texts, entries' addresses and the links that identity compares
//! all use it. It is part of every key that was made of a link: a name that is added here changes
//! those keys, and known entries are then recognised by title, date and text alone.

use std::borrow::Cow;

/// Beginnings of names that only campaigns use.
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

/// Whole names that only trackers use, sorted.
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

/// Whether a query parameter of this name (as it stands in the address) only tracks: who sent the
/// reader, in which campaign.
pub fn is_tracking_parameter(name: &str) -> bool {
    let lower = if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    let name = lower.as_ref();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_asks_no_case() {
        assert!(NAMES.is_sorted(), "a binary search looks in it");
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
}
