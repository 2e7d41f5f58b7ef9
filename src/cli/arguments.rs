//! From words to arguments, and from a wrong word to one line that says what to write instead.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, FromArgMatches};

use super::{exit, say, tree};
use crate::domain::nearest::nearest;
use crate::domain::text;

/// Reads the words behind a subcommand's name; an error is the code to exit with.
pub(crate) fn read<T: FromArgMatches>(name: &str, words: &[OsString]) -> Result<T, i32> {
    let matches = matches(name, words)?;
    T::from_arg_matches(&matches).map_err(|error| refuse(name, words, &error))
}

fn matches(name: &str, words: &[OsString]) -> Result<ArgMatches, i32> {
    let Some(command) = tree::subcommand(name) else { return Err(unknown_command(name)) };
    let named = std::iter::once(OsString::from(format!("hb {name}")));
    match command.try_get_matches_from(named.chain(words.iter().cloned())) {
        Ok(matches) => Ok(matches),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            say::data(&error.render().to_string());
            Err(exit::OK)
        }
        Err(error) => Err(refuse(name, words, &error)),
    }
}

/// One line: what is wrong, with the nearest word that is right.
fn refuse(name: &str, words: &[OsString], error: &clap::Error) -> i32 {
    let get = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text::excerpt(text.as_bytes())),
        Some(ContextValue::Strings(texts)) => Some(texts.join(" ")),
        Some(_) | None => None,
    };
    let argument = get(ContextKind::InvalidArg).unwrap_or_default();
    let near = near_flag(name, words, &argument).map(|near| format!(", did you mean `{near}`?"));
    let value = get(ContextKind::InvalidValue).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::UnknownArgument if is_negative(&argument) => {
            format!("unexpected `{argument}`; no number here is less than 0")
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => match near {
            Some(near) => format!("unknown option `{argument}`{near}"),
            None => {
                let name = with_action(name, words);
                format!("unknown option `{argument}`; see `hb {name} --help`")
            }
        },
        ErrorKind::UnknownArgument if name == "run" => match flag_before(words, &argument) {
            Some(flag) => format!("write `{flag}={argument}`; `{flag}` takes its value after `=`"),
            None => format!("unexpected word `{argument}`; the job's command comes after `--`"),
        },
        ErrorKind::UnknownArgument => {
            format!("unexpected word `{argument}`; see `hb {name} --help`")
        }
        ErrorKind::MissingRequiredArgument => {
            let name = with_action(name, words);
            format!("`hb {name}` needs {}; see `hb {name} --help`", missing(&argument))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("`hb {name}` needs a word behind it: {}", actions(name).join(", "))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` needs a value"),
        ErrorKind::InvalidSubcommand => {
            let typed = get(ContextKind::InvalidSubcommand).unwrap_or_default();
            let known = get(ContextKind::SuggestedSubcommand);
            match known.or_else(|| near_subcommand(name, &typed)) {
                Some(near) => format!("unexpected word `{typed}`, did you mean `{near}`?"),
                None => format!("unexpected word `{typed}`; see `hb {name} --help`"),
            }
        }
        ErrorKind::ArgumentConflict => match get(ContextKind::PriorArg).unwrap_or_default() {
            prior if prior.starts_with("[COMMAND]") => {
                format!("`{argument}` cannot go together with a command behind `--`")
            }
            prior => format!("`{argument}` cannot go together with `{prior}`"),
        },
        ErrorKind::InvalidUtf8 => {
            let odd = words.iter().find(|word| word.to_str().is_none());
            let odd = odd.map(|word| text::excerpt(word.as_encoded_bytes()));
            format!("`{}` is not UTF-8 text", odd.unwrap_or_default())
        }
        ErrorKind::ValueValidation if value.parse::<i128>().is_ok() => {
            format!("`{value}` is out of range for `{argument}`")
        }
        ErrorKind::ValueValidation => {
            format!("`{argument}` wants a whole number, not `{value}`")
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    say::error(message);
    exit::USAGE
}

/// The flag whose value may be left out, where `typed` was meant as that value: `--lock NAME`.
fn flag_before<'a>(words: &'a [OsString], typed: &str) -> Option<&'a str> {
    let place = words.iter().position(|word| word == typed)?;
    let before = words.get(place.checked_sub(1)?)?.to_str()?;
    ["--lock", "--quiet"].contains(&before).then_some(before)
}

/// Whether a number was meant: `-5`.
fn is_negative(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The command, and its action where one was typed: `spool drop`.
fn with_action(name: &str, words: &[OsString]) -> String {
    let typed = words.first().and_then(|word| word.to_str());
    let actions = tree::subcommand(name);
    let action = actions.as_ref().and_then(|command| command.find_subcommand(typed?));
    action.map_or_else(|| name.to_owned(), |action| format!("{name} {}", action.get_name()))
}

fn missing(argument: &str) -> String {
    if argument.is_empty() { "more".to_owned() } else { format!("`{argument}`") }
}

/// The nearest flag of the command or of its action, also where clap itself finds none.
fn near_flag(name: &str, words: &[OsString], typed: &str) -> Option<String> {
    let command = tree::subcommand(name)?;
    let action = words.first().and_then(|word| command.find_subcommand(word));
    let all =
        command.get_arguments().chain(action.iter().flat_map(|action| action.get_arguments()));
    let flags: Vec<String> = all.filter_map(|arg| arg.get_long()).map(str::to_owned).collect();
    // Two hyphens in common make no likeness.
    let near = nearest(typed.strip_prefix("--")?, flags.iter().map(String::as_str))?;
    Some(format!("--{near}"))
}

/// The actions of a command that has some.
fn actions(name: &str) -> Vec<String> {
    let command = tree::subcommand(name);
    let all = command.iter().flat_map(|command| command.get_subcommands());
    all.map(|action| action.get_name().to_owned()).collect()
}

/// The nearest action of a command that has some.
fn near_subcommand(name: &str, typed: &str) -> Option<String> {
    nearest(typed, actions(name).iter().map(String::as_str)).map(str::to_owned)
}

/// A command that there is not.
pub(crate) fn unknown_command(name: &str) -> i32 {
    let shown = text::excerpt(name.as_bytes());
    match nearest(name, tree::names()) {
        Some(near) => say::error(format!("unknown command `{shown}`, did you mean `{near}`?")),
        None => say::error(format!("unknown command `{shown}`; see `hb --help`")),
    }
    exit::USAGE
}
