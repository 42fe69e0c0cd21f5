//! `tributary serve`: runs the daemon.

use std::{io::Write as _, net::SocketAddr, sync::Arc};

use super::{Context, Exit, ListenArgs, runtime::run_async};
use crate::{
    app::{self, Options},
    clock::SystemClock,
};

/// Run the daemon: poll on schedule, publish, and serve HTTP until SIGTERM or SIGINT
///
/// SIGHUP reloads feeds.toml. An invalid file is rejected as a whole, and the old configuration
/// stays in force. Under systemd, the daemon sends readiness and watchdog notifications, and uses a
/// socket that is passed in.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    context.init_logging();
    let reload_context = context.clone();
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let options = Options {
        config,
        reload: Box::new(move || reload_context.reload_config()),
        config_dir: context.config_dir(),
        data_dir: context.data_dir.clone(),
        listen: args.listen.listen,
        credentials_dir: context.credentials_dir(),
        clock: Arc::new(SystemClock),
        link_to_bound_address: false,
        bound: Some(Box::new(move |address| print_address(scheme, address))),
    };
    run_async(app::run_daemon(options)).map_err(|error| context.with_any_hint(error))?;
    Ok(Exit::Done)
}

/// Prints the URL of the bound address on stdout, which a caller needs with port 0. A closed stdout
/// is not an error.
fn print_address(scheme: &str, address: SocketAddr) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{scheme}://{address}/").and_then(|()| out.flush()));
}
