//! Every service against whatever an event may hold, and whatever a person may write as a dialect.

use serde_json::Value;

use crate::domain::address::Address;
use crate::domain::dialect::reading::KINDS;
use crate::domain::dialect::{Dialect, Exchange, Limits, Parameters, Place, Request, keep, read};
use crate::domain::event::{Counted, Event, Kind};
use crate::domain::metric::Metrics;
use crate::domain::run::RunId;
use crate::domain::time::Moment;

/// Numbers for the loops; the quality does not matter.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("32 bits") % limit
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// A text that means something to somebody.
    fn nasty(&mut self) -> String {
        let parts = [
            "a",
            "é",
            "\u{1f600}",
            "\r\n",
            "\n",
            "\0",
            "\u{7f}",
            "\u{85}",
            "&x=y",
            "?q",
            "#f",
            "/../",
            "%0d%0a",
            "\"",
            "\\",
            "|",
            ":",
            "@",
            "m:",
            "error",
            "<b>",
            " ",
            "{base}",
            "}}",
            "Host: evil",
            ",#tag:x",
        ];
        (0..self.below(9)).map(|_| self.one_of(&parts)).collect()
    }

    fn event(&mut self, kind: Kind) -> Event {
        let mut event = Event::new(kind, &self.nasty(), Moment::from_epoch_ms(1_795_167_097_500));
        event.run_id =
            RunId::parse("0191d3a4-7d2e-7abc-8def-0123456789ab").filter(|_| self.below(4) > 0);
        event.started_at = Some(Moment::from_epoch_ms(1_795_167_085_000));
        event.elapsed_ms = Some(12_500).filter(|_| self.below(3) > 0);
        event.exit_code = Some(self.one_of(&[0, 1, 255, 256, -1])).filter(|_| self.below(3) > 0);
        event.message =
            Some(self.nasty().repeat(self.one_of(&[1, 1, 100]))).filter(|_| self.below(4) > 0);
        event.tail = (0..self.one_of(&[0, 5, 2_000])).map(|_| self.below(256) as u8).collect();
        event.stage = Some(self.nasty()).filter(|_| self.below(3) > 0);
        event.percent = Some(42.5).filter(|_| self.below(3) > 0);
        event.counted = Counted { step: Some(2), steps: Some(3), ..Counted::default() };
        event.metrics =
            Metrics::from_json(&serde_json::json!({"count": 3, "Size_": 1.5, "who": "x"}));
        event.host = Some(self.nasty()).filter(|_| self.below(4) > 0);
        event.env = Some(self.nasty()).filter(|_| self.below(4) > 0);
        event
    }
}

const SECRET: &str = "s3cretKey";

/// The example of every built-in dialect with its parameters, all of them secret.
fn setups() -> Vec<(Dialect, Address, Parameters)> {
    let fill = |example: &str| {
        example
            .replace("UUID", "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278")
            .replace("HOST", "h.example")
            .replace("PROJECT", "42")
    };
    let setup = |name: &str| {
        let dialect = Dialect::parse(name).expect(name);
        let address = Address::parse(&fill(dialect.describe().example)).expect(name);
        let mut parameters = Parameters::default();
        for parameter in dialect.parameters() {
            match parameter {
                "upsert" | "schedule" | "grouping" | "encryption" | "title" | "text" => {}
                "command" => parameters.set(parameter, "tell".into()),
                _ => parameters.set(parameter, SECRET.into()),
            }
        }
        let address = dialect.complete(&address, &parameters, Some("nightly"), "nightly");
        (dialect, address.expect(name), parameters)
    };
    Dialect::names().map(setup).collect()
}

#[test]
fn an_example_is_recognised_as_what_it_is_an_example_of() {
    for (dialect, ..) in setups() {
        let url =
            dialect.describe().example.replace("UUID", "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278");
        let url = url.replace("PROJECT", "42").replace("HOST", "h.example");
        let found =
            Dialect::recognise(&Address::parse(&url).expect("an address"), Place::default());
        let name = found.map_or("", |(found, _)| found.name());
        let written = ["sentry_envelope", "webhook", "notifly_message", "pushgateway", "icinga2"];
        assert!(name == dialect.name() || written.contains(&dialect.name()), "{url}: {name}");
    }
}

#[test]
fn no_event_breaks_out_of_its_request() {
    let mut random = Random(7);
    for (dialect, address, parameters) in setups() {
        let plain = |kind: Kind| {
            let mut event = Event::new(kind, "m", Moment::from_epoch_ms(1));
            event.host = Some("h".into());
            let limits = Limits::default();
            dialect.spell(&address, &event, limits, &parameters).pop()
        };
        for kind in KINDS {
            let Some(Request::Http(plain)) = plain(kind) else { continue };
            let name = |url: &str| url.split('?').next().expect("a part").to_owned();
            for _ in 0..8 {
                let event = random.event(kind);
                let limits = Limits { body_bytes_max: random.one_of(&[None, None, Some(200)]) };
                let requests = dialect.spell(&address, &event, limits, &parameters);
                for request in requests {
                    let Request::Http(request) = request else { panic!("{dialect:?}") };
                    let url = &request.url;
                    assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{dialect:?}: {url}");
                    let own = name(url);
                    // The path may differ by an exit code or a percentage, and by nothing else.
                    let (base, _) = own.rsplit_once('/').expect("a path");
                    let (known, _) = name(&plain.url)
                        .rsplit_once('/')
                        .map(|(a, b)| (a.to_owned(), b.to_owned()))
                        .expect("a path");
                    assert!(
                        base.starts_with(&known) || known.starts_with(base),
                        "{dialect:?}: {url}"
                    );
                    assert!(!url.contains('#'), "{dialect:?}: {url}");
                    for (header, value) in &request.headers {
                        let whole = header.chars().chain(value.chars()).all(|c| !c.is_control());
                        assert!(whole, "{dialect:?}: {header}: {value:?}");
                    }
                    framed(dialect, &request.headers, &request.body);
                }
            }
        }
    }
}

/// A body is one whole thing of the kind that its header says.
fn framed(dialect: Dialect, headers: &[(String, String)], body: &[u8]) {
    let kind = headers.iter().find(|(name, _)| name == "content-type").map(|(_, kind)| &**kind);
    let json = |bytes: &[u8]| {
        serde_json::from_slice::<Value>(bytes)
            .unwrap_or_else(|error| panic!("{dialect:?}: {error}"))
    };
    match kind.unwrap_or_default().split(';').next().unwrap_or_default() {
        _ if body.is_empty() => {}
        "application/json" | "application/json-rpc" => drop(json(body)),
        "application/x-ndjson" => {
            assert_eq!(body.iter().filter(|byte| **byte == b'\n').count(), 1);
            json(body);
        }
        "application/x-sentry-envelope" => {
            let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
            assert_eq!(lines.len(), 4);
            assert_eq!(json(lines[1])["length"], lines[2].len());
        }
        "application/x-www-form-urlencoded" => {
            assert!(body.iter().all(u8::is_ascii_graphic), "{dialect:?}");
        }
        _ => {}
    }
}

#[test]
fn lines_and_packets_stay_whole() {
    let mut random = Random(11);
    for (dialect, address, parameters) in setups() {
        for kind in KINDS {
            for _ in 0..20 {
                let event = random.event(kind);
                match dialect.spell(&address, &event, Limits::default(), &parameters).pop() {
                    Some(Request::Udp { lines, .. }) => {
                        for line in lines {
                            assert!(
                                line.len() <= 1432 && !line.contains(['\n', '\r', '\0']),
                                "{line:?}"
                            );
                            let most = if line.starts_with("_sc|") { 6 } else { 1 };
                            assert!(line.matches('|').count() <= most, "{line:?}");
                        }
                    }
                    Some(Request::Tcp { exchange: Exchange::Nsca(packet), .. }) => {
                        let all =
                            [&packet.host_name, &packet.svc_description, &packet.plugin_output];
                        assert!(
                            all.iter().all(|text| !text.contains(char::is_control)),
                            "{packet:?}"
                        );
                    }
                    Some(Request::Command { line, environment, input }) => {
                        assert_eq!(line, "tell", "nothing of an event is in the line");
                        let values = environment.iter().map(|(_, value)| value);
                        assert!(values.into_iter().all(|value| !value.contains('\0')));
                        assert_eq!(input.iter().filter(|byte| **byte == b'\n').count(), 1);
                    }
                    Some(Request::Tcp { .. } | Request::Http(_)) | None => {}
                }
            }
        }
    }
}

#[test]
fn success_only_services_hear_of_nothing_else() {
    let generic = ["get_success", "ping_path_generic", "heartbeat_path_generic"];
    for (dialect, address, parameters) in setups() {
        if !generic.contains(&dialect.name()) {
            continue;
        }
        for kind in KINDS {
            let event = Event::new(kind, "m", Moment::from_epoch_ms(1));
            let requests = dialect.spell(&address, &event, Limits::default(), &parameters);
            let speaks = matches!(kind, Kind::Success | Kind::Warning);
            assert_eq!(requests.len(), usize::from(speaks), "{dialect:?} {kind:?}");
        }
    }
}

#[test]
fn a_body_fits_its_receiver() {
    let mut event = Event::new(Kind::Failure, "m", Moment::from_epoch_ms(1));
    event.host = Some("h".into());
    for tail in [b"\n".repeat(60_000), b"\x01\"\\".repeat(20_000), "é".repeat(30_000).into_bytes()]
    {
        event.tail = tail;
        event.message = Some("\"\n".repeat(5_000));
        for (name, limit) in [("ntfy", 4096), ("honeybadger", 20_000), ("watchgoose", 10_000)] {
            let setup = setups().into_iter().find(|(dialect, ..)| dialect.name() == name);
            let (dialect, address, mut parameters) = setup.expect(name);
            parameters.set("report", true.into());
            let request = dialect.spell(&address, &event, Limits::default(), &parameters).pop();
            let Some(Request::Http(request)) = request else { panic!("{name}") };
            let bytes = request.body.len();
            assert!(bytes <= limit && bytes > limit / 3, "{name}: {bytes}");
        }
    }
}

#[test]
fn a_url_stays_short_enough_to_be_taken() {
    let mut event = Event::new(Kind::Failure, "m", Moment::from_epoch_ms(1));
    event.message = Some("\u{1f600}".repeat(3000));
    for (dialect, address, parameters) in setups() {
        let request = dialect.spell(&address, &event, Limits::default(), &parameters).pop();
        if let Some(Request::Http(request)) = request {
            assert!(request.url.len() <= 8000, "{dialect:?}: {}", request.url.len());
        }
    }
}

#[test]
fn an_own_dialect_never_panics_and_its_mistakes_are_found() {
    let parts = [
        "url = \"{base}/x\"\n",
        "on.success = { method = \"GET\" }\n",
        "on.success = [{ json = { a = \"{message}\" } }]\n",
        "on.failure = [{ url = \"{\", text = \"{text}\" }]\n",
        "on.start = 3\n",
        "strip = [\"<int>\", \"\"]\n",
        "swap = [\"x\"]\n",
        "fallback = { success = \"failure\", failure = \"success\" }\n",
        "headers = { \"a b\" = \"x\" }\n",
        "query = [\"a={message|or:x|tail:3|trunc:2}\"]\n",
        "split_last = \"topic\"\n",
        "check = { json = \"a.0\", equals = [1] }\n",
        "transport = \"udp\"\n",
        "transport = \"tcp:nsca\"\n",
        "on.log = { packet = { host_name = \"{host}\" } }\n",
        "parser = \"sentry\"\n",
        "body_bytes_max = 0\n",
        "on.warning = { udp = [[\"{monitor}\", \"{stage}\"]] }\n",
        "parameters.token = { default = \"{with.token}\" }\n",
        "on.test = { json = \"@body\" }\n",
        "segments_min = 99\n",
        "forbid_on = { word = \"\", kinds = [\"success\"] }\n",
        "nonsense = true\n",
        "on.stage = { form = [\"x\"] }\n",
    ];
    let mut random = Random(3);
    let urls =
        ["https://h.example/a/b/c?x=1", "https://h.example", "udp://h:1", "https://k@h.example/1"];
    for round in 0..1_000 {
        let mut chosen: Vec<&str> = (0..random.below(7)).map(|_| random.one_of(&parts)).collect();
        chosen.sort_unstable();
        chosen.dedup_by_key(|part| part.split([' ', '=']).next().map(str::to_owned));
        let table = chosen.concat();
        let parsed = toml::de::DeTable::parse(&table).expect("TOML");
        let (service, mistakes) = read("own", parsed.get_ref());
        if chosen.iter().any(|part| part.starts_with("nonsense") || part.contains("\"{\"")) {
            assert!(!mistakes.is_empty(), "{table}");
        }
        if round % 10 != 0 {
            continue;
        }
        let dialect = Dialect::Table(keep(service));
        let pasted = Address::parse(random.one_of(&urls)).expect("an address");
        let parameters = Parameters::default();
        let name = random.nasty();
        let Ok(address) = dialect.complete(&pasted, &parameters, Some(&name), "x") else {
            continue;
        };
        for kind in KINDS {
            let event = random.event(kind);
            drop(dialect.spell(&address, &event, Limits::default(), &parameters));
            dialect.sent(kind);
        }
        dialect.judge(200, b"[1]");
    }
}
