//! The licence and the reservations of rights that a response states: in its header fields, and in
//! the head of a page.

use url::Url;

use feed_model::Reservation;

use crate::{
    dom::{Dom, rels},
    feed_autodiscovery::{media_type, parse_link_parameters},
    page::Page,
};

/// Returns the reservation of a response. For a feed, `html` of the page is empty.
pub fn reservation(page: &Page<'_>) -> Reservation {
    let mut found = Reservation::default();
    for value in page.headers.get_all("link") {
        if let (None, Some((url, kind))) = (&found.license, license_in_header(value, page.url)) {
            (found.license, found.license_type) = (Some(url), kind);
        }
    }
    set_tdm(
        &mut found,
        page.headers.text("tdm-reservation"),
        page.headers.text("tdm-policy"),
        page.url,
    );
    if page.html.is_empty() {
        return found;
    }
    let dom = Dom::read(page);
    for link in dom.all("head link[rel][href]") {
        let is_license = rels(&link).iter().any(|rel| rel == "license");
        if let Some(url) = link.attr("href").and_then(|href| dom.url(href))
            && is_license
            && found.license.is_none()
        {
            found.license = Some(url.into());
            found.license_type = link.attr("type").map(media_type).filter(|kind| !kind.is_empty());
        }
    }
    let meta = |name: &str| {
        dom.all("meta[name][content]")
            .into_iter()
            .find(|meta| meta.attr("name").is_some_and(|given| given.eq_ignore_ascii_case(name)))
            .and_then(|meta| meta.attr("content").map(str::to_owned))
    };
    let (reserved, policy) = (meta("tdm-reservation"), meta("tdm-policy"));
    set_tdm(&mut found, reserved.as_deref(), policy.as_deref(), page.url);
    found
}

fn set_tdm(found: &mut Reservation, reserved: Option<&str>, policy: Option<&str>, base: &Url) {
    if reserved.is_some_and(|value| value.trim() == "1") {
        found.tdm_reserved = true;
    }
    if found.tdm_policy.is_none() {
        let policy = policy.and_then(|policy| feed_parser::http_url(policy.trim(), Some(base)));
        found.tdm_policy = policy.map(String::from);
    }
}

/// Returns the licence of a `Link` field (RFC 8288), with its media type.
fn license_in_header(value: &str, base: &Url) -> Option<(String, Option<String>)> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let (parameters, next) = parse_link_parameters(after);
        rest = next;
        let get = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let rel = get("rel").unwrap_or_default();
        if rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("license"))
            && let Some(url) = feed_parser::http_url(address, Some(base))
        {
            return Some((url.into(), get("type").map(media_type)));
        }
    }
    None
}
