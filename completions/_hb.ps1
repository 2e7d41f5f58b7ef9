
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'hb' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'hb'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'hb' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a job and report it')
            [CompletionResult]::new('ping', 'ping', [CompletionResultType]::ParameterValue, 'One ping by hand')
            [CompletionResult]::new('progress', 'progress', [CompletionResultType]::ParameterValue, 'Inside a job: say how far it is')
            [CompletionResult]::new('stage', 'stage', [CompletionResultType]::ParameterValue, 'Inside a job: say that a new stage begins')
            [CompletionResult]::new('step', 'step', [CompletionResultType]::ParameterValue, 'Inside a job: run one named step; a failed step makes the run failed')
            [CompletionResult]::new('metric', 'metric', [CompletionResultType]::ParameterValue, 'Inside a job: say what it measured')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'What ran on this host; works with no server')
            [CompletionResult]::new('spool', 'spool', [CompletionResultType]::ParameterValue, 'Events that are not delivered yet')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check configuration, network, keys and spool, and say what to do')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'What the receiver knows')
            [CompletionResult]::new('monitor', 'monitor', [CompletionResultType]::ParameterValue, 'The monitors of a receiver')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'The ways in which a receiver tells people')
            [CompletionResult]::new('incident', 'incident', [CompletionResultType]::ParameterValue, 'What is bad and has been told, and that somebody is on it')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'The keys of a receiver: who may ping it, look at it, change it')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Move in from Healthchecks, Uptime Kuma or Cronitor')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Everything that a receiver knows of a project, as JSON')
            [CompletionResult]::new('schedule', 'schedule', [CompletionResultType]::ParameterValue, 'A schedule in words, and its next moments, daylight saving time included')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'The receiver: take pings, watch deadlines, alert people')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set up this host: configuration, keys, a first monitor')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Completions for a shell')
            break
        }
        'hb;run' {
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail (bash has; Debian''s sh before dash 0.5.13 has not)')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A target''s name or a ping URL; may be given several times')
            [CompletionResult]::new('--dialect', '--dialect', [CompletionResultType]::ParameterName, 'Spell pings as this service wants them, whatever the URL looks like')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this header along (`Name: value`)')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust only the certificates in this file: a private CA''s, or the server''s own')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'Show this certificate to the server')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of that certificate, unless it stands in the same file')
            [CompletionResult]::new('--report-timeout', '--report-timeout', [CompletionResultType]::ParameterName, 'Time for the report after the job; then it is kept and sent later [default: 30s]')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Say every so often that the job is still running')
            [CompletionResult]::new('--warn-after', '--warn-after', [CompletionResultType]::ParameterName, 'Say once that the job runs longer than this')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor')
            [CompletionResult]::new('--schedule', '--schedule', [CompletionResultType]::ParameterName, 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`; makes the monitor where it is not there yet, as all of these do')
            [CompletionResult]::new('--timezone', '--timezone', [CompletionResultType]::ParameterName, 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How late a success may be: 90m [default: by how often it is expected]')
            [CompletionResult]::new('--start-within', '--start-within', [CompletionResultType]::ParameterName, 'How late a start may be')
            [CompletionResult]::new('--run-at-most', '--run-at-most', [CompletionResultType]::ParameterName, 'How long a run may take before somebody is told')
            [CompletionResult]::new('--tolerance', '--tolerance', [CompletionResultType]::ParameterName, 'How many expected runs in a row may be missed')
            [CompletionResult]::new('--presence', '--presence', [CompletionResultType]::ParameterName, '`host`: only time in which this host is awake counts, for a laptop that sleeps [default: always]')
            [CompletionResult]::new('--absent-at-most', '--absent-at-most', [CompletionResultType]::ParameterName, 'With that, how long after its deadline it is told in any case [default: 14d]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who is responsible')
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What it is for')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'A label; may be given several times')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'Be heard of at least so often while the job runs, so that a run that is gone is known soon; 0 promises nothing [default: 5m]')
            [CompletionResult]::new('--stalled-after', '--stalled-after', [CompletionResultType]::ParameterName, 'Say with the lease that the job has come to a halt, once it and everything it started has used no CPU time and moved no byte for so long [default: never]')
            [CompletionResult]::new('--ok-exit', '--ok-exit', [CompletionResultType]::ParameterName, 'Exit codes that are a success (`0,1` or `0-3`)')
            [CompletionResult]::new('--warn-exit', '--warn-exit', [CompletionResultType]::ParameterName, 'Exit codes that are a warning')
            [CompletionResult]::new('--preset', '--preset', [CompletionResultType]::ParameterName, 'Know this tool''s exit codes and summary: borg, restic, rsync, rclone, pg_dump, mysqldump, tar, certbot, or none [default: recognised from the command]')
            [CompletionResult]::new('--fail-if-output', '--fail-if-output', [CompletionResultType]::ParameterName, 'Fail when a line of the output matches')
            [CompletionResult]::new('--require-output', '--require-output', [CompletionResultType]::ParameterName, 'Fail when no line of the output matches')
            [CompletionResult]::new('--min-duration', '--min-duration', [CompletionResultType]::ParameterName, 'Fail when the job ends sooner than this')
            [CompletionResult]::new('--tolerate', '--tolerate', [CompletionResultType]::ParameterName, 'Tell the first N failures in a row as log lines only')
            [CompletionResult]::new('--require-mount', '--require-mount', [CompletionResultType]::ParameterName, 'Run the job only when this is a mount point')
            [CompletionResult]::new('--require-free', '--require-free', [CompletionResultType]::ParameterName, 'Run the job only with so much room (`20G`, or `20G:/mnt/backup`)')
            [CompletionResult]::new('--pre', '--pre', [CompletionResultType]::ParameterName, 'Run the job only when this command succeeds')
            [CompletionResult]::new('--expect-newer', '--expect-newer', [CompletionResultType]::ParameterName, 'Fail when no file like this is newer than the start')
            [CompletionResult]::new('--min-size', '--min-size', [CompletionResultType]::ParameterName, 'Fail when these files are smaller than this in all')
            [CompletionResult]::new('--size-of', '--size-of', [CompletionResultType]::ParameterName, 'Measure this file or directory; may be given several times')
            [CompletionResult]::new('--sha256-of', '--sha256-of', [CompletionResultType]::ParameterName, 'Hash this file')
            [CompletionResult]::new('--expect-sha256', '--expect-sha256', [CompletionResultType]::ParameterName, 'Fail when that hash is another one')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the job after this time (exit 124, or 137 where KILL was needed)')
            [CompletionResult]::new('--kill-after', '--kill-after', [CompletionResultType]::ParameterName, 'Time between the signal and KILL [default: 30s]')
            [CompletionResult]::new('--timeout-signal', '--timeout-signal', [CompletionResultType]::ParameterName, 'The signal that ends it [default: TERM]')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Start a failed job again, up to N times; only the last end counts')
            [CompletionResult]::new('--retry-delay', '--retry-delay', [CompletionResultType]::ParameterName, 'Pause before that [default: 30s]')
            [CompletionResult]::new('--retry-on-exit', '--retry-on-exit', [CompletionResultType]::ParameterName, 'Only after these exit codes')
            [CompletionResult]::new('--lock', '--lock', [CompletionResultType]::ParameterName, 'One run at a time, under the monitor''s name or this one')
            [CompletionResult]::new('--lock-wait', '--lock-wait', [CompletionResultType]::ParameterName, 'Wait so long for the lock')
            [CompletionResult]::new('--lock-skip', '--lock-skip', [CompletionResultType]::ParameterName, 'What a busy lock means: ok, fail, log [default: log]')
            [CompletionResult]::new('--lock-busy-exit', '--lock-busy-exit', [CompletionResultType]::ParameterName, 'The exit code for a busy lock [default: 75]')
            [CompletionResult]::new('--every', '--every', [CompletionResultType]::ParameterName, 'Run it now and then every so often, for containers that have no cron')
            [CompletionResult]::new('--at', '--at', [CompletionResultType]::ParameterName, 'Run it every day at this time of the host''s zone (`03:30`)')
            [CompletionResult]::new('--jitter', '--jitter', [CompletionResultType]::ParameterName, 'Wait up to this long before the start, always the same on this host (`5m` or `1m-5m`)')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show output only when the run is no success, or never')
            [CompletionResult]::new('--tail', '--tail', [CompletionResultType]::ParameterName, 'Bytes of the end of the output that are reported [default: 64KiB]')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Bytes of the beginning that are reported as well [default: 0]')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Mask what matches in records and reports; may be given several times')
            [CompletionResult]::new('--capture', '--capture', [CompletionResultType]::ParameterName, 'Which streams are read: auto, pipe, pty, both, none [default: auto]')
            [CompletionResult]::new('--log-dir', '--log-dir', [CompletionResultType]::ParameterName, 'Keep the whole output of a failed run in this directory')
            [CompletionResult]::new('--drain', '--drain', [CompletionResultType]::ParameterName, 'Read on so long after the job when something it left holds the pipe (or inf) [default: 500ms]')
            [CompletionResult]::new('--nice', '--nice', [CompletionResultType]::ParameterName, 'Run with this nice value added, from -20 to 19')
            [CompletionResult]::new('--ionice', '--ionice', [CompletionResultType]::ParameterName, 'Run with this I/O class: idle, best-effort, best-effort:0-7')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Run as this user (root only)')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Read variables for the job from this file')
            [CompletionResult]::new('--exit-style', '--exit-style', [CompletionResultType]::ParameterName, 'How a death by signal is passed on: signal (die of it) or plain (exit 128+n) [default: signal]')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Send nothing, run nothing, print what would be sent')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Give the job the first ping URL as HB_URL')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Do not run the job when the configuration has a mistake (exit 78)')
            [CompletionResult]::new('--fail-on-stderr', '--fail-on-stderr', [CompletionResultType]::ParameterName, 'Fail when the job writes to stderr')
            [CompletionResult]::new('--no-output', '--no-output', [CompletionResultType]::ParameterName, 'Record and report no output')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Leave colours and progress bars in reports')
            [CompletionResult]::new('--follow-descendants', '--follow-descendants', [CompletionResultType]::ParameterName, 'Carry on the output of what the job left behind, after hb has ended')
            [CompletionResult]::new('--signal-group', '--signal-group', [CompletionResultType]::ParameterName, 'Send signals to the job''s whole group')
            [CompletionResult]::new('--init', '--init', [CompletionResultType]::ParameterName, 'Reap what nobody waits for, as the init of a container must')
            [CompletionResult]::new('--die-with-parent', '--die-with-parent', [CompletionResultType]::ParameterName, 'End the job when hb is killed')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;ping' {
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'A line for the person who reads it')
            [CompletionResult]::new('--message', '--message', [CompletionResultType]::ParameterName, 'A line for the person who reads it')
            [CompletionResult]::new('--run-id', '--run-id', [CompletionResultType]::ParameterName, 'The run it belongs to [default: $HB_RUN_ID]')
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'With --dry-run: take the whole case from this JSON file (`-` is stdin)')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A target''s name or a ping URL; may be given several times')
            [CompletionResult]::new('--dialect', '--dialect', [CompletionResultType]::ParameterName, 'Spell pings as this service wants them, whatever the URL looks like')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this header along (`Name: value`)')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust only the certificates in this file: a private CA''s, or the server''s own')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'Show this certificate to the server')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The key of that certificate, unless it stands in the same file')
            [CompletionResult]::new('--keepalive', '--keepalive', [CompletionResultType]::ParameterName, 'Say every so often that the job is still running')
            [CompletionResult]::new('--warn-after', '--warn-after', [CompletionResultType]::ParameterName, 'Say once that the job runs longer than this')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor')
            [CompletionResult]::new('--report-timeout', '--report-timeout', [CompletionResultType]::ParameterName, 'Time for it; then it is kept and sent later [default: 10s]')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Send the end of stdin along')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Give the job the first ping URL as HB_URL')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Send nothing, print what would be sent')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Send nothing when the configuration has a mistake (exit 78)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;progress' {
            [CompletionResult]::new('--stage', '--stage', [CompletionResultType]::ParameterName, 'The stage it is in')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'How fast it goes, as in 25MB/s')
            [CompletionResult]::new('--eta', '--eta', [CompletionResultType]::ParameterName, 'How long it will still take')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;stage' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;step' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;metric' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The newest N runs [default: 20, with --since all]')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'The newest N runs [default: 20, with --since all]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only runs since then: `2h`, or a moment such as 2026-03-29T01:00:00Z')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object per run, on a line of its own')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with runs as they end')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with runs as they end')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'The last run in full, with its output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;spool' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show what waits')
            [CompletionResult]::new('flush', 'flush', [CompletionResultType]::ParameterValue, 'Deliver what waits, now')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Give events up')
            break
        }
        'hb;spool;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON array: id, monitor, event, at, target, why, tries, tried_at, next_try_at')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;spool;flush' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing when nothing is left')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing when nothing is left')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;spool;drop' {
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All of them')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;doctor' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'One JSON object: `ok` and `findings`, each with its level, what it is about, and what to do')
            [CompletionResult]::new('--no-network', '--no-network', [CompletionResultType]::ParameterName, 'Look at what is known without asking the network')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;status' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show at most N monitors [default: 1000]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer: the counts, or the monitor')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Stay, and show what changes; where stdout is no terminal, one line for each change')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Stay, and show what changes; where stdout is no terminal, one line for each change')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;monitor' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show them with their schedules')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one in full')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make one, and print its ping URL and a line for the crontab')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change what is given, leave the rest')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Keep it quiet: what happens is recorded, and nobody is told')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a pause')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove it with its history')
            [CompletionResult]::new('url', 'url', [CompletionResultType]::ParameterValue, 'Print its ping URL, and nothing else')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Print them as the file that `apply` reads')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Make the monitors of a file those of the receiver: all of them, or none')
            [CompletionResult]::new('release', 'release', [CompletionResultType]::ParameterValue, 'Take it out of the hands of the file that it is kept in: it can be changed here again')
            [CompletionResult]::new('runs', 'runs', [CompletionResultType]::ParameterValue, 'Show its runs, or one of them with its output')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Show what was heard of it')
            break
        }
        'hb;monitor;list' {
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Only those with this label')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Only those of this status, or `bad` for all that need somebody')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most N [default: 1000]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;show' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;add' {
            [CompletionResult]::new('--schedule', '--schedule', [CompletionResultType]::ParameterName, 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How late a success may be: 90m [default: by how often it is expected]')
            [CompletionResult]::new('--start-within', '--start-within', [CompletionResultType]::ParameterName, 'How late a start may be')
            [CompletionResult]::new('--run-at-most', '--run-at-most', [CompletionResultType]::ParameterName, 'How long a run may take')
            [CompletionResult]::new('--tolerance', '--tolerance', [CompletionResultType]::ParameterName, 'How many expected runs in a row may be missed')
            [CompletionResult]::new('--presence', '--presence', [CompletionResultType]::ParameterName, '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]')
            [CompletionResult]::new('--absent-at-most', '--absent-at-most', [CompletionResultType]::ParameterName, 'With that, how long after its deadline it is told in any case [default: 14d]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who is responsible')
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What it is for')
            [CompletionResult]::new('--title', '--title', [CompletionResultType]::ParameterName, 'Its name for people')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'A label (repeatable); together they replace those before')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'A channel that is told (repeatable); together they replace those before [default: all]')
            [CompletionResult]::new('--json-settings', '--json-settings', [CompletionResultType]::ParameterName, 'Everything else, as the API takes it, from a file; `-` is stdin')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Where one of this name exists, replace its definition')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;edit' {
            [CompletionResult]::new('--schedule', '--schedule', [CompletionResultType]::ParameterName, 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How late a success may be: 90m [default: by how often it is expected]')
            [CompletionResult]::new('--start-within', '--start-within', [CompletionResultType]::ParameterName, 'How late a start may be')
            [CompletionResult]::new('--run-at-most', '--run-at-most', [CompletionResultType]::ParameterName, 'How long a run may take')
            [CompletionResult]::new('--tolerance', '--tolerance', [CompletionResultType]::ParameterName, 'How many expected runs in a row may be missed')
            [CompletionResult]::new('--presence', '--presence', [CompletionResultType]::ParameterName, '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]')
            [CompletionResult]::new('--absent-at-most', '--absent-at-most', [CompletionResultType]::ParameterName, 'With that, how long after its deadline it is told in any case [default: 14d]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who is responsible')
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What it is for')
            [CompletionResult]::new('--title', '--title', [CompletionResultType]::ParameterName, 'Its name for people')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'A label (repeatable); together they replace those before')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'A channel that is told (repeatable); together they replace those before [default: all]')
            [CompletionResult]::new('--json-settings', '--json-settings', [CompletionResultType]::ParameterName, 'Everything else, as the API takes it, from a file; `-` is stdin')
            [CompletionResult]::new('--rename', '--rename', [CompletionResultType]::ParameterName, 'Give it another name; ping URLs with the old one lead nowhere then')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;pause' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For so long: 1h, 2d')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until then: `18:00`, `2026-12-24 18:00`, 2026-12-24T17:00:00Z')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--until-success', '--until-success', [CompletionResultType]::ParameterName, 'Until it succeeds again')
            [CompletionResult]::new('--forever', '--forever', [CompletionResultType]::ParameterName, 'Until somebody resumes it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;resume' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;rm' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;url' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;export' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form of the file: toml, json [default: toml]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;apply' {
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'By what name the receiver knows the file [default: the file''s own]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Show what would be different, and change nothing')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Remove monitors that were in the file once and are not any more')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before anything is removed')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before anything is removed')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;release' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;runs' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The newest N [default: 20]')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'The newest N [default: 20]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;monitor;events' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The newest N [default: 20]')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'The newest N [default: 20]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;channel' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show them, and whether they work')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make one')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change what is given, leave the rest')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a message through it that says it is a test')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove it')
            break
        }
        'hb;channel;list' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most N [default: 1000]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;channel;add' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'email, slack, discord, ntfy, webhook, command')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'email: who gets it (repeatable)')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'email: the sender, as in `hb <hb@example.com>`')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'email: the relay')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'email: starttls, tls, none [default: by the port]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'email: who logs in at the relay')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'ntfy: the topic')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--priority', '--priority', [CompletionResultType]::ParameterName, 'ntfy: the priority of bad news, 1 to 5 [default: by severity]')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'webhook: GET, POST, PUT, PATCH [default: POST]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'webhook: the body, with $STATUS, $NAME … in it [default: hb''s own JSON]')
            [CompletionResult]::new('--json-settings', '--json-settings', [CompletionResultType]::ParameterName, 'Everything else, as the API takes it, from a file; `-` is stdin')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--allow-private', '--allow-private', [CompletionResultType]::ParameterName, 'Let it reach loopback and private addresses')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;channel;edit' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'email, slack, discord, ntfy, webhook, command')
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'slack, discord, webhook, ntfy: where to; also `file:/PATH`, `env:NAME` or `cred:NAME` with it')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'email: who gets it (repeatable)')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'email: the sender, as in `hb <hb@example.com>`')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'email: the relay')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'email: starttls, tls, none [default: by the port]')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'email: who logs in at the relay')
            [CompletionResult]::new('--password', '--password', [CompletionResultType]::ParameterName, 'email: the password: `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--topic', '--topic', [CompletionResultType]::ParameterName, 'ntfy: the topic')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'ntfy: an access token: `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--priority', '--priority', [CompletionResultType]::ParameterName, 'ntfy: the priority of bad news, 1 to 5 [default: by severity]')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'webhook: GET, POST, PUT, PATCH [default: POST]')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'webhook: a header, `Name: value`; the value may be `file:/PATH`, `env:NAME` or `cred:NAME`')
            [CompletionResult]::new('--body', '--body', [CompletionResultType]::ParameterName, 'webhook: the body, with $STATUS, $NAME … in it [default: hb''s own JSON]')
            [CompletionResult]::new('--json-settings', '--json-settings', [CompletionResultType]::ParameterName, 'Everything else, as the API takes it, from a file; `-` is stdin')
            [CompletionResult]::new('--rename', '--rename', [CompletionResultType]::ParameterName, 'Give it another name')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--allow-private', '--allow-private', [CompletionResultType]::ParameterName, 'Let it reach loopback and private addresses')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;channel;test' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;channel;rm' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;incident' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show those that are open')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one in full')
            [CompletionResult]::new('ack', 'ack', [CompletionResultType]::ParameterValue, 'Say that somebody is on it: it is told more seldom')
            [CompletionResult]::new('snooze', 'snooze', [CompletionResultType]::ParameterValue, 'Hear nothing more of it for a while')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Close it by hand')
            break
        }
        'hb;incident;list' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most N [default: 1000]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Those that are over, too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;incident;show' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;incident;ack' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who is on it [default: this user on this host]')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'What is being done')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'What is being done')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'How long that counts: 4h')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until when that counts: `18:00`, `2026-12-24 18:00`')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;incident;snooze' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For so long: 1h')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until then: `18:00`, `2026-12-24 18:00`')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;incident;resolve' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who closes it [default: this user on this host]')
            [CompletionResult]::new('-m', '-m', [CompletionResultType]::ParameterName, 'What was done')
            [CompletionResult]::new('--note', '--note', [CompletionResultType]::ParameterName, 'What was done')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;key' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show them by their first letters, and when each was last used')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make one, and print it, this once')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Make one in the place of another, and print it, this once')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'End it at once')
            break
        }
        'hb;key;list' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;key;create' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'ping, read, write, admin')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'What it is for, such as `db hosts`')
            [CompletionResult]::new('--expires-in', '--expires-in', [CompletionResultType]::ParameterName, 'How long it is good: 90d, 1y [default: for ever]')
            [CompletionResult]::new('--expires-at', '--expires-at', [CompletionResultType]::ParameterName, 'Until when it is good: `2027-01-01`, 2027-01-01T00:00:00Z')
            [CompletionResult]::new('--monitor', '--monitor', [CompletionResultType]::ParameterName, 'ping: the monitors that it reaches, such as `db-*` (repeatable) [default: all]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--no-create', '--no-create', [CompletionResultType]::ParameterName, 'ping: it makes no monitor that there is not')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;key;rotate' {
            [CompletionResult]::new('--overlap', '--overlap', [CompletionResultType]::ParameterName, 'How long the old one goes on working; 0 ends it at once [default: 24h]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'The receiver''s answer')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;key;revoke' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;import' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('healthchecks', 'healthchecks', [CompletionResultType]::ParameterValue, 'Checks with their ping URLs, pings and flips, over the API of a running Healthchecks')
            [CompletionResult]::new('uptime-kuma', 'uptime-kuma', [CompletionResultType]::ParameterValue, 'Push monitors of an Uptime Kuma, from its backup as JSON')
            [CompletionResult]::new('cronitor', 'cronitor', [CompletionResultType]::ParameterValue, 'Jobs and heartbeats of a Cronitor, from its API''s answer as JSON')
            break
        }
        'hb;import;healthchecks' {
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'The file with its read-write API key')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--no-history', '--no-history', [CompletionResultType]::ParameterName, 'Take the checks alone, without pings and flips')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;import;uptime-kuma' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;import;cronitor' {
            [CompletionResult]::new('--ping-key-file', '--ping-key-file', [CompletionResultType]::ParameterName, 'The file with the API key that the jobs ping with, so that they arrive unchanged')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;export' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Its address [env: HB_SERVER] [default: `server.url` of the configuration, else the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Where its API key is: `file:/PATH`, `env:NAME` or `cred:NAME` [env: HB_API_KEY, or the path of a file in HB_API_KEY_FILE]')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'All events, too; of a large receiver that is much')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;schedule' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Say it in words, with its next moments')
            [CompletionResult]::new('next', 'next', [CompletionResultType]::ParameterValue, 'Only its next moments, in UTC')
            break
        }
        'hb;schedule;explain' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What it is: cron, calendar (systemd''s OnCalendar), every, window [default: as it looks]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone [default: the host''s]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many [default: 5]')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Read a span of time instead, and give its whole seconds')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;schedule;next' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What it is: cron, calendar (systemd''s OnCalendar), every, window [default: as it looks]')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone [default: the host''s]')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Moments after this one (`2026-03-29T01:00:00Z`) [default: now]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many [default: 5]')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'Read a span of time instead, and give its whole seconds')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen here: `127.0.0.1:8787`, `[::]:8787`, port 0 for a free one, `unix:/run/hb/hb.sock` (repeatable) [env: HB_LISTEN]')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]')
            [CompletionResult]::new('--public-url', '--public-url', [CompletionResultType]::ParameterName, 'What stands in front of the paths in ping URLs and messages [default: where it listens] [env: HB_PUBLIC_URL]')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Speak TLS with this certificate and its chain, in PEM; read again at SIGHUP and when it changes [env: HB_TLS_CERT]')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The key of that certificate, in PEM [env: HB_TLS_KEY]')
            [CompletionResult]::new('--trust-proxy', '--trust-proxy', [CompletionResultType]::ParameterName, 'Believe these proxies about who asks: `10.0.0.0/8,fd00::1` (repeatable) [default: this host''s] [env: HB_TRUST_PROXY]')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'Take pings as mails to `<uuid>@…` here, such as `127.0.0.1:2525` [default: nowhere] [env: HB_SMTP]')
            [CompletionResult]::new('--watched-by', '--watched-by', [CompletionResultType]::ParameterName, 'Ping this URL every minute while all is well, so that somebody notices when it is not; `file:PATH` with it [env: HB_WATCHED_BY]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this file, too, when alerts are sent: a private CA''s, or a mail server''s own [env: HB_CA_FILE]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines look: text, json')
            [CompletionResult]::new('--allow-commands', '--allow-commands', [CompletionResultType]::ParameterName, 'Let channels run commands of this host')
            [CompletionResult]::new('--print-unit', '--print-unit', [CompletionResultType]::ParameterName, 'Print a unit for systemd, hardened and with the other options, and stop')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy everything to a new file, also while the receiver runs')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Put a copy in the place of a store that is not there')
            break
        }
        'hb;serve;backup' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;serve;restore' {
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'hb;init' {
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Where pings go: the address of an `hb serve`, or a ping URL of any service [default: the `hb serve` of this user on this host]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'A file with the ping key, the API key, or the lines `HB_PING_KEY=` and `HB_API_KEY=` of both, such as the one that `hb serve` has made')
            [CompletionResult]::new('--monitor', '--monitor', [CompletionResultType]::ParameterName, 'The first monitor; with an API key it is made on the server')
            [CompletionResult]::new('--schedule', '--schedule', [CompletionResultType]::ParameterName, 'When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'The time zone of the schedule: Europe/Berlin [default: the receiver''s]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'How late a success may be: 90m [default: by how often it is expected]')
            [CompletionResult]::new('--start-within', '--start-within', [CompletionResultType]::ParameterName, 'How late a start may be')
            [CompletionResult]::new('--run-at-most', '--run-at-most', [CompletionResultType]::ParameterName, 'How long a run may take')
            [CompletionResult]::new('--tolerance', '--tolerance', [CompletionResultType]::ParameterName, 'How many expected runs in a row may be missed')
            [CompletionResult]::new('--presence', '--presence', [CompletionResultType]::ParameterName, '`host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]')
            [CompletionResult]::new('--absent-at-most', '--absent-at-most', [CompletionResultType]::ParameterName, 'With that, how long after its deadline it is told in any case [default: 14d]')
            [CompletionResult]::new('--owner', '--owner', [CompletionResultType]::ParameterName, 'Who is responsible')
            [CompletionResult]::new('--description', '--description', [CompletionResultType]::ParameterName, 'What it is for')
            [CompletionResult]::new('--title', '--title', [CompletionResultType]::ParameterName, 'Its name for people')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'A label (repeatable); together they replace those before')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'A channel that is told (repeatable); together they replace those before [default: all]')
            [CompletionResult]::new('--json-settings', '--json-settings', [CompletionResultType]::ParameterName, 'Everything else, as the API takes it, from a file; `-` is stdin')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a configuration and keys that are there; the old configuration stays as config.toml.old')
            [CompletionResult]::new('--no-ping', '--no-ping', [CompletionResultType]::ParameterName, 'Send no test ping')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hb;completions' {
            [CompletionResult]::new('--monitors', '--monitors', [CompletionResultType]::ParameterName, 'The monitors that are configured, that ran here, or that a receiver is known to have, one a line')
            [CompletionResult]::new('--targets', '--targets', [CompletionResultType]::ParameterName, 'The configured targets, one a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
