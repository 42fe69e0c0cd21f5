//! Notifications to systemd (`sd_notify`).

use sd_notify::NotifyState;
use tracing::warn;

/// Notifies systemd. Does nothing if the program was not started by systemd.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("cannot notify systemd: {error}");
    }
}
