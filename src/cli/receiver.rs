//! Which receiver is asked, and with which key: flags, environment, configuration, this host.
//!
//! Each of these names an address, a key, or both. The first address counts. A key goes to the address
//! that it was named with and nowhere else; one that was named alone goes to the address that counts.

use clap::Args;

use super::context::Context;
use super::targets::read_secret;
use super::{exit, say};
use crate::client::answer::Object;
use crate::client::api::{Answer, Api, Ask, Credential, Receiver, Trouble};
use crate::client::local::Local;
use crate::client::{local, pages};
use crate::config::secret::SecretSource;
use crate::config::target::TargetOptions;
use crate::domain::address::Address;
use crate::domain::nearest::nearest;
use crate::domain::text;
use crate::sys::http::{self, ClientSettings};

/// Monitors looked at for the name that was meant.
const NAMES_LOOKED_AT_MAX: usize = 1000;

const KEY_HINT: &str = "name it with `--key file:/PATH`, or set HB_API_KEY; the first start of `hb serve` tells where its keys are";

/// What to do where an admin is wanted.
pub(crate) const ADMIN_HINT: &str = "set HB_ADMIN_PASSWORD_FILE, or name an admin key with `--key file:/PATH`; the first start of `hb serve` tells where its password is";

/// Which receiver.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Which receiver")]
pub(crate) struct ReceiverArguments {
    /// Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb
    /// serve` of this user on this host]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a
    /// file in HB_API_KEY_FILE]
    #[arg(long, value_name = "KEY-SOURCE", global = true)]
    key: Option<String>,
}

/// What could not be done: why, what to do, and what to exit with.
#[derive(Debug)]
pub(crate) struct Failed {
    why: String,
    hint: Option<String>,
    code: i32,
    is_missing: bool,
}

impl Failed {
    /// The command line is wrong.
    pub(crate) fn usage(why: impl Into<String>) -> Failed {
        Failed { why: why.into(), hint: None, code: exit::USAGE, is_missing: false }
    }

    /// It could not be done.
    pub(crate) fn because(why: impl Into<String>) -> Failed {
        Failed { why: why.into(), hint: None, code: exit::FAILED, is_missing: false }
    }

    /// The same with what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Failed {
        Failed { hint: Some(hint.into()), ..self }
    }

    /// The same with another exit code.
    pub(crate) fn code(self, code: i32) -> Failed {
        Failed { code, ..self }
    }

    /// The same for a thing that there is not.
    fn missing(self) -> Failed {
        Failed { is_missing: true, ..self }
    }

    /// Whether there is no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Says it, and gives the exit code.
    pub(crate) fn tell(&self) -> i32 {
        say::error(&self.why);
        self.hint.iter().for_each(say::hint);
        self.code
    }

    /// Whether the receiver was not reached, which may be over soon.
    pub(crate) fn may_pass(&self) -> bool {
        self.code == exit::TEMPORARY
    }

    /// Why, in one line.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Failed {
        let (hint, code) = match &trouble {
            Trouble::Unreached(_) => {
                (Some("is `hb serve` running there? `--server URL` names another"), exit::TEMPORARY)
            }
            Trouble::Busy(_) => (Some("it may be over soon; its log says more"), exit::TEMPORARY),
            Trouble::Key(_) => {
                (Some("name another key with `--key file:/PATH`, or set HB_API_KEY"), exit::CONFIG)
            }
            Trouble::Odd(_) => {
                (Some("`--server` takes the address of an `hb serve`"), exit::CONFIG)
            }
            Trouble::Missing(_) => (None, exit::FAILED),
            Trouble::Refused { status: 400 | 422, .. } => (None, exit::USAGE),
            Trouble::Refused { .. } => (None, exit::FAILED),
        };
        let words = trouble.to_string();
        let why = match &trouble {
            Trouble::Refused { field, .. } if !field.is_empty() && !words.contains(field) => {
                format!("`{}`: {words}", text::excerpt(field.as_bytes()))
            }
            _ => words,
        };
        let is_missing = matches!(trouble, Trouble::Missing(_));
        Failed { why, hint: hint.map(str::to_owned), code, is_missing }
    }
}

/// A receiver that is being asked.
pub(crate) struct Asking {
    /// Its API.
    pub(crate) api: Api,
    /// The configuration and this host's memory.
    pub(crate) context: Context,
    /// Whether this user's `hb run` finds it by itself.
    pub(crate) is_local: bool,
}

/// As whom a receiver is asked, where no `--key` says it: with an API key, or with the admin password,
/// and only where that is not known with an API key, which may be an admin's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Admin,
}

/// Asks a receiver: settles which, does `work`, and says what went wrong.
pub(crate) fn ask(
    arguments: &ReceiverArguments,
    work: impl AsyncFnOnce(&Asking) -> Result<i32, Failed>,
) -> i32 {
    ask_as(Role::User, arguments, work)
}

/// The same for what takes an admin.
pub(crate) fn ask_as_admin(
    arguments: &ReceiverArguments,
    work: impl AsyncFnOnce(&Asking) -> Result<i32, Failed>,
) -> i32 {
    ask_as(Role::Admin, arguments, work)
}

fn ask_as(
    role: Role,
    arguments: &ReceiverArguments,
    work: impl AsyncFnOnce(&Asking) -> Result<i32, Failed>,
) -> i32 {
    let context = Context::read();
    if let Some(line) = context.mistakes_in_one_line() {
        say::warning(line);
    }
    let asking = match open(role, arguments, context) {
        Ok(asking) => asking,
        Err(failed) => return failed.tell(),
    };
    let runtime = match crate::sys::runtime::build() {
        Ok(runtime) => runtime,
        Err(error) => return Failed::because(format!("cannot set up HTTP: {error}")).tell(),
    };
    let done = runtime.block_on(work(&asking));
    // A name server that does not answer keeps a thread, which nobody waits for.
    runtime.shutdown_background();
    done.unwrap_or_else(|failed| failed.tell())
}

/// One place that names an address, a key, or both.
struct Named {
    url: Option<String>,
    key: Option<SecretSource>,
    /// How it is called in errors.
    place: &'static str,
}

fn open(role: Role, arguments: &ReceiverArguments, context: Context) -> Result<Asking, Failed> {
    let local = local::find();
    let config = &context.config.server;
    let named = [
        Named { url: arguments.server.clone(), key: key_of_flag(arguments)?, place: "`--server`" },
        Named {
            url: variable("HB_SERVER"),
            key: of_environment("HB_API_KEY"),
            place: "`HB_SERVER`",
        },
        Named {
            url: config.url.clone(),
            key: config.options.key.clone(),
            place: "`url` of [server]",
        },
        Named {
            url: local.as_ref().map(|local| local.url.clone()),
            key: None,
            place: "the file of this user's `hb serve`",
        },
    ];
    let Some((url, place)) = named.iter().find_map(|one| Some((one.url.clone()?, one.place)))
    else {
        let why = "no receiver is known: start `hb serve`, or say where with `--server URL`";
        let hint = "HB_SERVER, or `url` in [server] of the configuration, says it for good";
        return Err(Failed::because(why).hint(hint).code(exit::CONFIG));
    };
    let address = Address::parse(&url)
        .map_err(|why| Failed::usage(format!("{place} cannot be used: {why}")))?;
    let is_this = |other: &Option<String>| match other {
        None => true,
        Some(other) => Address::parse(other).is_ok_and(|other| same_place(&other, &address)),
    };
    let is_local = local.as_ref().is_some_and(|local| is_this(&Some(local.url.clone())));
    let key = named.iter().filter(|one| is_this(&one.url)).find_map(|one| one.key.clone());
    let own = local.filter(|_| is_local);
    let is_meant = is_this(&variable("HB_SERVER"));
    let wants = role == Role::Admin && arguments.key.is_none();
    let password = if wants { password(is_meant, own.as_ref())? } else { None };
    let credential = match (password, key) {
        (Some(password), _) => Credential::Password(password),
        (None, Some(source)) => Credential::Key(resolved(&source)?),
        (None, None) => {
            let key = own.and_then(|local: Local| local.api_key());
            Credential::Key(key.ok_or_else(|| keyless(role, &shown(&address)))?)
        }
    };
    let options =
        if is_this(&config.url) { config.options.clone() } else { TargetOptions::default() };
    let mut headers = Vec::new();
    for (name, source) in options.headers.iter().flatten() {
        headers.push((name.clone(), resolved(source)?));
    }
    let client = ClientSettings {
        ca_file: options.ca_file,
        identity: http::identity(options.client_cert, options.client_key),
        proxy: options.proxy,
        connect_timeout: options.connect_timeout,
        ..ClientSettings::default()
    };
    let api = Api::new(Receiver { address, client, credential, headers })
        .map_err(|why| Failed::because(why).code(exit::CONFIG))?;
    Ok(Asking { api, context, is_local })
}

/// Whether two addresses are one receiver.
fn same_place(one: &Address, other: &Address) -> bool {
    let whole = |address: &Address| {
        (address.socket().map(str::to_owned), address.without_query().without_user().base(false))
    };
    whole(one) == whole(other)
}

/// An address without its user.
fn shown(address: &Address) -> String {
    address
        .socket()
        .map_or_else(|| address.without_user().base(false), |path| format!("unix:{path}"))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn key_of_flag(arguments: &ReceiverArguments) -> Result<Option<SecretSource>, Failed> {
    arguments.key.as_deref().map(|given| elsewhere("--key", given)).transpose()
}

/// Where a secret is that was named on the command line. The secret itself may not stand there.
pub(crate) fn elsewhere(flag: &str, given: &str) -> Result<SecretSource, Failed> {
    match SecretSource::parse(given) {
        Ok(SecretSource::Literal(_)) => Err(Failed::usage(format!(
            "`{flag}` takes `file:/PATH`, `env:NAME` or `cred:NAME`: the secret itself would stand in `ps`"
        ))),
        Ok(source) => Ok(source),
        Err(why) => Err(Failed::usage(format!("`{flag}`: {why}"))),
    }
}

/// The secret of a variable, or of the file that the same name with `_FILE` leads to.
fn of_environment(name: &str) -> Option<SecretSource> {
    if variable(name).is_some() {
        return Some(SecretSource::Env(name.to_owned()));
    }
    let path = std::path::PathBuf::from(variable(&format!("{name}_FILE"))?);
    Some(SecretSource::File(std::path::absolute(&path).unwrap_or(path)))
}

/// The admin password: of the environment, where that is meant for this receiver, or of this user's own.
fn password(is_meant: bool, own: Option<&Local>) -> Result<Option<String>, Failed> {
    match of_environment("HB_ADMIN_PASSWORD").filter(|_| is_meant) {
        Some(source) => resolved(&source).map(Some),
        None => Ok(own.and_then(Local::admin_password)),
    }
}

/// Why nobody can be asked, and what to do.
fn keyless(role: Role, place: &str) -> Failed {
    let (what, hint) = match role {
        Role::User => ("API key", KEY_HINT),
        Role::Admin => ("admin password", ADMIN_HINT),
    };
    Failed::because(format!("there is no {what} for `{place}`")).hint(hint).code(exit::CONFIG)
}

/// Opens a secret where it is kept.
pub(crate) fn resolved(source: &SecretSource) -> Result<String, Failed> {
    let resolved = source.resolve(|name| std::env::var_os(name), read_secret);
    let resolved =
        resolved.map_err(|error| Failed::because(error.to_string()).code(exit::CONFIG))?;
    resolved.warning.iter().for_each(say::warning);
    Ok(resolved.secret.expose().to_owned())
}

impl Asking {
    /// Asks about one monitor; a name that there is not is told with the nearest.
    pub(crate) async fn about(&self, name: &str, ask: Ask<'_>) -> Result<Answer, Failed> {
        in_a_path(name)?;
        match self.api.ask(ask).await {
            Err(Trouble::Missing(_)) => Err(self.no_monitor(name).await),
            answer => Ok(answer?),
        }
    }

    /// One monitor as it is.
    pub(crate) async fn monitor(&self, name: &str) -> Result<Answer, Failed> {
        self.about(name, Ask::get(&["monitors", name])).await
    }

    /// A part of a monitor that is a list.
    pub(crate) async fn part(
        &self,
        name: &str,
        part: &'static str,
        limit: usize,
    ) -> Result<pages::Listed, Failed> {
        in_a_path(name)?;
        match pages::list(&self.api, &["monitors", name, part], part, &[], limit).await {
            Err(Trouble::Missing(_)) => Err(self.no_monitor(name).await),
            listed => Ok(listed?),
        }
    }

    async fn no_monitor(&self, name: &str) -> Failed {
        let shown = text::excerpt(name.as_bytes());
        let listed =
            pages::list(&self.api, &["monitors"], "monitors", &[], NAMES_LOOKED_AT_MAX).await;
        let items = listed.map(|listed| listed.items).unwrap_or_default();
        let known = items.iter().map(|item| Object(item).text("slug"));
        let failed = match nearest(name, known) {
            Some(near) => {
                let near = text::excerpt(near.as_bytes());
                Failed::because(format!("there is no monitor `{shown}`, did you mean `{near}`?"))
            }
            None => Failed::because(format!("there is no monitor `{shown}`"))
                .hint("`hb monitor list` shows them"),
        };
        failed.missing()
    }

    /// Remembers the names of monitors for the completion of words. That it cannot is no trouble.
    pub(crate) fn remember(&self, monitors: &[serde_json::Value]) {
        let mut names: Vec<&str> = monitors.iter().map(|one| Object(one).text("slug")).collect();
        names.retain(|name| crate::domain::name::refuse(name).is_none());
        if let Ok(state) = self.context.state() {
            let _ = crate::journal::known::remember(&state, &names);
        }
    }
}

/// Refuses a name that would lead to another place of the API.
pub(crate) fn in_a_path(name: &str) -> Result<(), Failed> {
    if !name.bytes().all(|byte| byte == b'.') {
        return Ok(());
    }
    Err(Failed::usage(format!("`{}` is no name", text::excerpt(name.as_bytes()))))
}

/// Prints an answer as it came.
pub(crate) fn print(bytes: &[u8]) {
    say::bytes(bytes);
    if !bytes.ends_with(b"\n") {
        say::data("\n");
    }
}
