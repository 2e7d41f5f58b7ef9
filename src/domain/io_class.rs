//! The I/O class of a job, as `ionice(1)` calls them; real time is left to those who have ionice.

/// When the kernel serves a process's reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IoClass {
    /// In its turn, from 0 (first) to 7 (last).
    BestEffort(u8),
    /// When nobody else wants the disk.
    Idle,
}

/// The level of `best-effort` alone: that of a process with nice value 0.
const LEVEL_DEFAULT: u8 = 4;

/// Reads `idle`, `best-effort` or `best-effort:0` to `best-effort:7`.
pub(crate) fn parse(text: &str) -> Result<IoClass, String> {
    let level = |text: &str| text.parse().ok().filter(|level| *level <= 7).map(IoClass::BestEffort);
    let class = match text.split_once(':') {
        None if text == "idle" => Some(IoClass::Idle),
        None if text == "best-effort" => Some(IoClass::BestEffort(LEVEL_DEFAULT)),
        Some(("best-effort", text)) => level(text),
        None | Some(_) => None,
    };
    class.ok_or_else(|| {
        let shown = super::text::excerpt(text.as_bytes());
        format!("`{shown}` is not idle, best-effort, or best-effort:0 to best-effort:7")
    })
}

#[cfg(test)]
mod tests {
    use super::{IoClass, parse};

    #[test]
    fn two_classes_and_eight_levels_are_known() {
        for (text, expected) in [
            ("idle", Some(IoClass::Idle)),
            ("best-effort", Some(IoClass::BestEffort(4))),
            ("best-effort:0", Some(IoClass::BestEffort(0))),
            ("best-effort:7", Some(IoClass::BestEffort(7))),
            ("best-effort:8", None),
            ("best-effort:", None),
            ("best-effort:-1", None),
            ("idle:3", None),
            ("realtime", None),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
