//! `tributary doctor`: checks the integrity of the database.

use super::{Context, Exit, terminal::escape_line};

/// Check the integrity of the database
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let store = context.open_existing_store()?;
    let faults = store.check_integrity()?;
    let mut out = context.out();
    if context.json {
        out.json(&serde_json::json!({"ok": faults.is_empty(), "faults": faults}))?;
    } else if faults.is_empty() {
        out.line(format!("{}: no problems found", store.file().display()))?;
    } else {
        for fault in &faults {
            out.line(escape_line(fault))?;
        }
    }
    out.finish()?;
    Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed })
}
