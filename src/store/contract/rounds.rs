//! The laws of events: repeats, pages, and what is bounded, in rounds against a naive twin.

use std::collections::HashSet;

use super::nouns::NASTY;
use super::{Bed, at, drawn};
use crate::store::changes::{self, NewChange};
use crate::store::events::{self, NewEvent};
use crate::store::monitors::{self, Filter};
use crate::store::outputs::{self, Output};
use crate::store::refusals::{self, REFUSALS_MAX, Refusal};

pub(super) fn plain(monitor_id: i64, n: u64) -> NewEvent {
    NewEvent {
        monitor_id,
        n,
        kind: "success".to_owned(),
        dialect: "hb".to_owned(),
        at: at(i64::try_from(n).unwrap_or(0)),
        received_at: at(i64::try_from(n).unwrap_or(0)),
        run_id: None,
        seq: None,
        exit_code: None,
        duration_ms: None,
        message: None,
        metrics: None,
        fields: None,
        method: None,
        scheme: None,
        remote: None,
        agent: None,
        output_bytes: 0,
        flags: 0,
    }
}

pub(super) fn repeats_of_events_are_harmless(bed: &Bed) {
    bed.monitors(3);
    let (mut seed, mut known, mut newest) = (7, HashSet::new(), 0);
    for round in 0..40 {
        let batch: Vec<NewEvent> = (0..drawn(&mut seed) % 20)
            .map(|n| {
                let mut event = plain(1 + (drawn(&mut seed) % 3) as i64, round * 100 + n);
                event.run_id = [None, Some("r"), Some(NASTY)][drawn(&mut seed) as usize % 3]
                    .map(str::to_owned);
                event.seq = [None, Some(0), Some(1), Some(u32::MAX)][drawn(&mut seed) as usize % 4];
                event.kind = ["start", "success"][drawn(&mut seed) as usize % 2].to_owned();
                event
            })
            .collect();
        let expected: Vec<bool> = batch
            .iter()
            .map(|event| match (&event.run_id, event.seq) {
                (Some(run_id), Some(seq)) => {
                    known.insert((event.monitor_id, run_id.clone(), seq, event.kind.clone()))
                }
                _ => true,
            })
            .collect();
        let given = batch.clone();
        let ids = bed.write(move |tx| events::insert(tx, &given)).expect("writing works");
        let is_new: Vec<bool> = ids.iter().map(Option::is_some).collect();
        assert_eq!(is_new, expected, "round {round}");
        for id in ids.into_iter().flatten() {
            assert!(id > newest, "numbers grow in the order of the events");
            newest = id;
        }
        let last = batch.last().cloned();
        let heard = bed.read(move |tx| events::after(tx, newest - 1, 2)).expect("reading works");
        assert_eq!(heard.len(), usize::from(newest > 0));
        if let (Some(true), Some(last)) = (expected.last(), last) {
            assert_eq!(heard[0].event, last);
        }
    }
    assert_eq!(bed.read(events::newest), Ok(newest));
    let in_run = bed.read(|tx| events::of_run(tx, "r")).expect("reading works");
    let seqs = known.iter().filter(|(_, run_id, ..)| run_id == "r").count();
    assert_eq!(in_run.iter().filter(|one| one.event.seq.is_some()).count(), seqs);
    assert!(in_run.iter().all(|one| one.event.run_id.as_deref() == Some("r")));
    assert!(in_run.is_sorted_by_key(|one| one.id));
}

pub(super) fn events_come_back_as_they_went(bed: &Bed) {
    let mut full = plain(1, 2);
    full.run_id = Some("r".to_owned());
    full.seq = Some(u32::MAX);
    full.exit_code = Some(-9);
    full.duration_ms = Some(1 << 50);
    for text in [
        &mut full.message,
        &mut full.metrics,
        &mut full.fields,
        &mut full.method,
        &mut full.scheme,
        &mut full.remote,
        &mut full.agent,
    ] {
        *text = Some(NASTY.to_owned());
    }
    (full.output_bytes, full.flags) = (1 << 40, -1);
    let given = [plain(1, 1), full.clone()];
    let output = Output {
        event_id: 2,
        monitor_id: 1,
        packed: (0..=255).collect(),
        plain_bytes: 9000,
        keep_until: at(50),
    };
    let kept = output.clone();
    bed.write(move |tx| {
        assert_eq!(events::insert(tx, &given)?, [Some(1), Some(2)]);
        outputs::insert(tx, std::slice::from_ref(&kept))?;
        let second = Output { plain_bytes: 1, ..kept.clone() };
        outputs::insert(tx, &[second])
    })
    .expect("writing works");
    let found = bed.read(|tx| events::by_n(tx, 1, 2)).expect("reading works");
    assert_eq!(found.map(|found| (found.id, found.event)), Some((2, full)));
    assert_eq!(bed.read(|tx| events::by_n(tx, 2, 2)), Ok(None));
    bed.write(|tx| events::number(tx, &[(2, 1 << 40), (77, 1)])).expect("it is numbered");
    let places = bed.read(|tx| {
        let rows = events::page(tx, 1, None, 10)?.rows;
        Ok(rows.iter().map(|found| (found.id, found.event.n)).collect::<Vec<_>>())
    });
    assert_eq!(places, Ok(vec![(2, 1 << 40), (1, 1)]), "the other one stays where it is");
    assert_eq!(bed.read(|tx| outputs::of_event(tx, 2)), Ok(Some(output)));
    assert_eq!(bed.read(|tx| outputs::of_event(tx, 1)), Ok(None));
}

pub(super) fn pages_show_everything_once(bed: &Bed) {
    let ids = bed.monitors(7);
    let change = |monitor_id, n: i64| NewChange {
        monitor_id,
        from_status: format!("s{n}"),
        to_status: "up".to_owned(),
        at: at(n),
        reason: NASTY.to_owned(),
    };
    bed.write(move |tx| {
        let all: Vec<_> = (1..=21).map(|n| plain(1 + (n % 2) as i64, n)).collect();
        events::insert(tx, &all)?;
        let all: Vec<_> = (1..=21).map(|n| change(1 + n % 2, n)).collect();
        changes::insert(tx, &all)
    })
    .expect("writing works");
    for limit in [1, 2, 3, 7, 10, 11, 100] {
        let shown = bed.read(move |tx| {
            let (mut monitors_seen, mut events_seen, mut changes_seen) = (vec![], vec![], vec![]);
            let mut after = None;
            loop {
                let page = monitors::page(tx, 1, &Filter::default(), after, limit)?;
                assert!(page.rows.len() <= limit as usize);
                monitors_seen.extend(page.rows.into_iter().map(|one| one.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut before = None;
            loop {
                let page = events::page(tx, 2, before, limit)?;
                assert!(page.rows.len() <= limit as usize);
                events_seen.extend(page.rows.into_iter().map(|one| one.event.n));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            loop {
                let page = changes::page(tx, 2, before, limit)?;
                changes_seen.extend(page.rows.into_iter().map(|one| one.change.at.epoch_ms()));
                before = page.next;
                if before.is_none() {
                    return Ok((monitors_seen, events_seen, changes_seen));
                }
            }
        });
        let odd = || (1..=21).rev().filter(|n| n % 2 == 1);
        let expected = (ids.clone(), odd().collect(), odd().map(i64::from).collect());
        let shown = shown.expect("reading works");
        let shown = (shown.0, shown.1.into_iter().map(|n| n as i32).collect(), shown.2);
        let expected: (Vec<i64>, Vec<i32>, Vec<i64>) = expected;
        assert_eq!(shown, expected, "{limit}");
    }
    let between = bed.read(|tx| changes::between(tx, 2, at(5), at(9))).expect("reading works");
    assert_eq!(between.iter().map(|one| one.change.at.epoch_ms()).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(between[0].change, change(2, 5));
}

pub(super) fn refusals_are_bounded(bed: &Bed) {
    let refusal = |n: u32, count| Refusal {
        key_mark: format!("k{n}"),
        remote: "::1".to_owned(),
        dialect: "hb".to_owned(),
        count,
        first_at: at(i64::from(n)),
        last_at: at(i64::from(n)),
    };
    bed.write(move |tx| {
        refusals::add(tx, &[refusal(1, 1), refusal(1, 2), refusal(2, 1)])?;
        refusals::add(tx, &[Refusal { last_at: at(9), ..refusal(1, 4) }])
    })
    .expect("writing works");
    let first = Refusal { last_at: at(9), ..refusal(1, 7) };
    assert_eq!(bed.read(|tx| refusals::newest(tx, 9)), Ok(vec![first, refusal(2, 1)]));
    bed.write(move |tx| {
        let many: Vec<_> = (10..=10 + REFUSALS_MAX).map(|n| refusal(n, 1)).collect();
        many.chunks(300).try_for_each(|some| refusals::add(tx, some))
    })
    .expect("writing works");
    let left = bed.read(|tx| refusals::newest(tx, 9999)).expect("reading works");
    assert_eq!(left.len(), REFUSALS_MAX as usize);
    assert_eq!(left.last(), Some(&refusal(11, 1)));
}
