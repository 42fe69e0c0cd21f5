//! What is published, drawn from the stored state: documents, pages, static files (layer 3).
//!
//! [`documents`] renders everything that is held ready, [`page`] and [`union_feed`] what is made
//! when somebody asks, [`publish`] writes it all to a directory. The rule kept: what is rendered
//! depends on the stored state and the settings alone. Deliberately absent: HTTP, which is
//! `serve`'s.

mod archives;
mod compression;
mod documents;
mod page;
mod render;
mod rendered_feed;
mod search;
mod settings;
mod snapshot;
mod static_files;
mod topic_lookup;

pub use archives::{ArchiveLookup, archive};
pub use compression::{Compression, CompressionLevel, MIN_COMPRESSED_BYTES};
pub use documents::{RenderedDocument, documents, topic_list, union_feed};
pub use page::{PageName, error_page, page, pages};
pub use render::render_site;
pub use rendered_feed::RenderedFeed;
pub use search::search_feed;
pub use settings::{Audience, CurrentRules, SiteSettings};
pub use snapshot::{Snapshot, SnapshotSource};
pub use static_files::{FilesError, MANIFEST, PublishStats, publish};
pub use topic_lookup::{TopicLookup, resolve};
