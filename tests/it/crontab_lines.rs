//! A line of a crontab means with hb what it means without: what cron makes of `%`, what the shell makes
//! of quotes, and what is left in the environment of both.

use crate::hb::{Home, Seen, binary};

/// Does with a line what cron does: the first `%` that is not escaped ends the command, and what follows
/// is its stdin, where each further one ends a line.
const CRON: &str = r#"
import os, re, subprocess, sys
line, home, state = sys.argv[1:]
parts = re.split(r'(?<!\\)%', line.split(None, 5)[5])
parts = [part.replace('\\%', '%') for part in parts]
stdin = ''.join(part + '\n' for part in parts[1:])
variables = {'HOME': home, 'LOGNAME': 'root', 'SHELL': '/bin/sh', 'PATH': '/usr/bin:/bin', 'HB_STATE_DIR': state}
# A receiver of the tester's own is none of theirs.
variables['XDG_RUNTIME_DIR'] = home
seen = subprocess.run(['/bin/sh', '-c', parts[0]], input=stdin.encode(), env=variables, cwd=home)
sys.exit(seen.returncode)
"#;

fn cron(home: &Home, line: &str) -> Seen {
    let (own, state) = (home.path(""), home.path("state"));
    let mut command = home.program("python3");
    command.args(["-c", CRON, line]).arg(own).arg(state).env("PYTHONUNBUFFERED", "1");
    Seen::of(&mut command)
}

#[test]
fn a_line_of_a_crontab_means_what_it_means_without_hb() {
    let home = Home::new();
    home.write("data", "a 1\nb 2\n");
    home.write("one file.txt", "x\n");
    for command in [
        r#"printf '[\%s]' "a  b" '$f' c\ d "" '#' '*'; echo"#,
        r#"echo  two   "three   spaces"  'and $HOME'  # and a comment"#,
        "awk '{ print $1 }' data",
        r#"date -u -d @0 "+\%Y-\%m-\%d""#,
        "cat -%line one%line  two%",
        "cat > out%kept%",
        "sh -c 'cat; exit 9'%to stdin",
        "env | grep -v '^\\(HB_\\|PWD\\|SHLVL\\|OLDPWD\\|_=\\)' | sort",
        "no-such-program --x",
        "true",
        "cat data \\",
    ] {
        let bare = cron(&home, &format!("0 3 * * * {command}"));
        let hb = binary().display().to_string();
        // What is more than one command is the shell's, and hb runs its first.
        let line = format!("0 3 * * * {hb} run m -- {command}");
        let wrapped = cron(&home, &line);
        assert_eq!((wrapped.status, &wrapped.stdout), (bare.status, &bare.stdout), "{line}");
        assert_eq!(wrapped.stderr.is_empty(), bare.stderr.is_empty(), "{line}: {wrapped:?}");
    }
}

#[test]
fn a_whole_shell_line_goes_between_quotes() {
    let home = Home::new();
    home.write("data", "a 1\nb 2\n");
    home.write("one file.txt", "x\n");
    for command in [
        "for f in *.txt; do echo \"<$f>\"; done",
        "x=$(wc -l < data) && echo \"$x  lines\" | tr l L",
        "cd / && pwd; exit 9",
        "awk '{ print $2 }' data > out; cat out",
        "echo it\\'s '\"quoted\"'",
        "cat data 2>&1 | sort -r >> sorted; cat sorted; rm sorted",
    ] {
        let bare = cron(&home, &format!("0 3 * * * {command}"));
        let quoted = command.replace('\'', "'\\''");
        let hb = binary().display().to_string();
        let wrapped = cron(&home, &format!("0 3 * * * {hb} run m --shell '{quoted}'"));
        assert_eq!(wrapped, bare, "{command}");
        assert_eq!(home.last_run()["exit_code"], bare.status);
    }
}
