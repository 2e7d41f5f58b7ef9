//! What all channels share: the way out, with its guard, and what the administrator allows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::sys::http::ClientSettings;
use crate::sys::outbound::{self, Denied, Guard};
use crate::sys::tls;

/// The way out. Cheap to share, made once.
pub(crate) struct Outbound {
    /// For channels that may reach public addresses only.
    public: Way,
    /// For channels with `allow_private`.
    anywhere: Way,
    /// TLS for what is not HTTP.
    tls: Arc<rustls::ClientConfig>,
    allow_commands: bool,
    time_max: Duration,
}

/// A guard, and the HTTP clients behind it.
struct Way {
    guard: Guard,
    clients: Clients,
}

/// Two ways to send a request.
pub(crate) struct Clients {
    /// On a connection that another one was sent on a moment ago, where there is one.
    pub(crate) kept: reqwest::Client,
    /// On a connection of its own.
    pub(crate) fresh: reqwest::Client,
}

/// What the administrator of a receiver decides about channels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// Whether channels may run commands on this host.
    pub(crate) allow_commands: bool,
    /// Roots to trust besides this system's: a relay of one's own must not end the trust in Slack.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Outbound {
    /// Sets it up: reads the certificates that are trusted.
    pub(crate) fn new(policy: &Policy) -> Result<Outbound> {
        Outbound::through(policy, Guard::public(), Guard::anywhere())
    }

    /// The same behind other guards.
    pub(crate) fn through(policy: &Policy, public: Guard, anywhere: Guard) -> Result<Outbound> {
        let more_roots = policy.ca_file.clone();
        let tls = tls::config(&ClientSettings { https: true, more_roots, ..Default::default() })?;
        let way = |guard: Guard| -> Result<Way> {
            let client = |kept| outbound::client(&guard, tls.clone(), super::SEND_TIME_MAX, kept);
            let clients = Clients { kept: client(outbound::KEPT_MAX)?, fresh: client(0)? };
            Ok(Way { guard, clients })
        };
        Ok(Outbound {
            public: way(public)?,
            anywhere: way(anywhere)?,
            tls: Arc::new(tls.clone()),
            allow_commands: policy.allow_commands,
            time_max: super::SEND_TIME_MAX,
        })
    }

    /// The same with another time for an attempt.
    #[cfg(test)]
    pub(crate) fn within(self, time_max: Duration) -> Outbound {
        Outbound { time_max, ..self }
    }

    fn way(&self, allow_private: bool) -> &Way {
        if allow_private { &self.anywhere } else { &self.public }
    }

    /// The clients for `url`, unless its host is an address that is denied. Names are looked up and
    /// checked by the client itself, when it connects.
    pub(crate) fn http(&self, url: &reqwest::Url, allow_private: bool) -> Result<&Clients, Denied> {
        let way = self.way(allow_private);
        way.guard.check_literal(url.host_str().unwrap_or_default())?;
        Ok(&way.clients)
    }

    /// The guard for what is not HTTP.
    pub(crate) fn guard(&self, allow_private: bool) -> &Guard {
        &self.way(allow_private).guard
    }

    /// TLS for what is not HTTP.
    pub(crate) fn tls(&self) -> Arc<rustls::ClientConfig> {
        self.tls.clone()
    }

    /// Whether channels may run commands.
    pub(crate) fn allows_commands(&self) -> bool {
        self.allow_commands
    }

    /// Time for one attempt.
    pub(crate) fn time_max(&self) -> Duration {
        self.time_max
    }
}
