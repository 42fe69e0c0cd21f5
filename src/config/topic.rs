//! `[[topic]]`: a category of stories, and the feed that one subscribes to.

use std::time::Duration;

use super::{
    expressions,
    findings::{Findings, quoted},
    source::{TakenIds, register_id},
    table_reader::{Setting, TableReader, closest_match},
    value::Located,
};
use feed_model::{SourceId, Topic, TopicId};

/// The earlier ids that a topic claims, each with its place.
type EarlierIds = Vec<Setting<Vec<Located<String>>>>;

pub(super) fn read_all(
    sections: Vec<TableReader<'_>>,
    sources: &TakenIds,
    findings: &mut Findings<'_>,
) -> Vec<Topic> {
    let (mut ids, mut earlier) = (TakenIds::new(), EarlierIds::new());
    let mut topics = Vec::new();
    for section in sections {
        topics.extend(read(section, sources, &mut ids, &mut earlier, findings));
    }
    check_earlier(&earlier, &ids, findings);
    topics
}

fn read(
    mut section: TableReader<'_>,
    sources: &TakenIds,
    ids: &mut TakenIds,
    earlier: &mut EarlierIds,
    findings: &mut Findings<'_>,
) -> Option<Topic> {
    let (name, header_span) = (section.name().to_owned(), section.header_span.clone());
    let id = section
        .required::<String>(findings, "id", || "its name in URLs: id = \"streaming\"".to_owned());
    let id = id.validate(findings, |id| match id {
        Some(id) if id.eq_ignore_ascii_case(TopicId::ALL) => Err((
            "`all` is reserved: it is the topic of every story".to_owned(),
            Some("choose another id; /topics/all is there without being asked for".to_owned()),
        )),
        _ => Ok(()),
    });
    let title = section.or(findings, "title", id.value.clone().unwrap_or_default()).value;
    let description = section.optional::<String>(findings, "description", "none").value;
    let any = matchers(&mut section, "any", findings);
    let all = matchers(&mut section, "all", findings);
    let none = matchers(&mut section, "none", findings);
    let source_ids = source_ids(&mut section, sources, findings);
    let threshold = section.or(findings, "threshold", 1.0_f64).validate(findings, |threshold| {
        if *threshold < 0.0 {
            return Err((
                "the threshold is negative: every story would reach it".to_owned(),
                Some("1.0 is usual".to_owned()),
            ));
        }
        Ok(())
    });
    let was = section.or(findings, "was", Vec::<Located<String>>::new());
    let learn = section.or(findings, "learn", false).value;
    let announce_within = section.or(findings, "announce_within", Duration::from_hours(48)).value;
    let access = section.or(findings, "access", Vec::<String>::new()).value;
    section.finish(findings);

    let rules = [&any, &all, &none];
    if rules.iter().all(|list| list.valid && list.value.is_empty())
        && source_ids.is_empty()
        && !learn
    {
        let hint =
            "give it matchers, any = [\"…\"], or leave it out: /topics/all holds every story"
                .to_owned();
        findings.warning(
            &name,
            &header_span,
            "this topic asks for nothing, and so holds every story",
            hint,
        );
    }
    let was_ids = was.value.iter().filter_map(|id| TopicId::new(id.value.as_str()).ok()).collect();
    earlier.push(was);
    let id = if id.valid {
        register_id(&id, ids, "topic", TopicId::new, findings)?
    } else {
        return None;
    };
    let texts = |list: Setting<Vec<Located<String>>>| {
        list.value.into_iter().map(|matcher| matcher.value).collect()
    };
    Some(Topic {
        id,
        title,
        description,
        any: texts(any),
        all: texts(all),
        none: texts(none),
        sources: source_ids,
        threshold: threshold.value,
        former_ids: was_ids,
        learn,
        announce_within,
        access,
    })
}

/// A list of matchers, each of which must parse.
fn matchers(
    section: &mut TableReader<'_>,
    key: &'static str,
    findings: &mut Findings<'_>,
) -> Setting<Vec<Located<String>>> {
    let list = section.or(findings, key, Vec::<Located<String>>::new());
    for (index, matcher) in list.value.iter().enumerate() {
        if let Err(error) = expressions::matcher(&matcher.value) {
            let hint = "a word, a phrase or /regex/, with a field before it or a weight behind: \"title:kafka^2\"".to_owned();
            let text = format!("{} is no matcher: {error}", quoted(&matcher.value));
            findings.error(&format!("{}[{index}]", list.key), &matcher.span, text, hint);
        }
    }
    list
}

/// `sources`: ids of sources that are there.
fn source_ids(
    section: &mut TableReader<'_>,
    sources: &TakenIds,
    findings: &mut Findings<'_>,
) -> Vec<SourceId> {
    let list = section.or(findings, "sources", Vec::<Located<String>>::new());
    let known: Vec<&str> = sources.values().map(|(id, _)| id.as_str()).collect();
    let mut ids = Vec::new();
    for (index, source) in list.value.iter().enumerate() {
        if known.contains(&source.value.as_str()) {
            ids.extend(SourceId::new(source.value.as_str()));
            continue;
        }
        let hint = match closest_match(&source.value, &known) {
            Some(id) => format!("did you mean {}?", quoted(id)),
            None if known.is_empty() => "there is no source at all".to_owned(),
            None => format!("the sources are: {}", known.join(", ")),
        };
        let text = format!("there is no source {}", quoted(&source.value));
        findings.missing(&format!("{}[{index}]", list.key), &source.span, text, hint);
    }
    ids
}

/// An earlier id redirects to its topic: it is no topic's id now, and one topic's only.
fn check_earlier(earlier: &EarlierIds, ids: &TakenIds, findings: &mut Findings<'_>) {
    let mut claimed = TakenIds::new();
    for list in earlier {
        for (index, id) in list.value.iter().enumerate() {
            let key = format!("{}[{index}]", list.key);
            let lower = id.value.to_lowercase();
            let shown = quoted(&id.value);
            if let Err(error) = TopicId::new(id.value.as_str()) {
                let hint = "it was an id once, or it needs no redirect: leave it out".to_owned();
                findings.error(&key, &id.span, format!("{shown} is no id: {error}"), hint);
            } else if lower == TopicId::ALL || ids.contains_key(&lower) {
                let hint =
                    "an earlier id redirects to its topic, so no topic may have it now".to_owned();
                findings.error(&key, &id.span, format!("{shown} is the id of a topic"), hint);
            } else if let Some((_, first)) = claimed.get(&lower) {
                let hint = format!(
                    "it is claimed at {} as well: it can redirect to one of the two",
                    findings.place(first)
                );
                findings.error(&key, &id.span, format!("{shown} is claimed twice"), hint);
            } else {
                claimed.insert(lower, (id.value.clone(), id.span.clone()));
            }
        }
    }
}
