//! Words in the classes and ids of elements, by the field of an item that they announce.

/// Words near a text that is a category.
pub(super) const CATEGORY_WORDS: &[&str] = &[
    "tag",
    "tags",
    "category",
    "categories",
    "topic",
    "topics",
    "label",
    "labels",
    "badge",
    "badges",
    "chip",
    "chips",
    "pill",
    "pills",
    "kicker",
    "eyebrow",
    "keyword",
    "keywords",
    "hashtag",
    "hashtags",
    "section",
    "taxonomy",
    "subject",
    "articlesection",
    "cat",
    "taglist",
];
/// Words near a text that is a summary.
pub(super) const SUMMARY_WORDS: &[&str] = &[
    "summary",
    "excerpt",
    "description",
    "desc",
    "dek",
    "subtitle",
    "preview",
    "abstract",
    "intro",
    "lead",
    "lede",
    "teaser",
    "blurb",
    "snippet",
    "subheading",
    "subhead",
    "tagline",
    "deck",
];
/// Words near a text that is a date.
pub(super) const DATE_WORDS: &[&str] =
    &["date", "published", "time", "timestamp", "pubdate", "posted", "datepublished"];
/// Words near a text that names who wrote.
pub(super) const AUTHOR_WORDS: &[&str] = &["author", "authors", "byline", "writer", "contributor"];
/// Words near a text that tells what a person is.
pub(super) const ROLE_WORDS: &[&str] =
    &["subtitle", "role", "bio", "position", "job", "jobtitle", "description", "company", "title"];

/// Words near a text that is a title.
pub(super) const TITLE_WORDS: &[&str] = &["title", "headline", "heading", "name"];
/// Words near a text that is no title, whatever else is near it.
pub(super) const NON_TITLE_WORDS: &[&str] = &[
    "subtitle",
    "sub",
    "excerpt",
    "summary",
    "description",
    "desc",
    "dek",
    "subheading",
    "subhead",
    "tagline",
    "author",
    "byline",
    "site",
];
