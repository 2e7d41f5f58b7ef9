//! In company: programs that start jobs, limit them, or hand them descriptors do with `hb run` what they
//! do with the job itself.

use crate::hb::{Home, Seen};

/// A job of one word that says what it got, on both streams, and fails.
const JOB: &str = "#!/bin/sh\necho \"out $#\"; echo err >&2; cat; exit 7\n";

fn executable(home: &Home, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = home.write(name, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
}

/// What a line of bash with `"$@"` in it does with the job, bare and through hb.
fn twice(home: &Home, line: &str) -> [Seen; 2] {
    [&[][..], &["hb", "run", "m", "--"]].map(|wrapper| {
        let words = [wrapper, &["./job"]].concat();
        Seen::of(home.program("bash").args(["-c", line, "bash"]).args(words))
    })
}

#[test]
fn a_program_that_starts_a_job_does_with_hb_what_it_does_with_the_job() {
    let home = Home::new();
    executable(&home, "job", JOB);
    for line in [
        "exec nohup \"$@\" < /dev/null",
        "exec setsid -w \"$@\"",
        "exec env -i PATH=\"$PATH\" HB_STATE_DIR=\"$HB_STATE_DIR\" \
            XDG_RUNTIME_DIR=\"$XDG_RUNTIME_DIR\" \"$@\"",
        "exec timeout 20 \"$@\"",
        "exec nice -n 1 \"$@\"",
        "exec ionice -c 3 \"$@\"",
        "exec chrt -b 0 \"$@\"",
        "exec flock lock \"$@\"",
        "exec setpriv --no-new-privs \"$@\"",
        "exec stdbuf -oL \"$@\"",
        "exec strace -f -qq -o /dev/null \"$@\"",
        "exec script -qec \"$*\" /dev/null",
        "exec script -qec \"$*\" /dev/null < /dev/null | cat",
        "exec xargs \"$@\" < /dev/null",
        "echo a b | xargs \"$@\"",
        "exec find . -maxdepth 1 -name job -exec \"$@\" {} \\;",
        "exec hb run outer -- \"$@\"",
        "exec unshare --fork --kill-child \"$@\"",
        "echo in | \"$@\" | cat; exit ${PIPESTATUS[1]}",
        "\"$@\" & wait $!",
    ] {
        let before = home.runs().len();
        let [bare, wrapped] = twice(&home, line);
        assert_eq!(wrapped, bare, "{line}");
        assert!(bare.stdout.contains("out "), "{line}: {bare:?}");
        let runs = home.runs();
        assert!(runs.len() > before, "{line}");
        assert!(runs[before..].iter().all(|run| run["exit_code"] == 7), "{line}: {runs:?}");
    }
}

#[test]
fn the_jobs_of_make_share_their_places_through_hb() {
    let home = Home::new();
    // A make that cannot reach the job server of the outer one says so, and works alone.
    home.write("Makefile", "all: a b c d\na b c d:\n\t+@$(WRAP) $(MAKE) -f inner.mk NAME=$@\n");
    home.write("inner.mk", "all: x y z\nx y z:\n\t@echo $(NAME) $@\n");
    let run = |wrapper: &str| {
        let wrapper = format!("WRAP={wrapper}");
        let words = ["-j3", "--no-print-directory", &wrapper];
        let seen = Seen::of(home.program("make").args(words));
        let mut lines: Vec<String> = seen.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        (seen.status, lines, seen.stderr)
    };
    let bare = run("");
    assert_eq!((bare.0, bare.1.len(), &*bare.2), (0, 12, ""));
    for options in ["", " --capture both", " --timeout 1m"] {
        assert_eq!(run(&format!("hb run{options} m --")), bare, "{options}");
    }
}

#[test]
fn many_jobs_of_xargs_at_once_each_come_back_as_they_were() {
    let home = Home::new();
    executable(&home, "job", "#!/bin/sh\necho \"ran $1\"\ntest \"$1\" != 13 || exit 7\n");
    let run = |wrapper: &[&str]| {
        let line = "seq 1 40 | xargs -P 8 -n 1 \"$@\"";
        let words = [&["-c", line, "bash"], wrapper, &["./job"]].concat();
        let seen = Seen::of(home.program("bash").args(words));
        let mut lines: Vec<String> = seen.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        (seen.status, lines, seen.stderr)
    };
    let bare = run(&[]);
    assert_eq!((bare.0, bare.1.len()), (123, 40));
    assert_eq!(run(&["hb", "run", "m", "--"]), bare);
    let runs = home.runs();
    let failed = runs.iter().filter(|run| run["exit_code"] == 7).count();
    assert_eq!((runs.len(), failed), (40, 1));
}
