//! Which functions an ordinary run goes through, as the linker script that puts them side by side.
//!
//!     CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --target x86_64-unknown-linux-musl
//!     cargo bench --bench layout -- target/x86_64-unknown-linux-musl/release/hb > layout.ld
//!     mv layout.ld .cargo/layout.ld
//!
//! It goes through a few runs step by step (some minutes) and needs `nm` and a binary with its
//! symbols. What stands in the script decides how many pages of the program a run needs.

#![expect(clippy::print_stdout, reason = "the script is what it is for")]

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod receivers;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() {
    steps::main();
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    println!("only Linux on x86_64 is laid out");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod steps {
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::{Command, Stdio};

    use nix::sys::ptrace;
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    /// What stands above the list.
    const INTRODUCTION: &str = "\
/* The functions that an ordinary `hb run` goes through, put side by side at the front of the program.

   A page of the program that is needed costs a fault, and memory with its neighbours; spread over
   the whole of it, these few hundred functions touched nearly every page there is. Each line is a
   pattern without the compiler's hash, so it outlives compilers; a name that is gone does no harm,
   and a function that is not named here only costs its page. `cargo bench --bench layout` writes
   this file anew. */
";

    pub(super) fn main() {
        let given = std::env::args().skip(1).find(|word| !word.starts_with('-'));
        let hb = given.expect("the binary with its symbols is the argument");
        let symbols = symbols(&hb);
        let state = std::env::temp_dir().join(format!("hb-layout-{}", std::process::id()));
        let here = crate::receivers::plain();
        let nobody = "http://127.0.0.1:9/ping/0191d3a4-7d2e-7abc-8def-0123456789ab";
        let print = "echo hello >&2; exit 3";
        let (secure, certificate) = crate::receivers::secure(&state);
        let plain: [&[&str]; 7] = [
            &["m", "--to", &here, "--", "true"],
            &["m", "--to", &here, "--", "/bin/false"],
            &["m", "--to", &here, "--", "sh", "-c", print],
            &["nightly", "--", "true"],
            &["m", "--to", nobody, "--report-timeout", "300ms", "--", "true"],
            &["m", "--to", &here, "--", "true"],
            &["m", "--to", &here, "--", "sleep", "0.5"],
        ];
        let over_tls: [&[&str]; 1] =
            [&["m", "--ca-file", &certificate, "--to", &secure, "--", "true"]];
        let mut patterns: Vec<String> = Vec::new();
        // What only TLS needs stands behind all that every run needs.
        for runs in [plain.as_slice(), over_tls.as_slice()] {
            let mut met = BTreeSet::new();
            for words in runs {
                let mut places = BTreeSet::new();
                // What only a first run does, as making directories, is not ordinary.
                let _ = on(Command::new(&hb), &state).arg("run").args(*words).status();
                go_through(&hb, words, &state, &mut places);
                for place in places {
                    let found = symbols.range(..=place).next_back();
                    if let Some((_, (end, name))) = found
                        && place < *end
                    {
                        met.extend(pattern(name));
                    }
                }
            }
            met.retain(|one| !patterns.contains(one));
            patterns.extend(met);
        }
        let _ = std::fs::remove_dir_all(&state);
        println!("{INTRODUCTION}SECTIONS\n{{\n  .text.run :\n  {{");
        for pattern in &patterns {
            println!("    *(.text.{pattern})");
        }
        println!("  }}\n}}\nINSERT BEFORE .text;");
    }

    /// The functions of a program: where each begins, where it ends, its name.
    fn symbols(program: &str) -> BTreeMap<u64, (u64, String)> {
        let listed = Command::new("nm").args(["-S", "--defined-only", program]).output();
        let listed = String::from_utf8(listed.expect("nm runs").stdout).expect("names are ASCII");
        let number = |field: Option<&str>| u64::from_str_radix(field?, 16).ok();
        let mut symbols = BTreeMap::new();
        for line in listed.lines() {
            let mut fields = line.split(' ');
            let (start, bytes) = (number(fields.next()), number(fields.next()));
            let (kind, name) = (fields.next(), fields.next());
            if let (Some(start), Some(bytes), Some("t" | "T" | "w" | "W"), Some(name)) =
                (start, bytes, kind, name)
            {
                symbols.insert(start, (start + bytes, name.to_owned()));
            }
        }
        assert!(!symbols.is_empty(), "`{program}` has been stripped");
        symbols
    }

    /// What finds a function's section whatever the compiler's hashes; those of C stay where they are.
    fn pattern(name: &str) -> Option<String> {
        if let Some((path, _)) = name.rsplit_once("17h") {
            return path.starts_with("_ZN").then(|| format!("{path}17h*"));
        }
        let name = name.strip_prefix("_R")?.split(".llvm").next()?;
        let mut parts = name.split("Cs");
        let mut pattern = format!("_R{}", parts.next()?);
        for part in parts {
            let named = part.split_once('_').map_or(part, |(_, named)| named);
            pattern.push_str(&format!("Cs*_{named}"));
        }
        Some(pattern)
    }

    /// A command with a state directory of its own, and nobody to read its output.
    fn on(mut command: Command, state: &std::path::Path) -> Command {
        command
            .envs([("HB_STATE_DIR", state), ("HB_CONFIG", std::path::Path::new("/dev/null"))])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Notes every instruction that a run executes.
    fn go_through(hb: &str, words: &[&str], state: &std::path::Path, places: &mut BTreeSet<u64>) {
        let mut child = on(Command::new("sh"), state)
            .args(["-c", "kill -STOP $$; exec \"$@\"", "sh", hb, "run"])
            .args(words)
            .spawn()
            .expect("a shell");
        let pid = Pid::from_raw(child.id().cast_signed());
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("it stops");
        ptrace::attach(pid).expect("it is ours");
        waitpid(pid, None).expect("it is traced");
        ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACEEXEC).expect("a kernel of today");
        // A real signal: the stop is the whole process's, also that of threads to come.
        kill(pid, Signal::SIGCONT).expect("it is ours");
        let mut inside = false;
        let mut signal = None;
        loop {
            let gone_on =
                if inside { ptrace::step(pid, signal) } else { ptrace::cont(pid, signal) };
            gone_on.expect("it stands still");
            signal = None;
            match waitpid(pid, None).expect("it is ours") {
                WaitStatus::PtraceEvent(..) => inside = true,
                WaitStatus::Stopped(_, Signal::SIGTRAP | Signal::SIGSTOP | Signal::SIGCONT) => {
                    let place = ptrace::getregs(pid).expect("registers").rip;
                    places.extend(inside.then_some(place));
                }
                WaitStatus::Stopped(_, other) => signal = Some(other),
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => break,
                _ => {}
            }
        }
        // Its end has been seen already; there is nothing left to wait for.
        let _ = child.wait();
    }
}
