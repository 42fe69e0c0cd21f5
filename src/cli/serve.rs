//! `tributary serve`: the daemon.

use std::{io::Write as _, net::SocketAddr, sync::Arc};

use super::{Context, Exit, ListenArgs, work::run_async};
use crate::{
    clock::SystemClock,
    daemon::{self, Options},
};

/// Poll on schedule, publish and serve, until SIGTERM or SIGINT
///
/// SIGHUP reads feeds.toml again: all of it is applied, or none. Under systemd it notifies the manager, feeds the watchdog and
/// takes a socket that is passed in.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    context.start_log();
    let again = context.clone();
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let options = Options {
        config,
        reload: Box::new(move || again.config_again()),
        config_dir: context.config_dir(),
        data_dir: context.data_dir.clone(),
        listen: args.listen.listen,
        credentials_dir: context.credentials_dir(),
        clock: Arc::new(SystemClock),
        own_address: false,
        bound: Some(Box::new(move |address| tell_address(scheme, address))),
    };
    run_async(daemon::run(options)).map_err(|error| context.advise_any(error))?;
    Ok(Exit::Done)
}

/// The address on stdout, for whoever started it with port 0. That nobody reads it is no error.
fn tell_address(scheme: &str, address: SocketAddr) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{scheme}://{address}/").and_then(|()| out.flush()));
}
