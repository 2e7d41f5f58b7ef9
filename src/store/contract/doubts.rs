//! The laws of what is asked across monitors: whom something may have to be told of.

use super::{Bed, at};
use crate::store::monitors::{self, Live, Named};

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
        monitors::save(tx, &saves)
    });
    saved.expect("monitors can be saved");
    ids
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
    assert_eq!(bed.write(|tx| monitors::wake_untold(tx, at(50))), Ok(3));
    let names: Vec<Named> = ids.iter().map(|id| Named::Id(*id)).collect();
    let found = bed.read(move |tx| monitors::look(tx, &names)).expect("reading works");
    let wakes: Vec<Option<i64>> =
        found.iter().map(|one| one.monitor.live.wake_at.map(|at| at.epoch_ms())).collect();
    assert_eq!(wakes, [None, Some(50), Some(50), Some(50), Some(10), Some(900)]);
}
