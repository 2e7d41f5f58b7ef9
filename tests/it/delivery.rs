//! What a run tells: which words, in which order, how often, and that no job ever waits for it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, UUID, status, with_header};

/// One run of a shell script that is told to `receiver`, within one second.
fn run(home: &Home, receiver: &FakeReceiver, flags: &[&str], script: &str) -> Seen {
    let url = receiver.ping_url();
    let mut words = vec!["run", "--to", &url, "--report-timeout", "1s"];
    words.extend(flags);
    words.extend(["m", "--", "sh", "-c", script]);
    Seen::of(&mut home.hb(&words))
}

/// What a run that told nothing unusual looks like.
fn silent(status: i32) -> Seen {
    Seen { status, stdout: String::new(), stderr: String::new() }
}

/// The warning about a finish that was not delivered.
fn kept(word: &str, receiver: &FakeReceiver, why: &str) -> String {
    let host = receiver.host();
    format!(
        "hb: warning: the {word} was not delivered to `http://{host}/****` ({why}); \
         it is kept and sent later\n"
    )
}

fn waiting(home: &Home) -> serde_json::Value {
    let seen = Seen::of(&mut home.hb(&["spool", "list", "--json"]));
    serde_json::from_str(&seen.stdout).expect("JSON")
}

#[test]
fn a_success_is_told_at_the_bare_url_with_its_run_id() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    assert_eq!(run(&home, &receiver, &[], "exit 0"), silent(0));
    let request = receiver.only();
    let run_id = home.last_run()["run_id"].as_str().expect("an id").to_owned();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, format!("/ping/{UUID}?rid={run_id}"));
    assert_eq!(request.header("content-length"), Some(&*request.body.len().to_string()));
    assert_eq!(request.header("user-agent"), Some(concat!("hb/", env!("CARGO_PKG_VERSION"))));
    assert!(request.text().starts_with("exited with 0; took "), "{}", request.text());
}

#[test]
fn a_job_that_ends_at_once_costs_one_request() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]).hearing_starts());
    // A job that ends at once may take its time on a busy machine; of ten runs one is quick.
    for _ in 0..10 {
        receiver.go_on(&[Step::Ok]);
        let url = receiver.ping_url();
        check(&mut home.hb(&["run", "--to", &url, "m", "--", "true"]), 0, "", "");
        if receiver.words() == [""] {
            return;
        }
    }
    panic!("every run was told with {:?}", receiver.words());
}

#[test]
fn a_long_job_is_told_at_its_start_and_at_its_end() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]).hearing_starts());
    assert_eq!(run(&home, &receiver, &[], "sleep 0.3; echo why >&2; exit 7").status, 7);
    assert_eq!(receiver.words(), ["start", "7"]);
    let requests = receiver.requests();
    assert_eq!(requests[0].rid(), requests[1].rid());
    assert_eq!(requests[0].body, b"");
    assert_eq!(requests[0].header("content-length"), Some("0"));
    assert!(requests[1].text().ends_with("\nwhy\n"), "{}", requests[1].text());
    assert!(requests[1].at - requests[0].at > Duration::from_millis(150));
}

#[test]
fn every_end_has_its_word() {
    let cases: [(&[&str], &str, i32, &str); 6] = [
        (&[], "exit 0", 0, ""),
        (&[], "exit 255", 255, "255"),
        (&[], "ulimit -c 0; kill -TERM $$", -15, "143"),
        (&["--ok-exit", "0,3"], "exit 3", 3, ""),
        (&["--fail-if-output", "bad"], "echo bad >&2; exit 0", 0, "fail"),
        (&["--tolerate", "1"], "exit 5", 5, "log"),
    ];
    for (flags, script, code, word) in cases {
        let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
        assert_eq!(run(&home, &receiver, flags, script).status, code, "{script}");
        assert_eq!(receiver.words(), [word], "{flags:?} {script}");
    }
}

#[test]
fn a_job_that_cannot_be_started_is_told_with_its_reason() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let url = receiver.ping_url();
    let seen = Seen::of(&mut home.hb(&["run", "--to", &url, "m", "--", "no-such-program"]));
    assert_eq!(seen.status, 127);
    let request = receiver.only();
    assert_eq!(request.word(), "127");
    assert!(request.text().contains("no-such-program"), "{}", request.text());
    assert!(request.text().contains("PATH"), "{}", request.text());
}

/// How soon the job's first line came, and how long hb lived; the best of three, because the
/// machine does other things too.
fn soonest(receiver: &FakeReceiver) -> (Duration, Duration, Seen, Home) {
    let url = receiver.ping_url();
    let mut best: Option<(Duration, Duration, Seen, Home)> = None;
    for _ in 0..3 {
        let home = Home::new();
        let words = ["run", "--to", &url, "--report-timeout", "1s", "m", "--"];
        let words = [&words[..], &["sh", "-c", "echo first; sleep 0.1; exit 7"]].concat();
        let began = Instant::now();
        let mut child = home
            .hb(&words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hb can be started");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line");
        let first = began.elapsed();
        assert_eq!(line, "first\n");
        let seen = Seen::from(child.wait_with_output().expect("it ends"));
        let lived = began.elapsed();
        if best.as_ref().is_none_or(|(known, ..)| first < *known) {
            best = Some((first, lived, seen, home));
        }
        if first < Duration::from_millis(200) {
            break;
        }
    }
    best.expect("three tries")
}

#[test]
fn the_job_never_waits_for_a_receiver_that_hangs() {
    for step in [Step::HalfOpen, Step::BlackHole, Step::Slow(Duration::from_millis(500))] {
        let receiver = FakeReceiver::always(&step).hearing_starts();
        let (first, lived, seen, home) = soonest(&receiver);
        assert!(first < Duration::from_millis(200), "{step:?}: {first:?}");
        // The budget, the time of the job, and room for a busy machine.
        assert!(lived < Duration::from_millis(2500), "{step:?}: {lived:?}");
        assert_eq!(seen.status, 7, "{step:?}");
        assert_eq!(seen.stderr, kept("failure", &receiver, "no answer in time"), "{step:?}");
        assert_eq!(waiting(&home)[0]["event"], "failure", "{step:?}");
        assert_eq!(waiting(&home).as_array().map(Vec::len), Some(1), "{step:?}");
    }
}

#[test]
fn trouble_that_passes_is_tried_again_with_the_same_request() {
    for step in [status(500), status(408), status(425), status(503), Step::Lost, Step::Reset] {
        let script = [step.clone(), step.clone(), Step::Ok];
        let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "m", "--", "sh", "-c", "echo out >&2; exit 3"];
        check(&mut home.hb(&words), 3, "", "out\n");
        let requests = receiver.requests();
        let last = requests.last().expect("a request");
        assert_eq!(receiver.connections(), 3, "{step:?}");
        for request in &requests {
            assert_eq!((&request.target, &request.body), (&last.target, &last.body), "{step:?}");
        }
        assert_eq!(home.last_run()["deliveries"][0]["result"], "delivered");
        assert_eq!(waiting(&home), serde_json::json!([]));
    }
}

#[test]
fn a_receiver_is_left_alone_for_as_long_as_it_wants() {
    let script = [with_header(429, "Retry-After", "1"), Step::Ok];
    let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
    let url = receiver.ping_url();
    check(&mut home.hb(&["run", "--to", &url, "m", "--", "true"]), 0, "", "");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1));
}

#[test]
fn a_receiver_that_wants_to_be_left_alone_for_long_is_not_asked_again_by_this_run() {
    let script = [with_header(429, "Retry-After", "3600"), Step::Ok];
    let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
    let seen = run(&home, &receiver, &[], "exit 0");
    assert_eq!(seen.stderr, kept("success", &receiver, "the server answered 429"));
    assert_eq!(receiver.connections(), 1);
    assert_eq!(waiting(&home)[0]["why"], "the server answered 429");
}

#[test]
fn what_is_refused_for_good_is_said_and_not_kept() {
    for (code, meaning) in [
        (400, "it will not take this event"),
        (401, "the key is not accepted"),
        (403, "the key is not accepted"),
        (404, "no such check; is the URL or the key right?"),
        (409, "the slug names more than one check"),
        (410, "the check was deleted"),
    ] {
        let (home, receiver) = (Home::new(), FakeReceiver::new(&[status(code)]));
        let host = receiver.host();
        let why = format!("the server answered {code}: {meaning}");
        let warning = format!("hb: warning: `http://{host}/****` refused the success: {why}\n");
        assert_eq!(run(&home, &receiver, &[], "exit 0"), Seen { stderr: warning, ..silent(0) });
        assert_eq!(receiver.connections(), 1);
        assert_eq!(waiting(&home), serde_json::json!([]));
        let told = &home.last_run()["deliveries"][0];
        assert_eq!((&told["result"], &told["detail"]), (&"refused".into(), &why.into()));
    }
}

#[test]
fn a_body_that_is_too_large_is_halved_until_it_fits() {
    let script = [status(413), status(413), Step::Ok];
    let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
    assert_eq!(run(&home, &receiver, &[], "seq 1 9999 >&2; exit 1").status, 1);
    let sizes: Vec<usize> = receiver.requests().iter().map(|request| request.body.len()).collect();
    assert!(sizes[0] > 5000 && sizes[0] <= 10_000, "{sizes:?}");
    assert!(sizes[1] <= sizes[0] / 2 && sizes[2] <= sizes[1] / 2 && sizes[2] > 1000, "{sizes:?}");
    assert!(receiver.requests()[2].text().ends_with("9998\n9999\n"));
}

#[test]
fn a_body_limit_is_learnt_and_the_end_is_what_is_kept() {
    let script = [with_header(200, "Ping-Body-Limit", "500")];
    let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
    for _ in 0..2 {
        assert_eq!(run(&home, &receiver, &[], "seq 1 9999 >&2; exit 1").status, 1);
    }
    let requests = receiver.requests();
    assert!(requests[0].body.len() > 5000);
    assert!((400..=500).contains(&requests[1].body.len()), "{}", requests[1].body.len());
    for request in requests {
        assert!(request.text().starts_with("exited with 1"), "{}", request.text());
        assert!(request.text().ends_with("9998\n9999\n"), "{}", request.text());
    }
}

#[test]
fn a_receiver_that_hangs_delays_no_other() {
    let hanging = FakeReceiver::new(&[Step::HalfOpen]);
    let good = FakeReceiver::new(&[Step::Ok]).hearing_starts();
    let home = Home::new();
    let (first, second) = (hanging.ping_url(), good.ping_url());
    let words = ["run", "--to", &first, "--to", &second, "--report-timeout", "1s"];
    let began = Instant::now();
    let seen =
        Seen::of(&mut home.hb(&[&words[..], &["m", "--", "sh", "-c", "sleep 0.2"]].concat()));
    assert_eq!(seen.stderr, kept("success", &hanging, "no answer in time"));
    assert_eq!(good.words(), ["start", ""]);
    assert!(good.requests()[1].at - began < Duration::from_secs(1));
    assert_eq!(waiting(&home)[0]["target"], format!("http://{}/****", hanging.host()));
    assert_eq!(waiting(&home).as_array().map(Vec::len), Some(1));
}

#[test]
fn nobody_at_home_means_kept_and_nothing_else_changes() {
    let home = Home::new();
    let receiver = FakeReceiver::new(&[Step::Ok]);
    let (url, host) = (receiver.ping_url(), receiver.host());
    drop(receiver);
    let words = ["run", "--to", &url, "--report-timeout", "1s", "m", "--", "sh", "-c", "echo x"];
    let warning = format!(
        "hb: warning: the success was not delivered to `http://{host}/****` \
         (Connection refused); it is kept and sent later\n"
    );
    check(&mut home.hb(&words), 0, "x\n", &warning);
    assert_eq!(home.last_run()["deliveries"][0]["result"], "spooled");
}

#[test]
fn a_signal_shortens_the_report_and_changes_no_status() {
    let receiver = FakeReceiver::always(&Step::HalfOpen);
    let home = Home::new();
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "--report-timeout", "60s", "m", "--", "sh", "-c", "exit 7"];
    let mut run = home.hb(&words).stderr(Stdio::piped()).spawn().expect("started");
    let began = Instant::now();
    while receiver.requests().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "nothing was told");
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..2 {
        let pid = run.id().to_string();
        assert_eq!(Seen::of(home.program("kill").args(["-TERM", &pid])).status, 0);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(run.wait().expect("it ends").code(), Some(7));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(waiting(&home)[0]["event"], "failure");
}

#[test]
fn a_ticket_that_somebody_holds_for_ever_holds_up_no_job() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let url = receiver.ping_url();
    let words = ["run", "--tolerate", "1", "--to", &url, "m", "--", "sh", "-c", "exit 7"];
    check(&mut home.hb(&words), 7, "", "");
    let mut held = Vec::new();
    for room in ["locks", "counters"] {
        for entry in std::fs::read_dir(home.path("state").join(room)).expect("there").flatten() {
            let file = std::fs::File::open(entry.path()).expect("opened");
            file.try_lock().expect("nobody holds it");
            held.push(file);
        }
    }
    let began = Instant::now();
    let seen = Seen::of(home.program("timeout").arg("-sKILL").arg("5").arg("hb").args(words));
    assert_eq!((seen.status, began.elapsed() < Duration::from_secs(4)), (7, true), "{seen:?}");
    assert_eq!(receiver.words(), ["log", "7"]);
}
