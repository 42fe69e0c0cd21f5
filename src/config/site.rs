//! `[site]`: what the published documents say of themselves.

use url::Url;

use super::{findings::Findings, table_reader::TableReader};

/// `[site]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// The title of the whole, for people.
    pub title: String,
    /// Where readers reach it: absolute links are made from this. `None`: the bound address.
    pub base_url: Option<Url>,
    /// The `tag:` URI that feed ids begin with (RFC 4151). `None`: one is minted at the first start
    /// and stored.
    pub id: Option<String>,
    /// A `mailto:` or http(s) address that publishers find in the `User-Agent`.
    pub contact: Option<String>,
}

impl SiteConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings<'_>) -> Self {
        let title = section.or(findings, "title", "Tributary".to_owned()).value;
        let base_url = section.optional::<Url>(findings, "base_url", "the bound address").validate(
            findings,
            |url| {
                let Some(url) = url else { return Ok(()) };
                http(url)?;
                if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
                    let mut bare = url.clone();
                    bare.set_query(None);
                    bare.set_fragment(None);
                    let _ = bare.set_username("");
                    let _ = bare.set_password(None);
                    return Err((
                        "a base has no query, fragment or user".to_owned(),
                        Some(format!("write \"{bare}\"")),
                    ));
                }
                Ok(())
            },
        );
        let id = section.optional::<String>(findings, "id", "minted at the first start").validate(findings, |id| match id {
            Some(id) if !is_tag(id) => Err((
                "this is not a tag URI".to_owned(),
                Some("a domain that is yours and a year in which it was: \"tag:example.org,2026:topics\"".to_owned()),
            )),
            _ => Ok(()),
        });
        let contact = section
            .optional::<String>(findings, "contact", "base_url if it is public")
            .validate(findings, |contact| match contact {
                Some(contact) if !is_contact(contact) => {
                    let hint = if contact.contains('@') && !contact.contains(':') {
                        format!("did you mean \"mailto:{contact}\"?")
                    } else {
                        "for instance \"mailto:me@example.org\" or \"https://example.org/about\""
                            .to_owned()
                    };
                    Err(("a contact is a mailto: or http(s) address".to_owned(), Some(hint)))
                }
                _ => Ok(()),
            });
        section.finish(findings);
        Self { title, base_url: base_url.value, id: id.value, contact: contact.value }
    }
}

/// Whether a URL is http or https, as everything is that is fetched or served.
pub(super) fn http(url: &Url) -> Result<(), (String, Option<String>)> {
    if matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    // Feed readers' own schemes stand for http(s).
    let hint = match url.scheme() {
        "feed" | "feeds" | "rss" => {
            let rest =
                url.as_str().split_once(':').map_or("", |(_, rest)| rest.trim_start_matches('/'));
            Some(format!("did you mean \"https://{rest}\"?"))
        }
        _ => Some("only http:// and https:// are followed".to_owned()),
    };
    Err((format!("the scheme is `{}`, not http or https", url.scheme()), hint))
}

/// RFC 4151 §2.1: `tag:authority,date:specific`.
fn is_tag(id: &str) -> bool {
    let Some((entity, _specific)) = id.strip_prefix("tag:").and_then(|rest| rest.split_once(':'))
    else {
        return false;
    };
    let Some((authority, date)) = entity.split_once(',') else {
        return false;
    };
    let mut parts = date.split('-');
    let digits = |part: Option<&str>, count: usize| {
        part.is_none_or(|part| part.len() == count && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let dated = date.len() >= 4
        && digits(parts.next(), 4)
        && digits(parts.next(), 2)
        && digits(parts.next(), 2);
    let plain = id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '#'));
    !authority.is_empty() && dated && parts.next().is_none() && plain
}

fn is_contact(contact: &str) -> bool {
    // It goes into a header field, inside a comment.
    let plain = contact.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '\\'));
    let address = match contact.strip_prefix("mailto:") {
        Some(mail) => {
            mail.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        }
        None => Url::parse(contact).is_ok_and(|url| http(&url).is_ok()),
    };
    plain && address
}
