//! What the variables of a template stand for, and which there are.
//!
//! A name is an event's own (`message`), computed from it (`duration_s`), the address's (`base`), or a
//! parameter of the target (`token`, also written `with.token`). An undefined one is none.

use std::cell::Cell;

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::reading::Mistake;
use super::service::{Body, Json, Pair, Service, Variant};
use super::template::{Template, head_bytes, last_bytes, number};
use super::{Limits, sentry, wording};
use crate::domain::address::Address;
use crate::domain::alert::Said;
use crate::domain::base64;
use crate::domain::event::{Event, Kind};
use crate::domain::nearest::nearest;
use crate::domain::text;

/// Variables with a fixed name.
const NAMES: [&str; 48] = [
    "words.title",
    "words.text",
    "told",
    "recovered",
    "failures",
    "severity",
    "base",
    "cfg_base",
    "origin",
    "kind",
    "monitor",
    "run_id",
    "host",
    "env",
    "at",
    "at_iso",
    "started_at",
    "duration_s",
    "duration_ms",
    "duration_text",
    "exit_code",
    "outcome_code",
    "fail_code",
    "exit_text",
    "message",
    "line",
    "summary",
    "tail",
    "text",
    "opt_tail",
    "stage",
    "percent",
    "progress.current",
    "progress.total",
    "progress.unit",
    "progress.step",
    "progress.steps",
    "nagios_state",
    "nagios_text",
    "plugin_output",
    "basic",
    "tags",
    "version",
    "signals.start",
    "learned.ping_body_limit",
    "dsn.key",
    "slug",
    "monitor_config",
];

/// Variables that only code of a service makes.
const OF_PARSERS: [&str; 3] = ["cronitor.keyed", "k", "v"];

/// Everything that a template may name.
pub(super) struct Scope<'a> {
    pub(super) service: &'a Service,
    pub(super) address: &'a Address,
    pub(super) event: &'a Event,
    pub(super) parameters: &'a Parameters,
    pub(super) limits: Limits,
    /// What `{base}` stands for.
    pub(super) base: String,
    /// The last segment of the path, where it has a name of its own.
    pub(super) last: Option<String>,
    /// The most bytes of one text, so that the whole body fits.
    pub(super) room: Cell<usize>,
}

impl Scope<'_> {
    /// The value of a variable.
    pub(super) fn look_up(&self, name: &str) -> Option<Value> {
        self.of_event(name)
            .or_else(|| self.of_address(name))
            .or_else(|| self.of_parameters(name.strip_prefix("with.").unwrap_or(name)))
    }

    /// Whether a condition of `when` holds.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.look_up(name).is_some_and(|value| value != json!(false) && value != json!(""))
    }

    fn of_event(&self, name: &str) -> Option<Value> {
        let event = self.event;
        let duration_s = || event.elapsed_ms.map(|ms| number(ms as f64 / 1000.0));
        Some(match name {
            "kind" => json!(event.kind.word()),
            "monitor" => json!(event.monitor),
            "run_id" => json!(event.run_id?.to_string()),
            "host" => json!(event.host.as_ref()?),
            "env" => json!(event.env.as_ref()?),
            "at" => seconds(event.at.epoch_ms()),
            "at_iso" => json!(event.at.to_rfc3339()),
            "started_at" => seconds(event.started_at?.epoch_ms()),
            "duration_s" => duration_s()?,
            "duration_ms" => json!(event.elapsed_ms?),
            "duration_text" => json!(super::template::plain(&duration_s()?)),
            "exit_code" => json!(event.exit_code?),
            "message" => json!(head_bytes(event.message.as_ref()?, self.room.get())),
            "line" => json!(head_bytes(&wording::line(event), self.room.get())),
            "summary" => match self.own_words("title") {
                Some(words) => json!(head_bytes(&words, self.room.get())),
                None => json!(head_bytes(&wording::summary(event), self.room.get())),
            },
            "tail" => self.tail()?,
            "opt_tail" if event.kind == Kind::Failure || self.holds("with.tail") => self.tail()?,
            "text" => match self.own_words("text") {
                Some(words) => json!(last_bytes(&words, self.room.get())),
                None => json!(text::to_text(&wording::text(event, self.room.get()))),
            },
            "words.title" => json!(self.own_words("title")?),
            "words.text" => json!(self.own_words("text")?),
            "told" => json!(event.said.is_some_and(|said| said != Said::Silent)),
            "recovered" => json!(matches!(event.said, Some(Said::Over(_)))),
            "failures" => match event.said? {
                Said::Still(open) | Said::Over(open) => json!(open.failures),
                Said::Told | Said::Silent => return None,
            },
            "severity" => json!(if event.kind == Kind::Warning { "warning" } else { "error" }),
            "stage" => json!(event.stage.as_ref()?),
            "percent" => number(event.percent?),
            "progress.current" => number(event.counted.current?),
            "progress.total" => number(event.counted.total?),
            "progress.unit" => json!(event.counted.unit.as_ref()?),
            "progress.step" => json!(event.counted.step?),
            "progress.steps" => json!(event.counted.steps?),
            "version" => json!(env!("CARGO_PKG_VERSION")),
            "learned.ping_body_limit" => json!(self.limits.body_bytes_max?),
            "signals.start" if !self.parameters.start_untold => json!(true),
            _ => return self.of_outcome(name),
        })
    }

    /// A text in the words of the person that it goes to.
    fn own_words(&self, name: &str) -> Option<String> {
        let template = Template::parse(self.parameters.get(name)?.as_str()?, 0).ok()?;
        let plain = Parameters::default();
        let room = Cell::new(self.room.get());
        let (base, last) = (self.base.clone(), self.last.clone());
        // Its own `{summary}` and `{text}` are hb's, else they would speak of themselves for ever.
        let bare = Scope { parameters: &plain, base, last, room, ..*self };
        template.text(&|name| bare.look_up(name).or(Some(json!(""))))
    }

    /// What depends on how a run ended.
    fn of_outcome(&self, name: &str) -> Option<Value> {
        let event = self.event;
        let failed = event.exit_code.filter(|code| (1..=255).contains(code));
        let state = match event.kind {
            Kind::Success => 0,
            Kind::Warning => 1,
            _ => 2,
        };
        Some(match name {
            // A receiver that reads the code must not read the opposite of what it is told.
            "outcome_code" => match event.kind {
                Kind::Failure => json!(failed?),
                _ => event.exit_code.map(|_| json!(0))?,
            },
            "fail_code" => json!(failed?),
            "exit_text" => match event.kind {
                Kind::Failure => json!(failed.unwrap_or(1).to_string()),
                _ => json!("0"),
            },
            "nagios_state" => json!(state),
            "nagios_text" => json!(state.to_string()),
            "plugin_output" => {
                let word = ["OK", "WARNING", "CRITICAL"][state];
                json!(format!("{word}: {}", head_bytes(&wording::line(event), self.room.get())))
            }
            _ => {
                let metric = event.metrics.get(name.strip_prefix("metrics.")?)?;
                metric.number().map(number).or_else(|| metric.text().map(|text| json!(text)))?
            }
        })
    }

    fn of_address(&self, name: &str) -> Option<Value> {
        Some(match name {
            "base" | "cfg_base" => json!(self.base),
            "origin" => json!(self.address.without_user().origin()),
            "dsn.key" => json!(self.address.user()?.0),
            "cronitor.keyed" if super::cronitor::is_keyed(self.address) => json!(true),
            "slug" => json!(sentry::slug(self.address, self.parameters, &self.event.monitor)?),
            "monitor_config" => sentry::monitor_config(self.parameters)?,
            "basic" => {
                let part = |name: &str| {
                    self.of_parameters(name).map(|value| super::template::plain(&value))
                };
                let (user, password) = (part("user")?, part("password")?);
                json!(base64::encode(format!("{user}:{password}").as_bytes()))
            }
            "tags" => {
                let look_up = |name: &str| self.look_up(name);
                let tags = self.service.tags.iter().filter_map(|tag| tag.text(&look_up));
                json!(tags.collect::<Vec<_>>().join(","))
            }
            _ if self.service.split_last.as_deref() == Some(name) => json!(self.last.as_ref()?),
            _ => return None,
        })
    }

    fn of_parameters(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.parameters.get(name) {
            return Some(value.clone());
        }
        let default = self.service.parameter(name)?.default.as_ref()?;
        // A default speaks of the event; of itself it would speak for ever.
        default.value(&|name| self.of_event(name))
    }

    fn tail(&self) -> Option<Value> {
        let tail = text::to_text(&self.event.tail);
        (!tail.is_empty()).then(|| json!(last_bytes(&tail, self.room.get())))
    }

    /// The longest text that may have to give way.
    pub(super) fn longest_bytes(&self) -> usize {
        let message = self.event.message.as_ref().map_or(0, String::len);
        (self.event.tail.len().max(message) + self.event.monitor.len() + 16).min(self.room.get())
    }
}

fn seconds(ms: i64) -> Value {
    number(ms as f64 / 1000.0)
}

/// Notes every variable, constant and fallback that a service names and nobody knows.
pub(super) fn check(service: &Service, mistakes: &mut Vec<Mistake>) {
    let mut seen = |template: &Template| {
        for name in template.variables() {
            if let Some((message, hint)) = unknown(service, name) {
                mistakes.push(Mistake { offset: template.offset, message, hint });
            }
        }
    };
    service.url.iter().chain(&service.tags).for_each(&mut seen);
    service.headers.iter().for_each(|(_, template)| seen(template));
    service.form_json.iter().for_each(|(_, json)| json_templates(json, &mut seen));
    service.query.iter().chain(&service.common).for_each(|pair| pair_template(pair, &mut seen));
    service.constants.values().for_each(|body| body_templates(body, &mut seen));
    service.parameters.values().flat_map(|parameter| &parameter.default).for_each(&mut seen);
    let variants = || service.on.values().flatten();
    variants().for_each(|variant| variant_templates(variant, &mut seen));
    for name in variants().flat_map(|variant| &variant.when) {
        if let Some((message, hint)) = unknown(service, name) {
            mistakes.push(Mistake { offset: 0, message: format!("in `when`: {message}"), hint });
        }
    }
    for variant in variants() {
        if let Some(Body::Constant(name, offset)) = &variant.body
            && !service.constants.contains_key(name)
        {
            let message =
                format!("there is no `{}` to stand for `@{0}`", text::excerpt(name.as_bytes()));
            mistakes.push(Mistake { offset: *offset, message, hint: None });
        }
    }
}

/// What is wrong with a template that a target brings along.
pub(super) fn check_own(service: &Service, text: &str) -> Option<(String, Option<String>)> {
    match Template::parse(text, 0) {
        Err(why) => Some((why, None)),
        Ok(template) => template.variables().find_map(|name| unknown(service, name)),
    }
}

fn variant_templates(variant: &Variant, seen: &mut dyn FnMut(&Template)) {
    variant.url.iter().for_each(&mut *seen);
    variant.headers.iter().for_each(|(_, template)| seen(template));
    variant.query.iter().for_each(|pair| pair_template(pair, seen));
    variant.body.iter().for_each(|body| body_templates(body, seen));
}

fn pair_template(pair: &Pair, seen: &mut dyn FnMut(&Template)) {
    match pair {
        Pair::One(_, template) | Pair::Metrics(_, template) => seen(template),
        Pair::Common => {}
    }
}

fn body_templates(body: &Body, seen: &mut dyn FnMut(&Template)) {
    match body {
        Body::Text(template) => seen(template),
        Body::Form(pairs) => pairs.iter().for_each(|pair| pair_template(pair, seen)),
        Body::Lines(lines) => lines.iter().for_each(seen),
        Body::Udp(lines) => lines.iter().flatten().for_each(seen),
        Body::Items(items) => items.iter().for_each(|item| json_templates(item, seen)),
        Body::Json(json)
        | Body::JsonArray(json)
        | Body::NdJson(json)
        | Body::Envelope(json)
        | Body::Packet(json) => json_templates(json, seen),
        Body::Constant(..) => {}
    }
}

fn json_templates(json: &Json, seen: &mut dyn FnMut(&Template)) {
    match json {
        Json::Text(template) => seen(template),
        Json::Plain(_) => {}
        Json::Object(members) => members.iter().for_each(|(_, json)| json_templates(json, seen)),
        Json::List(items) => items.iter().for_each(|json| json_templates(json, seen)),
    }
}

/// Why there is no such variable, and which was meant.
fn unknown(service: &Service, name: &str) -> Option<(String, Option<String>)> {
    let own = name.strip_prefix("with.").unwrap_or(name);
    let known = NAMES.contains(&name)
        || OF_PARSERS.contains(&name)
        || name.starts_with("metrics.")
        || service.split_last.as_deref() == Some(name)
        || service.parameters.contains_key(own);
    if known {
        return None;
    }
    let names = NAMES.into_iter().chain(service.parameters.keys().map(String::as_str));
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("if a target says it, write `parameters.{own} = {{ needed = true }}`"),
    };
    Some((format!("there is no variable `{}`", text::excerpt(name.as_bytes())), Some(hint)))
}
