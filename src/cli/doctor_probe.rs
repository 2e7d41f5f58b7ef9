//! One target, looked at from outside: its name, its port, its TLS, its clock.

use std::net::ToSocketAddrs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::retry_after;
use crate::domain::span;
use crate::domain::text;
use crate::send::target::Target;
use crate::sys::{clock, http};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// All is well.
    Good,
    /// It works, but somebody should know.
    Odd,
    /// It does not work.
    Bad,
}

/// Something that was looked at.
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) level: Level,
    about: &'static str,
    text: String,
    hint: Option<String>,
}

impl Finding {
    /// All is well.
    pub(crate) fn good(about: &'static str, text: String) -> Finding {
        Finding { level: Level::Good, about, text, hint: None }
    }

    /// It works, but somebody should know.
    pub(crate) fn odd(about: &'static str, text: String, hint: Option<String>) -> Finding {
        Finding { level: Level::Odd, about, text, hint }
    }

    /// It does not work.
    pub(crate) fn bad(about: &'static str, text: String, hint: Option<String>) -> Finding {
        Finding { level: Level::Bad, about, text, hint }
    }

    /// As a line for people, and the hint below it.
    pub(crate) fn to_line(&self, coloured: bool) -> String {
        let (word, code) = match self.level {
            Level::Good => ("ok", 32),
            Level::Odd => ("note", 33),
            Level::Bad => ("bad", 31),
        };
        let word = format!("{word:<4}");
        let word = if coloured { format!("\x1b[{code}m{word}\x1b[0m") } else { word };
        let text = text::printable(self.text.as_bytes());
        let hint = self.hint.as_ref().map(|hint| format!("              {hint}\n"));
        format!("{word}  {:<7} {text}\n{}", self.about, hint.unwrap_or_default())
    }

    /// As an object for programs.
    pub(crate) fn to_json(&self) -> Value {
        let level = match self.level {
            Level::Good => "ok",
            Level::Odd => "note",
            Level::Bad => "bad",
        };
        json!({ "level": level, "about": self.about, "text": self.text, "hint": self.hint })
    }
}

/// A clock this far off makes late jobs look punctual and the other way round.
const SKEW_MAX: Duration = Duration::from_secs(60);

/// Looks at a target.
pub(crate) fn look_at(target: &Target, timeout: Duration, findings: &mut Vec<Finding>) {
    let name = &target.name;
    if target.client.socket.is_none() {
        let host = target.address.host();
        let with_port =
            if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
                host.to_owned()
            } else {
                format!("{host}:{}", if target.address.is_https() { 443 } else { 80 })
            };
        match with_port.to_socket_addrs() {
            Ok(found) => {
                let found: Vec<String> = found.map(|address| address.ip().to_string()).collect();
                findings.push(Finding::good("DNS", format!("`{name}`: {}", found.join(", "))));
            }
            Err(error) => {
                let hint = "check the host name, /etc/resolv.conf, and the network".to_owned();
                findings.push(Finding::bad("DNS", format!("`{name}`: {error}"), Some(hint)));
                return;
            }
        }
    }
    // Whoever speaks no HTTP has no page to be asked for.
    if !target.address.is_http() {
        return;
    }
    match ask(target, timeout) {
        Ok((status, date)) => {
            let text = format!("`{name}`: it answers ({status})");
            findings.push(Finding::good("network", text));
            look_at_clock(name, date.as_deref(), findings);
        }
        Err(why) => {
            let hint = if why.contains("certificate") || why.contains("UnknownIssuer") {
                "for a private CA set `ca_file`; check this host's clock for an expired certificate"
            } else if std::env::var_os("HTTPS_PROXY").or(std::env::var_os("HTTP_PROXY")).is_some() {
                "a proxy is set in the environment; set NO_PROXY for hosts that need none"
            } else {
                "is the server running, and does a firewall let this host through?"
            };
            findings.push(Finding::bad(
                "network",
                format!("`{name}`: {why}"),
                Some(hint.to_owned()),
            ));
        }
    }
}

/// Asks the server's root, which counts as no ping anywhere.
fn ask(target: &Target, timeout: Duration) -> Result<(u16, Option<String>), String> {
    let client = http::client(&target.client).map_err(|error| format!("{error:#}"))?;
    let url = target.address.with_segments(&[]).without_query().url(&[], &[]);
    let runtime = crate::sys::runtime::build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let request = client.head(url).timeout(timeout);
        let answer = request.send().await.map_err(|error| crate::sys::http::explain(&error))?;
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        Ok((answer.status().as_u16(), date.map(str::to_owned)))
    })
}

fn look_at_clock(name: &str, date: Option<&str>, findings: &mut Vec<Finding>) {
    let now = clock::now();
    let Some(server) = date.and_then(|date| retry_after::date(date, now)) else { return };
    let skew = now.since(server).max(server.since(now));
    if skew > SKEW_MAX {
        let skew = span::format(Duration::from_secs(skew.as_secs()));
        let text = format!("this host's clock and `{name}`'s are {skew} apart");
        let hint = "set up time synchronisation (chrony, systemd-timesyncd)".to_owned();
        findings.push(Finding::odd("clock", text, Some(hint)));
    } else {
        findings.push(Finding::good("clock", format!("this host and `{name}` agree")));
    }
}
