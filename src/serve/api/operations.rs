//! Every operation of hb's own API in one table: the router and the document that describes it come from
//! the same rows, so neither can know what the other does not.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::{
    apply, audit_log, channels, events, imports, incidents, keys, maintenance, monitor_list,
    monitors, openapi, overview, pauses, projects, runs, stream,
};
use crate::serve::app::App;
use crate::serve::ping;

/// What a caller needs at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    Ping,
    Read,
    Write,
    Admin,
    Owner,
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name for generated clients.
    pub(super) id: &'static str,
    /// What it is for.
    pub(super) summary: &'static str,
    pub(super) needs: Needs,
    /// What may stand in the query, and in headers that are for this operation.
    pub(super) query: &'static [Param],
    /// The schema of the body.
    pub(super) body: Option<&'static str>,
    /// The status and the schema of a good answer; several where it may make or change.
    pub(super) answers: &'static [(u16, &'static str)],
    handler: fn() -> MethodRouter<Arc<App>>,
}

/// A parameter of a query, or a header that says the like.
#[derive(Clone, Copy)]
pub(super) enum Param {
    Limit,
    Cursor,
    Slug,
    Tag,
    Status,
    Open,
    LastEventId,
    IfMatch,
    IfNoneMatch,
    IdempotencyKey,
}

const PAGED: &[Param] = &[Param::Limit, Param::Cursor];
const NO: &[Param] = &[];
const ONCE: &[Param] = &[Param::IdempotencyKey];
const EXPECTING: &[Param] = &[Param::IfMatch, Param::IfNoneMatch];

macro_rules! operation {
    ($method:literal $path:literal, $id:literal, $summary:literal, $needs:ident, $query:expr,
     $body:expr, $answers:expr, $handler:expr) => {
        Operation {
            method: $method,
            path: $path,
            id: $id,
            summary: $summary,
            needs: Needs::$needs,
            query: $query,
            body: $body,
            answers: $answers,
            handler: || $handler,
        }
    };
}

/// All of them, by noun.
#[rustfmt::skip]
pub(super) const OPERATIONS: &[Operation] = &[
    operation!("POST" "/events", "sendEvents", "Events of several monitors, by the dialect `hb`", Ping, NO, Some("Events"), &[(200, "EventResults")], post(ping::events)),

    operation!("GET" "/monitors", "listMonitors", "A page of the project's monitors", Read, &[Param::Limit, Param::Cursor, Param::Slug, Param::Tag, Param::Status], None, &[(200, "Monitors")], get(monitor_list::list)),
    operation!("POST" "/monitors", "createMonitor", "Makes a monitor", Write, ONCE, Some("NewMonitor"), &[(201, "Monitor")], post(monitors::create)),
    operation!("GET" "/monitors/{slug}", "getMonitor", "One monitor, by slug or id", Read, NO, None, &[(200, "Monitor")], get(monitors::show)),
    operation!("PUT" "/monitors/{slug}", "putMonitor", "Makes a monitor, or gives it a new definition", Write, EXPECTING, Some("Definition"), &[(200, "Monitor"), (201, "Monitor")], put(monitors::replace)),
    operation!("PATCH" "/monitors/{slug}", "changeMonitor", "Changes some members of a monitor", Write, EXPECTING, Some("Definition"), &[(200, "Monitor")], patch(monitors::change)),
    operation!("DELETE" "/monitors/{slug}", "removeMonitor", "Removes a monitor with all that belongs to it", Write, EXPECTING, None, &[(200, "Monitor")], delete(monitors::remove)),
    operation!("POST" "/monitors/{slug}/pause", "pauseMonitor", "Nothing is expected for a while", Write, NO, Some("Pause"), &[(200, "Monitor")], post(pauses::pause)),
    operation!("POST" "/monitors/{slug}/resume", "resumeMonitor", "Runs are expected again", Write, NO, None, &[(200, "Monitor")], post(pauses::resume)),
    operation!("POST" "/monitors/{slug}/release", "releaseMonitor", "It is kept in no file any more", Write, EXPECTING, None, &[(200, "Monitor")], post(monitors::release)),
    operation!("GET" "/monitors/{slug}/events", "listEvents", "Its events, the newest first", Read, PAGED, None, &[(200, "EventPage")], get(events::list)),
    operation!("GET" "/monitors/{slug}/runs", "listRuns", "Its runs, the newest first", Read, PAGED, None, &[(200, "Runs")], get(runs::list)),
    operation!("GET" "/monitors/{slug}/statistics", "getStatistics", "How its runs went, by day and by month", Read, NO, None, &[(200, "Statistics")], get(super::statistics::show)),
    operation!("POST" "/apply", "applyMonitors", "Makes the monitors of a file as they are wanted, all or none", Write, NO, Some("Wanted"), &[(200, "Applied")], post(apply::apply)),
    operation!("POST" "/import/healthchecks", "importChecks", "Takes in checks of a Healthchecks server, with their pings and flips", Write, NO, Some("Import"), &[(200, "Imported")], post(imports::healthchecks)),
    operation!("GET" "/definitions", "listDefinitions", "What was said of every monitor, for a file", Write, NO, None, &[(200, "Definitions")], get(apply::definitions)),
    operation!("GET" "/runs/{run_id}", "getRun", "One run with its output and its events", Read, NO, None, &[(200, "Run")], get(runs::show)),

    operation!("GET" "/incidents", "listIncidents", "Incidents, the newest first", Read, &[Param::Limit, Param::Cursor, Param::Open], None, &[(200, "Incidents")], get(incidents::list)),
    operation!("GET" "/incidents/{id}", "getIncident", "One incident, and how people were told", Read, NO, None, &[(200, "Incident")], get(incidents::show)),
    operation!("POST" "/incidents/{id}/ack", "acknowledgeIncident", "Somebody knows of it", Write, NO, Some("Acknowledgement"), &[(200, "Incident")], post(incidents::acknowledge)),
    operation!("POST" "/incidents/{id}/snooze", "snoozeIncident", "Nobody wants to hear of it for a while", Write, NO, Some("Snooze"), &[(200, "Incident")], post(incidents::snooze)),
    operation!("POST" "/incidents/{id}/resolve", "resolveIncident", "A person closes it", Write, NO, Some("Resolution"), &[(200, "Incident")], post(incidents::resolve)),

    operation!("GET" "/maintenance", "listMaintenance", "Planned maintenance", Read, NO, None, &[(200, "Plans")], get(maintenance::list)),
    operation!("POST" "/maintenance", "planMaintenance", "Plans maintenance, once or recurring", Write, ONCE, Some("NewPlan"), &[(201, "Plan")], post(maintenance::create)),
    operation!("DELETE" "/maintenance/{id}", "cancelMaintenance", "Calls a plan off", Write, NO, None, &[(200, "Plan")], delete(maintenance::remove)),

    operation!("GET" "/channels", "listChannels", "Ways to tell people", Read, NO, None, &[(200, "Channels")], get(channels::list)),
    operation!("POST" "/channels", "createChannel", "Makes a channel", Write, ONCE, Some("NewChannel"), &[(201, "Channel")], post(channels::create)),
    operation!("GET" "/channels/{name}", "getChannel", "One channel, by name or id", Read, NO, None, &[(200, "Channel")], get(channels::show)),
    operation!("PATCH" "/channels/{name}", "changeChannel", "Changes some members of a channel", Write, NO, Some("ChannelChange"), &[(200, "Channel")], patch(channels::change)),
    operation!("DELETE" "/channels/{name}", "removeChannel", "Removes a channel; refused while it is all that some monitor has", Write, NO, None, &[(200, "Channel")], delete(channels::remove)),
    operation!("POST" "/channels/{name}/test", "testChannel", "Sends a test message now", Write, NO, None, &[(200, "Tried")], post(channels::test)),

    operation!("GET" "/keys", "listKeys", "The project's keys, without the keys themselves", Admin, NO, None, &[(200, "Keys")], get(keys::list)),
    operation!("POST" "/keys", "createKey", "Makes a key, which is told once", Admin, NO, Some("NewKey"), &[(201, "MadeKey")], post(keys::create)),
    operation!("DELETE" "/keys/{id}", "removeKey", "Ends a key at once", Admin, NO, None, &[(200, "Key")], delete(keys::remove)),
    operation!("POST" "/keys/{id}/rotate", "rotateKey", "Makes a key in the place of another", Admin, NO, Some("Rotation"), &[(201, "MadeKey")], post(keys::rotate)),

    operation!("GET" "/projects", "listProjects", "The projects that the caller may see", Read, NO, None, &[(200, "Projects")], get(projects::list)),
    operation!("POST" "/projects", "createProject", "Makes a project with its first keys", Owner, NO, Some("NewProject"), &[(201, "MadeProject")], post(projects::create)),
    operation!("PATCH" "/projects/{slug}", "changeProject", "Gives a project another slug or name", Admin, NO, Some("ProjectChange"), &[(200, "Project")], patch(projects::change)),
    operation!("DELETE" "/projects/{slug}", "removeProject", "Removes a project without monitors", Owner, NO, None, &[(200, "Project")], delete(projects::remove)),

    operation!("GET" "/audit", "listAudit", "Who has changed what, the newest first", Admin, PAGED, None, &[(200, "Audit")], get(audit_log::list)),
    operation!("GET" "/status", "getStatus", "How everything does", Read, NO, None, &[(200, "Overview")], get(overview::show)),
    operation!("GET" "/stream", "followChanges", "Changes as they happen, as server-sent events", Read, &[Param::LastEventId], None, &[(200, "text/event-stream")], get(stream::follow)),
    operation!("GET" "/openapi.json", "getDocument", "This document", Nothing, NO, None, &[(200, "Document")], get(openapi::show)),
];

/// The routes of the table.
pub(super) fn router() -> Router<Arc<App>> {
    OPERATIONS.iter().fold(Router::new(), |router, operation| {
        router.route(operation.path, (operation.handler)())
    })
}
