//! The signal that tells every job of the daemon to stop.

use tokio::sync::watch;

/// Tells a job to stop. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Creates the sender of the signal and its receiver.
    pub(super) fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns a signal that is never set, for commands that run a job to its end.
    pub(super) fn never() -> Self {
        Self::channel().1
    }

    /// Waits for the signal. A dropped sender counts as the signal.
    pub(super) async fn wait(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }

    /// Returns whether the signal is set.
    pub(super) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns the channel, for the poll scheduler.
    pub(super) fn into_receiver(self) -> watch::Receiver<bool> {
        self.0
    }
}
