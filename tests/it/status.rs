//! The start of a job and its way back: what is run, with which arguments, in which world.
//!
//! Wherever it can be had, the expectation is the same command run bare: a shell sets the scene,
//! then becomes either the job or `hb` with the job. The hard part is a scene that `hb` itself could
//! not live in (no descriptors, no memory): even there the job has to come out the same.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::hb::{Home, Seen, check};

/// What the scene, and then the job, does bare and through hb. The job's words come as `"$@"`.
fn twice(home: &Home, scene: &str, job: &[&str]) -> [Seen; 2] {
    [&[][..], &["hb", "run", "m", "--"]].map(|wrapper| {
        let words = wrapper.iter().chain(job);
        Seen::of(home.program("sh").args(["-c", scene, "sh"]).args(words))
    })
}

fn same_as_bare(home: &Home, scene: &str, job: &[&str]) -> Seen {
    let [bare, wrapped] = twice(home, scene, job);
    assert_eq!(wrapped, bare, "{scene} {job:?}");
    bare
}

fn executable(home: &Home, name: &str, text: &str) {
    let path = home.write(name, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
}

#[test]
fn what_cannot_be_started_says_why_and_exits_as_a_shell_would() {
    let home = Home::new();
    std::fs::create_dir(home.path("directory")).expect("mkdir");
    home.write("plain", "x");
    symlink("loop", home.path("loop")).expect("symlink");
    let long = "n".repeat(300);
    for (command, status, why) in [
        ("./missing", 127, "no such file or directory"),
        ("./missing/x", 127, "no such file or directory"),
        ("./plain/x", 127, "not a directory"),
        ("./two words", 127, "no such file or directory"),
        ("./directory", 126, "permission denied"),
        ("./plain", 126, "permission denied"),
        ("./loop", 126, "too many symbolic links encountered"),
        (&*format!("./{long}"), 126, "file name too long"),
    ] {
        let message = format!("cannot run `{command}`: {why}");
        check(&mut home.hb(&["run", "m", "--", command]), status, "", &format!("hb: {message}\n"));
        let run = home.last_run();
        assert_eq!((&run["reason"], &run["message"]), (&"exec_failed".into(), &message.into()));
        assert_eq!(run["exit_code"], status);
    }
}

#[test]
fn a_word_not_in_the_path_is_told_with_the_path() {
    let home = Home::new();
    for word in ["no-such-program", ""] {
        let message = format!("hb: cannot run `{word}`: not found in PATH=/nowhere:/bin\n");
        let mut command = home.hb(&["run", "m", "--", word]);
        check(command.env("PATH", "/nowhere:/bin"), 127, "", &message);
    }
    let message = "hb: cannot run `no-such-program`: not found in PATH=/bin:/usr/bin\n";
    let mut command = home.hb(&["run", "m", "--", "no-such-program"]);
    check(command.env_remove("PATH"), 127, "", message);
}

#[test]
fn a_file_in_the_path_that_may_not_be_run_is_named() {
    let home = Home::new();
    home.write("a/tool", "echo wrong");
    let path = home.path("a").display().to_string();
    let message = format!("hb: cannot run `tool`: `{path}/tool`: permission denied\n");
    check(home.hb(&["run", "m", "--", "tool"]).env("PATH", &path), 126, "", &message);
    executable(&home, "b/tool", "#!/bin/sh\necho right");
    let both = format!("{path}:{}", home.path("b").display());
    check(home.hb(&["run", "m", "--", "tool"]).env("PATH", both), 0, "right\n", "");
}

#[test]
fn a_script_whose_interpreter_is_missing_says_so() {
    let home = Home::new();
    executable(&home, "bad", "#!/no/such/interpreter\n");
    executable(&home, "dos", "#!/bin/sh\r\necho hi\r\n");
    for (command, path) in [("./bad", "/bin"), ("./dos", "/bin"), ("dos", ".:/bin")] {
        let file = if command.contains('/') { command } else { "./dos" };
        let message = format!(
            "hb: cannot run `{command}`: the interpreter that `{file}` names is not there\n"
        );
        check(home.hb(&["run", "m", "--", command]).env("PATH", path), 127, "", &message);
    }
}

#[test]
fn a_script_without_a_first_line_goes_through_sh() {
    let home = Home::new();
    executable(&home, "empty", "");
    executable(&home, "script", "echo \"$0\" \"$@\"\nexit 7\n");
    check(&mut home.hb(&["run", "m", "--", "./empty"]), 0, "", "");
    check(&mut home.hb(&["run", "m", "--", "./script", "a  b", ""]), 7, "./script a  b \n", "");
    let mut by_path = home.hb(&["run", "m", "--", "script"]);
    check(by_path.env("PATH", "/nowhere::/bin"), 7, "script\n", "");
}

#[test]
fn an_empty_part_of_the_path_is_this_directory() {
    let home = Home::new();
    executable(&home, "here", "#!/bin/sh\necho \"$0\"\n");
    executable(&home, "two words", "#!/bin/sh\necho \"$0\"\n");
    for path in ["", ":/bin", "/bin:", "/bin::/usr/bin"] {
        let bare = Seen::of(home.program("/bin/sh").args(["-c", "exec here"]).env("PATH", path));
        assert_eq!(bare.status, 0, "PATH={path}");
        check(home.hb(&["run", "m", "--", "here"]).env("PATH", path), 0, &bare.stdout, "");
    }
    check(&mut home.hb(&["run", "m", "--", "./two words"]), 0, "./two words\n", "");
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let home = Home::new();
    let latin = OsString::from_vec(b"caf\xe9 \xff\xfe".to_vec());
    let mut words: Vec<OsString> =
        ["run", "m", "--", "sh", "-c", "printf '%s\\0' \"$@\"", "sh"].map(OsString::from).to_vec();
    let texts = ["", " a ", "two\nlines", "--", "-x", "--quiet", "*", "$f", "'\"`", "\\", "\t"];
    let mut job: Vec<OsString> = texts.iter().map(OsString::from).collect();
    job.push(latin);
    // The longest single argument that Linux takes, with its final NUL: 128 KiB.
    job.push("x".repeat(128 * 1024 - 1).into());
    words.extend(job.clone());
    let output = home.hb_os(&words).output().expect("started");
    let expected: Vec<u8> =
        job.into_iter().flat_map(|word| [word.into_vec(), vec![0]].concat()).collect();
    assert!(output.stdout == expected, "the arguments differ");
    assert!(output.status.success() && output.stderr.is_empty());
}

#[test]
fn too_many_arguments_for_the_kernel_are_told() {
    let home = Home::new();
    // hb itself gets them in a file: a shell cannot start it with them either.
    let scene = "ulimit -s 256; exec \"$@\"";
    let script = "exec hb run m -- sh -c 'exec true $(seq 100000)'";
    let seen = same_as_bare(&home, scene, &["sh", "-c", "true $(seq 100000)"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let seen = Seen::of(home.program("sh").args(["-c", scene, "sh", "sh", "-c", script]));
    assert_eq!(seen.status, 126, "{}", seen.stderr);
    assert_eq!(home.last_run()["exit_code"], 126);
}

#[test]
fn a_directory_that_is_gone_or_locked_is_no_obstacle() {
    let home = Home::new();
    let scene = "mkdir d && cd d && rmdir ../d && exec \"$@\"";
    let seen = same_as_bare(&home, scene, &["readlink", "/proc/self/cwd"]);
    assert!(seen.stdout.ends_with("/d (deleted)\n"), "{seen:?}");
}

/// Becomes its arguments in an environment that no shell can make.
const ENVIRONMENT: &str = r#"
import ctypes, os, sys
def array(words):
    return (ctypes.c_char_p * (len(words) + 1))(*words, None)
entries = [b'A=first', b'A=second', b'BYTES=\xff\xfe', b'EMPTY=', b'no-equals-sign', b'HB_KEY=hidden']
entries += [b'LONG%d=' % n + b'x' * 100000 for n in range(10)]
entries += [os.environb[b'HB_' + n].join([b'HB_' + n + b'=', b'']) for n in (b'STATE_DIR', b'CONFIG')]
ctypes.CDLL(None).execve(os.fsencode(sys.argv[1]), array([os.fsencode(w) for w in sys.argv[1:]]), array(entries))
"#;

#[test]
fn the_environment_arrives_entry_for_entry_without_hb_s_secrets() {
    let home = Home::new();
    let hb = crate::hb::binary().display().to_string();
    let environment = |wrapper: &[&str]| {
        let mut command = home.program("python3");
        command.args(["-c", ENVIRONMENT]).args(wrapper).args(["/bin/cat", "/proc/self/environ"]);
        let output = command.output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let entries = output.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec);
        entries.collect::<Vec<Vec<u8>>>()
    };
    let mut bare = environment(&[]);
    assert!(bare.contains(&b"HB_KEY=hidden".to_vec()));
    bare.retain(|entry| entry != b"HB_KEY=hidden");
    let mut wrapped = environment(&[&hb, "run", "m", "--"]);
    let own = [&b"HB_RUN_ID="[..], b"HB_MONITOR=m", b"HB_RUN_DIR="];
    let added = wrapped.iter().filter(|entry| own.iter().any(|name| entry.starts_with(name)));
    assert_eq!(added.count(), 3);
    wrapped.retain(|entry| !own.iter().any(|name| entry.starts_with(name)));
    assert!(wrapped == bare, "the environments differ");
    assert!(bare.iter().map(Vec::len).sum::<usize>() > 1_000_000);
}

#[test]
fn a_ping_url_is_out_of_sight_before_the_job_starts() {
    let home = Home::new();
    // A port that nobody listens on, because its listener is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/7c8f4b1e-0000-4000-8000-000000000001");
    let shown =
        format!("run --report-timeout 10ms http://127.0.0.1:{port}/{} -- sh", "*".repeat(36));
    let job = "tr '\\0' ' ' < /proc/$PPID/cmdline";
    let words = ["run", "--report-timeout", "10ms", &url, "--", "sh", "-c", job];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 0);
    assert!(seen.stdout.contains(&shown), "{}", seen.stdout);
    assert!(!format!("{}{}", seen.stdout, seen.stderr).contains("7c8f4b1e"));
}

/// Writes the numbers and, beyond stderr, the targets of its descriptors into the file `$1`.
const DESCRIPTORS: &str = "found=; for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do \
     [ -L /proc/$$/fd/$n ] || continue; found=\"$found $n\"; \
     [ $n -lt 3 ] || found=\"$found=$(readlink /proc/$$/fd/$n)\"; done; \
     echo $found > \"$1\"; echo out; echo err >&2; cat; exit 3";

#[test]
fn closed_standard_descriptors_stay_closed() {
    let home = Home::new();
    for combination in 0..8 {
        let closed: Vec<&str> = ["0<&-", "1>&-", "2>&-"]
            .into_iter()
            .enumerate()
            .filter(|(number, _)| combination & (1 << number) != 0)
            .map(|(_, word)| word)
            .collect();
        let scene = format!("\"$@\" {}", closed.join(" "));
        let found = ["bare", "wrapped"].map(|name| home.path(name).display().to_string());
        let [bare, _] = twice(&home, &scene, &["sh", "-c", DESCRIPTORS, "sh", &found[0]]);
        let [_, wrapped] = twice(&home, &scene, &["sh", "-c", DESCRIPTORS, "sh", &found[1]]);
        assert_eq!(wrapped, bare, "{scene}");
        let [bare, wrapped] = found.map(|path| std::fs::read_to_string(path).expect("written"));
        assert_eq!(wrapped, bare, "{scene}");
        assert_eq!(home.last_run()["exit_code"], 3);
    }
}

#[test]
fn the_caller_s_descriptors_reach_the_job_and_hb_s_own_do_not() {
    let home = Home::new();
    let scene = "exec 3</dev/zero 4</dev/null 5<&4 6</dev/full 7</ 8</proc/version 9</dev/null; \
         found=$1; shift; \"$@\" < /dev/null; cat \"$found\"";
    let found = home.path("found").display().to_string();
    let job = ["sh", "-c", DESCRIPTORS, "sh", &found];
    let [bare, wrapped] = [&[&*found][..], &[&found, "hb", "run", "m", "--"]].map(|wrapper| {
        let words = wrapper.iter().chain(&job);
        Seen::of(home.program("sh").args(["-c", scene, "sh"]).args(words))
    });
    assert_eq!(wrapped, bare);
    assert!(bare.stdout.contains("3=/dev/zero 4=/dev/null"), "{}", bare.stdout);
}

#[test]
fn a_job_runs_under_the_limits_that_hb_was_given() {
    let home = Home::new();
    // With so few descriptors hb cannot record or read anything; the job does not know.
    for limit in 4..=8 {
        let scene = format!("ulimit -n {limit}; exec \"$@\"");
        let seen = same_but_for_warnings(&home, &scene, &["sh", "-c", "ulimit -n; exit 5"]);
        assert_eq!((seen.status, seen.stdout), (5, format!("{limit}\n")));
    }
    for limit in [0, 1, 8] {
        let scene = format!("ulimit -f {limit}; exec \"$@\"");
        let job = "ulimit -f; ulimit -c 0; head -c 100000 /dev/zero > big";
        let seen = same_but_for_warnings(&home, &scene, &["sh", "-c", job]);
        assert_eq!(seen.status, 128 + 25, "head dies of SIGXFSZ");
    }
    let scene = "ulimit -v 262144; exec \"$@\"";
    let seen = same_as_bare(&home, scene, &["sh", "-c", "ulimit -v; exit 6"]);
    assert_eq!((seen.status, &*seen.stdout), (6, "262144\n"));
}

/// hb may say what it could not do; it says nothing else, and the job does the same.
fn same_but_for_warnings(home: &Home, scene: &str, job: &[&str]) -> Seen {
    let [bare, mut wrapped] = twice(home, scene, job);
    let own = |line: &&str| !line.starts_with("hb: warning: ");
    wrapped.stderr = wrapped.stderr.split_inclusive('\n').filter(own).collect::<Vec<_>>().concat();
    assert_eq!(wrapped, bare, "{scene}");
    bare
}

#[test]
fn variables_that_lie_in_the_directory_are_nobody_s() {
    let home = Home::new();
    for name in [".env", ".envrc", "hb.toml", ".hb.toml", "config.toml.bak"] {
        home.write(name, "HB_TO=http://127.0.0.1:1/ping/x\nSECRET=1\n[defaults]\nto = [\"x\"]\n");
    }
    let seen =
        same_as_bare(&home, "exec \"$@\"", &["sh", "-c", "echo ${SECRET-unset} ${HB_TO-unset}"]);
    assert_eq!(seen.stdout, "unset unset\n");
    assert_eq!(home.last_run()["deliveries"], serde_json::json!([]));
}
