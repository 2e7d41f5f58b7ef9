//! The members of somebody's payload: what we know the name of, what is a number, and the rest.
//!
//! Payloads come as JSON, as a form or in the query, with the same names. A member that nobody has a
//! use for is kept as a field; a number is kept as a metric, and a text that spells a number with its
//! unit (`45.2GB`) as both, because the number is charted and the spelling is what the sender wrote.

use serde_json::{Map, Value};

use super::bounds::{self, FIELDS_BYTES_MAX};
use super::request::Request;
use super::values;
use super::words;
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::metric::{is_name, parse_amount};

/// The members of a payload; each is taken out as it is understood.
pub(super) struct Payload {
    /// What is left.
    members: Map<String, Value>,
}

/// Names of a quantity: a text of digits under such a name is a number, under another it is a name.
const QUANTITIES: [&str; 18] = [
    "size",
    "bytes",
    "files",
    "count",
    "total",
    "rate",
    "ratio",
    "speed",
    "rows",
    "records",
    "errors",
    "warnings",
    "percent",
    "duration",
    "time",
    "objects",
    "transferred",
    "memory",
];

impl Payload {
    /// The members of a JSON object.
    pub(super) fn of(members: Map<String, Value>) -> Payload {
        Payload { members }
    }

    /// The members of a form or of a query. Of a name that comes twice the first counts.
    pub(super) fn of_pairs(pairs: Vec<(String, String)>) -> Payload {
        let mut members = Map::new();
        for (name, value) in pairs {
            members.entry(name).or_insert(Value::String(value));
        }
        Payload { members }
    }

    /// Takes the first of these members that is there and not null.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<Value> {
        names.iter().find_map(|name| match self.members.get(*name) {
            None | Some(Value::Null) => None,
            Some(_) => self.members.remove(*name),
        })
    }

    /// Takes all of these members away.
    pub(super) fn forget(&mut self, names: &[&str]) {
        for name in names {
            self.members.remove(*name);
        }
    }

    /// Takes the first of these members that `read` can read; one that it cannot read stays a field.
    pub(super) fn read<T>(
        &mut self,
        names: &[&str],
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        names.iter().find_map(|name| {
            let found = read(self.members.get(*name)?)?;
            self.members.remove(*name);
            Some(found)
        })
    }

    /// Takes the first of these members that is a word.
    pub(super) fn word(&mut self, names: &[&str]) -> Option<String> {
        self.read(names, |value| values::word(value).filter(|word| !word.is_empty()))
    }

    /// Whether a member is exactly true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        match self.members.get(name) {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::String(text)) => text == "true",
            Some(_) | None => false,
        }
    }

    /// Fills in everything whose name is known, whatever the kind is; the rest becomes metrics and
    /// fields. The members that tell the kind have to be taken before.
    pub(super) fn fill(mut self, arrival: &mut Arrival) {
        let exit =
            ["exit_code", "exitCode", "exit_status", "exitcode", "returncode", "return_code"];
        arrival.exit_code = self.read(&exit, values::exit_code).or(arrival.exit_code);
        self.fill_times(arrival);
        let errors = ["error", "failure_message", "message", "msg", "reason", "summary", "title"];
        let plain = ["message", "msg", "failure_message", "summary", "title", "reason"];
        // What an error is called comes first where something failed.
        let names: &[&str] = if arrival.kind == Kind::Failure { &errors } else { &plain };
        let text = |value: &Value| value.as_str().and_then(bounds::message);
        arrival.message = arrival.message.take().or_else(|| self.read(names, text));
        let id = self.word(&["run_id", "runId", "rid", "execution_id"]);
        arrival.run_id = arrival.run_id.take().or_else(|| bounds::run_id(&id?));
        let host = self.word(&["hostname", "host"]);
        arrival.host = arrival.host.take().or_else(|| bounds::label(&host?));
        let env = self.word(&["environment", "env"]);
        arrival.env = arrival.env.take().or_else(|| bounds::label(&env?));
        let stage = self.word(&["stage", "step_name", "phase"]);
        arrival.stage = arrival.stage.take().or_else(|| bounds::label(&stage?));
        self.fill_progress(arrival);
        arrival.matches_expected = self.read(&["matches_expected"], truth);
        arrival.stalled = self.read(&["stalled"], truth);
        self.fill_output(arrival);
        self.fill_rest(arrival);
    }

    /// Moments and spans.
    fn fill_times(&mut self, arrival: &mut Arrival) {
        let seconds = |value: &Value| values::span_ms(value, 1e3);
        let ms = |value: &Value| values::span_ms(value, 1.0);
        let started = ["started_at", "start_time", "startTime"];
        arrival.started_at = self.read(&started, values::moment).or(arrival.started_at);
        let at = ["at", "timestamp", "end_time", "endTime", "ended_at", "finished_at"];
        arrival.at = self.read(&at, values::moment).or(arrival.at);
        arrival.duration_ms = self
            .read(&["duration_ms", "durationMs", "elapsed_ms"], ms)
            .or_else(|| {
                self.read(&["duration", "duration_s", "duration_seconds", "runtime"], seconds)
            })
            .or(arrival.duration_ms);
        arrival.expected_ms = self
            .read(&["expected_ms"], ms)
            .or_else(|| self.read(&["expected_duration"], seconds))
            .or(arrival.expected_ms);
        arrival.lease_ms = self.read(&["lease_ms"], ms).or(arrival.lease_ms);
    }

    /// How far a run is.
    fn fill_progress(&mut self, arrival: &mut Arrival) {
        let percent = self.read(&["percent", "percentage", "progress"], |value| match value {
            Value::String(text) => values::plain_number(text.trim().trim_end_matches('%')),
            value => values::number(value),
        });
        arrival.percent = percent.map(|percent| percent.clamp(0.0, 100.0)).or(arrival.percent);
        if !matches!(arrival.kind, Kind::Progress | Kind::Stage | Kind::Start | Kind::Log) {
            return;
        }
        let count = |value: &Value| values::number(value).and_then(whole);
        arrival.counted.step = self.read(&["step"], count).or(arrival.counted.step);
        arrival.counted.steps = self.read(&["steps"], count).or(arrival.counted.steps);
        arrival.counted.current =
            self.read(&["current"], values::number).or(arrival.counted.current);
        arrival.counted.total = self.read(&["total"], values::number).or(arrival.counted.total);
        let unit = self.word(&["unit"]).and_then(|unit| bounds::label(&unit));
        arrival.counted.unit = arrival.counted.unit.take().or(unit);
    }

    /// Output that travels as a text among the members.
    fn fill_output(&mut self, arrival: &mut Arrival) {
        let mut output = Vec::new();
        for name in ["tail", "output", "logs", "stdout", "stderr"] {
            let text = self.read(&[name], |value| value.as_str().map(str::to_owned));
            let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
            if !output.is_empty() && !output.ends_with(b"\n") {
                output.push(b'\n');
            }
            output.extend_from_slice(text.as_bytes());
        }
        if !output.is_empty() {
            arrival.output_bytes = u64::try_from(output.len()).unwrap_or(u64::MAX);
            arrival.output = bounds::output(&output, arrival.output_bytes);
        }
    }

    /// What nobody has a name for.
    fn fill_rest(self, arrival: &mut Arrival) {
        let mut room = FIELDS_BYTES_MAX;
        for (name, value) in self.members {
            let kept = match (&value, name.as_str()) {
                (Value::Object(members), "metrics") => {
                    for (name, value) in members {
                        measure(arrival, name, value);
                    }
                    true
                }
                (Value::Number(_), _) => measure(arrival, &name, &value),
                (Value::String(_), _) => {
                    measure(arrival, &name, &value);
                    false
                }
                _ => false,
            };
            if !kept {
                bounds::keep(&mut arrival.fields, &mut room, &name, value);
            }
        }
    }
}

/// Keeps a member as a metric where it is one, and says so.
fn measure(arrival: &mut Arrival, name: &str, value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            arrival.metrics.set_number(name, number)
        }
        Value::String(text) if is_name(name) && is_quantity(name, text) => {
            arrival.metrics.set(name, text)
        }
        _ => false,
    }
}

/// Whether a text is a number and not a name: it has a unit, or its name is that of a quantity.
fn is_quantity(name: &str, text: &str) -> bool {
    let plain = text.trim();
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit() || b".+-".contains(&byte));
    let name = name.to_ascii_lowercase();
    let named = QUANTITIES.iter().any(|known| name.contains(known));
    parse_amount(plain).is_some() && (named || !digits)
}

/// A number of pieces that fits.
pub(super) fn whole(number: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    (number.fract() == 0.0 && (0.0..4e9).contains(&number)).then_some(number as u32)
}

/// A truth, also as the word for it.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match values::word(value)?.as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// What a payload says happened, in any of the ways that clients say it. A word that means nothing to
/// us is given back as it is.
pub(super) fn kind_of(payload: &mut Payload) -> Result<Option<Kind>, String> {
    if payload.is_true("test") {
        payload.forget(&["test", "status"]);
        return Ok(Some(Kind::Test));
    }
    let names = ["status", "state", "kind", "event", "result", "outcome"];
    let said = names.iter().find_map(|name| {
        let word = payload.members.get(*name)?.as_str().filter(|word| !word.is_empty())?;
        Some((*name, word.to_owned()))
    });
    let known = match &said {
        Some((name, word)) => {
            let kind = words::kind(word);
            if kind.is_some() {
                payload.take(&[name]);
            }
            kind
        }
        None => payload.read(&["success", "ok"], truth).map(|success| match success {
            true => Kind::Success,
            false => Kind::Failure,
        }),
    };
    match (known, said) {
        (Some(Kind::Success), _) if payload.is_true("warning") => {
            payload.take(&["warning"]);
            Ok(Some(Kind::Warning))
        }
        (Some(kind), _) => Ok(Some(kind)),
        (None, Some((_, word))) => Err(word),
        (None, None) => Ok(None),
    }
}

/// A success with an exit code that says otherwise is a failure: the code was not written by hand.
pub(super) fn judge_exit(arrival: &mut Arrival) {
    let bad = arrival.exit_code.is_some_and(|code| code != 0);
    if bad && matches!(arrival.kind, Kind::Success | Kind::Warning) {
        arrival.kind = Kind::Failure;
    }
}

/// The body as the output of an arrival.
pub(super) fn body_is_output(arrival: &mut Arrival, request: &Request) {
    arrival.output = bounds::output(request.body, request.body_bytes);
    arrival.output_bytes = request.body_bytes;
}
