//! `tributary schema`: the JSON Schema of feeds.toml.

use super::{Context, Exit};
use crate::config;

/// Print the JSON Schema of feeds.toml, for completion and underlining in editors
///
/// Save it beside feeds.toml as feeds.schema.json, which the first line of feeds.toml names.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(context: &Context, _args: &Args) -> anyhow::Result<Exit> {
    let mut out = context.out();
    out.json(&config::schema())?;
    out.finish()
}
