//! `icon` of `[site]` and `[[topic]]`: an image file.

use std::{error::Error as _, fs, path::PathBuf};

use feed_model::PngImage;

use super::{
    findings::{Findings, quoted},
    include,
    table_reader::TableReader,
};
use crate::icons;

/// Reads `icon` and the file that it names. `default` describes what is used without it.
pub(super) fn read(
    section: &mut TableReader<'_>,
    findings: &mut Findings,
    default: &'static str,
) -> Option<PngImage> {
    let setting = section.optional::<PathBuf>(findings, "icon", default);
    let (Some(name), Some(span)) = (&setting.value, &setting.span) else {
        return None;
    };
    let file = findings.directory().join(name);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let (text, hint) = include::unreadable(&file, &error);
            findings.error(&setting.key, span, text, hint);
            return None;
        }
    };
    match icons::named_icon(&bytes) {
        Ok(icon) => Some(icon),
        Err(error) => {
            let file = quoted(&file.display().to_string());
            let because = error.source().map(|source| format!(" ({source})")).unwrap_or_default();
            let text = format!("{file} is not usable as an icon: {error}{because}");
            let hint = "use a square PNG of 512 by 512 pixels".to_owned();
            findings.error(&setting.key, span, text, hint);
            None
        }
    }
}
