//! Whose turn it is among those item are all to be asked now: of each host at most as many at a
//! time as it has has_free_slot for, so that those item wait for a slow host take no place from the
//! others.

use std::collections::{HashMap, VecDeque};

/// A line of those item wait, each with the key of its host.
#[derive(Debug)]
pub struct HostQueue<T> {
    waiting: VecDeque<(String, T)>,
    in_flight: HashMap<String, usize>,
    per_host: usize,
}

impl<T> HostQueue<T> {
    /// Nobody yet.
    pub fn new(per_host: usize) -> Self {
        Self { waiting: VecDeque::new(), in_flight: HashMap::new(), per_host: per_host.max(1) }
    }

    /// Somebody more, behind the others.
    pub fn push(&mut self, host: String, item: T) {
        self.waiting.push_back((host, item));
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The first whose host has has_free_slot; it has less from now on, until
    /// [`HostQueue::release`].
    pub fn pop(&mut self) -> Option<(String, T)> {
        let has_free_slot = |host: &String| {
            self.in_flight.get(host).is_none_or(|in_flight| *in_flight < self.per_host)
        };
        let first = self.waiting.iter().position(|(host, _)| has_free_slot(host))?;
        let (host, item) = self.waiting.remove(first)?;
        *self.in_flight.entry(host.clone()).or_default() += 1;
        Some((host, item))
    }

    /// Somebody of this host is done.
    pub fn release(&mut self, host: &str) {
        if let Some(in_flight) = self.in_flight.get_mut(host) {
            *in_flight = in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_host_lets_the_others_pass() {
        let mut host_queue = HostQueue::new(1);
        for (host, item) in [("slow", 1), ("slow", 2), ("fast", 3), ("slow", 4), ("fast", 5)] {
            host_queue.push(host.into(), item);
        }
        let mut pop = || host_queue.pop().map(|(_, item)| item);
        assert_eq!([pop(), pop(), pop()], [Some(1), Some(3), None]);
        host_queue.release("fast");
        assert_eq!(host_queue.pop().map(|(_, item)| item), Some(5));
        host_queue.release("slow");
        assert_eq!((host_queue.pop().map(|(_, item)| item), host_queue.len()), (Some(2), 1));
    }
}
