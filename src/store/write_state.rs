//! Whether writing works. The log says once when it stops working and once when it works again.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{debug, error, info};

use super::{StorageFault, StoreError};

/// A fault that returns within this time is the same one. It is not logged again.
const SAME_FAULT_WITHIN: Duration = Duration::from_secs(60);

/// Whether the last writes succeeded.
#[derive(Debug)]
pub(super) struct WriteState {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<StorageFault>,
    /// Whether changes wait in memory until they can be stored. While they do, no write ends the
    /// fault: a small one may succeed on an almost full disk.
    is_held: bool,
    recovered: Option<Instant>,
}

impl WriteState {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), state: Mutex::default() }
    }

    /// Returns why writing does not work.
    pub(super) fn fault(&self) -> Option<StorageFault> {
        self.lock().fault
    }

    /// Records the result of a write.
    pub(super) fn record(&self, result: Result<(), &StoreError>) {
        let mut state = self.lock();
        match result.map_err(StoreError::fault) {
            Ok(()) if !state.is_held => self.end(&mut state),
            Err(Some(fault)) => self.begin(&mut state, fault),
            Ok(()) | Err(None) => {}
        }
    }

    /// Keeps the fault until it is released, because changes wait in memory. Another write may have
    /// ended it since these changes could not be stored, so it begins again if necessary.
    pub(super) fn hold(&self, fault: StorageFault) {
        let mut state = self.lock();
        state.is_held = true;
        if state.fault.is_none() {
            self.begin(&mut state, fault);
        }
    }

    /// Ends the fault if it was held.
    pub(super) fn release(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_held) {
            self.end(&mut state);
        }
    }

    fn begin(&self, state: &mut State, fault: StorageFault) {
        let is_known = state.fault.is_some()
            || state.recovered.is_some_and(|at| at.elapsed() < SAME_FAULT_WITHIN);
        let file = self.file.display();
        if is_known {
            debug!("cannot write {file}: {fault}");
        } else {
            error!("cannot write {file}: {fault}");
        }
        state.fault = Some(fault);
    }

    fn end(&self, state: &mut State) {
        if state.fault.take().is_some() {
            info!("writing {} works again", self.file.display());
            state.recovered = Some(Instant::now());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
