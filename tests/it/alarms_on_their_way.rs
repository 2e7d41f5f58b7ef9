//! Alarms on their way while the receiver dies or one of its channels hangs: each arrives, and in time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{ahead, wait_within};
use super::server::{PING_KEY, Server};

/// What a good channel may take for two hundred alarms beside one that hangs: two seconds, and as much
/// again for a machine that does other things.
const GOOD_CHANNEL_TIME_MAX: Duration = Duration::from_secs(4);

fn send(server: &Server, events: &[Value]) {
    let bearer = format!("Bearer {PING_KEY}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = Value::from(events.to_vec()).to_string();
    let answer = server.send("POST", "/api/hb/v1/events", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let results = answer.json();
    let results = results.as_array().expect("a list");
    assert!(results.iter().all(|one| one["result"] == "stored"), "{results:?}");
}

/// Lets so many monitors fail at the same moment; gives that moment.
fn fail(server: &Server, count: usize) -> Instant {
    for number in 0..count {
        server.monitor(json!({ "slug": format!("job-{number}"), "schedule": "every 1h" }));
    }
    let failed = |number| json!({ "monitor": format!("job-{number}"), "kind": "failure" });
    let failures: Vec<Value> = (0..count).map(failed).collect();
    let began = Instant::now();
    send(server, &failures);
    began
}

/// How often each alarm arrived, by the id that stays the same.
fn arrived(hook: &FakeReceiver) -> BTreeMap<String, usize> {
    let mut arrived = BTreeMap::new();
    for request in hook.requests() {
        let id = request.header("idempotency-key").expect("an id").to_owned();
        *arrived.entry(id).or_insert(0) += 1;
    }
    arrived
}

#[test]
fn a_receiver_that_is_killed_while_it_tells_leaves_no_alarm_untold() {
    const MONITORS: usize = 60;
    const KILLS: usize = 2;
    let home = Home::new();
    let slow = FakeReceiver::always(&Step::Slow(Duration::from_millis(4)));
    let mut server = Server::start(&home);
    server.channel("slow", &slow);
    fail(&server, MONITORS);
    for round in 1..=KILLS {
        wait_within(Duration::from_secs(40), || arrived(&slow).len() >= round * MONITORS / 4);
        server.kill();
        assert!(arrived(&slow).len() < MONITORS, "it was killed too late to be a test");
        server = Server::start(&home);
    }
    wait_within(Duration::from_secs(80), || arrived(&slow).len() == MONITORS);
    // Whatever was on its way twice has come by now.
    assert_eq!(server.stop(), Some(0));
    let arrived = arrived(&slow);
    assert!(arrived.values().all(|times| *times <= 1 + KILLS), "{arrived:?}");
}

#[test]
fn a_channel_that_hangs_holds_up_no_other() {
    const MONITORS: usize = 200;
    let home = Home::new();
    let server = Server::start(&home);
    let hung = FakeReceiver::always(&Step::HalfOpen);
    let good = FakeReceiver::always(&Step::Ok);
    server.channel("hung", &hung);
    server.channel("good", &good);
    let began = fail(&server, MONITORS);
    wait_within(GOOD_CHANNEL_TIME_MAX, || good.requests().len() >= MONITORS);
    let took = began.elapsed();
    assert!(took < GOOD_CHANNEL_TIME_MAX, "{MONITORS} alarms in {took:?}");
    wait_within(GOOD_CHANNEL_TIME_MAX, || !hung.requests().is_empty());
    let arrived = arrived(&good);
    assert_eq!(arrived.len(), MONITORS);
    assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
}

#[test]
fn of_many_jobs_that_ran_while_nobody_watched_only_the_dead_ones_are_alarmed() {
    const LIVE: usize = 300;
    const DEAD: usize = 20;
    const DARK_S: i64 = 45 * 60;
    let every_s = |number: usize| [600, 1200, 1800][number % 3];
    let home = Home::new();
    let server = Server::start(&home);
    let told = FakeReceiver::always(&Step::Ok);
    server.channel("hook", &told);
    let slug = |number: usize| match number < LIVE {
        true => format!("live-{number}"),
        false => format!("dead-{number}"),
    };
    for number in 0..LIVE + DEAD {
        let schedule = format!("every {}s", every_s(number));
        let grace = if number % 2 == 0 { "10s" } else { "12s" };
        server.monitor(json!({
            "slug": slug(number), "schedule": schedule, "grace": grace, "tolerance": 0,
        }));
    }
    let ran = |number: usize, at_s: i64, now_s: i64| {
        let moment = |s: i64| jiff::Timestamp::from_second(s).expect("a moment").to_string();
        json!({
            "monitor": slug(number), "kind": "success", "run_id": format!("{number}-{at_s}"),
            "seq": 1, "at": moment(at_s), "sent_at": moment(now_s),
        })
    };
    let began_s = jiff::Timestamp::now().as_second();
    send(&server, &(0..LIVE + DEAD).map(|n| ran(n, began_s, began_s)).collect::<Vec<_>>());
    server.kill();

    let server = ahead(&home, &format!("+{DARK_S}"));
    let now_s = jiff::Timestamp::now().as_second() + DARK_S;
    let mut kept = Vec::new();
    for number in 0..LIVE {
        let every_s = every_s(number);
        let runs =
            (1..).map(|run| began_s + run * every_s).take_while(|at| *at <= began_s + DARK_S);
        kept.extend(runs.map(|at_s| ran(number, at_s, now_s)));
    }
    send(&server, &kept);
    let missed = || {
        let answer = server.api("GET", "/incidents?limit=100", None).json();
        let incidents = answer["incidents"].as_array().expect("a list").clone();
        incidents
            .iter()
            .map(|one| one["monitors"][0].as_str().expect("a slug").to_owned())
            .collect()
    };
    wait_within(Duration::from_secs(60), || {
        let missed: Vec<String> = missed();
        assert!(missed.iter().all(|slug| slug.starts_with("dead-")), "{missed:?}");
        missed.len() == DEAD
    });
    let opened = || {
        let what =
            |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON")["what"].clone();
        told.requests().iter().filter(|one| what(&one.body) == "opened").count()
    };
    wait_within(Duration::from_secs(20), || opened() == DEAD);
    let answer = server.api("GET", "/monitors?limit=1000", None).json();
    for monitor in answer["monitors"].as_array().expect("a list") {
        let is_live = monitor["slug"].as_str().expect("a slug").starts_with("live-");
        let expected = if is_live { "up" } else { "missed" };
        assert_eq!(monitor["status"], expected, "{monitor}");
    }
}
