//! TLS from the other side: a certificate and its key, as files, for those who connect to us.
//!
//! Version 1.2 and newer, without client certificates. Everything that can be wrong with two files is
//! said in words, because they are renewed by programs at night and looked at by people in the morning.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};

use super::files::read_given;

/// A certificate with its chain, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The certificate, then those that lead to a root.
    pub(crate) certificate: PathBuf,
    /// The key.
    pub(crate) key: PathBuf,
}

/// What tells that a file is another: its number, its size, when it was written and made.
pub(crate) type Mark = Option<(u64, u64, i64, i64, i64)>;

impl Pair {
    /// The TLS side of a server that shows this certificate.
    pub(crate) fn config(&self) -> Result<ServerConfig> {
        let shown = |file: &Path| file.display().to_string();
        let (certificate, key) = (shown(&self.certificate), shown(&self.key));
        let pem = read_given(&self.certificate)
            .with_context(|| format!("cannot read the certificate `{certificate}`"))?;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| {
                anyhow::anyhow!(
                    "`{certificate}` is not whole, or holds something else than certificates"
                )
            })?;
        if chain.is_empty() {
            bail!("`{certificate}` holds no certificate");
        }
        let pem = read_given(&self.key).with_context(|| format!("cannot read the key `{key}`"))?;
        if pem.windows(9).any(|window| window == b"ENCRYPTED") {
            bail!("the key `{key}` is encrypted; hb takes one without a passphrase");
        }
        let der = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| anyhow::anyhow!("`{key}` holds no private key"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("cannot set up TLS")?
            .with_no_client_auth()
            .with_single_cert(chain, der)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => {
                    anyhow::anyhow!(
                        "the key `{key}` is not that of the certificate `{certificate}`"
                    )
                }
                other => anyhow::anyhow!("`{certificate}` with `{key}` cannot be used: {other}"),
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// What changes when one of the files does.
    pub(crate) fn marks(&self) -> [Mark; 2] {
        [&self.certificate, &self.key].map(|file| {
            let facts = std::fs::metadata(file).ok()?;
            let (size, at) = (facts.size(), (facts.mtime(), facts.mtime_nsec(), facts.ctime()));
            Some((facts.ino(), size, at.0, at.1, at.2))
        })
    }

    /// Whether everybody on this host can read the key.
    pub(crate) fn is_open_to_all(&self) -> bool {
        std::fs::metadata(&self.key).is_ok_and(|facts| facts.mode() & 0o007 != 0)
    }
}
