//! The pages: server-rendered, without scripts, fonts or pictures from elsewhere.
//!
//! Each page is a function of values; the templates under `templates/` escape everything that they
//! are given. Texts of stories are shown as plain text only, so no markup of a publisher ever
//! stands in a page. Deliberately absent: a clock (a moment is told, never how long ago it was), so
//! that a page changes only when what it tells changes.

mod chart;
mod error_page;
mod home;
mod layout;
mod month;
mod search;
mod sources;
mod story;
mod story_row;
mod topic;

pub use error_page::{PageError, error_page};
pub use home::{TopicSection, Unsorted, home};
pub use layout::{Alternate, SiteInfo, TopicRef};
pub use month::{MonthPage, STORIES_PER_MONTH_PAGE, month, month_page_count};
pub use search::{SearchPage, search};
pub use sources::sources;
pub use story::story;
pub use topic::{TopicPage, topic};

/// The style sheet of every page, served and published as `/style.css`.
pub const STYLE: &str = include_str!("style.css");

/// Shows the search box of every page: served as `/search.css` where there is a search, and
/// published nowhere. So pages have the same bytes as files that they have when they are served,
/// and no box that leads nowhere.
pub const SEARCH_STYLE: &str = "@media screen { .find { display: block; } }\n";

/// No page is larger, in bytes: lists are shortened until it fits.
pub const MAX_PAGE_BYTES: usize = 50_000;

fn render(template: &impl askama::Template) -> Vec<u8> {
    text(template).into_bytes()
}

fn text(template: &impl askama::Template) -> String {
    template.render().expect("a template writes to memory")
}
