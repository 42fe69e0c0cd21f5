//! The name of a publication at the end of a title: "Queues, again – Acme Engineering".

use super::text;

/// Words that a title must keep: of less, nothing is left that tells one post from another.
const LEAST_WORDS: usize = 3;

/// A title as titles are compared, without the words at its end that are the name of its source (its title, or the name
/// of its site), as long as three words stay.
pub(super) fn without<'a>(title: &'a str, source_title: Option<&str>, home: Option<&str>) -> &'a str {
    let names = [source_title, home, home.and_then(|home| home.split('.').next())];
    let names: Vec<String> = names.into_iter().filter_map(text::title_norm).collect();
    let words = title.split(' ').count();
    let ending = |name: &String| {
        // Dashes and dots are gone from a normalised title, bars and arrows are not.
        let rest = title.strip_suffix(name.as_str())?.strip_suffix(' ')?.trim_end_matches([' ', '|', '~', '<', '>', '=', '+']);
        (words >= name.split(' ').count() + LEAST_WORDS).then_some(rest)
    };
    names.iter().filter_map(ending).min_by_key(|rest| rest.len()).unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_source_goes_from_the_end_of_a_title() {
        let bare = |title| without(title, Some("Acme Engineering"), Some("acme.example"));
        assert_eq!(bare("how queues fail acme engineering"), "how queues fail");
        assert_eq!(bare("how queues fail | acme engineering"), "how queues fail");
        assert_eq!(bare("how queues fail acme"), "how queues fail");
        assert_eq!(bare("how queues fail acme example"), "how queues fail");
        assert_eq!(bare("queues at acme engineering"), "queues at acme engineering", "too little would be left");
        assert_eq!(bare("how queues fail tacme"), "how queues fail tacme");
        assert_eq!(without("how queues fail", None, None), "how queues fail");
    }
}
