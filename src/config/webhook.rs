//! `[[topic.notify]]`: webhooks that are told of new stories.

use toml::{Spanned, de::DeValue};
use url::Url;

use super::{
    findings::{Findings, closest_match, quoted},
    site::http,
    table_reader::TableReader,
    value::{Value, ValueError, invalid, toml_string},
};
use crate::push::{FIELDS, template_fields};
use feed_model::{Webhook, WebhookTemplate};

/// The forms of messages that have a name.
const NAMED: [(&str, WebhookTemplate); 5] = [
    ("json", WebhookTemplate::Json),
    ("slack", WebhookTemplate::Slack),
    ("discord", WebhookTemplate::Discord),
    ("ntfy", WebhookTemplate::Ntfy),
    ("matrix", WebhookTemplate::Matrix),
];

/// Reads the webhooks of a topic.
pub(super) fn read(section: &mut TableReader<'_>, findings: &mut Findings) -> Vec<Webhook> {
    let mut webhooks: Vec<Webhook> = Vec::new();
    for mut table in section.tables(findings, "notify") {
        let url = table.required::<Url>(findings, "url", || {
            "add the address that is told of new stories: url = \"https://…\"".to_owned()
        });
        let url = url.validate(findings, |url| url.as_ref().map_or(Ok(()), http));
        let secret_file = table.optional::<String>(findings, "secret_file", "not signed").value;
        let template = table.or(findings, "template", WebhookTemplate::Json).value;
        table.finish(findings);
        let Some(address) = &url.value else { continue };
        if webhooks.iter().any(|webhook| webhook.url == *address) {
            let span = url.span.clone().unwrap_or_default();
            let hint = "remove one of the two".to_owned();
            findings.error(&url.key, &span, "this topic already has a webhook at this URL", hint);
        }
        webhooks.push(Webhook { url: address.clone(), secret_file, template });
    }
    webhooks
}

impl Value for WebhookTemplate {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = String::read(written)?;
        if let Some((_, template)) = NAMED.iter().find(|(name, _)| *name == text.trim()) {
            return Ok(template.clone());
        }
        let fields = template_fields(&text);
        if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(field)) {
            let hint = match closest_match(unknown, &FIELDS) {
                Some(known) => format!("did you mean {{{known}}}?"),
                None => format!("known fields: {}", FIELDS.join(", ")),
            };
            return Err(invalid(format!("unknown field {}", quoted(unknown)), hint));
        }
        if fields.is_empty() {
            let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
            let hint = match closest_match(text.trim(), &names) {
                Some(known) => format!("did you mean \"{known}\"?"),
                None => format!(
                    "use one of {}, or a text with fields: \"{{title}} {{url}}\"",
                    names.join(", ")
                ),
            };
            return Err(invalid(
                format!("{} is neither a template nor a text with fields", quoted(&text)),
                hint,
            ));
        }
        Ok(Self::Text(text))
    }

    fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml_string(text),
            named => {
                let name = NAMED.iter().find(|(_, template)| template == named);
                toml_string(name.map_or("json", |(name, _)| *name))
            }
        }
    }

    fn schema() -> serde_json::Value {
        String::schema()
    }
}
