//! The laws of the store, each run on SQLite and on a real PostgreSQL.
//!
//! A law gets a fresh, empty store and may open it a second time, as another node would. `group` has
//! the laws of writing together, `nouns` and `rounds` those of the operations; `faults` breaks each
//! engine in the ways that are its own, `killed` kills whole processes, and `log` looks after the log of
//! SQLite.

mod deliveries;
mod doubts;
mod faults;
mod group;
mod killed;
mod log;
mod nodes;
mod nouns;
mod retention;
mod rounds;
mod server;
mod upgraded;
mod watched;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::monitors::{About, Live, NewMonitor};
use super::postgres::Postgres;
use super::{Place, Store, Trouble, Tx, monitors, projects};
use crate::domain::time::Moment;

/// A law and its name.
type Law = (&'static str, fn(&Bed));

/// Every law.
const LAWS: &[Law] = &[
    ("an_op_that_fails_is_taken_back_alone", group::an_op_that_fails_is_taken_back_alone),
    ("a_failed_statement_ends_its_op", group::a_failed_statement_ends_its_op),
    ("a_panic_is_of_that_op_alone", group::a_panic_is_of_that_op_alone),
    ("a_read_changes_nothing", group::a_read_changes_nothing),
    ("a_read_does_not_wait_for_the_writer", group::a_read_does_not_wait_for_the_writer),
    ("a_full_queue_refuses_at_once", group::a_full_queue_refuses_at_once),
    ("one_writer_does_not_wait_for_another", group::one_writer_does_not_wait_for_another),
    (
        "what_another_writer_was_given_can_be_waited_for",
        group::what_another_writer_was_given_can_be_waited_for,
    ),
    ("closing_does_what_waits", group::closing_does_what_waits),
    ("a_second_opening_finds_everything", group::a_second_opening_finds_everything),
    ("a_newer_schema_is_refused", group::a_newer_schema_is_refused),
    ("a_step_that_fails_is_not_half_done", group::a_step_that_fails_is_not_half_done),
    ("values_come_back_as_they_went", nouns::values_come_back_as_they_went),
    ("a_monitor_comes_back_as_it_went", watched::a_monitor_comes_back_as_it_went),
    ("names_lead_to_monitors_in_their_order", watched::names_lead_to_monitors_in_their_order),
    ("a_save_of_an_old_version_is_refused", watched::a_save_of_an_old_version_is_refused),
    ("what_is_due_comes_in_its_order", watched::what_is_due_comes_in_its_order),
    (
        "who_wakes_a_little_early_stays_where_it_is",
        watched::who_wakes_a_little_early_stays_where_it_is,
    ),
    ("who_follows_a_host_is_found_by_it", watched::who_follows_a_host_is_found_by_it),
    ("who_was_in_doubt_is_counted", doubts::who_was_in_doubt_is_counted),
    ("whoever_may_be_told_of_is_woken", doubts::whoever_may_be_told_of_is_woken),
    ("what_waits_for_the_future_is_looked_at", doubts::what_waits_for_the_future_is_looked_at),
    ("keys_and_projects_come_back", nouns::keys_and_projects_come_back),
    ("channels_come_back", nouns::channels_come_back),
    ("small_nouns_come_back", nouns::small_nouns_come_back),
    ("lines_of_one_kind_are_found", nouns::lines_of_one_kind_are_found),
    ("incidents_come_back_in_pages", nouns::incidents_come_back_in_pages),
    ("repeats_of_events_are_harmless", rounds::repeats_of_events_are_harmless),
    ("events_come_back_as_they_went", rounds::events_come_back_as_they_went),
    ("pages_show_everything_once", rounds::pages_show_everything_once),
    ("refusals_are_bounded", rounds::refusals_are_bounded),
    ("a_delivery_is_claimed_by_one", deliveries::a_delivery_is_claimed_by_one),
    ("a_lease_that_ran_out_is_anothers", deliveries::a_lease_that_ran_out_is_anothers),
    ("a_delivery_is_made_once", deliveries::a_delivery_is_made_once),
    ("the_end_waits_for_its_alarms", deliveries::the_end_waits_for_its_alarms),
    ("a_fold_begins_with_its_first", deliveries::a_fold_begins_with_its_first),
    (
        "an_end_that_waits_for_others_can_go_first",
        deliveries::an_end_that_waits_for_others_can_go_first,
    ),
    ("what_a_dead_node_had_is_due", nodes::what_a_dead_node_had_is_due),
    ("those_who_see_one_blind_time_take_turns", nodes::those_who_see_one_blind_time_take_turns),
    ("a_running_node_knows_how_it_stands", nodes::a_running_node_knows_how_it_stands),
    ("old_things_go_in_slices", retention::old_things_go_in_slices),
    ("months_outlive_their_events", retention::months_outlive_their_events),
    ("a_deleted_monitor_is_swept_out", retention::a_deleted_monitor_is_swept_out),
];

/// A fresh place for a store, and the store in it.
struct Bed {
    place: Place,
    store: Store,
    runtime: tokio::runtime::Runtime,
    directory: Option<PathBuf>,
}

/// A directory that no other test has.
fn fresh_directory() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("hb-store-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir(&path).expect("a directory can be made");
    path
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

impl Bed {
    fn of(place: Place, directory: Option<PathBuf>) -> Bed {
        let store = Store::open(&place).expect("the store opens");
        Bed { place, store, runtime: runtime(), directory }
    }

    fn sqlite() -> Bed {
        let directory = fresh_directory();
        Bed::of(Place::Sqlite(directory.clone()), Some(directory))
    }

    /// In a schema of its own.
    fn postgres(server: &server::Server, name: &str) -> Bed {
        Bed::of(Place::Postgres(Bed::postgres_named(server, name)), None)
    }

    /// The address of a fresh schema.
    fn postgres_named(server: &server::Server, name: &str) -> String {
        use super::engine::{Engine, Way};
        let mut engine = Postgres::new(&server.url("")).expect("the address is right");
        engine.begin(Way::Write).expect("the server answers");
        engine.script(&format!("create schema {name}")).expect("a schema can be made");
        engine.commit().expect("a schema can be made");
        server.url(&format!("&options=-csearch_path%3D{name}"))
    }

    /// The same store as another node sees it.
    fn again(&self) -> Store {
        Store::open(&self.place).expect("the store opens again")
    }

    fn write<T, F>(&self, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.runtime.block_on(self.store.write(op))
    }

    fn read<T, F>(&self, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.runtime.block_on(self.store.read(op))
    }

    /// A project with this many monitors, `m1`, `m2` and so on; gives their numbers.
    fn monitors(&self, count: usize) -> Vec<i64> {
        self.write(move |tx| {
            let project_id = projects::insert(tx, "project", "default", "Default", at(1))?;
            (1..=count).map(|n| monitors::insert(tx, &new_monitor(project_id, n), at(1))).collect()
        })
        .expect("monitors can be made")
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

fn at(ms: i64) -> Moment {
    Moment::from_epoch_ms(ms)
}

fn new_monitor(project_id: i64, n: usize) -> NewMonitor {
    NewMonitor {
        project_id,
        uuid: format!("uuid-{n}"),
        about: About { slug: format!("m{n}"), name: format!("M {n}"), ..About::default() },
        live: Live { status: "new".to_owned(), ..Live::default() },
    }
}

/// A number that looks drawn, and is the same every time.
fn drawn(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Runs every law, and says which did not hold.
fn all_hold(bed: impl Fn(usize) -> Bed) {
    let broken: Vec<&str> = LAWS
        .iter()
        .enumerate()
        .filter(|(number, (_, law))| {
            let bed = bed(*number);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| law(&bed))).is_err()
        })
        .map(|(_, (name, _))| *name)
        .collect();
    assert!(broken.is_empty(), "laws that do not hold: {broken:#?}");
}

#[test]
fn every_law_holds_on_sqlite() {
    all_hold(|_| Bed::sqlite());
}

#[test]
fn every_law_holds_on_postgresql() {
    let server = server::Server::start();
    all_hold(|number| Bed::postgres(&server, &format!("law_{number}")));
}
