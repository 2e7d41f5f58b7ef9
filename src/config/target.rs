//! Where pings go: one `[targets.NAME]`.
//!
//! A target may be spread over two files, for example its address in `/etc` and the key in a
//! file of the user's, so a file gives a draft, and only the drafts laid over each other
//! become a target. Without a `url` there is none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::secret::SecretSource;
use crate::domain::event::Kind;

/// A target that can be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TargetConfig {
    /// What `to` calls it.
    pub(crate) name: String,
    /// Its address. Not to be shown: most ping URLs contain their key.
    pub(crate) url: String,
    /// What its dialect needs besides.
    pub(crate) with: BTreeMap<String, With>,
    /// Everything else about it.
    pub(crate) options: TargetOptions,
}

/// One member of `[targets.NAME.with]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum With {
    /// A text, which may be kept elsewhere, as the key.
    Text(SecretSource),
    /// A number, true or false, or a table.
    Value(serde_json::Value),
}

/// What may be said about a target besides its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetOptions {
    /// How the server wants events spelled, where the address does not say it.
    pub(crate) dialect: Option<String>,
    /// Where the ping key is.
    pub(crate) key: Option<SecretSource>,
    /// Headers for every request; each value may be kept elsewhere, as the key.
    pub(crate) headers: Option<BTreeMap<String, SecretSource>>,
    /// Certificates of a private authority.
    pub(crate) ca_file: Option<PathBuf>,
    /// The certificate that `hb` shows to the server.
    pub(crate) client_cert: Option<PathBuf>,
    /// The key of that certificate.
    pub(crate) client_key: Option<PathBuf>,
    /// The proxy's address.
    pub(crate) proxy: Option<String>,
    /// The kinds of event that are sent; all where it is not given.
    pub(crate) on: Option<Vec<Kind>>,
    /// How long to wait for a connection.
    pub(crate) connect_timeout: Option<Duration>,
}

/// The receiver whose management API is asked: `[server]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerConfig {
    /// Its address.
    pub(crate) url: Option<String>,
    /// Its API key, and how it is reached.
    pub(crate) options: TargetOptions,
}

/// What one file says about a target.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TargetDraft {
    /// The line of its header.
    pub(crate) line: usize,
    /// Its address, where this file has it.
    pub(crate) url: Option<String>,
    /// Whether an address was given but had to be dropped, which is a mistake already told.
    pub(crate) url_dropped: bool,
    /// What its dialect needs besides, each with its line and the layer of its file.
    pub(crate) with: BTreeMap<String, (With, usize, usize)>,
    /// The rest.
    pub(crate) options: TargetOptions,
}

impl TargetDraft {
    /// This draft, and the lower layer's members where this one has none.
    pub(crate) fn over(self, lower: Self) -> Self {
        let mut with = lower.with;
        with.extend(self.with);
        let (upper, mut under) = (self.options, lower.options);
        if upper.client_cert.is_some() {
            // A key belongs to the certificate that it stands beside.
            under.client_key = None;
        }
        Self {
            line: self.line,
            url: self.url.or(lower.url),
            url_dropped: self.url_dropped || lower.url_dropped,
            with,
            options: TargetOptions {
                dialect: upper.dialect.or(under.dialect),
                key: upper.key.or(under.key),
                headers: upper.headers.or(under.headers),
                ca_file: upper.ca_file.or(under.ca_file),
                client_cert: upper.client_cert.or(under.client_cert),
                client_key: upper.client_key.or(under.client_key),
                proxy: upper.proxy.or(under.proxy),
                on: upper.on.or(under.on),
                connect_timeout: upper.connect_timeout.or(under.connect_timeout),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TargetDraft, TargetOptions};

    #[test]
    fn a_key_belongs_to_the_certificate_that_it_stands_beside() {
        let draft = |certificate: Option<&str>, key: Option<&str>| TargetDraft {
            options: TargetOptions {
                client_cert: certificate.map(Into::into),
                client_key: key.map(Into::into),
                ..TargetOptions::default()
            },
            ..TargetDraft::default()
        };
        for (upper, expected) in [
            ((None, None), (Some("a.pem"), Some("a.key"))),
            ((None, Some("b.key")), (Some("a.pem"), Some("b.key"))),
            ((Some("b.pem"), None), (Some("b.pem"), None)),
            ((Some("b.pem"), Some("b.key")), (Some("b.pem"), Some("b.key"))),
        ] {
            let whole = draft(upper.0, upper.1).over(draft(Some("a.pem"), Some("a.key"))).options;
            let expected = draft(expected.0, expected.1).options;
            assert_eq!(whole.client_cert, expected.client_cert, "{upper:?}");
            assert_eq!(whole.client_key, expected.client_key, "{upper:?}");
        }
    }
}
