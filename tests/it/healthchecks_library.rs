//! The library that people manage their checks of Healthchecks with, and the parser of what Prometheus reads.
//!
//! Both lie in the environment that `tests/run` makes. What they do stands in a script beside the data of the
//! tests; it fails with the line that is not so.

use std::path::Path;

use super::hb::{Home, Seen, clients};
use super::nodes::tell;
use super::receiver::{FakeReceiver, Step};
use super::server::{API_KEY, PING_KEY, READ_KEY, Server};

#[test]
fn a_library_of_healthchecks_needs_another_host_and_nothing_else() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = FakeReceiver::always(&Step::Ok);
    tell(&server, &hook);
    let projects = server.api("GET", "/projects", None).json();
    let project = projects["projects"][0]["id"].as_str().expect("an id").to_owned();
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/healthchecks_library.py");
    let mut command = home.program(clients().join("python"));
    command.arg(script).env("RECEIVER", &server.address).env("PROJECT", project);
    command.env("PING_KEY", PING_KEY).env("API_KEY", API_KEY).env("READ_KEY", READ_KEY);
    let seen = Seen::of(&mut command);
    assert_eq!((seen.status, &*seen.stderr, &*seen.stdout), (0, "", ""));
}
