//! What was read is brought to its monitors, and what became of it to the answer.

use std::sync::Arc;

use super::directory::{Known, Place};
use super::wire::Wire;
use super::{busy, too_many};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::{self, Accepted, Answer, EventResult, Outcome};
use crate::serve::app::App;
use crate::serve::creation::{self, Untaken};
use crate::serve::definition::StoredRules;
use crate::serve::healthchecks;
use crate::serve::recorder::{Ping, Recorded};
use crate::store::Trouble;
use crate::sys::clock;

/// What a request tells one monitor, whose keys are tried in turn.
pub(crate) struct Told {
    keys: Vec<Vec<String>>,
    heard: ping::Heard,
    /// Where its key leads, where the path was understood by that.
    place: Option<Place>,
}

impl Told {
    /// What was read, with the place that was found for a key on the way.
    pub(crate) fn new(told: ping::Told, found: Option<&(Place, Vec<String>)>) -> Told {
        let place = found.filter(|(_, key)| told.keys.first() == Some(key));
        Told { place: place.map(|(place, _)| place.clone()), keys: told.keys, heard: told.heard }
    }
}

/// What became of one of them.
enum Became {
    Taken(Accepted, Option<Kind>),
    Created,
    Unknown,
    Ambiguous,
    Refused(String),
}

impl Became {
    /// The same where nothing was said of the monitor itself, or nothing wrong.
    fn alone(self) -> (Became, Untaken) {
        (self, Untaken::new())
    }
}

/// Brings everything that a request tells to its monitors, in its order.
pub(crate) async fn all(
    app: &Arc<App>,
    wire: &Wire,
    dialect: &str,
    told: Vec<Told>,
    request: &ping::Request<'_>,
) -> Answer {
    let received_at = clock::now();
    let is_list = dialect == "hb" && request.path.ends_with("/events");
    let preview = ping::is_link_preview(request);
    let (mut results, mut became_all) = (Vec::new(), Vec::new());
    for told in told {
        let place = match told.place {
            Some(place) => place,
            None => match find(app, dialect, &told.keys).await {
                Ok(place) => place,
                Err(trouble) => return busy(app, dialect, &trouble, request),
            },
        };
        let identity = identity(&told.heard);
        let (became, untaken) = match (place, told.heard) {
            (_, ping::Heard::Refused(why)) => Became::Refused(why).alone(),
            (Place::Nowhere, _) => Became::Unknown.alone(),
            (Place::Ambiguous, _) => Became::Ambiguous.alone(),
            (Place::Monitor(_), ping::Heard::Nothing) => {
                Became::Taken(Accepted::Ignored, None).alone()
            }
            (Place::Vacant { .. }, ping::Heard::Nothing) => Became::Unknown.alone(),
            (Place::Monitor(known), ping::Heard::Event(arrival)) => {
                match one(app, wire, &known, *arrival, request, preview).await {
                    Ok(became) => became,
                    Err(trouble) => return busy(app, dialect, &trouble, request),
                }
            }
            (Place::Vacant { project_id, slug, may_create }, ping::Heard::Event(arrival)) => {
                let asked =
                    wire.creates() && (dialect != "healthchecks" || ping::may_be_made(&slug));
                let wanted = asked || arrival.definition.is_some();
                if !wanted || !may_create || preview {
                    became_all.push(Became::Unknown);
                    results.push(event_result(identity, became_all.last(), Untaken::new()));
                    continue;
                }
                match made(app, wire, dialect, project_id, &slug, *arrival, request).await {
                    Ok(became) => became,
                    Err(trouble) => return busy(app, dialect, &trouble, request),
                }
            }
        };
        became_all.push(became);
        results.push(event_result(identity, became_all.last(), untaken));
    }
    let is_unknown = |became: &Became| matches!(became, Became::Unknown);
    // What was taken of a list is on disk, and its client has to hear of that.
    if became_all.iter().any(is_unknown)
        && !app.strangers.may_ask(&wire.client(), received_at)
        && became_all.iter().all(is_unknown)
    {
        return too_many(dialect, request);
    }
    let unknown_alone = matches!(became_all.as_slice(), [Became::Unknown]);
    if unknown_alone {
        app.log.debug(
            "a ping for an unknown key",
            &[("path", &wire.masked()), ("remote", &wire.client())],
        );
        app.refusals.note(&wire.masked(), &wire.client(), dialect);
    }
    if is_list && !unknown_alone {
        return ping::answer_events(&results);
    }
    ping::answer(dialect, &outcome(&became_all, received_at), request)
}

fn identity(heard: &ping::Heard) -> (Option<String>, Option<u32>) {
    match heard {
        ping::Heard::Event(arrival) => (arrival.run_id.clone(), arrival.seq),
        ping::Heard::Nothing | ping::Heard::Refused(_) => (None, None),
    }
}

fn event_result(
    (run_id, seq): (Option<String>, Option<u32>),
    became: Option<&Became>,
    untaken: Untaken,
) -> EventResult {
    let became = match became {
        Some(Became::Taken(accepted, _)) => Ok(*accepted),
        Some(Became::Created) => Ok(Accepted::Stored),
        Some(Became::Unknown) | None => Err("no monitor has this key".to_owned()),
        Some(Became::Ambiguous) => Err("several monitors have this slug".to_owned()),
        Some(Became::Refused(why)) => Err(why.clone()),
    };
    EventResult { run_id, seq, became, untaken }
}

/// One answer for everything: the first that went wrong, else the last.
fn outcome(became: &[Became], received_at: crate::domain::time::Moment) -> Outcome {
    let wrong = became.iter().find(|became| !matches!(became, Became::Taken(..) | Became::Created));
    match wrong.or(became.last()) {
        Some(Became::Taken(accepted, kind)) => {
            Outcome::Taken { accepted: *accepted, kind: *kind, received_at }
        }
        Some(Became::Created) => Outcome::Created,
        Some(Became::Unknown) => Outcome::Unknown,
        Some(Became::Ambiguous) => Outcome::Ambiguous,
        Some(Became::Refused(line)) => {
            Outcome::Refused(ping::Refused { status: 400, line: line.clone() })
        }
        None => Outcome::Taken { accepted: Accepted::Ignored, kind: None, received_at },
    }
}

async fn find(app: &Arc<App>, dialect: &str, keys: &[Vec<String>]) -> Result<Place, Trouble> {
    // Where a path is shared by many services, the key was found without its dialect.
    let mut last = Place::Nowhere;
    for key in keys {
        for asked in [dialect, ""] {
            match app.directory.find(asked, key).await? {
                Place::Nowhere => {}
                Place::Monitor(known) if known.dialect == dialect => {
                    return Ok(Place::Monitor(known));
                }
                // A native key at another service's path is spoken to in that service's dialect.
                Place::Monitor(_) if asked.is_empty() => {}
                place => last = place,
            }
        }
    }
    Ok(last)
}

/// One event for a monitor that is there.
async fn one(
    app: &Arc<App>,
    wire: &Wire,
    known: &Arc<Known>,
    mut arrival: Arrival,
    request: &ping::Request<'_>,
    preview: bool,
) -> Result<(Became, Untaken), Trouble> {
    // Whoever may say that a job ran may not say that nobody needs to look at it.
    if matches!(arrival.kind, Kind::Pause | Kind::Resume) {
        let why = "a ping pauses nothing; that takes an API key, see `hb monitor pause --help`";
        return Ok(Became::Refused(why.to_owned()).alone());
    }
    let received_at = clock::now();
    let filtered = if arrival.kind == Kind::Test {
        Some(Kind::Test)
    } else {
        known.filters.apply(arrival.kind, request)
    };
    let ignored = filtered.is_none() || preview;
    arrival.kind = filtered.unwrap_or(arrival.kind);
    ping::settle(&mut arrival, received_at);
    let untaken = match arrival.definition.take() {
        Some(said) => creation::update(app, known.monitor_id, &said, arrival.at).await?,
        None => Untaken::new(),
    };
    let kind = arrival.kind;
    let coalesced = app.pace.is_too_much(known.monitor_id, &arrival, received_at);
    let keeps_output = !arrival.output.is_empty() && !coalesced;
    let packed = keeps_output.then(|| app.packers.pack(&arrival.output));
    let ping = Ping {
        monitor_id: known.monitor_id,
        dialect: known.dialect.clone(),
        arrival: Box::new(arrival),
        ignored,
        coalesced,
        received_at,
        packed,
        method: wire.method(),
        scheme: wire.scheme(),
        remote: wire.client(),
        agent: wire.agent(),
    };
    let became = match app.recorder.record(ping).await? {
        Recorded::Stored => {
            let accepted = if ignored { Accepted::Ignored } else { Accepted::Stored };
            Became::Taken(accepted, Some(kind))
        }
        Recorded::Coalesced => Became::Taken(Accepted::Ignored, Some(kind)),
        Recorded::Late => Became::Taken(Accepted::Late, Some(kind)),
        Recorded::Duplicate => Became::Taken(Accepted::Duplicate, Some(kind)),
        Recorded::Gone => {
            app.directory.forget();
            Became::Unknown
        }
    };
    Ok((became, untaken))
}

/// One event for a monitor that is made for it.
async fn made(
    app: &Arc<App>,
    wire: &Wire,
    dialect: &str,
    project_id: i64,
    slug: &str,
    arrival: Arrival,
    request: &ping::Request<'_>,
) -> Result<(Became, Untaken), Trouble> {
    let rules = match (dialect, &arrival.definition) {
        ("healthchecks", None) => healthchecks::rules_by_default(),
        _ => StoredRules::default(),
    };
    let said = arrival.definition.as_deref().cloned().unwrap_or_default();
    let (monitor_id, untaken) = match creation::create(app, project_id, slug, rules, &said).await? {
        Ok(made) => made,
        Err(mistake) => return Ok(Became::Refused(mistake.message().to_owned()).alone()),
    };
    let known = Arc::new(Known {
        monitor_id,
        dialect: dialect.to_owned(),
        filters: ping::Filters::default(),
        mail: ping::mail::MailFilter::default(),
    });
    let arrival = Arrival { definition: None, ..arrival };
    let became = match one(app, wire, &known, arrival, request, false).await? {
        (Became::Taken(Accepted::Stored, _), _) => Became::Created,
        (other, _) => other,
    };
    Ok((became, untaken))
}
