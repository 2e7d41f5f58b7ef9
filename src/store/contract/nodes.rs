//! Laws of nodes that share a store: what a dead one leaves, and what a newer one changes.

use std::sync::{Arc, Barrier};

use super::deliveries::{claimed, ids, new};
use super::{Bed, at};
use crate::store::deliveries::{free_orphaned, insert, next_due};
use crate::store::nodes::{self, Node};
use crate::store::{Standing, Tx, standing};

fn mark(bed: &Bed, id: &'static str, seen_at: i64) {
    let node = Node { id: id.to_owned(), started_at: at(1), seen_at: at(seen_at) };
    bed.write(move |tx| nodes::mark(tx, &node)).expect("a mark can be made");
}

pub(super) fn what_a_dead_node_had_is_due(bed: &Bed) {
    mark(bed, "dead", 40);
    mark(bed, "alive", 60);
    let all: Vec<_> = ["a", "b", "c", "d"].map(|id| new(id, 10)).into();
    bed.write(move |tx| insert(tx, &all, at(5))).expect("deliveries can be made");
    // Leases of this bed end after a hundred.
    assert_eq!(ids(&claimed(bed, "dead", 50, 1)), ["a"]);
    assert_eq!(ids(&claimed(bed, "alive", 50, 1)), ["b"]);
    assert_eq!(ids(&claimed(bed, "never seen", 50, 1)), ["c"]);
    let free = |since: i64, now: i64| bed.write(move |tx| free_orphaned(tx, at(since), at(now)));
    assert_eq!(free(40, 61), Ok(1), "of whom nothing was ever seen");
    assert_eq!(free(41, 62), Ok(1), "the dead one's");
    assert_eq!(free(41, 62), Ok(0), "once");
    assert_eq!(bed.read(next_due), Ok(Some(at(10))), "what waits for its moment stays as it is");
    assert_eq!(ids(&claimed(bed, "alive", 62, 10)), ["a", "c", "d"]);
}

pub(super) fn those_who_see_one_blind_time_take_turns(bed: &Bed) {
    mark(bed, "dead", 10);
    let other = bed.again();
    // On a server both have seen the same before either goes on; a file has one writer at a time.
    let both = bed.store.is_shared().then(|| Arc::new(Barrier::new(2)));
    let look = |now: i64| {
        let mut both = both.clone();
        move |tx: &mut dyn Tx| {
            let seen = nodes::newest_mark(tx)?.expect("a mark");
            both.take().map(|both| both.wait());
            nodes::take_turns(tx, seen)?;
            let is_first = nodes::newest_mark(tx)? == Some(at(10));
            let node = Node { id: now.to_string(), started_at: at(now), seen_at: at(now) };
            nodes::mark(tx, &node)?;
            Ok(is_first)
        }
    };
    let mut firsts = bed.runtime.block_on(async {
        let (one, two) = tokio::join!(bed.store.write(look(50)), other.write(look(51)));
        [one.expect("it writes"), two.expect("it writes")]
    });
    firsts.sort_unstable();
    assert_eq!(firsts, [false, true]);
    bed.runtime.block_on(other.close());
}

pub(super) fn a_running_node_knows_how_it_stands(bed: &Bed) {
    let look = || bed.read(standing);
    assert_eq!(look(), Ok(Standing::Same));
    let schema = "update meta set value = '99' where name = 'schema'";
    assert_eq!(bed.write(move |tx| tx.run(schema, &[])), Ok(1));
    assert_eq!(look(), Ok(Standing::Beside { found: 99 }));
    let oldest = "update meta set value = '98' where name = 'oldest-beside'";
    assert_eq!(bed.write(move |tx| tx.run(oldest, &[])), Ok(1));
    assert!(matches!(look(), Ok(Standing::Outdated { found: 99, .. })));
}
