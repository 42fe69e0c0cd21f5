//! Whose turn it is among those who are all to be asked now: of each host at most as many at a time as it has room for, so
//! that those who wait for a slow host take no place from the others.

use std::collections::{HashMap, VecDeque};

/// A line of those who wait, each with the key of its host.
#[derive(Debug)]
pub struct Lineup<T> {
    waiting: VecDeque<(String, T)>,
    busy: HashMap<String, usize>,
    per_host: usize,
}

impl<T> Lineup<T> {
    /// Nobody yet.
    pub fn new(per_host: usize) -> Self {
        Self { waiting: VecDeque::new(), busy: HashMap::new(), per_host: per_host.max(1) }
    }

    /// Somebody more, behind the others.
    pub fn join(&mut self, host: String, who: T) {
        self.waiting.push_back((host, who));
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The first whose host has room; it has less from now on, until [`Lineup::leave`].
    pub fn call(&mut self) -> Option<(String, T)> {
        let room = |host: &String| self.busy.get(host).is_none_or(|busy| *busy < self.per_host);
        let first = self.waiting.iter().position(|(host, _)| room(host))?;
        let (host, who) = self.waiting.remove(first)?;
        *self.busy.entry(host.clone()).or_default() += 1;
        Some((host, who))
    }

    /// Somebody of this host is done.
    pub fn leave(&mut self, host: &str) {
        if let Some(busy) = self.busy.get_mut(host) {
            *busy = busy.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_host_lets_the_others_pass() {
        let mut lineup = Lineup::new(1);
        for (host, who) in [("slow", 1), ("slow", 2), ("fast", 3), ("slow", 4), ("fast", 5)] {
            lineup.join(host.into(), who);
        }
        let mut call = || lineup.call().map(|(_, who)| who);
        assert_eq!([call(), call(), call()], [Some(1), Some(3), None]);
        lineup.leave("fast");
        assert_eq!(lineup.call().map(|(_, who)| who), Some(5));
        lineup.leave("slow");
        assert_eq!((lineup.call().map(|(_, who)| who), lineup.len()), (Some(2), 1));
    }
}
