//! The clock of a receiver that runs jumps by an hour, and back, or stands still between two pings.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{quick, wait_for, wait_within, with_own_clock};
use super::server::{PING_KEY, Server};

/// Monitors whose jobs are well.
const WELL: usize = 40;

/// Several looks of the checker, and several marks.
const A_WHILE: Duration = Duration::from_secs(8);

struct Clock {
    home: Home,
    server: Server,
    hook: FakeReceiver,
}

impl Clock {
    fn new() -> Clock {
        let home = Home::new();
        let server = with_own_clock(&home);
        let hook = FakeReceiver::always(&Step::Ok);
        server.channel("hook", &hook);
        Clock { home, server, hook }
    }

    fn jump(&self, offset_s: i64) {
        self.home.write("offset", &format!("{offset_s:+}\n"));
        wait_within(Duration::from_secs(20), || {
            let now = self.server.api("GET", "/status", None).json()["now"].clone();
            let now: jiff::Timestamp = now.as_str().expect("a moment").parse().expect("a moment");
            (now.as_second() - jiff::Timestamp::now().as_second() - offset_s).abs() < 600
        });
    }

    fn ping(&self, slug: &str) {
        assert_eq!(self.server.get(&format!("/ping/{PING_KEY}/{slug}")).status, 200);
    }

    /// A job that dies now, and is missed within seconds.
    fn dies(&self, slug: &str) {
        self.server.monitor(quick(slug));
        self.ping(slug);
        wait_for(|| self.told().contains(slug));
    }

    /// Whose alarm people have heard.
    fn told(&self) -> BTreeSet<String> {
        let requests = self.hook.requests();
        let sent = requests.iter().map(|request| {
            let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
            sent["monitor"]["slug"].as_str().unwrap_or("hb itself").to_owned()
        });
        sent.collect()
    }

    fn statuses(&self) -> BTreeSet<String> {
        let slugs = (0..WELL).map(|number| format!("well-{number}"));
        let status = |slug: String| self.server.look(&slug)["status"].as_str().map(str::to_owned);
        slugs.filter_map(status).collect()
    }
}

#[test]
fn an_hour_forth_and_back_alarms_nobody_and_hides_nothing() {
    let clock = Clock::new();
    for number in 0..WELL {
        let slug = format!("well-{number}");
        let schedule = if number % 2 == 0 { "every 30m" } else { "*/5 * * * *" };
        clock.server.monitor(json!({ "slug": slug, "schedule": schedule, "grace": "5m" }));
        clock.ping(&slug);
    }
    clock.dies("died-before");
    let mut dead = vec!["died-before".to_owned()];
    for (offset_s, name) in [(3_600, "ahead"), (0, "back"), (-3_600, "behind"), (0, "right")] {
        clock.jump(offset_s);
        std::thread::sleep(A_WHILE);
        assert_eq!(clock.told(), dead.iter().cloned().collect(), "{name}");
        let slug = format!("died-{name}");
        clock.dies(&slug);
        dead.push(slug);
    }
    for number in 0..WELL {
        clock.ping(&format!("well-{number}"));
    }
    assert_eq!(clock.statuses(), BTreeSet::from(["up".to_owned()]));
    assert_eq!(clock.told(), dead.into_iter().collect());
}

#[test]
fn pings_of_one_tick_of_the_clock_happened_in_the_order_in_which_they_came() {
    let clock = Clock::new();
    for slug in ["mended", "broke", "ran"] {
        clock.server.monitor(json!({ "slug": slug, "schedule": "every 1h" }));
        clock.ping(slug);
    }
    let soon = jiff::Zoned::now().saturating_add(jiff::SignedDuration::from_secs(3));
    // Without a sign this is no offset: from now on it is always then.
    clock.home.write("offset", &soon.strftime("%Y-%m-%d %H:%M:%S\n").to_string());
    let said = || clock.server.api("GET", "/status", None).json()["now"].clone();
    wait_for(|| said() == said());
    for path in ["mended/fail", "mended", "mended/log", "broke", "broke/fail", "broke/log"] {
        clock.ping(path);
    }
    for path in ["ran/start", "ran", "ran/start", "ran/fail", "ran/start", "ran", "ran/log"] {
        clock.ping(path);
    }
    for (slug, status) in [("mended", "up"), ("broke", "failed"), ("ran", "up")] {
        let job = clock.server.look(slug);
        assert_eq!((&job["status"], &job["facts"]["runs"]), (&json!(status), &json!([])), "{slug}");
    }
}
