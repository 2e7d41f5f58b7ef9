//! `hb run`: arguments and configuration into a plan, the job, and what is left to say.

use std::ffi::OsString;

use super::context::Context;
use super::run_arguments::RunArguments;
use super::targets::Resolver;
use super::{arguments, dry_run, exit, run_settle, say, world};
use crate::run::{Exit, housekeeping};
use crate::sys::inherited::Inherited;

/// Runs the command.
pub(crate) fn main(inherited: &Inherited, words: &[OsString]) -> Exit {
    let mut arguments: RunArguments = match arguments::read("run", words) {
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
    settled.plan.conditions.blocked = world::enter(&arguments.world, &settled).err();
    let finished = crate::run::run(&settled.plan, inherited, state.as_ref());
    finished.not_run.iter().for_each(say::error);
    finished.warnings.iter().for_each(say::warning);
    if let (Some(path), summary) = (&settled.plan.telling.json_to, &finished.summary)
        && let Err(error) = std::fs::write(path, format!("{summary}\n"))
    {
        say::warning(format!("cannot write `{}`: {error}", path.display()));
    }
    if let Some(state) = &state {
        let key = run_settle::key_of_environment();
        let resolver = Resolver { config: &context.config, flags: &arguments.telling, key };
        let resolve = |target: &_, monitor: &str| resolver.spooled(state, target, monitor);
        match housekeeping::keep(state, &resolve, housekeeping::FLUSH_BUDGET, &finished.unreached) {
            Ok(done) => done.iter().for_each(tell_done),
            Err(error) => say::warning(format!("the spool was not looked at: {error:#}")),
        }
    }
    match finished.exit {
        Exit::UnixSignal(number) if settled.plan.telling.plain_exit => {
            Exit::Code(u8::try_from(128 + number).unwrap_or(u8::MAX))
        }
        other => other,
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

/// Takes ping URLs on the command line out of the sight of `ps`.
pub(crate) fn mask_arguments(inherited: &Inherited) {
    for (index, word) in inherited.words.iter().enumerate() {
        let Some(text) = word.to_str() else { continue };
        if text == "--" {
            return;
        }
        let Some(scheme) = text.find("://") else { continue };
        let host_end = text[scheme + 3..].find('/').map(|slash| scheme + 3 + slash + 1);
        inherited.mask_word(index, host_end.unwrap_or(text.len()));
    }
}
