//! What a transaction leaves to be done after its commit: wake somebody, tell followers, write a line.

use super::log::Log;
use super::presence::Sign;
use crate::domain::monitor::Status;
use crate::domain::time::Moment;

/// What is to be done outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    /// Something is to be sent.
    pub(crate) alerts: bool,
    /// The nearest moment at which a deadline is to be looked at.
    pub(crate) wake_at: Option<Moment>,
    /// Somebody follows another host than before.
    pub(crate) follows: bool,
    /// Hosts that were heard of.
    pub(crate) signs: Vec<Sign>,
    /// What has changed.
    pub(crate) news: Vec<News>,
}

impl Effects {
    /// A deadline is to be looked at by then.
    pub(crate) fn wake(&mut self, at: Option<Moment>) {
        if let Some(at) = at {
            self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at)));
        }
    }
}

/// A monitor's status has changed.
#[derive(Clone, Debug)]
pub(crate) struct News {
    /// Which monitor.
    pub(crate) slug: String,
    /// The status before.
    pub(crate) from: Status,
    /// The status now.
    pub(crate) to: Status,
    /// Why.
    pub(crate) reason: String,
}

impl News {
    /// For the log.
    pub(crate) fn log(&self, log: &Log) {
        let fields = [
            ("monitor", self.slug.as_str()),
            ("from", self.from.word()),
            ("to", self.to.word()),
            ("reason", self.reason.as_str()),
        ];
        log.info("monitor changed", &fields);
    }
}
