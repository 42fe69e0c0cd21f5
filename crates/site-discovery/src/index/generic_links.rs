//! Texts of links that name nothing: those that lead through the site, and those that only say that
//! there is more.
//!
//! Deliberately absent: addresses. The rule kept: a text counts only as a whole, so that a post
//! called "The next archive" keeps its title.

use std::sync::LazyLock;

use regex::Regex;

/// Whether a text leads through the site, and to no post: `Older posts`, `Subscribe`.
pub(super) fn is_navigation_text(text: &str) -> bool {
    let text = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    text.chars().count() <= 24
        && (matches!(
            text.as_str(),
            "next"
                | "previous"
                | "prev"
                | "older"
                | "newer"
                | "older posts"
                | "newer posts"
                | "older entries"
                | "newer entries"
                | "next page"
                | "previous page"
                | "load more"
                | "show more"
                | "more posts"
                | "all posts"
                | "view all"
                | "see all"
                | "view all posts"
                | "see all posts"
                | "all articles"
                | "view archive"
                | "archive"
                | "archives"
                | "home"
                | "rss"
                | "rss feed"
                | "atom"
                | "feed"
                | "subscribe"
                | "sign up"
                | "sign in"
                | "log in"
                | "back"
                | "back to top"
                | "edit"
                | "reply"
                | "share"
                | "comments"
                | "comment"
                | "no comments"
                | "leave a comment"
                | "0 comments"
                | "source"
                | "github"
                | "demo"
                | "view all articles"
                | "last"
                | "first"
        ) || text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() && text.len() <= 3)
}

static READ_MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?:continue|keep) reading|read (?:more|on|now|it|this|post|article|full|the (?:post|article|full|rest|story|essay|whole|issue))",
        r"|(?:view|see|open) (?:post|article|more|full|online|details|the (?:post|article|full|rest))",
        r"|\d+ (?:comments?|likes?|replies|views|min|minutes?))\b",
    ))
    .expect("a valid pattern")
});

/// A text that many links have and that names nothing: `Read more`, `Continue reading →`.
pub(super) fn is_generic_text(text: &str) -> bool {
    let bare = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if bare.is_empty() {
        return true;
    }
    matches!(
        bare.as_str(),
        "more"
            | "read"
            | "link"
            | "permalink"
            | "details"
            | "open"
            | "view"
            | "weiterlesen"
            | "mehr lesen"
            | "lire la suite"
            | "leer más"
            | "here"
            | "go"
            | "full story"
            | "learn more"
            | "watch"
            | "listen"
            | "show"
            | "visit"
            | "continue"
            | "explore"
            | "discover"
            | "full article"
            | "full text"
            | "go to article"
            | "weiter"
            | "mehr"
            | "mehr erfahren"
            | "zum artikel"
            | "artikel lesen"
            | "lire"
            | "lire plus"
            | "lire l'article"
            | "lire l’article"
            | "en savoir plus"
            | "leer"
            | "seguir leyendo"
            | "leggi"
            | "leggi tutto"
            | "continua a leggere"
            | "lees meer"
            | "lees verder"
            | "läs mer"
            | "les mer"
            | "læs mere"
            | "lue lisää"
            | "czytaj dalej"
            | "czytaj więcej"
            | "číst dále"
            | "celý článek"
            | "читать"
            | "читать далее"
            | "подробнее"
            | "devamı"
            | "devamını oku"
            | "ler mais"
            | "leia mais"
            | "もっと見る"
            | "更多"
            | "阅读更多"
            | "더 보기"
            | "자세히 보기"
            | "المزيد"
            | "اقرأ المزيد"
            | "print"
            | "pdf"
            | "download"
            | "printer friendly"
            | "printer-friendly version"
            | "阅读全文"
            | "続きを読む"
    ) || bare.split(' ').count() <= 6 && READ_MORE.is_match(&bare)
}
