//! The icons of publications.

use feed_model::SourceId;
use feed_publisher::Addresses;

use crate::store::{Reader, StoreError};

use super::rendered_document::RenderedDocument;

/// Returns the icon of a public source.
pub fn source_icon(
    reader: &Reader<'_>,
    source: &SourceId,
) -> Result<Option<RenderedDocument>, StoreError> {
    let path = Addresses::source_icon_path(source);
    let icon = reader.source_icon(source)?;
    Ok(icon.map(|png| RenderedDocument::new(path, "image/png", png, None)))
}

/// Returns the icons of all public sources.
pub(super) fn source_icons(reader: &Reader<'_>) -> Result<Vec<RenderedDocument>, StoreError> {
    let mut icons = Vec::new();
    for source in reader.sources_with_icon()? {
        icons.extend(source_icon(reader, &source)?);
    }
    Ok(icons)
}
