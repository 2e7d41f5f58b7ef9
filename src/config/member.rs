//! Which keys there are, and what each of them means.
//!
//! One `match` for each kind of table: the key on the left, where the value goes and how it
//! is read on the right. A new option is one line there, one in the list of keys, one field
//! and one line in `over`; a test holds the list and the `match` together.

use std::time::Duration;

use crate::config::notes::Notes;
use crate::config::policy::{Capture, ExitStyle, LockSkip, Policy};
use crate::config::secret::SecretSource;
use crate::config::settings::Settings;
use crate::config::shape::{
    at, drain, every, jitter, lock, patterns, quiet, sha256, unix_signal, user,
};
use crate::config::target::TargetDraft;
use crate::config::url;
use crate::config::value::Member;
use crate::domain::event::{Kind, check_lease};
use crate::domain::io_class;
use crate::domain::monitor::{PRESENCES, TOLERANCE_MAX};
use crate::domain::schedule::Line;
use crate::domain::text;
use crate::domain::tool::Tool;
use crate::sys::zone;

/// The keys of `[targets.NAME]`.
pub(crate) const TARGET_KEYS: &[&str] = &[
    "url",
    "dialect",
    "key",
    "headers",
    "with",
    "ca_file",
    "client_cert",
    "client_key",
    "proxy",
    "on",
    "connect_timeout",
];

/// The keys of `[server]`.
pub(crate) const SERVER_KEYS: &[&str] =
    &["url", "key", "headers", "ca_file", "client_cert", "client_key", "proxy", "connect_timeout"];

/// The keys of `[defaults]` and `[monitors.NAME]`.
pub(crate) const SETTINGS_KEYS: &[&str] = &[
    "to",
    "tail",
    "report_timeout",
    "timezone",
    "grace",
    "schedule",
    "run_at_most",
    "start_within",
    "tolerance",
    "presence",
    "absent_at_most",
    "lease",
    "stalled_after",
    "preset",
    "owner",
    "description",
    "tags",
    "redact",
    "timeout",
    "kill_after",
    "timeout_signal",
    "retry",
    "retry_delay",
    "retry_on_exit",
    "lock",
    "lock_wait",
    "lock_skip",
    "lock_busy_exit",
    "ok_exit",
    "warn_exit",
    "min_duration",
    "tolerate",
    "fail_if_output",
    "require_output",
    "fail_on_stderr",
    "quiet",
    "keepalive",
    "warn_after",
    "every",
    "at",
    "jitter",
    "nice",
    "ionice",
    "user",
    "signal_group",
    "init",
    "die_with_parent",
    "exit_style",
    "chdir",
    "env_file",
    "log_dir",
    "head",
    "raw",
    "follow_descendants",
    "drain",
    "capture",
    "require_mount",
    "require_free",
    "pre",
    "expect_newer",
    "min_size",
    "size_of",
    "sha256_of",
    "expect_sha256",
    "no_output",
    "json",
    "export",
    "strict",
];

/// More retries or tolerated failures than this are a slip of the finger.
const COUNT_MAX: i64 = 1_000_000;

/// Puts a member of `[defaults]` or `[monitors.NAME]` in its place; false where no such key is.
pub(crate) fn set(settings: &mut Settings, member: &Member<'_>, notes: &mut Notes<'_>) -> bool {
    match member.key {
        "to" => settings.to = notes.list(member, destination),
        "tail" => settings.tail_bytes = notes.size(member),
        "report_timeout" => settings.report_timeout = notes.duration_ms(member),
        "timezone" => settings.timezone = timezone(notes, member),
        "grace" => settings.grace = notes.duration(member),
        "schedule" => settings.schedule = schedule(notes, member),
        "run_at_most" => settings.run_at_most = notes.positive(member),
        "start_within" => settings.start_within = notes.positive(member),
        "tolerance" => settings.tolerance = notes.whole(member, 0, TOLERANCE_MAX.into()),
        "presence" => settings.presence = notes.name_of(member, &PRESENCES),
        "absent_at_most" => settings.absent_at_most = notes.positive(member),
        "lease" => settings.lease = lease(notes, member),
        "stalled_after" => settings.stalled_after = notes.positive_ms(member),
        "preset" => settings.preset = notes.name_of(member, &presets()),
        "owner" => settings.owner = notes.text(member),
        "description" => settings.description = notes.text(member),
        "tags" => settings.tags = notes.texts(member),
        "redact" => settings.redact = patterns(notes, member),
        _ => return set_policy(&mut settings.policy, member, notes),
    }
    true
}

/// A schedule, as it is written; one that could never be met is a mistake like any other.
fn schedule(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    let text = notes.text(member)?;
    let fault = match Line::parse(None, &text) {
        Ok(_) => return Some(text),
        Err(fault) => fault,
    };
    let shown = text::excerpt(text.as_bytes());
    let message = format!("bad schedule `{shown}`: {}", fault.why);
    notes.wrong_with_hint(member.offset(), message, fault.hint);
    None
}

/// A lease, which may be none at all.
fn lease(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<Duration> {
    let span = notes.duration_ms(member)?;
    let wrong = |why: String| notes.wrong(member.offset(), format!("`lease` {why}"));
    check_lease(span).map_err(wrong).ok()
}

fn timezone(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    let name = notes.text(member)?;
    match zone::named(&name) {
        Ok(_) => Some(name),
        Err(why) => {
            notes.wrong(member.offset(), why);
            None
        }
    }
}

fn set_policy(policy: &mut Policy, member: &Member<'_>, notes: &mut Notes<'_>) -> bool {
    match member.key {
        "timeout" => policy.timeout = notes.positive_ms(member),
        "kill_after" => policy.kill_after = notes.duration_ms(member),
        "timeout_signal" => policy.timeout_signal = unix_signal(notes, member),
        "retry" => policy.retry = notes.whole(member, 0, COUNT_MAX),
        "retry_delay" => policy.retry_delay = notes.duration_ms(member),
        "retry_on_exit" => policy.retry_on_exit = notes.exits(member),
        "lock" => policy.lock = lock(notes, member),
        "lock_wait" => policy.lock_wait = notes.duration_ms(member),
        "lock_skip" => policy.lock_skip = notes.word(member, &LOCK_SKIPS),
        "lock_busy_exit" => policy.lock_busy_exit = notes.whole(member, 0, 255),
        "ok_exit" => policy.ok_exit = notes.exits(member),
        "warn_exit" => policy.warn_exit = notes.exits(member),
        "min_duration" => policy.min_duration = notes.duration_ms(member),
        "tolerate" => policy.tolerate = notes.whole(member, 0, COUNT_MAX),
        "fail_if_output" => policy.fail_if_output = patterns(notes, member),
        "require_output" => policy.require_output = patterns(notes, member),
        "fail_on_stderr" => policy.fail_on_stderr = notes.flag(member),
        "quiet" => policy.quiet = quiet(notes, member),
        "jitter" => policy.jitter = notes.parsed(member, "jitter", jitter),
        "log_dir" => policy.log_dir = notes.path(member),
        "drain" => policy.drain = notes.parsed(member, "duration", drain),
        "capture" => policy.capture = notes.word(member, &CAPTURES),
        "require_mount" => policy.require_mount = notes.paths(member),
        "require_free" => policy.require_free_bytes = notes.size(member),
        "pre" => policy.pre = notes.texts(member),
        "expect_newer" => policy.expect_newer = notes.texts(member),
        "min_size" => policy.min_size_bytes = notes.size(member),
        "size_of" => policy.size_of = notes.paths(member),
        "sha256_of" => policy.sha256_of = notes.path(member),
        "expect_sha256" => policy.expect_sha256 = sha256(notes, member),
        "no_output" => policy.no_output = notes.flag(member),
        "head" => policy.head_bytes = notes.size(member),
        "raw" => policy.raw = notes.flag(member),
        "follow_descendants" => policy.follow_descendants = notes.flag(member),
        _ => return set_world(policy, member, notes),
    }
    true
}

/// Who the job is, how it is told, and when again.
fn set_world(policy: &mut Policy, member: &Member<'_>, notes: &mut Notes<'_>) -> bool {
    match member.key {
        "nice" => policy.nice = notes.whole(member, -20, 19),
        "ionice" => policy.ionice = notes.parsed(member, "I/O class", io_class::parse),
        "chdir" => policy.chdir = notes.path(member),
        "user" => policy.user = Some(user(notes, member)),
        "env_file" => policy.env_file = notes.paths(member),
        "signal_group" => policy.signal_group = notes.flag(member),
        "init" => policy.init = notes.flag(member),
        "die_with_parent" => policy.die_with_parent = notes.flag(member),
        "exit_style" => policy.exit_style = notes.word(member, &EXIT_STYLES),
        "keepalive" => policy.keepalive = notes.positive_ms(member),
        "warn_after" => policy.warn_after = notes.positive_ms(member),
        "every" => policy.again = every(notes, member, policy.again),
        "at" => policy.again = at(notes, member, policy.again),
        "json" => policy.json = notes.path(member),
        "export" => policy.export = notes.flag(member),
        "strict" => policy.strict = notes.flag(member),
        _ => return false,
    }
    true
}

/// Puts a member of `[targets.NAME]` in its place; false where there is no such key. The table
/// `headers` is not one value, so the caller walks it.
pub(crate) fn set_target(
    target: &mut TargetDraft,
    member: &Member<'_>,
    notes: &mut Notes<'_>,
) -> bool {
    let options = &mut target.options;
    match member.key {
        "url" => {
            target.url = address(notes, member);
            target.url_dropped = target.url.is_none();
        }
        "dialect" => options.dialect = dialect(notes, member),
        "key" => options.key = secret(notes, member),
        "ca_file" => options.ca_file = notes.path(member),
        "client_cert" => options.client_cert = notes.path(member),
        "client_key" => options.client_key = notes.path(member),
        "proxy" => options.proxy = address(notes, member),
        "on" => options.on = notes.list(member, |notes, item| notes.word(item, &event_words())),
        "connect_timeout" => options.connect_timeout = notes.positive_ms(member),
        _ => return false,
    }
    true
}

const LOCK_SKIPS: [(&str, LockSkip); 3] =
    [("ok", LockSkip::Ok), ("fail", LockSkip::Fail), ("log", LockSkip::Log)];

const EXIT_STYLES: [(&str, ExitStyle); 2] =
    [("signal", ExitStyle::Signal), ("plain", ExitStyle::Plain)];

const CAPTURES: [(&str, Capture); 5] = [
    ("auto", Capture::Auto),
    ("pipe", Capture::Pipe),
    ("pty", Capture::Pty),
    ("both", Capture::Both),
    ("none", Capture::None),
];

/// Whether a text can name a monitor or a target: 1 to 100 letters, digits, dots, underscores
/// and hyphens, and none that a program would take for an option or a hidden file.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=100).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(['-', '.'])
}

/// A URL, never repeated where it is wrong.
fn address(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    let text = notes.str(member, "a URL")?;
    match url::check(text) {
        Ok(()) => Some(text.to_owned()),
        Err(reason) => {
            notes.wrong(member.offset(), format!("bad URL for `{}`: {reason}", member.key));
            None
        }
    }
}

/// One item of `to`. What is neither a URL nor a name is not repeated: it may well be a URL
/// without its scheme, and that holds a key.
fn destination(notes: &mut Notes<'_>, item: &Member<'_>) -> Option<String> {
    let text = notes.str(item, "a target's name, a URL, or a list of them")?;
    if url::is_meant(text) {
        return address(notes, item);
    }
    if is_name(text) {
        notes.refer(item.offset(), text);
        return Some(text.to_owned());
    }
    let hint = Some("a URL begins with `https://`; several targets are a list".to_owned());
    notes.wrong_with_hint(item.offset(), "an item of `to` is neither a name nor a URL", hint);
    None
}

/// Where a secret is. A key that stands in a file others can read is worth a warning.
pub(crate) fn secret(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<SecretSource> {
    let text = notes.str(member, "text")?;
    match SecretSource::parse(text) {
        Ok(source) => {
            if notes.readable_by_others && matches!(source, SecretSource::Literal(_)) {
                let message = format!("other users can read the value of `{}`", member.key);
                notes.warn(
                    member.offset(),
                    message,
                    "keep it in a file of mode 0600 and write \"file:/path\"",
                );
            }
            Some(source)
        }
        Err(reason) => {
            notes.wrong(member.offset(), format!("bad value for `{}`: {reason}", member.key));
            None
        }
    }
}

/// What `preset` takes: the tools, and the word that switches them off.
fn presets() -> Vec<&'static str> {
    Tool::ALL.into_iter().map(Tool::name).chain(["none"]).collect()
}

/// The name of a dialect, which another file may define.
fn dialect(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    let name = notes.text(member)?;
    notes.refer_to_dialect(member.offset(), &name);
    Some(name)
}

/// What `on` takes.
fn event_words() -> Vec<(&'static str, Kind)> {
    let words = Kind::ALL.into_iter().map(|kind| (kind.word(), kind));
    words.chain([("fail", Kind::Failure)]).collect()
}
