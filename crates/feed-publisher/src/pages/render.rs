//! Rendering of templates to bytes.

use askama::Template;

/// The largest size of a page, in bytes. Pages shorten their lists until they fit.
pub const MAX_PAGE_BYTES: usize = 50_000;

/// Renders a whole page.
pub(super) fn render(template: &impl Template) -> Vec<u8> {
    render_text(template).into_bytes()
}

/// Renders a part of a page.
pub(super) fn render_text(template: &impl Template) -> String {
    template.render().expect("writing to memory does not fail")
}
