//! What an older hb left is there after every step to this one: pauses stay, and what waits goes out.

use super::{at, fresh_directory, new_monitor, runtime, server};
use crate::store::deliveries::{self, DeliveryState, NewDelivery};
use crate::store::monitors::{self, Live, Named, NewMonitor};
use crate::store::{Place, Store, migrate, projects};

const PAUSED: &str = r#"{"pause":{"from":5,"until":null,"until_success":true,"reason":"moving"}}"#;

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
            let waiting = NewDelivery {
                id: "stable".to_owned(),
                incident_id: Some("incident".to_owned()),
                monitor_id: Some(monitor_id),
                channel_id: 1,
                what: "opened".to_owned(),
                message: "{}".to_owned(),
                next_at: at(9),
            };
            deliveries::insert(tx, &[waiting], at(2))?;
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
