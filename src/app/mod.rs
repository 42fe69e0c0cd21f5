//! The application: everything between the command line and the modules that poll, store and serve.
//!
//! [`App`] holds what all jobs share. Each job has a file of its own: `sync_config`, `reload`,
//! `retrain`, `reclassify`, `retention`, `render`, `watch_config`, `watchdog`, `write_retry`,
//! `poll_once`. The daemon ([`run_daemon`]) assembles an [`App`], spawns the jobs, and waits for a
//! signal. Commands call the same jobs.

mod application;
mod daemon;
mod deliveries;
mod icons;
mod metrics;
mod poll_once;
mod reclassify;
mod reload;
mod render;
mod retention;
mod retrain;
mod setup;
mod signals;
mod stop;
mod subscriptions;
mod sync_config;
mod systemd;
mod watch_config;
mod watchdog;
mod webhooks;
mod write_retry;

pub use application::App;
pub use daemon::{Options, run_daemon};
pub use poll_once::{PollRun, hand_over, poll_once};
pub use setup::{ANONYMOUS, PollingParts, build_polling, is_anonymous, published, window};
pub use sync_config::sync_config;
pub use watch_config::ConfigWatch;
pub use webhooks::{WebhookError, webhook_message};
