//! Ids for new sources and topics, made from titles and URLs.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use url::Url;

use feed_model::SourceId;

/// The longest id that is made from a title. Longer ones are cut between words.
const MAX_TITLE_ID_BYTES: usize = 40;
/// The maximum length of an id.
const MAX_ID_BYTES: usize = 64;

/// Titles that many publications have.
const COMMON_TITLES: [&str; 16] = [
    "all",
    "all-posts",
    "articles",
    "atom",
    "blog",
    "feed",
    "home",
    "index",
    "latest",
    "my-blog",
    "news",
    "posts",
    "rss",
    "rss-feed",
    "untitled",
    "updates",
];

/// Parts of a path that name a kind of document and not a publication.
const COMMON_PATHS: [&str; 9] =
    ["atom", "atom-xml", "feed", "feed-xml", "feeds", "index-xml", "rss", "rss-xml", "xml"];

/// Suggests an id for a topic from its title.
pub fn suggest_topic_id(title: &str) -> String {
    slug(title).filter(|id| id != "all").unwrap_or_else(|| "topic".to_owned())
}

/// Suggests an id for a source that is not in `taken`, from its title, else from the host of its
/// URL. Ids that differ only in case are the same.
pub fn suggest_source_id(title: Option<&str>, url: &Url, taken: &[String]) -> SourceId {
    let host = host_slug(url);
    let title = title.and_then(title_slug).filter(|id| !COMMON_TITLES.contains(&id.as_str()));
    let path = url.path_segments().into_iter().flatten().filter_map(slug);
    let path: Vec<String> = path.filter(|part| !COMMON_PATHS.contains(&part.as_str())).collect();
    let with_path = (!path.is_empty()).then(|| format!("{host}-{}", path.join("-")));
    let suggested = match &title {
        Some(title) => vec![title.clone(), format!("{title}-{host}")],
        None => [Some(host.clone()), with_path].into_iter().flatten().collect(),
    };
    let free = suggested.iter().find(|id| id.len() <= MAX_ID_BYTES && is_free(id, taken)).cloned();
    let id = free.unwrap_or_else(|| numbered_id(&suggested[0], taken));
    SourceId::new(id).expect("letters, digits and hyphens form a valid id")
}

/// Returns the id, with a number appended if it is in `taken`.
pub fn numbered_id(id: &str, taken: &[String]) -> String {
    if is_free(id, taken) {
        return id.to_owned();
    }
    let stem: String = id.chars().take(MAX_ID_BYTES - 8).collect();
    (2..=taken.len() + 2)
        .map(|number| format!("{stem}-{number}"))
        .find(|id| is_free(id, taken))
        .expect("there are more numbers than ids")
}

fn is_free(id: &str, taken: &[String]) -> bool {
    !taken.iter().any(|known| known.eq_ignore_ascii_case(id))
}

/// Returns the host of a URL without `www.` as an id.
fn host_slug(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    slug(host.strip_prefix("www.").unwrap_or(host)).unwrap_or_else(|| "source".to_owned())
}

/// Converts a title to an id. `None` if most of its letters cannot be part of an id.
fn title_slug(title: &str) -> Option<String> {
    let title: String = title.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
    let letters = title.chars().filter(|c| c.is_alphanumeric()).count();
    let slug = slug(&title)?;
    if slug.chars().filter(char::is_ascii_alphanumeric).count() * 2 < letters {
        return None;
    }
    if slug.len() <= MAX_TITLE_ID_BYTES {
        return Some(slug);
    }
    let cut = &slug[..=MAX_TITLE_ID_BYTES];
    let end = cut.rfind('-').filter(|end| *end > 0).unwrap_or(MAX_TITLE_ID_BYTES);
    Some(cut[..end].trim_end_matches(['-', '_']).to_owned())
}

/// Converts text to an id: lower case, without diacritics, with hyphens. `None` if no character is
/// usable.
pub(super) fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        // Letters that have no decomposition.
        let latin = match c {
            'ß' => "ss",
            'Æ' | 'æ' => "ae",
            'Œ' | 'œ' => "oe",
            'Ø' | 'ø' => "o",
            'Ł' | 'ł' => "l",
            'Đ' | 'đ' | 'Ð' | 'ð' => "d",
            'Þ' | 'þ' => "th",
            'ı' => "i",
            _ => "",
        };
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c.to_ascii_lowercase());
        } else if !latin.is_empty() {
            slug.push_str(latin);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_ID_BYTES);
    let slug = slug.trim_matches(['-', '_']);
    (!slug.is_empty()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(title: &str, url: &str, taken: &[&str]) -> String {
        let taken: Vec<String> = taken.iter().map(|id| (*id).to_owned()).collect();
        let title = Some(title).filter(|title| !title.is_empty());
        suggest_source_id(title, &Url::parse(url).unwrap(), &taken).to_string()
    }

    #[test]
    fn a_title_suggests_an_id() {
        let medium = "https://medium.com/feed/@jane";
        assert_eq!(id("Jane’s Café & Bücher", medium, &[]), "janes-cafe-bucher");
        assert_eq!(id("Łódź Øre Straße", medium, &[]), "lodz-ore-strasse");
        let long = "The Morning Paper: an interesting paper from the world of computer science";
        assert_eq!(id(long, medium, &[]), "the-morning-paper-an-interesting-paper");
        assert_eq!(id(&"x".repeat(90), medium, &[]).len(), 40);
        assert_eq!(id("2600", medium, &[]), "2600");
    }

    #[test]
    fn a_taken_title_takes_the_host_and_then_a_number() {
        let url = "https://www.acme.example/feed";
        let blog = "Engineering Blog";
        assert_eq!(id(blog, url, &["Engineering-Blog"]), "engineering-blog-acme-example");
        let taken = ["engineering-blog", "engineering-blog-acme-example"];
        assert_eq!(id(blog, url, &taken), "engineering-blog-2");
    }

    #[test]
    fn a_title_without_usable_letters_leaves_the_host() {
        assert_eq!(id("", "https://www.serverless.fyi/", &[]), "serverless-fyi");
        assert_eq!(id("日本語のブログ v2", "https://blog.example/", &[]), "blog-example");
        assert_eq!(id("Blog", "https://acme.example/", &[]), "acme-example");
        assert_eq!(id("", "http://[::1]/", &[]), "1");
        assert_eq!(id("…", "https://xn--bcher-kva.example/x", &[]), "xn-bcher-kva-example");
        let jane = "https://medium.com/feed/@jane";
        assert_eq!(id("", jane, &["medium-com"]), "medium-com-jane");
        assert_eq!(id("", jane, &["medium-com", "medium-com-jane"]), "medium-com-2");
    }

    #[test]
    fn a_title_suggests_the_id_of_a_topic() {
        assert_eq!(suggest_topic_id("Event Streaming!"), "event-streaming");
        assert_eq!(suggest_topic_id("…"), "topic");
        assert_eq!(suggest_topic_id("All"), "topic");
        assert_eq!(slug("…"), None);
    }
}
