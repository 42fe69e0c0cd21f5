//! Prints the entries and repairs of a feed that is read from a file or from standard input.
//!
//! `cargo run -p feed-parser --example read_feed -- FILE [URL]`; `-` means standard input. URL is
//! the base of relative URLs.

use std::{
    error::Error,
    io::{Read as _, stdin},
};

use feed_parser::{FeedInput, parse_feed, plain_text};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().unwrap_or_else(|| "-".to_owned());
    let url = args.next().unwrap_or_else(|| "https://example.org/".to_owned()).parse()?;
    let mut bytes = Vec::new();
    if file == "-" {
        stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(&file)?;
    }
    let document = parse_feed(&FeedInput {
        bytes: &bytes,
        content_type: None,
        content_location: None,
        url: &url,
        max_items: 1000,
    })?;

    let title = document.feed.title.as_deref().unwrap_or("(no title)");
    println!("{title} ({}, {})", document.format.as_str(), document.encoding.name);
    for draft in &document.drafts {
        let date = draft.published.map_or("(no date)".to_owned(), |date| date.at.to_rfc3339());
        println!("\n{date}  {}", draft.title.as_deref().unwrap_or("(no title)"));
        if let Some(url) = &draft.url {
            println!("  {url}");
        }
        if let Some(html) = draft.summary.as_ref().or(draft.content.as_ref()) {
            println!("  {}", plain_text(html.as_str()).chars().take(200).collect::<String>());
        }
    }
    for repair in &document.repairs {
        let line = repair.line.map_or(String::new(), |line| format!(" from line {line}"));
        println!("\nrepair {} ({}×{line}): {}", repair.code, repair.count, repair.text);
    }
    for problem in &document.problems {
        println!("\n{} {}: {}", problem.severity.as_str(), problem.code, problem.text);
    }
    Ok(())
}
