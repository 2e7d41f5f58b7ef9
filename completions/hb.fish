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
complete -c hb -n "__fish_hb_needs_command" -f -a "status" -d 'What the receiver knows'
complete -c hb -n "__fish_hb_needs_command" -f -a "monitor" -d 'The monitors of a receiver'
complete -c hb -n "__fish_hb_needs_command" -f -a "channel" -d 'The ways in which a receiver tells people'
complete -c hb -n "__fish_hb_needs_command" -f -a "incident" -d 'What is bad and has been told, and that somebody is on it'
complete -c hb -n "__fish_hb_needs_command" -f -a "key" -d 'The keys of a receiver: who may ping it, look at it, change it'
complete -c hb -n "__fish_hb_needs_command" -f -a "import" -d 'Move in from Healthchecks, Uptime Kuma or Cronitor'
complete -c hb -n "__fish_hb_needs_command" -f -a "export" -d 'Everything that a receiver knows of a project, as JSON'
complete -c hb -n "__fish_hb_needs_command" -f -a "schedule" -d 'A schedule in words, and its next moments, daylight saving time included'
complete -c hb -n "__fish_hb_needs_command" -f -a "serve" -d 'The receiver: take pings, watch deadlines, alert people'
complete -c hb -n "__fish_hb_needs_command" -f -a "init" -d 'Set up this host: configuration, keys, a first monitor'
complete -c hb -n "__fish_hb_needs_command" -f -a "completions" -d 'Completions for a shell'
complete -c hb -n "__fish_hb_using_subcommand run" -l shell -d 'Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail (bash has; Debian\'s sh before dash 0.5.13 has not)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l to -d 'A target\'s name or a ping URL; may be given several times' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l dialect -d 'Spell pings as this service wants them, whatever the URL looks like' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l header -d 'Send this header along (`Name: value`)' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l ca-file -d 'Trust only the certificates in this file: a private CA\'s, or the server\'s own' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l client-cert -d 'Show this certificate to the server' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l client-key -d 'The key of that certificate, unless it stands in the same file' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l report-timeout -d 'Time for the report after the job; then it is kept and sent later [default: 30s]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l keepalive -d 'Say every so often that the job is still running' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l warn-after -d 'Say once that the job runs longer than this' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l json -d 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor' -r -F
complete -c hb -n "__fish_hb_using_subcommand run" -l schedule -d 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`; makes the monitor where it is not there yet, as all of these do' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l timezone -d 'The time zone of the schedule: Europe/Berlin [default: the receiver\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l grace -d 'How late a success may be: 90m [default: by how often it is expected]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l start-within -d 'How late a start may be' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l run-at-most -d 'How long a run may take before somebody is told' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l tolerance -d 'How many expected runs in a row may be missed' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l presence -d '`host`: only time in which this host is awake counts, for a laptop that sleeps [default: always]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l absent-at-most -d 'With that, how long after its deadline it is told in any case [default: 14d]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l owner -d 'Who is responsible' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l description -d 'What it is for' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l tag -d 'A label; may be given several times' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l lease -d 'Be heard of at least so often while the job runs, so that a run that is gone is known soon; 0 promises nothing [default: 5m]' -r
complete -c hb -n "__fish_hb_using_subcommand run" -l stalled-after -d 'Say with the lease that the job has come to a halt, once it and everything it started has used no CPU time and moved no byte for so long [default: never]' -r
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
complete -c hb -n "__fish_hb_using_subcommand ping" -l client-key -d 'The key of that certificate, unless it stands in the same file' -r -F
complete -c hb -n "__fish_hb_using_subcommand ping" -l keepalive -d 'Say every so often that the job is still running' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l warn-after -d 'Say once that the job runs longer than this' -r
complete -c hb -n "__fish_hb_using_subcommand ping" -l json -d 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor' -r -F
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
complete -c hb -n "__fish_hb_using_subcommand status" -l limit -d 'Show at most N monitors [default: 1000]' -r
complete -c hb -n "__fish_hb_using_subcommand status" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand status" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand status" -l json -d 'The receiver\'s answer: the counts, or the monitor'
complete -c hb -n "__fish_hb_using_subcommand status" -s w -l watch -d 'Stay, and show what changes; where stdout is no terminal, one line for each change'
complete -c hb -n "__fish_hb_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "list" -d 'Show them with their schedules'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "show" -d 'Show one in full'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "add" -d 'Make one, and print its ping URL and a line for the crontab'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "edit" -d 'Change what is given, leave the rest'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "pause" -d 'Keep it quiet: what happens is recorded, and nobody is told'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "resume" -d 'End a pause'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "rm" -d 'Remove it with its history'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "url" -d 'Print its ping URL, and nothing else'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "export" -d 'Print them as the file that `apply` reads'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "apply" -d 'Make the monitors of a file those of the receiver: all of them, or none'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "release" -d 'Take it out of the hands of the file that it is kept in: it can be changed here again'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "runs" -d 'Show its runs, or one of them with its output'
complete -c hb -n "__fish_hb_using_subcommand monitor; and not __fish_seen_subcommand_from list show add edit pause resume rm url export apply release runs events" -f -a "events" -d 'Show what was heard of it'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l tag -d 'Only those with this label' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l status -d 'Only those of this status, or `bad` for all that need somebody' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l limit -d 'At most N [default: 1000]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from show" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from show" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from show" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l schedule -d 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l tz -d 'The time zone of the schedule: Europe/Berlin [default: the receiver\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l grace -d 'How late a success may be: 90m [default: by how often it is expected]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l start-within -d 'How late a start may be' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l run-at-most -d 'How long a run may take' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l tolerance -d 'How many expected runs in a row may be missed' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l presence -d '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l absent-at-most -d 'With that, how long after its deadline it is told in any case [default: 14d]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l owner -d 'Who is responsible' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l description -d 'What it is for' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l title -d 'Its name for people' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l tag -d 'A label (repeatable); together they replace those before' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l channel -d 'A channel that is told (repeatable); together they replace those before [default: all]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l json-settings -d 'Everything else, as the API takes it, from a file; `-` is stdin' -r -F
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l replace -d 'Where one of this name exists, replace its definition'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l schedule -d 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l tz -d 'The time zone of the schedule: Europe/Berlin [default: the receiver\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l grace -d 'How late a success may be: 90m [default: by how often it is expected]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l start-within -d 'How late a start may be' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l run-at-most -d 'How long a run may take' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l tolerance -d 'How many expected runs in a row may be missed' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l presence -d '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l absent-at-most -d 'With that, how long after its deadline it is told in any case [default: 14d]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l owner -d 'Who is responsible' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l description -d 'What it is for' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l title -d 'Its name for people' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l tag -d 'A label (repeatable); together they replace those before' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l channel -d 'A channel that is told (repeatable); together they replace those before [default: all]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l json-settings -d 'Everything else, as the API takes it, from a file; `-` is stdin' -r -F
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l rename -d 'Give it another name; ping URLs with the old one lead nowhere then' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l for -d 'For so long: 1h, 2d' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l until -d 'Until then: `18:00`, `2026-12-24 18:00`, 2026-12-24T17:00:00Z' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l reason -d 'Why' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l until-success -d 'Until it succeeds again'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -l forever -d 'Until somebody resumes it'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from resume" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from resume" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from rm" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from rm" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Do not ask'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from url" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from url" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from url" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from export" -l format -d 'The form of the file: toml, json [default: toml]' -r -f -a "toml\t'`[monitors.nightly]`'
json\t'`{"monitors": [{"slug": "nightly"}]}`'"
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from export" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from export" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l label -d 'By what name the receiver knows the file [default: the file\'s own]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l diff -d 'Show what would be different, and change nothing'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l prune -d 'Remove monitors that were in the file once and are not any more'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -s y -l yes -d 'Do not ask before anything is removed'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from release" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from release" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from release" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from runs" -s n -l limit -d 'The newest N [default: 20]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from runs" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from runs" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from runs" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from runs" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from events" -s n -l limit -d 'The newest N [default: 20]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from events" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from events" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from events" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand monitor; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -f -a "list" -d 'Show them, and whether they work'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -f -a "add" -d 'Make one'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -f -a "edit" -d 'Change what is given, leave the rest'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -f -a "test" -d 'Send a message through it that says it is a test'
complete -c hb -n "__fish_hb_using_subcommand channel; and not __fish_seen_subcommand_from list add edit test rm" -f -a "rm" -d 'Remove it'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from list" -l limit -d 'At most N [default: 1000]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from list" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from list" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from list" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l kind -d 'email, slack, discord, ntfy, webhook, command' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l url -d 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l to -d 'email: who gets it (repeatable)' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l from -d 'email: the sender, as in `hb <hb@example.com>`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l smtp -d 'email: the relay' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l tls -d 'email: starttls, tls, none [default: by the port]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l user -d 'email: who logs in at the relay' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l password -d 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l topic -d 'ntfy: the topic' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l token -d 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l priority -d 'ntfy: the priority of bad news, 1 to 5 [default: by severity]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l method -d 'webhook: GET, POST, PUT, PATCH [default: POST]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l header -d 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l body -d 'webhook: the body, with $STATUS, $NAME … in it [default: hb\'s own JSON]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l json-settings -d 'Everything else, as the API takes it, from a file; `-` is stdin' -r -F
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l allow-private -d 'Let it reach loopback and private addresses'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l kind -d 'email, slack, discord, ntfy, webhook, command' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l url -d 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l to -d 'email: who gets it (repeatable)' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l from -d 'email: the sender, as in `hb <hb@example.com>`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l smtp -d 'email: the relay' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l tls -d 'email: starttls, tls, none [default: by the port]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l user -d 'email: who logs in at the relay' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l password -d 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l topic -d 'ntfy: the topic' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l token -d 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l priority -d 'ntfy: the priority of bad news, 1 to 5 [default: by severity]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l method -d 'webhook: GET, POST, PUT, PATCH [default: POST]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l header -d 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l body -d 'webhook: the body, with $STATUS, $NAME … in it [default: hb\'s own JSON]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l json-settings -d 'Everything else, as the API takes it, from a file; `-` is stdin' -r -F
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l rename -d 'Give it another name' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l allow-private -d 'Let it reach loopback and private addresses'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from test" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from test" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from test" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from rm" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from rm" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Do not ask'
complete -c hb -n "__fish_hb_using_subcommand channel; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -f -a "list" -d 'Show those that are open'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -f -a "show" -d 'Show one in full'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -f -a "ack" -d 'Say that somebody is on it: it is told more seldom'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -f -a "snooze" -d 'Hear nothing more of it for a while'
complete -c hb -n "__fish_hb_using_subcommand incident; and not __fish_seen_subcommand_from list show ack snooze resolve" -f -a "resolve" -d 'Close it by hand'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -l limit -d 'At most N [default: 1000]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -l all -d 'Those that are over, too'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from show" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from show" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from show" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -l by -d 'Who is on it [default: this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -s m -l note -d 'What is being done' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -l for -d 'How long that counts: 4h' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -l until -d 'Until when that counts: `18:00`, `2026-12-24 18:00`' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from snooze" -l for -d 'For so long: 1h' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from snooze" -l until -d 'Until then: `18:00`, `2026-12-24 18:00`' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from snooze" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from snooze" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from snooze" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from resolve" -l by -d 'Who closes it [default: this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from resolve" -s m -l note -d 'What was done' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from resolve" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from resolve" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand incident; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -f -a "list" -d 'Show them by their first letters, and when each was last used'
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -f -a "create" -d 'Make one, and print it, this once'
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -f -a "rotate" -d 'Make one in the place of another, and print it, this once'
complete -c hb -n "__fish_hb_using_subcommand key; and not __fish_seen_subcommand_from list create rotate revoke" -f -a "revoke" -d 'End it at once'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from list" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from list" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l kind -d 'ping, read, write, admin' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l name -d 'What it is for, such as `db hosts`' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l expires-in -d 'How long it is good: 90d, 1y [default: for ever]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l expires-at -d 'Until when it is good: `2027-01-01`, 2027-01-01T00:00:00Z' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l monitor -d 'ping: the monitors that it reaches, such as `db-*` (repeatable) [default: all]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l no-create -d 'ping: it makes no monitor that there is not'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from rotate" -l overlap -d 'How long the old one goes on working; 0 ends it at once [default: 24h]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from rotate" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from rotate" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from rotate" -l json -d 'The receiver\'s answer'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from revoke" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from revoke" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do not ask'
complete -c hb -n "__fish_hb_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -f -a "healthchecks" -d 'Checks with their ping URLs, pings and flips, over the API of a running Healthchecks'
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -f -a "uptime-kuma" -d 'Push monitors of an Uptime Kuma, from its backup as JSON'
complete -c hb -n "__fish_hb_using_subcommand import; and not __fish_seen_subcommand_from healthchecks uptime-kuma cronitor" -f -a "cronitor" -d 'Jobs and heartbeats of a Cronitor, from its API\'s answer as JSON'
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from healthchecks" -l key-file -d 'The file with its read-write API key' -r -F
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from healthchecks" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from healthchecks" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from healthchecks" -l no-history -d 'Take the checks alone, without pings and flips'
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from healthchecks" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from uptime-kuma" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from uptime-kuma" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from uptime-kuma" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from cronitor" -l ping-key-file -d 'The file with the API key that the jobs ping with, so that they arrive unchanged' -r -F
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from cronitor" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from cronitor" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand import; and __fish_seen_subcommand_from cronitor" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand export" -l server -d 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand export" -l key -d 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]' -r
complete -c hb -n "__fish_hb_using_subcommand export" -l events -d 'All events, too; of a large receiver that is much'
complete -c hb -n "__fish_hb_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l listen -d 'Listen here: `127.0.0.1:8787`, `[::]:8787`, port 0 for a free one, `unix:/run/hb/hb.sock` (repeatable) [env: HB_LISTEN]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l data -d 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l database -d 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l public-url -d 'What stands in front of the paths in ping URLs and messages [default: where it listens] [env: HB_PUBLIC_URL]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l tls-cert -d 'Speak TLS with this certificate and its chain, in PEM; read again at SIGHUP and when it changes [env: HB_TLS_CERT]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l tls-key -d 'The key of that certificate, in PEM [env: HB_TLS_KEY]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l trust-proxy -d 'Believe these proxies about who asks: `10.0.0.0/8,fd00::1` (repeatable) [default: this host\'s] [env: HB_TRUST_PROXY]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l smtp -d 'Take pings as mails to `<uuid>@…` here, such as `127.0.0.1:2525` [default: nowhere] [env: HB_SMTP]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l watched-by -d 'Ping this URL every minute while all is well, so that somebody notices when it is not; `file:PATH` with it [env: HB_WATCHED_BY]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l config -d 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l ca-file -d 'Trust the certificates in this file, too, when alerts are sent: a private CA\'s, or a mail server\'s own [env: HB_CA_FILE]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l log-format -d 'How log lines look: text, json' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l allow-commands -d 'Let channels run commands of this host'
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -l print-unit -d 'Print a unit for systemd, hardened and with the other options, and stop'
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -f -a "backup" -d 'Copy everything to a new file, also while the receiver runs'
complete -c hb -n "__fish_hb_using_subcommand serve; and not __fish_seen_subcommand_from backup restore" -f -a "restore" -d 'Put a copy in the place of a store that is not there'
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from backup" -l data -d 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from backup" -l database -d 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from backup" -l config -d 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from restore" -l data -d 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from restore" -l database -d 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]' -r
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from restore" -l config -d 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`' -r -F
complete -c hb -n "__fish_hb_using_subcommand serve; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c hb -n "__fish_hb_using_subcommand init" -l server -d 'Where pings go: the address of an `hb serve`, or a ping URL of any service [default: the `hb serve` of this user on this host]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l key-file -d 'A file with the ping key, the API key, or the lines `HB_PING_KEY=` and `HB_API_KEY=` of both, such as the one that `hb serve` has made' -r -F
complete -c hb -n "__fish_hb_using_subcommand init" -l monitor -d 'The first monitor; with an API key it is made on the server' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l schedule -d 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l tz -d 'The time zone of the schedule: Europe/Berlin [default: the receiver\'s]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l grace -d 'How late a success may be: 90m [default: by how often it is expected]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l start-within -d 'How late a start may be' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l run-at-most -d 'How long a run may take' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l tolerance -d 'How many expected runs in a row may be missed' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l presence -d '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l absent-at-most -d 'With that, how long after its deadline it is told in any case [default: 14d]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l owner -d 'Who is responsible' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l description -d 'What it is for' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l title -d 'Its name for people' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l tag -d 'A label (repeatable); together they replace those before' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l channel -d 'A channel that is told (repeatable); together they replace those before [default: all]' -r
complete -c hb -n "__fish_hb_using_subcommand init" -l json-settings -d 'Everything else, as the API takes it, from a file; `-` is stdin' -r -F
complete -c hb -n "__fish_hb_using_subcommand init" -l force -d 'Replace a configuration and keys that are there; the old configuration stays as config.toml.old'
complete -c hb -n "__fish_hb_using_subcommand init" -l no-ping -d 'Send no test ping'
complete -c hb -n "__fish_hb_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hb -n "__fish_hb_using_subcommand completions" -l monitors -d 'The monitors that are configured, that ran here, or that a receiver is known to have, one a line'
complete -c hb -n "__fish_hb_using_subcommand completions" -l targets -d 'The configured targets, one a line'
complete -c hb -n "__fish_hb_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'

complete -c hb -n "__fish_seen_subcommand_from run ping log doctor status" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from monitor; and __fish_seen_subcommand_from show edit pause resume rm url runs events" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from incident; and __fish_seen_subcommand_from show ack snooze resolve" -f -a "(hb completions --monitors 2>/dev/null)"
complete -c hb -n "__fish_seen_subcommand_from run ping" -l to -x -a "(hb completions --targets 2>/dev/null)"
