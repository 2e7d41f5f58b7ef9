
use builtin;
use str;

set edit:completion:arg-completer[hb] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'hb'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'hb'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand run 'Run a job and report it'
            cand ping 'One ping by hand'
            cand progress 'Inside a job: say how far it is'
            cand stage 'Inside a job: say that a new stage begins'
            cand step 'Inside a job: run one named step; a failed step makes the run failed'
            cand metric 'Inside a job: say what it measured'
            cand log 'What ran on this host; works with no server'
            cand spool 'Events that are not delivered yet'
            cand doctor 'Check configuration, network, keys and spool, and say what to do'
            cand status 'What the receiver knows'
            cand monitor 'The monitors of a receiver'
            cand channel 'The ways in which a receiver tells people'
            cand incident 'What is bad and has been told, and that somebody is on it'
            cand key 'The keys of a receiver: who may ping it, look at it, change it'
            cand import 'Move in from Healthchecks, Uptime Kuma or Cronitor'
            cand export 'Everything that a receiver knows of a project, as JSON'
            cand schedule 'A schedule in words, and its next moments, daylight saving time included'
            cand serve 'The receiver: take pings, watch deadlines, alert people'
            cand init 'Set up this host: configuration, keys, a first monitor'
            cand completions 'Completions for a shell'
        }
        &'hb;run'= {
            cand --shell 'Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail (bash has; Debian''s sh before dash 0.5.13 has not)'
            cand --to 'A target''s name or a ping URL; may be given several times'
            cand --dialect 'Spell pings as this service wants them, whatever the URL looks like'
            cand --header 'Send this header along (`Name: value`)'
            cand --ca-file 'Trust only the certificates in this file: a private CA''s, or the server''s own'
            cand --client-cert 'Show this certificate to the server'
            cand --client-key 'The key of that certificate, unless it stands in the same file'
            cand --report-timeout 'Time for the report after the job; then it is kept and sent later [default: 30s]'
            cand --keepalive 'Say every so often that the job is still running'
            cand --warn-after 'Say once that the job runs longer than this'
            cand --json 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor'
            cand --schedule 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`; makes the monitor where it is not there yet, as all of these do'
            cand --timezone 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]'
            cand --grace 'How late a success may be: 90m [default: by how often it is expected]'
            cand --start-within 'How late a start may be'
            cand --run-at-most 'How long a run may take before somebody is told'
            cand --tolerance 'How many expected runs in a row may be missed'
            cand --presence '`host`: only time in which this host is awake counts, for a laptop that sleeps [default: always]'
            cand --absent-at-most 'With that, how long after its deadline it is told in any case [default: 14d]'
            cand --owner 'Who is responsible'
            cand --description 'What it is for'
            cand --tag 'A label; may be given several times'
            cand --lease 'Be heard of at least so often while the job runs, so that a run that is gone is known soon; 0 promises nothing [default: 5m]'
            cand --stalled-after 'Say with the lease that the job has come to a halt, once it and everything it started has used no CPU time and moved no byte for so long [default: never]'
            cand --ok-exit 'Exit codes that are a success (`0,1` or `0-3`)'
            cand --warn-exit 'Exit codes that are a warning'
            cand --preset 'Know this tool''s exit codes and summary: borg, restic, rsync, rclone, pg_dump, mysqldump, tar, certbot, or none [default: recognised from the command]'
            cand --fail-if-output 'Fail when a line of the output matches'
            cand --require-output 'Fail when no line of the output matches'
            cand --min-duration 'Fail when the job ends sooner than this'
            cand --tolerate 'Tell the first N failures in a row as log lines only'
            cand --require-mount 'Run the job only when this is a mount point'
            cand --require-free 'Run the job only with so much room (`20G`, or `20G:/mnt/backup`)'
            cand --pre 'Run the job only when this command succeeds'
            cand --expect-newer 'Fail when no file like this is newer than the start'
            cand --min-size 'Fail when these files are smaller than this in all'
            cand --size-of 'Measure this file or directory; may be given several times'
            cand --sha256-of 'Hash this file'
            cand --expect-sha256 'Fail when that hash is another one'
            cand --timeout 'End the job after this time (exit 124, or 137 where KILL was needed)'
            cand --kill-after 'Time between the signal and KILL [default: 30s]'
            cand --timeout-signal 'The signal that ends it [default: TERM]'
            cand --retry 'Start a failed job again, up to N times; only the last end counts'
            cand --retry-delay 'Pause before that [default: 30s]'
            cand --retry-on-exit 'Only after these exit codes'
            cand --lock 'One run at a time, under the monitor''s name or this one'
            cand --lock-wait 'Wait so long for the lock'
            cand --lock-skip 'What a busy lock means: ok, fail, log [default: log]'
            cand --lock-busy-exit 'The exit code for a busy lock [default: 75]'
            cand --every 'Run it now and then every so often, for containers that have no cron'
            cand --at 'Run it every day at this time of the host''s zone (`03:30`)'
            cand --jitter 'Wait up to this long before the start, always the same on this host (`5m` or `1m-5m`)'
            cand --quiet 'Show output only when the run is no success, or never'
            cand --tail 'Bytes of the end of the output that are reported [default: 64KiB]'
            cand --head 'Bytes of the beginning that are reported as well [default: 0]'
            cand --redact 'Mask what matches in records and reports; may be given several times'
            cand --capture 'Which streams are read: auto, pipe, pty, both, none [default: auto]'
            cand --log-dir 'Keep the whole output of a failed run in this directory'
            cand --drain 'Read on so long after the job when something it left holds the pipe (or inf) [default: 500ms]'
            cand --nice 'Run with this nice value added, from -20 to 19'
            cand --ionice 'Run with this I/O class: idle, best-effort, best-effort:0-7'
            cand --chdir 'Run in this directory'
            cand --user 'Run as this user (root only)'
            cand --env-file 'Read variables for the job from this file'
            cand --exit-style 'How a death by signal is passed on: signal (die of it) or plain (exit 128+n) [default: signal]'
            cand --dry-run 'Send nothing, run nothing, print what would be sent'
            cand --export 'Give the job the first ping URL as HB_URL'
            cand --strict 'Do not run the job when the configuration has a mistake (exit 78)'
            cand --fail-on-stderr 'Fail when the job writes to stderr'
            cand --no-output 'Record and report no output'
            cand --raw 'Leave colours and progress bars in reports'
            cand --follow-descendants 'Carry on the output of what the job left behind, after hb has ended'
            cand --signal-group 'Send signals to the job''s whole group'
            cand --init 'Reap what nobody waits for, as the init of a container must'
            cand --die-with-parent 'End the job when hb is killed'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;ping'= {
            cand -m 'A line for the person who reads it'
            cand --message 'A line for the person who reads it'
            cand --run-id 'The run it belongs to [default: $HB_RUN_ID]'
            cand --event 'With --dry-run: take the whole case from this JSON file (`-` is stdin)'
            cand --to 'A target''s name or a ping URL; may be given several times'
            cand --dialect 'Spell pings as this service wants them, whatever the URL looks like'
            cand --header 'Send this header along (`Name: value`)'
            cand --ca-file 'Trust only the certificates in this file: a private CA''s, or the server''s own'
            cand --client-cert 'Show this certificate to the server'
            cand --client-key 'The key of that certificate, unless it stands in the same file'
            cand --keepalive 'Say every so often that the job is still running'
            cand --warn-after 'Say once that the job runs longer than this'
            cand --json 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor'
            cand --report-timeout 'Time for it; then it is kept and sent later [default: 10s]'
            cand --stdin 'Send the end of stdin along'
            cand --export 'Give the job the first ping URL as HB_URL'
            cand --dry-run 'Send nothing, print what would be sent'
            cand --strict 'Send nothing when the configuration has a mistake (exit 78)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;progress'= {
            cand --stage 'The stage it is in'
            cand --rate 'How fast it goes, as in 25MB/s'
            cand --eta 'How long it will still take'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;stage'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;step'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;metric'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;log'= {
            cand -n 'The newest N runs [default: 20, with --since all]'
            cand --lines 'The newest N runs [default: 20, with --since all]'
            cand --since 'Only runs since then: `2h`, or a moment such as 2026-03-29T01:00:00Z'
            cand --json 'One JSON object per run, on a line of its own'
            cand -f 'Go on with runs as they end'
            cand --follow 'Go on with runs as they end'
            cand --last 'The last run in full, with its output'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;spool'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show what waits'
            cand flush 'Deliver what waits, now'
            cand drop 'Give events up'
        }
        &'hb;spool;list'= {
            cand --json 'One JSON array: id, monitor, event, at, target, why, tries, tried_at, next_try_at'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;spool;flush'= {
            cand -q 'Say nothing when nothing is left'
            cand --quiet 'Say nothing when nothing is left'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;spool;drop'= {
            cand --all 'All of them'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;doctor'= {
            cand --json 'One JSON object: `ok` and `findings`, each with its level, what it is about, and what to do'
            cand --no-network 'Look at what is known without asking the network'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;status'= {
            cand --limit 'Show at most N monitors [default: 1000]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer: the counts, or the monitor'
            cand -w 'Stay, and show what changes; where stdout is no terminal, one line for each change'
            cand --watch 'Stay, and show what changes; where stdout is no terminal, one line for each change'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;monitor'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show them with their schedules'
            cand show 'Show one in full'
            cand add 'Make one, and print its ping URL and a line for the crontab'
            cand edit 'Change what is given, leave the rest'
            cand pause 'Keep it quiet: what happens is recorded, and nobody is told'
            cand resume 'End a pause'
            cand rm 'Remove it with its history'
            cand url 'Print its ping URL, and nothing else'
            cand export 'Print them as the file that `apply` reads'
            cand apply 'Make the monitors of a file those of the receiver: all of them, or none'
            cand release 'Take it out of the hands of the file that it is kept in: it can be changed here again'
            cand runs 'Show its runs, or one of them with its output'
            cand events 'Show what was heard of it'
        }
        &'hb;monitor;list'= {
            cand --tag 'Only those with this label'
            cand --status 'Only those of this status, or `bad` for all that need somebody'
            cand --limit 'At most N [default: 1000]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;show'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;add'= {
            cand --schedule 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`'
            cand --tz 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]'
            cand --grace 'How late a success may be: 90m [default: by how often it is expected]'
            cand --start-within 'How late a start may be'
            cand --run-at-most 'How long a run may take'
            cand --tolerance 'How many expected runs in a row may be missed'
            cand --presence '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]'
            cand --absent-at-most 'With that, how long after its deadline it is told in any case [default: 14d]'
            cand --owner 'Who is responsible'
            cand --description 'What it is for'
            cand --title 'Its name for people'
            cand --tag 'A label (repeatable); together they replace those before'
            cand --channel 'A channel that is told (repeatable); together they replace those before [default: all]'
            cand --json-settings 'Everything else, as the API takes it, from a file; `-` is stdin'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --replace 'Where one of this name exists, replace its definition'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;edit'= {
            cand --schedule 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`'
            cand --tz 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]'
            cand --grace 'How late a success may be: 90m [default: by how often it is expected]'
            cand --start-within 'How late a start may be'
            cand --run-at-most 'How long a run may take'
            cand --tolerance 'How many expected runs in a row may be missed'
            cand --presence '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]'
            cand --absent-at-most 'With that, how long after its deadline it is told in any case [default: 14d]'
            cand --owner 'Who is responsible'
            cand --description 'What it is for'
            cand --title 'Its name for people'
            cand --tag 'A label (repeatable); together they replace those before'
            cand --channel 'A channel that is told (repeatable); together they replace those before [default: all]'
            cand --json-settings 'Everything else, as the API takes it, from a file; `-` is stdin'
            cand --rename 'Give it another name; ping URLs with the old one lead nowhere then'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;pause'= {
            cand --for 'For so long: 1h, 2d'
            cand --until 'Until then: `18:00`, `2026-12-24 18:00`, 2026-12-24T17:00:00Z'
            cand --reason 'Why'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --until-success 'Until it succeeds again'
            cand --forever 'Until somebody resumes it'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;resume'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;rm'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;url'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;export'= {
            cand --format 'The form of the file: toml, json [default: toml]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;apply'= {
            cand --label 'By what name the receiver knows the file [default: the file''s own]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --diff 'Show what would be different, and change nothing'
            cand --prune 'Remove monitors that were in the file once and are not any more'
            cand -y 'Do not ask before anything is removed'
            cand --yes 'Do not ask before anything is removed'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;release'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;runs'= {
            cand -n 'The newest N [default: 20]'
            cand --limit 'The newest N [default: 20]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;monitor;events'= {
            cand -n 'The newest N [default: 20]'
            cand --limit 'The newest N [default: 20]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;channel'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show them, and whether they work'
            cand add 'Make one'
            cand edit 'Change what is given, leave the rest'
            cand test 'Send a message through it that says it is a test'
            cand rm 'Remove it'
        }
        &'hb;channel;list'= {
            cand --limit 'At most N [default: 1000]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;channel;add'= {
            cand --kind 'email, slack, discord, ntfy, webhook, command'
            cand --url 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it'
            cand --to 'email: who gets it (repeatable)'
            cand --from 'email: the sender, as in `hb <hb@example.com>`'
            cand --smtp 'email: the relay'
            cand --tls 'email: starttls, tls, none [default: by the port]'
            cand --user 'email: who logs in at the relay'
            cand --password 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --topic 'ntfy: the topic'
            cand --token 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --priority 'ntfy: the priority of bad news, 1 to 5 [default: by severity]'
            cand --method 'webhook: GET, POST, PUT, PATCH [default: POST]'
            cand --header 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --body 'webhook: the body, with $STATUS, $NAME … in it [default: hb''s own JSON]'
            cand --json-settings 'Everything else, as the API takes it, from a file; `-` is stdin'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --allow-private 'Let it reach loopback and private addresses'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;channel;edit'= {
            cand --kind 'email, slack, discord, ntfy, webhook, command'
            cand --url 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it'
            cand --to 'email: who gets it (repeatable)'
            cand --from 'email: the sender, as in `hb <hb@example.com>`'
            cand --smtp 'email: the relay'
            cand --tls 'email: starttls, tls, none [default: by the port]'
            cand --user 'email: who logs in at the relay'
            cand --password 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --topic 'ntfy: the topic'
            cand --token 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --priority 'ntfy: the priority of bad news, 1 to 5 [default: by severity]'
            cand --method 'webhook: GET, POST, PUT, PATCH [default: POST]'
            cand --header 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`'
            cand --body 'webhook: the body, with $STATUS, $NAME … in it [default: hb''s own JSON]'
            cand --json-settings 'Everything else, as the API takes it, from a file; `-` is stdin'
            cand --rename 'Give it another name'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --allow-private 'Let it reach loopback and private addresses'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;channel;test'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;channel;rm'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;incident'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show those that are open'
            cand show 'Show one in full'
            cand ack 'Say that somebody is on it: it is told more seldom'
            cand snooze 'Hear nothing more of it for a while'
            cand resolve 'Close it by hand'
        }
        &'hb;incident;list'= {
            cand --limit 'At most N [default: 1000]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --all 'Those that are over, too'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;incident;show'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;incident;ack'= {
            cand --by 'Who is on it [default: this user on this host]'
            cand -m 'What is being done'
            cand --note 'What is being done'
            cand --for 'How long that counts: 4h'
            cand --until 'Until when that counts: `18:00`, `2026-12-24 18:00`'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;incident;snooze'= {
            cand --for 'For so long: 1h'
            cand --until 'Until then: `18:00`, `2026-12-24 18:00`'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;incident;resolve'= {
            cand --by 'Who closes it [default: this user on this host]'
            cand -m 'What was done'
            cand --note 'What was done'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;key'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'Show them by their first letters, and when each was last used'
            cand create 'Make one, and print it, this once'
            cand rotate 'Make one in the place of another, and print it, this once'
            cand revoke 'End it at once'
        }
        &'hb;key;list'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;key;create'= {
            cand --kind 'ping, read, write, admin'
            cand --name 'What it is for, such as `db hosts`'
            cand --expires-in 'How long it is good: 90d, 1y [default: for ever]'
            cand --expires-at 'Until when it is good: `2027-01-01`, 2027-01-01T00:00:00Z'
            cand --monitor 'ping: the monitors that it reaches, such as `db-*` (repeatable) [default: all]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --no-create 'ping: it makes no monitor that there is not'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;key;rotate'= {
            cand --overlap 'How long the old one goes on working; 0 ends it at once [default: 24h]'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --json 'The receiver''s answer'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;key;revoke'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;import'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand healthchecks 'Checks with their ping URLs, pings and flips, over the API of a running Healthchecks'
            cand uptime-kuma 'Push monitors of an Uptime Kuma, from its backup as JSON'
            cand cronitor 'Jobs and heartbeats of a Cronitor, from its API''s answer as JSON'
        }
        &'hb;import;healthchecks'= {
            cand --key-file 'The file with its read-write API key'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --no-history 'Take the checks alone, without pings and flips'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;import;uptime-kuma'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;import;cronitor'= {
            cand --ping-key-file 'The file with the API key that the jobs ping with, so that they arrive unchanged'
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;export'= {
            cand --server 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]'
            cand --key 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]'
            cand --events 'All events, too; of a large receiver that is much'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;schedule'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand explain 'Say it in words, with its next moments'
            cand next 'Only its next moments, in UTC'
        }
        &'hb;schedule;explain'= {
            cand --kind 'What it is: cron, calendar (systemd''s OnCalendar), every, window [default: as it looks]'
            cand --tz 'The time zone [default: the host''s]'
            cand --from 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]'
            cand -n 'How many [default: 5]'
            cand --duration 'Read a span of time instead, and give its whole seconds'
            cand --json 'JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;schedule;next'= {
            cand --kind 'What it is: cron, calendar (systemd''s OnCalendar), every, window [default: as it looks]'
            cand --tz 'The time zone [default: the host''s]'
            cand --from 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]'
            cand -n 'How many [default: 5]'
            cand --duration 'Read a span of time instead, and give its whole seconds'
            cand --json 'JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;serve'= {
            cand --listen 'Listen here: `127.0.0.1:8787`, `[::]:8787`, port 0 for a free one, `unix:/run/hb/hb.sock` (repeatable) [env: HB_LISTEN]'
            cand --data 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]'
            cand --database 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]'
            cand --public-url 'What stands in front of the paths in ping URLs and messages [default: where it listens] [env: HB_PUBLIC_URL]'
            cand --tls-cert 'Speak TLS with this certificate and its chain, in PEM; read again at SIGHUP and when it changes [env: HB_TLS_CERT]'
            cand --tls-key 'The key of that certificate, in PEM [env: HB_TLS_KEY]'
            cand --trust-proxy 'Believe these proxies about who asks: `10.0.0.0/8,fd00::1` (repeatable) [default: this host''s] [env: HB_TRUST_PROXY]'
            cand --smtp 'Take pings as mails to `<uuid>@…` here, such as `127.0.0.1:2525` [default: nowhere] [env: HB_SMTP]'
            cand --watched-by 'Ping this URL every minute while all is well, so that somebody notices when it is not; `file:PATH` with it [env: HB_WATCHED_BY]'
            cand --config 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`'
            cand --ca-file 'Trust the certificates in this file, too, when alerts are sent: a private CA''s, or a mail server''s own [env: HB_CA_FILE]'
            cand --log-format 'How log lines look: text, json'
            cand --allow-commands 'Let channels run commands of this host'
            cand --print-unit 'Print a unit for systemd, hardened and with the other options, and stop'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand backup 'Copy everything to a new file, also while the receiver runs'
            cand restore 'Put a copy in the place of a store that is not there'
        }
        &'hb;serve;backup'= {
            cand --data 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]'
            cand --database 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]'
            cand --config 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;serve;restore'= {
            cand --data 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]'
            cand --database 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]'
            cand --config 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'hb;init'= {
            cand --server 'Where pings go: the address of an `hb serve`, or a ping URL of any service [default: the `hb serve` of this user on this host]'
            cand --key-file 'A file with the ping key, the API key, or the lines `HB_PING_KEY=` and `HB_API_KEY=` of both, such as the one that `hb serve` has made'
            cand --monitor 'The first monitor; with an API key it is made on the server'
            cand --schedule 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`'
            cand --tz 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]'
            cand --grace 'How late a success may be: 90m [default: by how often it is expected]'
            cand --start-within 'How late a start may be'
            cand --run-at-most 'How long a run may take'
            cand --tolerance 'How many expected runs in a row may be missed'
            cand --presence '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]'
            cand --absent-at-most 'With that, how long after its deadline it is told in any case [default: 14d]'
            cand --owner 'Who is responsible'
            cand --description 'What it is for'
            cand --title 'Its name for people'
            cand --tag 'A label (repeatable); together they replace those before'
            cand --channel 'A channel that is told (repeatable); together they replace those before [default: all]'
            cand --json-settings 'Everything else, as the API takes it, from a file; `-` is stdin'
            cand --force 'Replace a configuration and keys that are there; the old configuration stays as config.toml.old'
            cand --no-ping 'Send no test ping'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hb;completions'= {
            cand --monitors 'The monitors that are configured, that ran here, or that a receiver is known to have, one a line'
            cand --targets 'The configured targets, one a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
    ]
    $completions[$command]
}
