//! What clients of Healthchecks rely on: statements about its HTTP behaviour, each checked against a
//! running Healthchecks, asked of the real receiver.
//!
//! The cases are in `data/healthchecks.json`. A case has steps before its request, the request, what the
//! answer has to be, and how the checks have to be afterwards. Everything that is expected is a part
//! of what may be there; an object whose one member begins with `$` is a question about it.

use std::collections::HashMap;
use std::time::Duration;

use regex_lite::{Captures, Regex};
use serde_json::{Value, json};

use super::hb::Home;
use super::server::{API_KEY, Answer, PING_KEY, READ_KEY, Server};

const CASES: &str = include_str!("data/healthchecks.json");

/// Cases that run at the same time: some of them wait.
const AT_ONCE: usize = 8;

/// How something went; else what is wrong.
pub(crate) type Outcome<T = ()> = Result<T, String>;

#[test]
fn clients_of_healthchecks_find_what_they_rely_on() {
    let home = Home::new();
    let server = Server::start(&home);
    for name in ["one", "two"] {
        let channel = json!({"name": name, "kind": "slack", "url": "https://slack.example/hook"});
        assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    }
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("the cases are JSON");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let run = |part: usize| {
            let (cases, server) = (&cases, &server);
            scope.spawn(move || {
                let own = cases.iter().skip(part).step_by(AT_ONCE);
                let tried = own.map(|case| (case, Case::new(server, case).run(case)));
                let failed = tried.filter_map(|(case, end)| Some((case, end.err()?)));
                failed
                    .map(|(case, why)| format!("{} {}: {why}", case["id"], case["name"]))
                    .collect()
            })
        };
        let parts: Vec<_> = (0..AT_ONCE).map(run).collect();
        parts
            .into_iter()
            .flat_map(|part| -> Vec<String> { part.join().expect("no panic") })
            .collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A moment as seconds since 1970.
pub(crate) fn seconds(text: &str) -> Outcome<f64> {
    let at = text.parse::<jiff::Timestamp>().map_err(|_| format!("no moment: {text}"))?;
    Ok(at.as_millisecond() as f64 / 1000.0)
}

/// The same of now.
pub(crate) fn now() -> f64 {
    jiff::Timestamp::now().as_millisecond() as f64 / 1000.0
}

/// One case and what it remembers.
pub(crate) struct Case<'a> {
    server: &'a Server,
    prefix: String,
    known: HashMap<String, Value>,
}

impl<'a> Case<'a> {
    fn new(server: &'a Server, case: &Value) -> Case<'a> {
        let id = case["id"].as_i64().expect("an id");
        let mut known = HashMap::new();
        let mut put = |name: &str, value: Value| known.insert(name.to_owned(), value);
        put("ping_key", json!(PING_KEY));
        put("api_key", json!(API_KEY));
        put("ro_key", json!(READ_KEY));
        for number in 1..=4 {
            let uuid = format!("0000{id:04x}-0000-4000-8000-00000000000{number}");
            put(&format!("uuid{number}"), json!(uuid));
        }
        let mut made = Case { server, prefix: format!("case{id}-"), known };
        let channels = made.send(&json!({"path": "/api/v3/channels/"})).expect("channels").json();
        let of = |place: usize, member: &str| channels["channels"][place][member].clone();
        made.known.insert("chan_id".to_owned(), of(0, "id"));
        made.known.insert("chan_name".to_owned(), of(0, "name"));
        made.known.insert("chan2_id".to_owned(), of(1, "id"));
        made.known.insert("chan2_name".to_owned(), of(1, "name"));
        let ids = [of(0, "id"), of(1, "id")].map(|id| id.as_str().unwrap_or_default().to_owned());
        made.known.insert("chan_ids".to_owned(), json!(ids.join(",")));
        made
    }

    fn run(&mut self, case: &Value) -> Outcome {
        let steps = |name: &str| case[name].as_array().cloned().unwrap_or_default();
        for step in steps("setup") {
            self.step(&step).map_err(|why| format!("setup: {why}"))?;
        }
        if !case["path"].is_null() {
            self.ask(case)?;
        }
        self.state(&case["expect_state"])?;
        steps("then").iter().try_for_each(|step| self.step(step))
    }

    pub(crate) fn look_up(&self, path: &str) -> Outcome<Value> {
        if let Some(value) = self.known.get(path) {
            return Ok(value.clone());
        }
        let mut parts = path.split('.');
        let first = self.known.get(parts.next().unwrap_or_default()).cloned();
        let found = first.and_then(|first| {
            parts.try_fold(first, |value, part| match &value {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?).cloned(),
                value => value.get(part).cloned(),
            })
        });
        found.ok_or_else(|| format!("nothing is called {path}"))
    }

    /// The text with what stands in braces replaced.
    pub(crate) fn fill(&self, text: &str) -> String {
        let template = Regex::new(r"\{([A-Za-z_][\w.-]*(?:[+-]\d+)?)(?:\|([a-z_0-9]+))?\}")
            .expect("a pattern");
        let text = text.replace("{p}", &self.prefix);
        let replaced = template.replace_all(&text, |found: &Captures| {
            let name = &found[1];
            let value = match name.strip_prefix("now") {
                Some(offset) => (now() as i64 + offset.parse::<i64>().unwrap_or(0)).to_string(),
                None => match self.look_up(name) {
                    Ok(Value::String(text)) => text,
                    Ok(value) => value.to_string(),
                    Err(why) => why,
                },
            };
            filtered(&value, found.get(2).map(|filter| filter.as_str()))
        });
        replaced.into_owned()
    }

    pub(crate) fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.fill_all(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    fn send(&self, spec: &Value) -> Outcome<Answer> {
        let text = |name: &str| spec[name].as_str();
        let mut target = path_of(&self.fill(text("path").unwrap_or("/")));
        for (place, (name, value)) in spec["query"].as_object().into_iter().flatten().enumerate() {
            let value = self.fill(value.as_str().unwrap_or_default());
            target.push_str(&format!("{}{name}={value}", if place == 0 { '?' } else { '&' }));
        }
        let key =
            match text("auth").unwrap_or(if target.starts_with("/api/") { "rw" } else { "none" }) {
                "rw" => Some(API_KEY.to_owned()),
                "ro" => Some(READ_KEY.to_owned()),
                "none" => None,
                other => Some(self.fill(other)),
            };
        let mut headers: Vec<(String, String)> = Vec::new();
        headers.extend(key.map(|key| ("X-Api-Key".to_owned(), key)));
        for (name, value) in spec["headers"].as_object().into_iter().flatten() {
            headers.push((name.clone(), self.fill(value.as_str().unwrap_or_default())));
        }
        let body = match &spec["body_fill"] {
            Value::Array(fill) => {
                let length =
                    usize::try_from(100_000 + fill[1].as_i64().unwrap_or(0)).expect("a length");
                let (letter, end) =
                    (fill[0].as_str().unwrap_or("A"), fill[2].as_str().unwrap_or(""));
                (letter.repeat(length) + end).into_bytes()
            }
            _ if !spec["json"].is_null() => self.fill_all(&spec["json"]).to_string().into_bytes(),
            _ if text("body_b64").is_some() => b"\xff\xfeSUCCESS".to_vec(),
            _ => self.fill(text("body").unwrap_or_default()).into_bytes(),
        };
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method = text("method").unwrap_or("GET");
        let once = || self.server.send(method, &target, &headers, &body);
        for _ in 1..spec["repeat"].as_u64().unwrap_or(1) {
            once();
        }
        let others = spec["parallel"].as_u64().unwrap_or(1) - 1;
        std::thread::scope(|scope| {
            (0..others).for_each(|_| drop(scope.spawn(once)));
        });
        Ok(once())
    }

    /// Sends a request, and holds its answer to what is expected.
    fn ask(&mut self, spec: &Value) -> Outcome {
        let answer = self.send(spec)?;
        let fine = match &spec["expect_status"] {
            Value::Null => answer.status < 400,
            Value::Array(any) => any.contains(&json!(answer.status)),
            one => *one == json!(answer.status),
        };
        if !fine {
            let (wanted, status) = (&spec["expect_status"], answer.status);
            return Err(format!("{}: {status}, not {wanted}: {}", spec["path"], answer.text()));
        }
        if let Some(wanted) = spec.get("expect_body") {
            self.matches(wanted, Some(&json!(answer.text())), "body")?;
        }
        for (name, wanted) in spec["expect_headers"].as_object().into_iter().flatten() {
            let value = answer.header(name).map(|value| json!(value));
            self.matches(wanted, value.as_ref(), name)?;
        }
        if let Some(wanted) = spec.get("expect_json") {
            self.matches(wanted, Some(&answer.json()), "json")?;
        }
        if let (Some(name), true) = (spec["as"].as_str(), answer.status < 300) {
            self.known.insert(name.to_owned(), answer.json());
        }
        Ok(())
    }

    fn step(&mut self, step: &Value) -> Outcome {
        let mut spec = step.clone();
        let version = step["v"].as_u64().unwrap_or(3);
        if step.get("create").is_some() {
            spec["method"] = json!("POST");
            spec["path"] = json!(format!("/api/v{version}/checks/"));
            spec["json"] = step["create"].clone();
            spec["expect_status"] = step.get("status").cloned().unwrap_or(json!(201));
            return self.ask(&spec);
        }
        if let Some(name) = step["ping"].as_str() {
            let suffix = step["suffix"].as_str().unwrap_or_default();
            spec["path"] = json!(format!("/ping/{{{name}.uuid}}{suffix}"));
            return self.ask(&spec);
        }
        if let Some(name) = step["get"].as_str() {
            spec["path"] = json!(format!("/api/v{version}/checks/{{{name}.uuid}}"));
            spec["as"] = json!(name);
            return self.ask(&spec);
        }
        if let Some(seconds) = step["sleep"].as_f64() {
            std::thread::sleep(Duration::from_secs_f64(seconds));
            return Ok(());
        }
        match (step.get("state"), step.get("req")) {
            (Some(state), _) => self.state(state),
            (_, Some(request)) => self.ask(request),
            (None, None) => Err(format!("no step: {step}")),
        }
    }

    fn get(&self, path: &str) -> Outcome<Value> {
        let answer = self.send(&json!({ "path": path }))?;
        match answer.status {
            200 => Ok(answer.json()),
            status => Err(format!("{path}: {status}")),
        }
    }

    /// Holds checks to how they have to be.
    fn state(&mut self, state: &Value) -> Outcome {
        for (name, wanted) in state.as_object().into_iter().flatten() {
            let uuid = match name.strip_prefix("slug:") {
                Some(slug) => {
                    let listed = self.get(&format!("/api/v3/checks/?slug={}", self.fill(slug)))?;
                    let count = listed["checks"].as_array().map_or(0, Vec::len);
                    if json!(count) != *wanted.get("count").unwrap_or(&json!(1)) {
                        return Err(format!("{count} checks are called {slug}"));
                    }
                    if count == 0 {
                        continue;
                    }
                    listed["checks"][0]["uuid"].clone()
                }
                None => self.look_up(&format!("{name}.uuid"))?,
            };
            let own = |version: &str| {
                format!("/api/{version}/checks/{}", uuid.as_str().unwrap_or_default())
            };
            if wanted["exists"] == json!(false) {
                let status = self.send(&json!({ "path": own("v3") }))?.status;
                if status != 404 {
                    return Err(format!("{name} is still there: {status}"));
                }
                continue;
            }
            for (member, version) in [("check", "v3"), ("check_v2", "v2"), ("check_v1", "v1")] {
                if let Some(wanted) = wanted.get(member) {
                    let check = self.get(&own(version))?;
                    self.known.insert("_now".to_owned(), check.clone());
                    self.matches(wanted, Some(&check), &format!("{name} {member}"))?;
                }
            }
            let pings = self.get(&format!("{}/pings/", own("v3")))?["pings"].clone();
            let flips = self.get(&format!("{}/flips/", own("v3")))?["flips"].clone();
            let each = |list: &Value, member: &str| -> Value {
                list.as_array().into_iter().flatten().map(|item| item[member].clone()).collect()
            };
            let mut numbers = each(&pings, "n");
            numbers.as_array_mut().expect("a list").reverse();
            let up_to = wanted["ns_1_to"].as_u64().map(|last| (1..=last).collect::<Vec<_>>());
            let found = [
                ("pings", wanted.get("pings").cloned(), pings.clone()),
                ("kinds", wanted.get("kinds").cloned(), each(&pings, "type")),
                ("flips", wanted.get("flips").cloned(), each(&flips, "up")),
                ("numbers", up_to.map(|numbers| json!(numbers)), numbers),
            ];
            for (what, wanted, found) in found {
                if let Some(wanted) = wanted {
                    self.matches(&wanted, Some(&found), &format!("{name} {what}"))?;
                }
            }
            for (n, wanted) in wanted["bodies"].as_object().into_iter().flatten() {
                let answer =
                    self.send(&json!({"path": format!("{}/pings/{n}/body", own("v3"))}))?;
                let body = (answer.status == 200).then(|| json!(answer.text()));
                self.matches(wanted, Some(&body.into()), &format!("{name} body {n}"))?;
            }
        }
        Ok(())
    }
}

/// A value in another form.
fn filtered(value: &str, filter: Option<&str>) -> String {
    match filter {
        None => value.to_owned(),
        Some("upper") => value.to_uppercase(),
        Some("nodash") => value.replace('-', ""),
        Some("path") => path_of(value),
        Some("unique_key") => {
            let digits: String = value.replace('-', "").chars().take(16).collect();
            let sha1 = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
            let digest = ring::digest::digest(sha1, digits.as_bytes());
            digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
        }
        Some(badge) => {
            let parts: Vec<&str> = badge.split('_').collect();
            let path = path_of(value).replace("/b/2/", &format!("/b/{}/", parts[1]));
            path.replace(".svg", &format!(".{}", parts[2]))
        }
    }
}

/// What stands behind the host.
fn path_of(url: &str) -> String {
    match url.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
        None => url.to_owned(),
    }
}
