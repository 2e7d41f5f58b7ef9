//! Jobs that last: what becomes of the start when nobody hears it, and of hb when it tells a thousand
//! times that the job goes on.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::hb::{Home, is_long, until};
use crate::receiver::{FakeReceiver, Step, status};
use crate::surroundings::dynamic_hb;

/// A job that ends with 6 when it is told to.
const UNTIL_GO: &str = "until test -e go; do sleep 0.01; done; exit 6";

fn code(mut hb: Child) -> Option<i32> {
    hb.wait().expect("it ends").code()
}

#[test]
fn a_start_that_nobody_heard_is_told_when_the_network_is_back_and_says_that_it_is_late() {
    let home = Home::new();
    let receiver = FakeReceiver::always(&Step::Reset).hearing_starts();
    let url = receiver.ping_url();
    let mut command = dynamic_hb(&home);
    command.args(["run", "--to", &url, "m", "--", "sh", "-c", UNTIL_GO]);
    let hb = command.spawn().expect("started");
    until("a start was tried in vain", || receiver.connections() > 0);
    // A minute and a half of the day; the test has no time for more.
    home.write("offset", "+90\n");
    receiver.go_on(&[Step::Ok]);
    until("the start is heard", || !receiver.requests().is_empty());
    home.write("go", "");
    assert_eq!(code(hb), Some(6));
    assert_eq!(receiver.words(), ["start", "6"]);
    let requests = receiver.requests();
    let text = requests[0].text();
    assert!(text.starts_with("start (20") && text.contains(" UTC, told 1m 3"), "{text}");
    assert!(text.ends_with("s late)"), "{text}");
    assert_eq!(requests[0].rid(), requests[1].rid());
    assert!(!requests[1].text().contains("late"), "{}", requests[1].text());
}

#[test]
fn an_end_waits_for_a_start_that_is_slower_but_not_for_ever() {
    for (report_timeout, frees) in [("60s", true), ("2s", false)] {
        let home = Home::new();
        let free = Arc::new(AtomicBool::new(false));
        let script = [Step::Held(200, Arc::clone(&free)), Step::Ok];
        let receiver = FakeReceiver::new(&script).hearing_starts();
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "--report-timeout", report_timeout, "m", "--"];
        let words = [&words[..], &["sh", "-c", UNTIL_GO]].concat();
        let mut hb = home.hb(&words).stderr(Stdio::null()).spawn().expect("started");
        until("the start is on its way", || receiver.requests().len() == 1);
        home.write("go", "");
        let own = format!("/proc/{0}/task/{0}/children", hb.id());
        let children = || std::fs::read_to_string(&own).unwrap_or_default();
        until("the job has ended", || children().is_empty());
        if frees {
            std::thread::sleep(std::time::Duration::from_millis(100));
            assert_eq!(receiver.words(), ["start"], "the end comes after the start");
            assert_eq!(hb.try_wait().expect("a child"), None);
            free.store(true, Ordering::SeqCst);
        }
        assert_eq!(code(hb), Some(6));
        assert_eq!(receiver.words(), ["start", "6"], "{report_timeout}");
        free.store(true, Ordering::SeqCst);
    }
}

/// What hb holds: descriptors, kilobytes of its own memory, bytes of its record.
fn holds(home: &Home, pid: u32) -> [u64; 3] {
    let count = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives").count();
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("counted");
    let memory = line.trim().trim_end_matches(" kB").parse().expect("a number");
    let open = std::fs::read_dir(home.path("state/open")).expect("there").flatten();
    let record = open.map(|entry| entry.metadata().map_or(0, |facts| facts.len())).sum();
    [count as u64, memory, record]
}

#[test]
fn a_thousand_keepalives_cost_nothing_that_stays() {
    let home = Home::new();
    let receiver = FakeReceiver::always(&Step::Ok);
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "--keepalive", "5ms", "m", "--", "sh", "-c", UNTIL_GO];
    let hb = home.hb(&words).env("HB_LOG", "info").stderr(Stdio::piped()).spawn().expect("started");
    let (early, late) = if is_long() { (5_000, 43_200) } else { (200, 800) };
    let heard = |count: usize| {
        let since = std::time::Instant::now();
        while receiver.connections() < count {
            assert!(is_long() || since.elapsed().as_secs() < 60, "{}", receiver.connections());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    heard(early);
    let [descriptors, memory, record] = holds(&home, hb.id());
    heard(late);
    let [descriptors_late, memory_late, record_late] = holds(&home, hb.id());
    // A request may be on its way at either moment.
    assert!(descriptors_late <= descriptors + 1, "{descriptors} and {descriptors_late}");
    assert!(memory_late < memory + 256, "{memory} kB and {memory_late} kB");
    assert_eq!(record_late, record, "one line of a record per keepalive");
    home.write("go", "");
    let output = hb.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.matches("the log was delivered").count(), 1, "{said}");
    let told = home.last_run()["deliveries"].as_array().map(Vec::len);
    assert!(told.is_some_and(|told| told <= 3), "{told:?}");
}

#[test]
fn keepalives_go_on_after_a_restart_and_a_key_that_was_wrong_for_a_while() {
    let home = Home::new();
    let receiver = FakeReceiver::always(&Step::Ok);
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "--keepalive", "20ms", "m", "--", "sh", "-c", UNTIL_GO];
    let hb = home.hb(&words).stderr(Stdio::piped()).spawn().expect("started");
    for step in [Step::Ok, Step::Reset, Step::Ok, status(401), Step::Ok, status(503), Step::Ok] {
        receiver.go_on(std::slice::from_ref(&step));
        until(&format!("more of {step:?}"), || receiver.connections() > 5);
    }
    home.write("go", "");
    let output = hb.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "one refusal is said once: {said}");
    assert!(said.contains("refused the log: the server answered 401"), "{said}");
    let run = home.last_run();
    let of_logs = run["deliveries"].as_array().expect("some").iter();
    let results: Vec<_> =
        of_logs.filter(|told| told["kind"] == "log" || told["event"] == "log").collect();
    let results: Vec<_> = results.iter().map(|told| told["result"].clone()).collect();
    assert_eq!(results, [json!("delivered"), json!("refused"), json!("delivered")], "{run}");
}
