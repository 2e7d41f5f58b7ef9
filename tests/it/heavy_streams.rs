//! Streams that bring more than hb reads by hand: whole and in order at their end, with an exact tail,
//! however they are cut, however slow their reader is, and when he goes.

use std::process::Stdio;

use crate::hb::{Home, Seen, check};

/// Writes in pieces of every size, in gushes and in trickles, to both streams in turn. Ends in the
/// middle of whichever it is: the number of phases is an argument.
const JOB: &str = r#"
import os, random, sys
random.seed(7)
count = 0
def put(stream, size):
    global count
    data = bytearray()
    while len(data) < size:
        data += b"%07d\n" % count
        count += 1
    data = bytes(data[:size])
    while data:
        data = data[os.write(stream, data):]
for phase in range(int(sys.argv[1])):
    if phase % 3 == 0:
        for _ in range(60): put(random.choice([1, 2]), 65536)
    elif phase % 3 == 1:
        for _ in range(700): put(random.choice([1, 2]), random.choice([1, 8, 9]))
    else:
        for _ in range(60): put(random.choice([1, 2]), random.choice([3000, 4096, 5000, 200000]))
"#;

/// The tail that a run recorded is the end of `output`, and says how much is missing.
fn check_tail(home: &Home, output: &[u8]) {
    let run = home.last_run();
    let tail = run["tail"].as_str().expect("a tail");
    let (marker, rest) = tail.split_once("]\n").expect("something was left out");
    let omitted: usize = marker
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .expect("a count of bytes");
    assert!(rest.len() > 1900, "{} bytes are kept", rest.len());
    assert_eq!(omitted + rest.len(), output.len());
    assert!(output.ends_with(rest.as_bytes()), "{rest:?}");
}

#[test]
fn a_heavy_stream_is_whole_and_its_tail_exact_wherever_it_ends() {
    let home = Home::new();
    for phases in 1..=7 {
        let phases = phases.to_string();
        let job = ["python3", "-c", JOB, &phases];
        let scene = "\"$@\" 2>&1 | cat > out";
        let words = [&["-c", scene, "bash"], &job[..]].concat();
        check(home.program("bash").args(words), 0, "", "");
        let bare = std::fs::read(home.path("out")).expect("written");
        for scene in [scene, "\"$@\" > out 2>&1", "\"$@\" >> out 2>&1", "\"$@\" > /dev/null 2>&1"] {
            std::fs::remove_file(home.path("out")).ok();
            let hb = ["hb", "run", "--tail", "2000", "m", "--"];
            let words = [&["-c", scene, "bash"], &hb[..], &job[..]].concat();
            check(home.program("bash").args(words), 0, "", "");
            if !scene.contains("null") {
                let wrapped = std::fs::read(home.path("out")).expect("written");
                assert!(wrapped == bare, "{phases} {scene}: {} bytes", wrapped.len());
            }
            check_tail(&home, &bare);
        }
    }
}

#[test]
fn a_slow_reader_gets_all_that_was_written() {
    let home = Home::new();
    for (count, options) in [("60000", &[][..]), ("300000", &["--capture", "both"])] {
        // By the time that he reads, the job has ended, and the wait for its descendants is over.
        let scene = "\"$@\" 2>&1 | { sleep 0.5; wc -lc; }";
        let hb = [&["hb", "run", "--drain", "10ms"], options, &["m", "--", "seq", count]].concat();
        let words = [&["-c", scene, "bash"], &hb[..]].concat();
        let wrapped = Seen::of(home.program("bash").args(words));
        let bare = Seen::of(home.program("bash").args(["-c", scene, "bash", "seq", count]));
        assert_eq!(wrapped, bare, "{count}");
        assert_eq!(home.last_run()["notes"], serde_json::json!([]), "{count}");
    }
}

#[test]
fn a_descendant_that_never_stops_writing_is_not_waited_for() {
    let home = Home::new();
    let job = "{ echo $BASHPID > pid; exec yes >&2; } & sleep 0.2; exit 3";
    let scene = "timeout 20 \"$@\" 2>&1 | tail -c 2";
    let words = ["-c", scene, "bash", "hb", "run", "--drain", "50ms", "m", "--", "bash", "-c", job];
    check(home.program("bash").args(words), 0, "y\n", "");
    let run = home.last_run();
    assert_eq!(run["exit_code"], 3);
    assert!(run["notes"].to_string().contains("still holds the output"), "{run}");
}

#[test]
fn the_reader_of_a_heavy_stream_may_go() {
    let home = Home::new();
    let scene = "\"$@\" 2>&1 | head -c 30000000 | wc -c; echo ${PIPESTATUS[0]}";
    for wrapper in [&[][..], &["hb", "run", "m", "--"]] {
        let words = [&["-c", scene, "bash"], wrapper, &["yes"]].concat();
        check(home.program("bash").args(words), 0, "30000000\n141\n", "");
    }
    assert_eq!(home.last_run()["unix_signal"], 13);
}

#[test]
fn a_line_behind_a_heavy_stream_comes_at_once() {
    use std::io::Read;
    let home = Home::new();
    let job = "head -c 20000000 /dev/zero; echo; echo now; read -r line; exit 5";
    let mut hb = home
        .hb(&["run", "--capture", "both", "m", "--", "sh", "-c", job])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut out = hb.stdout.take().expect("piped");
    let mut bytes = vec![0u8; 20_000_005];
    // The job goes on only when its last line has arrived.
    out.read_exact(&mut bytes).expect("all of it");
    assert!(bytes.ends_with(b"\nnow\n"));
    drop(hb.stdin.take());
    assert_eq!(hb.wait().expect("ends").code(), Some(5));
}
