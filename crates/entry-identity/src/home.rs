//! Where a source is at home: what it may speak for.

use super::address;

/// The sites that a source speaks for: the one that it is followed at, and the one that its document names as its page.
///
/// The first is the reader's own choice, the second anybody's claim: a feed on a service for feeds has to make it, and a
/// forger can. So a claim counts until a source that is followed at the site itself speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    followed_at: Option<String>,
    claimed: Option<String>,
}

impl Home {
    /// Of a source that is followed at `url` and names `home_page` as its page.
    pub fn new(url: &str, home_page: Option<&str>) -> Self {
        Self { followed_at: address::home_of(url), claimed: home_page.and_then(address::home_of) }
    }

    /// The site by which readers call it.
    pub(super) fn name(&self) -> Option<&str> {
        self.claimed.as_deref().or(self.followed_at.as_deref())
    }

    /// Whether a link leads to its site, by proof or by claim.
    pub(super) fn is_of(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(address::home_of);
        site.is_some() && (site == self.followed_at || site == self.claimed)
    }

    /// Whether a link leads to the site that it is followed at.
    pub(super) fn is_proven(&self, canonical: Option<&str>) -> bool {
        let site = canonical.and_then(address::home_of);
        site.is_some() && site == self.followed_at
    }

    /// Whether each of two is at home where a link leads: a mere claim counts for nothing beside a proof.
    pub(super) fn at(left: &Self, right: &Self, canonical: &str) -> (bool, bool) {
        let [l, r] = [left, right].map(|home| home.is_proven(Some(canonical)));
        let [claims_l, claims_r] = [left, right].map(|home| home.is_of(Some(canonical)));
        (l || (claims_l && !r), r || (claims_r && !l))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_counts_until_the_site_itself_speaks() {
        let page = "https://example.org/a";
        let site = Home::new("https://blog.example.org/feed.xml", None);
        let burnt = Home::new("https://feeds.example.net/blog", Some("https://example.org/"));
        let other = Home::new("https://planet.example/feed", Some("https://planet.example/"));
        assert_eq!(Home::at(&burnt, &other, page), (true, false), "a service for feeds is believed");
        assert_eq!(Home::at(&burnt, &burnt, page), (true, true));
        assert_eq!(Home::at(&burnt, &site, page), (false, true), "but not against the site itself");
        assert_eq!(Home::at(&site, &burnt, page), (true, false));
        assert_eq!(burnt.name(), Some("example.org"));
        assert!(!Home::default().is_of(Some(page)) && !site.is_of(None));
    }
}
