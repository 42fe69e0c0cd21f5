//! The JSON Schema of feeds.toml, for completion and underlining in editors.
//!
//! It is made from the keys that [`super::check`] reads, with their types and defaults: `check`
//! runs on a file with every table and no values, and records what it looks for. The descriptions
//! are those of docs/reference.md.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// The dialect. Editors support it best.
const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

const REFERENCE: &str = include_str!("../../docs/reference.md");

/// What `check` looks for under a key.
#[derive(Debug, Clone)]
pub(super) enum KeyKind {
    /// A value, with the schema of its type.
    Value(Json),
    /// A table: `[site]`.
    Table,
    /// Tables: `[[source]]`.
    Tables,
}

/// A key that `check` looks for.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) kind: KeyKind,
    /// The default in TOML, unless it depends on other values.
    pub(super) default: Option<String>,
    pub(super) required: bool,
}

/// The keys that `check` looks for, by their path without indexes: `source.page.item`.
#[derive(Debug, Default)]
pub(super) struct KeyTable(Vec<(String, Key)>);

impl KeyTable {
    /// Records a key of a table. A key that is looked for twice is recorded once.
    pub(super) fn record(&mut self, path: &str, key: Key) {
        let path = without_indexes(path);
        match self.0.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => known.required |= key.required,
            None => self.0.push((path, key)),
        }
    }

    /// Returns a file that has every recorded table.
    fn skeleton(&self) -> String {
        let header = |(path, key): &(String, Key)| match key.kind {
            KeyKind::Value(_) => String::new(),
            KeyKind::Table => format!("[{path}]\n"),
            KeyKind::Tables => format!("[[{path}]]\n"),
        };
        self.0.iter().map(header).collect()
    }
}

/// Removes indexes from a path: `source[0].page` becomes `source.page`.
fn without_indexes(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// Returns the JSON Schema of feeds.toml.
pub fn schema() -> Json {
    let keys = keys();
    let descriptions = descriptions(REFERENCE);
    let mut schema = table(&keys, "", &descriptions);
    let mut top = Map::new();
    top.insert("$schema".to_owned(), json!(DIALECT));
    top.insert("title".to_owned(), json!("feeds.toml of Tributary"));
    if let Some(table) = schema.as_object_mut() {
        top.append(table);
    }
    Json::Object(top)
}

/// Finds every key. A table within a table is found only when the outer one is there.
fn keys() -> KeyTable {
    let mut skeleton = String::new();
    loop {
        let keys = super::recorded_keys(&skeleton);
        let next = keys.skeleton();
        if next == skeleton {
            return keys;
        }
        skeleton = next;
    }
}

/// Returns the schema of the table at `path`.
fn table(keys: &KeyTable, path: &str, descriptions: &Descriptions) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, key, full) in children(keys, path) {
        let mut schema = match &key.kind {
            KeyKind::Value(schema) => schema.clone(),
            KeyKind::Table => table(keys, full, descriptions),
            KeyKind::Tables => json!({"type": "array", "items": table(keys, full, descriptions)}),
        };
        if let Some(fields) = schema.as_object_mut() {
            if let Some(text) = descriptions.of(path, name) {
                fields.insert("description".to_owned(), json!(text));
            }
            // An empty text stands for a default that depends on other values.
            if let Some(default) = key.default.as_deref().and_then(json_of_toml)
                && default != ""
            {
                fields.insert("default".to_owned(), default);
            }
        }
        properties.insert(name.to_owned(), schema);
        if key.required {
            required.push(name);
        }
    }
    let mut schema =
        json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Returns the name, key and path of each key of a table, in the order in which `check` reads them.
fn children<'k>(
    keys: &'k KeyTable,
    table: &'k str,
) -> impl Iterator<Item = (&'k str, &'k Key, &'k str)> {
    keys.0.iter().filter_map(move |(path, key)| {
        let rest = path.strip_prefix(table)?;
        let name = if table.is_empty() { rest } else { rest.strip_prefix('.')? };
        (!name.contains('.')).then_some((name, key, path.as_str()))
    })
}

fn json_of_toml(value: &str) -> Option<Json> {
    let document: toml::Table = toml::from_str(&format!("value = {value}")).ok()?;
    serde_json::to_value(document.get("value")?).ok()
}

/// The meanings of keys by table and key.
struct Descriptions(BTreeMap<(String, String), String>);

impl Descriptions {
    /// Returns the meaning of a key. Keys that sources share with `[polling]` are described there.
    fn of(&self, table: &str, key: &str) -> Option<&str> {
        let look = |table: &str| self.0.get(&(table.to_owned(), key.to_owned()));
        let shared = if table == "source" { look("polling") } else { None };
        look(table).or(shared).map(String::as_str)
    }
}

/// Reads the tables of keys in the section on feeds.toml: a heading with the name of the table, and
/// below it rows of key, default and meaning.
fn descriptions(reference: &str) -> Descriptions {
    let (mut found, mut table) = (BTreeMap::new(), None);
    for line in reference.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            let heading = heading.trim_start_matches('#').trim();
            table = match heading {
                "Groups of terms" => Some("topic.terms"),
                _ if heading.starts_with('[') => Some(heading.trim_matches(['[', ']'])),
                _ => None,
            };
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if let (Some(table), [key, _, meaning]) = (table, &cells[..])
            && let Some(key) = key.strip_prefix('`').and_then(|key| key.strip_suffix('`'))
        {
            found.insert((table.to_owned(), key.to_owned()), plain_text(meaning));
        }
    }
    Descriptions(found)
}

/// Removes the targets of Markdown links.
fn plain_text(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text = match text.rfind('[') {
            Some(at) => format!("{}{}", &text[..at], &text[at + 1..]),
            None => text,
        };
        text.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_their_text() {
        assert_eq!(plain_text("see [here](#x) and [there](y.md)."), "see here and there.");
        assert_eq!(plain_text("`[[topic.terms]]`: [groups](#g)"), "`[[topic.terms]]`: groups");
    }

    #[test]
    fn indexes_are_removed_from_paths() {
        assert_eq!(without_indexes("source[12].page.item"), "source.page.item");
    }
}
