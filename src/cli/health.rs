//! `tributary health`: asks a running daemon whether it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Serialize;
use url::Url;

use super::{CommandError, Context, Exit, runtime::run_async, terminal::escape_line};
use crate::{
    config::{self, ServerConfig},
    fetch::{self, ProbeTrust},
    telemetry,
};

/// Ask the running daemon whether it is ready, and print the reason if it is not
///
/// The daemon is asked at `listen` of feeds.toml, even if other parts of the file are invalid. Ends
/// with 0 if it is ready, else with 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// URL of the daemon, instead of `listen` in feeds.toml
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    pub(crate) url: Option<Url>,
}

/// The output of `--json`.
#[derive(Debug, Serialize)]
struct Report<'r> {
    ok: bool,
    url: &'r str,
    /// The status of the response; null without one.
    status: Option<u16>,
    reason: &'r str,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let (url, trust) = if let Some(url) = &args.url {
        (readiness_url(url), context.trusted_certificates())
    } else {
        let text = context.config_text()?;
        let server = config::check(&text, &context.config_name()).server;
        (url_of_listener(&server)?, ProbeTrust::ThisMachine)
    };
    let answer = run_async(async { Ok(fetch::probe(&url, &trust).await) })?;
    let (status, reason) = match answer {
        Ok((status, text)) => (Some(status), text),
        Err(error) => (None, format!("no response: {}", telemetry::chain(&error))),
    };
    let ok = status == Some(200);
    let reason = match status {
        Some(200 | 503) | None => escape_line(reason.trim()),
        Some(other) => format!("unexpected status {other} of {url}"),
    };
    let mut out = context.out();
    if context.json {
        out.json(&Report { ok, url: url.as_str(), status, reason: &reason })?;
    } else {
        out.line(&reason)?;
    }
    out.finish()?;
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

impl Context {
    /// Returns the certificates that feeds.toml names, if there is one. The daemon at a given URL
    /// may be on another machine.
    fn trusted_certificates(&self) -> ProbeTrust {
        let text = self.config_text().ok();
        let checked = text.map(|text| config::check(&text, &self.config_name()));
        let dir = self.config_dir();
        let own = checked.as_ref().and_then(|checked| checked.server.tls.as_ref());
        let ca_file = checked.as_ref().and_then(|checked| checked.config.as_ref());
        ProbeTrust::Authorities {
            own: own.map(|tls| dir.join(&tls.cert)),
            ca_file: ca_file
                .and_then(|config| config.polling.ca_file.as_ref())
                .map(|file| dir.join(file)),
        }
    }
}

/// Returns the URL of `/readyz` at `listen`. An address that stands for all addresses of the
/// machine is replaced with that of the machine itself.
fn url_of_listener(server: &ServerConfig) -> Result<Url, CommandError> {
    if server.listen.port() == 0 {
        return Err(CommandError {
            what: "`listen` in feeds.toml has port 0, so the address is not known".to_owned(),
            hint: "give the URL that `serve` printed: --url http://127.0.0.1:PORT/".to_owned(),
        });
    }
    let ip = match server.listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, server.listen.port());
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    Ok(Url::parse(&format!("{scheme}://{address}/readyz"))
        .expect("a socket address is a valid host and port"))
}

/// Returns the URL of `/readyz` below a URL, or the URL itself if it names a probe.
fn readiness_url(url: &Url) -> Url {
    let path = url.path().trim_end_matches('/');
    let mut probe = url.clone();
    if !path.ends_with("/readyz") && !path.ends_with("/healthz") {
        probe.set_path(&format!("{path}/readyz"));
    }
    probe
}

fn parse_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("expected an http or https URL, for example http://127.0.0.1:8080/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_below_the_path_of_the_url() {
        let probe = |url: &str| readiness_url(&Url::parse(url).unwrap()).to_string();
        for (url, expected) in [
            ("http://h:1", "http://h:1/readyz"),
            ("http://h:1/", "http://h:1/readyz"),
            ("https://h/feeds/", "https://h/feeds/readyz"),
            ("https://h/feeds/healthz", "https://h/feeds/healthz"),
            ("https://h/readyz", "https://h/readyz"),
        ] {
            assert_eq!(probe(url), expected, "{url}");
        }
    }

    #[test]
    fn an_address_of_all_interfaces_is_asked_on_this_machine() {
        let url = |listen: &str| {
            let server =
                ServerConfig { listen: listen.parse().unwrap(), metrics_listen: None, tls: None };
            url_of_listener(&server).unwrap().to_string()
        };
        assert_eq!(url("0.0.0.0:8080"), "http://127.0.0.1:8080/readyz");
        assert_eq!(url("[::]:80"), "http://[::1]/readyz");
        assert_eq!(url("192.0.2.1:8080"), "http://192.0.2.1:8080/readyz");
    }
}
