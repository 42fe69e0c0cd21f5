//! Our side of a subscription: the request to a hub, and the check of what it sends (WebSub §5,
//! §7).

use std::time::Duration;

use ring::hmac;
use url::Url;

use feed_model::{Headers, HostPattern, public_address::is_public_address};

use crate::{fetch::Message, store::Subscription};

/// The lease that we ask for.
const LEASE: Duration = Duration::from_hours(10 * 24);

/// Returns the request to a hub to push a feed to our callback, signed with our secret.
pub fn subscribe_message(hub: Url, subscription: &Subscription, callback: &str) -> Message {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &subscription.topic_url)
        .append_pair("hub.callback", callback)
        .append_pair("hub.lease_seconds", &LEASE.as_secs().to_string())
        .append_pair("hub.secret", &subscription.secret);
    let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    Message { url: hub, body: Some(form.finish().into()), headers }
}

/// Whether a hub can reach the site at its base address: over https at a public address, or at a
/// host in `allow_hosts`.
pub fn is_reachable(base_url: &Url, allow_hosts: &[HostPattern]) -> bool {
    let host = base_url.host_str().unwrap_or_default();
    if allow_hosts.iter().any(|pattern| pattern.matches_host(host)) {
        return true;
    }
    let is_public = match base_url.host() {
        Some(url::Host::Domain(name)) => name.contains('.') && !crate::fetch::is_loopback(base_url),
        Some(url::Host::Ipv4(address)) => is_public_address(address.into()),
        Some(url::Host::Ipv6(address)) => is_public_address(address.into()),
        None => false,
    };
    base_url.scheme() == "https" && is_public
}

/// Whether a body is signed with the secret. SHA-1 alone is not accepted. The comparison takes the
/// same time for every wrong signature.
pub fn is_signed(headers: &Headers, body: &[u8], secret: &str) -> bool {
    headers.get_all("x-hub-signature").any(|value| {
        let Some((method, digits)) = value.trim().split_once('=') else { return false };
        let algorithm = match method.to_ascii_lowercase().as_str() {
            "sha256" => hmac::HMAC_SHA256,
            "sha384" => hmac::HMAC_SHA384,
            "sha512" => hmac::HMAC_SHA512,
            _ => return false,
        };
        let Some(signature) = from_hex(digits) else { return false };
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        hmac::verify(&key, body, &signature).is_ok()
    })
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || !digits.len().is_multiple_of(2) || digits.len() > 128 {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::signature::sign, *};

    #[test]
    fn only_the_right_signature_of_the_right_body_is_accepted() {
        let good = sign("secret", b"body");
        let signed = |value: &str| {
            let headers = [("X-Hub-Signature", value)].into_iter().collect();
            is_signed(&headers, b"body", "secret")
        };
        assert!(signed(&good) && signed(&good.to_uppercase()));
        let flipped = good.replace(&good[10..11], if &good[10..11] == "0" { "1" } else { "0" });
        let sha1 = "sha1=25af6174a0fcecc4d346680a72b7ce644b9a88e8";
        for wrong in ["", "sha256=", "sha256=zz", &good[..good.len() - 1], &flipped, sha1] {
            assert!(!signed(wrong), "{wrong}");
        }
        assert!(!is_signed(&Headers::new(), b"body", "secret"), "a missing one");
        let headers = [("x-hub-signature", good.as_str())].into_iter().collect();
        assert!(!is_signed(&headers, b"other", "secret") && !is_signed(&headers, b"body", "x"));
    }

    #[test]
    fn a_hub_reaches_public_https_and_allowed_hosts() {
        let reachable =
            |base: &str| is_reachable(&Url::parse(base).unwrap(), &["127.0.0.1".parse().unwrap()]);
        assert!(reachable("https://planet.example/feeds/") && reachable("http://127.0.0.1:80/"));
        for base in
            ["http://planet.example/", "https://10.0.0.1/", "https://localhost/", "https://nas/"]
        {
            assert!(!reachable(base), "{base}");
        }
    }
}
