//! The style sheets of the pages.

/// The style sheet of every page, served and published as `/style.css`.
pub const STYLE: &str = include_str!("style.css");

/// Shows the search box of every page, and links to searches.
///
/// The daemon serves it as `/search.css`; static publishing does not write it. So pages have the
/// same bytes in both cases, and static pages show no search.
pub const SEARCH_STYLE: &str = "@media screen { .search-box, .narrow { display: block; } }\n";
