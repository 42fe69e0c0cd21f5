//! What is published, drawn from the stored state: documents, pages, static files (layer 3).
//!
//! [`documents`] renders everything that is held ready, [`page`] and [`union_feed`] what is made when somebody asks,
//! [`publish`] writes it all to a directory. The rule kept: what is rendered depends on the stored state and the settings
//! alone. Deliberately absent: HTTP, which is `serve`'s.

mod archives;
mod compression;
mod documents;
mod draw;
mod feed;
mod files;
mod library;
mod page;
mod resolve;
mod search;
mod settings;

pub use archives::{ArchiveAnswer, archive};
pub use compression::{Compression, Effort, MIN_COMPRESSED_BYTES};
pub use documents::{Rendering, documents, topic_list, union_feed};
pub use draw::draw;
pub use feed::Feed;
pub use files::{FilesError, MANIFEST, Written, publish};
pub use library::{Library, Open};
pub use page::{PageName, fault_page, page, pages};
pub use resolve::{Resolved, resolve};
pub use search::search_feed;
pub use settings::{Audience, RulesInForce, Settings};
