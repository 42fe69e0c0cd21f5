//! The state of the daemon, for `/healthz` and `/readyz`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arc_swap::ArcSwapOption;

use crate::store::Store;

/// The health of the daemon. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health {
    ready: Arc<AtomicBool>,
    error: Arc<ArcSwapOption<String>>,
    render_error: Arc<ArcSwapOption<String>>,
    read_fault: Arc<ArcSwapOption<String>>,
    store: Option<Store>,
}

impl Health {
    /// Returns a health that is not ready and has no errors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the health of a daemon that is ready only while its store can be written.
    pub fn of_store(store: Store) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// Sets whether there are documents to serve: true after the first rendering, false when the
    /// daemon stops.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    /// Reports the state of the daemon. The reason of an error is public.
    pub fn report(&self, state: Result<(), String>) {
        self.error.store(state.err().map(Arc::new));
    }

    /// Reports the result of the last rendering. After an error, the daemon is unhealthy until a
    /// rendering succeeds, because it serves outdated documents.
    pub fn report_rendering(&self, state: Result<(), String>) {
        self.render_error.store(state.err().map(Arc::new));
    }

    /// Reports whether the store can be read. A fault of the disk or a lock makes the daemon
    /// unready, but a restart would not help, so it is not unhealthy.
    pub fn report_reading(&self, fault: Option<String>) {
        self.read_fault.store(fault.map(Arc::new));
    }

    /// Returns the reason if the daemon is unhealthy.
    pub fn healthy(&self) -> Result<(), String> {
        let error = self.error.load_full().or_else(|| self.render_error.load_full());
        error.map_or(Ok(()), |reason| Err(reason.as_str().to_owned()))
    }

    /// Returns the reason if the daemon is unhealthy or not ready to serve.
    pub fn ready(&self) -> Result<(), String> {
        self.healthy()?;
        if !self.ready.load(Ordering::Acquire) {
            return Err("the documents are not rendered yet".to_owned());
        }
        if let Some(fault) = self.store.as_ref().and_then(Store::write_fault) {
            return Err(format!("new entries cannot be stored: {fault}"));
        }
        let fault = self.read_fault.load_full();
        fault.map_or(Ok(()), |fault| Err(format!("the store cannot be read: {fault}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_makes_it_unready_until_it_is_cleared() {
        let health = Health::new();
        assert!(health.healthy().is_ok() && health.ready().is_err());
        health.set_ready(true);
        assert!(health.ready().is_ok());
        health.clone().report(Err("the database does not respond".to_owned()));
        assert_eq!(health.healthy(), Err("the database does not respond".to_owned()));
        assert!(health.ready().is_err());
        health.report(Ok(()));
        assert!(health.ready().is_ok());
        health.report_rendering(Err("cannot render".to_owned()));
        health.report(Ok(()));
        assert_eq!(health.healthy(), Err("cannot render".to_owned()), "until rendering succeeds");
        health.report_rendering(Ok(()));
        assert!(health.healthy().is_ok());
    }
}
