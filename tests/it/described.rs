//! What `hb run` tells a receiver of its own besides the events: what the monitor is, and that a run is
//! still there.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crate::hb::{Home, Seen};
use crate::receiver::{FakeReceiver, Step};
use crate::server::{PING_KEY, Server};

/// A job that goes on until there is a file `go`, and does something all the while.
const UNTIL_GO: &str = "until test -e go; do sleep 0.05; done";

pub(crate) fn to(server: &Server) -> String {
    format!("http://{}/hb/{PING_KEY}", server.address)
}

/// A run that goes on beside the test, and ends with it.
struct Beside(Child);

impl Beside {
    fn start(command: &mut Command) -> Beside {
        Beside(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("hb starts"))
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).expect("a pid");
        kill(nix::unistd::Pid::from_raw(pid), signal).expect("it is there");
    }

    fn end(mut self) -> Option<i32> {
        self.0.wait().expect("it can be waited for").code()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // The job has to end, too; a hb that is killed leaves it behind.
        if let (Ok(None), Ok(pid)) = (self.0.try_wait(), i32::try_from(self.0.id())) {
            let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.0.wait();
    }
}

/// The events of this kind that a monitor has had, which may not be there yet.
fn count(server: &Server, slug: &str, kind: &str) -> usize {
    if server.api("GET", &format!("/monitors/{slug}"), None).status == 404 {
        return 0;
    }
    server.events(slug).iter().filter(|event| event["kind"] == kind).count()
}

fn wait_for(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "it did not come true");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// These members of a monitor.
pub(crate) fn members(monitor: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| monitor[*name].clone()).collect()
}

#[test]
fn a_job_makes_its_monitor_and_changes_it() {
    let home = Home::new();
    let server = Server::start(&home);
    let to = to(&server);
    let words = [
        "run",
        "nightly",
        "--to",
        &to,
        "--schedule",
        "0 3 * * *",
        "--timezone",
        "Europe/Berlin",
        "--grace",
        "90m",
        "--owner",
        "dba",
        "--description",
        "the customer database",
        "--tag",
        "a",
        "--tag",
        "b",
        "--run-at-most",
        "4h",
        "--start-within",
        "10m",
        "--tolerance",
        "2",
        "--",
        "true",
    ];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let monitor = server.look("nightly");
    let names = ["status", "schedule", "timezone", "grace", "owner", "description", "tags"];
    let expected = [
        json!("up"),
        json!("0 3 * * *"),
        json!("Europe/Berlin"),
        json!(5400),
        json!("dba"),
        json!("the customer database"),
        json!(["a", "b"]),
    ];
    assert_eq!(members(&monitor, &names), expected, "{monitor:#}");
    let limits = ["run_at_most", "start_within", "tolerance"];
    assert_eq!(members(&monitor, &limits), [json!(14_400), json!(600), json!(2)], "{monitor:#}");

    // A run that lasts tells it with its start; what it does not say stays.
    let words = ["run", "nightly", "--to", &to, "--schedule", "every 1h", "--shell", UNTIL_GO];
    let run = Beside::start(&mut home.hb(&words));
    let running = server.await_status("nightly", "running");
    assert_eq!(members(&running, &["schedule", "owner"]), [json!("every 1h"), json!("dba")]);
    home.write("go", "");
    assert_eq!(run.end(), Some(0));

    // The configuration says the same things; a flag wins.
    home.config(
        "[monitors.nightly]\nschedule = \"every 2h\"\ngrace = \"5m\"\nowner = \"ops\"\ntags = \"c\"\n\
         run_at_most = \"1h\"\nstart_within = 60\ntolerance = 0\nlease = 0\n",
    );
    let words = ["run", "nightly", "--to", &to, "--owner", "web", "--", "true"];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let names = ["schedule", "grace", "owner", "tags", "run_at_most", "start_within", "tolerance"];
    let expected = json!(["every 2h", 300, "web", ["c"], 3600, 60, 0]);
    assert_eq!(json!(members(&server.look("nightly"), &names)), expected);
}

#[test]
fn a_run_that_is_told_late_describes_nothing_any_more() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let events = |id: &str, at: &str, schedule: &str| {
        let sent_at = server.api("GET", "/status", None).json()["now"].clone();
        let event = json!([{ "kind": "success", "run_id": id, "seq": 9, "at": at, "sent_at": sent_at,
            "definition": { "schedule": schedule } }]);
        server.post(&format!("/hb/{PING_KEY}/job/events"), event.to_string().as_bytes())
    };
    let now =
        server.api("GET", "/status", None).json()["now"].as_str().expect("a moment").to_owned();
    assert_eq!(events("new", &now, "every 2h").json()[0]["result"], "stored");
    assert_eq!(server.look("job")["schedule"], "every 2h");
    assert_eq!(events("old", "2026-01-01T00:00:00Z", "every 3h").status, 200);
    assert_eq!(server.look("job")["schedule"], "every 2h");
}

#[test]
fn what_is_wrong_is_refused_before_the_job_runs() {
    let home = Home::new();
    for (option, value, part) in [
        ("--schedule", "0 0 * * MON-SUN", "write `MON-7`"),
        ("--schedule", "0 3 * *", "bad schedule `0 3 * *`"),
        ("--schedule", " ", "`--schedule`"),
        ("--timezone", "Europe/Berlim", "`--timezone`"),
        ("--grace", "5x", "`--grace`"),
        ("--grace", "1500ms", "whole seconds"),
        ("--run-at-most", "0", "more than 0"),
        ("--start-within", "-1", "start-within"),
        ("--tolerance", "101", "at most 100"),
        ("--owner", "", "`--owner` is empty"),
        ("--tag", " ", "`--tag` is empty"),
        ("--lease", "999ms", "`--lease` is shorter than a second"),
        ("--stalled-after", "0", "more than 0"),
        ("--owner", &"x".repeat(201), "`--owner` is longer than 200 bytes"),
    ] {
        let given = format!("{option}={value}");
        let seen = Seen::of(&mut home.hb(&["run", "m", &given, "--", "touch", "ran"]));
        assert_eq!(seen.status, 64, "{given}: {seen:?}");
        assert!(seen.stderr.contains(part), "{given}: {}", seen.stderr);
        assert!(!home.path("ran").exists(), "{given}");
    }
    home.config("[monitors.m]\nlease = \"10ms\"\nrun_at_most = 0\ntolerance = -1\n");
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "true"]));
    assert_eq!(seen.status, 0);
    assert!(seen.stderr.contains("line 2: `lease` is shorter"), "{}", seen.stderr);
    let seen = Seen::of(&mut home.hb(&["doctor", "--no-network", "--json"]));
    for part in ["`run_at_most` must be more than 0", "`tolerance`"] {
        assert!(seen.stdout.contains(part), "{part}: {}", seen.stdout);
    }
}

#[test]
fn a_run_that_lasts_is_known_to_live_and_missed_soon_when_its_hb_is_killed() {
    let home = Home::new();
    let server = Server::start(&home);
    let (to, schedule) = (to(&server), "--schedule=every 1h");
    let start = |slug: &str, lease: &str| {
        Beside::start(
            &mut home
                .hb(&["run", slug, "--to", &to, schedule, "--lease", lease, "--shell", UNTIL_GO]),
        )
    };
    let (leased, silent, ended) =
        (start("leased", "1s"), start("silent", "0"), start("ended", "1s"));
    let asleep = |slug: &str, more: &[&str]| {
        let words = ["run", slug, "--to", &to, schedule, "--lease", "1s"];
        let words = [&words[..], more, &["--", "sleep", "1000"]].concat();
        Beside::start(&mut home.hb(&words))
    };
    let (still, quiet) = (asleep("still", &["--stalled-after", "1s"]), asleep("quiet", &[]));
    // As many renewals as fill two leases.
    for slug in ["leased", "ended", "quiet"] {
        wait_for(|| count(&server, slug, "progress") >= 6);
        assert_eq!(server.look(slug)["status"], "running", "{slug}");
    }
    server.await_status("still", "stalled");
    for asleep in [still, quiet] {
        asleep.send(Signal::SIGTERM);
        asleep.end();
    }
    assert_eq!(server.look("still")["status"], "failed");
    assert_eq!(count(&server, "silent", "progress"), 0, "nothing was promised");

    // Neither hb says goodbye; one had promised to be heard of.
    leased.send(Signal::SIGKILL);
    silent.send(Signal::SIGKILL);
    let gone = server.await_status("leased", "vanished");
    assert_eq!(gone["facts"]["runs"][0]["is"], "vanished", "{gone:#}");
    assert_eq!(server.look("silent")["status"], "running");
    assert_eq!(server.look("ended")["status"], "running");

    // A renewal that was overtaken by the finish opens nothing.
    home.write("go", "");
    assert_eq!(ended.end(), Some(0));
    assert_eq!(server.look("ended")["status"], "up");
    let run = server.api("GET", "/monitors/ended/runs", None).json()["runs"][0].clone();
    let late = json!([{ "kind": "progress", "run_id": run["id"], "seq": 999, "at": run["ended_at"],
        "lease_ms": 1000 }]);
    let answer = server.post(&format!("/hb/{PING_KEY}/ended/events"), late.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.look("ended")["status"], "up");
    // The record of this host is not filled with it.
    let told: Vec<Value> =
        home.runs().into_iter().filter(|run| run["monitor"] == "ended").collect();
    assert!(!told[0].to_string().contains("progress"), "{told:#?}");
}

#[test]
fn what_a_receiver_does_not_take_of_a_description_harms_neither_job_nor_ping() {
    let home = Home::new();
    let mut server = Server::start(&home);
    // What the configuration says is not checked for all that a receiver may find too long.
    home.config(&format!(
        "[monitors.job]\nschedule = \"every 1h\"\nowner = \"{}\"\n",
        "x".repeat(300)
    ));
    let seen = Seen::of(&mut home.hb(&["run", "job", "--to", &to(&server), "--", "echo", "out"]));
    assert_eq!((seen.status, &*seen.stdout), (0, "out\n"));
    let part = "did not take `owner` of the monitor's definition; its log says why";
    assert_eq!(seen.stderr.matches(part).count(), 1, "{}", seen.stderr);
    let monitor = server.look("job");
    assert_eq!(members(&monitor, &["status", "schedule"]), [json!("up"), json!("every 1h")]);
    assert_eq!(monitor["owner"], "");
    server.line("`owner` is longer than 200 characters");
}

#[test]
fn words_of_a_job_reach_its_receiver_while_it_runs() {
    let home = Home::new();
    let server = Server::start(&home);
    // The first words come before anybody listens, and the last ones faster than they are told.
    let job = "printf 'stage=reading\\nstage=copying\\n' >> \"$HB_RUN_DIR/metrics\"
        until test -e more; do sleep 0.05; done
        hb progress 40 --rate 25MB/s; hb stage one; hb stage verifying
        until test -e go; do sleep 0.05; done";
    let words = ["run", "job", "--to", &to(&server), "--schedule", "every 1h", "--shell", job];
    let run = Beside::start(&mut home.hb(&words));
    let heard = |kind: &str, stage: &str| {
        if server.api("GET", "/monitors/job", None).status == 404 {
            return None;
        }
        server
            .events("job")
            .into_iter()
            .find(|event| event["kind"] == kind && event["fields"]["stage"] == stage)
    };
    wait_for(|| heard("stage", "copying").is_some());
    assert_eq!(server.look("job")["status"], "running");
    home.write("more", "");
    wait_for(|| heard("stage", "verifying").is_some());
    let told = server.events("job");
    let progress = told.iter().find(|event| event["kind"] == "progress").expect("told");
    assert_eq!(progress["fields"]["percent"], 40.0, "{progress:#}");
    assert_eq!(progress["metrics"]["rate"], 25_000_000, "{progress:#}");
    let running = server.look("job");
    assert_eq!(running["status"], "running");
    assert_eq!(running["facts"]["runs"][0]["is"], "verifying", "{running:#}");
    home.write("go", "");
    assert_eq!(run.end(), Some(0));
    assert_eq!(server.look("job")["status"], "up");
}

#[test]
fn nobody_else_hears_of_it() {
    let home = Home::new();
    let server = Server::start(&home);
    let to = to(&server);
    let heard = |more: &[&str], enough: &dyn Fn() -> bool| {
        let receiver = FakeReceiver::always(&Step::Ok).hearing_starts();
        let _ = std::fs::remove_file(home.path("go"));
        let url = receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w");
        let mut words = vec!["run", "job", "--to", &url];
        words.extend(more);
        words.extend(["--shell", UNTIL_GO]);
        let run = Beside::start(&mut home.hb(&words));
        wait_for(|| !receiver.requests().is_empty() && enough());
        home.write("go", "");
        assert_eq!(run.end(), Some(0));
        let shown = receiver.requests().into_iter().map(|request| {
            let path = request.path().to_owned();
            let names: Vec<String> = request.headers.iter().map(|(name, _)| name.clone()).collect();
            let text = request.text();
            (path, names, text.split("; took").next().map(str::to_owned))
        });
        shown.collect::<Vec<_>>()
    };
    let plain = heard(&[], &|| true);
    let described =
        heard(&["--to", &to, "--schedule", "every 1h", "--owner", "dba", "--lease", "1s"], &|| {
            count(&server, "job", "progress") >= 2
        });
    assert_eq!(plain.len(), 2, "{plain:?}");
    assert_eq!(described, plain);
}

#[test]
fn nothing_wakes_hb_for_a_promise_that_nobody_was_given() {
    let home = Home::new();
    let receiver = FakeReceiver::always(&Step::Ok).hearing_starts();
    let url = receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w");
    let words = ["run", "job", "--to", &url, "--lease", "1s", "--stalled-after", "1s"];
    let words = [&words[..], &["--schedule", "every 1h", "--shell", UNTIL_GO]].concat();
    let run = Beside::start(&mut home.hb(&words));
    wait_for(|| !receiver.requests().is_empty());
    // Of all its threads together: the one that attends the job and the one that tells of it.
    let wakes = || -> u64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", run.0.id())).expect("it runs");
        let of_thread = |thread: std::fs::DirEntry| -> u64 {
            let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.map_or(0, |count| count.trim().parse().expect("a number"))
        };
        threads.flatten().map(of_thread).sum()
    };
    // What the start has to do is done within a moment; nothing comes after it. A renewal would come
    // three times a second, and a look at whether it stalls once.
    let mut settled = wakes();
    wait_for(|| {
        std::thread::sleep(Duration::from_millis(300));
        let before = std::mem::replace(&mut settled, wakes());
        settled == before
    });
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(wakes(), settled, "something wakes it");
    home.write("go", "");
    assert_eq!(run.end(), Some(0));
}
