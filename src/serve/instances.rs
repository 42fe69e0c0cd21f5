//! Instances of unions that were handed out, by their tags: reading stores nothing, so they are kept in memory and a restart
//! forgets them. Who comes with a forgotten one is sent the whole.

use std::collections::{HashMap, VecDeque};

/// Instances kept at a time: of one story a few bytes each.
const MAX_INSTANCES: usize = 512;

/// What was handed out, the oldest first to go.
#[derive(Debug, Default)]
pub(super) struct Instances {
    by_tag: HashMap<String, Vec<(i64, i64)>>,
    oldest_first: VecDeque<String>,
}

impl Instances {
    /// Keeps what the instance with this tag holds. A tag is that of the bytes: it needs no address beside it.
    pub(super) fn keep(&mut self, tag: &str, holding: Vec<(i64, i64)>) {
        if self.by_tag.insert(tag.to_owned(), holding).is_none() {
            self.oldest_first.push_back(tag.to_owned());
        }
        if self.oldest_first.len() > MAX_INSTANCES
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_tag.remove(&oldest);
        }
    }

    /// What the first of these instances that is known holds.
    pub(super) fn find(&self, tags: &[String]) -> Option<Vec<(i64, i64)>> {
        tags.iter().find_map(|tag| self.by_tag.get(tag)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut instances = Instances::default();
        for number in 0..=MAX_INSTANCES {
            instances.keep(&number.to_string(), vec![(1, 2)]);
            instances.keep(&number.to_string(), vec![(1, 3)]);
        }
        assert_eq!(instances.find(&["0".to_owned()]), None);
        assert_eq!(instances.find(&["x".to_owned(), "1".to_owned()]), Some(vec![(1, 3)]));
        assert_eq!((instances.by_tag.len(), instances.oldest_first.len()), (MAX_INSTANCES, MAX_INSTANCES));
    }
}
