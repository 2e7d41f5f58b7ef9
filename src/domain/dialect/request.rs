//! A request as data: what `send` carries, `--dry-run` prints and a test compares.

use serde_json::Value;

use super::nsca::Packet;

/// One message to a receiver.
#[derive(Clone, PartialEq)]
pub(crate) enum Request {
    /// Over HTTP.
    Http(HttpRequest),
    /// Lines in datagrams; nobody answers.
    Udp {
        /// Host and port.
        to: String,
        /// The lines, without their ends.
        lines: Vec<String>,
    },
    /// A program on this host.
    Command {
        /// The line that a shell reads; it may hold a secret.
        line: String,
        /// Variables.
        environment: Vec<(&'static str, String)>,
        /// What it reads on its stdin.
        input: Vec<u8>,
    },
    /// A short conversation over TCP.
    Tcp {
        /// Host and port.
        to: String,
        /// What is said.
        exchange: Exchange,
    },
}

/// One HTTP request.
#[derive(Clone, PartialEq)]
pub(crate) struct HttpRequest {
    /// `GET`, `POST` or `PUT`.
    pub(crate) method: &'static str,
    /// The whole URL; it is a secret.
    pub(crate) url: String,
    /// Headers beyond those of every request, with lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What is said over TCP.
#[derive(Clone, PartialEq)]
pub(crate) enum Exchange {
    /// A Zabbix trapper's frame with this in it, answered with another.
    Zabbix(Value),
    /// NSCA: the server speaks first, the client sends one packet, nobody answers.
    Nsca(Packet),
}

impl Request {
    /// How large its body is, where a receiver may find it too large.
    pub(crate) fn body_bytes(&self) -> usize {
        match self {
            Request::Http(request) => request.body.len(),
            Request::Udp { .. } | Request::Tcp { .. } | Request::Command { .. } => 0,
        }
    }
}
