//! The unit for systemd, with the options of the command line.
//!
//! What is said beside `--print-unit` is meant for the service, so it stands in the unit, or it is said
//! why it does not. A unit can be read by everybody on its host: no secret stands in it.

use std::path::Path;

use super::serve::ServeArguments;
use crate::domain::text;

/// The unit of a receiver with nothing special about it.
const UNIT: &str = include_str!("unit/hb-serve.service");

/// What it starts.
const COMMAND: &str = "/usr/local/bin/hb serve";

/// Where it listens when nobody says so.
const LISTEN: &str = " --listen 127.0.0.1:8787";

/// The first port that everybody may listen on.
const FREE_PORT: u16 = 1024;

/// What only a service that listens on a lower one needs.
const FOR_LOW_PORTS: [(&str, &str); 3] = [
    ("CapabilityBoundingSet=\n", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"),
    ("AmbientCapabilities=\n", "AmbientCapabilities=CAP_NET_BIND_SERVICE\n"),
    // In a user namespace of its own the right would be none on the host's network.
    ("PrivateUsers=yes\n", "PrivateUsers=no\n"),
];

/// The unit, and what has to be said about it, in lines; an error is a line and what to do.
pub(super) fn unit(arguments: &ServeArguments) -> Result<(String, Vec<String>), (String, String)> {
    if let Some(directory) = &arguments.data {
        let shown = text::excerpt(directory.as_os_str().as_encoded_bytes());
        let why = format!("`--data {shown}` cannot stand in the unit");
        let hint = "its user is made for it and has /var/lib/hb-serve alone; leave the option out";
        return Err((why, hint.to_owned()));
    }
    let (mut words, mut said) = (String::new(), Vec::new());
    let mut add = |name: &str, value: Option<&str>| {
        words.push_str(" --");
        words.push_str(name);
        if let Some(value) = value {
            words.push(' ');
            words.push_str(&quoted(value));
        }
    };
    for address in &arguments.listen {
        add("listen", Some(address));
    }
    match arguments.database.as_deref() {
        Some(url) if may_hold_a_secret(url) => {
            said.push(secret("--database", "may hold a password", "HB_DATABASE"));
        }
        Some(place) => add("database", Some(place)),
        None => {}
    }
    match arguments.watched_by.as_deref() {
        Some(url) if !url.starts_with("file:") => {
            said.push(secret("--watched-by", "is a key", "HB_WATCHED_BY"));
        }
        Some(file) => add("watched-by", Some(file)),
        None => {}
    }
    for (name, value) in [
        ("public-url", arguments.public_url.as_deref()),
        ("tls-cert", path(&arguments.tls_cert)?),
        ("tls-key", path(&arguments.tls_key)?),
        ("smtp", arguments.smtp.as_deref()),
        ("config", path(&arguments.config)?),
        ("ca-file", path(&arguments.ca_file)?),
        ("log-format", arguments.log_format.as_deref()),
    ] {
        if value.is_some() {
            add(name, value);
        }
    }
    for network in &arguments.trust_proxy {
        add("trust-proxy", Some(network));
    }
    if arguments.allow_commands {
        add("allow-commands", None);
    }
    let listen = if arguments.listen.is_empty() { LISTEN } else { "" };
    let mut unit =
        UNIT.replace(&format!("{COMMAND}{LISTEN}"), &format!("{COMMAND}{listen}{words}"));
    if arguments.listen.iter().chain(&arguments.smtp).any(|address| is_low(address)) {
        for (usual, needed) in FOR_LOW_PORTS {
            unit = unit.replace(usual, needed);
        }
    }
    Ok((unit, said))
}

/// Where to write what does not belong into a unit.
fn secret(option: &str, what: &str, variable: &str) -> String {
    format!(
        "`{option}` {what}, and everybody can read a unit: write it as `{variable}=…` into /etc/hb/serve.env, which the unit reads, with mode 0600"
    )
}

/// A path as a service can find it.
fn path(given: &Option<impl AsRef<Path>>) -> Result<Option<&str>, (String, String)> {
    let Some(path) = given.as_ref().map(AsRef::as_ref) else { return Ok(None) };
    match path.to_str() {
        Some(text) if path.is_absolute() => Ok(Some(text)),
        _ => {
            let shown = text::excerpt(path.as_os_str().as_encoded_bytes());
            let hint = "a service starts in a directory of its own; write the whole path";
            Err((format!("`{shown}` cannot stand in the unit"), hint.to_owned()))
        }
    }
}

/// Whether a place of a database is more than where it is: a user with a password, or options.
fn may_hold_a_secret(place: &str) -> bool {
    if place.starts_with("file:") {
        return false;
    }
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    let user = rest.rsplit_once('@').map(|(user, _)| user).unwrap_or_default();
    user.contains(':') || place.to_ascii_lowercase().contains("password")
}

/// Whether an address has a port that takes a right of its own.
fn is_low(address: &str) -> bool {
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.is_some_and(|port| (1..FREE_PORT).contains(&port))
}

/// A word as systemd reads it: quoted where it has to be, with nothing that it would replace.
fn quoted(word: &str) -> String {
    let mut text = String::new();
    for letter in word.chars() {
        match letter {
            '%' | '$' => text.extend([letter, letter]),
            '\\' | '"' => text.extend(['\\', letter]),
            letter if letter.is_control() => text.push_str(&format!("\\x{:02x}", letter as u32)),
            letter => text.push(letter),
        }
    }
    let plain = |letter: char| letter.is_alphanumeric() || "/:.,_-[]@=%$?&+~".contains(letter);
    if word.is_empty() || !word.chars().all(plain) { format!("\"{text}\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{is_low, may_hold_a_secret, quoted};

    #[test]
    fn words_are_quoted_and_secrets_and_low_ports_are_known() {
        for (word, shown) in [
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::]:8787", "[::]:8787"),
            ("a b", "\"a b\""),
            ("50%$x", "50%%$$x"),
            ("a\"b\\", "\"a\\\"b\\\\\""),
            ("a\nb", "\"a\\x0ab\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(word), shown, "{word:?}");
        }
        for (place, expected) in [
            ("postgres://hb@db/hb", false),
            ("postgres://db/hb?sslmode=require", false),
            ("file:/etc/hb/database", false),
            ("postgres://hb:secret@db/hb", true),
            ("postgres://hb:se@cret@db/hb", true),
            ("postgres://db/hb?Password=secret", true),
        ] {
            assert_eq!(may_hold_a_secret(place), expected, "{place}");
        }
        for (address, expected) in [
            ("0.0.0.0:80", true),
            ("[::]:443", true),
            ("127.0.0.1:0", false),
            ("127.0.0.1:8787", false),
            ("unix:/run/hb.sock", false),
        ] {
            assert_eq!(is_low(address), expected, "{address}");
        }
    }
}
