//! `hb run`: arguments and configuration into a plan, the job, and what is left to say.

use std::ffi::OsString;

use super::context::Context;
use super::run_arguments::RunArguments;
use super::run_settle::Settled;
use super::targets::Resolver;
use super::{arguments, dry_run, exit, plain_run, run_settle, say, world};
use crate::journal::state::State;
use crate::run::housekeeping::{self, Just};
use crate::run::{Exit, Finished};
use crate::sys::inherited::Inherited;
use crate::sys::{fault, files};

/// Runs the command.
pub(crate) fn main(inherited: &Inherited, words: &[OsString]) -> Exit {
    let read = plain_run::read(words).map_or_else(|| arguments::read("run", words), Ok);
    let mut arguments: RunArguments = match read {
        Ok(arguments) => arguments,
        Err(code) => return Exit::Code(u8::try_from(code).unwrap_or(1)),
    };
    mask_arguments(inherited);
    let context = Context::read();
    let mut settled = match run_settle::settle(&mut arguments, &context) {
        Ok(settled) => settled,
        Err(refused) => {
            say::error(refused);
            return Exit::Code(exit::USAGE as u8);
        }
    };
    let strict = arguments.telling.strict || settled.strict;
    if strict && (!context.mistakes.is_empty() || !settled.troubles.is_empty()) {
        context.tell_mistakes();
        settled.troubles.iter().for_each(say::error);
        say::error("the job was not run, because `--strict` was given");
        return Exit::Code(exit::CONFIG as u8);
    }
    if arguments.telling.dry_run {
        say::json(&dry_run::of_run(&settled.plan));
        return Exit::Code(0);
    }
    if let Some(line) = context.mistakes_in_one_line() {
        say::warning(line);
    }
    settled.troubles.iter().chain(&settled.warnings).for_each(say::warning);
    let state = context.state().map_err(say::warning).ok();
    settled.plan.conditions.blocked = world::enter(&settled).err();
    let again = settled.again.take();
    let once = || once(inherited, &arguments, &context, &settled, state.as_ref());
    let Some(mut again) = again else { return once().0 };
    // A scheduler that is told to stop between two runs has done nothing wrong.
    loop {
        if again.wait(inherited) {
            return Exit::Code(0);
        }
        if let (exit, true) = once() {
            return exit;
        }
    }
}

/// One run, with what is to be said and done behind it; and whether somebody asked it to end.
fn once(
    inherited: &Inherited,
    arguments: &RunArguments,
    context: &Context,
    settled: &Settled,
    state: Option<&State>,
) -> (Exit, bool) {
    let finished = crate::run::run(&settled.plan, inherited, state);
    let (exit, end_asked) = (finished.exit, finished.end_asked);
    // The job has had its end, and nothing that comes after it may change what hb exits with.
    fault::contain(|| afterwards(arguments, context, settled, state, finished));
    let exit = match exit {
        Exit::UnixSignal(number) if settled.plan.telling.plain_exit => {
            Exit::Code(u8::try_from(128 + number).unwrap_or(u8::MAX))
        }
        other => other,
    };
    (exit, end_asked)
}

/// What is to be said behind a run, and done for others.
fn afterwards(
    arguments: &RunArguments,
    context: &Context,
    settled: &Settled,
    state: Option<&State>,
    finished: Finished,
) {
    finished.not_run.iter().for_each(say::error);
    finished.infos.iter().for_each(say::info);
    finished.warnings.iter().for_each(say::warning);
    say::kept();
    if let (Some(path), summary) = (&settled.plan.telling.json_to, &finished.summary)
        && let Err(error) = files::write_given(path, format!("{summary}\n").as_bytes())
    {
        say::warning(format!("cannot write `{}`: {error}", path.display()));
    }
    if let (Some(state), false) = (state, finished.end_asked) {
        let key = run_settle::key_of_environment();
        let resolver = Resolver {
            config: &context.config,
            kept_in: &context.state_dir,
            flags: &arguments.telling,
            key,
        };
        let resolve = |target: &_, monitor: &str| resolver.spooled(state, target, monitor);
        let told = settled.plan.targets.iter().map(|target| target.reference.clone()).collect();
        let just = Just::told(told, finished.unreached);
        match housekeeping::keep(state, &resolve, housekeeping::FLUSH_BUDGET, &just) {
            Ok(done) => done.iter().for_each(tell_done),
            Err(error) if finished.recorded => {
                say::warning(format!("the spool was not looked at: {error:#}"));
            }
            // It is the same trouble, and has been said.
            Err(_) => {}
        }
    }
}

pub(crate) fn tell_done(done: &housekeeping::Done) {
    for monitor in &done.vanished {
        say::warning(format!(
            "an earlier run of `{monitor}` died without a report; it was reported now"
        ));
    }
    for name in &done.set_aside {
        say::warning(format!("spool file `{name}` cannot be read and was set aside"));
    }
    for refused in &done.refused {
        say::warning(format!("a kept event was refused by {refused}"));
    }
}

/// Takes ping URLs and headers on the command line out of the sight of `ps`.
pub(crate) fn mask_arguments(inherited: &Inherited) {
    let mut before = "";
    for (index, word) in inherited.words.iter().enumerate() {
        let text = word.to_str().unwrap_or_default();
        if text == "--" {
            return;
        }
        let header = if before == "--header" { Some(0) } else { None };
        let header = header.or_else(|| text.strip_prefix("--header=").map(|_| "--header=".len()));
        let secret = match header {
            Some(from) => text[from..].find(':').map(|colon| from + colon + 1),
            None => secret_part(text),
        };
        if let Some(from) = secret {
            inherited.mask_word(index, from);
        }
        before = text;
    }
}

/// Where the secret part of a URL begins in a word that holds one: behind the host, or before it
/// where a user and a password stand there.
fn secret_part(word: &str) -> Option<usize> {
    let socket = ["unix:/", "--to=unix:/"].into_iter().find(|start| word.starts_with(start));
    let Some(socket) = socket else {
        let host = word.find("://")? + 3;
        let behind = word[host..].find(['/', '?']).map_or(word.len(), |end| host + end + 1);
        return Some(if word[host..behind].contains('@') { host } else { behind });
    };
    word[socket.len()..].find(":/").map(|end| socket.len() + end + 2)
}

#[cfg(test)]
mod tests {
    use super::secret_part;

    #[test]
    fn of_a_url_ps_shows_the_host_alone() {
        for (word, shown) in [
            ("https://hc.example/ping/x", "https://hc.example/"),
            ("--to=https://hc.example/ping/x", "--to=https://hc.example/"),
            ("https://hc.example?key=x", "https://hc.example?"),
            ("https://user:pw@hc.example/x", "https://"),
            ("https://hc.example", "https://hc.example"),
            ("http+unix://%2Frun%2Fhb.sock/ping/x", "http+unix://%2Frun%2Fhb.sock/"),
            ("unix:/run/hb.sock:/ping/x", "unix:/run/hb.sock:/"),
            ("unix:///run/hb.sock:/ping/x", "unix:///run/hb.sock:/"),
        ] {
            assert_eq!(secret_part(word).map(|from| &word[..from]), Some(shown), "{word}");
        }
        assert_eq!(secret_part("nightly"), None);
        assert_eq!(secret_part("unix:/run/hb.sock"), None);
    }
}
