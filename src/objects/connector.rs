//! The HTTP client for object stores: that of the rest of the program, with its own authorities.

use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector},
};

use crate::fetch;

/// Connects to object stores. The library's own client needs a certificate store on the machine,
/// which a container does not have.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = fetch::storage_client().map_err(|error| object_store::Error::Generic {
            store: "HTTP client",
            source: Box::new(error),
        })?;
        Ok(HttpClient::new(client))
    }
}
