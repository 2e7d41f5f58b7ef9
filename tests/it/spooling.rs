//! What could not be delivered is kept, told later in a way that hides nothing newer, and bounded.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};

const KEY: &str = "ping-key";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A home whose runs are told to one receiver.
pub(crate) fn home_of(receiver: &FakeReceiver) -> Home {
    let home = Home::new();
    home.config(&format!(
        "[targets.home]\nurl = \"{}\"\nkey = \"{KEY}\"\n\
         [defaults]\nto = [\"home\"]\nreport_timeout = \"300ms\"\n",
        receiver.url("")
    ));
    home
}

/// The moment of the home's last change, which is now for all that matters here.
pub(crate) fn now_ms(home: &Home) -> i64 {
    let changed = std::fs::metadata(home.write("now", "")).expect("there").modified();
    let since = changed.expect("a moment").duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292278994")
}

/// Puts an event into the spool, `age_ms` old, and gives its run id.
pub(crate) fn plant(home: &Home, number: u32, monitor: &str, kind: &str, age_ms: i64) -> String {
    let run_id = format!("01a1f91f-7e04-7d5c-a834-{number:012}");
    let at = now_ms(home) - age_ms;
    let event = json!({
        "version": 1,
        "event": {
            "kind": kind, "monitor": monitor, "run_id": run_id, "seq": u32::MAX, "at": at,
            "message": "planted",
        },
        "target": { "named": "home" }, "name": "home", "why": "planted",
    });
    let name = format!("state/spool/{at:015}.4294967295.{kind}.{run_id}.{number:012}.json");
    home.write(&name, &event.to_string());
    run_id
}

/// The paths behind the key of everything that arrived.
pub(crate) fn told(receiver: &FakeReceiver) -> Vec<String> {
    let path = format!("/ping/{KEY}/");
    let paths = receiver.requests();
    let paths = paths.iter().map(|request| request.path().replace(&path, ""));
    // The short runs in between may take long enough for a start of their own.
    paths.filter(|path| path != "other/start").collect()
}

pub(crate) fn flush(home: &Home) -> Seen {
    Seen::of(&mut home.hb(&["spool", "flush"]))
}

pub(crate) fn waiting(home: &Home) -> Vec<Value> {
    let seen = Seen::of(&mut home.hb(&["spool", "list", "--json"]));
    serde_json::from_str(&seen.stdout).expect("an array")
}

#[test]
fn what_was_kept_is_delivered_by_a_flush_as_the_same_run() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", "exit 7"])).status, 7);
    let run_id = home.last_run()["run_id"].clone();
    assert_eq!(waiting(&home)[0]["run_id"], run_id);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
    let request = receiver.only();
    assert_eq!(
        (request.rid(), &told(&receiver)[0]),
        (run_id.as_str().expect("text"), &"m/7".into())
    );
    assert!(request.text().contains("told 0s late") || request.text().contains("told 1s late"));
    let run = home.last_run();
    let results: Vec<&Value> =
        run["deliveries"].as_array().expect("some").iter().map(|told| &told["result"]).collect();
    assert_eq!(results, ["spooled", "delivered"]);
    check(&mut home.hb(&["spool", "flush"]), 0, "0 delivered, nothing waits\n", "");
    check(&mut home.hb(&["spool", "flush", "--quiet"]), 0, "", "");
}

#[test]
fn the_next_run_delivers_the_oldest_first_after_its_own_report() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&receiver);
    plant(&home, 3, "c", "failure", MINUTE);
    plant(&home, 1, "a", "failure", 3 * MINUTE);
    plant(&home, 2, "b", "success", 2 * MINUTE);
    check(&mut home.hb(&["run", "z", "--", "true"]), 0, "", "");
    assert_eq!(told(&receiver), ["z", "a/fail", "b", "c/fail"]);
    assert_eq!(waiting(&home), [Value::Null; 0]);
}

#[test]
fn an_old_end_never_hides_a_newer_one() {
    type Case = (&'static [(&'static str, i64)], bool, &'static [&'static str]);
    let cases: [Case; 7] = [
        (&[("success", MINUTE)], false, &["m"]),
        (&[("success", MINUTE)], true, &["m/log"]),
        (&[("failure", MINUTE)], true, &["m/log"]),
        (&[("failure", 2 * MINUTE), ("success", MINUTE)], false, &["m/log", "m"]),
        (&[("success", 2 * HOUR)], false, &["m/log"]),
        (&[("failure", 48 * HOUR)], false, &["m/fail"]),
        (&[("start", MINUTE), ("progress", MINUTE)], false, &[]),
    ];
    for (planted, after_a_run, expected) in cases {
        let receiver = FakeReceiver::always(&Step::Ok);
        let home = home_of(&receiver);
        if after_a_run {
            check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
            receiver.go_on(&[Step::Ok]);
        }
        for (number, (kind, age_ms)) in (0..).zip(planted) {
            plant(&home, number, "m", kind, *age_ms);
        }
        assert_eq!(flush(&home).status, 0);
        assert_eq!(told(&receiver), *expected, "{planted:?}");
        assert_eq!(waiting(&home), [Value::Null; 0]);
    }
}

#[test]
fn what_is_refused_later_is_dropped_and_said() {
    let receiver = FakeReceiver::new(&[status(404), Step::Ok]);
    let home = home_of(&receiver);
    plant(&home, 1, "a", "failure", 2 * MINUTE);
    plant(&home, 2, "b", "failure", MINUTE);
    let warning = "hb: warning: a kept event was refused by `home`: the server answered 404: \
                   no such check; is the URL or the key right?\n";
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", warning);
    assert_eq!(told(&receiver), ["a/fail", "b/fail"]);
}

#[test]
fn the_first_trouble_ends_a_flush_and_keeps_the_rest() {
    let receiver = FakeReceiver::new(&[Step::Ok, status(503), Step::Ok]);
    let home = home_of(&receiver);
    for number in 1..=4 {
        plant(&home, number, "m", "log", i64::from(5 - number) * MINUTE);
    }
    let warning = "hb: warning: 1 delivered, 3 still wait: the server answered 503\n";
    check(&mut home.hb(&["spool", "flush"]), 75, "", warning);
    assert_eq!(receiver.connections(), 2);
    check(&mut home.hb(&["spool", "flush"]), 0, "3 delivered, nothing waits\n", "");
}

#[test]
fn what_cannot_be_read_is_set_aside_and_named_and_the_rest_is_delivered() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&receiver);
    plant(&home, 1, "m", "failure", MINUTE);
    let whole = std::fs::read_dir(home.path("state/spool")).expect("there").flatten().next();
    let whole = std::fs::read_to_string(whole.expect("one").path()).expect("text");
    let spool = |name: &str| format!("state/spool/{name}.json");
    home.write(&spool("1-half"), &whole[..whole.len() / 2]);
    home.write(&spool("2-empty"), "");
    home.write(&spool("3-zeros"), &"\0".repeat(100));
    home.write(&spool("4-future"), &whole.replace("\"version\":1", "\"version\":2"));
    home.write(&spool("5-text"), "\x1b[2Jnot JSON");
    let directory = home.path(spool("6-directory"));
    std::fs::create_dir_all(directory).expect("made");
    let fifo = nix::sys::stat::Mode::S_IRUSR;
    nix::unistd::mkfifo(&home.path(spool("7-fifo")), fifo).expect("made");
    home.write("victim", &whole);
    std::os::unix::fs::symlink(home.path("victim"), home.path(spool("8-link"))).expect("made");
    home.write(&spool("9-other"), "{\"version\":1}");
    let names: Vec<&str> = vec![
        "1-half",
        "2-empty",
        "3-zeros",
        "4-future",
        "5-text",
        "6-directory",
        "7-fifo",
        "8-link",
        "9-other",
    ];
    let warnings: String = names
        .iter()
        .map(|name| {
            format!("hb: warning: spool file `{name}.json` cannot be read and was set aside\n")
        })
        .collect();
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", &warnings);
    assert_eq!(told(&receiver), ["m/fail"]);
    assert_eq!(std::fs::read_to_string(home.path("victim")).expect("there"), whole);
    let place = home.path("state/spool/set-aside").display().to_string();
    let aside = format!("9 files that cannot be read are in {place}\n");
    check(&mut home.hb(&["spool"]), 0, &aside, "");
    check(&mut home.hb(&["spool", "drop", "--all"]), 0, "0 dropped\n", "");
    check(&mut home.hb(&["spool"]), 0, "nothing waits\n", "");
    assert_eq!(std::fs::read_to_string(home.path("victim")).expect("there"), whole);
}

#[test]
fn two_that_flush_at_once_deliver_everything_once() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&receiver);
    let planted: BTreeSet<String> =
        (0..30).map(|number| plant(&home, number, "m", "log", MINUTE)).collect();
    let start = |command: &mut Command| {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
    };
    let flushes: Vec<_> = (0..3).map(|_| start(&mut home.hb(&["spool", "flush"]))).collect();
    for flush in flushes {
        let seen = Seen::from(flush.wait_with_output().expect("it ends"));
        assert_eq!((seen.status, &*seen.stderr), (0, ""));
    }
    let rids: Vec<String> = receiver.requests().iter().map(|r| r.rid().to_owned()).collect();
    assert_eq!(rids.len(), 30);
    assert_eq!(rids.into_iter().collect::<BTreeSet<_>>(), planted);
}

#[test]
fn a_full_spool_gives_up_successes_first_and_tells_how_many() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    for number in 0..3 {
        plant(&home, number, "m", "failure", 9 * MINUTE);
    }
    for number in 3..1002 {
        plant(&home, number, "m", "success", 5 * MINUTE - i64::from(number));
    }
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "false"])).status, 1);
    let kept = waiting(&home);
    assert_eq!(kept.len(), 1000);
    let count = |kind: &str| kept.iter().filter(|event| event["event"] == kind).count();
    assert_eq!((count("failure"), count("success")), (4, 996));
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "1000 delivered, nothing waits\n", "");
    let first = &receiver.requests()[0];
    assert_eq!(told(&receiver)[0], "m/log");
    let text = first.text();
    assert!(text.starts_with("3 events were dropped because the spool was full ("), "{text}");
    assert_eq!(told(&receiver).last().map(String::as_str), Some("m/1"));
    plant(&home, 1, "m", "log", MINUTE);
    receiver.go_on(&[Step::Ok]);
    assert_eq!(flush(&home).stdout, "1 delivered, nothing waits\n");
    assert_eq!(receiver.requests().len(), 1, "it was told once");
}

#[test]
fn a_hundred_runs_at_once_are_all_run_and_all_kept_once() {
    let receiver = FakeReceiver::always(&Step::Reset);
    let home = home_of(&receiver);
    drop(receiver);
    let mut runs = Vec::new();
    for number in 0..100 {
        let monitor = format!("m{}", number % 7);
        let script = format!("echo ran >> ran; exit {}", number % 3);
        let mut command = home.hb(&["run", &monitor, "--", "sh", "-c", &script]);
        runs.push(command.stderr(Stdio::null()).spawn().expect("started"));
    }
    let codes: Vec<_> = runs.iter_mut().map(|run| run.wait().expect("it ends").code()).collect();
    let expected: Vec<_> = (0..100).map(|number| Some(number % 3)).collect();
    assert_eq!(codes, expected);
    assert_eq!(std::fs::read_to_string(home.path("ran")).expect("there"), "ran\n".repeat(100));
    let ids: BTreeSet<String> =
        waiting(&home).iter().map(|event| event["run_id"].to_string()).collect();
    assert_eq!((waiting(&home).len(), ids.len()), (100, 100));
    assert_eq!(home.runs().len(), 100);
}

/// Waits, for ten seconds at most, until something holds.
fn until(holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come true in ten seconds");
}

#[test]
fn what_a_killed_hb_had_not_told_is_told_by_the_next() {
    let receiver = FakeReceiver::always(&Step::HalfOpen);
    let home = home_of(&receiver);
    let words = ["run", "--report-timeout", "60s", "m", "--", "sh", "-c", "exit 7"];
    let mut run = home.hb(&words).spawn().expect("started");
    until(|| !receiver.requests().is_empty());
    run.kill().expect("killed");
    run.wait().expect("reaped");
    let run_id = receiver.requests()[0].rid().to_owned();
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["run", "other", "--", "true"]), 0, "", "");
    assert_eq!(told(&receiver), ["other", "m/7"]);
    assert_eq!(receiver.requests()[1].rid(), run_id);
    check(&mut home.hb(&["run", "other", "--", "true"]), 0, "", "");
    assert_eq!(told(&receiver), ["other", "m/7", "other"]);
}

#[test]
fn a_run_whose_hb_was_killed_is_told_as_vanished_once_its_job_is_gone() {
    let receiver = FakeReceiver::always(&Step::Ok).hearing_starts();
    let home = home_of(&receiver);
    let script = "echo $$ > pid; exec sleep 60";
    let mut run = home.hb(&["run", "m", "--", "sh", "-c", script]).spawn().expect("started");
    until(|| std::fs::read_to_string(home.path("pid")).is_ok_and(|pid| pid.ends_with('\n')));
    until(|| told(&receiver) == ["m/start"]);
    run.kill().expect("killed");
    run.wait().expect("reaped");
    check(&mut home.hb(&["run", "other", "--", "true"]), 0, "", "");
    assert_eq!(told(&receiver), ["m/start", "other"], "its job is still running");
    let pid = std::fs::read_to_string(home.path("pid")).expect("there");
    assert_eq!(Seen::of(home.program("kill").args(["-9", pid.trim()])).status, 0);
    let proc = format!("/proc/{}", pid.trim());
    until(|| !std::path::Path::new(&proc).exists());
    let warning = "hb: warning: an earlier run of `m` died without a report; it was reported now\n";
    check(&mut home.hb(&["run", "other", "--", "true"]), 0, "", warning);
    assert_eq!(told(&receiver)[2..], ["other", "m/fail"]);
    let text = receiver.requests().last().expect("one").text();
    assert!(text.starts_with("hb was killed while the job ran; its exit status is unknown"));
}

#[test]
fn a_vanished_run_never_hides_the_success_of_the_run_that_finds_it() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&receiver);
    let script = "echo $$ > pid; exec sleep 60";
    let mut run = home.hb(&["run", "m", "--", "sh", "-c", script]).spawn().expect("started");
    until(|| std::fs::read_to_string(home.path("pid")).is_ok_and(|pid| pid.ends_with('\n')));
    run.kill().expect("killed");
    run.wait().expect("reaped");
    let pid = std::fs::read_to_string(home.path("pid")).expect("there");
    assert_eq!(Seen::of(home.program("kill").args(["-9", pid.trim()])).status, 0);
    let proc = format!("/proc/{}", pid.trim());
    until(|| !std::path::Path::new(&proc).exists());
    let warning = "hb: warning: an earlier run of `m` died without a report; it was reported now\n";
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", warning);
    assert_eq!(told(&receiver), ["m", "m/log"]);
}

#[test]
fn what_waits_is_listed_and_can_be_given_up() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&receiver);
    check(&mut home.hb(&["spool"]), 0, "nothing waits\n", "");
    check(&mut home.hb(&["spool", "list", "--json"]), 0, "[]\n", "");
    let run_id = plant(&home, 1, "m", "failure", 90 * MINUTE);
    plant(&home, 2, "n", "success", MINUTE);
    let listed = waiting(&home);
    let id = listed[0]["id"].as_str().expect("text").to_owned();
    let expected = json!({
        "id": id, "monitor": "m", "event": "failure", "run_id": run_id,
        "at": listed[0]["at"], "target": "home", "why": "planted",
        "tries": 0, "tried_at": null, "next_try_at": null,
    });
    assert_eq!(listed[0], expected);
    let text = Seen::of(&mut home.hb(&["spool", "list"])).stdout;
    let first = format!(
        "m failure of 1h 30m ago, for home: planted\n  not tried yet; the next hb tries it\n  {id}\n"
    );
    assert!(text.starts_with(&first), "{text}");
    let none = "hb: no event `nothing` waits; see `hb spool list`\n";
    check(&mut home.hb(&["spool", "drop", &id, "nothing"]), 1, "", none);
    check(&mut home.hb(&["spool", "drop", &id]), 0, "1 dropped\n", "");
    assert_eq!(waiting(&home).len(), 1);
    check(&mut home.hb(&["spool", "drop", "--all"]), 0, "1 dropped\n", "");
    assert_eq!(receiver.connections(), 0);
}
