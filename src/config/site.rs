//! `[site]`: title, URL and identity of the published site.

use feed_model::{PngImage, TimeZone};
use url::Url;

use super::{findings::Findings, icon, table_reader::TableReader};

/// `[site]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// The title of the site.
    pub title: String,
    /// The public URL, the base of all absolute links. `None`: the bound address.
    pub base_url: Option<Url>,
    /// The `tag:` URI (RFC 4151) that feed ids start with. `None`: one is generated at the first
    /// start and stored.
    pub id: Option<String>,
    /// A `mailto:` or http(s) URL for publishers, sent in the `User-Agent`.
    pub contact: Option<String>,
    /// The icon of the site. `None`: a drawn one.
    pub icon: Option<PngImage>,
    /// Whether pages show the images of stories, which browsers then load from the publishers.
    pub images: bool,
    /// The time zone of schedules, of the dates on pages and of digests.
    pub timezone: TimeZone,
    /// Files with the tokens of operators, for `/t/TOKEN/sources.atom`.
    pub access: Vec<String>,
}

impl SiteConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings) -> Self {
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
                        "base_url must not have a query, fragment or user".to_owned(),
                        Some(format!("use \"{bare}\"")),
                    ));
                }
                Ok(())
            },
        );
        let id = section
            .optional::<String>(findings, "id", "generated at the first start")
            .validate(findings, |id| match id {
                Some(id) if !is_tag(id) => Err((
                    "not a valid tag URI".to_owned(),
                    Some(
                        "use a domain of yours and a year in which you owned it: \
                         \"tag:example.org,2026:topics\""
                            .to_owned(),
                    ),
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
                        "for example \"mailto:me@example.org\" or \"https://example.org/about\""
                            .to_owned()
                    };
                    Err(("contact must be a mailto: or http(s) URL".to_owned(), Some(hint)))
                }
                _ => Ok(()),
            });
        let icon = icon::read(&mut section, findings, "drawn");
        let images = section.or(findings, "images", false).value;
        let timezone = section.or(findings, "timezone", TimeZone::UTC).value;
        let access = section.or(findings, "access", Vec::<String>::new()).value;
        section.finish(findings);
        Self {
            title,
            base_url: base_url.value,
            id: id.value,
            contact: contact.value,
            icon,
            images,
            timezone,
            access,
        }
    }
}

/// Checks that the scheme of a URL is http or https.
pub(super) fn http(url: &Url) -> Result<(), (String, Option<String>)> {
    if matches!(url.scheme(), "http" | "https") {
        return Ok(());
    }
    let hint = match url.scheme() {
        "rss" => {
            let rest =
                url.as_str().split_once(':').map_or("", |(_, rest)| rest.trim_start_matches('/'));
            Some(format!("did you mean \"https://{rest}\"?"))
        }
        _ => Some("use an http:// or https:// URL".to_owned()),
    };
    Err((format!("unsupported scheme `{}`", url.scheme()), hint))
}

/// Returns whether the text is a tag URI: `tag:authority,date:specific` (RFC 4151 §2.1).
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

/// Returns whether the text is a `mailto:` or http(s) URL that can be sent in a header comment.
fn is_contact(contact: &str) -> bool {
    // The contact is sent inside a comment of the User-Agent header (RFC 9110 §5.6.5).
    let plain = contact.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')' | '\\'));
    let address = match contact.strip_prefix("mailto:") {
        Some(mail) => {
            mail.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        }
        None => Url::parse(contact).is_ok_and(|url| http(&url).is_ok()),
    };
    plain && address
}
