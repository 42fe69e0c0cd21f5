//! The style sheets and the icon of the pages.

/// The style sheet of every page, served and published as `/style.css`.
pub const STYLE: &str = include_str!("style.css");

/// Shows the search box of every page, and links to searches.
///
/// The daemon serves it as `/search.css`; static publishing does not write it. So pages have the
/// same bytes in both cases, and static pages show no search.
pub const SEARCH_STYLE: &str = "@media screen { .search-box, .narrow { display: block; } }\n";

/// The icon of every page: two streams that join, as a `data:` URL.
pub(super) const ICON: &str = concat!(
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E",
    "%3Cpath d='M3 2c0 6 5 4 5 12M13 2c0 6-5 4-5 12' fill='none' stroke='%23b4532a' ",
    "stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
);
