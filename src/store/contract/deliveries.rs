//! The laws of deliveries: claimed by one, never lost, made once.

use super::nouns::incident;
use super::{Bed, at};
use crate::store::deliveries::{
    self, Claimant, Delivery, DeliveryState, NewDelivery, Settled, by_id, claim, insert, is_leased,
    next_due, settle,
};
use crate::store::incidents::{self, Incident};

pub(super) fn new(id: &str, next_at: i64) -> NewDelivery {
    NewDelivery {
        id: id.to_owned(),
        incident_id: Some("i".to_owned()),
        monitor_id: Some(7),
        channel_id: 3,
        what: "opened".to_owned(),
        message: "{}".to_owned(),
        next_at: at(next_at),
        fold: None,
    }
}

fn claimant(node: &str, lease_until: i64) -> Claimant {
    Claimant { node: node.to_owned(), lease_until: at(lease_until) }
}

pub(super) fn claimed(bed: &Bed, node: &'static str, now: i64, limit: u32) -> Vec<Delivery> {
    bed.write(move |tx| claim(tx, &claimant(node, now + 100), at(now), limit)).expect("a claim")
}

pub(super) fn ids(claimed: &[Delivery]) -> Vec<&str> {
    claimed.iter().map(|delivery| delivery.about.id.as_str()).collect()
}

pub(super) fn a_delivery_is_claimed_by_one(bed: &Bed) {
    bed.write(|tx| insert(tx, &[new("b", 20), new("a", 10), new("c", 30), new("d", 99)], at(5)))
        .expect("deliveries can be made");
    assert_eq!(bed.read(next_due), Ok(Some(at(10))));
    let none = claimed(bed, "one", 9, 10);
    assert_eq!(ids(&none), [""; 0]);
    let first = claimed(bed, "one", 30, 2);
    assert_eq!(ids(&first), ["a", "b"]);
    assert_eq!(ids(&claimed(bed, "two", 30, 10)), ["c"]);
    assert_eq!(ids(&claimed(bed, "two", 30, 10)), [""; 0]);
    let one = &first[0];
    assert_eq!((one.attempts, one.state, one.about.next_at), (1, DeliveryState::Sending, at(130)));
    assert_eq!(one.leased_by.as_deref(), Some("one"));
    // While one node is in the middle of claiming, another takes the rest and does not wait.
    let other = bed.again();
    let (store, runtime) = (other.clone(), super::runtime());
    let split = bed.write(move |tx| {
        let mine = claim(tx, &claimant("one", 500), at(200), 2)?;
        let op = |tx: &mut dyn crate::store::Tx| claim(tx, &claimant("two", 500), at(200), 9);
        // SQLite has one writer, and the other would wait for this one.
        let is_shared = matches!(store.place, crate::store::Place::Postgres(_));
        let theirs = if is_shared { runtime.block_on(store.write(op))? } else { Vec::new() };
        Ok((mine, theirs))
    });
    let (mine, theirs) = split.expect("both claim");
    assert_eq!(ids(&mine), ["a", "d"]);
    if bed.directory.is_none() {
        assert_eq!(ids(&theirs), ["b", "c"]);
    }
    bed.runtime.block_on(other.close());
}

pub(super) fn a_lease_that_ran_out_is_anothers(bed: &Bed) {
    bed.write(|tx| insert(tx, &[new("a", 10)], at(5))).expect("a delivery can be made");
    let zombie = claimed(bed, "zombie", 10, 1).remove(0);
    let leased = |delivery: &Delivery, now: i64| {
        let delivery = delivery.clone();
        bed.write(move |tx| is_leased(tx, &delivery, at(now)))
    };
    let settled = |delivery: &Delivery, how: Settled| {
        let delivery = delivery.clone();
        bed.write(move |tx| settle(tx, &delivery, &how))
    };
    assert_eq!((leased(&zombie, 109), leased(&zombie, 110)), (Ok(true), Ok(false)));
    assert_eq!(ids(&claimed(bed, "two", 109, 1)), [""; 0]);
    let second = claimed(bed, "two", 110, 1).remove(0);
    assert_eq!(second.attempts, 2);
    assert_eq!((leased(&zombie, 111), leased(&second, 111)), (Ok(false), Ok(true)));
    assert_eq!(settled(&zombie, Settled::Sent(at(112))), Ok(false));
    assert_eq!(settled(&second, Settled::Again(at(150), "busy".to_owned())), Ok(true));
    assert_eq!(settled(&second, Settled::Sent(at(113))), Ok(false));
    assert_eq!(ids(&claimed(bed, "zombie", 149, 1)), [""; 0]);
    let third = claimed(bed, "zombie", 150, 1).remove(0);
    // The same node, and yet not its old claim.
    assert_eq!(settled(&zombie, Settled::Sent(at(151))), Ok(false));
    assert_eq!((third.attempts, third.last_error.as_deref()), (3, Some("busy")));
    assert_eq!(settled(&third, Settled::Sent(at(151))), Ok(true));
    let sent = bed.read(|tx| by_id(tx, "a")).expect("reading works").expect("it is there");
    assert_eq!(
        (sent.state, sent.sent_at, sent.last_error),
        (DeliveryState::Sent, Some(at(151)), None)
    );
    assert_eq!(bed.read(next_due), Ok(None));
}

pub(super) fn a_delivery_is_made_once(bed: &Bed) {
    let make = |ids: &'static [&'static str]| {
        let all: Vec<NewDelivery> = ids.iter().map(|id| new(id, 10)).collect();
        bed.write(move |tx| insert(tx, &all, at(5)))
    };
    assert_eq!(make(&["a", "b"]), Ok(2));
    let a = claimed(bed, "one", 10, 1).remove(0);
    assert_eq!(make(&["a", "b", "c"]), Ok(1));
    let kept = bed.read(|tx| by_id(tx, "a")).expect("reading works").expect("it is there");
    assert_eq!(kept, a);
    let merge = |id: &'static str| bed.write(move |tx| deliveries::merge(tx, id));
    assert_eq!((merge("a"), merge("b"), merge("b")), (Ok(false), Ok(true), Ok(false)));
    let failed = a.clone();
    let end = Settled::Failed("gone".to_owned());
    assert_eq!(bed.write(move |tx| settle(tx, &failed, &end)), Ok(true));
    let all = bed.read(|tx| deliveries::of_incident(tx, "i")).expect("reading works");
    let states: Vec<_> = all.iter().map(|one| (one.about.id.as_str(), one.state)).collect();
    assert_eq!(
        states,
        [("a", DeliveryState::Failed), ("b", DeliveryState::Merged), ("c", DeliveryState::Pending)]
    );
    let counts =
        vec![("failed".to_owned(), 1), ("merged".to_owned(), 1), ("pending".to_owned(), 1)];
    assert_eq!(bed.read(deliveries::counts), Ok(counts));
}

pub(super) fn a_fold_begins_with_its_first(bed: &Bed) {
    let of = |id: &str, fold: &str| NewDelivery { fold: Some(fold.to_owned()), ..new(id, 10) };
    for (made_at, one) in
        [(5, of("a", "x")), (7, of("b", "x")), (6, of("c", "y")), (6, new("d", 10))]
    {
        bed.write(move |tx| insert(tx, std::slice::from_ref(&one), at(made_at))).expect("made");
    }
    let began = |since| bed.read(move |tx| deliveries::fold_began(tx, "x", at(since)));
    assert_eq!(
        [4, 5, 6, 7].map(began),
        [Ok(Some(at(5))), Ok(Some(at(7))), Ok(Some(at(7))), Ok(None)]
    );
    let claimed = claimed(bed, "one", 10, 10);
    let folds: Vec<_> = claimed.iter().map(|one| one.about.fold.as_deref()).collect();
    assert_eq!(
        (ids(&claimed), folds),
        (vec!["a", "c", "d", "b"], vec![Some("x"), Some("y"), None, Some("x")])
    );
}

pub(super) fn an_end_that_waits_for_others_can_go_first(bed: &Bed) {
    let one = incident("i", 20);
    let (of, incident) = ((one.monitor_id, 3), Incident { closed_at: Some(at(50)), ..one });
    let end =
        NewDelivery { what: "closed".to_owned(), fold: Some("x".to_owned()), ..new("e", 100) };
    bed.write(move |tx| {
        incidents::insert(tx, &incident)?;
        insert(tx, std::slice::from_ref(&end), at(50))
    })
    .expect("an incident that has ended");
    let hasten =
        |of, since, now| bed.write(move |tx| deliveries::hasten(tx, of, at(since), at(now)));
    assert_eq!(hasten((of.0, 4), 40, 60), Ok(false), "through another channel");
    assert_eq!(hasten(of, 50, 60), Ok(false), "it has ended long ago");
    assert_eq!(hasten(of, 40, 60), Ok(true));
    assert_eq!(hasten(of, 40, 60), Ok(false), "it does not wait any more");
    assert_eq!(ids(&claimed(bed, "one", 60, 10)), ["e"]);
}

pub(super) fn the_end_waits_for_its_alarms(bed: &Bed) {
    let about = |id: &str, what: &str, channel_id: i64| NewDelivery {
        what: what.to_owned(),
        channel_id,
        ..new(id, 10)
    };
    let alarms = [about("a1", "opened", 1), about("a2", "worse", 1)];
    bed.write(move |tx| insert(tx, &alarms, at(5))).expect("deliveries can be made");
    let mut alarms = claimed(bed, "one", 10, 10);
    assert_eq!(ids(&alarms), ["a1", "a2"]);
    let another = NewDelivery { incident_id: Some("j".to_owned()), ..about("e3", "closed", 1) };
    let ends = [about("e1", "closed", 1), about("e2", "closed", 2), another];
    bed.write(move |tx| insert(tx, &ends, at(20))).expect("deliveries can be made");
    assert_eq!(bed.read(next_due), Ok(Some(at(10))));
    assert_eq!(
        ids(&claimed(bed, "two", 20, 10)),
        ["e2", "e3"],
        "another channel, another incident"
    );
    // What cannot be claimed wakes nobody; the lease of its alarms does.
    assert_eq!(bed.read(next_due), Ok(Some(at(110))));
    let worse = alarms.remove(1);
    let sent = bed.write(move |tx| settle(tx, &worse, &Settled::Sent(at(30))));
    assert_eq!((sent, ids(&claimed(bed, "two", 30, 10))), (Ok(true), vec![]));
    // An alarm that waits for its next attempt is still to be told first, or taken back.
    let opened = alarms.remove(0);
    let again = Settled::Again(at(60), "busy".to_owned());
    assert_eq!(bed.write(move |tx| settle(tx, &opened, &again)), Ok(true));
    assert_eq!((bed.read(next_due), ids(&claimed(bed, "two", 59, 10))), (Ok(Some(at(60))), vec![]));
    let reword = |id: &'static str| bed.write(move |tx| deliveries::reword(tx, id, "all"));
    assert_eq!((reword("e1"), reword("e2")), (Ok(true), Ok(false)));
    assert_eq!(bed.write(|tx| deliveries::merge(tx, "a1")), Ok(true));
    assert_eq!(bed.read(next_due), Ok(Some(at(10))));
    let end = claimed(bed, "two", 60, 10);
    assert_eq!((ids(&end), end[0].about.message.as_str()), (vec!["e1"], "all"));
}
