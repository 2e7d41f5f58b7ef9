//! The table of services for the manual: made of the dialects themselves, so that it cannot say
//! anything else than what is sent.

use crate::domain::dialect::{Dialect, Sent};
use crate::domain::event::Kind;

/// The kinds that have a column; progress stands for stages as well, where both are told alike.
const COLUMNS: [Kind; 7] = [
    Kind::Start,
    Kind::Success,
    Kind::Warning,
    Kind::Failure,
    Kind::Progress,
    Kind::Stage,
    Kind::Log,
];

/// One service as the manual shows it.
pub struct ServiceRow {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// How its address is written.
    pub address: &'static str,
    /// What a target may say besides; what it must say comes first.
    pub parameters: Vec<&'static str>,
    /// What is sent for start, success, warning, failure, progress, stage and log.
    pub sent: Vec<String>,
    /// What it cannot carry.
    pub lacks: &'static str,
}

/// Every built-in service, in the order of the manual.
pub fn services() -> Vec<ServiceRow> {
    Dialect::names().filter_map(Dialect::parse).map(row).collect()
}

fn row(dialect: Dialect) -> ServiceRow {
    let known = dialect.describe();
    let sent = COLUMNS.map(|kind| match dialect.sent(kind) {
        Sent::Requests(requests) => requests.join(" or "),
        Sent::Like(other) => format!("as {}", other.word()),
        Sent::Nothing => "nothing".to_owned(),
    });
    ServiceRow {
        name: dialect.name(),
        title: known.title,
        address: known.example,
        parameters: dialect.parameters(),
        sent: sent.to_vec(),
        lacks: known.lacks,
    }
}
