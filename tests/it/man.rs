//! The man pages: from the arguments, and from what arguments cannot say.
//!
//! clap_mangen writes name, synopsis, description and options. The examples come from the end of
//! each command's help. Exit status, files and environment are the constants below.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap_mangen::Man;

/// A list in a man page: a term, and what there is to say about it.
type Terms = &'static [(&'static str, &'static str)];

const RUN_USAGE: &str = "\
hb run [OPTIONS] MONITOR -- COMMAND [ARG]...
hb run [OPTIONS] MONITOR --shell LINE";

const RUN_EXIT: Terms = &[
    ("the job's own", "whenever the job was run, whatever became of its report"),
    ("death by a signal", "when the job died of it; a shell shows 128 and the signal's number"),
    ("64", "the command line is wrong; the job was not run"),
    (
        "69",
        "a precondition (--require-mount, --require-free, --pre, --chdir, user) was not met; the job was not run",
    ),
    ("75", "the lock is busy; the job was not run (see --lock-busy-exit)"),
    ("78", "the configuration has a mistake and --strict was given; the job was not run"),
    ("124", "the job ran out of time and obeyed the signal"),
    ("126", "the command was found and could not be started"),
    ("127", "the command was not found"),
    ("137", "the job ran out of time and had to be killed"),
];

const FILES: Terms = &[
    ("~/.config/hb/config.toml", "this user's configuration ($XDG_CONFIG_HOME where it is set)"),
    ("~/.config/hb/ping-key, api-key", "the keys that hb init keeps (root: in /etc/hb), mode 0600"),
    ("/etc/hb/config.toml", "the configuration of this host; the user's file wins, key by key"),
    ("/var/lib/hb", "root's state directory"),
    ("~/.local/state/hb", "another user's state directory ($XDG_STATE_HOME/hb where it is set)"),
    ("open/, history/", "in the state directory: runs that go on, and runs that are over"),
    ("spool/", "in the state directory: events that are not delivered yet"),
    (
        "addresses/",
        "in the state directory: ping URLs given on the command line, mode 0600; forgotten after 60 days without use",
    ),
    (
        "/run/hb",
        "what root's running jobs say ($XDG_RUNTIME_DIR/hb for others; else in the state directory)",
    ),
    (
        "$XDG_RUNTIME_DIR/hb/serve.json",
        "where this user's hb serve listens, and its ping key; /run/user/UID where the variable is not set, for root also /run/hb; read only where it is this user's alone and the receiver lives",
    ),
];

const ENVIRONMENT: Terms = &[
    ("HB_CONFIG", "read this configuration file and no other"),
    ("HB_STATE_DIR", "keep the state here"),
    ("HB_TO", "targets or ping URLs, separated by commas, where --to is not given"),
    (
        "HB_KEY",
        "the ping key for targets and URLs that have none of their own; the job does not see it",
    ),
    ("HB_SERVER", "the receiver that hb status, monitor, channel and incident ask"),
    ("HB_API_KEY, HB_API_KEY_FILE", "its API key, or the file that holds it"),
    (
        "HB_LOG",
        "error, warning (the default), or info, which also says what hb run and hb ping delivered",
    ),
    ("SSL_CERT_FILE", "trust the certificates in this file"),
    ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy to use, and the hosts that need none"),
    ("SHELL", "the shell for --shell, where it is a POSIX shell; else /bin/sh"),
    ("HB_RUN_ID", "set for the job: the id of this run"),
    ("HB_MONITOR", "set for the job: the monitor's name"),
    (
        "HB_RUN_DIR",
        "set for the job: a directory; lines of KEY=VALUE in its file `metrics` are read",
    ),
];

/// All pages, by file name.
pub(crate) fn pages() -> BTreeMap<String, String> {
    let mut tree = hb::command_tree();
    tree.build();
    let mut pages = BTreeMap::new();
    for command in tree.get_subcommands().filter(|command| command.get_name() != "help") {
        pages.insert(format!("hb-{}.1", command.get_name()), page(command));
    }
    pages.insert("hb.1".to_owned(), page(&tree));
    pages.insert("hb-dialects.7".to_owned(), crate::service_table::page());
    pages
}

fn page(command: &clap::Command) -> String {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .source(concat!("hb ", env!("CARGO_PKG_VERSION")))
        .manual("hb");
    let mut bytes = Vec::new();
    let is_top = name == "hb";
    man.render_title(&mut bytes).expect("memory takes what is written");
    man.render_name_section(&mut bytes).expect("memory takes what is written");
    bytes.extend_from_slice(synopsis(command).as_bytes());
    man.render_description_section(&mut bytes).expect("memory takes what is written");
    man.render_options_section(&mut bytes).expect("memory takes what is written");
    if is_top {
        man.render_subcommands_section(&mut bytes).expect("memory takes what is written");
    }
    let mut page = String::from_utf8(bytes).expect("a page is text");
    if !is_top {
        actions(&mut page, command);
    }
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    endings(&mut page, &name, &help);
    if name == "hb-run" {
        configuration(&mut page);
    }
    if name == "hb-run" || is_top {
        terms(&mut page, "FILES", FILES);
        terms(&mut page, "ENVIRONMENT", ENVIRONMENT);
    }
    page.push_str(".SH SEE ALSO\n");
    page.push_str(if is_top { "hb\\-run(1), hb\\-log(1), hb\\-doctor(1)\n" } else { "hb(1)\n" });
    page
}

/// One line of usage; all forty options of `hb run` in it would hide the words that matter.
fn synopsis(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = match command.get_name() {
        "run" => RUN_USAGE,
        _ => usage.trim_start_matches("Usage: "),
    };
    format!(".SH SYNOPSIS\n.nf\n{}\n.fi\n", escaped(usage))
}

/// The actions of a command that has some: each is typed behind it and has no page of its own.
fn actions(page: &mut String, command: &clap::Command) {
    let found: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    if found.is_empty() {
        return;
    }
    page.push_str(".SH ACTIONS\n");
    for action in found {
        let about = action.get_about().map(ToString::to_string).unwrap_or_default();
        let usage = action.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(usage), escaped(&about));
        // What holds for all actions stands among the options.
        let own = |argument: &&clap::Arg| argument.get_id() != "help" && !argument.is_global_set();
        for argument in action.get_arguments().filter(own) {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let name = argument.to_string();
            let _ = writeln!(page, ".RS\n{}: {}\n.RE", escaped(&name), escaped(&help));
        }
    }
}

/// What stands at the end of a command's help: the examples, and paragraphs about its exit status.
fn endings(page: &mut String, name: &str, help: &str) {
    for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        if matches!(first, "Examples:" | "Example:") {
            let _ = writeln!(page, ".SH EXAMPLES\n.nf\n{}\n.fi", escaped(rest));
        } else if let Some(status) = paragraph.strip_prefix("Exit status") {
            // The page of `hb run` has a list in place of this paragraph.
            if name != "hb-run" {
                // `Exit status of flush: …` stays whole.
                let status = status.strip_prefix(':').map_or(paragraph, str::trim);
                let _ = writeln!(page, ".SH EXIT STATUS\n{}", escaped(status));
            }
        } else {
            let _ = writeln!(page, ".SH NOTES\n{}", escaped(paragraph));
        }
    }
    if name == "hb-run" {
        terms(page, "EXIT STATUS", RUN_EXIT);
    }
}

/// The keys of the configuration, from the tables of the README.
fn configuration(page: &mut String) {
    page.push_str(
        ".SH CONFIGURATION\nThe file is TOML. Keys are spelled as the options, with underscores; an option without a \
         value is true or false.\n",
    );
    let readme = include_str!("../../README.md").replace('`', "");
    for heading in ["[defaults] and [monitors.NAME]", "[targets.NAME]"] {
        let table = readme.split(&format!("| {heading} |")).nth(1).expect("a table of keys");
        let _ = writeln!(page, ".SS {}", escaped(heading));
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(cells[1]), escaped(cells[2]));
        }
    }
}

fn terms(page: &mut String, heading: &str, terms: Terms) {
    let _ = writeln!(page, ".SH {heading}");
    for (term, meaning) in terms {
        let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(meaning));
    }
}

/// Text as roff takes it: no escapes, no requests at the beginning of a line, real hyphens.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text.lines().map(|line| {
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}
