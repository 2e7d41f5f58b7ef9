//! Alerts out: the words that people read, and the ways to them.
//!
//! A message and a channel's settings come in; one attempt goes out, and its outcome comes back.
//! Whom to tell, when to try again and what was already told is decided elsewhere, from rows that
//! are safely stored; nothing is remembered here. Every kind of channel is a file with a pure
//! `render`. What comes from a job or a client is hostile in all of them: a monitor's name must not
//! add a header, a mention, a link or a line. Addresses are checked when they are connected to. What a
//! service says is told without the secrets of its channel.

pub(crate) mod change;
pub(crate) mod channel;
mod command;
mod discord;
mod email;
mod fields;
mod html;
pub(crate) mod message;
mod ntfy;
pub(crate) mod outbound;
pub(crate) mod pause;
mod placeholders;
mod request;
mod secrets;
mod slack;
mod smtp;
pub(crate) mod together;
mod webhook;
pub(crate) mod wording;

use std::time::Duration;

use self::channel::{Kind, Settings};
use self::message::Message;
use self::outbound::Outbound;
use self::request::{Answers, Request};
use self::secrets::Secrets;
use crate::sys::clock;

/// Time for one attempt, redirects and all.
const SEND_TIME_MAX: Duration = Duration::from_secs(30);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It was taken.
    Sent {
        /// What was not quite right, as when one of several recipients was refused.
        note: Option<String>,
    },
    /// It may work later.
    Retry {
        /// When the other side wants to be asked again.
        after: Option<Duration>,
        /// What went wrong, on one line and without secrets.
        why: String,
    },
    /// It will not work until somebody changes something.
    Refused {
        /// What went wrong, on one line and without secrets.
        why: String,
    },
}

impl Outcome {
    /// What was not quite right although it was taken.
    pub(crate) fn note(&self) -> Option<&str> {
        match self {
            Outcome::Sent { note } => note.as_deref(),
            Outcome::Retry { .. } | Outcome::Refused { .. } => None,
        }
    }
}

/// Asks for a URL of a person's own, wherever that is, and says how it went.
pub(crate) async fn ping(outbound: &Outbound, url: &str) -> Outcome {
    let request = Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut secrets = Secrets::default();
    secrets.and_of(&request);
    let sent = request::send(outbound, true, &request, "", Answers::OwnCode, clock::now());
    without_secrets(sent.await, &secrets)
}

/// Sends `message` once.
pub(crate) async fn send(outbound: &Outbound, settings: &Settings, message: &Message) -> Outcome {
    let mut secrets = Secrets::of(settings);
    let attempt = attempt(outbound, settings, message, &mut secrets);
    let outcome = tokio::time::timeout(outbound.time_max(), attempt).await;
    let late = || Outcome::Retry { after: None, why: "no answer in time".to_owned() };
    without_secrets(outcome.unwrap_or_else(|_| late()), &secrets)
}

async fn attempt(
    outbound: &Outbound,
    settings: &Settings,
    message: &Message,
    secrets: &mut Secrets,
) -> Outcome {
    let now = clock::now();
    let allow_private = settings.allow_private;
    let request = match &settings.kind {
        Kind::Webhook(webhook) => webhook::render(webhook, message, now),
        Kind::Slack(url) => slack::render(url.expose(), message),
        Kind::Discord(url) => discord::render(url.expose(), message),
        Kind::Ntfy(ntfy) => ntfy::render(ntfy, message),
        Kind::Email(email) => {
            return match email::render(email, message, now) {
                Ok(mail) => smtp::deliver(outbound, allow_private, email, &mail).await,
                Err(why) => Outcome::Refused { why },
            };
        }
        Kind::Command(argv) if outbound.allows_commands() => {
            return command::tell(argv, message).await;
        }
        Kind::Command(_) => {
            let why = "commands are not allowed here; start `hb serve` with `--allow-commands`";
            return Outcome::Refused { why: why.to_owned() };
        }
    };
    secrets.and_of(&request);
    let answers = match &settings.kind {
        Kind::Webhook(_) => Answers::OwnCode,
        _ => Answers::Service,
    };
    let key = &message.delivery_id;
    request::send(outbound, allow_private, &request, key, answers, now).await
}

/// Other people's words, without what must not be repeated.
fn without_secrets(outcome: Outcome, secrets: &Secrets) -> Outcome {
    let mask = |text: String| secrets.hide(&wording::one_line(&text, WHY_CHARS_MAX));
    match outcome {
        Outcome::Sent { note } => Outcome::Sent { note: note.map(mask) },
        Outcome::Retry { after, why } => Outcome::Retry { after, why: mask(why) },
        Outcome::Refused { why } => Outcome::Refused { why: mask(why) },
    }
}

/// Characters of a reason: what a log line and a page can show.
const WHY_CHARS_MAX: usize = 400;

#[cfg(test)]
mod tests;
