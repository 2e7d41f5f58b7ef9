//! The way in: which command was typed, and what hb exits with.

use std::ffi::{OsString, c_char, c_int};

use super::{
    arguments, channel, completions, doctor, exit, export, import, incident, init, inside, key,
    log, monitor, ping, run, say, schedule, serve, spool, status, tree,
};
use crate::domain::text;
use crate::run::Exit;
use crate::sys::inherited::Inherited;
use crate::sys::process;

/// Runs hb with the arguments of the C entry point, and gives its exit code.
pub fn run(count: c_int, words: *const *const c_char) -> c_int {
    let inherited = Inherited::record(count, words);
    // A panic is a bug in hb and is told as one; the default message would print a back trace. It is
    // told when the job has ended, so that nothing stands within the job's own output.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        say::later(format!("a bug in hb{}", place.unwrap_or_default()));
    }));
    let guarded = std::panic::AssertUnwindSafe(|| dispatch(&inherited));
    let exit = std::panic::catch_unwind(guarded);
    say::kept();
    match exit {
        Ok(Exit::Code(code)) => c_int::from(code),
        Ok(Exit::UnixSignal(number)) => {
            process::die_of(number);
            128 + number
        }
        Err(_) => exit::FAILED,
    }
}

fn dispatch(inherited: &Inherited) -> Exit {
    let words = &inherited.words;
    let Some(name) = words.get(1) else {
        say::data(tree::help());
        return code(exit::USAGE);
    };
    let rest = words.get(2..).unwrap_or_default();
    say::odd_level();
    code(match name.to_str() {
        Some("run") => {
            crate::warm();
            return run::main(inherited, rest);
        }
        Some("ping") => ping::main(inherited, rest),
        Some("progress") => inside::progress(rest),
        Some("stage") => inside::stage(rest),
        Some("metric") => inside::metric(rest),
        Some("step") => return inside::step(inherited, rest),
        Some("log") => log::main(rest),
        Some("spool") => spool::main(rest),
        Some("doctor") => doctor::main(inherited, rest),
        Some("status") => status::main(rest),
        Some("monitor") => monitor::main(rest),
        Some("channel") => channel::main(inherited, rest),
        Some("incident") => incident::main(rest),
        Some("key") => key::main(rest),
        Some("schedule") => schedule::main(rest),
        Some("import") => import::main(rest),
        Some("export") => export::main(rest),
        Some("serve") => serve::main(rest),
        Some("init") => init::main(inherited, rest),
        Some("completions") => completions::main(rest),
        Some("help" | "--help" | "-h") => help(rest.first()),
        Some("--version" | "-V" | "version") => {
            say::data(concat!("hb ", env!("CARGO_PKG_VERSION"), "\n"));
            exit::OK
        }
        Some(option) if option.starts_with('-') => {
            let option = text::excerpt(option.as_bytes());
            say::error(format!(
                "unknown option `{option}`; a command comes first, see `hb --help`"
            ));
            exit::USAGE
        }
        Some(other) => arguments::unknown_command(other),
        None => arguments::unknown_command(&name.to_string_lossy()),
    })
}

fn help(of: Option<&OsString>) -> i32 {
    match of.and_then(|name| name.to_str()) {
        None => {
            say::data(tree::help());
            exit::OK
        }
        Some(name) => match tree::subcommand(name) {
            Some(mut command) => {
                say::data(&command.render_long_help().to_string());
                exit::OK
            }
            None => arguments::unknown_command(name),
        },
    }
}

fn code(code: i32) -> Exit {
    Exit::Code(u8::try_from(code).unwrap_or(1))
}
