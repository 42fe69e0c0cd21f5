//! The sites that a source publishes on.

use super::canonical_url;

/// The site at which a source is followed, and the site that its document names as its home page.
///
/// The first was chosen by the operator. The second is a claim, which feed services have to make
/// and forgers can make. A claim therefore does not count against a source that is followed at the
/// site itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceSite {
    followed_site: Option<String>,
    claimed_site: Option<String>,
}

impl SourceSite {
    /// Creates the sites of a source that is followed at `url` and names `home_page` as its page.
    pub fn new(url: &str, home_page: Option<&str>) -> Self {
        Self {
            followed_site: canonical_url::site_of(url),
            claimed_site: home_page.and_then(canonical_url::site_of),
        }
    }

    /// Returns the site under which readers know the source.
    pub(super) fn name(&self) -> Option<&str> {
        self.claimed_site.as_deref().or(self.followed_site.as_deref())
    }

    /// Returns whether a link leads to the followed or the claimed site.
    pub(super) fn owns_link(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(canonical_url::site_of);
        site.is_some() && (site == self.followed_site || site == self.claimed_site)
    }

    /// Returns whether a link leads to the followed site.
    pub(super) fn is_followed_at(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(canonical_url::site_of);
        site.is_some() && site == self.followed_site
    }

    /// Returns for each of two sources whether it owns a link. A claim does not count if the other
    /// source is followed at the linked site.
    pub(super) fn link_ownership(left: &Self, right: &Self, canonical: &str) -> (bool, bool) {
        let [left_followed, right_followed] =
            [left, right].map(|site| site.is_followed_at(Some(canonical)));
        let [left_claims, right_claims] = [left, right].map(|site| site.owns_link(Some(canonical)));
        (
            left_followed || (left_claims && !right_followed),
            right_followed || (right_claims && !left_followed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_counts_unless_another_source_is_followed_at_the_site() {
        let page = "https://example.org/a";
        let site = SourceSite::new("https://blog.example.org/feed.xml", None);
        let service =
            SourceSite::new("https://feeds.example.net/blog", Some("https://example.org/"));
        let other = SourceSite::new("https://planet.example/feed", Some("https://planet.example/"));
        assert_eq!(
            SourceSite::link_ownership(&service, &other, page),
            (true, false),
            "the claim of a feed service counts"
        );
        assert_eq!(SourceSite::link_ownership(&service, &service, page), (true, true));
        assert_eq!(
            SourceSite::link_ownership(&service, &site, page),
            (false, true),
            "but not against the site itself"
        );
        assert_eq!(SourceSite::link_ownership(&site, &service, page), (true, false));
        assert_eq!(service.name(), Some("example.org"));
        assert!(!SourceSite::default().owns_link(Some(page)) && !site.owns_link(None));
    }
}
