//! `[server]`: where the daemon listens.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::{findings::Findings, table_reader::TableReader};

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where readers are served; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The certificate, where HTTPS is served.
    pub tls: Option<TlsConfig>,
}

/// `tls`: files in PEM form, relative to the folder of feeds.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl ServerConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings<'_>) -> Self {
        let listen = section.or(findings, "listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let metrics = section
            .optional::<SocketAddr>(findings, "metrics_listen", "nowhere")
            .validate(findings, |metrics| {
                if listen.valid
                    && metrics.is_some_and(|metrics| metrics == listen.value && metrics.port() != 0)
                {
                    return Err((
                        "metrics have an address of their own".to_owned(),
                        Some("choose another port".to_owned()),
                    ));
                }
                Ok(())
            });
        let mut table = section.table(findings, "tls");
        let tls = if table.is_written() {
            let example =
                || "both are needed: tls = { cert = \"cert.pem\", key = \"key.pem\" }".to_owned();
            let cert = table.required(findings, "cert", example).value;
            let key = table.required(findings, "key", example).value;
            cert.zip(key).map(|(cert, key)| TlsConfig { cert, key })
        } else {
            findings.effective(table.name(), "(none: HTTP)", None);
            None
        };
        table.finish(findings);
        section.finish(findings);
        Self { listen: listen.value, metrics_listen: metrics.value, tls }
    }
}
