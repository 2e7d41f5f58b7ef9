//! What an answer means: by its status, and for some services by what its body says.

use serde_json::Value;

use super::Answer;
use super::service::{Check, Service, Transport};

/// See [`super::Dialect::judge`].
pub(super) fn judge(service: &Service, status: u16, body: &[u8]) -> Answer {
    let among =
        |statuses: &[super::service::Status]| statuses.iter().any(|known| known.holds(status));
    if service.transport != Transport::Http {
        return match checks(service, body) {
            true if among(&service.unverified) || service.check.is_none() => Answer::Unconfirmed,
            true => Answer::Accepted,
            false => Answer::Refused,
        };
    }
    if let Some((only, text)) = &service.permanent_if
        && only.holds(status)
        && String::from_utf8_lossy(body).contains(text.as_str())
    {
        return Answer::Refused;
    }
    if among(&service.accept) {
        return match checks(service, body) {
            false => Answer::Refused,
            true if among(&service.unverified) => Answer::Unconfirmed,
            true => Answer::Accepted,
        };
    }
    match status {
        0 => Answer::Later,
        413 => Answer::TooLarge,
        _ if among(&service.permanent) => Answer::Refused,
        _ if among(&service.retry) => Answer::Later,
        _ => Answer::Refused,
    }
}

/// Whether the body says what it must.
fn checks(service: &Service, body: &[u8]) -> bool {
    let Some(check) = &service.check else { return true };
    if let Check::Contains(text) = check {
        return String::from_utf8_lossy(body).contains(text.as_str());
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return false };
    match check {
        Check::Contains(_) => true,
        Check::Equals(path, value) => member(&json, path) == Some(value),
        Check::Absent(paths) => paths.iter().all(|path| member(&json, path).is_none()),
        Check::All2xx(list, code) => {
            let Some(Value::Array(items)) = member(&json, list) else { return false };
            let is_good = |item: &Value| {
                let code = member(item, code).and_then(Value::as_f64);
                code.is_some_and(|code| (200.0..300.0).contains(&code))
            };
            !items.is_empty() && items.iter().all(is_good)
        }
    }
}

/// A member by its dotted path; numbers count in lists.
fn member<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |json, name| match json {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        json => json.get(name),
    })
}
