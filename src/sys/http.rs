//! HTTP clients: one per target, built only when something is to be sent.
//!
//! For `http://` no certificate is read at all. For `https://` the roots come from the target's own
//! file, else `SSL_CERT_FILE`, else the first bundle that this system has, else the roots that are
//! compiled in. The directory of single certificates is never walked: that costs more than the ping.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::tls;
use crate::domain::text;

/// Time to connect, TLS included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for one whole attempt.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may rest and still be used; after that its client is built anew.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// What hb calls itself.
pub(crate) const USER_AGENT: &str = concat!("hb/", env!("CARGO_PKG_VERSION"));

/// Variables that name a proxy for plain HTTP.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// What a client needs to know about its server.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSettings {
    /// Whether TLS will be spoken.
    pub(crate) https: bool,
    /// The Unix socket to connect to.
    pub(crate) socket: Option<String>,
    /// The only roots to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// Roots to trust besides.
    pub(crate) more_roots: Option<PathBuf>,
    /// A client certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Time to connect, when it is not the usual.
    pub(crate) connect_timeout: Option<Duration>,
    /// A proxy, instead of what the environment says.
    pub(crate) proxy: Option<String>,
}

impl ClientSettings {
    /// Whether nothing stands between hb and the server: no TLS, no socket of another kind, no proxy.
    pub(crate) fn is_direct(&self) -> bool {
        let given = self.socket.is_some() || self.proxy.is_some() || self.identity.is_some();
        !self.https && !given && PROXIES.iter().all(|name| std::env::var_os(name).is_none())
    }
}

/// A certificate to show, and where its key is: in the same file, unless it has one of its own.
pub(crate) fn identity(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Option<(PathBuf, PathBuf)> {
    let certificate = certificate?;
    let key = key.unwrap_or_else(|| certificate.clone());
    Some((certificate, key))
}

/// Builds a client.
pub(crate) fn client(settings: &ClientSettings) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config(settings)?)
        .connect_timeout(settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
        .timeout(ATTEMPT_TIMEOUT)
        // A pool with a time-out wakes up to look at its clock for as long as the job runs.
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(1)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(USER_AGENT);
    if let Some(socket) = &settings.socket {
        builder = builder.unix_socket(socket.as_str()).no_proxy();
    }
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).context("the proxy's URL is not one")?);
    }
    builder.build().context("cannot set up HTTP")
}

/// The innermost cause, without the URL: that is a secret.
pub(crate) fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &(dyn std::error::Error + 'static) = error;
    let mut chain = Vec::new();
    while let Some(next) = cause.source() {
        cause = next;
        if let Some(meaning) = tls::explain(next) {
            return meaning;
        }
        chain.push(text::without_errno(&text::printable(cause.to_string().as_bytes())).to_owned());
    }
    match chain.last() {
        Some(innermost) => innermost.clone(),
        None => "the request could not be sent".to_owned(),
    }
}
