//! `tributary inspect`: shows what one poll of a URL would do, without storing anything.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};
use url::Url;

use super::{
    CommandError, Context, Exit,
    json::rfc3339,
    runtime::run_async,
    terminal::{escape_line, minute},
};
use crate::{
    config::{self, Config, NewSource},
    poll::{InspectedEntry, Inspection, PollSettings},
    store::Store,
};
use entry_identity::KeyFrom;
use feed_model::{Draft, FollowMode, Headers, PageSelectors, Problem, Severity, Source, SourceId};
use feed_parser::opml::Userinfo;
use topic_rules::Rules;

/// Show what one poll of a URL would do, without storing anything
///
/// Prints the request, response, decoding, repairs, entries, identity and topics, each with its
/// reason. If the URL cannot be reached, prints what is known and exits with 1.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: UrlArg,
    /// Print the [source.page] block that finds the item with this title and the items like it
    ///
    /// For a page that is not read correctly. Exits with 1 if no selectors find the item and others
    /// like it.
    #[arg(long)]
    suggest: bool,
    /// With --suggest: title of one item of the page
    #[arg(value_name = "TITLE", requires = "suggest")]
    title: Option<String>,
}

/// The URL argument of `add` and `inspect`.
#[derive(Debug, clap::Args)]
pub(super) struct UrlArg {
    /// URL of a feed, a site or a sitemap
    #[arg(value_name = "URL", value_parser = parse_url)]
    pub(super) url: Url,
}

/// Parses a URL as people write it: `feed:` stands for http, and without a scheme https is meant.
fn parse_url(text: &str) -> Result<Url, String> {
    let text = feed_parser::without_feed_scheme(text.trim());
    // `example.org:8080/feed` parses as a URL with the scheme `example.org`.
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let host = text.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let is_host = host.contains('.') && !host.starts_with('.') && !host.contains('@');
    if is_host && scheme.is_none_or(|scheme| scheme.contains('.')) {
        return Url::parse(&format!("https://{text}")).map_err(|error| error.to_string());
    }
    Url::parse(&text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            "it has no scheme and no host; write for example https://www.example.org/".to_owned()
        }
        other => other.to_string(),
    })
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let config = context.config()?;
    context.init_quiet_logging();
    if args.suggest {
        let title = args.title.as_deref().ok_or_else(|| CommandError {
            what: "--suggest needs the title of an item of the page".to_owned(),
            hint: "give the URL and then the title: tributary inspect --suggest URL TITLE"
                .to_owned(),
        })?;
        return suggest(context, &config, &args.target.url, title);
    }
    let url = feed_parser::http_url(args.target.url.as_str(), None)
        .unwrap_or_else(|| args.target.url.clone());
    if url != args.target.url && Userinfo::of(&args.target.url).is_some() {
        context.print_notice(
            "the user name and password of the URL are not sent; `tributary add` puts them into a \
             file and uses them",
        );
    }
    let inspection = inspect(context, &config, &url, None)?;
    let mut out = context.out();
    if context.json {
        out.json(&inspection_json(&inspection))?;
    } else {
        out.text(&render_text(&inspection))?;
    }
    out.finish()?;
    Ok(if inspection.error.is_some() { Exit::Failed } else { Exit::Done })
}

/// Polls a URL without storing anything: as the source of feeds.toml with this URL, else as a new
/// source, whose user name and password are in `basic_file`.
pub(super) fn inspect(
    context: &Context,
    config: &Config,
    url: &Url,
    basic_file: Option<&str>,
) -> anyhow::Result<Inspection> {
    let source = match config.sources.iter().find(|source| source.url == *url) {
        Some(source) => source.clone(),
        None => new_source(context, url, basic_file)?,
    };
    let poller = context.app(config, Store::in_memory()?)?.poller;
    // With a database, learning topics use the stored labels, as in a real poll.
    if context.has_state() {
        let settings = poller.settings.load_full();
        let rules = Rules::compile(&config.topics)?;
        if rules.has_learning_topics() {
            let rules = context.open_existing_store()?.read(|reader| reader.trained(rules))?;
            poller
                .settings
                .store(Arc::new(PollSettings { rules: Arc::new(rules), ..(*settings).clone() }));
        }
    }
    run_async(async move { Ok(poller.inspect(&source).await?) })
}

/// Prints the selectors that find an item and its siblings.
fn suggest(context: &Context, config: &Config, url: &Url, title: &str) -> anyhow::Result<Exit> {
    let source = match config.sources.iter().find(|source| source.url == *url) {
        Some(source) => source.clone(),
        None => new_source(context, url, None)?,
    };
    let poller = context.app(config, Store::in_memory()?)?.poller;
    let wanted = title.to_owned();
    let found = run_async(async move { Ok(poller.suggest_selectors(&source, &wanted).await?) })?;
    let selectors = match found {
        Ok(Some(selectors)) => selectors,
        Ok(None) => {
            return Err(CommandError {
                what: format!("no selectors find “{title}” and other items like it on {url}"),
                hint: "copy the title from the page, or write [source.page] by hand".to_owned(),
            }
            .into());
        }
        Err(why) => {
            let hint = "check the URL, or try again later".to_owned();
            return Err(CommandError { what: format!("cannot read {url}: {why}"), hint }.into());
        }
    };
    let mut out = context.out();
    if context.json {
        out.json(&json!({
            "item": selectors.item,
            "title": selectors.title,
            "link": selectors.link,
            "date": selectors.date,
            "summary": selectors.summary,
        }))?;
    } else {
        out.text(&selectors_block(&selectors))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Returns the block `[source.page]` of feeds.toml.
fn selectors_block(selectors: &PageSelectors) -> String {
    let fields = [
        ("title", &selectors.title),
        ("link", &selectors.link),
        ("date", &selectors.date),
        ("summary", &selectors.summary),
    ];
    let value = |text: &str| toml_edit::Value::from(text).to_string();
    let mut block = format!("[source.page]\nitem = {}\n", value(&selectors.item));
    for (key, selector) in fields {
        if let Some(selector) = selector {
            let _ = writeln!(block, "{key} = {}", value(selector));
        }
    }
    block
}

/// Returns a source for this URL with the defaults of feeds.toml, as if it were appended there.
/// `basic_file` names the file with its user name and password.
fn new_source(context: &Context, url: &Url, basic_file: Option<&str>) -> anyhow::Result<Source> {
    let config = context.config_without_warnings()?;
    let ids: Vec<String> = config.sources.iter().map(|s| s.id.to_string()).collect();
    let source = NewSource {
        id: SourceId::new(config::numbered_id("inspected", &ids))?,
        title: None,
        url: url.clone(),
        follow_mode: FollowMode::Auto,
        comment: String::new(),
        basic_file: basic_file.map(str::to_owned),
    };
    let id = source.id.clone();
    let text = config::append_source(&context.config_text()?, &source)?;
    let checked = config::check(&text, &context.config_name());
    let found = checked.config.and_then(|config| config.sources.into_iter().find(|s| s.id == id));
    found.ok_or_else(|| {
        let problem = checked.problems.iter().find(|p| p.severity == Severity::Error);
        let hint = problem
            .and_then(|p| p.hint.clone())
            .unwrap_or_else(|| "give an http or https URL".to_owned());
        let what = problem.map_or_else(
            || format!("cannot follow {url}"),
            |p| format!("cannot follow {url}: {}", p.text),
        );
        CommandError { what, hint }.into()
    })
}

fn headers(headers: &Headers) -> Value {
    let fields = headers.iter().map(|(name, value)| {
        (name.to_owned(), Value::from(String::from_utf8_lossy(value).into_owned()))
    });
    Value::Object(fields.collect())
}

fn inspection_json(inspection: &Inspection) -> Value {
    json!({
        "url": inspection.url,
        "final_url": inspection.final_url,
        "follow": inspection.follow_mode,
        "follow_because": inspection.follow_reason,
        "ways": inspection.ways,
        "status": inspection.status,
        "redirects": inspection.redirects.iter().map(|hop| json!({
            "from": hop.from.as_str(),
            "to": hop.to.as_str(),
            "status": hop.status,
            "permanent": hop.permanent,
        })).collect::<Vec<_>>(),
        "request_headers": headers(&inspection.request_headers),
        "response_headers": headers(&inspection.response_headers),
        "encoding": inspection
            .encoding
            .as_ref()
            .map(|encoding| json!({"name": encoding.name, "because": encoding.because})),
        "format": inspection.format,
        "repairs": inspection.repairs,
        "problems": inspection.problems,
        "error": inspection.error,
        "feed": {
            "title": inspection.title,
            "link": inspection.link,
            "updated": inspection.updated.map(rfc3339),
        },
        "entries": inspection.entries.iter().map(entry_json).collect::<Vec<_>>(),
        "next_poll": rfc3339(inspection.next_poll),
        "next_poll_because": inspection.next_poll_reason,
    })
}

fn entry_json(entry: &InspectedEntry) -> Value {
    let (draft, identity) = (&entry.item.draft, &entry.item.identity);
    json!({
        "key": identity.key.as_str(),
        "key_from": identity.key_from.as_str(),
        "guid": identity.guid,
        "title": draft.title,
        "url": draft.url.as_ref().map(Url::as_str),
        "published": draft.published.map(|date| rfc3339(date.at)),
        "updated": draft.updated.map(rfc3339),
        "authors": draft.authors.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(),
        "categories": draft.categories.iter().map(|c| c.term.as_str()).collect::<Vec<_>>(),
        "summary": draft.summary.as_ref().map(|s| feed_parser::plain_text(s.as_str())),
        "from": {
            "key": key_from(entry),
            "guid": draft.from.guid,
            "title": draft.from.title,
            "url": draft.from.url,
            "published": draft.from.published,
            "updated": draft.from.updated,
            "authors": draft.from.authors,
            "summary": draft.from.summary,
            "content": draft.from.content,
            "image": draft.from.image,
        },
        "content_bytes": draft.content.as_ref().map_or(0, |c| c.as_str().len()),
        "topics": entry.topics,
        "because": entry.reason,
    })
}

/// Returns the elements of the document that the key was made from.
fn key_from(entry: &InspectedEntry) -> String {
    let (draft, identity) = (&entry.item.draft, &entry.item.identity);
    let field = |name: &Option<std::borrow::Cow<'static, str>>, else_name: &str| {
        name.as_deref().unwrap_or(else_name).to_owned()
    };
    match identity.key_from {
        KeyFrom::Guid => field(&draft.from.guid, "guid"),
        KeyFrom::Link => field(&draft.from.url, "link"),
        KeyFrom::TitleDate => format!(
            "{} and {}",
            field(&draft.from.title, "title"),
            field(&draft.from.published, "date")
        ),
        KeyFrom::TitleText => "title and text".to_owned(),
    }
}

/// Lists the element that each field was taken from, where it is known.
fn field_origins(draft: &Draft) -> String {
    let from = &draft.from;
    let fields = [
        ("id", &from.guid),
        ("title", &from.title),
        ("link", &from.url),
        ("published", &from.published),
        ("updated", &from.updated),
        ("authors", &from.authors),
        ("summary", &from.summary),
        ("content", &from.content),
        ("image", &from.image),
    ];
    let origins = fields
        .iter()
        .filter_map(|(field, name)| Some(format!("{field} from {}", name.as_deref()?)));
    origins.collect::<Vec<_>>().join(", ")
}

fn render_text(inspection: &Inspection) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{}", escape_line(&line));
    };
    line(format!("request   {}", inspection.url));
    for (name, value) in inspection.request_headers.iter() {
        line(format!("  {name}: {}", String::from_utf8_lossy(value)));
    }
    for hop in &inspection.redirects {
        line(format!("redirect  {} {} -> {}", hop.status, hop.from, hop.to));
    }
    match (&inspection.error, inspection.status) {
        (Some(error), Some(status)) => line(format!("response  {status}: {error}")),
        (Some(error), None) => line(format!("response  none: {error}")),
        (None, status) => {
            line(format!(
                "response  {} from {}",
                status.unwrap_or(0),
                inspection.final_url.as_deref().unwrap_or("?")
            ));
        }
    }
    for (name, value) in inspection.response_headers.iter() {
        line(format!("  {name}: {}", String::from_utf8_lossy(value)));
    }
    let reason = inspection.follow_reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
    line(format!("follow    {}{reason}", inspection.follow_mode.as_str()));
    for way in &inspection.ways {
        line(format!("  {:<8}{} entries: {}", way.way.as_str(), way.entries, way.because));
    }
    if let Some(format) = inspection.format {
        let encoding = inspection
            .encoding
            .as_ref()
            .map(|e| format!(", in {} ({})", e.name, e.because))
            .unwrap_or_default();
        line(format!("format    {format}{encoding}"));
    }
    for repair in &inspection.repairs {
        let place = repair.line.map(|n| format!(" (first on line {n})")).unwrap_or_default();
        let times =
            if repair.count > 1 { format!(", {} times", repair.count) } else { String::new() };
        line(format!("repaired  {}{place}{times}", repair.text));
    }
    // Repairs are listed as problems too; they were printed above.
    let is_repair =
        |problem: &Problem| inspection.repairs.iter().any(|repair| repair.code == problem.code);
    for problem in inspection.problems.iter().filter(|problem| !is_repair(problem)) {
        let place = problem.line.map(|n| format!(" (line {n})")).unwrap_or_default();
        line(format!("{:<9} {}{place}", problem.severity.as_str(), problem.text));
    }
    if let Some(title) = &inspection.title {
        line(format!(
            "feed      {title}, {}",
            inspection.link.as_deref().unwrap_or("no home page")
        ));
    }
    for entry in &inspection.entries {
        let (draft, identity) = (&entry.item.draft, &entry.item.identity);
        line(String::new());
        line(format!("entry     {}", draft.title.as_deref().unwrap_or("(no title)")));
        line(format!(
            "  key     {} (from {}); {}",
            identity.key,
            identity.key_from.as_str(),
            entry.reason
        ));
        line(format!("  link    {}", draft.url.as_ref().map_or("none", Url::as_str)));
        line(format!(
            "  date    {}",
            draft.published.map_or_else(|| "none".to_owned(), |d| minute(d.at))
        ));
        let origins = field_origins(draft);
        if !origins.is_empty() {
            line(format!("  fields  {origins}"));
        }
        let topics =
            if entry.topics.is_empty() { "none".to_owned() } else { entry.topics.join(", ") };
        line(format!("  topics  {topics}"));
    }
    line(String::new());
    line(format!(
        "next poll {} UTC: {}",
        minute(inspection.next_poll),
        inspection.next_poll_reason
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_be_given_without_a_scheme() {
        for (text, want) in [
            ("www.example.org", "https://www.example.org/"),
            ("example.org:8080/feed", "https://example.org:8080/feed"),
            ("example.org/a?u=http://x", "https://example.org/a?u=http://x"),
            ("http://example.org", "http://example.org/"),
            ("feed://example.org/f", "http://example.org/f"),
            ("feed:https://example.org/f", "https://example.org/f"),
        ] {
            assert_eq!(parse_url(text).unwrap().as_str(), want, "{text}");
        }
        for text in ["not-a-url", "", ".hidden", "/path"] {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }
}
