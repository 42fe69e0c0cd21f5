//! Tests of whole polls, one after the other: the real poller and store, a scripted origin, and a clock moved by hand.

mod fellows;
mod hosts;
mod pace;
mod redirects;
mod robots;
mod running;
mod safe;
mod unusable;
mod validators;
mod world;
