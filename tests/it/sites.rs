//! Publications without a feed, on the wire: the real poller over a real database, a clock that is moved by hand, and an
//! origin that plays each kind of site and writes down every request.

mod finding;
mod listing;
mod pages;
mod quiet;
mod serving;
mod stage;
