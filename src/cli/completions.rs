//! `hb completions`: scripts for five shells, and the names they ask for.
//!
//! The script is made from the same tree as the help. Monitors and targets change with the
//! configuration, so for bash, zsh and fish the script asks `hb completions --monitors` for them when
//! TAB is pressed; that reads files only, never the network.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Args;
use clap_complete::Shell;

use super::context::Context;
use super::{arguments, exit, say, tree};
use crate::domain::nearest::nearest;
use crate::domain::text;
use crate::journal::history::{self, Wanted};
use crate::journal::known;

/// Completions for a shell.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_name = "SHELL", required_unless_present_any = ["monitors", "targets"])]
    shell: Option<String>,
    /// The monitors that are configured, that ran here, or that a receiver is known to have, one a line
    #[arg(long, hide = true)]
    monitors: bool,
    /// The configured targets, one a line
    #[arg(long, hide = true)]
    targets: bool,
}

const SHELLS: [(&str, Shell); 5] = [
    ("bash", Shell::Bash),
    ("zsh", Shell::Zsh),
    ("fish", Shell::Fish),
    ("elvish", Shell::Elvish),
    ("powershell", Shell::PowerShell),
];

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: CompletionsArguments = match arguments::read("completions", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    if arguments.monitors || arguments.targets {
        let context = Context::read();
        let known = if arguments.monitors {
            monitors(&context)
        } else {
            context.config.targets.into_keys().collect()
        };
        known.iter().for_each(|name| say::data(&format!("{name}\n")));
        return exit::OK;
    }
    let name = arguments.shell.unwrap_or_default();
    match script(&name) {
        Some(script) => {
            say::data(&script);
            exit::OK
        }
        None => {
            let near = nearest(&name, SHELLS.iter().map(|(known, _)| *known));
            let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            let shown = text::excerpt(name.as_bytes());
            say::error(format!(
                "there is no script for `{shown}`{near}; bash, zsh, fish, elvish and powershell are known"
            ));
            exit::USAGE
        }
    }
}

/// Runs looked at for names that are not configured; TAB must not wait for more.
const RUNS_LOOKED_AT_MAX: usize = 200;

/// The names of monitors: those configured, those of the newest runs, and those that the receiver had
/// when it was last asked.
fn monitors(context: &Context) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = context.config.monitors.keys().cloned().collect();
    if let Ok(Some(state)) = context.state_there() {
        let wanted = Wanted { monitor: None, count: RUNS_LOOKED_AT_MAX, after: None };
        let runs = history::read(&state, &wanted).unwrap_or_default();
        names.extend(runs.into_iter().map(|(record, _)| record.begun.monitor));
        names.extend(known::names(&state));
    }
    names
}

/// The script for a shell.
fn script(name: &str) -> Option<String> {
    let (_, shell) = SHELLS.iter().find(|(known, _)| *known == name)?;
    let mut bytes = Vec::new();
    clap_complete::generate(*shell, &mut tree::command_tree(), "hb", &mut bytes);
    let mut script = String::from_utf8(bytes).ok()?;
    script.push_str(match shell {
        Shell::Bash => BASH_NAMES,
        Shell::Zsh => ZSH_NAMES,
        Shell::Fish => FISH_NAMES,
        _ => "",
    });
    Some(script)
}

/// Wraps the generated function: where a monitor or a target is wanted, its name is offered.
const BASH_NAMES: &str = r#"
_hb_with_names() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
    case "$prev" in
        --to) COMPREPLY=($(compgen -W "$(hb completions --targets 2>/dev/null)" -- "$cur")); return ;;
    esac
    _hb "$@"
    case "${COMP_WORDS[1]}" in
        run|ping|log|doctor|status)
            case "$cur" in
                -*) ;;
                *) COMPREPLY+=($(compgen -W "$(hb completions --monitors 2>/dev/null)" -- "$cur")) ;;
            esac ;;
        monitor)
            case "${COMP_WORDS[2]} $cur" in
                *" -"*|add*|list*) ;;
                show*|edit*|pause*|resume*|rm*|url*|runs*|events*)
                    ((COMP_CWORD > 2)) && COMPREPLY+=($(compgen -W "$(hb completions --monitors 2>/dev/null)" -- "$cur")) ;;
            esac ;;
        incident)
            case "${COMP_WORDS[2]} $cur" in
                *" -"*) ;;
                show*|ack*|snooze*|resolve*)
                    ((COMP_CWORD > 2)) && COMPREPLY+=($(compgen -W "$(hb completions --monitors 2>/dev/null)" -- "$cur")) ;;
            esac ;;
    esac
}
complete -F _hb_with_names -o nosort -o bashdefault -o default hb 2>/dev/null ||
    complete -F _hb_with_names -o bashdefault -o default hb
"#;

/// zsh asks the helper through its own completion system.
const ZSH_NAMES: &str = r#"
_hb_with_names() {
    if [[ $words[CURRENT-1] == --to ]]; then
        compadd -- ${(f)"$(hb completions --targets 2>/dev/null)"}
        return
    fi
    if [[ $words[CURRENT] != -* ]] && {
        [[ $words[2] == (run|ping|log|doctor|status) ]] ||
            [[ $CURRENT -gt 3 && $words[2] == monitor && $words[3] == (show|edit|pause|resume|rm|url|runs|events) ]] ||
            [[ $CURRENT -gt 3 && $words[2] == incident && $words[3] == (show|ack|snooze|resolve) ]]
    }; then
        compadd -- ${(f)"$(hb completions --monitors 2>/dev/null)"}
    fi
    _hb "$@"
}
compdef _hb_with_names hb
"#;

const FISH_NAMES: &str = r#"
complete -c hb -n "__fish_seen_subcommand_from run ping log doctor status" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from monitor; and __fish_seen_subcommand_from show edit pause resume rm url runs events" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from incident; and __fish_seen_subcommand_from show ack snooze resolve" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from run ping" -l to -x -a "(hb completions --targets 2>/dev/null)"
"#;
