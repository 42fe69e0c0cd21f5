//! `tributary notify`: tries the webhooks of a topic.

use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::{CommandError, Context, Exit, runtime::run_async, terminal::escape_line};
use crate::{app, store::StoryQuery, telemetry};
use feed_model::TopicId;

/// The longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Send the newest story of a topic to its webhooks, and print the responses
///
/// The webhooks are those of `[[topic.notify]]`. A topic without stories sends the newest story of
/// all. Nothing is stored. Ends with 1 if a webhook does not answer 2xx.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The topic
    #[arg(long, value_name = "TOPIC", required = true, value_parser = |id: &str| TopicId::new(id))]
    pub(crate) test: TopicId,
}

/// The result for one webhook.
#[derive(Debug, Serialize)]
struct Report {
    url: String,
    ok: bool,
    /// The status of the response; null without one.
    status: Option<u16>,
    error: Option<String>,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let Some(topic) = config.topics.iter().find(|topic| topic.id == args.test) else {
        let known: Vec<&str> = config.topics.iter().map(|topic| topic.id.as_str()).collect();
        return Err(CommandError::unknown_id("topic", args.test.as_str(), &known).into());
    };
    if topic.webhooks.is_empty() {
        return Err(CommandError {
            what: format!("the topic {} has no webhook", topic.id),
            hint: "add [[topic.notify]] with a url to it in feeds.toml".to_owned(),
        }
        .into());
    }
    let store = context.open_existing_store()?;
    let newest = |topic: Option<TopicId>| {
        let query =
            StoryQuery { topic, public_only: true, limit: Some(1), ..StoryQuery::default() };
        store.read(|reader| reader.stories(&query)).map(|mut stories| stories.pop())
    };
    let story = match newest(Some(topic.id.clone()))? {
        Some(story) => story,
        None => newest(None)?.ok_or_else(|| CommandError {
            what: "no story is stored yet".to_owned(),
            hint: "run `tributary poll` first".to_owned(),
        })?,
    };
    let parts =
        app::build_polling(&config, &context.config_dir(), context.credentials_dir().as_deref())?;
    let base_url = match &config.site.base_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{}/", config.server.listen))?,
    };
    let site = app::published(&config, base_url, config.site.id.clone().unwrap_or_default());
    let mut reports = Vec::new();
    for webhook in &topic.webhooks {
        let message = app::webhook_message(&site, &parts.polling, topic, webhook, &story);
        let result = match message {
            Err(error) => Err(telemetry::chain(&error)),
            Ok(message) => run_async(async {
                let allow_hosts = &parts.polling.allow_hosts;
                Ok(parts.client.send(&message, allow_hosts, TIMEOUT).await)
            })?
            .map_err(|error| telemetry::chain(&error)),
        };
        let mut url = webhook.url.clone();
        let _ = url.set_password(None);
        let (ok, status, error) = match result {
            Ok(response) => (response.is_success(), Some(response.status), None),
            Err(error) => (false, None, Some(error)),
        };
        reports.push(Report { url: url.to_string(), ok, status, error });
    }
    let all_ok = reports.iter().all(|report| report.ok);
    let mut out = context.out();
    if context.json {
        out.json(&reports)?;
    } else {
        for report in &reports {
            let result = match (report.status, &report.error) {
                (Some(status), _) => status.to_string(),
                (None, error) => error.clone().unwrap_or_default(),
            };
            out.line(escape_line(&format!("{}: {result}", report.url)))?;
        }
    }
    let exit = out.finish()?;
    Ok(if all_ok { exit } else { Exit::Failed })
}
