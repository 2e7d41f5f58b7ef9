//! What `hb channel add` and `edit` say about a channel: flags into the members of the API.
//!
//! Passwords and tokens are named by where they are. A webhook's URL is a secret, too, but it is what
//! people paste: it may stand on the command line, where `ps` sees its host alone.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::given::object_of;
use super::receiver::{Failed, elsewhere, resolved};
use crate::config::secret::SecretSource;
use crate::domain::text;

/// The kinds that there are, each with the flags that are about it.
const KINDS: [(&str, &[&str]); 6] = [
    ("email", &["to", "from", "smtp", "tls", "user", "password"]),
    ("slack", &["url"]),
    ("discord", &["url"]),
    ("ntfy", &["url", "topic", "token", "priority"]),
    ("webhook", &["url", "method", "header", "body"]),
    ("command", &["command"]),
];

/// A channel's settings.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "The channel")]
pub(crate) struct SettingsArguments {
    /// email, slack, discord, ntfy, webhook, command
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// email: who gets it (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// email: the sender, as in `hb <hb@example.com>`
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// email: the relay
    #[arg(long, value_name = "HOST[:PORT]")]
    smtp: Option<String>,
    /// email: starttls, tls, none [default: by the port]
    #[arg(long, value_name = "HOW")]
    tls: Option<String>,
    /// email: who logs in at the relay
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`
    #[arg(long, value_name = "SOURCE")]
    password: Option<String>,
    /// ntfy: the topic
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`
    #[arg(long, value_name = "SOURCE")]
    token: Option<String>,
    /// ntfy: the priority of bad news, 1 to 5 [default: by severity]
    #[arg(long, value_name = "N")]
    priority: Option<u8>,
    /// webhook: GET, POST, PUT, PATCH [default: POST]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// webhook: the body, with $STATUS, $NAME … in it [default: hb's own JSON]
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// Let it reach loopback and private addresses
    #[arg(long)]
    allow_private: bool,
    /// Everything else, as the API takes it, from a file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    json_settings: Option<PathBuf>,
    /// command: the program by its full path, and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl SettingsArguments {
    /// The members that were given. `kind` is the kind that the channel has, where it has one already.
    pub(crate) fn members(&self, kind: Option<&str>) -> Result<Map<String, Value>, Failed> {
        let mut members = match &self.json_settings {
            Some(path) => object_of(path)?,
            None => Map::new(),
        };
        if let Some(kind) = &self.kind {
            members.insert("kind".to_owned(), json!(kind));
        }
        let kind = members.get("kind").and_then(Value::as_str).or(kind).map(str::to_owned);
        self.check(kind.as_deref())?;
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if let Some(url) = &self.url {
            put("url", json!(opened_or_plain("--url", url)?));
        }
        if let Some(smtp) = &self.smtp {
            let (host, port) = host_and_port(smtp)?;
            put("host", json!(host));
            port.map(|port| put("port", json!(port)));
        }
        for (name, value) in [
            ("from", &self.from),
            ("tls", &self.tls),
            ("user", &self.user),
            ("topic", &self.topic),
            ("method", &self.method),
            ("body", &self.body),
        ] {
            if let Some(value) = value {
                put(name, json!(value));
            }
        }
        for (name, flag, value) in
            [("password", "--password", &self.password), ("token", "--token", &self.token)]
        {
            if let Some(value) = value {
                put(name, json!(resolved(&elsewhere(flag, value)?)?));
            }
        }
        if let Some(priority) = self.priority {
            put("priority", json!(priority));
        }
        if !self.to.is_empty() {
            put("to", json!(self.to));
        }
        if !self.header.is_empty() {
            put("headers", headers(&self.header)?);
        }
        if !self.command.is_empty() {
            put("argv", json!(self.command));
        }
        if self.allow_private {
            put("allow_private", json!(true));
        }
        Ok(members)
    }

    /// Refuses a kind that there is not, and a flag that is about another one.
    fn check(&self, kind: Option<&str>) -> Result<(), Failed> {
        let Some(kind) = kind else { return Ok(()) };
        let Some((_, own)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            let words = KINDS.map(|(known, _)| known);
            let near = crate::domain::nearest::nearest(kind, words);
            let near = near.map(|near| format!(", did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| format!("; known: {}", words.join(", ")));
            let shown = text::excerpt(kind.as_bytes());
            return Err(Failed::usage(format!("there is no kind `{shown}`{near}")));
        };
        let given = [
            ("url", self.url.is_some()),
            ("to", !self.to.is_empty()),
            ("from", self.from.is_some()),
            ("smtp", self.smtp.is_some()),
            ("tls", self.tls.is_some()),
            ("user", self.user.is_some()),
            ("password", self.password.is_some()),
            ("topic", self.topic.is_some()),
            ("token", self.token.is_some()),
            ("priority", self.priority.is_some()),
            ("method", self.method.is_some()),
            ("header", !self.header.is_empty()),
            ("body", self.body.is_some()),
            ("command", !self.command.is_empty()),
        ];
        match given.iter().find(|(flag, given)| *given && !own.contains(flag)) {
            Some(("command", _)) => Err(Failed::usage(format!("`{kind}` runs no command"))),
            Some((flag, _)) => Err(Failed::usage(format!("`--{flag}` is not for `{kind}`"))),
            None => Ok(()),
        }
    }
}

/// A value as it stands there, or from where it says that it is.
fn opened_or_plain(flag: &str, given: &str) -> Result<String, Failed> {
    match SecretSource::parse(given) {
        Ok(SecretSource::Literal(_)) => Ok(given.to_owned()),
        Ok(source) => resolved(&source),
        Err(why) => Err(Failed::usage(format!("`{flag}`: {why}"))),
    }
}

/// `Name: value` lines as an object.
fn headers(given: &[String]) -> Result<Value, Failed> {
    super::targets::check_headers(given).map_err(Failed::usage)?;
    let mut headers = Map::new();
    for header in given {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        let value = opened_or_plain("--header", value.trim())?;
        headers.insert(name.trim().to_owned(), Value::String(value));
    }
    Ok(Value::Object(headers))
}

/// `mail.example.com:587`, `[::1]:25`.
fn host_and_port(given: &str) -> Result<(&str, Option<u16>), Failed> {
    let (host, port) = match given.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        Some(_) | None => (given, None),
    };
    let refused = || {
        let shown = text::excerpt(given.as_bytes());
        Failed::usage(format!("`--smtp`: `{shown}` is no host; write mail.example.com:587"))
    };
    let port = port.map(|port| port.parse::<u16>().map_err(|_| refused())).transpose()?;
    if host.is_empty() { Err(refused()) } else { Ok((host, port)) }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};
    use serde_json::{Value, json};

    use super::{KINDS, SettingsArguments, host_and_port};

    /// The members that these words mean, or the exit-worthy sentence.
    fn members(words: &[&str]) -> Result<Value, String> {
        let command = SettingsArguments::augment_args(Command::new("x"));
        let matches = command.try_get_matches_from([&["x"], words].concat());
        let matches = matches.map_err(|error| error.to_string())?;
        let flags = SettingsArguments::from_arg_matches(&matches).map_err(|e| e.to_string())?;
        flags.members(None).map(Value::Object).map_err(|failed| failed.why().to_owned())
    }

    #[test]
    fn each_kind_takes_its_own_flags() {
        let cases: [(&[&str], Value); 6] = [
            (
                &[
                    "--kind", "email", "--to", "a@b", "--to", "c@d", "--from", "hb@b", "--smtp",
                    "m:25",
                ],
                json!({"kind": "email", "to": ["a@b", "c@d"], "from": "hb@b", "host": "m", "port": 25}),
            ),
            (
                &["--kind", "slack", "--url", "https://h/x"],
                json!({"kind": "slack", "url": "https://h/x"}),
            ),
            (
                &["--kind", "discord", "--url", "https://h/x"],
                json!({"kind": "discord", "url": "https://h/x"}),
            ),
            (
                &["--kind", "ntfy", "--topic", "t", "--token", "env:PATH", "--priority", "4"],
                json!({"kind": "ntfy", "topic": "t", "token": std::env::var("PATH").unwrap(), "priority": 4}),
            ),
            (
                &[
                    "--kind",
                    "webhook",
                    "--url",
                    "http://h",
                    "--header",
                    "X-A: b:c",
                    "--allow-private",
                ],
                json!({"kind": "webhook", "url": "http://h", "headers": {"X-A": "b:c"}, "allow_private": true}),
            ),
            (
                &["--kind", "command", "--", "/bin/tell", "--loud"],
                json!({"kind": "command", "argv": ["/bin/tell", "--loud"]}),
            ),
        ];
        for (words, expected) in cases {
            assert_eq!(members(words), Ok(expected), "{words:?}");
        }
    }

    #[test]
    fn a_flag_of_another_kind_and_a_secret_in_ps_are_refused() {
        for (words, part) in [
            (&["--kind", "slack", "--topic", "t"][..], "`--topic` is not for `slack`"),
            (&["--kind", "slak"], "did you mean `slack`?"),
            (&["--kind", "pigeon"], "known: email, slack"),
            (&["--kind", "email", "--password", "hunter2"], "would stand in `ps`"),
            (&["--kind", "email", "--password", "file:x"], "must be absolute"),
            (&["--kind", "webhook", "--header", "X"], "has no colon"),
            (&["--kind", "email", "--smtp", "h:x"], "is no host"),
            (&["--kind", "webhook", "--", "/bin/tell"], "`webhook` runs no command"),
        ] {
            let why = members(words).expect_err("it is wrong");
            assert!(why.contains(part) && !why.contains("hunter2"), "{words:?}: {why}");
        }
    }

    #[test]
    fn every_flag_is_about_some_kind() {
        let command = SettingsArguments::augment_args(Command::new("x"));
        let of_all = ["kind", "allow_private", "json_settings", "help"];
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let known = KINDS.iter().any(|(_, own)| own.contains(&id));
            assert!(known || of_all.contains(&id), "{id}");
        }
    }

    #[test]
    fn a_relay_is_a_host_and_perhaps_a_port() {
        let read = |text| host_and_port(text).ok();
        assert_eq!(read("mail.example.com"), Some(("mail.example.com", None)));
        assert_eq!(read("mail.example.com:587"), Some(("mail.example.com", Some(587))));
        assert_eq!(read("[::1]:25"), Some(("[::1]", Some(25))));
        assert_eq!(read("::1"), Some(("::1", None)));
        assert_eq!(read(":25"), None);
        assert_eq!(read("h:99999"), None);
    }
}
