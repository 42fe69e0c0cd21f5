//! How the daemon is, for `/healthz` and `/readyz`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwapOption;

/// A handle that the daemon tells and the probes ask. Clones speak of the same daemon.
#[derive(Debug, Clone, Default)]
pub struct Health {
    ready: Arc<AtomicBool>,
    fault: Arc<ArcSwapOption<String>>,
    stale: Arc<ArcSwapOption<String>>,
}

impl Health {
    /// Not ready yet, and nothing wrong.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says whether there is something to serve: set once the documents are held ready, taken back
    /// when stopping.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Says how the daemon is: `Err` with a reason that anybody may read.
    pub fn report(&self, state: Result<(), String>) {
        self.fault.store(state.err().map(Arc::new));
    }

    /// Says how the last rendering went. What is served stays old until one succeeds, however well
    /// everything else is.
    pub fn report_rendering(&self, state: Result<(), String>) {
        self.stale.store(state.err().map(Arc::new));
    }

    /// Whether it is alive and what it serves is new, else why not.
    pub fn healthy(&self) -> Result<(), String> {
        let found = self.fault.load_full().or_else(|| self.stale.load_full());
        found.map_or(Ok(()), |reason| Err(reason.as_str().to_owned()))
    }

    /// Whether it is ready to be asked, else why not.
    pub fn ready(&self) -> Result<(), String> {
        self.healthy()?;
        if self.ready.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err("the documents are not rendered yet".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_makes_it_unready_until_it_is_taken_back() {
        let health = Health::new();
        assert!(health.healthy().is_ok() && health.ready().is_err());
        health.set_ready(true);
        assert!(health.ready().is_ok());
        health.clone().report(Err("the store does not answer".to_owned()));
        assert_eq!(health.healthy(), Err("the store does not answer".to_owned()));
        assert!(health.ready().is_err());
        health.report(Ok(()));
        assert!(health.ready().is_ok());
        health.report_rendering(Err("cannot render".to_owned()));
        health.report(Ok(()));
        assert_eq!(health.healthy(), Err("cannot render".to_owned()), "until a rendering succeeds");
        health.report_rendering(Ok(()));
        assert!(health.healthy().is_ok());
    }
}
