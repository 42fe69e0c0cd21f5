//! Tests of whole polls, one after the other: the real poller and store, a scripted origin, and a
//! clock moved by hand.

mod bad_responses;
mod driver;
mod harness;
mod host_limits;
mod next_poll;
mod redirects;
mod robots;
mod shared_feeds;
mod tls;
mod validators;
