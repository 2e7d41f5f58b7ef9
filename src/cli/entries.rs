//! Every subcommand: its name, what it is for, examples of its use, and its arguments.

use clap::{Args, Command};

use super::channel::ChannelArguments;
use super::completions::CompletionsArguments;
use super::doctor::DoctorArguments;
use super::export::ExportArguments;
use super::import::ImportArguments;
use super::incident::IncidentArguments;
use super::init::InitArguments;
use super::inside::{MetricArguments, ProgressArguments, StageArguments, StepArguments};
use super::key::KeyArguments;
use super::log::LogArguments;
use super::monitor::MonitorArguments;
use super::ping::PingArguments;
use super::run_arguments::RunArguments;
use super::schedule::ScheduleArguments;
use super::serve::ServeArguments;
use super::spool::SpoolArguments;
use super::status::StatusArguments;

/// One subcommand: its name, one line, examples, and its arguments.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) examples: &'static str,
    pub(super) arguments: fn(Command) -> Command,
}

/// All of them, in the order in which people meet them.
pub(super) const ENTRIES: [Entry; 20] = [
    Entry {
        name: "run",
        about: "Run a job and report it",
        examples: "\
Examples:
  hb run nightly -- borg create --stats ::{now} /home
  hb run nightly --to https://hc-ping.com/<uuid> -- /usr/local/bin/backup.sh
  hb run dump --shell 'pg_dump shop | gzip > /backup/shop.sql.gz' --expect-newer '/backup/*.gz'
  hb run sync --lock --timeout 2h --retry 2 -- rsync -a --stats /srv/ backup:/srv/
  hb run report --quiet --tail 4k -- ./report.sh      in a crontab that mails what is printed
  hb run nightly --dry-run -- ./backup.sh             what would be sent, and where

Every option but --shell, --dry-run and those of a target can stand in the configuration, under
[defaults] or [monitors.NAME], with underscores: retry_delay = \"5m\".

Exit status: the job's own, always. When the job did not run: 64 usage, 69 a precondition
failed, 75 lock busy, 78 configuration with --strict, 126 not executable, 127 not found.
124 it ran out of time (137 where KILL was needed).",
        arguments: RunArguments::augment_args,
    },
    Entry {
        name: "ping",
        about: "One ping by hand",
        examples: "\
Examples:
  hb ping nightly                       success
  hb ping nightly fail -m 'disk full'   failure, with a line
  hb ping nightly 3                     the exit code of something else
  make 2>&1 | hb ping build log --stdin
  hb ping nightly --dry-run             what would be sent, and where

Exit status: 0 delivered, or no server is configured; 75 kept and sent later; 1 refused, or a target
cannot be used; 64 usage; 78 configuration with --strict.",
        arguments: without_options_of_run,
    },
    Entry {
        name: "progress",
        about: "Inside a job: say how far it is",
        examples: "Example:\n  hb progress 40 --stage copying --rate 25MB/s --eta 10m\n\nNever fails the job: inside of `hb run` a mistake is said, and the exit code is 0. Outside of it,\na mistake exits with 64, and everything else does nothing.",
        arguments: ProgressArguments::augment_args,
    },
    Entry {
        name: "stage",
        about: "Inside a job: say that a new stage begins",
        examples: "Example:\n  hb stage verifying\n\nNever fails the job: inside of `hb run` a mistake is said, and the exit code is 0.",
        arguments: StageArguments::augment_args,
    },
    Entry {
        name: "step",
        about: "Inside a job: run one named step; a failed step makes the run failed",
        examples: "Example:\n  hb step dump -- pg_dump -f /backup/shop.sql shop\n\nExit status: the step's own.",
        arguments: StepArguments::augment_args,
    },
    Entry {
        name: "metric",
        about: "Inside a job: say what it measured",
        examples: "Example:\n  hb metric size=45.2GB files=15420 transfer_rate=25MB/s\n\nNever fails the job: inside of `hb run` a mistake is said, and the exit code is 0.\nA script may as well write: echo size=45.2GB >> \"$HB_RUN_DIR/metrics\"",
        arguments: MetricArguments::augment_args,
    },
    Entry {
        name: "log",
        about: "What ran on this host; works with no server",
        examples: "\
Examples:
  hb log                  the last runs of all monitors
  hb log nightly -n 50    of one monitor
  hb log nightly --last   the last run in full, with its output
  hb log --since 12h      what ran last night
  hb log --json | jq .    one object per run
  hb log --follow         and what comes

A run is a success, a warning, a failure or skipped (the lock was busy); running; ending (its job is
gone, its hb is not); unknown (nobody saw its end). Times are those of this host, in --json UTC.

Exit status: 0, also where nothing has run yet; 1 no such run; 64 usage.",
        arguments: LogArguments::augment_args,
    },
    Entry {
        name: "spool",
        about: "Events that are not delivered yet",
        examples: "\
Examples:
  hb spool                         list them: why, how often tried, what comes next
  hb spool list --json | jq .      the same for a program
  hb spool flush                   deliver them now, whatever pause they are in
  hb spool flush --quiet           the same from cron
  hb spool drop <ID>               give one up
  hb spool drop --all              give all up, and what cannot be read

Each `hb run` and `hb ping` delivers them after its own, but rests between tries: a minute after the
second, at most an hour, or as long as the server asks for.

Exit status of flush: 0 nothing is left, 75 something still waits; of drop: 1 there is no such event.",
        arguments: SpoolArguments::augment_args,
    },
    Entry {
        name: "doctor",
        about: "Check configuration, network, keys and spool, and say what to do",
        examples: "\
Examples:
  hb doctor                             everything that is configured
  hb doctor nightly                     one monitor
  hb doctor https://hc-ping.com/<uuid>  a URL, before it goes into a crontab

It looks at the configuration, the state directory, the spool, PATH, and of each target at DNS, the way
there, its certificate and its clock. Nothing is sent that counts as a ping. A line is `ok`, a `note`,
or `bad`; what to do stands below it.

Exit status: 0 nothing is bad, 1 something is, 64 usage.",
        arguments: DoctorArguments::augment_args,
    },
    Entry {
        name: "status",
        about: "What the receiver knows",
        examples: "\
Examples:
  hb status                    every monitor, those that are bad first
  hb status nightly            one in full
  hb status --watch            and what changes; Ctrl-C ends it
  hb status --watch >> changes.txt    one line for each change
  hb status || echo somebody should look

Bad are failed, missed, overrun, stalled, vanished and verify-failed, and any open incident. Late,
partial, unknown and paused are not.

Exit status: 0 all is well, 1 something is bad, 75 the receiver cannot be reached, 64 usage or no such
monitor, 78 no receiver is known, or the key is not accepted; 130 --watch was ended by Ctrl-C.",
        arguments: StatusArguments::augment_args,
    },
    Entry {
        name: "monitor",
        about: "The monitors of a receiver",
        examples: "\
Examples:
  hb monitor add nightly --schedule '0 3 * * *' --tz Europe/Berlin --grace 90m --owner dba
  hb monitor edit nightly --grace 2h --owner ''      '' takes back what was said
  hb monitor list --status bad
  hb monitor pause nightly --for 1h --reason 'new disk'
  hb monitor pause nightly --until-success
  hb monitor runs nightly            hb monitor runs nightly <RUN> shows one with its output
  curl -fsS \"$(hb monitor url nightly)\"
  hb monitor export > monitors.toml
  hb monitor apply monitors.toml --diff     what would be different; without --diff it is made so
  hb monitor release nightly         it is kept in no file any more

A monitor that was applied is kept in its file: edit, rm and jobs that describe it are refused with the
file's name. Pausing it is not. `release` frees it; a file that still has it takes it again when applied.

Exit status: 0, 1 the receiver refuses or there is no such monitor, 64 usage, 75 the receiver cannot be
reached, 78 no receiver is known, or the key is not accepted.",
        arguments: MonitorArguments::augment_args,
    },
    Entry {
        name: "channel",
        about: "The ways in which a receiver tells people",
        examples: "\
Examples:
  hb channel add mail --kind email --to ops@example.com --from hb@example.com \\
      --smtp mail.example.com:587 --user hb --password file:/etc/hb/smtp-password
  hb channel add chat --kind slack --url file:/etc/hb/slack-url
  hb channel add phone --kind ntfy --topic my-backups --token env:NTFY_TOKEN
  hb channel add hook --kind webhook --url https://example.com/hook --header 'X-Key: env:HOOK_KEY'
  hb channel add bell --kind command -- /usr/local/bin/ring
  hb channel test mail

Exit status: 0, 1 the receiver refuses or the test was not sent, 64 usage, 75 the receiver cannot be
reached, 78 no receiver is known, or the key is not accepted.",
        arguments: ChannelArguments::augment_args,
    },
    Entry {
        name: "incident",
        about: "What is bad and has been told, and that somebody is on it",
        examples: "\
Examples:
  hb incident list
  hb incident ack nightly -m 'disk is full, ordering one'    by its monitor
  hb incident snooze 0190aaaa --for 2h                       by the beginning of its id
  hb incident resolve nightly

Exit status: 0, 1 the receiver refuses or there is no such incident, 64 usage, 75 the receiver cannot be
reached, 78 no receiver is known, or the key is not accepted.",
        arguments: IncidentArguments::augment_args,
    },
    Entry {
        name: "key",
        about: "The keys of a receiver: who may ping it, look at it, change it",
        examples: "\
Examples:
  hb key list
  hb key create --kind write --name terraform > hb-key
  hb key create --kind ping --name 'db hosts' --monitor 'db-*' --no-create --expires-in 365d
  hb key rotate terraform --overlap 1h > hb-key.new && mv hb-key.new hb-key
  hb key revoke 7

It takes the admin password or an admin key: `--key`, else HB_ADMIN_PASSWORD or the file that
HB_ADMIN_PASSWORD_FILE names, else what this user's own `hb serve` on this host keeps, else HB_API_KEY.
A new key stands alone on stdout, this once. Whoever reads that file later has the key: umask 077.

Exit status: 0, 1 the receiver refuses or there is no such key, 64 usage, 75 the receiver cannot be
reached, 78 no receiver is known, or neither password nor key is accepted.",
        arguments: KeyArguments::augment_args,
    },
    Entry {
        name: "import",
        about: "Move in from Healthchecks, Uptime Kuma or Cronitor",
        examples: "\
Examples:
  hb import healthchecks https://hc.example.org --key-file /etc/hb/hc-key
  hb import uptime-kuma backup.json
  hb import cronitor monitors.json --ping-key-file /etc/hb/cronitor-key

Checks keep their uuids, and others their keys: jobs move by the host's name alone. The same
command again takes what is new, and goes on where it was interrupted. What cannot be taken is
named. A monitor is known again by its key; one that only has the same name stays as it is.

Uptime Kuma 1 writes its backup at Settings > Backup. Uptime Kuma 2 writes none; this makes one
of the database in its data directory:
  sqlite3 kuma.db \"select json_object('monitorList', json_group_array(json_object(
    'name', name, 'type', type, 'interval', interval, 'retryInterval', retry_interval,
    'maxretries', maxretries, 'push_token', push_token, 'active', active,
    'upsideDown', upside_down, 'description', description))) from monitor\" > backup.json

Exit status: 0, 1 something was refused, 64 usage, 75 one of the two cannot be reached, 78 no receiver is
known, or the key is not accepted.",
        arguments: ImportArguments::augment_args,
    },
    Entry {
        name: "export",
        about: "Everything that a receiver knows of a project, as JSON",
        examples: "\
Examples:
  hb export > all.json
  hb export --events | jq '.events | length'

Channels are shown without their secrets. For a copy that can be put back: `hb serve backup`.
For a file that can be edited and applied: `hb monitor export`.

Exit status: 0, 64 usage, 75 the receiver cannot be reached, 78 no receiver is known, or the key is
not accepted.",
        arguments: ExportArguments::augment_args,
    },
    Entry {
        name: "schedule",
        about: "A schedule in words, and its next moments, daylight saving time included",
        examples: "\
Examples:
  hb schedule explain '30 2 * * 1-5' --tz Europe/Berlin
  hb schedule explain '*/15 * * * * root /usr/local/bin/poll'
  hb schedule next 'Mon..Fri 02:00' --kind calendar -n 10
  hb schedule next 'between 02:00 and 05:00 on Sat,Sun' --json

cron means what Debian's cron does, with L, LW, 5L and 1#2; calendar is systemd's OnCalendar. A window
is shown by the moment at which it closes.

Exit status: 0 there is a next moment, 64 the schedule is wrong or never happens.",
        arguments: ScheduleArguments::augment_args,
    },
    Entry {
        name: "serve",
        about: "The receiver: take pings, watch deadlines, alert people",
        examples: "\
Examples:
  hb serve                                     on this host, in SQLite, with nothing to configure
  hb serve --listen 0.0.0.0:8787 --public-url https://hb.example.org
  hb serve --listen 0.0.0.0:8787 --tls-cert /etc/hb/tls.pem --tls-key /etc/hb/tls.key
  hb serve --listen unix:/run/hb/hb.sock       behind a proxy on this host
  hb serve --listen 10.0.0.5:8787 --trust-proxy 10.0.0.0/8
  hb serve --smtp 127.0.0.1:2525               and pings by mail to <uuid>@anything
  hb serve --database postgres://hb@db/hb      what several nodes share
  hb serve --print-unit | sudo tee /etc/systemd/system/hb-serve.service
  hb serve backup /backup/hb.sqlite            a copy, also while it runs
  hb serve restore /backup/hb.sqlite --data DIR   and back again, while it does not

The first start makes a ping key, API keys and a password, and says in which file they are. Then
  hb run nightly -- backup.sh                  finds this user's receiver by itself
  curl -fsS http://127.0.0.1:8787/ping/<ping key>/nightly?create=1

SIGTERM stops it, SIGHUP makes it read again what may change, and the certificate. Log lines go to standard error: HB_LOG
is error, warning, info or debug.

Exit status: 0 it was told to stop; 1 it cannot start or the store failed; 64 usage.",
        arguments: ServeArguments::augment_args,
    },
    Entry {
        name: "init",
        about: "Set up this host: configuration, keys, a first monitor",
        examples: "\
Examples:
  hb init --monitor nightly --schedule '0 3 * * *'      with the `hb serve` of this user
  hb init --server https://hb.example.org --key-file keys --monitor nightly --schedule '0 3 * * *'
  hb init --server https://hc-ping.com --key-file ping-key --monitor nightly

It writes ~/.config/hb/config.toml (root: /etc/hb/config.toml) and the keys beside it, readable by
this user alone. What is there stays, unless --force is given, so it may be run again. With an API
key the monitor is made on the server. A test ping goes the whole way; it changes no status.

Exit status: 0 all is set up; 1 the server refuses, or a file cannot be written; 64 usage; 75 the
server cannot be reached; 78 the key is not accepted.",
        arguments: InitArguments::augment_args,
    },
    Entry {
        name: "completions",
        about: "Completions for a shell",
        examples: "\
Examples:
  hb completions bash > /etc/bash_completion.d/hb
  hb completions zsh > /usr/local/share/zsh/site-functions/_hb
  hb completions fish > ~/.config/fish/completions/hb.fish
  hb completions elvish >> ~/.config/elvish/rc.elv
  hb completions powershell >> $PROFILE

Exit status: 0, or 64 where the shell is not known.",
        arguments: CompletionsArguments::augment_args,
    },
];

/// `hb ping` shares the options of where it is told, but for those that are about a job.
fn without_options_of_run(command: Command) -> Command {
    let command = PingArguments::augment_args(command);
    let command = ["keepalive", "warn_after", "json", "export"]
        .iter()
        .fold(command, |command, name| command.mut_arg(name, |arg| arg.hide(true)));
    [
        ("report_timeout", "Time for it; then it is kept and sent later [default: 10s]"),
        ("dry_run", "Send nothing, print what would be sent"),
        ("strict", "Send nothing when the configuration has a mistake (exit 78)"),
    ]
    .into_iter()
    .fold(command, |command, (name, help)| command.mut_arg(name, |arg| arg.help(help)))
}
