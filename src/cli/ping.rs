//! `hb ping`: one event by hand, delivered like a run's.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Read;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::run_arguments::TellingArguments;
use super::targets::{self, Resolver};
use super::{arguments, dialects, dry_run, exit, ping_case, run_settle, say};
use crate::domain::alert::Said;
use crate::domain::event::{Event, Kind, SEQ_FINISH};
use crate::domain::record::TargetRef;
use crate::domain::redact::Redactor;
use crate::domain::run::RunId;
use crate::domain::{span, text};
use crate::journal::spool::{Spool, Tries};
use crate::journal::state::State;
use crate::journal::{addresses, learned};
use crate::run::housekeeping::{self, Just};
use crate::send::alerts;
use crate::send::courier::{Courier, Report};
use crate::send::deliver::Settled;
use crate::send::target::Target;
use crate::sys::inherited::Inherited;
use crate::sys::{clock, host};

/// Bytes of stdin that are sent.
const STDIN_BYTES_MAX: u64 = 64 * 1024;

/// Time for the report, when nobody says otherwise: somebody is waiting for it.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// One ping by hand.
#[derive(Args, Debug, Default)]
pub(crate) struct PingArguments {
    /// The monitor: a name, or a whole ping URL
    #[arg(value_name = "MONITOR")]
    pub(crate) monitor: String,
    /// success, start, fail, warning, log, test, progress, verified, or an exit code 0-255
    #[arg(value_name = "EVENT", default_value = "success")]
    event: String,
    /// A line for the person who reads it
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Send the end of stdin along
    #[arg(long)]
    stdin: bool,
    /// The run it belongs to [default: $HB_RUN_ID]
    #[arg(long, value_name = "UUID")]
    run_id: Option<String>,
    /// With --dry-run: take the whole case from this JSON file (`-` is stdin)
    #[arg(long = "event", value_name = "FILE", id = "case")]
    case: Option<String>,
    #[command(flatten)]
    pub(crate) telling: TellingArguments,
}

/// Runs the command.
pub(crate) fn main(inherited: &Inherited, words: &[OsString]) -> i32 {
    let arguments: PingArguments = match arguments::read("ping", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    super::run::mask_arguments(inherited);
    if let Some(case) = &arguments.case {
        return ping_case::main(case, &arguments);
    }
    match ping(&arguments) {
        Ok(code) => code,
        Err(refused) => {
            say::error(refused);
            exit::USAGE
        }
    }
}

fn ping(arguments: &PingArguments) -> Result<i32, String> {
    let telling = &arguments.telling;
    let context = Context::read();
    let dialect = dialects::dialect_flag(&telling.dialect, &context.config)?;
    let named = targets::named(&arguments.monitor, dialect)?;
    check(telling)?;
    let mut event = event(arguments, &named.monitor)?;
    let timeout = match &telling.report_timeout {
        Some(text) => {
            span::parse_with_ms(text).map_err(|error| format!("`--report-timeout`: {error}"))?
        }
        None => REPORT_TIMEOUT,
    };
    if let Some(line) = context.mistakes_in_one_line() {
        if telling.strict {
            context.tell_mistakes();
            return Ok(exit::CONFIG);
        }
        say::warning(line);
    }
    let key = run_settle::key_of_environment();
    let resolver =
        Resolver { config: &context.config, kept_in: &context.state_dir, flags: telling, key };
    let settings = context.config.settings_for(&named.monitor);
    let found = resolver.find(&named, &settings);
    let redactor = Redactor::new(settings.redact.as_deref().unwrap_or_default());
    if let Ok(redactor) = redactor.or_else(|_| Redactor::new(&[])) {
        event.tail = redactor.mask(&event.tail).into_owned();
        event.message = event.message.map(|message| {
            String::from_utf8_lossy(&redactor.mask(message.as_bytes())).into_owned()
        });
    }
    found.troubles.iter().chain(&found.warnings).for_each(say::warning);
    if telling.dry_run {
        say::json(&shown_dry(&found.targets, &event));
        return Ok(exit::OK);
    }
    if found.targets.is_empty() {
        if !found.troubles.is_empty() {
            return Ok(exit::FAILED);
        }
        say::warning(
            "no receiver is configured, so nobody was told; use `--to URL` or the configuration",
        );
        return Ok(exit::OK);
    }
    let mut state = context.state().map_err(say::warning).ok();
    if let Some(opened) = &state
        && let Err(error) =
            found.addresses.iter().try_for_each(|kept| addresses::keep(opened, kept, event.at))
    {
        say::warning(format!("the address cannot be kept for later: {error}"));
        state = None;
    }
    let told = found.targets.iter().map(|target| target.reference.clone()).collect();
    let (code, unreached) = deliver(&event, found.targets, state.as_ref(), timeout);
    if let Some(state) = &state {
        let just = Just::told(told, unreached);
        let resolve = |target: &_, monitor: &str| resolver.spooled(state, target, monitor);
        match housekeeping::keep(state, &resolve, housekeeping::FLUSH_BUDGET, &just) {
            Ok(done) => done.iter().for_each(super::run::tell_done),
            Err(error) => say::warning(format!("the spool was not looked at: {error:#}")),
        }
    }
    Ok(code)
}

/// Refuses options that cannot be used, or have no effect on a ping.
fn check(telling: &TellingArguments) -> Result<(), String> {
    targets::check_words(&telling.to)?;
    targets::check_headers(&telling.header)?;
    let of_run = [
        ("keepalive", telling.keepalive.is_some()),
        ("warn-after", telling.warn_after.is_some()),
        ("json", telling.json.is_some()),
        ("export", telling.export),
    ];
    match of_run.iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(format!("`--{option}` is an option of `hb run` and has no effect here"))
        }
        None => Ok(()),
    }
}

/// The requests that would go out; a target that would hear nothing is named.
fn shown_dry(targets: &[Target], event: &Event) -> Value {
    let mut shown = Vec::new();
    for target in targets {
        let requests = dry_run::of_event(target, event);
        if requests.is_empty() {
            let (name, word, dialect) = (&target.name, event.kind.word(), target.dialect.name());
            say::warning(format!(
                "`{name}` ({dialect}) has no word for `{word}`; nothing would be sent"
            ));
        }
        shown.extend(requests.into_iter().map(|(request, _)| request));
    }
    Value::Array(shown)
}

/// The event that the words mean.
fn event(arguments: &PingArguments, monitor: &str) -> Result<Event, String> {
    let word = arguments.event.as_str();
    let code = word.parse::<u16>().ok();
    let kind = match (Kind::parse(word), code) {
        (Some(Kind::Stage), _) => {
            return Err("a stage is told from inside a job: `hb stage NAME`".into());
        }
        (Some(kind), _) => kind,
        (None, Some(0)) => Kind::Success,
        (None, Some(1..=255)) => Kind::Failure,
        (None, Some(_)) => return Err(format!("an exit code is 0 to 255, not {word}")),
        (None, None) => {
            let shown = text::excerpt(word.as_bytes());
            let words: Vec<&str> =
                Kind::ALL.iter().map(|kind| kind.word()).chain(["fail"]).collect();
            let near = crate::domain::nearest::nearest(word, words.iter().copied());
            return Err(match near {
                Some(near) => format!("there is no event `{shown}`, did you mean `{near}`?"),
                None => format!(
                    "there is no event `{shown}`; known: success start fail warning log test progress verified, or an exit code"
                ),
            });
        }
    };
    let mut event = Event::new(kind, monitor, clock::now());
    event.seq = if kind.is_finish() { SEQ_FINISH } else { 0 };
    event.exit_code = code.map(i32::from);
    event.message = arguments.message.clone();
    event.host = Some(host::name());
    // What stands in the environment is not this person's mistake.
    event.run_id = std::env::var("HB_RUN_ID").ok().and_then(|id| RunId::parse(&id));
    if let Some(id) = &arguments.run_id {
        let shown = text::excerpt(id.as_bytes());
        let parsed = RunId::parse(id);
        event.run_id = Some(parsed.ok_or_else(|| format!("`--run-id`: `{shown}` is not a UUID"))?);
    }
    if arguments.stdin {
        let mut tail = crate::domain::tail::Tail::new(0, STDIN_BYTES_MAX as usize);
        let mut chunk = [0u8; 64 * 1024];
        let mut stdin = std::io::stdin().lock();
        while let Ok(count @ 1..) = stdin.read(&mut chunk) {
            tail.push(&chunk[..count]);
        }
        event.tail = text::clean(&tail.finish().bytes);
    }
    Ok(event)
}

/// Delivers to all targets side by side; what cannot be delivered is kept. Gives the exit code, and
/// the targets that were tried in vain.
fn deliver(
    event: &Event,
    targets: Vec<Target>,
    state: Option<&State>,
    timeout: Duration,
) -> (i32, Vec<TargetRef>) {
    let until = Instant::now() + timeout;
    let mut left = targets.len();
    let now = clock::now();
    let shape =
        |target: &Target| (target.reference.clone(), alerts::shape(state, target, event, now));
    let shaped: HashMap<TargetRef, _> = targets.iter().map(shape).collect();
    let events = targets.iter().map(|target| shaped[&target.reference].0.clone()).collect();
    let lines = targets.into_iter().map(|target| {
        let limits = state.map(|state| learned::limits(state, &target.reference));
        (target, limits.unwrap_or_default())
    });
    let mut courier = match Courier::start(lines.collect()) {
        Ok(courier) => courier,
        Err(error) => {
            say::error(format!("nothing can be sent: {error}"));
            return (exit::FAILED, Vec::new());
        }
    };
    courier.finish(events, until);
    let mut code = exit::OK;
    let mut unreached = Vec::new();
    while left > 0 {
        courier.wait(Duration::from_millis(200));
        let (reports, alive) = courier.reports();
        for report in reports {
            left -= 1;
            if let (Some(state), Some(limit)) = (state, report.body_bytes_max) {
                let _ = learned::remember(state, &report.target, limit);
            }
            if matches!(report.settled, Settled::Undelivered(..)) {
                unreached.push(report.target.clone());
            }
            let Some((event, afterwards)) = shaped.get(&report.target) else { continue };
            let refused = matches!(report.settled, Settled::Refused(_));
            if let (Some(after), Some(state), false) = (afterwards, state, refused) {
                after.keep(state);
            }
            code = worse(code, tell(event, report, state));
        }
        if !alive && left > 0 {
            say::error("a bug in hb: the ping was not sent");
            return (exit::FAILED, unreached);
        }
    }
    (code, unreached)
}

/// The worse of two exit codes: a ping that is lost, then one that is kept.
fn worse(one: i32, other: i32) -> i32 {
    match (one, other) {
        (exit::FAILED, _) | (_, exit::FAILED) => exit::FAILED,
        (exit::OK, other) => other,
        (one, _) => one,
    }
}

/// Says what became of the ping at one target, keeps it where it could not be delivered, and gives the
/// exit code that follows.
fn tell(event: &Event, report: Report, state: Option<&State>) -> i32 {
    let name = &report.name;
    let word = event.kind.word();
    match report.settled {
        Settled::Delivered { confirmed: true, .. } => {
            say::info(format!("the {word} was delivered to `{name}`"));
            exit::OK
        }
        Settled::Delivered { confirmed: false, .. } => {
            say::warning(format!(
                "sent to `{name}`, not confirmed: its answer is the same for a wrong key"
            ));
            exit::OK
        }
        Settled::Unspoken if event.said == Some(Said::Silent) => {
            say::info(format!("`{name}` is told of failures and of their end; nothing was sent"));
            exit::OK
        }
        Settled::Unspoken => {
            say::warning(format!("`{name}` has no word for `{word}`; nothing was sent"));
            exit::OK
        }
        Settled::Refused(why) => {
            say::error(format!("`{name}` refused the ping: {why}"));
            exit::FAILED
        }
        Settled::Undelivered(why, after) => {
            let tries = Tries::default().and_one(clock::now(), after);
            let kept = state.map(|state| {
                let spool = Spool::open(state)?;
                spool.put(&report.target, name, event, &why, tries)
            });
            if let Some(Ok(())) = kept {
                say::warning(format!(
                    "not delivered to `{name}` ({why}); it is kept and sent later"
                ));
                exit::TEMPORARY
            } else {
                say::error(format!("not delivered to `{name}` ({why}), and it cannot be kept"));
                exit::FAILED
            }
        }
    }
}
