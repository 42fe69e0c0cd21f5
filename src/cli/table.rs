//! Tables for people: columns without borders, wrapped to the terminal's width; one line a row
//! where nobody looks.

use comfy_table::{Cell, ContentArrangement, Table, presets};

use super::terminal::escape_line;

/// A table under these headings.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.iter().map(Cell::new));
    table
}

/// Adds a row; every text is made safe for a terminal.
pub(crate) fn row<T: AsRef<str>>(table: &mut Table, cells: impl IntoIterator<Item = T>) {
    table.add_row(
        cells.into_iter().map(|cell| Cell::new(escape_line(cell.as_ref()))).collect::<Vec<_>>(),
    );
}

/// The table as text, without blanks at the ends of lines.
pub(crate) fn render_text(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        // The first column has a blank before it that stands for a border.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text
}
