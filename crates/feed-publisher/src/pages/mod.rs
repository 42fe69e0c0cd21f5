//! The HTML pages, rendered on the server: no scripts, no fonts and no images from other hosts.
//!
//! Each page is a function of its arguments. The templates under `templates/` escape every value.
//! Texts of stories are shown as plain text, so no markup of a publisher reaches a page. Pages show
//! absolute times only, so that a page changes only when its data changes.

mod assets;
mod chart;
mod error_page;
mod home;
mod layout;
mod month;
mod month_chart;
mod render;
mod search;
mod source;
mod source_view;
mod sources;
mod story;
mod story_list;
mod story_row;
mod title_words;
mod topic;
mod unsorted;

pub use assets::{SEARCH_STYLE, STYLE};
pub use error_page::{PageError, error_page};
pub use home::{TopicSection, home};
pub use layout::{SiteInfo, TopicRef};
pub use month::{MonthPage, month};
pub use render::MAX_PAGE_BYTES;
pub use search::{SearchPage, search};
pub use source::{SourcePage, source};
pub use sources::sources;
pub use story::story;
pub use story_list::{STORIES_PER_PAGE, page_count};
pub use topic::{TopicPage, topic};
pub use unsorted::unsorted;
