//! A database that dies for good, and its standby that takes its place.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use super::databases::{ask, start_postgresql, start_standby};
use super::hb::Home;
use super::nodes::{Load, assert_kept, counts, node, tell};
use super::nodes_apart::refuses;
use super::receiver::{FakeReceiver, Step};
use super::receiving::wait_for;
use super::server::{PING_KEY, Server};

/// Without a mark for longer than this, in milliseconds, nobody has watched.
const BLIND_AFTER: u64 = 15_000;

/// A failover as short as this cannot make two marks lie further apart than that, however late they come.
const SURELY_SEEN: Duration = Duration::from_secs(5);

/// The address of both databases.
fn url(first: &Home, second: &Home) -> String {
    let (first, second) = (first.path("server"), second.path("server"));
    format!("postgres://hb@/shop?host={},{}", first.display(), second.display())
}

/// The standby becomes a database that takes writes.
fn promote(home: &Home) {
    assert_eq!(ask(home, "select pg_promote()"), "t");
}

/// A monitor that is missed as long after its first ping as a failover may take on a busy machine.
fn watched(server: &Server, slug: &str, every: &str) {
    server.monitor(json!({
        "slug": slug, "schedule": format!("every {every}"), "grace": every, "tolerance": 0,
    }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/{slug}")).status, 200);
}

#[test]
fn a_failover_keeps_what_was_acknowledged_and_tells_each_transition_once() {
    let (home, other) = (Home::new(), Home::new());
    let primary = start_postgresql(&home);
    let _standby = start_standby(&home, &other);
    let hook = FakeReceiver::always(&Step::Ok);
    let nodes = ["one", "two"].map(|name| node(&home, name, &url(&home, &other), |_| {}));
    tell(&nodes[0], &hook);
    let slugs = ["a", "b", "c"];
    for slug in slugs {
        nodes[0].monitor(json!({ "slug": slug, "schedule": "every 1h", "grace": "1m" }));
    }
    watched(&nodes[0], "before", "1s");
    nodes[0].await_status("before", "missed");
    let unsent = "select count(*) from deliveries where state <> 'sent'";
    wait_for(|| hook.requests().len() == 1 && ask(&home, unsent) == "0");
    let load = Load::start(&[&nodes[0], &nodes[1]], &slugs);
    wait_for(|| nodes[0].look("c")["event_count"].as_u64() > Some(20));
    watched(&nodes[1], "meanwhile", "4s");

    let crashed_at = Instant::now();
    primary.crash();
    nodes.iter().for_each(refuses);
    promote(&other);
    let promoted_at = Instant::now();
    wait_for(|| nodes.iter().all(|node| node.get("/readyz").status == 200));
    let took = promoted_at.elapsed();
    assert!(took < Duration::from_secs(15), "ready only after {took:?}");
    let away = crashed_at.elapsed();

    let kept = || ask(&other, "select count(*) from events").parse::<u64>().expect("a number");
    let before = kept();
    wait_for(|| kept() > before + 50);
    let status = "select status from monitors where slug = 'meanwhile'";
    wait_for(|| ask(&other, status) == "missed");
    assert_kept(&other, &slugs, &load.end(), 2);
    wait_for(|| ask(&other, unsent) == "0");
    assert_eq!(ask(&other, "select count(*) from deliveries where what = 'opened'"), "2");
    assert_eq!(counts(&hook).into_values().collect::<Vec<_>>(), [1, 1]);
    let blind = "select coalesce(min(until_at - from_at), 0) from blind_times";
    let blind: u64 = ask(&other, blind).parse().expect("milliseconds");
    assert!(blind == 0 || blind > BLIND_AFTER, "{blind} ms without a mark do not make it blind");
    assert!(blind == 0 || away > SURELY_SEEN, "it was away for {away:?} only");
    for node in nodes {
        assert_eq!(node.stop(), Some(0));
    }
}

/// A commit that waits for its standby is on the primary's disk already, and would be lost with it. When
/// somebody does not want to wait any more, PostgreSQL calls it a success and warns.
#[test]
fn what_the_standby_does_not_have_is_not_acknowledged() {
    let (home, other) = (Home::new(), Home::new());
    let primary = start_postgresql(&home);
    let standby = start_standby(&home, &other);
    let server = node(&home, "one", &url(&home, &other), |_| {});
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(server.get(&target).status, 200);
    standby.signal(Signal::SIGSTOP);
    let waiting = "from pg_stat_activity where wait_event = 'SyncRep'";
    let refused = std::thread::scope(|scope| {
        let refused = scope.spawn(|| server.get(&target));
        let cancel = format!("select count(pg_cancel_backend(pid)) {waiting}");
        let mut cancelled = false;
        wait_for(|| {
            cancelled |= ask(&home, &cancel) != "0";
            refused.is_finished()
        });
        assert!(cancelled, "nothing waited for the standby");
        refused.join().expect("an answer")
    });
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());

    primary.crash();
    standby.signal(Signal::SIGCONT);
    promote(&other);
    wait_for(|| server.get("/readyz").status == 200);
    assert_kept(&other, &["job"], &[1], 1);
    assert_eq!(server.get(&target).status, 200);
}
