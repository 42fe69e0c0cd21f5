//! Private topics: tokens from files, in the path (`/t/TOKEN/…`) or as the password of HTTP's basic
//! scheme (RFC 7617).
//!
//! Whoever brings a token sees the same site with its topics in it, and below `/t/TOKEN/` every
//! address that the site names has the token too, so that a feed reader needs nothing else. Nobody
//! is told which tokens there are: one that is not known finds nothing. Tokens are kept as digests
//! and compared as digests, and are in no log.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Response, Uri, header, uri::PathAndQuery},
    middleware::Next,
};
use tower::ServiceExt as _;

use crate::{
    fetch::secrets_file,
    site::{Audience, PageName},
};
use feed_model::{Topic, TopicId};
use feed_publisher::pages::PageError;

use super::{App, routes};

/// What a private topic is answered with where no token came along.
pub(super) const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"private topic\", charset=\"UTF-8\"");

/// The shortest token: what is shorter is found by trying.
const MIN_TOKEN_CHARS: usize = 16;

/// Why tokens cannot be used. What is said of a line never shows it.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be read.
    #[error("topic {topic}: cannot read the tokens in {}", file.display())]
    Read {
        /// The private topic.
        topic: TopicId,
        /// The file that was tried.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line is no token.
    #[error(
        "topic {topic}: line {line} of {} is no token: it takes {MIN_TOKEN_CHARS} or more letters, digits and `-._~`",
        file.display()
    )]
    Form {
        /// The private topic.
        topic: TopicId,
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// There is no token at all.
    #[error("topic {topic}: there is no token in {}, so nobody can read the topic by it", file.display())]
    Empty {
        /// The private topic.
        topic: TopicId,
        /// The file.
        file: PathBuf,
    },
}

/// Who may read which private topics.
#[derive(Debug, Clone, Default)]
pub struct Access {
    by_token: HashMap<[u8; 32], BTreeSet<TopicId>>,
}

impl Access {
    /// Reads the tokens of every private topic: one a line, empty lines and those that begin with
    /// `#` aside. A file or line that cannot be used gives nobody access, and costs no other.
    /// Blocks shortly.
    pub fn load(
        topics: &[Topic],
        config_dir: &Path,
        credentials_dir: Option<&Path>,
    ) -> (Self, Vec<AccessError>) {
        let (mut access, mut errors) = (Self::default(), Vec::new());
        for topic in topics {
            for name in &topic.access {
                let file = secrets_file(name, config_dir, credentials_dir);
                if let Err(error) = access.read(topic, file, &mut errors) {
                    errors.push(error);
                }
            }
        }
        (access, errors)
    }

    fn read(
        &mut self,
        topic: &Topic,
        file: PathBuf,
        errors: &mut Vec<AccessError>,
    ) -> Result<(), AccessError> {
        let topic = topic.id.clone();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(source) => {
                return Err(AccessError::Read { topic, file, source });
            }
        };
        let mut found = false;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            found = true;
            if is_token(line) {
                self.by_token.entry(digest(line)).or_default().insert(topic.clone());
            } else {
                errors.push(AccessError::Form {
                    topic: topic.clone(),
                    file: file.clone(),
                    line: index + 1,
                });
            }
        }
        if found { Ok(()) } else { Err(AccessError::Empty { topic, file }) }
    }

    /// The private topics that a token opens.
    fn topics_for_token(&self, token: &str) -> Option<BTreeSet<TopicId>> {
        self.by_token.get(&digest(token)).cloned()
    }
}

/// Whether a text can stand in a path as it is (RFC 3986 §2.3), and is long enough.
fn is_token(text: &str) -> bool {
    text.len() >= MIN_TOKEN_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn digest(token: &str) -> [u8; 32] {
    blake3::hash(token.as_bytes()).into()
}

/// `/t/TOKEN/…`: the site for whoever has the token.
pub(super) async fn by_token(State(app): State<App>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let below = path.strip_prefix("/t/").unwrap_or_default();
    let (token, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    let Some(topics) = app.access().topics_for_token(token) else {
        return routes::page(
            State(app),
            request.headers().clone(),
            PageName::PageError(PageError::NotFound),
        )
        .await;
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let rest = format!("{}{query}", if rest.is_empty() { "/" } else { rest });
    let Ok(target) = rest.parse::<PathAndQuery>() else {
        return routes::page(
            State(app),
            request.headers().clone(),
            PageName::PageError(PageError::NotFound),
        )
        .await;
    };
    let audience = Audience { topics, token: Some(token.to_owned()) };
    serve_as(&app, audience, Uri::from(target), request).await
}

/// A token as the password, with any user name: it opens its topics at their usual addresses.
pub(super) async fn by_password(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match password(request.headers()).and_then(|token| app.access().topics_for_token(&token)) {
        Some(topics) => {
            serve_as(&app, Audience { topics, token: None }, request.uri().clone(), request).await
        }
        None => next.run(request).await,
    }
}

async fn serve_as(app: &App, audience: Audience, target: Uri, asked: Request) -> Response<Body> {
    // A new request: the old one carries the pieces of the address that it was found by.
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = target;
    request.method_mut().clone_from(asked.method());
    *request.headers_mut() = asked.into_parts().0.headers;
    let Ok(response) =
        routes::audience_routes().with_state(app.for_audience(audience)).oneshot(request).await;
    response
}

/// The password that came with a request (RFC 7617 §2).
fn password(request: &HeaderMap) -> Option<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (scheme, credentials) =
        request.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials = scheme.eq_ignore_ascii_case("basic").then_some(credentials.trim())?;
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_can_stand_in_a_path() {
        assert!(is_token("0123456789abcdef") && is_token("A-b_c.d~e-f_g.h~i"));
        assert!(
            !is_token("0123456789abcde")
                && !is_token("0123456789 abcdef")
                && !is_token("0123456789/abcdef")
        );
    }

    #[test]
    fn a_password_is_read_with_any_user_name_and_other_schemes_are_not() {
        let password = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            password(&headers)
        };
        assert_eq!(password("Basic YW55Ym9keTpzZWNyZXQ6MQ==").as_deref(), Some("secret:1"));
        assert_eq!(password("basic OnNlY3JldA==").as_deref(), Some("secret"));
        for wrong in ["Bearer OnNlY3JldA==", "Basic", "Basic !", "Basic c2VjcmV0", "Basic /w=="] {
            assert_eq!(password(wrong), None, "{wrong}");
        }
    }
}
