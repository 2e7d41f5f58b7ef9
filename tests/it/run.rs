//! A job runs exactly as it would bare: its status, its streams, its arguments.

use crate::hb::{Home, Seen, check};

#[test]
fn the_readme_s_first_line_works() {
    let home = Home::new();
    check(&mut home.hb(&["run", "hello", "--", "echo", "hi"]), 0, "hi\n", "");
    assert_eq!(home.last_run()["outcome"], "success");
}

#[test]
fn every_exit_code_comes_back() {
    let home = Home::new();
    for code in 0..=255 {
        let script = format!("exit {code}");
        check(&mut home.hb(&["run", "m", "--", "sh", "-c", &script]), code, "", "");
    }
    assert_eq!(home.runs().len(), 256);
}

#[test]
fn a_death_by_signal_is_passed_on() {
    let home = Home::new();
    for signal in [1, 2, 3, 6, 9, 10, 11, 12, 13, 14, 15, 34, 64] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let seen = Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", &script]));
        assert_eq!((seen.status, &*seen.stderr), (-signal, ""), "signal {signal}");
        assert_eq!(home.last_run()["unix_signal"], signal);
    }
}

#[test]
fn a_broken_configuration_keeps_no_job_from_running_unless_strict() {
    let home = Home::new();
    home.config("[defaults]\nretyr = 3\n");
    let path = home.path("config.toml").display().to_string();
    let mistake = format!("config `{path}`: line 2: unknown key `retyr`");
    let warning = format!("hb: warning: {mistake}; did you mean `retry`?\n");
    check(&mut home.hb(&["run", "m", "--", "echo", "hi"]), 0, "hi\n", &warning);
    let refusal = format!(
        "hb: {mistake}\nhint: did you mean `retry`?\n\
         hb: the job was not run, because `--strict` was given\n"
    );
    check(&mut home.hb(&["run", "--strict", "m", "--", "echo", "hi"]), 78, "", &refusal);
}

#[test]
fn a_shell_script_needs_nothing_but_echo_to_say_what_it_measured() {
    let home = Home::new();
    let script =
        "hb run m -- sh -c 'echo size=45.2GB >> \"$HB_RUN_DIR/metrics\"; hb stage copying'";
    check(home.program("sh").args(["-c", script]), 0, "", "");
    let run = home.last_run();
    assert_eq!(run["metrics"]["size"], 45.2e9);
    assert_eq!(run["stages"][0]["name"], "copying");
}

#[test]
fn a_job_that_dumps_its_core_leaves_no_core_of_hb_s() {
    use std::os::unix::process::ExitStatusExt;
    let home = Home::new();
    let scene = "ulimit -c unlimited; exec \"$@\"";
    let job = ["sh", "-c", "kill -SEGV $$"];
    let cores = |wrapper: &[&str]| {
        let place = home.path(format!("cores{}", wrapper.len()));
        std::fs::create_dir(&place).expect("made");
        let mut command = home.program("sh");
        command.current_dir(&place).args(["-c", scene, "sh"]).args(wrapper).args(job);
        let status = command.status().expect("started");
        assert_eq!(status.signal(), Some(11), "{wrapper:?}");
        (std::fs::read_dir(&place).expect("there").count(), status.core_dumped())
    };
    let (bare, _) = cores(&[]);
    assert_eq!(cores(&["hb", "run", "m", "--"]), (bare, false));
    // Where cores go to a program, no limit counts: then hb must not be one that can be dumped.
    let trace = home.path("trace").display().to_string();
    let mut command = home.program("strace");
    command.args(["-qq", "-o", &trace, "-e", "trace=prctl", "hb", "run", "m", "--"]).args(job);
    assert_eq!(Seen::of(&mut command).status, -11);
    let calls = std::fs::read_to_string(&trace).expect("a trace");
    assert!(calls.contains("PR_SET_DUMPABLE, SUID_DUMP_DISABLE"), "{calls}");
}
