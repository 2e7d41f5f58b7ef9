//! From what a person wrote to targets: flags, environment, configuration, first match wins.
//!
//! A target that cannot be used is told as one sentence, and the others are used: a job never waits
//! for somebody to mend a key file.

use std::path::{Path, PathBuf};

use crate::client::local;
use crate::config::file::is_header_name;
use crate::config::secret::SecretFile;
use crate::config::settings::Settings;
use crate::config::target::TargetConfig;
use crate::config::understand::Config;
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Parameters, Place};
use crate::domain::name;
use crate::domain::record::TargetRef;
use crate::domain::text;
use crate::journal::addresses::{self, Kept};
use crate::journal::state::State;
use crate::send::target::{Headers, Target};
use crate::sys::files;
use crate::sys::http::{self, ClientSettings};

use super::dialects::{dialect_named, missing, recognise};
use super::run_arguments::TellingArguments;

/// Everything found about where to tell.
#[derive(Default)]
pub(crate) struct Found {
    /// The targets that can be used.
    pub(crate) targets: Vec<Target>,
    /// Addresses given on the spot.
    pub(crate) addresses: Vec<Kept>,
    /// What cannot be used, and why.
    pub(crate) troubles: Vec<String>,
    /// Warnings that keep nothing from working.
    pub(crate) warnings: Vec<String>,
    /// Keys and parts of ping URLs, which may turn up nowhere.
    pub(crate) secrets: Vec<String>,
}

/// The monitor that was named, and its ping URL when it was named by one.
pub(crate) struct Named {
    /// Its name.
    pub(crate) monitor: String,
    /// Its URL.
    pub(crate) url: Option<String>,
}

/// Refuses a word of `--to` that can be neither a URL nor a name.
pub(crate) fn check_words(words: &[String]) -> Result<(), String> {
    for word in words {
        if is_url(word) {
            Address::parse(word).map_err(|why| format!("`--to`: {why}"))?;
        } else if let Some(why) = neither(word) {
            return Err(format!("`--to`: {why}"));
        }
    }
    Ok(())
}

/// Refuses a header without its colon. It may be a whole password, and is not repeated.
pub(crate) fn check_headers(headers: &[String]) -> Result<(), String> {
    for header in headers {
        let Some((name, value)) = header.split_once(':') else {
            return Err("a `--header` has no colon; write `--header 'Name: value'`".to_owned());
        };
        // What cannot be sent would be left out, and somebody would look for it at the server.
        if !is_header_name(name.trim()) || value.trim().chars().any(char::is_control) {
            let shown = text::excerpt(name.as_bytes());
            return Err(format!("`--header`: `{shown}` and its value cannot be sent as a header"));
        }
    }
    Ok(())
}

/// Whether a URL was meant.
fn is_url(word: &str) -> bool {
    word.contains("://") || word.starts_with("unix:")
}

/// Why a word that is no URL is no name either.
fn neither(word: &str) -> Option<String> {
    name::refuse(word)?;
    let other = "this is neither a target's name nor a URL; a URL begins with `https://`";
    Some(meant_url(word).unwrap_or_else(|| other.to_owned()))
}

/// The URL that a word may have been meant as. Of the word only the host is repeated: a ping URL
/// without its scheme is as secret as one with it.
fn meant_url(word: &str) -> Option<String> {
    let (scheme, rest) = match word.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
        Some(_) | None => ("https", word),
    };
    let has_scheme = rest.len() < word.len();
    let rest = rest.trim_start_matches(['/', ':']);
    let (host, more) = match rest.find(['/', '?']) {
        Some(end) => (&rest[..end], "/…"),
        None => (rest, ""),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let is_likely = has_scheme || (host.contains('.') && !more.is_empty());
    let fits = is_likely
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.chars().all(is_host);
    fits.then(|| format!("this is no URL, did you mean `{scheme}://{host}{more}`?"))
}

/// Understands what stands in the place of the monitor.
pub(crate) fn named(word: &str, dialect: Option<Dialect>) -> Result<Named, String> {
    if !is_url(word) {
        return match name::refuse(word) {
            Some(why) => Err(meant_url(word).unwrap_or(why)),
            None => Ok(Named { monitor: word.to_owned(), url: None }),
        };
    }
    let address = Address::parse(word)?;
    let dialect = match dialect {
        Some(dialect) => dialect,
        None => recognise(&address, Place::default())?,
    };
    let monitor = dialect.monitor_in(&address).filter(|name| name::refuse(name).is_none());
    // A UUID in a URL is a secret: the monitor is called by its host and a digest.
    let monitor = monitor.unwrap_or_else(|| {
        let host: String = address.host().chars().map(|c| if c == ':' { '-' } else { c }).collect();
        let host: String =
            host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c)).collect();
        format!("{}-{}", host.trim_start_matches(['-', '.']), &name::key(word)[..8])
    });
    Ok(Named { monitor, url: Some(word.to_owned()) })
}

/// Resolves targets for one monitor.
pub(crate) struct Resolver<'a> {
    /// The configuration.
    pub(crate) config: &'a Config,
    /// Where this host keeps what could not be told.
    pub(crate) kept_in: &'a Path,
    /// What was given on the command line.
    pub(crate) flags: &'a TellingArguments,
    /// `HB_KEY`.
    pub(crate) key: Option<String>,
}

impl Resolver<'_> {
    /// Where this monitor is told: `--to`, the URL in its place, `HB_TO`, its `to`, the defaults, the
    /// receiver that this user runs on this host.
    pub(crate) fn find(&self, named: &Named, settings: &Settings) -> Found {
        let mut words: Vec<String> = named.url.iter().cloned().collect();
        words.extend(self.flags.to.iter().cloned());
        if words.is_empty()
            && let Ok(list) = std::env::var("HB_TO")
        {
            words.extend(list.split(',').map(|word| word.trim().to_owned()));
            words.retain(|word| !word.is_empty());
        }
        if words.is_empty() {
            words.extend(settings.to.iter().flatten().cloned());
        }
        let mut found = Found::default();
        // An empty `to` was written by somebody who wants nothing to be sent.
        if words.is_empty()
            && settings.to.is_none()
            && let Some(local) = local::find()
        {
            words.extend(local.ping_url(&named.monitor));
        }
        for word in words {
            match self.one(&word, &named.monitor, &mut found) {
                Ok(target)
                    if found.targets.iter().any(|known| known.reference == target.reference) => {}
                Ok(target) => found.targets.push(target),
                Err(why) => found.troubles.push(why),
            }
        }
        found
    }

    fn one(&self, word: &str, monitor: &str, found: &mut Found) -> Result<Target, String> {
        if !is_url(word) {
            if let Some(why) = neither(word) {
                return Err(format!("an item of HB_TO or `to`: {why}"));
            }
            return self.configured(word, monitor, found);
        }
        let dialect = self.flags.dialect.clone();
        let flags = self.flags;
        let kept = Kept {
            url: word.to_owned(),
            dialect: dialect.clone(),
            needs_key: self.needs_key(word, monitor),
            headers: flags.header.clone(),
            ca_file: flags.ca_file.as_deref().map(absolute),
            identity: http::identity(
                flags.client_cert.as_deref().map(absolute),
                flags.client_key.as_deref().map(absolute),
            ),
        };
        let reference = kept.reference();
        found.addresses.push(kept);
        let key = self.key.clone();
        found.secrets.extend(key.clone());
        found.secrets.extend(secret_parts(word));
        self.address(word, dialect.as_deref(), key.as_deref(), monitor, reference)
    }

    /// A target that is only an address.
    pub(crate) fn address(
        &self,
        url: &str,
        dialect: Option<&str>,
        key: Option<&str>,
        monitor: &str,
        reference: TargetRef,
    ) -> Result<Target, String> {
        let pasted = Address::parse(url).map_err(|why| format!("the URL cannot be used: {why}"))?;
        let spoken = self
            .spoken(&pasted, url, dialect, key, monitor)
            .map_err(|why| format!("`{}`: {why}", pasted.shown()))?;
        self.target(pasted.shown(), reference, spoken, None, Vec::new())
    }

    /// The dialect of an address that stands alone, what it needs, and the monitor's address in it.
    fn spoken(
        &self,
        pasted: &Address,
        url: &str,
        dialect: Option<&str>,
        key: Option<&str>,
        monitor: &str,
    ) -> Result<Spoken, String> {
        let given = dialect.map(|name| dialect_named(name, self.config)).transpose()?;
        // A monitor that is called by its URL has no name that could complete another URL.
        let own = named(url, given).is_ok_and(|own| own.monitor == monitor);
        let place = Place { monitor_is_named: !own, has_key: key.is_some() && !own };
        let dialect = match given {
            Some(dialect) => dialect,
            None => recognise(pasted, place)?,
        };
        let mut parameters = Parameters::default();
        // A key of one server must not travel to another one that happens to take one, too.
        if let (Some(name), Some(key)) = (dialect.key_parameter(), key)
            && (given.is_some() || matches!(dialect, Dialect::Healthchecks | Dialect::Hb))
        {
            parameters.set(name, key.into());
        }
        if let Some(missing) = missing(dialect, pasted, &parameters) {
            return Err(match dialect.key_parameter() == Some(missing) {
                true => format!(
                    "{} needs `{missing}`: set HB_KEY to it and write `--dialect {0}`, or make a target with it",
                    dialect.name()
                ),
                false => format!(
                    "{} needs `{missing}`: make a target, and write it in `[targets.NAME.with]`",
                    dialect.name()
                ),
            });
        }
        let name = if own { dialect.monitor_in(pasted) } else { Some(monitor.to_owned()) };
        let address = dialect.complete(pasted, &parameters, name.as_deref(), monitor)?;
        Ok(Spoken { dialect, address, parameters })
    }

    /// Whether an address is another one without the key of the environment.
    fn needs_key(&self, url: &str, monitor: &str) -> bool {
        let completed = |key: Option<&str>| {
            let pasted = Address::parse(url).ok()?;
            let dialect = self.flags.dialect.as_deref();
            let spoken = self.spoken(&pasted, url, dialect, key, monitor).ok()?;
            Some((spoken.address, spoken.parameters))
        };
        self.key.is_some() && completed(self.key.as_deref()) != completed(None)
    }

    /// A target from all that is known about it.
    pub(super) fn target(
        &self,
        name: String,
        reference: TargetRef,
        spoken: Spoken,
        config: Option<&TargetConfig>,
        mut headers: Vec<(String, String)>,
    ) -> Result<Target, String> {
        for header in &self.flags.header {
            let (name, value) = header.split_once(':').ok_or("a header has no colon")?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let Spoken { dialect, address, parameters } = spoken;
        let options = config.map(|config| &config.options);
        let flags = self.flags;
        let pick = |flag: &Option<std::path::PathBuf>,
                    from: Option<&Option<std::path::PathBuf>>| {
            flag.clone().or_else(|| from.cloned().flatten())
        };
        // A key belongs to the certificate that it stands beside.
        let (certificate, key) = match (&flags.client_cert, options) {
            (None, Some(options)) => (options.client_cert.clone(), options.client_key.clone()),
            (of_flags, _) => (of_flags.clone(), flags.client_key.clone()),
        };
        let client = ClientSettings {
            https: address.is_https(),
            socket: address.socket().map(str::to_owned),
            ca_file: pick(&flags.ca_file, options.map(|options| &options.ca_file)),
            more_roots: None,
            identity: http::identity(certificate, key),
            proxy: options.and_then(|options| options.proxy.clone()),
            connect_timeout: options.and_then(|options| options.connect_timeout),
        };
        let on = options.and_then(|options| options.on.clone());
        let headers = Headers(headers);
        let kept_in = self.kept_in.to_owned();
        Ok(Target { name, reference, dialect, address, parameters, client, headers, kept_in, on })
    }

    /// The target that a spooled event names, as it is configured today, or as it was given.
    ///
    /// The flags of this hb are for its own event: its headers may be another receiver's password.
    pub(crate) fn spooled(
        &self,
        state: &State,
        target: &TargetRef,
        monitor: &str,
    ) -> Result<Target, String> {
        let mut flags = TellingArguments::default();
        let bare = |flags| Resolver { flags, key: self.key.clone(), ..*self };
        match target {
            TargetRef::Keyed(name)
                if self.key.is_none()
                    && self.config.targets.get(name).is_some_and(|t| t.options.key.is_none()) =>
            {
                Err(format!(
                    "target `{name}` needs the key that HB_KEY held; set HB_KEY, or give the target a `key`"
                ))
            }
            TargetRef::Named(name) | TargetRef::Keyed(name) => {
                bare(&flags).configured(name, monitor, &mut Found::default())
            }
            TargetRef::Address(key) => {
                let kept = addresses::find(state, key)
                    .ok_or_else(|| "the address of an event is not known any more".to_owned())?;
                if kept.needs_key && self.key.is_none() {
                    return Err("its address needs the key that HB_KEY held; set HB_KEY".to_owned());
                }
                flags.header = kept.headers;
                flags.ca_file = kept.ca_file;
                (flags.client_cert, flags.client_key) = kept.identity.unzip();
                let (dialect, key) = (kept.dialect.as_deref(), self.key.as_deref());
                bare(&flags).address(&kept.url, dialect, key, monitor, target.clone())
            }
        }
    }
}

/// The parts of a URL that are long enough to be secrets: of its path, its query and its user.
pub(super) fn secret_parts(url: &str) -> Vec<String> {
    let rest = url.split_once("://").or_else(|| url.split_once(":/")).map_or(url, |(_, rest)| rest);
    let place = rest.find(['/', '?']).unwrap_or(rest.len());
    let user = rest[..place].rsplit_once('@').map_or("", |(user, _)| user);
    let parts = user.split(':').chain(rest[place..].split(['/', '?', '&', '=']));
    // The whole path as well: a short key is no secret by itself, but the URL is.
    let whole = std::iter::once(rest[place..].trim_end_matches('/'));
    let long = parts.filter(|part| part.len() >= SECRET_BYTES_MIN);
    whole.filter(|path| path.matches('/').count() > 1).chain(long).map(str::to_owned).collect()
}

/// Shorter parts of a URL are words such as `ping`; ping keys and UUIDs have 22 characters and more.
const SECRET_BYTES_MIN: usize = 16;

/// The flush that needs a file may happen in another directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// What is said to a target, and where.
pub(super) struct Spoken {
    pub(super) dialect: Dialect,
    pub(super) address: Address,
    pub(super) parameters: Parameters,
}

pub(super) fn read_secret(path: &Path) -> Result<SecretFile, String> {
    use std::os::unix::fs::MetadataExt;
    let bytes = files::read_given(path)
        .map_err(|error| text::without_errno(&error.to_string()).to_owned())?;
    let mode = std::fs::metadata(path).map_or(0, |facts| facts.mode());
    Ok(SecretFile { bytes, mode })
}
