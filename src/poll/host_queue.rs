//! A queue of work on hosts, with a limit per host.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// A queue of items, each for one host. At most `per_host` items of one host are in progress, so
/// that items for a slow host do not delay those for other hosts.
#[derive(Debug)]
pub(super) struct HostQueue<T> {
    hosts: HashMap<String, HostItems<T>>,
    /// The hosts below their limits with waiting items, by the number of their first item.
    ready: BTreeMap<u64, String>,
    next_number: u64,
    per_host: usize,
}

/// The items of one host, numbered in the order in which they were added.
#[derive(Debug)]
struct HostItems<T> {
    waiting: VecDeque<(u64, T)>,
    in_progress: usize,
}

impl<T> HostQueue<T> {
    /// Creates an empty queue.
    pub(super) fn new(per_host: usize) -> Self {
        let per_host = per_host.max(1);
        Self { hosts: HashMap::new(), ready: BTreeMap::new(), next_number: 0, per_host }
    }

    /// Adds an item at the end.
    pub(super) fn push(&mut self, host: String, item: T) {
        let number = self.next_number;
        self.next_number += 1;
        let items = self
            .hosts
            .entry(host.clone())
            .or_insert_with(|| HostItems { waiting: VecDeque::new(), in_progress: 0 });
        items.waiting.push_back((number, item));
        if items.waiting.len() == 1 && items.in_progress < self.per_host {
            self.ready.insert(number, host);
        }
    }

    /// Removes and returns the first item whose host is below its limit. The item counts as in
    /// progress until [`HostQueue::release`] is called for its host.
    pub(super) fn pop(&mut self) -> Option<(String, T)> {
        let (_, host) = self.ready.pop_first()?;
        let items = self.hosts.get_mut(&host)?;
        let (_, item) = items.waiting.pop_front()?;
        items.in_progress += 1;
        self.update_ready(&host);
        Some((host, item))
    }

    /// Ends one item of this host.
    pub(super) fn release(&mut self, host: &str) {
        if let Some(items) = self.hosts.get_mut(host) {
            items.in_progress = items.in_progress.saturating_sub(1);
        }
        self.update_ready(host);
    }

    fn update_ready(&mut self, host: &str) {
        if let Some(items) = self.hosts.get(host)
            && items.in_progress < self.per_host
            && let Some((number, _)) = items.waiting.front()
        {
            self.ready.insert(*number, host.to_owned());
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
        assert_eq!(queue.pop().map(|(_, item)| item), Some(2));
        assert_eq!(queue.hosts["slow"].waiting.len(), 1);
    }
}
