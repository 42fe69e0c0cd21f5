//! The program: see `tributary --help`.
//!
//! Everything is in the library; here a panic becomes an exit code. That code is returned, so that
//! everything is dropped and flushed.

use std::{io::Write as _, panic, process::ExitCode};

use tributary::cli::{self, Exit};

fn main() -> ExitCode {
    // What a library stumbles over within a document is told as that document's error, where it
    // belongs.
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !feed_parser::is_catching_panics() {
            print(panic);
        }
    }));
    // The panic's own message and place were printed by then.
    let exit = panic::catch_unwind(|| cli::run(std::env::args_os())).unwrap_or_else(|_| {
        let _ = writeln!(
            std::io::stderr(),
            "tributary: an internal error: what is above belongs into a bug report"
        );
        Exit::Internal
    });
    exit.into()
}
