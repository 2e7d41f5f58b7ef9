//! TLS: which certificates are trusted, and what to say when one is not.
//!
//! A private server often shows a self-signed certificate that its owner also hands out as the "CA"
//! file. Such a certificate calls itself a CA, and the library refuses a CA as a server. Whoever
//! names exactly this certificate means it: then name and dates are still checked, and the key by
//! the handshake itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore,
};

use super::files::read_given;
use super::http::ClientSettings;

/// Where systems keep their bundle of roots.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The TLS side of a client. For plain HTTP it reads no file.
pub(crate) fn config(settings: &ClientSettings) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?;
    let builder = if settings.https {
        let given = settings.ca_file.clone();
        let given = given.or_else(|| std::env::var_os("SSL_CERT_FILE").map(PathBuf::from));
        let more = settings.more_roots.as_deref();
        let believed = Believed::Named(named_or_trusted(given.as_deref(), more, &provider)?);
        let verifier = Arc::new(Verifier { believed, provider });
        builder.dangerous().with_custom_certificate_verifier(verifier)
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    identified(builder, settings.identity.as_ref())
}

/// With the certificate that this side shows, if it has one.
fn identified(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: Option<&(PathBuf, PathBuf)>,
) -> Result<ClientConfig> {
    let Some((certificate, key)) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(certificate)?;
    let pem = read_given(key).with_context(|| unreadable("client key", key))?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| anyhow::anyhow!("`{}` holds no private key", key.display()))?;
    builder.with_client_auth_cert(chain, key).context("the client certificate is not usable")
}

/// What a database must prove before it is spoken to, as `sslmode` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Nothing: nobody reads along, and whoever answers is believed.
    Nothing,
    /// That an authority which is trusted has signed for it, whatever its name.
    Authority,
    /// That, and its name.
    Name,
}

/// The TLS side of a client of a database.
pub(crate) fn database(
    proof: Proof,
    ca_file: Option<&Path>,
    identity: Option<&(PathBuf, PathBuf)>,
) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .dangerous();
    let named_or_trusted = || named_or_trusted(ca_file, None, &provider);
    let believed = match proof {
        Proof::Nothing => Believed::Anybody,
        Proof::Authority => Believed::AnyName(named_or_trusted()?),
        Proof::Name => Believed::Named(named_or_trusted()?),
    };
    let builder =
        builder.with_custom_certificate_verifier(Arc::new(Verifier { believed, provider }));
    let mut config = identified(builder, identity)?;
    // Servers that begin with TLS at once insist on it, the others do not mind.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// Who is trusted: the authorities of this host, or instead those of a file; those of another file besides;
/// and the very certificates in both files.
fn named_or_trusted(
    file: Option<&Path>,
    more: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<NamedOrTrusted> {
    let (mut roots, mut named) = (RootCertStore::empty(), Vec::new());
    match file {
        Some(file) => add(&mut roots, &mut named, file)?,
        None => roots.extend(host_roots().roots),
    }
    if let Some(more) = more {
        add(&mut roots, &mut named, more)?;
    }
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .context("cannot set up TLS")?;
    Ok(NamedOrTrusted { inner, named })
}

/// Trusts what is in a file, of which at least something has to be of use.
fn add(
    roots: &mut RootCertStore,
    named: &mut Vec<CertificateDer<'static>>,
    file: &Path,
) -> Result<()> {
    let found = certificates(file)?;
    let (usable, _) = roots.add_parsable_certificates(found.iter().cloned());
    if usable == 0 {
        bail!("`{}` holds no usable certificate", file.display());
    }
    named.extend(found);
    Ok(())
}

/// The authorities of this host, or hb's own list where it has none.
fn host_roots() -> RootCertStore {
    let mut store = RootCertStore::empty();
    for bundle in BUNDLES {
        if let Ok(found) = certificates(Path::new(bundle)) {
            store.add_parsable_certificates(found);
            if !store.is_empty() {
                return store;
            }
        }
    }
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    store
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read_given(file).with_context(|| unreadable("certificates", file))?;
    // One broken certificate in a bundle of a hundred is no reason to trust none.
    Ok(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect())
}

fn unreadable(what: &str, file: &Path) -> String {
    format!("cannot read {what} from `{}`", file.display())
}

/// Who is believed to be the server. That it has the key of its certificate, the handshake proves
/// in each case.
#[derive(Debug)]
enum Believed {
    /// Whoever answers.
    Anybody,
    /// What leads to a root and has its name, and the very certificates that a person named.
    Named(NamedOrTrusted),
    /// The same, whatever their names.
    AnyName(NamedOrTrusted),
}

/// Trusts what leads to a root, and the very certificates that a person named.
#[derive(Debug)]
struct NamedOrTrusted {
    inner: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

/// What a server shows to be believed.
struct Shown<'a> {
    certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp: &'a [u8],
    now: UnixTime,
}

impl NamedOrTrusted {
    fn judge(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, Error> {
        let Shown { certificate, intermediates, name, ocsp, now } = shown;
        let verified = self.inner.verify_server_cert(certificate, intermediates, name, ocsp, *now);
        match verified {
            // The library looks at the dates before it looks at what the certificate is for, so a
            // named certificate that comes here is within its dates.
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                if other.to_string().contains("CaUsedAsEndEntity")
                    && self.named.iter().any(|named| named == *certificate) =>
            {
                let parsed = ParsedCertificate::try_from(*certificate)?;
                rustls::client::verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }
}

/// A verifier for the library.
#[derive(Debug)]
struct Verifier {
    believed: Believed,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown { certificate, intermediates, name, ocsp, now };
        match &self.believed {
            Believed::Anybody => Ok(ServerCertVerified::assertion()),
            Believed::Named(named) => named.judge(&shown),
            Believed::AnyName(named) => match named.judge(&shown) {
                // The library looks at the name last, when everything else is proved.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                verdict => verdict,
            },
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What a TLS failure means to a person, where the library's own words do not say.
pub(crate) fn explain(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    // The library's error travels inside of I/O errors, which do not name it as their source.
    let mut found = error;
    while let Some(inside) =
        found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
    {
        found = inside;
    }
    let Error::InvalidCertificate(why) = found.downcast_ref()? else { return None };
    let text = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired, or this host's clock is ahead"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet, or this host's clock is behind"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is signed by nobody this host trusts; for a private CA use `--ca-file`"
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server shows a CA's own certificate; if it is meant to, name it with `--ca-file`"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
