//! Badges: small pictures, numbers and labels that anybody may see who knows their address.
//!
//! A badge's key tells nothing of the ping URL. That of a check is its number and a signature, in the shape of
//! a UUID; that of a tag has a signature of its own, so that nobody can guess other tags.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::caller::Call;
use super::checks::all;
use super::refusal::Refusal;
use super::route::{Badge, Format};
use super::{svg, view};
use crate::domain::address::percent_encode;
use crate::domain::healthchecks::Word;
use crate::serve::app::App;
use crate::serve::reply;
use crate::serve::secrets;
use crate::store::monitors::{self, Filter, Monitor, Named};
use crate::store::projects;
use crate::sys::clock;

/// What a badge without a tag is labelled with.
const LABEL_OF_ALL: &str = "hb";

/// Characters of the signature of a tag.
const SIGNATURE_CHARS: usize = 8;

/// How the checks behind a badge do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    total: usize,
    grace: usize,
    down: usize,
}

impl Tally {
    fn add(&mut self, word: Word) {
        self.total += 1;
        self.grace += usize::from(word == Word::Grace);
        self.down += usize::from(view::is_down(word));
    }

    /// The word on the badge.
    fn word(self, shows_late: bool) -> &'static str {
        match self {
            Tally { down: 1.., .. } => "down",
            Tally { grace: 1.., .. } if shows_late => "late",
            Tally { .. } => "up",
        }
    }
}

/// The address of a check's badge.
pub(super) fn url_of_check(app: &App, base: &str, monitor: &Monitor) -> String {
    format!("{base}/b/2/{}.svg", key_of_check(app, monitor))
}

fn key_of_check(app: &App, monitor: &Monitor) -> String {
    let signature = signature(app, &format!("check:{}", monitor.uuid));
    let digits = format!("{:016x}{}", monitor.id, &signature[..16]);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

fn signature(app: &App, of: &str) -> String {
    secrets::sign(&app.badge_secret, of)
}

/// The key of a project's badges.
fn key_of_project(app: &App, project: &str) -> String {
    signature(app, &format!("project:{project}"))[..40].to_owned()
}

fn signature_of_tag(app: &App, project: &str, tag: Option<&str>) -> String {
    let of = match tag {
        Some(tag) => format!("tag:{project}:{tag}"),
        None => format!("all:{project}"),
    };
    signature(app, &of)[..SIGNATURE_CHARS].to_owned()
}

/// The addresses of all badges of a project.
pub(super) async fn list(call: Call) -> Result<Response, Refusal> {
    let caller = call.reader().await?;
    let found = call.app.store.read(move |tx| {
        let projects = projects::all(tx)?;
        let project = projects.into_iter().find(|project| project.id == caller.project_id);
        Ok((project, all(tx, caller.project_id, &Filter::default())?))
    });
    let (Some(project), monitors) = found.await? else { return Err(Refusal::not_found()) };
    let mut tags: Vec<&str> =
        monitors.iter().flat_map(|monitor| &monitor.about.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    let mut badges = Map::new();
    for tag in std::iter::once(None).chain(tags.into_iter().map(Some)) {
        let shown = addresses(&call.app, &project.uuid, tag);
        badges.insert(tag.unwrap_or("*").to_owned(), shown);
    }
    Ok(reply::json_ok(&json!({ "badges": badges })))
}

fn addresses(app: &App, project: &str, tag: Option<&str>) -> Value {
    let base = format!("{}/badge/{}", app.public_url(), key_of_project(app, project));
    let signature = signature_of_tag(app, project, tag);
    let file = tag.map(|tag| format!("/{}", percent_encode(tag))).unwrap_or_default();
    let mut shown = Map::new();
    for (name, _) in Format::ALL {
        shown.insert(name.to_owned(), format!("{base}/{signature}-2{file}.{name}").into());
        shown.insert(format!("{name}3"), format!("{base}/{signature}{file}.{name}").into());
    }
    Value::Object(shown)
}

/// The badge of a check.
pub(super) async fn of_check(app: &Arc<App>, badge: Badge) -> Result<Response, Refusal> {
    let digits = badge.key.replace('-', "");
    let id = digits.get(..16).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let id = id.ok_or_else(Refusal::not_found)?;
    let found = app.store.read(move |tx| monitors::look(tx, &[Named::Id(id)])).await?;
    let monitor = found.into_iter().next().map(|found| found.monitor);
    let monitor = monitor.filter(|monitor| key_of_check(app, monitor) == badge.key);
    let monitor = monitor.ok_or_else(Refusal::not_found)?;
    let mut tally = Tally::default();
    tally.add(view::standing(app, &monitor, clock::now()).0.word);
    let name = &monitor.about.name;
    let label = if name.is_empty() { &monitor.uuid } else { name };
    Ok(draw(&badge, label, tally))
}

/// The badge of a tag, or of all checks.
pub(super) async fn of_tag(app: &Arc<App>, badge: Badge) -> Result<Response, Refusal> {
    let reader = Arc::clone(app);
    let (key, tag, signature) = (badge.key.clone(), badge.tag.clone(), badge.signature.clone());
    let found = app.store.read(move |tx| {
        let project = projects::all(tx)?.into_iter().find(|project| {
            key_of_project(&reader, &project.uuid) == key
                && signature_of_tag(&reader, &project.uuid, tag.as_deref()) == signature
        });
        let Some(project) = project else { return Ok(None) };
        let filter = Filter { slug: None, tags: tag.clone().into_iter().collect() };
        all(tx, project.id, &filter).map(Some)
    });
    let monitors = found.await?.ok_or_else(Refusal::not_found)?;
    let (mut tally, now) = (Tally::default(), clock::now());
    monitors.iter().for_each(|monitor| tally.add(view::standing(app, monitor, now).0.word));
    Ok(draw(&badge, badge.tag.as_deref().unwrap_or(LABEL_OF_ALL), tally))
}

fn draw(badge: &Badge, label: &str, tally: Tally) -> Response {
    let word = tally.word(badge.shows_late);
    let (kind, body) = match badge.format {
        Format::Svg => ("image/svg+xml", svg::badge(label, word)),
        Format::Json => {
            let Tally { total, grace, down } = tally;
            let shown = json!({ "status": word, "total": total, "grace": grace, "down": down });
            ("application/json", shown.to_string())
        }
        Format::Shields => {
            let color = match word {
                "down" => "critical",
                "late" => "important",
                _ => "success",
            };
            let shown =
                json!({ "schemaVersion": 1, "label": label, "message": word, "color": color });
            ("application/json", shown.to_string())
        }
    };
    let never = "max-age=0, no-cache, no-store, must-revalidate, private";
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, never)];
    (StatusCode::OK, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_is_up_where_there_are_two_words() {
        let cases = [
            (&[Word::New, Word::Paused, Word::Up][..], "up", "up"),
            (&[Word::Up, Word::Grace], "up", "late"),
            (&[Word::Grace, Word::Down], "down", "down"),
            (&[], "up", "up"),
        ];
        for (words, two, three) in cases {
            let mut tally = Tally::default();
            words.iter().for_each(|word| tally.add(*word));
            assert_eq!((tally.word(false), tally.word(true)), (two, three), "{words:?}");
            assert_eq!(tally.total, words.len());
        }
    }
}
