//! Whole polls: the real poller and store, a scripted origin, and a clock that the test moves.

mod archives;
mod bad_responses;
mod driver;
mod host_limits;
mod next_poll;
mod redirects;
mod robots;
mod shared_feeds;
mod tls;
mod validators;
