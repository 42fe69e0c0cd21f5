//! The published site, rendered from the stored state: documents, pages and static files.
//!
//! [`render_site`] renders the documents in advance. [`page`], [`union_feed`], [`search_feed`] and
//! [`archive`] serve requests. [`publish`] writes the whole site to a directory. The output depends
//! on the stored state and the settings only. HTTP is in `serve`.

mod archives;
mod digests;
mod documents;
mod page;
mod render;
mod rendered_document;
mod rendered_feed;
mod search;
mod settings;
mod source_events;
mod source_icons;
mod static_files;
mod static_site;
mod topic_channel;
mod topic_lookup;

pub use archives::{ArchiveLookup, archive};
pub use digests::{digest_feed, digest_paths, issue_digests};
pub use documents::{LastModifiedFn, documents, topic_list, union_feed};
pub use page::{PageName, error_page, page, pages};
pub use render::{mark_outdated_archives, render_archives, render_site};
pub use rendered_document::RenderedDocument;
pub use rendered_feed::RenderedFeed;
pub use search::{FeedSearch, search_feed};
pub(crate) use settings::HUB_PATH;
pub use settings::{Audience, CurrentRules, SiteSettings};
pub use source_events::source_events_feed;
pub use source_icons::source_icon;
pub use static_files::{FilesError, MANIFEST, PublishStats, publish};
pub use static_site::{StaticFile, StaticSite};
pub use topic_lookup::{TopicLookup, resolve};
