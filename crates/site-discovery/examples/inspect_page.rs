//! Prints the feed links, the posts and the metadata of a saved HTML page.
//!
//! Usage: `cargo run -p site-discovery --example inspect_page -- FILE URL`

use std::{error::Error, fs};

use url::Url;

use feed_model::{Draft, Headers};
use site_discovery::{Page, feed_links, read_index_page, read_page_metadata};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: inspect_page FILE URL".into());
    };
    let html = fs::read_to_string(&file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let url = Url::parse(&address).map_err(|error| format!("{address} is not a URL: {error}"))?;
    let page = Page { url: &url, headers: &Headers::new(), html: &html };

    println!("Feed links:");
    for link in feed_links(&page) {
        println!("  {} ({})", link.url, link.reason);
    }

    println!("\nPosts:");
    match read_index_page(&page, None) {
        Ok(index) => {
            println!("  ({})", index.reason);
            for draft in &index.drafts {
                println!("  {}", summary_line(draft));
            }
        }
        Err(error) => println!("  {error}"),
    }

    let metadata = read_page_metadata(&page, false);
    println!("\nPage metadata:");
    println!("  {}", summary_line(&metadata.draft));
    println!("  site title: {}", metadata.site_title.as_deref().unwrap_or("-"));
    for (field, origin) in &metadata.field_origins {
        println!("  {field}: from {origin}");
    }
    for problem in &metadata.problems {
        println!("  problem {}: {}", problem.code, problem.text);
    }
    Ok(())
}

fn summary_line(draft: &Draft) -> String {
    let date =
        draft.published.map_or("undated".to_owned(), |date| date.at.date_naive().to_string());
    let url = draft.url.as_ref().map_or("-", Url::as_str);
    format!("{date}  {}  {url}", draft.title.as_deref().unwrap_or("(untitled)"))
}
