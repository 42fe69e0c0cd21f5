//! Decoding of flattened JSON: a list in which values refer to each other by index.
//!
//! Remix (`turbo-stream`), Nuxt and `SvelteKit` (`devalue`) write their page data like this. Maps,
//! sets and other special values are not decoded. Depth and count of resolved values are bounded,
//! because references can be circular.

use serde_json::{Map, Value};

/// The maximum number of values resolved in one document.
const MAX_VALUES: usize = 400_000;
/// The maximum depth of resolved values.
const MAX_DEPTH: usize = 40;

/// Returns a flattened document with its references resolved. Other documents are returned
/// unchanged.
pub(super) fn unflatten(value: Value) -> Value {
    let resolved = match &value {
        Value::Array(list) if is_flattened(list) => {
            let mut remaining = MAX_VALUES;
            Some(resolve(list, 0, MAX_DEPTH, &mut remaining))
        }
        // SvelteKit: each node of a page has such a list as its data.
        Value::Object(object) => object.get("nodes").and_then(Value::as_array).map(|nodes| {
            let lists = nodes
                .iter()
                .filter_map(|node| node.get("data").and_then(Value::as_array))
                .filter(|list| is_flattened(list));
            let mut remaining = MAX_VALUES;
            Value::Array(lists.map(|list| resolve(list, 0, MAX_DEPTH, &mut remaining)).collect())
        }),
        _ => None,
    };
    resolved.filter(|v| v.as_array().is_none_or(|list| !list.is_empty())).unwrap_or(value)
}

/// Returns whether the first value of a list refers to others: an object of indexes, or a tagged
/// value such as `["Reactive", 1]`.
fn is_flattened(list: &[Value]) -> bool {
    let is_index = |value: &Value| {
        value
            .as_i64()
            .is_some_and(|index| index < 0 || usize::try_from(index).is_ok_and(|p| p < list.len()))
    };
    list.len() > 3
        && match &list[0] {
            Value::Object(object) => !object.is_empty() && object.values().all(is_index),
            Value::Array(pair) => {
                matches!(pair.as_slice(), [Value::String(_), index] if is_index(index))
            }
            _ => false,
        }
}

fn resolve(list: &[Value], index: usize, depth: usize, remaining: &mut usize) -> Value {
    let Some(target) = list.get(index) else {
        return Value::Null;
    };
    if depth == 0 || *remaining == 0 {
        return Value::Null;
    }
    *remaining -= 1;
    let mut resolve_reference = |value: &Value| {
        value
            .as_u64()
            .and_then(|p| usize::try_from(p).ok())
            .map_or(Value::Null, |p| resolve(list, p, depth - 1, remaining))
    };
    match target {
        Value::Object(object) => {
            let mut out = Map::new();
            for (key, value) in object {
                // In `{"_1": 2}` the key is a reference, too.
                let by_index = key
                    .strip_prefix('_')
                    .and_then(|n| n.parse::<usize>().ok())
                    .and_then(|n| list.get(n));
                let name = by_index.and_then(Value::as_str).unwrap_or(key).to_owned();
                out.insert(name, resolve_reference(value));
            }
            Value::Object(out)
        }
        Value::Array(items) => match items.as_slice() {
            // A tagged reference, such as a reactive value.
            [Value::String(_), Value::Number(index)] => {
                resolve_reference(&Value::Number(index.clone()))
            }
            [Value::String(kind), value, ..] if kind.len() <= 24 => value.clone(),
            items => Value::Array(items.iter().map(resolve_reference).collect()),
        },
        other => other.clone(),
    }
}

/// Removes the type tags that Astro writes: `[0, "text"]`, `[1, [list]]`. Other documents are
/// returned unchanged.
pub(super) fn strip_type_tags(value: Value) -> Value {
    let is_type_tagged =
        |value: &Value| matches!(value.as_array().map(Vec::as_slice), Some([Value::Number(_), _]));
    let all_type_tagged = value
        .as_object()
        .is_some_and(|object| !object.is_empty() && object.values().all(is_type_tagged));
    if all_type_tagged { strip_tags_within(value, MAX_DEPTH) } else { value }
}

fn strip_tags_within(value: Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| (key, strip_tags_within(value, depth - 1)))
                .collect(),
        ),
        Value::Array(mut pair) if matches!(pair.as_slice(), [Value::Number(_), _]) => {
            strip_tags_within(pair.remove(1), depth - 1)
        }
        Value::Array(list) => Value::Array(
            list.into_iter().map(|value| strip_tags_within(value, depth - 1)).collect(),
        ),
        other => other,
    }
}
