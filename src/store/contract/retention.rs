//! The laws of dropping what is old.

use super::rounds::plain;
use super::{Bed, at};
use crate::store::aliases::{self, Alias};
use crate::store::changes::{self, NewChange};
use crate::store::deliveries::{self, NewDelivery};
use crate::store::events::NewEvent;
use crate::store::incidents::{self, Incident};
use crate::store::months::{self, Month};
use crate::store::outputs::{self, Output};
use crate::store::{Trouble, Tx, events, monitors, retention};

fn fill(tx: &mut dyn Tx, monitor_id: i64) -> Result<(), Trouble> {
    let all: Vec<_> = (1..=10).map(|n| plain(monitor_id, n)).collect();
    let ids = events::insert(tx, &all)?;
    let outputs: Vec<Output> = ids
        .into_iter()
        .flatten()
        .zip(1..)
        .map(|(event_id, n)| Output {
            event_id,
            monitor_id,
            packed: vec![1],
            plain_bytes: 1,
            keep_until: at(n),
        })
        .collect();
    outputs::insert(tx, &outputs)?;
    let change = |n: i64| NewChange {
        monitor_id,
        from_status: "up".to_owned(),
        to_status: "late".to_owned(),
        at: at(n),
        reason: String::new(),
    };
    changes::insert(tx, &(1..=10).map(change).collect::<Vec<_>>())
}

fn events_left(bed: &Bed, monitor_id: i64) -> usize {
    bed.read(move |tx| Ok(events::page(tx, monitor_id, None, 100)?.rows.len())).expect("reading")
}

pub(super) fn old_things_go_in_slices(bed: &Bed) {
    let ids = bed.monitors(2);
    let (one, two) = (ids[0], ids[1]);
    bed.write(move |tx| fill(tx, one).and_then(|()| fill(tx, two))).expect("writing works");
    let counts = bed.write(move |tx| {
        let mut counts = Vec::new();
        for _ in 0..3 {
            counts.push(retention::events(tx, at(4), 2)?);
        }
        // The other monitor's were heard later, so they wait for their turn.
        counts.push(retention::outputs(tx, at(9), 10)?);
        counts.push(retention::outputs(tx, at(9), 10)?);
        counts.push(retention::outputs(tx, at(9), 10)?);
        counts.push(retention::changes(tx, at(3), 100)?);
        Ok(counts)
    });
    assert_eq!(counts, Ok(vec![2, 1, 0, 10, 6, 0, 4]));
    assert_eq!((events_left(bed, one), events_left(bed, two)), (7, 10));
    let delivery = |id: &str| NewDelivery {
        id: id.to_owned(),
        incident_id: None,
        monitor_id: None,
        channel_id: 1,
        what: "test".to_owned(),
        message: String::new(),
        next_at: at(1),
        fold: None,
    };
    let left = bed.write(move |tx| {
        deliveries::insert(tx, &[delivery("a"), delivery("b")], at(5))?;
        deliveries::merge(tx, "a")?;
        let dropped = (retention::deliveries(tx, at(5), 9)?, retention::deliveries(tx, at(6), 9)?);
        Ok((dropped, deliveries::by_id(tx, "b")?.is_some()))
    });
    assert_eq!(left, Ok(((0, 1), true)));
    let left = bed.write(|tx| {
        for (id, closed_at) in [("open", None), ("old", Some(at(5))), ("new", Some(at(9)))] {
            let id = id.to_owned();
            incidents::insert(tx, &Incident { closed_at, ..super::nouns::incident(&id, 1) })?;
        }
        let dropped = (retention::incidents(tx, at(9), 9)?, retention::incidents(tx, at(9), 9)?);
        Ok((dropped, incidents::page(tx, 1, false, None, 9)?.0.len()))
    });
    assert_eq!(left, Ok(((1, 0), 2)));
}

/// The months of a monitor, shortly: name, runs by their end, runs that were timed, their time, the longest.
fn months(bed: &Bed, monitor_id: i64) -> Vec<String> {
    let found = bed.read(move |tx| months::of_monitor(tx, monitor_id)).expect("reading works");
    let told = |(name, one): (String, Month)| {
        let (ends, took) = ([one.succeeded, one.partial, one.failed], one.duration_ms);
        format!("{name} {ends:?} {} {took} {}", one.timed, one.longest_ms)
    };
    found.into_iter().map(told).collect()
}

pub(super) fn months_outlive_their_events(bed: &Bed) {
    const DAY: i64 = 86_400_000;
    let ids = bed.monitors(2);
    let (one, two) = (ids[0], ids[1]);
    let ends = ["success", "start", "warning", "failure", "success", "log"];
    let event = move |n: i64| NewEvent {
        kind: ends[n as usize % ends.len()].to_owned(),
        at: at(n * 10 * DAY),
        received_at: at(n * 10 * DAY),
        duration_ms: [None, Some(1_000), Some(3_000), Some(i64::MAX)][n as usize % 4]
            .map(|took| took as u64),
        ..plain(if n == 3 { two } else { one }, n as u64)
    };
    bed.write(move |tx| events::insert(tx, &(0..12).map(event).collect::<Vec<_>>()))
        .expect("writing works");
    let wanted = [
        "1970-01 [1, 1, 0] 1 3000 3000",
        "1970-02 [1, 0, 0] 0 0 0",
        "1970-03 [1, 1, 0] 1 3000 3000",
        "1970-04 [1, 0, 1] 2 4000 3000",
    ];
    // Counted as they are there, and the same when some of them are dropped, and when all are.
    for before in [0, 45, 46, 1_000] {
        let dropped = bed.write(move |tx| {
            let mut all = 0;
            loop {
                match retention::events(tx, at(before * DAY), 2)? {
                    0 => return Ok(all),
                    count => all += count,
                }
            }
        });
        dropped.expect("dropping works");
        assert_eq!(months(bed, one), wanted, "before day {before}");
        assert_eq!(months(bed, two), ["1970-01 [0, 0, 1] 1 31622400000 31622400000"]);
    }
    assert_eq!(events_left(bed, one), 0);
    bed.write(move |tx| monitors::delete(tx, one, at(20))).expect("writing works");
    while bed.write(|tx| retention::removed(tx, 4)).expect("writing works") > 0 {}
    assert_eq!((months(bed, one).len(), months(bed, two).len()), (0, 1));
}

pub(super) fn a_deleted_monitor_is_swept_out(bed: &Bed) {
    let ids = bed.monitors(2);
    let (one, two) = (ids[0], ids[1]);
    bed.write(move |tx| {
        fill(tx, one)?;
        fill(tx, two)?;
        aliases::insert(tx, one, &Alias { dialect: "hb".to_owned(), key: "k".to_owned() })?;
        assert!(monitors::delete(tx, one, at(20))?);
        assert!(!monitors::delete(tx, one, at(20))?);
        assert_eq!(monitors::load(tx, &[monitors::Named::Key("k".to_owned())])?, []);
        Ok(())
    })
    .expect("writing works");
    let mut dropped = Vec::new();
    loop {
        let count = bed.write(|tx| retention::removed(tx, 4)).expect("writing works");
        if count == 0 {
            break;
        }
        dropped.push(count);
    }
    assert_eq!(dropped, [12, 12, 6, 1]);
    assert_eq!((events_left(bed, one), events_left(bed, two)), (0, 10));
    let changes = |id| bed.read(move |tx| Ok(changes::page(tx, id, None, 99)?.rows.len()));
    assert_eq!((changes(one), changes(two)), (Ok(0), Ok(10)));
    assert!(bed.read(|tx| outputs::of_event(tx, 20)).expect("reading works").is_some());
}
