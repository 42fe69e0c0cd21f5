//! `[server]`: the addresses that the daemon listens on, and TLS.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{findings::Findings, table_reader::TableReader};

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address of the public HTTP server. Port 0 picks a free port.
    pub listen: SocketAddr,
    /// The address of the metrics server, if there is one.
    pub metrics_listen: Option<SocketAddr>,
    /// The certificate; `None` serves plain HTTP.
    pub tls: Option<TlsConfig>,
}

/// `tls`: PEM files, relative to the directory of feeds.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl ServerConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings) -> Self {
        let listen = section.or(findings, "listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let metrics = section.optional::<SocketAddr>(findings, "metrics_listen", "none").validate(
            findings,
            |metrics| {
                if listen.valid
                    && metrics.is_some_and(|metrics| metrics == listen.value && metrics.port() != 0)
                {
                    return Err((
                        "metrics_listen is the same address as listen".to_owned(),
                        Some("use another port".to_owned()),
                    ));
                }
                Ok(())
            },
        );
        let mut table = section.table(findings, "tls");
        let tls = if table.is_written() {
            let example =
                || "set both: tls = { cert = \"cert.pem\", key = \"key.pem\" }".to_owned();
            let cert = table.required(findings, "cert", example).value;
            let key = table.required(findings, "key", example).value;
            cert.zip(key).map(|(cert, key)| TlsConfig { cert, key })
        } else {
            findings.effective(table.name(), "(none: plain HTTP)", None);
            None
        };
        table.finish(findings);
        section.finish(findings);
        Self { listen: listen.value, metrics_listen: metrics.value, tls }
    }
}
