//! The inflections of English words, for searches.
//!
//! The search index has the words as they are written. A query for a word asks for every form that
//! has the same stem (Porter2). The forms are generated from the stem with the endings that the
//! stemmer removes, so that nothing has to be stemmed when a story is stored.

use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};

/// The maximum number of forms. Each one costs a look-up in the index.
const MAX_FORMS: usize = 32;

/// Endings of English words, the frequent ones first.
const ENDINGS: &[&str] = &[
    "", "s", "es", "ed", "ing", "e", "er", "ers", "y", "ies", "ied", "ying", "ly", "d", "ion",
    "ions", "ioned", "ioning", "ate", "ates", "ated", "ating", "ation", "ations", "or", "ors",
    "ings", "al", "ally", "able", "ible", "ment", "ments", "ness", "ity", "ities", "ive", "ives",
    "ance", "ence", "ant", "ent", "ic", "ical", "ically", "ism", "ization", "izations", "ize",
    "izes", "ized", "izing", "izer", "izers", "ational", "ional", "ator", "ators", "ative", "ful",
    "fully", "ously", "ous",
];

/// Returns the forms of a word in lower case that have its stem, the word itself first.
pub(super) fn inflections(word: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let stem = stemmer.stem(word).into_owned();
    let mut seen = BTreeSet::new();
    let mut forms = vec![word.to_owned()];
    seen.insert(word.to_owned());
    for ending in ENDINGS {
        for base in bases(word, &stem) {
            let form = format!("{base}{ending}");
            if forms.len() < MAX_FORMS
                && !seen.contains(&form)
                && (form == stem || stemmer.stem(&form) == stem)
            {
                seen.insert(form.clone());
                forms.push(form);
            }
        }
    }
    forms
}

/// Returns what endings are appended to: the word, the stem (`stream`), the stem without its last
/// vowel (`studi` of `studies`, `hope` of `hoping`), and the stem with its last consonant doubled
/// (`run` of `running`).
fn bases(word: &str, stem: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned(), stem.to_owned()];
    bases.extend(stem.strip_suffix(['i', 'e']).map(str::to_owned));
    if let Some(last) = stem.chars().last().filter(|c| "bdfgklmnprtvz".contains(*c)) {
        bases.push(format!("{stem}{last}"));
    }
    bases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_word_have_its_stem() {
        for forms in [
            &["stream", "streams", "streamed", "streaming"][..],
            &["study", "studies", "studied", "studying"],
            &["hope", "hopes", "hoped", "hoping"],
            &["run", "runs", "running"],
            &["query", "queries", "querying", "queried"],
            &["compute", "computes", "computing", "computer", "computers", "computation"],
            &["replicate", "replicates", "replicated", "replicating", "replication"],
            &["deploy", "deploys", "deployed", "deploying", "deployment", "deployments"],
            &["partition", "partitions", "partitioned", "partitioning"],
            &["scale", "scales", "scaled", "scaling"],
            &["box", "boxes"],
            &["kafka"],
            &["größe"],
            &["日"],
        ] {
            for word in forms {
                let found = inflections(word);
                for form in forms {
                    assert!(found.iter().any(|f| f == form), "{form} of {word}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn the_word_itself_is_the_first_of_few_forms() {
        for word in ["streams", "a", "organization", "1984", "ünïcödé"] {
            let found = inflections(word);
            assert_eq!(found[0], word);
            assert!(found.len() <= MAX_FORMS);
        }
    }
}
