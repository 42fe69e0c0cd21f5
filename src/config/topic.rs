//! `[[topic]]`: one topic each, with its rules.

use std::time::Duration;

use super::{
    expressions,
    findings::{Findings, closest_match, quoted},
    source::{TakenIds, register_id},
    table_reader::{Setting, TableReader},
    value::Located,
};
use feed_model::{SourceId, Topic, TopicId};

/// The `was` list of each topic, with positions.
type FormerIds = Vec<Setting<Vec<Located<String>>>>;

pub(super) fn read_all(
    sections: Vec<TableReader<'_>>,
    sources: &TakenIds,
    findings: &mut Findings<'_>,
) -> Vec<Topic> {
    let (mut ids, mut former) = (TakenIds::new(), FormerIds::new());
    let mut topics = Vec::new();
    for section in sections {
        topics.extend(read(section, sources, &mut ids, &mut former, findings));
    }
    check_former_ids(&former, &ids, findings);
    topics
}

fn read(
    mut section: TableReader<'_>,
    sources: &TakenIds,
    ids: &mut TakenIds,
    former: &mut FormerIds,
    findings: &mut Findings<'_>,
) -> Option<Topic> {
    let (name, header_span) = (section.name().to_owned(), section.header_span.clone());
    let id = section.required::<String>(findings, "id", || {
        "add its name in URLs: id = \"streaming\"".to_owned()
    });
    let id = id.validate(findings, |id| match id {
        Some(id) if id.eq_ignore_ascii_case(TopicId::ALL) => Err((
            "`all` is reserved for the topic of every story".to_owned(),
            Some("use another id; /topics/all always exists".to_owned()),
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
                "the threshold is negative, so every story would reach it".to_owned(),
                Some("the default is 1.0".to_owned()),
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
            "add matchers with any = [\"…\"], or remove the topic: /topics/all has every story"
                .to_owned();
        findings.warning(
            &name,
            &header_span,
            "this topic has no rules and contains every story",
            hint,
        );
    }
    let was_ids = was.value.iter().filter_map(|id| TopicId::new(id.value.as_str()).ok()).collect();
    former.push(was);
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

/// Reads a list of matchers and checks their syntax.
fn matchers(
    section: &mut TableReader<'_>,
    key: &'static str,
    findings: &mut Findings<'_>,
) -> Setting<Vec<Located<String>>> {
    let list = section.or(findings, key, Vec::<Located<String>>::new());
    for (index, matcher) in list.value.iter().enumerate() {
        if let Err(error) = expressions::matcher(&matcher.value) {
            let hint =
                "use a word, a phrase or a /regex/, with an optional field prefix and weight \
                        suffix: \"title:kafka^2\""
                    .to_owned();
            let text = format!("invalid matcher {}: {error}", quoted(&matcher.value));
            findings.error(&format!("{}[{index}]", list.key), &matcher.span, text, hint);
        }
    }
    list
}

/// Reads `sources`, and reports ids that no source has.
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
            None if known.is_empty() => "feeds.toml has no sources".to_owned(),
            None => format!("known sources: {}", known.join(", ")),
        };
        let text = format!("unknown source {}", quoted(&source.value));
        findings.missing(&format!("{}[{index}]", list.key), &source.span, text, hint);
    }
    ids
}

/// Checks the former ids: each must be valid, not the id of a present topic, and listed only once.
fn check_former_ids(former: &FormerIds, ids: &TakenIds, findings: &mut Findings<'_>) {
    let mut claimed = TakenIds::new();
    for list in former {
        for (index, id) in list.value.iter().enumerate() {
            let key = format!("{}[{index}]", list.key);
            let lower = id.value.to_lowercase();
            let shown = quoted(&id.value);
            if let Err(error) = TopicId::new(id.value.as_str()) {
                let hint = "remove it: it cannot have been the id of a topic".to_owned();
                let text = format!("{shown} is not a valid id: {error}");
                findings.error(&key, &id.span, text, hint);
            } else if lower == TopicId::ALL || ids.contains_key(&lower) {
                let hint = "remove it: `was` lists former ids that no topic has now".to_owned();
                let text = format!("{shown} is the id of a present topic");
                findings.error(&key, &id.span, text, hint);
            } else if let Some((_, first)) = claimed.get(&lower) {
                let hint = format!(
                    "also listed at {}; it can redirect to one topic only",
                    findings.place(first)
                );
                findings.error(&key, &id.span, format!("{shown} is listed twice"), hint);
            } else {
                claimed.insert(lower, (id.value.clone(), id.span.clone()));
            }
        }
    }
}
