//! Prints what the shared rules say about URLs: their site, whether an address literal is public,
//! and which query parameters only track.
//!
//! `cargo run -p feed-model --example url_report -- 'https://blog.example.co.uk/?utm_source=x'`

use std::net::IpAddr;

use feed_model::{public_address::is_public_address, site::site_of, tracking};
use url::{Host, Url};

fn main() -> Result<(), url::ParseError> {
    for text in std::env::args().skip(1) {
        let url = Url::parse(&text)?;
        println!("{url}");
        println!("  site        {}", site_of(&url).as_deref().unwrap_or("(none)"));
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if let Some(address) = address {
            println!("  public      {}", is_public_address(address));
        }
        for (name, _) in url.query_pairs() {
            let tracks = tracking::is_tracking_parameter(&name);
            println!(
                "  {name:<11} {}",
                if tracks { "tracks visitors" } else { "selects the page" }
            );
        }
    }
    Ok(())
}
