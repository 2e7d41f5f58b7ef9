//! Several nodes on one PostgreSQL: killed, stopped, with a wrong clock, and through an upgrade.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::databases::{ask, start_again, start_postgresql};
use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{wait_for, wait_within};
use super::server::{PING_KEY, Server, send};

/// The address of the home's database.
pub(crate) fn socket_url(home: &Home) -> String {
    format!("postgres://hb@/shop?host={}", home.path("server").display())
}

/// A node with files of its own.
pub(crate) fn node(home: &Home, name: &str, url: &str, more: impl FnOnce(&mut Command)) -> Server {
    let data = home.path(format!("node-{name}"));
    Server::start_with(home, |command| {
        command.env("HB_DATABASE", url).env("HB_DATA_DIR", data);
        more(command);
    })
}

/// What a node says that must not start with this database.
pub(crate) fn refused(home: &Home, url: &str) -> String {
    let mut command = home.hb(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("HB_DATABASE", url).env("HB_DATA_DIR", home.path("refused"));
    let mut child = command.stderr(Stdio::piped()).spawn().expect("hb serve starts");
    let mut status = None;
    let began = Instant::now();
    while status.is_none() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
        status = child.try_wait().expect("a child can be waited for");
    }
    let _ = child.kill();
    let seen = child.wait_with_output().expect("it has ended");
    let said = String::from_utf8_lossy(&seen.stderr).into_owned();
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{url}: {said}");
    said
}

/// Lets everybody be told at this hook.
pub(crate) fn tell(server: &Server, hook: &FakeReceiver) {
    let channel = json!({
        "name": "hook", "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        "method": "POST",
    });
    let made = server.api("POST", "/channels", Some(channel));
    assert_eq!(made.status, 201, "{}", made.text());
}

/// How often each alert came.
pub(crate) fn counts(hook: &FakeReceiver) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in hook.requests() {
        let id = request.header("idempotency-key").expect("each alert has its id").to_owned();
        *counts.entry(id).or_default() += 1;
    }
    counts
}

/// A monitor that is missed two seconds after its ping.
pub(crate) fn quick(server: &Server, slug: &str) {
    server.monitor(json!({
        "slug": slug, "schedule": "every 1s", "grace": "1s", "tolerance": 0,
    }));
}

/// Pings that go on until they are stopped, to whichever node answers; gives how many of each monitor's
/// were acknowledged.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Load {
    /// As fast as it goes.
    pub(crate) fn start(nodes: &[&Server], slugs: &[&str]) -> Load {
        Load::paced(nodes, slugs, Duration::ZERO)
    }

    /// With a pause behind each ping, for a test that takes long.
    pub(crate) fn paced(nodes: &[&Server], slugs: &[&str], pause: Duration) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let addresses: Vec<String> = nodes.iter().map(|node| node.address.clone()).collect();
        let one = |slug: &&str| {
            let (stop, addresses) = (Arc::clone(&stop), addresses.clone());
            let target = format!("/ping/{PING_KEY}/{slug}");
            std::thread::spawn(move || {
                let mut acknowledged = 0;
                for address in addresses.iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let answer = send(address, "GET", &target, &[], b"");
                    acknowledged += u64::from(answer.is_ok_and(|answer| answer.status == 200));
                    std::thread::sleep(pause);
                }
                acknowledged
            })
        };
        Load { threads: slugs.iter().map(one).collect(), stop }
    }

    pub(crate) fn end(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    }
}

/// Every acknowledged ping is in the database; one that was stored and not acknowledged may be, too.
pub(crate) fn assert_kept(home: &Home, slugs: &[&str], acknowledged: &[u64], lost_at_most: u64) {
    for (slug, acknowledged) in slugs.iter().zip(acknowledged) {
        let kept: u64 = ask(
            home,
            &format!(
                "select count(*) from events e join monitors m on m.id = e.monitor_id \
                 where m.slug = '{slug}'"
            ),
        )
        .parse()
        .expect("a number");
        let range = *acknowledged..=acknowledged + lost_at_most;
        assert!(range.contains(&kept), "`{slug}`: {kept} of {acknowledged}");
    }
}

/// As if all nodes that were seen before had been gone for so many seconds.
pub(crate) fn age_marks(home: &Home, seconds: u32, but: &str) {
    ask(
        home,
        &format!("update nodes set seen_at = seen_at - {seconds}000 where id not in ({but})"),
    );
}

fn blind_times(home: &Home) -> String {
    ask(home, "select count(*) from blind_times")
}

pub(crate) fn signal(server: &Server, signal: Signal) {
    kill(Pid::from_raw(server.pid()), signal).expect("it is there");
}

#[test]
fn a_node_that_is_killed_costs_nothing_and_all_of_them_a_blind_time() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let (one, two) = (
        node(&home, "one", &socket_url(&home), |_| {}),
        node(&home, "two", &socket_url(&home), |_| {}),
    );
    let slugs = ["a", "b", "c"];
    for slug in slugs {
        one.monitor(json!({ "slug": slug, "schedule": "every 1h", "grace": "1m" }));
    }
    let load = Load::start(&[&one, &two], &slugs);
    wait_for(|| two.look("c")["event_count"].as_u64() > Some(20));
    one.kill();
    let before = two.look("a")["event_count"].as_u64();
    wait_for(|| two.look("a")["event_count"].as_u64() > before.map(|count| count + 10));
    assert_kept(&home, &slugs, &load.end(), 1);
    // An hour without a word of the dead one is no blind time while the other one watches.
    let alive = "select id from nodes order by seen_at desc limit 1";
    let alive = format!("'{}'", ask(&home, alive));
    age_marks(&home, 3600, &alive);
    assert_eq!(two.get("/readyz").status, 200);
    assert_eq!(blind_times(&home), "0");
    two.kill();
    age_marks(&home, 3600, "''");
    let three = node(&home, "three", &socket_url(&home), |_| {});
    let four = node(&home, "four", &socket_url(&home), |_| {});
    assert_eq!(blind_times(&home), "1", "nobody watched, and that is noted once");
    assert_eq!((three.stop(), four.stop()), (Some(0), Some(0)));
}

/// Sixteen attempts of the first node hang; four more wait behind them. It is killed, or stopped until the
/// other one has sent everything.
fn the_other_node_sends(is_killed: bool) {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let free = Arc::new(AtomicBool::new(false));
    let hangs = vec![Step::Held(200, Arc::clone(&free)); 16];
    let hook = FakeReceiver::new(&[hangs, vec![Step::Ok]].concat());
    let one = node(&home, "one", &socket_url(&home), |_| {});
    tell(&one, &hook);
    for number in 0..20 {
        one.monitor(json!({ "slug": format!("m{number}"), "schedule": "every 1h" }));
        let answer = one.get(&format!("/ping/{PING_KEY}/m{number}/fail"));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let sending = "select count(*) from deliveries where state = 'sending'";
    wait_for(|| hook.requests().len() == 16 && ask(&home, sending) == "20");
    let one = match is_killed {
        true => {
            one.kill();
            None
        }
        false => {
            signal(&one, Signal::SIGSTOP);
            Some(one)
        }
    };
    let began = Instant::now();
    let two = node(&home, "two", &socket_url(&home), |_| {});
    let unsent = "select count(*) from deliveries where state <> 'sent'";
    wait_for(|| ask(&home, unsent) == "0");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert!(two.lines().iter().any(|line| line.contains("another node has died")));
    let marked = "select string_agg(id || sent_at || attempts, ',' order by id) from deliveries";
    let marked = (ask(&home, marked), marked);
    if let Some(one) = &one {
        signal(one, Signal::SIGCONT);
    }
    free.store(true, Ordering::SeqCst);
    if let Some(one) = one {
        let sent = |one: &Server| one.lines().iter().filter(|l| l.contains("alert sent")).count();
        wait_for(|| sent(&one) == 16);
        // It is idle again when it has answered this, and stops without anything left to send.
        assert_eq!(one.get("/readyz").status, 200);
        assert_eq!(one.stop(), Some(0));
    }
    let counts = counts(&hook);
    let mut often: Vec<usize> = counts.values().copied().collect();
    often.sort_unstable();
    assert_eq!(often, [vec![1; 4], vec![2; 16]].concat(), "{counts:#?}");
    assert_eq!(ask(&home, marked.1), marked.0, "nothing was marked over");
    assert_eq!(two.stop(), Some(0));
}

#[test]
fn what_a_killed_node_was_about_to_send_goes_out_from_another() {
    the_other_node_sends(true);
}

#[test]
fn a_node_that_was_stopped_sends_nothing_that_another_has_sent() {
    the_other_node_sends(false);
}

#[test]
fn a_node_whose_clock_is_wrong_goes_by_the_databases() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let machine = std::env::consts::ARCH;
    let library = format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1");
    assert!(Path::new(&library).exists(), "libfaketime is installed");
    let right = node(&home, "right", &socket_url(&home), |_| {});
    right.monitor(json!({ "slug": "slow", "schedule": "every 1m", "grace": "3m" }));
    assert_eq!(right.get(&format!("/ping/{PING_KEY}/slow")).status, 200);
    right.kill();
    for (offset, word) in [("+300s", "ahead_s"), ("-300s", "behind_s")] {
        let mut wrong = node(&home, word, &socket_url(&home), |command| {
            command.env("LD_PRELOAD", &library).env("FAKETIME", offset);
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        });
        assert!(wrong.line("differs from the database's").contains(word));
        quick(&wrong, word);
        let began = Instant::now();
        assert_eq!(wrong.get(&format!("/ping/{PING_KEY}/{word}")).status, 200);
        wrong.await_status(word, "missed");
        let took = began.elapsed();
        assert!(took > Duration::from_millis(1900), "too early: {took:?}");
        assert!(took < Duration::from_secs(25), "too late: {took:?}");
        let status = wrong.look("slow")["status"].clone();
        assert!(status == "up" || status == "late", "it is not due for minutes: {status}");
        let off = ask(
            &home,
            "select max(abs(received_at - extract(epoch from now()) * 1000)) < 60000 from events",
        );
        assert_eq!(off, "t", "pings came when the database says");
        wrong.kill();
    }
    assert_eq!(blind_times(&home), "0", "a wrong clock is no blind time");
}

#[test]
fn nodes_go_through_an_upgrade_in_any_order() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let mut old = node(&home, "old", &socket_url(&home), |_| {});
    old.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let schema = ask(&home, "select value from meta where name = 'schema'");
    // A newer node has migrated and says that this one may go on.
    ask(&home, "update meta set value = '99' where name = 'schema'");
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(old.get(&target).status, 200);
    assert!(old.line("a newer hb has changed the tables").contains("schema=99"));
    assert_eq!(old.get(&target).status, 200);
    // What starts now does not know what it would write to.
    let refused = refused(&home, &socket_url(&home));
    let said = format!("the store has schema 99, and this hb knows up to {schema}");
    assert!(refused.contains(&said), "{refused}");
    // And one that may not go on says so and ends.
    ask(&home, "update meta set value = '99' where name = 'oldest-beside'");
    old.line("hint: a newer node has changed the tables; upgrade this one, too");
    assert!(old.lines().iter().any(|line| line.contains(&said)), "{:#?}", old.lines());
    assert_eq!(old.exit_code(), Some(1));
    assert_eq!(ask(&home, "select count(*) from events"), "2");
}

#[test]
fn a_database_that_restarts_under_load_loses_and_repeats_nothing() {
    let home = Home::new();
    let mut database = Some(start_postgresql(&home));
    let hook = FakeReceiver::always(&Step::Ok);
    let nodes = [(); 3].map(|()| node(&home, "n", &socket_url(&home), |_| {}));
    tell(&nodes[0], &hook);
    let slugs = ["a", "b", "c"];
    for slug in slugs {
        nodes[0].monitor(json!({ "slug": slug, "schedule": "every 1h", "grace": "1m" }));
    }
    let all: Vec<&Server> = nodes.iter().collect();
    let load = Load::start(&all, &slugs);
    let rounds = 3;
    for round in 0..rounds {
        let slug = format!("quick{round}");
        quick(&nodes[round], &slug);
        assert_eq!(nodes[round].get(&format!("/ping/{PING_KEY}/{slug}")).status, 200);
        drop(database.take());
        database = Some(start_again(&home));
        wait_for(|| nodes.iter().all(|node| node.get("/readyz").status == 200));
        nodes[round].await_status(&slug, "missed");
    }
    assert_kept(&home, &slugs, &load.end(), rounds as u64 * 2);
    // What was claimed right before a restart goes out when its lease of a minute has ended.
    wait_within(Duration::from_secs(90), || {
        ask(&home, "select count(*) from deliveries where state <> 'sent'") == "0"
    });
    let opened = "select count(*) from deliveries where what = 'opened'";
    assert_eq!(ask(&home, opened), rounds.to_string(), "each transition is told");
    let counts = counts(&hook);
    assert!(counts.values().all(|count| *count <= 2), "{counts:#?}");
    let sum: usize = counts.values().sum();
    assert!(sum <= rounds * 2, "a repeat needs a restart: {counts:#?}");
    for node in nodes {
        assert_eq!(node.stop(), Some(0));
    }
}
