//! What a job says about itself while it runs: lines of `KEY=VALUE` in `$HB_RUN_DIR/metrics`.
//!
//! A script needs nothing but `echo`; `hb progress`, `hb stage`, `hb step` and `hb metric` write the
//! same lines. Four keys have a meaning, every other one is a metric. Pure: bytes in, words out.
//!
//! `progress=40` how far, in per cent · `stage=copying` a new phase · `step.NAME=CODE` a step ended ·
//! `rate=25MB/s` and `eta=10m` are metrics that go with a progress.

use crate::domain::metric;

/// Stages and steps remembered of one run; what comes beyond is left out.
pub(crate) const NAMES_MAX: usize = 100;

/// The longest name of a stage or a step.
const NAME_CHARS_MAX: usize = 100;

/// The longest line that is understood.
pub(crate) const LINE_BYTES_MAX: usize = 4096;

/// One thing that a job said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    /// How far it is.
    Progress(f64),
    /// A new phase.
    Stage(String),
    /// A named step ended with this exit code.
    Step(String, i32),
    /// Anything it measured.
    Metric(String, String),
}

/// Understands one line; none where it says nothing.
pub(crate) fn understand(line: &[u8]) -> Option<Word> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    if let Some(step) = line.strip_prefix(b"step.") {
        let equals = step.iter().rposition(|byte| *byte == b'=')?;
        let code = std::str::from_utf8(&step[equals + 1..]).ok()?.trim().parse().ok()?;
        return Some(Word::Step(name(&step[..equals])?, code));
    }
    if let Some(stage) = line.strip_prefix(b"stage=") {
        return Some(Word::Stage(name(stage)?));
    }
    let (key, value) = metric::parse_line(line)?;
    if key == "progress" {
        let percent = value.trim_end_matches('%').trim().parse::<f64>().ok()?;
        return (0.0..=100.0).contains(&percent).then_some(Word::Progress(percent));
    }
    Some(Word::Metric(key, value))
}

/// A name for people: text without control characters, cut where it is too long.
fn name(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let clean: String =
        text.trim().chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::{Word, understand};

    #[test]
    fn lines_are_words() {
        let metric = |key: &str, value: &str| Some(Word::Metric(key.into(), value.into()));
        for (line, expected) in [
            ("progress=40", Some(Word::Progress(40.0))),
            ("progress=40%", Some(Word::Progress(40.0))),
            ("progress=101", None),
            ("progress=NaN", None),
            ("stage=copying", Some(Word::Stage("copying".into()))),
            ("stage=", None),
            ("step.dump db=3", Some(Word::Step("dump db".into(), 3))),
            ("step.a=b=0", Some(Word::Step("a=b".into(), 0))),
            ("step.x", None),
            ("size=45.2GB", metric("size", "45.2GB")),
            ("", None),
            ("no equals sign", None),
        ] {
            assert_eq!(understand(line.as_bytes()), expected, "{line}");
        }
    }
}
