# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hb_global_optspecs
    string join \n h/help V/version
end

function __fish_hb_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hb_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hb_using_subcommand
    set -l cmd (__fish_hb_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hb -n "__fish_hb_needs_command" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_needs_command" -s V -l version -d 'Print version'
complete -c hb -n "__fish_hb_needs_command" -f -a "run" -d 'Run a job and report it'
complete -c hb -n "__fish_hb_needs_command" -f -a "ping" -d 'One ping by hand'
complete -c hb -n "__fish_hb_needs_command" -f -a "progress" -d 'Inside a job: say how far it is'
complete -c hb -n "__fish_hb_needs_command" -f -a "stage" -d 'Inside a job: say that a new stage begins'
complete -c hb -n "__fish_hb_needs_command" -f -a "step" -d 'Inside a job: run one named step; a failed step makes the run failed'
complete -c hb -n "__fish_hb_needs_command" -f -a "metric" -d 'Inside a job: say what it measured'
complete -c hb -n "__fish_hb_needs_command" -f -a "log" -d 'What ran on this host; works with no server'
complete -c hb -n "__fish_hb_needs_command" -f -a "spool" -d 'Events that are not delivered yet'
complete -c hb -n "__fish_hb_needs_command" -f -a "doctor" -d 'Check configuration, network, keys and spool, and say what to do'
complete -c hb -n "__fish_hb_needs_command" -f -a "schedule" -d 'A schedule in words, and its next moments, daylight saving time included'
complete -c hb -n "__fish_hb_needs_command" -f -a "completions" -d 'Completions for a shell'
complete -c hb -n "__fish_hb_using_subcommand run" -l shell -d 'Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail (bash has; Debian\'s sh before dash 0.5.13 has not)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l to -d 'A target\'s name or a ping URL; may be given several times' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l dialect -d 'Spell pings as this service wants them, whatever the URL looks like' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l header -d 'Send this header along (`Name: value`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l ca-file -d 'Trust only the certificates in this file: a private CA\'s, or the server\'s own' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l client-cert -d 'Show this certificate to the server' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l client-key -d 'The key of that certificate' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l report-timeout -d 'Time for the report after the job; then it is kept and sent later [default: 30s]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l keepalive -d 'Say every so often that the job is still running' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l warn-after -d 'Say once that the job runs longer than this' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l json -d 'Write one line of JSON about the run to this file at the end' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l ok-exit -d 'Exit codes that are a success (`0,1` or `0-3`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l warn-exit -d 'Exit codes that are a warning' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l preset -d 'Know this tool\'s exit codes and summary: borg, restic, rsync, rclone, pg_dump, mysqldump, tar, certbot, or none [default: recognised from the command]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l fail-if-output -d 'Fail when a line of the output matches' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l require-output -d 'Fail when no line of the output matches' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l min-duration -d 'Fail when the job ends sooner than this' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l tolerate -d 'Tell the first N failures in a row as log lines only' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l require-mount -d 'Run the job only when this is a mount point' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l require-free -d 'Run the job only with so much room (`20G`, or `20G:/mnt/backup`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l pre -d 'Run the job only when this command succeeds' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l expect-newer -d 'Fail when no file like this is newer than the start' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l min-size -d 'Fail when these files are smaller than this in all' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l size-of -d 'Measure this file or directory; may be given several times' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l sha256-of -d 'Hash this file' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l expect-sha256 -d 'Fail when that hash is another one' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l timeout -d 'End the job after this time (exit 124, or 137 where KILL was needed)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l kill-after -d 'Time between the signal and KILL [default: 30s]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l timeout-signal -d 'The signal that ends it [default: TERM]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l retry -d 'Start a failed job again, up to N times; only the last end counts' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l retry-delay -d 'Pause before that [default: 30s]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l retry-on-exit -d 'Only after these exit codes' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l lock -d 'One run at a time, under the monitor\'s name or this one' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l lock-wait -d 'Wait so long for the lock' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l lock-skip -d 'What a busy lock means: ok, fail, log [default: log]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l lock-busy-exit -d 'The exit code for a busy lock [default: 75]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l every -d 'Run it now and then every so often, for containers that have no cron' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l at -d 'Run it every day at this time of the host\'s zone (`03:30`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l jitter -d 'Wait up to this long before the start, always the same on this host (`5m` or `1m-5m`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l quiet -d 'Show output only when the run is no success, or never' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l tail -d 'Bytes of the end of the output that are reported [default: 64KiB]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l head -d 'Bytes of the beginning that are reported as well [default: 0]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l redact -d 'Mask what matches in records and reports; may be given several times' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l capture -d 'Which streams are read: auto, pipe, pty, both, none [default: auto]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l log-dir -d 'Keep the whole output of a failed run in this directory' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l drain -d 'Read on so long after the job when something it left holds the pipe (or inf) [default: 500ms]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l nice -d 'Run with this nice value added, from -20 to 19' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l ionice -d 'Run with this I/O class: idle, best-effort, best-effort:0-7' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l chdir -d 'Run in this directory' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l user -d 'Run as this user (root only)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l env-file -d 'Read variables for the job from this file' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l exit-style -d 'How a death by signal is passed on: signal (die of it) or plain (exit 128+n) [default: signal]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l dry-run -d 'Send nothing, run nothing, print what would be sent'
complete -c hb -n "__fish_hb_using_subcommand run" -l export -d 'Give the job the first ping URL as HB_URL'
complete -c hb -n "__fish_hb_using_subcommand run" -l strict -d 'Do not run the job when the configuration has a mistake (exit 78)'
complete -c hb -n "__fish_hb_using_subcommand run" -l fail-on-stderr -d 'Fail when the job writes to stderr'
complete -c hb -n "__fish_hb_using_subcommand run" -l no-output -d 'Record and report no output'
complete -c hb -n "__fish_hb_using_subcommand run" -l raw -d 'Leave colours and progress bars in reports'
complete -c hb -n "__fish_hb_using_subcommand run" -l follow-descendants -d 'Carry on the output of what the job left behind, after hb has ended'
complete -c hb -n "__fish_hb_using_subcommand run" -l signal-group -d 'Send signals to the job\'s whole group'
complete -c hb -n "__fish_hb_using_subcommand run" -l init -d 'Reap what nobody waits for, as the init of a container must'
complete -c hb -n "__fish_hb_using_subcommand run" -l die-with-parent -d 'End the job when hb is killed'
complete -c hb -n "__fish_hb_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand ping" -s m -l message -d 'A line for the person who reads it' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l run-id -d 'The run it belongs to [default: $HB_RUN_ID]' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l event -d 'With --dry-run: take the whole case from this JSON file (`-` is stdin)' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l to -d 'A target\'s name or a ping URL; may be given several times' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l dialect -d 'Spell pings as this service wants them, whatever the URL looks like' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l header -d 'Send this header along (`Name: value`)' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l ca-file -d 'Trust only the certificates in this file: a private CA\'s, or the server\'s own' -r -F
complete -c hb -n "__fish_hb_using_subcommand ping" -l client-cert -d 'Show this certificate to the server' -r -F
complete -c hb -n "__fish_hb_using_subcommand ping" -l client-key -d 'The key of that certificate' -r -F
complete -c hb -n "__fish_hb_using_subcommand ping" -l keepalive -d 'Say every so often that the job is still running' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l warn-after -d 'Say once that the job runs longer than this' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l json -d 'Write one line of JSON about the run to this file at the end' -r -F
complete -c hb -n "__fish_hb_using_subcommand ping" -l report-timeout -d 'Time for it; then it is kept and sent later [default: 10s]' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l stdin -d 'Send the end of stdin along'
complete -c hb -n "__fish_hb_using_subcommand ping" -l export -d 'Give the job the first ping URL as HB_URL'
complete -c hb -n "__fish_hb_using_subcommand ping" -l dry-run -d 'Send nothing, print what would be sent'
complete -c hb -n "__fish_hb_using_subcommand ping" -l strict -d 'Send nothing when the configuration has a mistake (exit 78)'
complete -c hb -n "__fish_hb_using_subcommand ping" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand progress" -l stage -d 'The stage it is in' -r
complete -c hb -n "__fish_hb_using_subcommand progress" -l rate -d 'How fast it goes, as in 25MB/s' -r
complete -c hb -n "__fish_hb_using_subcommand progress" -l eta -d 'How long it will still take' -r
complete -c hb -n "__fish_hb_using_subcommand progress" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand stage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand step" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand metric" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand log" -s n -l lines -d 'The newest N runs [default: 20, with --since all]' -r
complete -c hb -n "__fish_hb_using_subcommand log" -l since -d 'Only runs since then: `2h`, or a moment such as 2026-03-29T01:00:00Z' -r
complete -c hb -n "__fish_hb_using_subcommand log" -l json -d 'One JSON object per run, on a line of its own'
complete -c hb -n "__fish_hb_using_subcommand log" -s f -l follow -d 'Go on with runs as they end'
complete -c hb -n "__fish_hb_using_subcommand log" -l last -d 'The last run in full, with its output'
complete -c hb -n "__fish_hb_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand spool; and not __fish_seen_subcommand_from list flush drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand spool; and not __fish_seen_subcommand_from list flush drop" -f -a "list" -d 'Show what waits'
complete -c hb -n "__fish_hb_using_subcommand spool; and not __fish_seen_subcommand_from list flush drop" -f -a "flush" -d 'Deliver what waits, now'
complete -c hb -n "__fish_hb_using_subcommand spool; and not __fish_seen_subcommand_from list flush drop" -f -a "drop" -d 'Give events up'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from list" -l json -d 'One JSON array: id, monitor, event, at, target, why, tries, tried_at, next_try_at'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Say nothing when nothing is left'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from drop" -l all -d 'All of them'
complete -c hb -n "__fish_hb_using_subcommand spool; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand doctor" -l json -d 'One JSON object: `ok` and `findings`, each with its level, what it is about, and what to do'
complete -c hb -n "__fish_hb_using_subcommand doctor" -l no-network -d 'Look at what is known without asking the network'
complete -c hb -n "__fish_hb_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand schedule; and not __fish_seen_subcommand_from explain next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand schedule; and not __fish_seen_subcommand_from explain next" -f -a "explain" -d 'Say it in words, with its next moments'
complete -c hb -n "__fish_hb_using_subcommand schedule; and not __fish_seen_subcommand_from explain next" -f -a "next" -d 'Only its next moments, in UTC'
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -l kind -d 'What it is: cron, calendar (systemd\'s OnCalendar), every, window [default: as it looks]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -l tz -d 'The time zone [default: the host\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -l from -d 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -s n -d 'How many [default: 5]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -l duration -d 'Read a span of time instead, and give its whole seconds' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -l json -d 'JSON'
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -l kind -d 'What it is: cron, calendar (systemd\'s OnCalendar), every, window [default: as it looks]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -l tz -d 'The time zone [default: the host\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -l from -d 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -s n -d 'How many [default: 5]' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -l duration -d 'Read a span of time instead, and give its whole seconds' -r
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -l json -d 'JSON'
complete -c hb -n "__fish_hb_using_subcommand schedule; and __fish_seen_subcommand_from next" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand completions" -l monitors -d 'The configured monitors and those that ran here, one a line'
complete -c hb -n "__fish_hb_using_subcommand completions" -l targets -d 'The configured targets, one a line'
complete -c hb -n "__fish_hb_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'

complete -c hb -n "__fish_seen_subcommand_from run ping log doctor" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from run ping" -l to -x -a "(hb completions --targets 2>/dev/null)"
