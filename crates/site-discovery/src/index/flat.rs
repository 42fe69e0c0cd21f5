//! Data in which every value stands once in one list, and refers to others by their place: what Remix (`turbo-stream`),
//! Nuxt and `SvelteKit` (`devalue`) write into their pages.
//!
//! Deliberately absent: maps, sets and other values that no post is told by. The rule kept: what refers to itself ends at a
//! depth, and what refers to the same thing a thousand times ends at a count.

use serde_json::{Map, Value};

/// Values resolved in one document.
const VALUES: usize = 400_000;
/// How deep values are resolved.
const DEEP: usize = 40;

/// A document with its references resolved; any other as it is.
pub(super) fn unflattened(value: Value) -> Value {
    let resolved = match &value {
        Value::Array(list) if is_flat(list) => {
            let mut left = VALUES;
            Some(resolve(list, 0, DEEP, &mut left))
        }
        // SvelteKit: the data of each part of a page is such a list.
        Value::Object(object) => object.get("nodes").and_then(Value::as_array).map(|nodes| {
            let lists = nodes.iter().filter_map(|node| node.get("data").and_then(Value::as_array)).filter(|list| is_flat(list));
            let mut left = VALUES;
            Value::Array(lists.map(|list| resolve(list, 0, DEEP, &mut left)).collect())
        }),
        _ => None,
    };
    resolved.filter(|v| v.as_array().is_none_or(|list| !list.is_empty())).unwrap_or(value)
}

/// Whether the first value of a list refers to others: an object of places, or a marked value such as `["Reactive", 1]`.
fn is_flat(list: &[Value]) -> bool {
    let is_place =
        |value: &Value| value.as_i64().is_some_and(|place| place < 0 || usize::try_from(place).is_ok_and(|p| p < list.len()));
    list.len() > 3
        && match &list[0] {
            Value::Object(object) => !object.is_empty() && object.values().all(is_place),
            Value::Array(pair) => matches!(pair.as_slice(), [Value::String(_), place] if is_place(place)),
            _ => false,
        }
}

fn resolve(list: &[Value], place: usize, depth: usize, left: &mut usize) -> Value {
    let Some(target) = list.get(place) else { return Value::Null };
    if depth == 0 || *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    let mut follow = |value: &Value| {
        value.as_u64().and_then(|p| usize::try_from(p).ok()).map_or(Value::Null, |p| resolve(list, p, depth - 1, left))
    };
    match target {
        Value::Object(object) => {
            let mut out = Map::new();
            for (key, value) in object {
                // `{"_1": 2}` refers to its key, too.
                let by_place = key.strip_prefix('_').and_then(|n| n.parse::<usize>().ok()).and_then(|n| list.get(n));
                let name = by_place.and_then(Value::as_str).unwrap_or(key).to_owned();
                out.insert(name, follow(value));
            }
            Value::Object(out)
        }
        Value::Array(items) => match items.as_slice() {
            // A date, or a value that is watched for changes.
            [Value::String(_), Value::Number(place)] => follow(&Value::Number(place.clone())),
            [Value::String(kind), value, ..] if kind.len() <= 24 => value.clone(),
            items => Value::Array(items.iter().map(follow).collect()),
        },
        other => other.clone(),
    }
}

/// A document without the numbers that mark what kind each value is: `[0, "text"]`, `[1, [list]]`, as Astro writes them.
pub(super) fn unmarked(value: Value) -> Value {
    let is_marked = |value: &Value| matches!(value.as_array().map(Vec::as_slice), Some([Value::Number(_), _]));
    let marked = value.as_object().is_some_and(|object| !object.is_empty() && object.values().all(is_marked));
    if marked { unmark(value, DEEP) } else { value }
}

fn unmark(value: Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    match value {
        Value::Object(object) => Value::Object(object.into_iter().map(|(key, value)| (key, unmark(value, depth - 1))).collect()),
        Value::Array(mut pair) if matches!(pair.as_slice(), [Value::Number(_), _]) => unmark(pair.remove(1), depth - 1),
        Value::Array(list) => Value::Array(list.into_iter().map(|value| unmark(value, depth - 1)).collect()),
        other => other,
    }
}
