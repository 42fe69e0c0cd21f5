//! Requests to our hub (WebSub §5.1).

use std::time::Duration;

use url::{Host, Url};

use feed_model::{HostPattern, public_address::is_public_address};

use crate::store::SubscriptionChange;

/// The lease of a subscriber that asks for none.
const DEFAULT_LEASE: Duration = Duration::from_hours(10 * 24);
/// The shortest lease.
const MIN_LEASE: Duration = Duration::from_hours(24);
/// The longest lease.
const MAX_LEASE: Duration = Duration::from_hours(30 * 24);
/// A secret must be shorter than this (WebSub §5.1), in bytes.
const SECRET_BYTES: usize = 200;
/// The longest callback, in bytes.
const MAX_CALLBACK_BYTES: usize = 2048;

/// Why a request to the hub is refused. The texts are sent to the subscriber.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubRequestError {
    /// The mode is missing or unknown.
    #[error("hub.mode must be `subscribe` or `unsubscribe`")]
    Mode,
    /// A parameter is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The callback is not usable.
    #[error(
        "hub.callback must be an http or https URL of at most 2048 characters, without fragment"
    )]
    Callback,
    /// The callback has a private address.
    #[error("hub.callback must have a public address")]
    PrivateCallback,
    /// The secret is too long.
    #[error("hub.secret must have less than 200 bytes")]
    Secret,
    /// The lease is not a number.
    #[error("hub.lease_seconds must be a whole number")]
    Lease,
}

/// The parameters of a request, checked except for the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubForm {
    /// The address of the document.
    pub topic: String,
    /// The callback of the subscriber.
    pub callback: Url,
    /// What is asked for.
    pub change: SubscriptionChange,
}

impl HubForm {
    /// Reads a body in the format of HTML forms. `allow_hosts` are private hosts that may be
    /// callbacks.
    pub fn parse(body: &[u8], allow_hosts: &[HostPattern]) -> Result<Self, HubRequestError> {
        let field = |name: &'static str| {
            url::form_urlencoded::parse(body)
                .find(|(key, value)| key == name && !value.is_empty())
                .map(|(_, value)| value.into_owned())
        };
        let required = |name| field(name).ok_or(HubRequestError::Missing(name));
        let change = match field("hub.mode").as_deref() {
            Some("subscribe") => SubscriptionChange::Subscribe {
                lease_s: lease(field("hub.lease_seconds").as_deref())?.as_secs(),
                secret: field("hub.secret"),
            },
            Some("unsubscribe") => SubscriptionChange::Unsubscribe,
            _ => return Err(HubRequestError::Mode),
        };
        if let SubscriptionChange::Subscribe { secret: Some(secret), .. } = &change
            && secret.len() >= SECRET_BYTES
        {
            return Err(HubRequestError::Secret);
        }
        let (topic, callback) = (required("hub.topic")?, required("hub.callback")?);
        let callback = Url::parse(&callback).ok().filter(|url| {
            callback.len() <= MAX_CALLBACK_BYTES
                && matches!(url.scheme(), "http" | "https")
                && url.fragment().is_none()
        });
        let callback = callback.ok_or(HubRequestError::Callback)?;
        // A name is resolved when it is requested, and checked then.
        let host = callback.host_str().unwrap_or_default();
        let address = match callback.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        let is_private = address.is_some_and(|address| !is_public_address(address));
        if is_private && !allow_hosts.iter().any(|pattern| pattern.matches_host(host)) {
            return Err(HubRequestError::PrivateCallback);
        }
        Ok(Self { topic, callback, change })
    }
}

/// Returns the lease that a subscriber gets for the one that it asks for.
fn lease(asked: Option<&str>) -> Result<Duration, HubRequestError> {
    let Some(asked) = asked else { return Ok(DEFAULT_LEASE) };
    let is_number = asked.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(HubRequestError::Lease);
    }
    // A number with too many digits is a long time.
    let asked = Duration::from_secs(asked.parse().unwrap_or(u64::MAX));
    Ok(asked.clamp(MIN_LEASE, MAX_LEASE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed&\
                        hub.callback=https%3A%2F%2Fb.example%2Fcb%3Fx%3D1";

    fn parse(form: &str) -> Result<HubForm, HubRequestError> {
        HubForm::parse(form.as_bytes(), &["10.0.0.1".parse().unwrap()])
    }

    #[test]
    fn a_lease_is_between_a_day_and_thirty_days() {
        let lease_of = |asked: &str| match parse(&format!("{GOOD}{asked}")).unwrap().change {
            SubscriptionChange::Subscribe { lease_s, .. } => lease_s,
            SubscriptionChange::Unsubscribe => panic!("this is no request to subscribe"),
        };
        assert_eq!(lease_of(""), 864_000);
        assert_eq!(lease_of("&hub.lease_seconds=1"), 86_400);
        assert_eq!(lease_of("&hub.lease_seconds=100000"), 100_000);
        assert_eq!(lease_of("&hub.lease_seconds=99999999999999999999999"), 2_592_000);
    }

    #[test]
    fn invalid_requests_are_refused_with_the_reason() {
        let form = parse(&format!("{GOOD}&hub.secret=s")).unwrap();
        assert_eq!(form.callback.as_str(), "https://b.example/cb?x=1");
        let callback = |url: &str| GOOD.replace("https%3A%2F%2Fb.example%2Fcb%3Fx%3D1", url);
        for (form, error) in [
            (GOOD.replace("subscribe", "publish"), HubRequestError::Mode),
            ("hub.topic=a".to_owned(), HubRequestError::Mode),
            (GOOD.replace("hub.topic", "topic"), HubRequestError::Missing("hub.topic")),
            (callback(""), HubRequestError::Missing("hub.callback")),
            (callback("ftp://b.example/"), HubRequestError::Callback),
            (callback("/relative"), HubRequestError::Callback),
            (callback("https://b.example/%23a"), HubRequestError::Callback),
            (
                callback(&format!("https://b.example/{}", "a".repeat(2048))),
                HubRequestError::Callback,
            ),
            (callback("http://127.0.0.1/"), HubRequestError::PrivateCallback),
            (callback("http://2130706433/"), HubRequestError::PrivateCallback),
            (callback("http://[::ffff:10.0.0.2]/"), HubRequestError::PrivateCallback),
            (format!("{GOOD}&hub.secret={}", "s".repeat(200)), HubRequestError::Secret),
            (format!("{GOOD}&hub.lease_seconds=-1"), HubRequestError::Lease),
        ] {
            assert_eq!(parse(&form), Err(error), "{form}");
        }
        assert!(parse(&callback("http://10.0.0.1/")).is_ok(), "an allowed host");
    }
}
