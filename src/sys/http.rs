//! HTTP clients: one per target, built only when something is to be sent.
//!
//! For `http://` no certificate is read at all. For `https://` the roots come from the target's own
//! file, else `SSL_CERT_FILE`, else the first bundle that this system has, else the roots that are
//! compiled in. The directory of single certificates is never walked: that costs more than the ping.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::files::read_given;

/// Time to connect, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for one whole attempt.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may rest and still be used; after that its client is built anew.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where systems keep their bundle of roots.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What a client needs to know about its server.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientSettings {
    /// Whether TLS will be spoken.
    pub(crate) https: bool,
    /// The Unix socket to connect to.
    pub(crate) socket: Option<String>,
    /// The only roots to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// A client certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Time to connect, when it is not the usual.
    pub(crate) connect_timeout: Option<Duration>,
    /// A proxy, instead of what the environment says.
    pub(crate) proxy: Option<String>,
}

/// Builds a client.
pub(crate) fn client(settings: &ClientSettings) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(settings)?)
        .connect_timeout(settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
        .timeout(ATTEMPT_TIMEOUT)
        // A pool with a time-out wakes up to look at its clock for as long as the job runs.
        .pool_idle_timeout(None)
        .pool_max_idle_per_host(1)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("hb/", env!("CARGO_PKG_VERSION")));
    if let Some(socket) = &settings.socket {
        builder = builder.unix_socket(socket.as_str()).no_proxy();
    }
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).context("the proxy's URL is not one")?);
    }
    builder.build().context("cannot set up HTTP")
}

fn tls(settings: &ClientSettings) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?;
    let roots =
        if settings.https { roots(settings.ca_file.as_deref())? } else { RootCertStore::empty() };
    let builder = builder.with_root_certificates(roots);
    match &settings.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let pem = read_given(key).with_context(|| unreadable("client key", key))?;
            let key = PrivateKeyDer::from_pem_slice(&pem)
                .map_err(|_| anyhow::anyhow!("`{}` holds no private key", key.display()))?;
            builder
                .with_client_auth_cert(chain, key)
                .context("the client certificate is not usable")
        }
    }
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore> {
    let from_environment = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let mut store = RootCertStore::empty();
    if let Some(file) = ca_file.map(Path::to_owned).or(from_environment) {
        store.add_parsable_certificates(certificates(&file)?);
        if store.is_empty() {
            bail!("`{}` holds no usable certificate", file.display());
        }
        return Ok(store);
    }
    for bundle in BUNDLES {
        if let Ok(found) = certificates(Path::new(bundle)) {
            store.add_parsable_certificates(found);
            if !store.is_empty() {
                return Ok(store);
            }
        }
    }
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(store)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read_given(file).with_context(|| unreadable("certificates", file))?;
    // One broken certificate in a bundle of a hundred is no reason to trust none.
    Ok(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect())
}

fn unreadable(what: &str, file: &Path) -> String {
    format!("cannot read {what} from `{}`", file.display())
}
