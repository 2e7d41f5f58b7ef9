//! What `hb run` costs, against the bare command, in one interleaved run.
//!
//!     cargo build --release --target x86_64-unknown-linux-musl
//!     cargo bench --bench cost -- target/x86_64-unknown-linux-musl/release/hb
//!
//! Machines are noisy: each round runs every variant once, and medians are printed. CPU time is that
//! of the whole tree, as the kernel gives it to the parent. Nothing here passes or fails.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod receivers;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds of the variants that take a millisecond.
const ROUNDS: usize = 200;

/// Rounds of those that move a gigabyte.
const STREAM_ROUNDS: usize = 5;

fn main() {
    let given = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let hb = given.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_hb")), PathBuf::from);
    let hb = hb.canonicalize().expect("the binary to measure is there").display().to_string();
    let state = std::env::temp_dir().join(format!("hb-bench-{}", std::process::id()));
    let url = receivers::plain();
    let bench = Bench { state };
    println!("measuring {hb}, medians of {ROUNDS} interleaved rounds");
    let (secure, certificate) = receivers::secure(&bench.state);
    start(&bench, &hb, &url, &secure, &certificate);
    delay(&bench, &hb);
    memory(&bench, &hb, &url, &secure, &certificate);
    streams(&bench, &hb);
    herd(&bench, &hb);
    let _ = std::fs::remove_dir_all(&bench.state);
}

struct Bench {
    state: PathBuf,
}

/// One measured run.
struct Spent {
    wall: Duration,
    cpu: Duration,
}

impl Bench {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env("HB_STATE_DIR", &self.state).env("HB_CONFIG", "/dev/null");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn spend(&self, words: &[&str]) -> Spent {
        let before = children_cpu();
        let began = Instant::now();
        self.command(words).status().expect("the command runs");
        Spent { wall: began.elapsed(), cpu: children_cpu() - before }
    }
}

fn children_cpu() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    let part = |time: nix::sys::time::TimeVal| {
        Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64)
    };
    part(usage.user_time()) + part(usage.system_time())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// The cost of one short job.
fn start(bench: &Bench, hb: &str, url: &str, secure: &str, ca: &str) {
    let https = vec![hb, "run", "m", "--ca-file", ca, "--to", secure, "--", "/bin/true"];
    let variants: [(&str, Vec<&str>); 4] = [
        ("true", vec!["/bin/true"]),
        ("hb run m -- true", vec![hb, "run", "m", "--", "/bin/true"]),
        ("hb run m --to http://… -- true", vec![hb, "run", "m", "--to", url, "--", "/bin/true"]),
        ("hb run m --to https://… -- true", https),
    ];
    let mut spent: Vec<Vec<Spent>> = variants.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS + 5 {
        for (index, (_, words)) in variants.iter().enumerate() {
            let one = bench.spend(words);
            if round >= 5 {
                spent[index].push(one);
            }
        }
    }
    let cpu = |index: usize| median(spent[index].iter().map(|one| ms(one.cpu)).collect());
    let wall = |index: usize| median(spent[index].iter().map(|one| ms(one.wall)).collect());
    for (index, (name, _)) in variants.iter().enumerate() {
        let over = cpu(index) - cpu(0);
        println!(
            "{name:<34} CPU {:.2} ms (over bare {over:.2}), wall {:.2} ms",
            cpu(index),
            wall(index)
        );
    }
}

/// How much later a job starts: the moment that `date` sees, less the moment before the start.
fn delay(bench: &Bench, hb: &str) {
    let seen_after = |words: &[&str]| {
        let before = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos();
        let output = bench.command(words).stdout(Stdio::piped()).output().expect("it runs");
        let seen: u128 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a moment");
        (seen - before) as f64 / 1e6
    };
    let (mut bare, mut through) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(seen_after(&["/bin/date", "+%s%N"]));
        through.push(seen_after(&[hb, "run", "m", "--", "/bin/date", "+%s%N"]));
    }
    println!("the job starts {:.2} ms later than bare", median(through) - median(bare));
}

/// The memory of hb beside a job that sleeps.
fn memory(bench: &Bench, hb: &str, url: &str, secure: &str, ca: &str) {
    for (name, words) in [
        ("no receiver", vec![hb, "run", "m", "--", "sleep", "0.5"]),
        ("http", vec![hb, "run", "m", "--to", url, "--", "sleep", "0.5"]),
        ("https", vec![hb, "run", "m", "--ca-file", ca, "--to", secure, "--", "sleep", "0.5"]),
    ] {
        let mut child = bench.command(&words).spawn().expect("hb runs");
        let (mut peak, mut beside) = (0, 0);
        let began = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
            let read = |field: &str| {
                let status = status.as_ref().ok()?;
                let line = status.lines().find_map(|line| line.strip_prefix(field))?;
                line.split_ascii_whitespace().next()?.parse::<u64>().ok()
            };
            peak = peak.max(read("VmHWM:").unwrap_or(0));
            if began.elapsed() > Duration::from_millis(250) && beside == 0 {
                beside = read("VmRSS:").unwrap_or(0);
            }
        }
        println!("memory, {name:<12} peak {peak} KiB, while the job runs {beside} KiB");
    }
}

/// Bytes through hb, times bare.
fn streams(bench: &Bench, hb: &str) {
    let gigabyte = "head -c 1000000000 /dev/zero";
    let to_stderr = "head -c 200000000 /dev/zero >&2";
    for (name, script, sink) in [
        ("1 GB of stdout, inherited", gigabyte, "$0 \"$@\" 2>/dev/null | cat >/dev/null"),
        ("1 GB, both through one pipe", gigabyte, "$0 \"$@\" 2>&1 | cat >/dev/null"),
        ("200 MB of stderr", to_stderr, "$0 \"$@\" 2>&1 >/dev/null | cat >/dev/null"),
    ] {
        let mut ratios = Vec::new();
        for _ in 0..STREAM_ROUNDS {
            let bare = bench.spend(&["sh", "-c", sink, "sh", "-c", script]);
            let through =
                bench.spend(&["sh", "-c", sink, hb, "run", "m", "--", "sh", "-c", script]);
            ratios.push(through.wall.as_secs_f64() / bare.wall.as_secs_f64());
        }
        println!("{name:<34} {:.2} times bare", median(ratios));
    }
}

/// Five hundred at once, and nobody answers.
fn herd(bench: &Bench, hb: &str) {
    const HERD: usize = 500;
    let marks = bench.state.join("marks");
    std::fs::create_dir_all(&marks).expect("a directory");
    let script = format!("date +%s%N > {}/$$", marks.display());
    let last_start = |wrapped: bool| {
        let _ = std::fs::remove_dir_all(&marks);
        std::fs::create_dir_all(&marks).expect("a directory");
        let began = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos();
        let words: Vec<&str> = if wrapped {
            let dead = "http://127.0.0.1:9/ping/0191d3a4-7d2e-7abc-8def-0123456789ab";
            vec![
                hb,
                "run",
                "herd",
                "--report-timeout",
                "2s",
                "--to",
                dead,
                "--",
                "sh",
                "-c",
                &script,
            ]
        } else {
            vec!["sh", "-c", &script]
        };
        let herd: Vec<_> =
            (0..HERD).map(|_| bench.command(&words).spawn().expect("runs")).collect();
        for mut child in herd {
            child.wait().expect("a child");
        }
        let starts = std::fs::read_dir(&marks).expect("marks").map(|mark| {
            let text = std::fs::read_to_string(mark.expect("a mark").path()).expect("a moment");
            text.trim().parse::<u128>().expect("a number") - began
        });
        starts.max().unwrap_or(0) as f64 / 1e6
    };
    let (bare, wrapped) = (last_start(false), last_start(true));
    let spooled = std::fs::read_dir(bench.state.join("spool")).expect("a spool");
    let spooled =
        spooled.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(".json"));
    println!(
        "{HERD} at once: last job starts after {wrapped:.0} ms (bare {bare:.0}); {} events kept",
        spooled.count()
    );
}
