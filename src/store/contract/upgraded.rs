//! What an older hb left is there after every step to this one: pauses stay, and what waits goes out.

use super::{at, fresh_directory, new_monitor, runtime, server};
use crate::store::deliveries::{self, DeliveryState};
use crate::store::monitors::{self, Live, Named, NewMonitor};
use crate::store::tx::Value;
use crate::store::{Place, Store, migrate, projects};

const PAUSED: &str = r#"{"pause":{"from":5,"until":null,"until_success":true,"reason":"moving"}}"#;

/// A delivery as the first hb wrote it.
const WAITING: &str = "\
    insert into deliveries (id, incident_id, monitor_id, channel_id, what, message, next_at, \
     created_at, state, attempts) \
    values ('stable', 'incident', $1, 1, 'opened', '{}', 9, 2, 'pending', 0)";

fn survives_every_step(place: impl Fn(usize) -> Place) {
    for steps in 1..=migrate::STEPS.len() {
        let (place, runtime) = (place(steps), runtime());
        let old = Store::open_with(&place, &migrate::STEPS[..steps]).expect("the store opens");
        let left = old.write(|tx| {
            let project_id = projects::insert(tx, "project", "default", "Default", at(1))?;
            let live =
                Live { state: PAUSED.to_owned(), status: "paused".into(), ..Live::default() };
            let monitor = NewMonitor { live, ..new_monitor(project_id, 1) };
            let monitor_id = monitors::insert(tx, &monitor, at(1))?;
            tx.run(WAITING, &[Value::Int(monitor_id)])?;
            Ok(monitor_id)
        });
        let monitor_id = runtime.block_on(left).expect("writing works");
        runtime.block_on(old.close());

        let new = Store::open(&place).expect("the store opens");
        let found = runtime.block_on(new.read(move |tx| {
            let monitor = monitors::look(tx, &[Named::Id(monitor_id)])?.remove(0).monitor;
            Ok((monitor.live, deliveries::of_incident(tx, "incident")?.remove(0)))
        }));
        let (live, waiting) = found.expect("reading works");
        assert_eq!((live.state.as_str(), live.status.as_str()), (PAUSED, "paused"), "{steps}");
        assert_eq!((waiting.state, waiting.about.next_at), (DeliveryState::Pending, at(9)));
        runtime.block_on(new.close());
    }
}

#[test]
fn pauses_and_pending_alerts_survive_every_step_on_sqlite() {
    let directory = fresh_directory();
    survives_every_step(|steps| Place::Sqlite(directory.join(steps.to_string())));
    let _ = std::fs::remove_dir_all(directory);
}

#[test]
fn pauses_and_pending_alerts_survive_every_step_on_postgresql() {
    let server = server::Server::start();
    survives_every_step(|steps| {
        let bed = super::Bed::postgres_named(&server, &format!("step_{steps}"));
        Place::Postgres(bed)
    });
}
