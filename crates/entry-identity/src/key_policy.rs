//! Decides whether the ids of a source are used as keys.

use std::{fmt, str::FromStr};

use feed_model::Problem;

use super::EntryIdentity;

/// Number of blank or repeated ids from which a source's ids are distrusted.
const MIN_BAD_IDS: usize = 3;
/// The share of items that these must exceed: one in this many (5 %).
const BAD_ID_SHARE: usize = 20;

/// The value that identifies the entries of a source.
///
/// A source whose ids were found unreliable stays with [`KeyPolicy::Link`]: a later document with
/// good ids alone does not prove that the ids became reliable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyPolicy {
    /// The publisher's ids are keys.
    #[default]
    Guid,
    /// Too many ids were blank, repeated or reused. Links are keys.
    Link,
}

impl KeyPolicy {
    /// Returns the word that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guid => "guid",
            Self::Link => "link",
        }
    }
}

impl FromStr for KeyPolicy {
    type Err = UnknownKeyPolicy;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "guid" => Ok(Self::Guid),
            "link" => Ok(Self::Link),
            _ => Err(UnknownKeyPolicy(word.to_owned())),
        }
    }
}

/// The error for a word that names no [`KeyPolicy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKeyPolicy(String);

impl fmt::Display for UnknownKeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no key policy: expected `guid` or `link`", self.0)
    }
}

impl std::error::Error for UnknownKeyPolicy {}

/// Decides whether the ids of the source are keys from now on. A document without any id does not
/// change that.
pub(super) fn choose(
    identities: &[EntryIdentity],
    policy: KeyPolicy,
    problems: &mut Vec<Problem>,
) -> KeyPolicy {
    let items = identities.iter().filter(|item| !item.is_in_feed_duplicate);
    let all = items.clone().count();
    let blank = items.clone().filter(|item| item.guid.is_none()).count();
    let repeated = items.filter(|item| item.ambiguous.guid).count();
    let bad = blank + repeated;
    if blank < all && bad >= MIN_BAD_IDS && bad * BAD_ID_SHARE > all {
        let text = format!(
            "{repeated} of {all} ids are repeated and {blank} blank: this source's entries are \
             identified by their links from now on"
        );
        problems.push(Problem::warning("ids-not-unique", text));
        return KeyPolicy::Link;
    }
    if repeated > 0 {
        problems.push(Problem::warning(
            "id-repeated",
            format!(
                "{repeated} of {all} items share an id with another item; it is not used as a key"
            ),
        ));
    }
    if policy == KeyPolicy::Link {
        problems.push(Problem::note(
            "ids-not-trusted",
            "ids of this source were unreliable before; its entries are identified by their links",
        ));
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_policies_are_parsed() {
        for policy in [KeyPolicy::Guid, KeyPolicy::Link] {
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
        assert!("links".parse::<KeyPolicy>().is_err());
    }
}
