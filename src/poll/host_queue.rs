//! A queue of work on hosts, with a limit per host.

use std::collections::{HashMap, VecDeque};

/// A queue of items, each for one host. At most `per_host` items of one host are in progress, so
/// that items for a slow host do not delay those for other hosts.
#[derive(Debug)]
pub(super) struct HostQueue<T> {
    waiting: VecDeque<(String, T)>,
    in_progress: HashMap<String, usize>,
    per_host: usize,
}

impl<T> HostQueue<T> {
    /// Creates an empty queue.
    pub(super) fn new(per_host: usize) -> Self {
        Self { waiting: VecDeque::new(), in_progress: HashMap::new(), per_host: per_host.max(1) }
    }

    /// Adds an item at the end.
    pub(super) fn push(&mut self, host: String, item: T) {
        self.waiting.push_back((host, item));
    }

    /// Removes and returns the first item whose host is below its limit. The item counts as in
    /// progress until [`HostQueue::release`] is called for its host.
    pub(super) fn pop(&mut self) -> Option<(String, T)> {
        let is_below_limit =
            |host: &String| self.in_progress.get(host).is_none_or(|count| *count < self.per_host);
        let first = self.waiting.iter().position(|(host, _)| is_below_limit(host))?;
        let (host, item) = self.waiting.remove(first)?;
        *self.in_progress.entry(host.clone()).or_default() += 1;
        Some((host, item))
    }

    /// Ends one item of this host.
    pub(super) fn release(&mut self, host: &str) {
        if let Some(count) = self.in_progress.get_mut(host) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_for_a_busy_host_do_not_delay_others() {
        let mut queue = HostQueue::new(1);
        for (host, item) in [("slow", 1), ("slow", 2), ("fast", 3), ("slow", 4), ("fast", 5)] {
            queue.push(host.into(), item);
        }
        let mut pop = || queue.pop().map(|(_, item)| item);
        assert_eq!([pop(), pop(), pop()], [Some(1), Some(3), None]);
        queue.release("fast");
        assert_eq!(queue.pop().map(|(_, item)| item), Some(5));
        queue.release("slow");
        assert_eq!((queue.pop().map(|(_, item)| item), queue.waiting.len()), (Some(2), 1));
    }
}
