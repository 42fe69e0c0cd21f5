//! Text tables without borders: wrapped to the width of the terminal, one line per row otherwise.

use comfy_table::{Cell, ContentArrangement, Table, presets};

use super::terminal::escape_line;

/// Creates a table with these column headings.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    // Fails if standard output is no terminal. A terminal of unknown size has 0 columns.
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    if let Some(columns) = size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0) {
        table.set_width(columns);
    }
    table.set_header(headings.iter().map(Cell::new));
    table
}

/// Adds a row. The cells are escaped for the terminal.
pub(crate) fn row<T: AsRef<str>>(table: &mut Table, cells: impl IntoIterator<Item = T>) {
    table.add_row(
        cells.into_iter().map(|cell| Cell::new(escape_line(cell.as_ref()))).collect::<Vec<_>>(),
    );
}

/// Formats the table, without trailing spaces.
pub(crate) fn render_text(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        // comfy_table puts a space in the place of the left border.
        text.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        text.push('\n');
    }
    text
}
