//! `tributary serve`: runs the daemon.

use std::{io::Write as _, net::SocketAddr, sync::Arc};

use super::{Context, Exit, ListenArgs, runtime::run_async};
use crate::{
    app::{self, ConfigWatch, Options},
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
    /// Reload feeds.toml when it or a file that it names changes, as SIGHUP does
    #[arg(long)]
    pub(crate) watch_config: bool,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let (config, inputs) = context.config_with_inputs()?;
    context.init_logging();
    let (reload_context, watch_context) = (context.clone(), context.clone());
    let read = Box::new(move || watch_context.config_inputs());
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let options = Options {
        config,
        reload: Box::new(move || reload_context.reload_config()),
        watch: args.watch_config.then_some(ConfigWatch { inputs, read }),
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
