//! From what a person pasted to the address of one monitor: event words, old states and old query
//! pairs are taken off, so that nothing is ever appended to a URL that holds an event already.

use super::parameters::Parameters;
use super::service::{Parser, Service};
use super::template::plain;
use super::{cronitor, gatus, opsgenie, pushgateway, sentry};
use crate::domain::address::{Address, percent_decode, percent_encode};

/// See [`super::Dialect::complete`].
pub(super) fn complete(
    service: &Service,
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let address = match service.parser {
        None => stripped(service, pasted),
        Some(Parser::Sentry) => sentry::complete(pasted, parameters, monitor)?,
        Some(Parser::SentryEnvelope) => sentry::complete_envelope(pasted, parameters, monitor)?,
        Some(Parser::Pushgateway) => pushgateway::complete(pasted, parameters, monitor)?,
        Some(Parser::Gatus) => gatus::complete(pasted, parameters, monitor)?,
        Some(Parser::Opsgenie) => opsgenie::complete(pasted, parameters, monitor)?,
        Some(Parser::Cronitor) => cronitor::complete(pasted),
    };
    let address = match service.url.as_ref().and_then(|url| url.behind("cfg_base")) {
        Some(path) => with_path(&address, path),
        None => address,
    };
    let address = match service.url.as_ref().and_then(|url| url.literal()).map(Address::parse) {
        // Of a bare host only that host was meant, as with a service's other regions.
        Some(Ok(whole)) if address.segments().is_empty() => {
            address.with_segments(&whole.segments())
        }
        Some(_) | None => address,
    };
    let address = match &service.split_last {
        Some(name) => with_last(service, &address, name, parameters)?,
        None => address,
    };
    let kept: Vec<&str> =
        address.pairs().filter(|pair| !service.drop_query.contains(&name_of(pair))).collect();
    Ok(address.with_query(&kept))
}

/// The decoded name of a query pair.
pub(super) fn name_of(pair: &str) -> String {
    percent_decode(pair.split('=').next().unwrap_or_default())
}

/// The address that ends in the part that has a name of its own, as ntfy's topic, which may also be
/// told beside it.
fn with_last(
    service: &Service,
    address: &Address,
    name: &str,
    parameters: &Parameters,
) -> Result<Address, String> {
    let mut segments = address.segments();
    let told = parameters.get(name).map(|told| percent_encode(&plain(told)));
    if let Some(told) = told.as_deref().filter(|told| segments.last() != Some(told)) {
        segments.push(told);
    }
    if segments.is_empty() {
        return Err(format!("the URL lacks the {name}; write `{}`", service.example));
    }
    Ok(address.with_segments(&segments))
}

/// Adds the path that a service's addresses end in, unless it is there.
fn with_path(address: &Address, path: &str) -> Address {
    let more: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut segments = address.segments();
    if !segments.ends_with(&more) {
        segments.extend(more);
    }
    address.with_segments(&segments)
}

/// Takes off an event word that was pasted along.
fn stripped(service: &Service, pasted: &Address) -> Address {
    let segments = pasted.segments();
    let is = |word: &str, segment: &str| match word {
        "<int>" => {
            !segment.is_empty() && segment.len() <= 3 && segment.bytes().all(|b| b.is_ascii_digit())
        }
        word => word == segment,
    };
    // The longest word first: `end/success` is not the key `end` with a verb.
    let longest = service.strip.iter().map(|word| {
        let words: Vec<&str> = word.split('/').collect();
        let room =
            segments.len().checked_sub(words.len()).filter(|left| *left >= service.segments_min);
        let fits = room.is_some_and(|left| {
            words.iter().zip(&segments[left..]).all(|(word, segment)| is(word, segment))
        });
        if fits { words.len() } else { 0 }
    });
    let taken = longest.max().unwrap_or(0);
    if taken == 0 {
        return pasted.clone();
    }
    pasted.with_segments(&segments[..segments.len() - taken])
}

/// The address in which the event word of the path is `verb`.
pub(super) fn swapped(service: &Service, address: &Address, verb: &str) -> Address {
    let segments = address.segments();
    let Some(at) =
        segments.iter().position(|segment| service.swap.iter().any(|word| word == segment))
    else {
        return address.clone();
    };
    let mut segments = segments;
    segments[at] = verb;
    address.with_segments(&segments)
}

/// See [`super::Dialect::monitor_in`].
pub(super) fn monitor_in(service: &Service, address: &Address) -> Option<String> {
    let address = stripped(service, address);
    let segments = address.segments();
    let name = match &service.name_after {
        Some(after) => {
            let at = segments.iter().position(|segment| segment == after)?;
            segments.get(at + 1)?
        }
        None if cronitor::is_keyed(&address) && service.parser == Some(Parser::Cronitor) => {
            segments.last()?
        }
        None => return None,
    };
    let name = percent_decode(name);
    (!super::detect::is_uuid(&name)).then_some(name)
}
