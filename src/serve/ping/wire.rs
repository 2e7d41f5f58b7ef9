//! A request's parts as `domain::ping` wants them, and its answer as HTTP has it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::domain::ping::{self, Answer};
use crate::domain::text;
use crate::serve::body::Unread;
use crate::serve::listen::Peer;
use crate::serve::reply;

/// Of a user agent as much is kept: Healthchecks' limit.
const AGENT_CHARS_MAX: usize = 200;

/// Of a method as much is kept.
const METHOD_CHARS_MAX: usize = 10;

/// A request that has been read.
pub(crate) struct Wire {
    parts: Parts,
    peer: Option<Peer>,
    body: Vec<u8>,
    body_bytes: u64,
}

impl Wire {
    /// Of these parts.
    pub(crate) fn new(parts: Parts, peer: Option<Peer>, body: Vec<u8>, body_bytes: u64) -> Wire {
        Wire { parts, peer, body, body_bytes }
    }

    /// The headers, borrowed.
    pub(crate) fn headers(&self) -> Vec<(&str, &[u8])> {
        self.parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// The request, borrowed.
    pub(crate) fn request<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> ping::Request<'a> {
        ping::Request {
            method: self.parts.method.as_str(),
            path: self.parts.uri.path(),
            query: self.parts.uri.query().unwrap_or_default(),
            headers,
            body: &self.body,
            body_bytes: self.body_bytes,
        }
    }

    /// The method, as far as it is kept.
    pub(crate) fn method(&self) -> String {
        self.parts.method.as_str().chars().take(METHOD_CHARS_MAX).collect()
    }

    /// The client, as a proxy on this host tells it; from anywhere else nobody is believed, and then
    /// it is the peer.
    pub(crate) fn client(&self) -> String {
        let told = self.by_proxy("x-forwarded-for").and_then(|list| {
            let first = list.split(',').next().unwrap_or_default().trim();
            let bare = match first.rsplit_once(':') {
                Some((host, _)) if host.contains('.') && !host.contains(':') => host,
                Some(_) | None => first,
            };
            let bare = bare
                .strip_prefix('[')
                .map_or(bare, |inner| inner.split(']').next().unwrap_or(inner));
            bare.parse::<std::net::IpAddr>().ok().map(|_| bare.to_owned())
        });
        told.unwrap_or_else(|| self.remote())
    }

    /// The scheme that the client used, as a proxy on this host tells it.
    pub(crate) fn scheme(&self) -> String {
        let told = self.by_proxy("x-forwarded-proto").map(str::trim);
        let known = told.filter(|scheme| scheme.eq_ignore_ascii_case("https"));
        if known.is_some() { "https".to_owned() } else { "http".to_owned() }
    }

    /// A header that only a proxy on this host is believed.
    fn by_proxy(&self, name: &str) -> Option<&str> {
        let is_local = match &self.peer {
            Some(Peer::Address(address)) => address.ip().to_canonical().is_loopback(),
            Some(Peer::Local) | None => true,
        };
        self.parts.headers.get(name).filter(|_| is_local)?.to_str().ok()
    }

    /// The peer of the connection.
    pub(crate) fn remote(&self) -> String {
        match &self.peer {
            Some(Peer::Address(address)) => address.ip().to_canonical().to_string(),
            Some(Peer::Local) | None => "local".to_owned(),
        }
    }

    /// What kind of program sent it.
    pub(crate) fn agent(&self) -> String {
        let agent = self.parts.headers.get(header::USER_AGENT);
        let agent = agent.map(|agent| text::to_text(agent.as_bytes())).unwrap_or_default();
        text::without_controls(&agent).chars().take(AGENT_CHARS_MAX).collect()
    }

    /// The path for logs.
    pub(crate) fn masked(&self) -> String {
        ping::mask(self.parts.uri.path())
    }

    /// Whether the query asks for the monitor to be made: `create=1`.
    pub(crate) fn creates(&self) -> bool {
        self.parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "create=1"))
    }
}

/// The answer as HTTP has it.
pub(crate) fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The answer to a request whose body cannot be had.
pub(crate) fn refused(unread: &Unread) -> Response {
    match unread {
        Unread::Broken => reply::text(StatusCode::BAD_REQUEST, "the body did not come whole\n"),
        Unread::Slow => reply::text(StatusCode::REQUEST_TIMEOUT, "the body came too slowly\n"),
        Unread::TooLong => reply::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n"),
    }
}
