//! certbot: exit codes, and how many certificates a renewal touched.
//!
//! A renewal moves no bytes worth telling, so there are only extras: `renewed`, `failed` and
//! `skipped` count the certificates certbot lists at its end, one line each with the verdict in
//! parentheses. A run with nothing to renew lists them as skipped. The words are those of `report`
//! in certbot's renewal.py; no certbot was at hand to run.

use crate::domain::metric::Metrics;
use crate::domain::tool::{Meaning, common_meaning};

/// certbot has only 0 and 1: its guide says `renew` ends with 1 when a renewal attempt failed, and
/// with 0 when nothing was due.
pub(crate) fn meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        1 => "a certificate was not obtained or renewed: see certbot's log",
        2 => "the command line is wrong",
        _ => "certbot failed with a code we do not know",
    };
    common_meaning(exit_code, failure)
}

/// Counts the verdicts on certificates: `  /etc/letsencrypt/live/example.org/fullchain.pem
/// (success)`, or `… expires on 2027-01-01 (skipped)`.
pub(crate) fn read(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for line in lines.iter().filter(|line| line.starts_with(' ') && line.contains(".pem ")) {
        let name = match line.trim_end().rsplit_once(' ') {
            Some((_, "(success)")) => "renewed",
            Some((_, "(failure)")) => "failed",
            Some((_, "(skipped)")) => "skipped",
            Some(_) | None => continue,
        };
        metrics.set_number(name, metrics.number(name).unwrap_or(0.0) + 1.0);
    }
    metrics
}
