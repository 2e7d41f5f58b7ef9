//! A target of the configuration: its secrets opened, its dialect settled, its address completed.

use super::dialects::{dialect_named, missing, recognise};
use super::targets::{Found, Resolver, Spoken, read_secret, secret_parts};
use crate::config::secret::SecretSource;
use crate::config::target::{TargetConfig, With};
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Parameters, Place};
use crate::domain::record::TargetRef;
use crate::domain::text;
use crate::send::target::Target;

/// Members of `with` that are secrets, also where they stand in the configuration itself. The others
/// (a host, a title) are words that may well stand in a job's output.
const SECRET_PARAMETERS: [&str; 9] = [
    "token",
    "api_key",
    "push_api_key",
    "routing_key",
    "job_key",
    "key",
    "password",
    "dsn",
    "command",
];

/// What stood elsewhere: in files, the environment, a service's credentials.
struct Opened {
    key: Option<String>,
    parameters: Parameters,
    headers: Vec<(String, String)>,
}

impl Resolver<'_> {
    /// A target of the configuration, by its name.
    pub(crate) fn configured(
        &self,
        name: &str,
        monitor: &str,
        found: &mut Found,
    ) -> Result<Target, String> {
        let Some(config) = self.config.targets.get(name) else {
            let shown = text::excerpt(name.as_bytes());
            let known = self.config.targets.keys().map(String::as_str);
            let near = crate::domain::nearest::nearest(name, known);
            let near = near.map(|near| format!(", did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| {
                format!("; add `[targets.{shown}]` to the configuration, or write a URL")
            });
            return Err(format!("there is no target `{shown}`{near}"));
        };
        let Opened { key, mut parameters, headers } = open(name, config, found)?;
        let pasted = Address::parse(&config.url)
            .map_err(|why| format!("the URL of target `{name}` cannot be used: {why}"))?;
        let chosen = self.flags.dialect.as_deref().or(config.options.dialect.as_deref());
        let place = Place { monitor_is_named: true, has_key: key.is_some() || self.key.is_some() };
        let dialect = match chosen {
            Some(chosen) => dialect_named(chosen, self.config)?,
            None => recognise(&pasted, place)?,
        };
        // The key of the environment is a ping key; other services' secrets are their target's own.
        let key = match dialect {
            Dialect::Healthchecks | Dialect::Hb => key.or_else(|| self.key.clone()),
            Dialect::Table(_) => key,
        };
        let bare = parameters.clone();
        if let (Some(parameter), Some(key)) = (dialect.key_parameter(), key)
            && !parameters.has(parameter)
        {
            parameters.set(parameter, key.into());
        }
        if let Some(missing) = missing(dialect, &pasted, &parameters) {
            let dialect = dialect.name();
            return Err(format!("target `{name}`: {dialect} needs `{missing}`"));
        }
        let address = dialect
            .complete(&pasted, &parameters, Some(monitor), monitor)
            .map_err(|why| format!("target `{name}`: {why}"))?;
        // Without HB_KEY it would be another address, which is to be known when its events are sent.
        let is_keyed = config.options.key.is_none()
            && dialect.complete(&pasted, &bare, Some(monitor), monitor).as_ref() != Ok(&address);
        let reference = if is_keyed { TargetRef::Keyed } else { TargetRef::Named };
        let spoken = Spoken { dialect, address, parameters };
        self.target(name.to_owned(), reference(name.to_owned()), spoken, Some(config), headers)
    }
}

/// Reads the secrets of a target where they are kept.
fn open(name: &str, config: &TargetConfig, found: &mut Found) -> Result<Opened, String> {
    found.secrets.extend(secret_parts(&config.url));
    let mut open = |source: &SecretSource, what: &str| -> Result<String, String> {
        let resolved = source
            .resolve(|name| std::env::var_os(name), read_secret)
            .map_err(|error| format!("{what} of target `{name}`: {error}"))?;
        found.warnings.extend(resolved.warning);
        let secret = resolved.secret.expose().to_owned();
        found.secrets.push(secret.clone());
        Ok(secret)
    };
    let key = match &config.options.key {
        Some(source) => Some(open(source, "the key")?),
        None => None,
    };
    let mut parameters = Parameters::default();
    for (parameter, value) in &config.with {
        let value = match value {
            With::Text(SecretSource::Literal(text))
                if !SECRET_PARAMETERS.contains(&parameter.as_str()) =>
            {
                text.expose().into()
            }
            With::Text(source) => open(source, &format!("`{parameter}`"))?.into(),
            With::Value(value) => value.clone(),
        };
        parameters.set(parameter, value);
    }
    let mut headers = Vec::new();
    for (header, source) in config.options.headers.iter().flatten() {
        headers.push((header.clone(), open(source, &format!("header `{header}`"))?));
    }
    if config.options.client_cert.is_none() && config.options.client_key.is_some() {
        found
            .warnings
            .push(format!("target `{name}`: a `client_key` is not used without its `client_cert`"));
    }
    Ok(Opened { key, parameters, headers })
}
