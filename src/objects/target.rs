//! Where objects are published: a bucket and a prefix.

use std::{collections::HashMap, fmt, sync::Arc};

use futures_util::TryStreamExt as _;
use object_store::{
    ObjectStore, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, path::Path,
};
use url::Url;

use super::connector::Connector;

/// The region of stores that have none, and of Amazon's if none is set.
const DEFAULT_REGION: &str = "us-east-1";

/// Why a URL is not the address of objects.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL has no bucket, or a query or user.
    #[error(
        "`{0}` is not of the form s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
    )]
    Form(String),
    /// The settings of the environment are incomplete or invalid.
    #[error("cannot use {url}")]
    Settings {
        /// The URL.
        url: String,
        /// What the library says.
        #[source]
        source: object_store::Error,
    },
}

/// A bucket and a prefix.
#[derive(Clone)]
pub struct ObjectTarget {
    pub(super) store: Arc<dyn ObjectStore>,
    prefix: Path,
    url: String,
}

impl fmt::Debug for ObjectTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectTarget").field(&self.url).finish()
    }
}

impl fmt::Display for ObjectTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// The objects below a prefix: names, and entity tags as far as the store gives them.
pub type ObjectListing = HashMap<String, Option<String>>;

impl ObjectTarget {
    /// Reads an address. Credentials and further settings are taken from the environment, by the
    /// names of the library: `AWS_…`, `GOOGLE_…`, `AZURE_…`.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let form = || TargetError::Form(text.to_owned());
        let url = Url::parse(text).map_err(|_| form())?;
        let is_plain =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let bucket = url.host_str().filter(|host| !host.is_empty() && is_plain).ok_or_else(form)?;
        let prefix = Path::from_url_path(url.path()).map_err(|_| form())?;
        let settings =
            |source| TargetError::Settings { url: text.trim_end_matches('/').to_owned(), source };
        let store: Arc<dyn ObjectStore> = match url.scheme() {
            "s3" => {
                let mut builder = AmazonS3Builder::new().with_region(DEFAULT_REGION);
                for (key, value) in environment("AWS_") {
                    if let Ok(key) = key.parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let builder = builder.with_bucket_name(bucket).with_http_connector(Connector);
                Arc::new(builder.build().map_err(settings)?)
            }
            "gs" => {
                let builder = GoogleCloudStorageBuilder::from_env()
                    .with_bucket_name(bucket)
                    .with_http_connector(Connector);
                Arc::new(builder.build().map_err(settings)?)
            }
            "az" => {
                let builder = MicrosoftAzureBuilder::from_env()
                    .with_container_name(bucket)
                    .with_http_connector(Connector);
                Arc::new(builder.build().map_err(settings)?)
            }
            _ => return Err(form()),
        };
        Ok(Self { store, prefix, url: text.trim_end_matches('/').to_owned() })
    }

    /// Returns the name of the object of a file.
    pub(super) fn object(&self, file: &str) -> Path {
        file.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// Returns every object below the prefix.
    pub async fn list(&self) -> object_store::Result<ObjectListing> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let below = |location: &Path| -> Option<String> {
            let parts: Vec<_> = location.prefix_match(&self.prefix)?.collect();
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            Some(parts.join("/"))
        };
        self.store
            .list(prefix)
            .try_filter_map(|object| {
                let entry = below(&object.location).map(|file| (file, object.e_tag));
                async move { Ok(entry) }
            })
            .try_collect()
            .await
    }
}

/// Returns the variables of the environment whose names begin with `prefix`, in lower case.
fn environment(prefix: &str) -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(move |(key, value)| {
        let key = key.to_str().filter(|key| key.starts_with(prefix))?.to_ascii_lowercase();
        Some((key, value.into_string().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_prefix() {
        let target = ObjectTarget::parse("s3://bucket/feeds/all/").unwrap();
        assert_eq!(target.to_string(), "s3://bucket/feeds/all");
        assert_eq!(target.object("topics/x/feed.atom").as_ref(), "feeds/all/topics/x/feed.atom");
        let root = ObjectTarget::parse("s3://bucket").unwrap();
        assert_eq!(root.object("index.html").as_ref(), "index.html");
        for wrong in ["s3://", "s3:///x", "s3://user@bucket/x", "s3://bucket/x?y=1", "ftp://b/x"] {
            assert!(ObjectTarget::parse(wrong).is_err(), "{wrong}");
        }
    }
}
