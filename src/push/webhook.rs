//! The messages to webhooks: a new story in the form that the receiver expects.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::SecondsFormat;
use serde_json::json;

use feed_model::{Story, Timestamp, TopicId, Webhook, WebhookTemplate};

use super::signature::sign;
use crate::fetch::Message;

/// The fields of a text of one's own.
pub const FIELDS: [&str; 11] = [
    "title",
    "url",
    "summary",
    "authors",
    "source",
    "published",
    "id",
    "page",
    "topic",
    "topic_title",
    "topic_url",
];

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// A story with the topic that it entered.
#[derive(Debug, Clone, Copy)]
pub struct Notification<'a> {
    /// The story.
    pub story: &'a Story,
    /// The topic.
    pub topic: &'a TopicId,
    /// The title of the topic.
    pub topic_title: &'a str,
    /// The absolute address of the topic's page.
    pub topic_url: &'a str,
    /// The absolute address of the story's page.
    pub page_url: &'a str,
}

impl Notification<'_> {
    /// Returns the value of a field; empty if there is none.
    fn field(&self, name: &str) -> String {
        let story = self.story;
        match name {
            "title" => self.title(),
            "url" => self.url().to_owned(),
            "summary" => story.summary_text.clone(),
            "authors" => self.authors().join(", "),
            "source" => story.source.title.clone(),
            "published" => rfc3339(story.published.unwrap_or(story.first_published)),
            "id" => story.published_id.clone(),
            "page" => self.page_url.to_owned(),
            "topic" => self.topic.to_string(),
            "topic_title" => self.topic_title.to_owned(),
            "topic_url" => self.topic_url.to_owned(),
            _ => String::new(),
        }
    }

    /// Returns the title in one line. A story without a title has the beginning of its text.
    fn title(&self) -> String {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = words(&self.story.title);
        if title.is_empty() { shortened(&words(&self.story.summary_text), 80) } else { title }
    }

    /// Returns the address of the story, or of its page if it has none.
    fn url(&self) -> &str {
        self.story.url.as_deref().unwrap_or(self.page_url)
    }

    fn authors(&self) -> Vec<&str> {
        self.story.authors.iter().map(|author| author.name.as_str()).collect()
    }
}

/// Returns the names in braces in a text: `{title}`. Other braces mean themselves.
pub fn template_fields(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
        .collect()
}

/// Returns the message to a webhook. With a secret it is signed.
pub fn story_message(
    webhook: &Webhook,
    notification: &Notification<'_>,
    secret: Option<&str>,
) -> Message {
    let mut headers = Vec::new();
    let (media_type, body) = match &webhook.template {
        WebhookTemplate::Json => (JSON, plain(notification).to_string()),
        WebhookTemplate::Slack => (JSON, slack(notification).to_string()),
        WebhookTemplate::Discord => (JSON, discord(notification).to_string()),
        WebhookTemplate::Matrix => (JSON, matrix(notification).to_string()),
        WebhookTemplate::Ntfy => {
            headers.push(("title", header_text(&notification.title())));
            headers.push(("click", notification.url().to_owned()));
            let summary = &notification.story.summary_text;
            let source = &notification.story.source.title;
            (TEXT, if summary.is_empty() { source.clone() } else { summary.clone() })
        }
        WebhookTemplate::Text(text) => filled(text, notification),
    };
    headers.push(("content-type", media_type.to_owned()));
    if let Some(secret) = secret {
        headers.push(("x-hub-signature", sign(secret, body.as_bytes())));
    }
    Message { url: webhook.url.clone(), body: Some(body.into()), headers }
}

fn plain(notification: &Notification<'_>) -> serde_json::Value {
    let story = notification.story;
    json!({
        "topic": {
            "id": notification.topic.as_str(),
            "title": notification.topic_title,
            "url": notification.topic_url,
        },
        "story": {
            "id": story.published_id,
            "title": notification.title(),
            "url": story.url,
            "page": notification.page_url,
            "summary": story.summary_text,
            "authors": notification.authors(),
            "published": story.published.map(rfc3339),
            "first_published": rfc3339(story.first_published),
            "source": {
                "id": story.source.id.as_str(),
                "title": story.source.title,
                "url": story.source.home_page_url,
            },
        },
    })
}

/// Slack reads `&`, `<` and `>` as markup.
fn slack(notification: &Notification<'_>) -> serde_json::Value {
    let title = escaped(&notification.title());
    let source = escaped(&notification.story.source.title);
    // `|` and `>` end the address.
    let url = notification.url().replace('|', "%7C").replace('>', "%3E").replace('<', "%3C");
    json!({ "text": format!("<{url}|{title}> ({source})"), "unfurl_links": false })
}

fn discord(notification: &Notification<'_>) -> serde_json::Value {
    json!({
        "embeds": [{
            "title": shortened(&notification.title(), 256),
            "url": notification.url(),
            "description": shortened(&notification.story.summary_text, 1000),
            "author": { "name": shortened(&notification.story.source.title, 256) },
        }],
        // A story must not notify the members of a channel.
        "allowed_mentions": { "parse": [] },
    })
}

fn matrix(notification: &Notification<'_>) -> serde_json::Value {
    let (title, url) = (notification.title(), notification.url());
    let source = &notification.story.source.title;
    let href = escaped(url).replace('"', "&quot;");
    json!({
        "text": format!("{title} ({source}): {url}"),
        "html": format!("<a href=\"{href}\">{}</a> ({})", escaped(&title), escaped(source)),
    })
}

/// Fills a text of one's own. If it is JSON, values are escaped for strings of JSON.
fn filled(text: &str, notification: &Notification<'_>) -> (&'static str, String) {
    let is_json = text.trim_start().starts_with(['{', '[']) && {
        // With the fields as they are, it is JSON as well.
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    };
    let mut body = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        body.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name);
        if let Some(name) = name.filter(|name| FIELDS.contains(name)) {
            let value = notification.field(name);
            if is_json {
                let quoted = serde_json::Value::String(value).to_string();
                body.push_str(&quoted[1..quoted.len() - 1]);
            } else {
                body.push_str(&value);
            }
            rest = &after[name.len() + 1..];
        } else {
            body.push('{');
            rest = after;
        }
    }
    body.push_str(rest);
    (if is_json { JSON } else { TEXT }, body)
}

/// Encodes a text that is not ASCII for a header (RFC 2047 §4.1). ntfy decodes it.
fn header_text(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("=?UTF-8?B?{}?=", STANDARD.encode(text)) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns the first characters of a text, with an ellipsis if it is longer.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
