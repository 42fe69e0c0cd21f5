//! Sends requests one after another on one connection and prints how long they take.

#![expect(
    clippy::disallowed_methods,
    reason = "the origin is our own, and times are those of the machine"
)]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use reqwest::{Client, header::ACCEPT_ENCODING};
use rusqlite::{Connection, OpenFlags};

/// Measures the responses of a server.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the median, the 99th percentile and the maximum in milliseconds
    Latency {
        /// How often each URL is requested
        #[arg(long, default_value_t = 100)]
        requests: usize,
        /// URLs; their order is repeated
        #[arg(required = true)]
        urls: Vec<String>,
    },
    /// Prints how many bytes of text the entries of a database have
    Text {
        /// The database
        database: PathBuf,
    },
    /// Prints the milliseconds from a time until a URL is answered with 200
    First {
        /// The time, in nanoseconds since 1970
        #[arg(long)]
        since: u128,
        /// URL
        url: String,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a provider of cryptography is installed already"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::builder().timeout(Duration::from_secs(60)).build()?;
        match options.command {
            Command::Latency { requests, urls } => latency(&client, requests, &urls).await,
            Command::Text { database } => text(&database),
            Command::First { since, url } => first(&client, since, &url).await,
        }
    })
}

async fn latency(client: &Client, requests: usize, urls: &[String]) -> anyhow::Result<()> {
    let mut times = Vec::with_capacity(requests * urls.len());
    for url in urls.iter().cycle().take(requests * urls.len()) {
        let start = Instant::now();
        let request = client.get(url).header(ACCEPT_ENCODING, "gzip");
        let response = request.send().await?;
        if !response.status().is_success() {
            bail!("{url} is answered with {}", response.status());
        }
        response.bytes().await.with_context(|| format!("cannot read {url}"))?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{:.2} {:.2} {:.2}", ms(at(50)), ms(at(99)), ms(times[times.len() - 1]));
    Ok(())
}

/// Sums the text of all columns, so that the figure does not depend on their names.
fn text(database: &Path) -> anyhow::Result<()> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("cannot open {}", database.display()))?;
    let columns: String = connection.query_row(
        "SELECT group_concat(format('coalesce(octet_length(\"%w\"), 0)', name), ' + ')
           FROM pragma_table_info('entry') WHERE type = 'TEXT'",
        [],
        |row| row.get(0),
    )?;
    let bytes: u64 =
        connection.query_row(&format!("SELECT sum({columns}) FROM entry"), [], |row| row.get(0))?;
    println!("{bytes}");
    Ok(())
}

async fn first(client: &Client, since: u128, url: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        if let Ok(response) = client.get(url).send().await
            && response.status().is_success()
        {
            response.bytes().await?;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
            println!(
                "{:.1}",
                Duration::from_nanos(u64::try_from(now - since)?).as_secs_f64() * 1e3
            );
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("{url} is not answered with 200 within two minutes")
}
