//! Monitors as a list: by slug, tags and status, page by page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::{Query, Reader};
use super::{Page, views};
use crate::domain::monitor::Status;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};
use crate::store::monitors::{self, Filter, Monitor};
use crate::store::{Trouble, Tx, channels};
use crate::sys::clock;

/// A page of the project's monitors.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Mistake> {
    let all = |name: &str| -> Vec<String> {
        let wanted = pairs.iter().filter(|(known, _)| known == name);
        wanted.map(|(_, value)| value.clone()).collect()
    };
    let first = |name: &str| all(name).into_iter().next();
    let page = Page { limit: first("limit"), cursor: first("cursor") };
    let (limit, after) = (page.limit()?, page.after()?);
    let filter = Filter { slug: first("slug"), tags: all("tag") };
    let status = first("status").map(|word| status(&word)).transpose()?;
    let found = app
        .store
        .read(move |tx| {
            let page = filtered(tx, caller, &filter, status, (after, limit))?;
            Ok((page, channels::of_project(tx, caller.project_id)?))
        })
        .await?;
    let ((found, next), channels) = found;
    let now = clock::now();
    let view = |monitor| {
        let shown = views::monitor(&app, monitor, &channels, now);
        if caller.kind.writes() { shown } else { views::without_address(shown) }
    };
    let shown: Vec<Value> = found.iter().map(view).collect();
    let next = next.map(|next| next.to_string());
    Ok(reply::json_ok(&json!({ "monitors": shown, "next": next })))
}

/// The status that a list is asked for.
fn status(word: &str) -> Result<&'static str, Mistake> {
    let known = Status::ALL.map(|(_, word)| word);
    known
        .into_iter()
        .find(|known| *known == word)
        .ok_or_else(|| Mistake::field("status", format!("`status` is one of {}", known.join(", "))))
}

/// Monitors that one page of a filtered list looks at; a rare status may make a page short, and `next` goes
/// on behind them.
const LOOKED_AT_MAX: usize = 20_000;

/// Monitors of a list and the number behind which the next page begins.
type Listed = (Vec<Monitor>, Option<i64>);

/// As many monitors as are wanted, of those that the filter and the status leave.
fn filtered(
    tx: &mut dyn Tx,
    caller: Caller,
    filter: &Filter,
    status: Option<&str>,
    (mut after, limit): (Option<i64>, usize),
) -> Result<Listed, Trouble> {
    let (mut listed, mut looked_at) = (Vec::new(), 0);
    loop {
        let wanted = u32::try_from(limit).unwrap_or(u32::MAX);
        let page = monitors::page(tx, caller.project_id, filter, after, wanted)?;
        looked_at += limit;
        let mut rest = page.rows.into_iter();
        while let Some(monitor) = rest.next() {
            if status.is_some_and(|word| word != monitor.live.status) {
                continue;
            }
            let id = monitor.id;
            listed.push(monitor);
            if listed.len() == limit {
                let is_end = page.next.is_none() && rest.as_slice().is_empty();
                return Ok((listed, (!is_end).then_some(id)));
            }
        }
        after = page.next;
        if after.is_none() || looked_at >= LOOKED_AT_MAX {
            return Ok((listed, after));
        }
    }
}
