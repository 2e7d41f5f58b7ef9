//! The words of an ordinary crontab line, read without building the whole of `hb run`'s arguments.
//!
//! `hb run nightly --to URL -- borg create …` uses two of seventy options. Describing all seventy to
//! the parser, on every run of every job, costs more than writing the run's record does. What is
//! understood here is understood exactly as the parser would; everything else, every mistake
//! included, is left to it, so there is one place that explains.

use std::ffi::{OsStr, OsString};

use super::run_arguments::RunArguments;

/// Where the value of an option goes.
enum Place<'a> {
    Once(&'a mut Option<String>),
    Each(&'a mut Vec<String>),
}

/// The arguments, or none where the words need the whole parser.
pub(crate) fn read(words: &[OsString]) -> Option<RunArguments> {
    let end = words.iter().position(|word| word == "--")?;
    let (options, command) = (&words[..end], &words[end + 1..]);
    if command.is_empty() {
        return None;
    }
    let mut arguments = RunArguments { command: command.to_vec(), ..Default::default() };
    let mut monitor = None;
    let mut options = options.iter();
    while let Some(word) = options.next() {
        let word = word.to_str()?;
        let Some(option) = word.strip_prefix("--") else {
            if word.starts_with('-') || word.is_empty() || monitor.replace(word).is_some() {
                return None;
            }
            continue;
        };
        let (name, given) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let place = place(&mut arguments, name)?;
        let value = match given {
            Some(value) => value,
            None => value_in(options.next()?)?,
        };
        match place {
            // An empty value and a repeated option are for the parser to explain.
            _ if value.is_empty() => return None,
            Place::Once(Some(_)) => return None,
            Place::Once(place) => *place = Some(value.to_owned()),
            Place::Each(place) => place.push(value.to_owned()),
        }
    }
    arguments.monitor = OsString::from(monitor?);
    Some(arguments)
}

/// A word that can only be a value.
fn value_in(word: &OsStr) -> Option<&str> {
    word.to_str().filter(|value| !value.starts_with('-'))
}

fn place<'a>(arguments: &'a mut RunArguments, name: &str) -> Option<Place<'a>> {
    let (telling, time) = (&mut arguments.telling, &mut arguments.time);
    let monitor_is = &mut arguments.monitor_is;
    Some(match name {
        "to" => Place::Each(&mut telling.to),
        "report-timeout" => Place::Once(&mut telling.report_timeout),
        "schedule" => Place::Once(&mut monitor_is.schedule),
        "timezone" => Place::Once(&mut monitor_is.timezone),
        "grace" => Place::Once(&mut monitor_is.grace),
        "owner" => Place::Once(&mut monitor_is.owner),
        "description" => Place::Once(&mut monitor_is.description),
        "tag" => Place::Each(&mut monitor_is.tag),
        "lease" => Place::Once(&mut monitor_is.lease),
        "preset" => Place::Once(&mut arguments.verdict.preset),
        "timeout" => Place::Once(&mut time.timeout),
        "tail" => Place::Once(&mut arguments.output.tail),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{Args, Command, FromArgMatches};

    use super::super::run_arguments::RunArguments;
    use super::read;

    /// What the whole parser makes of the words.
    fn parsed(words: &[OsString]) -> Option<RunArguments> {
        let command = RunArguments::augment_args(Command::new("hb run"));
        let named = std::iter::once(OsString::from("hb run"));
        let matches = command.try_get_matches_from(named.chain(words.iter().cloned())).ok()?;
        RunArguments::from_arg_matches(&matches).ok()
    }

    #[test]
    fn the_short_way_reads_what_the_whole_parser_reads() {
        let pool = [
            "nightly",
            "--",
            "--to",
            "--to=home",
            "http://x/y",
            "--timeout",
            "--timeout=2h",
            "2h",
            "--tail=1",
            "--preset",
            "none",
            "--quiet",
            "-x",
            "",
            "--to=",
            "true",
            "--unknown",
            "--report-timeout=1s",
            "-",
            "a=b",
            "--=",
            "--lock",
            "--schedule=0 3 * * *",
            "--tag",
            "--owner",
        ];
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut understood = 0;
        for _ in 0..20_000 {
            let mut words = Vec::new();
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let count = 2 + (seed >> 60) as usize % 7;
            for _ in 0..count {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                words.push(OsString::from(pool[(seed >> 33) as usize % pool.len()]));
            }
            if let Some(arguments) = read(&words) {
                understood += 1;
                let expected = parsed(&words).map(|arguments| format!("{arguments:?}"));
                assert_eq!(Some(format!("{arguments:?}")), expected, "{words:?}");
            }
        }
        assert!(understood > 100, "the words never made a plain line: {understood}");
    }

    #[test]
    fn an_ordinary_crontab_line_takes_the_short_way() {
        let line = ["nightly", "--to", "https://hc-ping.com/x", "--", "borg", "create", "--stats"];
        assert!(read(&line.map(OsString::from)).is_some());
    }
}
