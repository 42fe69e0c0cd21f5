//! The texts of digests: one entry for the stories of a day or week.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use feed_model::Story;

use crate::{
    addresses::{Addresses, DigestPeriod},
    channel::{self, attribution},
    excerpt, xml,
};

/// The longest summary of a story in a digest, in characters.
const MAX_SUMMARY_CHARS: usize = 280;
/// The most publications that are named for a story.
const MAX_PUBLICATIONS: usize = 4;

/// Returns the title of a digest: `Streaming: 4 March 2026`, `Streaming: 2–8 March 2026`.
pub fn digest_title(topic_title: &str, period: DigestPeriod, first_day: NaiveDate) -> String {
    let last_day = match period {
        DigestPeriod::Daily => first_day,
        DigestPeriod::Weekly => first_day.checked_add_days(Days::new(6)).unwrap_or(first_day),
    };
    let start = if first_day == last_day {
        String::new()
    } else {
        let format = match (first_day.format("%Y %m"), last_day.format("%Y %m")) {
            (first, last) if first.to_string() == last.to_string() => "%-d–",
            _ if first_day.format("%Y").to_string() == last_day.format("%Y").to_string() => {
                "%-d %B – "
            }
            _ => "%-d %B %Y – ",
        };
        first_day.format(format).to_string()
    };
    format!("{}: {start}{}", xml::single_line(topic_title), last_day.format("%-d %B %Y"))
}

/// Returns a story as an item of the list in a digest: its title with a link, its publications and
/// its summary. The HTML is safe.
pub fn digest_item(story: &Story, addresses: &Addresses) -> String {
    let href = story
        .url
        .as_deref()
        .and_then(xml::http_url)
        .unwrap_or_else(|| addresses.absolute(&Addresses::story_path(story.id)));
    let title = channel::display_title(story);
    let mut publications = vec![attribution(story).publication(story)];
    for entry in story.sources.iter().filter(|entry| entry.public) {
        let title = xml::single_line(&entry.source_title);
        let is_new = entry.source != story.source.id && !publications.contains(&title);
        if is_new && !title.is_empty() && publications.len() < MAX_PUBLICATIONS {
            publications.push(title);
        }
    }
    let mut html = format!(
        "<li><p><a href=\"{}\">{}</a> — {}</p>",
        xml::escape(&href).replace('"', "&quot;"),
        xml::escape(&title),
        xml::escape(&publications.join(", "))
    );
    if let Some(summary) = excerpt::summary(story).map(xml::single_line)
        && summary != title
    {
        let summary = excerpt::shorten(&summary, MAX_SUMMARY_CHARS);
        let _ = write!(html, "<p>{}</p>", xml::escape(&summary));
    }
    html + "</li>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use DigestPeriod::{Daily, Weekly};

    #[test]
    fn titles_name_the_days_in_the_shortest_form() {
        let title =
            |period, first_day: &str| digest_title("Streaming", period, first_day.parse().unwrap());
        assert_eq!(title(Daily, "2026-03-04"), "Streaming: 4 March 2026");
        assert_eq!(title(Weekly, "2026-03-02"), "Streaming: 2–8 March 2026");
        assert_eq!(title(Weekly, "2026-03-30"), "Streaming: 30 March – 5 April 2026");
        assert_eq!(title(Weekly, "2025-12-29"), "Streaming: 29 December 2025 – 4 January 2026");
    }
}
