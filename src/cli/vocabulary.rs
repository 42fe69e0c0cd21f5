//! `tributary vocabulary`: lists the vocabularies, or prints one with its hits.

use std::path::Path;

use serde::Serialize;

use super::{CommandError, Context, Exit, table, terminal::escape_line};
use crate::{config::Vocabulary, store::TermHits};
use feed_model::{MatchField, Topic, TopicId};
use topic_rules::Rules;

/// List the vocabularies, or print one with the number of stored stories that have each term
///
/// A topic takes a vocabulary with `vocabulary = ["NAME"]`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a vocabulary, or the path of a file
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    title: String,
    description: Option<String>,
    terms: usize,
}

#[derive(Debug, Serialize)]
struct Printed<'v> {
    name: &'v str,
    title: &'v str,
    description: Option<&'v str>,
    groups: Vec<Group<'v>>,
    except: Except<'v>,
}

#[derive(Debug, Serialize)]
struct Group<'v> {
    words: Vec<Term<'v>>,
    #[serde(rename = "in")]
    fields: Vec<&'static str>,
    weight: f64,
    case: &'static str,
    supports: bool,
}

#[derive(Debug, Serialize)]
struct Except<'v> {
    words: Vec<Term<'v>>,
    title: Vec<Term<'v>>,
}

/// A term, with the stories that have it; null without a database.
#[derive(Debug, Serialize)]
struct Term<'v> {
    term: &'v str,
    #[serde(flatten)]
    hits: Option<&'v TermHits>,
}

/// Runs the command.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    match &args.name {
        None => list(context),
        Some(name) => print(context, name),
    }
}

fn list(context: &Context) -> anyhow::Result<Exit> {
    let listed: Vec<Listed> = Vocabulary::all()
        .into_iter()
        .map(|vocabulary| Listed {
            terms: vocabulary.terms.iter().map(|group| group.words.len()).sum(),
            name: vocabulary.name,
            title: vocabulary.title,
            description: vocabulary.description,
        })
        .collect();
    let mut out = context.out();
    if context.json {
        out.json(&listed)?;
        return out.finish();
    }
    let mut table = table::table(&["NAME", "TERMS", "SUBJECT"]);
    for one in listed {
        let subject = one.description.unwrap_or(one.title);
        table::row(&mut table, [one.name, one.terms.to_string(), subject]);
    }
    out.text(&table::render_text(&table))?;
    out.finish()
}

fn print(context: &Context, name: &str) -> anyhow::Result<Exit> {
    let vocabulary = find(name, Path::new(""))?;
    let hits = hits(context, &vocabulary)?;
    let mut next = hits.iter();
    let mut terms = |words: &'_ [String]| -> Vec<(String, Option<TermHits>)> {
        words.iter().map(|word| (word.clone(), next.next().cloned())).collect()
    };
    let groups: Vec<_> = vocabulary.terms.iter().map(|group| terms(&group.words)).collect();
    let except_words = terms(&vocabulary.except.words);
    let except_title = terms(&vocabulary.except.title);
    let mut out = context.out();
    if context.json {
        out.json(&Printed {
            name: &vocabulary.name,
            title: &vocabulary.title,
            description: vocabulary.description.as_deref(),
            groups: vocabulary
                .terms
                .iter()
                .zip(&groups)
                .map(|(group, words)| Group {
                    words: terms_json(words),
                    fields: group.fields.iter().map(|field| field.as_str()).collect(),
                    weight: group.weight,
                    case: if group.exact_case { "exact" } else { "any" },
                    supports: group.supports,
                })
                .collect(),
            except: Except { words: terms_json(&except_words), title: terms_json(&except_title) },
        })?;
        return out.finish();
    }
    let mut text = format!("{}\n", escape_line(&vocabulary.title));
    if let Some(description) = &vocabulary.description {
        text.push_str(&format!("{}\n", escape_line(description)));
    }
    for (group, words) in vocabulary.terms.iter().zip(&groups) {
        let mut settings = vec![format!("weight {}", group.weight)];
        if !group.fields.is_empty() {
            let fields: Vec<&str> = group.fields.iter().map(|field| field.as_str()).collect();
            settings.push(format!("in {}", fields.join(", ")));
        }
        if group.exact_case {
            settings.push("exact case".to_owned());
        }
        if group.supports {
            settings.push("supports, never decides".to_owned());
        }
        text.push_str(&format!("\n{}\n", settings.join("; ")));
        text.push_str(&terms_text(words));
    }
    for (title, words) in [
        ("except where title, category, summary or content have", &except_words),
        ("except where the title has", &except_title),
    ] {
        if !words.is_empty() {
            text.push_str(&format!("\n{title}\n{}", terms_text(words)));
        }
    }
    out.text(&text)?;
    let done = out.finish()?;
    if hits.is_empty() {
        context.print_notice("no database: the terms are shown without hits");
    }
    Ok(done)
}

/// Returns the vocabulary of this name, or that of a file relative to `directory`.
pub(super) fn find(name: &str, directory: &Path) -> anyhow::Result<Vocabulary> {
    if Vocabulary::is_path(name) {
        let vocabulary = Vocabulary::read(&directory.join(name))
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        return Ok(Vocabulary { name: name.to_owned(), ..vocabulary });
    }
    let mut all = Vocabulary::all();
    let Some(found) = all.iter().position(|vocabulary| vocabulary.name == name) else {
        let known: Vec<String> = all.into_iter().map(|vocabulary| vocabulary.name).collect();
        return Err(CommandError::unknown_id("vocabulary", name, &known).into());
    };
    Ok(all.swap_remove(found))
}

/// Returns the hits of each term in its order, those of the exceptions last; empty without a
/// database.
fn hits(context: &Context, vocabulary: &Vocabulary) -> anyhow::Result<Vec<TermHits>> {
    if !context.has_state() {
        return Ok(Vec::new());
    }
    let id = TopicId::new("vocabulary").expect("a plain word is a valid id");
    let topic = Topic {
        terms: vocabulary.terms.clone(),
        except: vocabulary.except.clone(),
        ..Topic::new(id)
    };
    let rules = Rules::compile(&[topic])?;
    Ok(context.open_existing_store()?.read(|reader| reader.term_hits(&rules))?)
}

fn terms_json(words: &[(String, Option<TermHits>)]) -> Vec<Term<'_>> {
    words.iter().map(|(term, hits)| Term { term, hits: hits.as_ref() }).collect()
}

fn terms_text(words: &[(String, Option<TermHits>)]) -> String {
    let mut text = String::new();
    for (term, hits) in words {
        text.push_str(&format!("  {:<40}", escape_line(term)));
        if let Some(hits) = hits {
            let fields: Vec<String> = MatchField::ALL
                .into_iter()
                .filter_map(|field| Some((field, hits.fields.get(field.as_str())?)))
                .map(|(field, stories)| format!("{stories} {}", field.as_str()))
                .collect();
            let found = if fields.is_empty() { "-".to_owned() } else { fields.join(", ") };
            text.push_str(&format!(" {:>6}  {found}", hits.stories));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
