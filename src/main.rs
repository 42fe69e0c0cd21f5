//! The `tributary` program. It runs the command line of the library and turns a panic into an exit
//! code. The code is returned from `main`, so that all values are dropped and flushed.

use std::{io::Write as _, panic, process::ExitCode};

use tributary::cli::{self, Exit};

fn main() -> ExitCode {
    // A panic of a library while it parses a document is reported as an error of that document.
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !feed_parser::is_catching_panics() {
            print(panic);
        }
    }));
    // The hook has already printed the message and location of the panic.
    let exit = panic::catch_unwind(|| cli::run(std::env::args_os())).unwrap_or_else(|_| {
        let _ = writeln!(
            std::io::stderr(),
            "tributary: internal error; please report the message above as a bug"
        );
        Exit::Internal
    });
    exit.into()
}
