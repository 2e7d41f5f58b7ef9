//! Every way a ping can be spelled, and the answer that its sender waits for.
//!
//! A request comes in as plain values ([`Request`]); [`route()`] says what its path can mean, [`read()`]
//! what it tells which monitor, [`answer()`] what its sender expects to hear. In between somebody looks
//! the keys up: the paths of a dozen services look alike (`/ping/<a>/<b>`), so there the key that is
//! found decides the dialect, never the path alone.
//!
//! The laws: a beat is not lost because its body, its clock or its query is odd; a failure never
//! turns into a success because it was not understood; whatever is hostile is cut, refused or kept as
//! bytes, and costs no more than its size. Nothing here looks anything up, reads a clock or panics.
mod answer;
mod body;
mod bounds;
mod clock;
mod filter;
pub(crate) mod mail;
mod mask;
mod payload;
mod preview;
mod reader;
mod request;
mod route;
mod spot;
mod unpack;
mod values;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use self::answer::{Accepted, Answer, EventResult, Outcome, answer, answer_events};
#[cfg(test)]
pub(crate) use self::bounds::OUTPUT_BYTES_MAX;
pub(crate) use self::bounds::{OUTPUT_END_BYTES, OUTPUT_HEAD_BYTES, PING_BODY_LIMIT};
pub(crate) use self::clock::settle;
pub(crate) use self::filter::{BodyWords, Filters};
pub(crate) use self::mask::mask;
pub(crate) use self::preview::is_link_preview;
pub(crate) use self::reader::{Heard, Refused, Told, read};
pub(crate) use self::request::Request;
pub(crate) use self::route::{Route, route};
#[cfg(test)]
pub(crate) use self::spot::Verb;
pub(crate) use self::spot::{Native, Spot, is_uuid, may_be_made, native};
pub(crate) use self::unpack::{Unpacked, unpack};
