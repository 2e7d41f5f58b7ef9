//! Whatever was acknowledged is there: after `kill -9` in the middle of much, on both stores, and after
//! the plug was pulled.
//!
//! Jobs tell without a pause, each event with an id of its own, and note what was acknowledged. Afterwards
//! each of those is told again: a receiver that has it says that it is a duplicate, and one that has lost
//! it would store it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::databases::start_postgresql;
use super::hb::{Home, Seen, is_long, until};
use super::receiving_postgres::on_postgres;
use super::server::{PING_KEY, Server, send};

/// Jobs that tell at the same time.
const JOBS: usize = 6;

/// Events that are told again in one request.
const TOLD_AGAIN_MAX: usize = 50;

/// Jobs that tell a receiver without a pause.
struct Load {
    acknowledged: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    jobs: Vec<JoinHandle<()>>,
}

fn event(run_id: &str) -> Value {
    json!({ "kind": "success", "run_id": run_id, "seq": 1 })
}

fn target() -> String {
    format!("/hb/{PING_KEY}/job/events")
}

impl Load {
    fn start(address: &str, round: usize) -> Load {
        let mut load =
            Load { acknowledged: Arc::default(), over: Arc::default(), jobs: Vec::new() };
        for job in 0..JOBS {
            let (address, over) = (address.to_owned(), Arc::clone(&load.over));
            let acknowledged = Arc::clone(&load.acknowledged);
            load.jobs.push(std::thread::spawn(move || {
                for number in 0u64.. {
                    let run_id = format!("{round}-{job}-{number}");
                    let body = json!([event(&run_id)]).to_string();
                    match send(&address, "POST", &target(), &[], body.as_bytes()) {
                        Ok(answer) if answer.status == 200 => {
                            assert_ne!(answer.json()[0]["result"], "duplicate", "{run_id}");
                            acknowledged.lock().expect("nobody panics with it").push(run_id);
                        }
                        // It was killed, or will be.
                        Ok(_) | Err(_) => std::thread::sleep(Duration::from_millis(5)),
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }));
        }
        load
    }

    fn acknowledged(&self) -> MutexGuard<'_, Vec<String>> {
        self.acknowledged.lock().expect("nobody panics with it")
    }

    /// Waits until so many more were acknowledged.
    fn await_more(&self, count: usize) {
        let enough = self.acknowledged().len() + count;
        until("pings are acknowledged", || self.acknowledged().len() >= enough);
    }

    /// Stops telling; gives what was acknowledged.
    fn stop(mut self) -> Vec<String> {
        self.over.store(true, Ordering::Relaxed);
        self.jobs.drain(..).for_each(|job| job.join().expect("no panic"));
        std::mem::take(&mut *self.acknowledged())
    }
}

/// Tells everything again.
fn hold(server: &Server, acknowledged: &[String]) {
    for some in acknowledged.chunks(TOLD_AGAIN_MAX) {
        let events: Vec<Value> = some.iter().map(|run_id| event(run_id)).collect();
        let answer = server.post(&target(), json!(events).to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let results = answer.json();
        for (run_id, result) in some.iter().zip(results.as_array().expect("a list")) {
            assert_eq!(result["result"], "duplicate", "{run_id} was acknowledged and is not there");
        }
    }
}

/// Kills a receiver again and again, each time at another moment of its work.
fn kill_again_and_again(start: impl Fn() -> Server) {
    let rounds = if is_long() { 200 } else { 8 };
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        let server = start();
        if round == 0 {
            server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
        }
        let load = Load::start(&server.address, round);
        load.await_more(20 + 7 * (round % 13));
        server.kill();
        acknowledged.extend(load.stop());
    }
    hold(&start(), &acknowledged);
}

#[test]
fn a_receiver_that_is_killed_again_and_again_has_what_it_acknowledged() {
    let home = Home::new();
    kill_again_and_again(|| Server::start(&home));
}

#[test]
fn so_has_one_on_postgresql() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    kill_again_and_again(|| on_postgres(&home));
}

/// A disk on an image; it is taken away when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// What is not synced stays in memory for minutes.
    fn mount(home: &Home, image: &Path, at: &Path) -> Disk {
        std::fs::create_dir_all(at).expect("made");
        let mut mount = home.program("mount");
        let seen = Seen::of(mount.args(["-o", "loop,commit=300"]).args([image, at]));
        assert_eq!(seen.status, 0, "cannot mount an image: {seen:?}");
        Disk(at.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut umount = Command::new("umount");
        let _ = umount.arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn on(home: &Home, disk: &Disk) -> Server {
    let data = disk.0.join("data");
    Server::start_with(home, |command| {
        command.env("HB_DATA_DIR", data);
    })
}

/// A copy of the image is what the disk holds when the plug is pulled at that moment.
#[test]
fn what_a_receiver_acknowledged_is_there_after_a_power_cut() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts an image");
    let cuts = if is_long() { 50 } else { 4 };
    let home = Home::new();
    let image = home.path("disk");
    std::fs::File::create(&image).and_then(|file| file.set_len(96 << 20)).expect("an image");
    let made = Seen::of(home.program("mkfs.ext4").args(["-q", "-F"]).arg(&image));
    assert_eq!(made.status, 0, "{made:?}");
    let disk = Disk::mount(&home, &image, &home.path("mnt"));
    let server = on(&home, &disk);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let load = Load::start(&server.address, 0);
    let pid = Pid::from_raw(server.pid());
    for cut in 0..cuts {
        load.await_more(60);
        // Nobody writes while it is copied, as nobody does after the plug was pulled.
        kill(pid, Signal::SIGSTOP).expect("it is there");
        let acknowledged = load.acknowledged().clone();
        let copy = home.path(format!("cut-{cut}"));
        let copied = Seen::of(home.program("cp").arg("--sparse=always").args([&image, &copy]));
        kill(pid, Signal::SIGCONT).expect("it is there");
        assert_eq!(copied.status, 0, "{copied:?}");
        let after = Disk::mount(&home, &copy, &home.path(format!("mnt-{cut}")));
        hold(&on(&home, &after), &acknowledged);
        drop(after);
        std::fs::remove_file(copy).expect("removed");
    }
    server.kill();
    load.stop();
    drop(disk);
}
