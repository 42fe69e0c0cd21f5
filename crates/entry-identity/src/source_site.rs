//! Where a source is at home: what it may speak for.

use super::canonical_url;

/// The sites that a source speaks for: the one that it is followed at, and the one that its
/// document names as its page.
///
/// The first is the reader's own choice, the second anybody's claim: a feed on a service for feeds
/// has to make it, and a forger can. So a claim counts until a source that is followed at the site
/// itself speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceSite {
    feed_site: Option<String>,
    named_site: Option<String>,
}

impl SourceSite {
    /// Of a source that is followed at `url` and names `home_page` as its page.
    pub fn new(url: &str, home_page: Option<&str>) -> Self {
        Self {
            feed_site: canonical_url::site_of(url),
            named_site: home_page.and_then(canonical_url::site_of),
        }
    }

    /// The site by which readers call it.
    pub(super) fn name(&self) -> Option<&str> {
        self.named_site.as_deref().or(self.feed_site.as_deref())
    }

    /// Whether a link leads to its site, by proof or by claim.
    pub(super) fn owns_link(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(canonical_url::site_of);
        site.is_some() && (site == self.feed_site || site == self.named_site)
    }

    /// Whether a link leads to the site that it is followed at.
    pub(super) fn is_followed_at(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(canonical_url::site_of);
        site.is_some() && site == self.feed_site
    }

    /// Whether each of two is at home where a link leads: a mere claim counts for nothing beside a
    /// proof.
    pub(super) fn link_ownership(left: &Self, right: &Self, canonical: &str) -> (bool, bool) {
        let [l, r] = [left, right].map(|home| home.is_followed_at(Some(canonical)));
        let [claims_l, claims_r] = [left, right].map(|home| home.owns_link(Some(canonical)));
        (l || (claims_l && !r), r || (claims_r && !l))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_counts_until_the_site_itself_speaks() {
        let page = "https://example.org/a";
        let site = SourceSite::new("https://blog.example.org/feed.xml", None);
        let burnt = SourceSite::new("https://feeds.example.net/blog", Some("https://example.org/"));
        let other = SourceSite::new("https://planet.example/feed", Some("https://planet.example/"));
        assert_eq!(
            SourceSite::link_ownership(&burnt, &other, page),
            (true, false),
            "a service for feeds is believed"
        );
        assert_eq!(SourceSite::link_ownership(&burnt, &burnt, page), (true, true));
        assert_eq!(
            SourceSite::link_ownership(&burnt, &site, page),
            (false, true),
            "but not against the site itself"
        );
        assert_eq!(SourceSite::link_ownership(&site, &burnt, page), (true, false));
        assert_eq!(burnt.name(), Some("example.org"));
        assert!(!SourceSite::default().owns_link(Some(page)) && !site.owns_link(None));
    }
}
