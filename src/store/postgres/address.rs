//! The address of a PostgreSQL, as libpq understands it: hosts, and what TLS must prove.
//!
//! Two things the client library leaves open are settled here. It knows no `sslmode=verify-full` and no
//! files of certificates, so these are taken out of the address before it reads the rest. And it waits
//! for a host that takes the connection and says nothing, while the next one would answer; so each
//! host becomes an address of its own, and whoever connects bounds the wait for each.
//!
//! Only a server that takes writes will do, whatever the address says: one in recovery, or read-only,
//! is no place for a receiver's data, and readers of a copy would not see what was acknowledged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::Tls;
use super::{STATEMENT_MAX, reason};
use crate::domain::address::percent_decode;
use crate::store::Trouble;
use crate::sys::tls::{self, Proof};

/// How long a TCP connection to one address of a host may take to be made.
const REACHED_MAX: Duration = Duration::from_secs(2);

/// A silent connection is probed after this long, so that a dead peer is noticed.
const PROBE_AFTER: Duration = Duration::from_secs(30);

/// Where the server is.
pub(super) struct Address {
    /// One for each host, in the order in which they are tried.
    pub(super) hosts: Vec<Config>,
    /// How TLS is spoken to all of them.
    pub(super) tls: Tls,
}

/// What the address says about TLS.
#[derive(Debug, Default, PartialEq)]
struct Security {
    mode: Option<String>,
    ca_file: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Address {
    /// Reads an address; the password in it appears in no message.
    pub(super) fn parse(url: &str) -> Result<Address, Trouble> {
        let (rest, security) = taken_apart(url);
        let read = |text: &str| text.parse::<Config>();
        let wrong = |error| {
            Trouble::Unavailable(format!(
                "the database's address cannot be read: {}; write `postgres://user@host/database`",
                reason(&error)
            ))
        };
        let whole = read(&rest).map_err(wrong)?;
        let mut base = read(&without_hosts(&rest)).map_err(wrong)?;
        let (mode, proof) = security.mode()?;
        base.ssl_mode(mode)
            .connect_timeout(REACHED_MAX)
            .keepalives_idle(PROBE_AFTER)
            .tcp_user_timeout(STATEMENT_MAX)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        if base.get_application_name().is_none() {
            base.application_name("hb");
        }
        let config = tls::database(proof, security.ca_file(), security.identity()?.as_ref());
        let config = config.map_err(|error| Trouble::Unavailable(format!("{error:#}")))?;
        Ok(Address { hosts: hosts(&whole, &base)?, tls: Tls::new(config) })
    }
}

/// The address without what is said about TLS, and that.
fn taken_apart(url: &str) -> (String, Security) {
    let (place, words) = url.split_once('?').unwrap_or((url, ""));
    let mut security = Security::default();
    let mut rest = Vec::new();
    for word in words.split('&').filter(|word| !word.is_empty()) {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let known = match name {
            "sslmode" => &mut security.mode,
            "sslrootcert" => &mut security.ca_file,
            "sslcert" => &mut security.certificate,
            "sslkey" => &mut security.key,
            // The library takes this for one host; PostgreSQL's own clients take it for several.
            "host" => {
                rest.extend(value.split(',').map(|host| format!("host={host}")));
                continue;
            }
            _ => {
                rest.push(word.to_owned());
                continue;
            }
        };
        *known = Some(percent_decode(value));
    }
    let rest =
        if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    (rest, security)
}

/// The same address with everything but its hosts.
fn without_hosts(url: &str) -> String {
    let (place, words) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, place) = place.split_once("://").unwrap_or(("postgres", place));
    // As the library has it: user and password end with the first `@`.
    let (user, hosts) = place.split_once('@').map_or(("", place), |(user, hosts)| (user, hosts));
    let database = hosts.split_once('/').map_or("", |(_, database)| database);
    let is_host =
        |word: &&str| ["host=", "hostaddr=", "port="].iter().any(|name| word.starts_with(name));
    let words: Vec<&str> = words.split('&').filter(|word| !is_host(word)).collect();
    let at = if user.is_empty() { "" } else { "@" };
    let words = words.join("&");
    let asks = if words.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{at}/{database}{asks}{words}")
}

/// One address for each host of `whole`.
fn hosts(whole: &Config, base: &Config) -> Result<Vec<Config>, Trouble> {
    let (names, addresses, ports) = (whole.get_hosts(), whole.get_hostaddrs(), whole.get_ports());
    let count = names.len().max(addresses.len());
    let fits = |other: usize| other <= 1 || other == count;
    if count == 0 || !fits(names.len()) || !fits(addresses.len()) || !fits(ports.len()) {
        return Err(Trouble::Unavailable(format!(
            "the database's address has {} hosts, {} addresses and {} ports: name a host, and as \
             many ports as hosts, or one",
            names.len(),
            addresses.len(),
            ports.len()
        )));
    }
    let one = |place: usize| {
        let mut config = base.clone();
        match names.get(place) {
            Some(Host::Tcp(name)) => drop(config.host(name)),
            Some(Host::Unix(path)) => {
                // A socket of this host has no TLS; PostgreSQL's own clients do not ask for it either.
                config.host_path(path).ssl_mode(SslMode::Disable);
            }
            None => {}
        }
        addresses.get(place).map(|address| config.hostaddr(*address));
        ports.get(place).or(ports.first()).map(|port| config.port(*port));
        config
    };
    Ok((0..count).map(one).collect())
}

impl Security {
    fn mode(&self) -> Result<(SslMode, Proof), Trouble> {
        // An authority that is named is asked, as libpq does it.
        let at_least = if self.ca_file.is_some() { Proof::Authority } else { Proof::Nothing };
        Ok(match self.mode.as_deref() {
            Some("disable") => (SslMode::Disable, Proof::Nothing),
            None | Some("prefer" | "allow") => (SslMode::Prefer, Proof::Nothing),
            Some("require") => (SslMode::Require, at_least),
            Some("verify-ca") => (SslMode::Require, Proof::Authority),
            Some("verify-full") => (SslMode::Require, Proof::Name),
            Some(other) => {
                return Err(Trouble::Unavailable(format!(
                    "`sslmode={other}` of the database's address is unknown: disable, prefer, \
                     require, verify-ca or verify-full"
                )));
            }
        })
    }

    /// The file of authorities; none means those that this host trusts.
    fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref().filter(|file| *file != "system").map(Path::new)
    }

    fn identity(&self) -> Result<Option<(PathBuf, PathBuf)>, Trouble> {
        match (&self.certificate, &self.key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
            _ => Err(Trouble::Unavailable(
                "`sslcert` and `sslkey` of the database's address belong together: name both"
                    .to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::{Host, SslMode};

    use super::{Address, Security, taken_apart};
    use crate::sys::tls::Proof;

    fn shown(url: &str) -> Vec<String> {
        let address = match Address::parse(url) {
            Ok(address) => address,
            Err(trouble) => return vec![trouble.to_string()],
        };
        let mut shown = Vec::new();
        for config in &address.hosts {
            let host = match config.get_hosts() {
                [Host::Tcp(name)] => name.clone(),
                [Host::Unix(path)] => path.display().to_string(),
                other => format!("{other:?} {:?}", config.get_hostaddrs()),
            };
            shown.push(format!(
                "{}@{host}:{:?}/{} {:?} {}",
                config.get_user().unwrap_or_default(),
                config.get_ports(),
                config.get_dbname().unwrap_or_default(),
                config.get_ssl_mode(),
                String::from_utf8_lossy(config.get_password().unwrap_or_default()),
            ));
        }
        shown
    }

    #[test]
    fn each_host_becomes_an_address_of_its_own() {
        for (url, expected) in [
            ("postgres://hb@db/shop", &["hb@db:[5432]/shop Prefer "][..]),
            (
                "postgres://hb:p%40ss@a:1,b:2/shop?sslmode=require",
                &["hb@a:[1]/shop Require p@ss", "hb@b:[2]/shop Require p@ss"],
            ),
            (
                "postgresql:///shop?host=a,%2Frun%2Fpg&user=x&port=7&sslmode=require",
                &["x@a:[7]/shop Require ", "x@/run/pg:[7]/shop Disable "],
            ),
            (
                "postgres://hb@/shop?host=/run/pg&options=-csearch_path%3Dlaw",
                &["hb@/run/pg:[]/shop Disable "],
            ),
            (
                "postgres://hb@a,b/shop?target_session_attrs=read-write",
                &["hb@a:[5432]/shop Prefer ", "hb@b:[5432]/shop Prefer "],
            ),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong_and_no_password() {
        for (url, part) in [
            ("postgres://hb:s3cret@db/shop?sslmode=maybe", "`sslmode=maybe`"),
            ("postgres://hb:s3cret@db/shop?sslcert=/c", "belong together"),
            ("postgres://hb:s3cret@db/shop?colour=red", "colour"),
            ("postgres://hb:s3cret@/shop", "name a host"),
            ("postgres://hb:s3cret@a,b,c/shop?port=1", "ports"),
            (
                "postgres://hb:s3cret@db/shop?sslmode=verify-ca&sslrootcert=%2Fnowhere.pem",
                "cannot read certificates from `/nowhere.pem`",
            ),
        ] {
            let said = shown(url).join("; ");
            assert!(said.contains(part) && !said.contains("s3cret"), "{url}: {said}");
        }
    }

    #[test]
    fn a_mode_says_what_is_to_be_proved() {
        let file = "sslrootcert=/ca.pem";
        for (words, expected) in [
            ("", (SslMode::Prefer, Proof::Nothing)),
            ("sslmode=disable", (SslMode::Disable, Proof::Nothing)),
            ("sslmode=prefer", (SslMode::Prefer, Proof::Nothing)),
            ("sslmode=require", (SslMode::Require, Proof::Nothing)),
            (&format!("sslmode=require&{file}"), (SslMode::Require, Proof::Authority)),
            (&format!("{file}&sslmode=verify-ca"), (SslMode::Require, Proof::Authority)),
            ("sslmode=verify-full&sslrootcert=system", (SslMode::Require, Proof::Name)),
        ] {
            let (rest, security): (String, Security) =
                taken_apart(&format!("postgres://a/b?{words}"));
            assert_eq!(
                (rest.as_str(), security.mode()),
                ("postgres://a/b", Ok(expected)),
                "{words}"
            );
        }
    }
}
