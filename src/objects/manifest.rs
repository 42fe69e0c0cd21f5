//! The manifest: the objects that this program has written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The name of the manifest below the prefix.
pub const MANIFEST: &str = ".tributary-manifest";

/// What is known of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KnownObject {
    /// A digest of content and headers; empty for an object that was only announced.
    pub(super) digest: String,
    /// The entity tag that the store gave.
    pub(super) e_tag: Option<String>,
}

/// Every object, by the name of its file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) objects: BTreeMap<String, KnownObject>,
}

impl Manifest {
    pub(super) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("names and texts can be written");
        text.push(b'\n');
        text
    }

    /// Adds files that are about to be written. Returns whether one was added.
    pub(super) fn announce(&mut self, files: &BTreeSet<String>) -> bool {
        let before = self.objects.len();
        for file in files {
            self.objects.entry(file.clone()).or_default();
        }
        self.objects.len() > before
    }
}

/// Returns whether two entity tags are the same. Stores quote them in some answers only.
pub(super) fn same_tag(one: Option<&str>, other: Option<&str>) -> bool {
    let bare = |tag: &str| tag.trim_matches('"').to_owned();
    one.is_some() && one.map(bare) == other.map(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_quotes() {
        assert!(same_tag(Some("\"a\""), Some("a")));
        assert!(!same_tag(Some("a"), Some("b")));
        assert!(!same_tag(None, None), "an unknown tag proves nothing");
    }
}
