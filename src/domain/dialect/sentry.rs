//! Sentry's check-ins: the address is made of a DSN (`https://KEY@HOST[/prefix]/PROJECT`) and the slug
//! of the monitor, or pasted whole. An envelope is three lines, and the second counts the third.

use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::domain::address::Address;
use crate::domain::time::Moment;

/// Longer slugs are cut by the server, and would then be another monitor.
const SLUG_CHARS_MAX: usize = 50;

/// The parts of either kind of address.
struct Parts<'a> {
    prefix: Vec<&'a str>,
    project: &'a str,
    slug: Option<&'a str>,
    key: Option<&'a str>,
}

/// Takes an address apart; none where it is neither.
fn parts(address: &Address) -> Option<Parts<'_>> {
    let segments = address.segments();
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let user = address.user().map(|(user, _)| user);
    let at = segments.windows(3).position(|three| {
        three[0] == "api" && digits(&three[1]) && matches!(three[2], "cron" | "envelope")
    });
    if let Some(at) = at {
        let cron = segments[at + 2] == "cron";
        return Some(Parts {
            prefix: segments[..at].to_vec(),
            project: segments[at + 1],
            slug: segments.get(at + 3).copied().filter(|_| cron),
            key: segments.get(at + 4).copied().filter(|_| cron).or(user),
        });
    }
    let (project, prefix) = segments.split_last()?;
    let dsn = user.is_some() && digits(project);
    dsn.then(|| Parts { prefix: prefix.to_vec(), project, slug: None, key: user })
}

/// Whether this is a DSN. One with a password is of a time before check-ins, and any other service
/// may have an address with a password and a number.
pub(super) fn is_dsn(address: &Address) -> bool {
    let user = matches!(address.user(), Some((_, None)));
    user && parts(address).is_some_and(|parts| parts.slug.is_none())
}

/// The slug: the address's own, the target's, or made of the monitor's name.
pub(super) fn slug(address: &Address, parameters: &Parameters, monitor: &str) -> Option<String> {
    let own = parts(address).and_then(|parts| parts.slug.map(str::to_owned));
    let given = || parameters.get("slug").and_then(Value::as_str).map(str::to_owned);
    let made = || {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let slug = monitor.chars().map(|c| if fits(c) { c.to_ascii_lowercase() } else { '-' });
        slug.take(SLUG_CHARS_MAX).collect()
    };
    Some(own.or_else(given).unwrap_or_else(made)).filter(|slug: &String| !slug.is_empty())
}

/// The address of one monitor's check-ins.
pub(super) fn complete(
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let parts = parts(pasted).ok_or(
        "a Sentry address is a DSN such as `https://KEY@HOST/PROJECT`, or `…/api/PROJECT/cron/SLUG/KEY/`",
    )?;
    if parts.slug.is_some() {
        return Ok(pasted.clone());
    }
    let slug = slug(pasted, parameters, monitor.unwrap_or_default()).ok_or(
        "a Sentry DSN lacks the monitor's slug; name the monitor and write `--to DSN`, or set `slug`",
    )?;
    let slug = crate::domain::address::percent_encode(&slug);
    let tail = ["api", parts.project, "cron", &slug];
    let segments: Vec<&str> = parts.prefix.into_iter().chain(tail).chain(parts.key).collect();
    Ok(pasted.without_user().with_segments(&segments).with_slash(true))
}

/// The address of a project's envelopes; the key stays in front of the host, and `slug` is told.
pub(super) fn complete_envelope(
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let parts = parts(pasted)
        .filter(|parts| parts.key.is_some())
        .ok_or("a Sentry address is a DSN such as `https://KEY@HOST/PROJECT`")?;
    // An envelope's address has no place for the slug: it would become the monitor's name in silence.
    if let Some(slug) = parts.slug
        && !parameters.has("slug")
    {
        return Err(format!(
            "an envelope's address has no slug in it; write the DSN, and `slug = \"{slug}\"`"
        ));
    }
    if slug(pasted, parameters, monitor.unwrap_or_default()).is_none() {
        return Err(
            "a Sentry DSN lacks the monitor's slug; name the monitor and write `--to DSN`, \
                    or set `slug`"
                .to_owned(),
        );
    }
    let key = parts.key.unwrap_or_default().to_owned();
    let tail = ["api", parts.project, "envelope"];
    let segments: Vec<&str> = parts.prefix.into_iter().chain(tail).collect();
    Ok(pasted.without_user().with_user(&key).with_segments(&segments).with_slash(true))
}

/// What creates or updates the monitor over there.
pub(super) fn monitor_config(parameters: &Parameters) -> Option<Value> {
    let get = |name: &str| parameters.get(name).cloned();
    let schedule = match get("schedule")? {
        Value::String(line) => json!({"type": "crontab", "value": line}),
        Value::Object(given) => match (given.get("crontab"), given.get("interval")) {
            (Some(line), _) => json!({"type": "crontab", "value": line}),
            (None, Some(Value::Object(interval))) => json!({
                "type": "interval",
                "value": interval.get("value")?,
                "unit": interval.get("unit")?,
            }),
            (None, Some(value)) => {
                json!({"type": "interval", "value": value, "unit": given.get("unit")?})
            }
            (None, None) => Value::Object(given),
        },
        _ => return None,
    };
    let mut config = serde_json::Map::new();
    config.insert("schedule".to_owned(), schedule);
    for (name, ours) in [
        ("checkin_margin", "grace_minutes"),
        ("max_runtime", "max_runtime_minutes"),
        ("timezone", "timezone"),
        ("failure_issue_threshold", "failure_issue_threshold"),
        ("recovery_threshold", "recovery_threshold"),
    ] {
        if let Some(value) = get(ours) {
            config.insert(name.to_owned(), value);
        }
    }
    Some(Value::Object(config))
}

/// An envelope with one check-in.
pub(super) fn envelope(check_in: &Value, at: Moment) -> Vec<u8> {
    let payload = check_in.to_string();
    let header = json!({ "sent_at": at.to_rfc3339() });
    let item = json!({ "type": "check_in", "length": payload.len() });
    format!("{header}\n{item}\n{payload}\n").into_bytes()
}
