//! What a job says about itself: that may never cost the job.
//!
//! `hb step`, `hb stage`, `hb progress` and `hb metric` write a line and are gone.

use std::time::Instant;

use crate::hb::{Home, Seen, check};

#[test]
fn stages_steps_progress_and_metrics_stand_in_the_record() {
    let home = Home::new();
    let job = "hb stage preparing; hb progress 40 --stage copying --rate 25MB/s --eta 3m
        hb metric size=45.2GB files=15420; hb step dump -- true; hb stage verifying; echo out";
    check(&mut home.hb(&["run", "m", "--", "sh", "-c", job]), 0, "out\n", "");
    let run = home.last_run();
    let names: Vec<&str> = run["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|stage| stage["name"].as_str())
        .collect();
    assert_eq!(names, ["preparing", "copying", "dump", "verifying"]);
    assert_eq!(
        (&run["metrics"]["size"], &run["metrics"]["files"]),
        (&45_200_000_000u64.into(), &15420.into())
    );
    assert_eq!(run["outcome"], "success");
}

#[test]
fn a_stage_that_began_at_once_is_not_taken_for_one_of_the_end() {
    let home = Home::new();
    let job = "echo stage=copying >> \"$HB_RUN_DIR/metrics\"; sleep 2";
    check(&mut home.hb(&["run", "m", "--", "sh", "-c", job]), 0, "", "");
    let run = home.last_run();
    // On a crowded host hb listens only after a second.
    let began = run["stages"][0]["after_s"].as_f64().expect("a time");
    assert!(began < 1.5, "{run:#}");
}

#[test]
fn a_failed_step_makes_the_run_failed_and_comes_back_as_it_was() {
    let home = Home::new();
    let job = "hb step one -- sh -c 'echo out; echo err >&2; exit 7'; echo $?
        hb step two -- sh -c 'kill -TERM $$'; echo $?; hb step three -- /no/such; echo $?; exit 0";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", job]));
    assert_eq!((seen.status, &*seen.stdout), (0, "out\n7\n143\n127\n"));
    assert!(seen.stderr.starts_with("err\n"), "{seen:?}");
    let run = home.last_run();
    assert_eq!(run["message"], "step `one` exited with 7 (and 2 more)");
    assert_eq!((&run["outcome"], &run["reason"]), (&"failure".into(), &"step".into()));
    let codes: Vec<_> = run["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| step["exit_code"].clone())
        .collect();
    assert_eq!(codes, [7, 143, 127]);
}

#[test]
fn words_outside_of_a_run_cost_nothing_and_fail_nothing() {
    let home = Home::new();
    for words in [
        &["stage", "copying"][..],
        &["progress", "40"],
        &["metric", "size=1GB"],
        &["step", "one", "--", "true"],
    ] {
        check(&mut home.hb(words), 0, "", "");
        for directory in ["/no/such", "/dev/null", "/proc"] {
            check(home.hb(words).env("HB_RUN_DIR", directory), 0, "", "");
        }
    }
    check(&mut home.hb(&["step", "one", "--", "sh", "-c", "echo out; exit 5"]), 5, "out\n", "");
    check(&mut home.hb(&["progress", "140"]), 64, "", "hb: `140` is not a number from 0 to 100\n");
    assert!(!home.path("state").exists(), "nothing is remembered of words alone");
}

#[test]
fn a_word_of_the_job_costs_a_few_milliseconds() {
    let home = Home::new();
    let job = "i=0; while [ $i -lt 50 ]; do hb progress $i; i=$((i+1)); done";
    let since = Instant::now();
    check(&mut home.hb(&["run", "m", "--", "sh", "-c", job]), 0, "", "");
    // A debug build on a busy machine takes some 5 ms for each; 60 would be a wait for something.
    assert!(since.elapsed().as_millis() < 50 * 60, "{:?}", since.elapsed());
}

#[test]
fn a_job_that_abuses_its_directory_harms_nobody() {
    let home = Home::new();
    for job in [
        "rm -r \"$HB_RUN_DIR\"; hb stage x; echo out; exit 3",
        "rm \"$HB_RUN_DIR/metrics\"; ln -s /etc/passwd \"$HB_RUN_DIR/metrics\"; hb stage x; echo out; exit 3",
        "rm \"$HB_RUN_DIR/metrics\"; mkfifo \"$HB_RUN_DIR/metrics\"; hb stage x; echo out; exit 3",
        "head -c 9000000 /dev/urandom > \"$HB_RUN_DIR/metrics\"; echo out; exit 3",
        "yes progress=1 | head -c 9000000 > \"$HB_RUN_DIR/metrics\"; echo out; exit 3",
        "chmod 0 \"$HB_RUN_DIR\"; echo out; exit 3",
    ] {
        check(&mut home.hb(&["run", "m", "--", "sh", "-c", job]), 3, "out\n", "");
        assert_eq!(home.last_run()["exit_code"], 3, "{job}");
    }
    assert!(!std::fs::read_to_string("/etc/passwd").expect("readable").contains("stage="));
}

#[test]
fn a_run_within_a_run_knows_its_parent() {
    let home = Home::new();
    check(
        &mut home.hb(&["run", "outer", "--", "hb", "run", "inner", "--", "echo", "hi"]),
        0,
        "hi\n",
        "",
    );
    let runs = home.runs();
    let of = |monitor: &str| runs.iter().find(|run| run["monitor"] == monitor).expect("recorded");
    assert_eq!(of("inner")["parent_run_id"], of("outer")["run_id"]);
    assert!(of("outer")["parent_run_id"].is_null());
}
