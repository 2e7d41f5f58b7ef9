
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
            cand schedule 'A schedule in words, and its next moments, daylight saving time included'
            cand completions 'Completions for a shell'
        }
        &'hb;run'= {
            cand --shell 'Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail (bash has; Debian''s sh before dash 0.5.13 has not)'
            cand --to 'A target''s name or a ping URL; may be given several times'
            cand --dialect 'Spell pings as this service wants them, whatever the URL looks like'
            cand --header 'Send this header along (`Name: value`)'
            cand --ca-file 'Trust only the certificates in this file: a private CA''s, or the server''s own'
            cand --client-cert 'Show this certificate to the server'
            cand --client-key 'The key of that certificate'
            cand --report-timeout 'Time for the report after the job; then it is kept and sent later [default: 30s]'
            cand --keepalive 'Say every so often that the job is still running'
            cand --warn-after 'Say once that the job runs longer than this'
            cand --json 'Write one line of JSON about the run to this file at the end'
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
            cand --client-key 'The key of that certificate'
            cand --keepalive 'Say every so often that the job is still running'
            cand --warn-after 'Say once that the job runs longer than this'
            cand --json 'Write one line of JSON about the run to this file at the end'
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
        &'hb;completions'= {
            cand --monitors 'The configured monitors and those that ran here, one a line'
            cand --targets 'The configured targets, one a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
    ]
    $completions[$command]
}
