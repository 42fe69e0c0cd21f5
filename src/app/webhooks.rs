//! The messages to the webhooks of topics: settings, secrets and stories together.

use std::{io, path::PathBuf};

use feed_model::{Story, Topic, Webhook};
use feed_publisher::Addresses;

use crate::{
    fetch::{Message, secrets_file},
    poll::PollSettings,
    push::{self, Notification},
    site::SiteSettings,
};

/// Why a message to a webhook cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The file with the secret cannot be read.
    #[error("cannot read the secret in {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file with the secret is empty.
    #[error("{} contains no secret", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

/// Returns the message that tells a webhook of a story. Reads the secret, and blocks for a moment.
pub fn webhook_message(
    site: &SiteSettings,
    polling: &PollSettings,
    topic: &Topic,
    webhook: &Webhook,
    story: &Story,
) -> Result<Message, WebhookError> {
    let secret = match &webhook.secret_file {
        None => None,
        Some(name) => {
            let credentials_dir = polling.credentials_dir.as_deref();
            let file = secrets_file(name, &polling.config_dir, credentials_dir);
            let text = std::fs::read_to_string(&file)
                .map_err(|source| WebhookError::Read { file: file.clone(), source })?;
            let secret = text.trim().to_owned();
            if secret.is_empty() {
                return Err(WebhookError::Empty { file });
            }
            Some(secret)
        }
    };
    let addresses = site.addresses();
    let notification = Notification {
        story,
        topic: &topic.id,
        topic_title: &topic.title,
        topic_url: &addresses.absolute(&Addresses::topic_path(topic.id.as_str())),
        page_url: &addresses.absolute(&Addresses::story_path(story.id)),
    };
    Ok(push::story_message(webhook, &notification, secret.as_deref()))
}
