//! The receiver: takes pings, watches deadlines, alerts people.
//!
//! The story, from the outside in. [`listen`] takes connections, [`router`] knows which path is what.
//! A ping becomes arrivals in `ping`; [`recorder`] puts many of them through one transaction, where
//! `domain::transition` says what each means and `domain::incident` whether people are to be told. The
//! [`checker`] does the same for time that passes. What people are to be told stands in the store's
//! outbox; the [`alerter`] carries it out. [`blind`] knows when nobody could see, so that a deadline of
//! that time is a question and not an alarm.
//!
//! Nothing here holds SQL or decides a status, and nothing outside is called within a transaction.

pub(crate) mod log;

mod access;
mod afterwards;
mod alerter;
mod alerts;
mod alone;
mod api;
mod app;
mod applied;
mod audit;
mod blind;
mod body;
mod certificate;
mod checker;
mod client;
mod creation;
mod crowd;
mod deeds;
mod definition;
mod effects;
mod explained;
mod faults;
mod first_start;
mod folds;
mod health;
mod healthchecks;
mod in_file;
mod judge;
mod kept;
mod keys_used;
mod lanes;
mod lateness;
mod listen;
mod mail;
mod metrics;
mod neighbours;
mod next_look;
mod output;
mod pace;
mod password;
mod patient;
mod ping;
mod presence;
mod quiet;
mod quoted;
mod reasons;
mod record;
mod recorder;
mod refusals;
mod reminders;
mod reply;
mod retention;
mod router;
mod rules;
mod run;
mod runtime_file;
mod scope;
mod secrets;
#[cfg(test)]
mod simulation;
mod socket;
mod strangers;
mod watched;

pub(crate) use app::Keep;
pub(crate) use first_start::GivenKeys;
pub(crate) use run::{Changeable, Settings, run};
