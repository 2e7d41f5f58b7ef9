//! Healthchecks' view of a monitor: its five words, its flips, and the one run that it watches.
//!
//! Clients of Healthchecks rely on its rules to the letter, so a check that was made by one of them is
//! judged as Healthchecks would. There is one state machine all the same: [`newest`] translates the pings
//! of such a check into events that lead it to Healthchecks' results, and [`word`] translates the result
//! back. Where hb knows better (an older run that hangs beside a newer one, a ping a little before its
//! slot) a check that was made by hb's own means has the better rules.

mod newest;
mod word;

pub(crate) use newest::Memory;
pub(crate) use word::{Shown, Word, flips, is_down, shown};
