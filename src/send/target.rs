//! A target: one address that events go to, with everything an attempt needs.

use std::path::PathBuf;

use crate::domain::address::Address;
use crate::domain::alert::Said;
use crate::domain::dialect::{Dialect, Limits, Parameters, Request};
use crate::domain::event::{Event, Kind};
use crate::domain::host::Uptime;
use crate::domain::record::TargetRef;
use crate::domain::time::Moment;
use crate::journal::spool;
use crate::sys::clock;
use crate::sys::http::ClientSettings;

/// One address for the events of one monitor.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// What a person calls it; holds no secret.
    pub(crate) name: String,
    /// What records and the spool call it.
    pub(crate) reference: TargetRef,
    /// How the server wants events spelled.
    pub(crate) dialect: Dialect,
    /// The monitor's whole address there.
    pub(crate) address: Address,
    /// What its dialect needs besides; most of it is secret.
    pub(crate) parameters: Parameters,
    /// How to connect.
    pub(crate) client: ClientSettings,
    /// Headers to send along; their values are secret.
    pub(crate) headers: Headers,
    /// Where this host keeps what could not be told.
    pub(crate) kept_in: PathBuf,
    /// The only kinds of event it is told of; none: all of them.
    pub(crate) on: Option<Vec<Kind>>,
}

impl Target {
    /// Whether it is told of such events. Who carries words to a person is told of failures only,
    /// where nobody has said otherwise.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        match (&self.on, self.dialect.message()) {
            (Some(on), _) => on.contains(&kind),
            (None, Some(_)) => kind == Kind::Failure,
            (None, None) => true,
        }
    }

    /// Whether a receiver of hb's own is there, which takes what a job says of its monitor.
    pub(crate) fn speaks_hb(&self) -> bool {
        self.dialect == Dialect::Hb
    }

    /// Whether it may be promised to be told again: only where it takes both the promise and what keeps
    /// it, else it would miss a run that is well.
    pub(crate) fn keeps_leases(&self) -> bool {
        self.speaks_hb() && self.wants(Kind::Start) && self.wants(Kind::Progress)
    }

    /// The requests that tell it of an event; none where it has no word for it, or wants none.
    pub(crate) fn spell(&self, event: &Event, limits: Limits, now: Moment) -> Vec<Request> {
        let is_told = match event.said {
            Some(Said::Silent) => false,
            Some(Said::Told | Said::Still(_) | Said::Over(_)) => true,
            None => self.wants(event.kind),
        };
        if !is_told {
            return Vec::new();
        }
        let mut parameters = self.parameters.clone();
        parameters.start_untold |= !self.wants(Kind::Start);
        parameters.sent_at = Some(now);
        if let Some(uptime) = clock::uptime().filter(|_| self.speaks_hb()) {
            let behind = spool::holds_any(&self.kept_in);
            parameters.uptime = Some(Uptime { behind, ..uptime });
        }
        self.dialect.spell(&self.address, event, limits, &parameters)
    }
}

/// Headers whose values never print.
#[derive(Clone, Default)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl std::fmt::Debug for Headers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        write!(out, "{names:?}")
    }
}
