//! A receiver in a process of its own, for benches.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

const API_KEY: &str = "hbw_0123456789012345678901234567";

/// A server that listens; it is killed with its value.
pub(crate) struct Served {
    /// The process.
    pub(crate) child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Served {
    /// `hb serve` with its store in `data`, or in `database`.
    pub(crate) fn hb(hb: &str, data: &std::path::Path, database: Option<&str>) -> Served {
        let mut command = Command::new(hb);
        command.args(["serve", "--listen", "127.0.0.1:0"]).env("HB_DATA_DIR", data);
        command.env("HB_API_KEY", API_KEY).envs(database.map(|url| ("HB_DATABASE", url)));
        Served::start(&mut command)
    }

    /// A program that says where it listens.
    pub(crate) fn start(command: &mut Command) -> Served {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned))
            .expect("the server listens");
        std::thread::spawn(move || lines.for_each(drop));
        Served { child, address }
    }

    /// Makes something at `path` of the API; gives its id.
    pub(crate) fn make(&self, path: &str, body: &str) -> String {
        let request = format!(
            "POST /api/hb/v1/{path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {API_KEY}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        stream.write_all(request.as_bytes()).expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let made: serde_json::Value = serde_json::from_str(body).expect("JSON");
        made["id"].to_string().trim_matches('"').to_owned()
    }

    /// What it has in memory, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
