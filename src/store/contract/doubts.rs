//! The laws of what is asked across monitors: who was in doubt, and whom something may have to be told of.

use super::deliveries::{claimed, ids as sent, new};
use super::nouns::incident;
use super::{Bed, at};
use crate::store::changes::{self, NewChange};
use crate::store::doubts::{self, Between};
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Live, Named};
use crate::store::{deliveries, due};

/// A monitor's status, deadline, wake-up and incident.
type Row = (&'static str, Option<i64>, Option<i64>, Option<&'static str>);

/// Monitors that do as these rows say.
fn monitors_as(bed: &Bed, rows: &'static [Row]) -> Vec<i64> {
    let ids = bed.monitors(rows.len());
    let known = ids.clone();
    let saved = bed.write(move |tx| {
        let names: Vec<Named> = known.iter().map(|id| Named::Id(*id)).collect();
        let found = monitors::load(tx, &names)?;
        let lives: Vec<Live> = rows
            .iter()
            .map(|(status, deadline_at, wake_at, incident_id)| Live {
                status: (*status).to_owned(),
                deadline_at: deadline_at.map(at),
                wake_at: wake_at.map(at),
                incident_id: incident_id.map(str::to_owned),
                ..Live::default()
            })
            .collect();
        let saves: Vec<_> = found
            .iter()
            .zip(&lives)
            .map(|(found, live)| (found.monitor.id, found.monitor.version, live))
            .collect();
        monitors::save(tx, &saves, at(0))
    });
    saved.expect("monitors can be saved");
    ids
}

pub(super) fn who_was_in_doubt_is_counted(bed: &Bed) {
    // Blind from 100 until before 200.
    let ids = monitors_as(
        bed,
        &[
            ("up", Some(100), Some(150), None),
            ("late", Some(199), Some(200), None),
            ("up", Some(200), Some(200), None),
            ("up", Some(99), Some(150), None),
            ("unknown", Some(120), Some(240), None),
            ("missed", Some(120), Some(190), None),
            ("missed", Some(130), None, None),
            ("failed", Some(120), Some(190), None),
            ("paused", Some(120), Some(190), None),
            ("up", None, None, None),
        ],
    );
    let first = ids[0];
    let project_id = bed
        .read(move |tx| Ok(monitors::look(tx, &[Named::Id(first)])?[0].monitor.project_id))
        .expect("reading works");
    let between = Between { from: at(100), until: at(200) };
    let due = |by: i64| bed.read(move |tx| doubts::doubtful_counts(tx, between, at(by)));
    assert_eq!(due(200), Ok(vec![(project_id, 2)]));
    assert_eq!(due(240), Ok(vec![(project_id, 3)]));
    let last = |by: i64| bed.read(move |tx| doubts::last_doubt(tx, project_id, between, at(by)));
    assert_eq!((last(300), last(200), last(10)), (Ok(Some(at(240))), Ok(Some(at(200))), Ok(None)));
    // Of the two that are missed one was before, and one is since.
    let missed = [(ids[5], 90), (ids[6], 130)];
    let noted = bed.write(move |tx| {
        let change = |(monitor_id, moment): (i64, i64)| NewChange {
            monitor_id,
            from_status: "late".to_owned(),
            to_status: "missed".to_owned(),
            at: at(moment),
            reason: "{}".to_owned(),
        };
        changes::insert(tx, &missed.map(change))
    });
    assert!(noted.is_ok());
    let unheard = |id: i64| bed.read(move |tx| doubts::unheard(tx, id, between));
    assert_eq!((unheard(project_id), unheard(project_id + 1)), (Ok(4), Ok(0)));
}

pub(super) fn whoever_may_be_told_of_is_woken(bed: &Bed) {
    let ids = monitors_as(
        bed,
        &[
            ("up", None, None, None),
            ("up", None, Some(900), Some("open")),
            ("failed", None, None, None),
            ("missed", None, Some(900), None),
            ("overrun", None, Some(10), None),
            ("paused", None, Some(900), None),
        ],
    );
    assert_eq!(bed.write(|tx| due::wake_untold(tx, at(50))), Ok(3));
    assert_eq!(wakes(bed, &ids), [None, Some(50), Some(50), Some(50), Some(10), Some(900)]);
}

pub(super) fn what_waits_for_the_future_is_looked_at(bed: &Bed) {
    let rows =
        &[("up", None, None, None), ("up", None, Some(90), None), ("up", None, Some(101), None)];
    let ids = monitors_as(bed, rows);
    let one = |id: &str, opened_at: i64, told_at: Option<i64>| Incident {
        told_at: told_at.map(at),
        remind_at: Some(at(500)),
        ..incident(id, opened_at)
    };
    let known = [one("own", 10, Some(20)), one("told", 10, Some(200)), one("new", 200, None)];
    let new: Vec<_> = [("late", 500), ("soon", 90)].map(|(id, next)| new(id, next)).into();
    bed.write(move |tx| {
        known.iter().try_for_each(|one| incidents::insert(tx, one))?;
        deliveries::insert(tx, &new, at(5))
    })
    .expect("they can be made");
    bed.write(|tx| due::look_anew(tx, at(100), at(50))).expect("it can be done");
    assert_eq!(wakes(bed, &ids), [None, Some(90), Some(50)]);
    let reminded = bed.read(|tx| incidents::to_remind(tx, at(499), 10)).expect("reading works");
    let reminded: Vec<&str> = reminded.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(reminded, ["new", "told"]);
    assert_eq!(sent(&claimed(bed, "node", 60, 10)), ["late"]);
}

/// When monitors wake up.
fn wakes(bed: &Bed, ids: &[i64]) -> Vec<Option<i64>> {
    let names: Vec<Named> = ids.iter().map(|id| Named::Id(*id)).collect();
    let found = bed.read(move |tx| monitors::look(tx, &names)).expect("reading works");
    found.iter().map(|one| one.monitor.live.wake_at.map(|at| at.epoch_ms())).collect()
}
