//! The certificate that is shown, and its renewal while connections go on.
//!
//! Certificates live for weeks and the receiver for years, so the files are looked at again and again.
//! A new pair that cannot be used changes nothing but a line in the log: the old one is good for days
//! still, and a receiver without TLS is a receiver that nobody hears. Programs that renew write two
//! files one after the other; between them the pair does not fit, and at the next look it does.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::log::Log;
use super::run::Stopped;
use crate::sys::tls_server::{Mark, Pair};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A certificate in use.
pub(crate) struct Certificate {
    pair: Pair,
    shown: RwLock<Arc<ServerConfig>>,
    marks: Mutex<[Mark; 2]>,
}

impl Certificate {
    /// Takes the pair into use; one that cannot be used is a reason not to start.
    pub(crate) fn load(pair: &Pair, log: &Log) -> Result<Certificate, Stopped> {
        let marks = pair.marks();
        let config = pair.config().map_err(|error| Stopped {
            why: format!("cannot speak TLS: {error:#}"),
            hint: Some("`--tls-cert` takes the whole chain in PEM, `--tls-key` its key".into()),
        })?;
        if pair.is_open_to_all() {
            let key = pair.key.display().to_string();
            log.warning("everybody on this host can read the TLS key", &[("file", &key)]);
        }
        let shown = RwLock::new(Arc::new(config));
        Ok(Certificate { pair: pair.clone(), shown, marks: Mutex::new(marks) })
    }

    /// What greets a connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Takes the pair as it is now, if it is another or if somebody asks for it.
    fn renew(&self, asked: bool, log: &Log) {
        let marks = self.pair.marks();
        {
            let mut known = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
            if *known == marks && !asked {
                return;
            }
            *known = marks;
        }
        let file = self.pair.certificate.display().to_string();
        match self.pair.config() {
            Ok(config) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                log.info("the TLS certificate was read again", &[("file", &file)]);
            }
            Err(error) => log.error(
                "the new TLS certificate cannot be used; the old one is shown on",
                &[("why", &format!("{error:#}"))],
            ),
        }
    }
}

/// Reads the files when somebody asks for it, and when they have changed.
pub(crate) async fn keep_fresh(
    certificate: Arc<Certificate>,
    log: Log,
    mut asked: watch::Receiver<u64>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            changed = asked.changed() => changed.is_ok(),
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let certificate = Arc::clone(&certificate);
        // A file may be on a disk that does not answer; connections go on meanwhile.
        let _ = tokio::task::spawn_blocking(move || certificate.renew(asked, &log)).await;
    }
}
