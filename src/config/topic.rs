//! `[[topic]]`: one topic each, with its rules.

use std::time::Duration;

use super::{
    findings::{Findings, closest_match, quoted},
    icon,
    source::{TakenIds, register_id},
    table_reader::{Setting, TableReader},
    terms::{self, matchers, texts},
    value::Located,
    vocabulary, webhook,
};
use feed_model::{SourceId, TermGroup, Topic, TopicId};

/// The `was` list of each topic, with positions.
type FormerIds = Vec<Setting<Vec<Located<String>>>>;

pub(super) fn read_all(
    sections: Vec<TableReader<'_>>,
    sources: &TakenIds,
    findings: &mut Findings,
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
    findings: &mut Findings,
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
    let icon = icon::read(&mut section, findings, "drawn");
    let plain = TermGroup::default();
    let vocabularies = vocabulary::read(&mut section, findings);
    let any = matchers(&mut section, "any", &plain, findings);
    let all = matchers(&mut section, "all", &plain, findings);
    let none = matchers(&mut section, "none", &plain, findings);
    let own_terms = terms::groups(&mut section, findings);
    let own_except = terms::except(&mut section, findings);
    let only_sources = source_ids(&mut section, "sources", sources, findings);
    let excluded_sources = source_ids(&mut section, "exclude_sources", sources, findings);
    let languages = languages(&mut section, findings);
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
    let webhooks = webhook::read(&mut section, findings);
    section.finish(findings);

    let (mut term_groups, mut except) = (Vec::new(), feed_model::Exceptions::default());
    for vocabulary in vocabularies {
        term_groups.extend(vocabulary.terms);
        except.words.extend(vocabulary.except.words);
        except.title.extend(vocabulary.except.title);
    }
    term_groups.extend(own_terms);
    except.words.extend(own_except.words);
    except.title.extend(own_except.title);
    let rules = [&any, &all, &none];
    let has_no_matchers =
        rules.iter().all(|list| list.valid && list.value.is_empty()) && term_groups.is_empty();
    if has_no_matchers && only_sources.is_empty() && languages.is_empty() && !learn {
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
    let only_supports = !term_groups.is_empty() && term_groups.iter().all(|group| group.supports);
    if only_supports && any.valid && any.value.is_empty() && !learn && threshold.value > 0.0 {
        let hint = "add a group without `supports`, or matchers with any = [\"…\"]".to_owned();
        findings.warning(
            &name,
            &header_span,
            "no story reaches the threshold: supporting terms add at most half of it",
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
    Some(Topic {
        id,
        title,
        description,
        icon,
        any: texts(any),
        terms: term_groups,
        all: texts(all),
        none: texts(none),
        except,
        sources: only_sources,
        excluded_sources,
        languages,
        threshold: threshold.value,
        former_ids: was_ids,
        learn,
        announce_within,
        access,
        webhooks,
    })
}

/// Reads `languages`: primary subtags of BCP 47 in lower case.
fn languages(section: &mut TableReader<'_>, findings: &mut Findings) -> Vec<String> {
    let list = section.or(findings, "languages", Vec::<Located<String>>::new());
    let mut languages = Vec::new();
    for (index, language) in list.value.iter().enumerate() {
        let tag = language.value.trim().to_ascii_lowercase();
        if (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_lowercase()) {
            languages.push(tag);
            continue;
        }
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let hint = if (2..=3).contains(&primary.len()) {
            format!("regions are not distinguished; use \"{primary}\"")
        } else {
            "use a code of two or three letters, for example \"en\" or \"de\"".to_owned()
        };
        let text = format!("{} is not a language code", quoted(&language.value));
        findings.error(&format!("{}[{index}]", list.key), &language.span, text, hint);
    }
    languages
}

/// Reads a list of source ids, and reports ids that no source has.
fn source_ids(
    section: &mut TableReader<'_>,
    key: &'static str,
    sources: &TakenIds,
    findings: &mut Findings,
) -> Vec<SourceId> {
    let list = section.or(findings, key, Vec::<Located<String>>::new());
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
fn check_former_ids(former: &FormerIds, ids: &TakenIds, findings: &mut Findings) {
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
