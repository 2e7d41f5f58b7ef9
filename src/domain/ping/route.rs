//! What a path can mean: a shape that only one service has, or keys that only the registry can place.
//!
//! The shapes of [`SHAPES`] are disjoint, so the order of its rows does not matter. What is left are
//! three families, `/p/…`, `/ping/…` and the root, that a dozen services share; there every reading of
//! the path is given, and the first that is registered is the one.

use super::request::{Request, strict};
use super::spot::{Spot, Verb, is_number, is_uuid, verbs, word};
use crate::domain::base64;
use crate::domain::event::Kind;

/// The longest path that is taken apart; nothing that any client was seen to send has a tenth of it.
const PATH_BYTES_MAX: usize = 4096;
/// The most segments: a push with twenty labels. A longer path is nobody's.
const SEGMENTS_MAX: usize = 48;
/// The longest key. Sentry's and Cronitor's longest have 64 bytes.
const KEY_BYTES_MAX: usize = 255;

/// What a path can mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Route {
    /// One service's own shape. The keys may be in the body or in a header, so read it first and look
    /// up what [`super::Told::keys`] says.
    Literal {
        /// The service.
        dialect: &'static str,
        /// What the path tells.
        spot: Spot,
    },
    /// A shape of many: look the keys of each reading up, in this order. The first that is registered
    /// decides the dialect; one that is [`super::native`] is a `healthchecks`.
    Family {
        /// The readings, the one with the longest word first.
        spots: Vec<Spot>,
    },
    /// Nobody's.
    Nothing,
    /// The service has this path, but takes other methods.
    BadMethod {
        /// Those it takes, as the header `Allow` has them.
        allow: &'static str,
    },
}

/// One service's shape. `*` is a key, `#` a key of digits, `%` a UUID, `?` any segment that is no key,
/// `a|b` either word; what is left is that word.
struct Shape {
    /// The segments.
    parts: &'static [&'static str],
    /// The methods, apart from HEAD where GET is; empty: all of them.
    methods: &'static str,
    /// The service.
    dialect: &'static str,
    /// The word that the path itself stands for.
    verb: Verb,
}

const fn shape(
    dialect: &'static str,
    methods: &'static str,
    parts: &'static [&'static str],
) -> Shape {
    Shape { parts, methods, dialect, verb: Verb::Nothing }
}

const fn tells(verb: Verb, of: Shape) -> Shape {
    Shape { verb, ..of }
}

/// Every shape that one service has for itself.
const SHAPES: [Shape; 35] = [
    shape("sentry", "GET, POST", &["api", "#", "cron", "*", "*"]),
    shape("sentry", "GET, POST", &["api", "#", "cron", "*"]),
    shape("sentry_envelope", "POST", &["api", "#", "envelope"]),
    shape("uptime_kuma", "", &["api", "push", "*"]),
    shape("peekaping", "", &["api", "v1", "push", "*"]),
    shape("gatus", "POST", &["api", "v1", "endpoints", "*", "external"]),
    shape("heartfly", "", &["api", "v1", "heartbeat", "*", "ping"]),
    shape("betterstack", "", &["api", "v1", "heartbeat", "*"]),
    shape("goalert", "POST", &["api", "v2", "heartbeat", "*"]),
    shape("goalert", "POST", &["v1", "api", "heartbeat", "*"]),
    shape("securyblack", "", &["api", "heartbeat", "*"]),
    shape("notifly", "GET, POST", &["heartbeat", "ping", "*"]),
    tells(Verb::Is(Kind::Pause), shape("notifly", "POST", &["heartbeat", "*", "pause"])),
    tells(Verb::Is(Kind::Resume), shape("notifly", "POST", &["heartbeat", "*", "resume"])),
    shape("oneuptime", "GET, POST", &["heartbeat|incoming-request", "*"]),
    shape("honeybadger", "GET, POST", &["v1", "check_in", "*"]),
    shape("honeybadger", "GET, POST", &["v1", "check_in", "*", "*"]),
    shape("opsgenie", "GET, POST, PUT, PATCH", &["v2", "heartbeats", "*", "ping"]),
    shape("rootly", "POST", &["v1", "heartbeats", "*", "ping"]),
    shape("grafana_oncall", "GET, POST", &["integrations", "v1", "?", "*", "heartbeat"]),
    shape("grafana_oncall", "GET, POST", &["oncall", "integrations", "v1", "?", "*", "heartbeat"]),
    shape("kener", "GET, POST", &["ext", "heartbeat", "*", "*"]),
    shape("kener", "GET, POST", &["ext", "heartbeat", "*"]),
    shape("appsignal", "POST", &["check_ins", "json"]),
    tells(Verb::Is(Kind::Success), shape("cronly", "GET, POST", &["1.1", "cron", "pulse"])),
    tells(Verb::Is(Kind::Start), shape("cronly", "GET, POST", &["1.1", "cron", "start"])),
    tells(Verb::Is(Kind::Failure), shape("cronly", "GET, POST", &["1.1", "cron", "alert"])),
    shape("cronbeacon", "POST", &["api", "v1", "ingest", "events"]),
    shape("pagerduty", "POST", &["v2", "enqueue"]),
    shape("gotify", "POST", &["message"]),
    shape("loki", "POST", &["loki", "api", "v1", "push"]),
    shape("alertmanager", "POST", &["api", "v2", "alerts"]),
    shape("zabbix_api", "POST", &["api_jsonrpc.php"]),
    tells(Verb::Events, shape("hb", "POST", &["api", "hb", "v1", "events"])),
    shape("ntfy", "POST, PUT", &[]),
];

/// What this request's path can mean.
pub(crate) fn route(request: &Request) -> Route {
    let Some((segments, slash)) = segments(request.path) else { return Route::Nothing };
    let mut wrong = None;
    let found = SHAPES.iter().find_map(|shape| {
        let mut spot = fits(shape, &segments)?;
        if !allows(shape.methods, request.method) {
            wrong = wrong.or(Some(shape.methods));
            return None;
        }
        spot.slash = slash;
        Some(Route::Literal { dialect: shape.dialect, spot })
    });
    let found = found.or_else(|| one_of_its_kind(&segments, slash));
    match (found, wrong) {
        (Some(route), _) => route,
        (None, Some(allow)) => Route::BadMethod { allow },
        (None, None) => family(request, &segments, slash),
    }
}

/// The decoded segments of a path, and whether a slash ends it; none where it is nobody's path.
fn segments(path: &str) -> Option<(Vec<String>, bool)> {
    let path = path.strip_prefix('/').filter(|path| path.len() <= PATH_BYTES_MAX)?;
    if path.is_empty() {
        return Some((Vec::new(), false));
    }
    let (path, slash) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
    let segments: Option<Vec<String>> =
        path.split('/').take(SEGMENTS_MAX + 1).map(strict).collect();
    let segments = segments?;
    let fits = |part: &String| !part.is_empty() && part.len() <= KEY_BYTES_MAX;
    // The value of a label travels as Base64 and may be longer than a key.
    let push = segments.first().is_some_and(|first| first == "metrics");
    (segments.len() <= SEGMENTS_MAX && (push || segments.iter().all(fits)))
        .then_some((segments, slash))
}

/// The keys of a path of this shape.
fn fits(shape: &Shape, segments: &[String]) -> Option<Spot> {
    // Zabbix is often installed below a prefix.
    let segments = match shape.dialect {
        "zabbix_api" => &segments[segments.len().saturating_sub(1)..],
        _ => segments,
    };
    if shape.parts.len() != segments.len() {
        return None;
    }
    let mut key = Vec::new();
    for (part, segment) in shape.parts.iter().zip(segments) {
        let fits = match *part {
            "*" | "?" => true,
            "#" => is_number(segment),
            words => words.split('|').any(|word| word == segment),
        };
        if !fits {
            return None;
        }
        if matches!(*part, "*" | "#") {
            key.push(segment.clone());
        }
    }
    if shape.dialect == "kener" && key.len() == 1 {
        let (tag, secret) = key[0].split_once(':')?;
        key = vec![tag.to_owned(), secret.to_owned()];
    }
    // Nobody has a monitor called `ping`: that path is Notifly's, without its token.
    if shape.dialect == "oneuptime" && key[0] == "ping" {
        return None;
    }
    Some(Spot { key, verb: shape.verb, slash: false })
}

/// Whether the shape takes that method.
fn allows(methods: &str, method: &str) -> bool {
    methods.is_empty()
        || methods.split(", ").any(|known| known == method)
        || method == "HEAD" && methods.starts_with("GET")
}

/// The shapes that end in a word, and those that no pattern says.
fn one_of_its_kind(segments: &[String], slash: bool) -> Option<Route> {
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let literal =
        |dialect, spot: Spot| Some(Route::Literal { dialect, spot: Spot { slash, ..spot } });
    match texts.as_slice() {
        ["api", "v1", "heartbeat", token, verb] => {
            literal("betterstack", Spot::of(&[token]).with(word(verb)?))
        }
        ["hb", key @ ..] => literal("hb", own(key)?),
        ["metrics", labels @ ..] => literal("pushgateway", push(labels)?),
        _ => None,
    }
}

/// The words that only hb's own paths know besides the words of all.
const OWN_WORDS: [(&str, Kind); 5] = [
    ("warning", Kind::Warning),
    ("failure", Kind::Failure),
    ("verified", Kind::Verified),
    ("test", Kind::Test),
    ("stage", Kind::Stage),
];

/// `/hb/<uuid>[/word]` and `/hb/<ping key>/<slug>[/word]`.
fn own(parts: &[&str]) -> Option<Spot> {
    let keys = if is_uuid(parts.first()?) { 1 } else { 2 };
    let (key, rest) = parts.split_at_checked(keys)?;
    let verb = match rest {
        [] => Verb::Nothing,
        ["events"] => Verb::Events,
        ["progress", percent] if is_number(percent) => {
            Verb::Percent(percent.parse::<u8>().unwrap_or(100).min(100))
        }
        [last] => {
            let own = OWN_WORDS.iter().find(|(known, _)| known == last);
            own.map(|(_, kind)| Verb::Is(*kind)).or_else(|| word(last))?
        }
        _ => return None,
    };
    Some(Spot::of(key).with(verb))
}

/// The job and the values of the labels of a push: `job@base64/bmlnaHQ=/instance/web1`.
fn push(labels: &[&str]) -> Option<Spot> {
    let is_job = matches!(labels.first(), Some(&"job" | &"job@base64"));
    if !is_job || !labels.len().is_multiple_of(2) {
        return None;
    }
    let values = labels.chunks(2).map(|pair| {
        let value = match pair[0].ends_with("@base64") {
            true => {
                let plain = pair[1].replace('-', "+").replace('_', "/");
                String::from_utf8(base64::decode(&plain)?).ok()?
            }
            false => pair[1].to_owned(),
        };
        let fits = value.len() <= KEY_BYTES_MAX && !value.contains(char::is_control);
        fits.then_some(value)
    });
    Some(Spot { key: values.collect::<Option<_>>()?, verb: Verb::Nothing, slash: false })
}

/// Every reading of a path of many services.
fn family(request: &Request, segments: &[String], slash: bool) -> Route {
    let behind = match segments.first().map(String::as_str) {
        Some("p" | "ping") => &segments[1..],
        _ => segments,
    };
    let mut spots = Vec::new();
    for (taken, verb) in verbs(behind) {
        let key = &behind[..behind.len() - taken];
        if (1..=2).contains(&key.len()) {
            spots.push(Spot { key: key.to_vec(), verb, slash });
        }
    }
    // Cronhub and CronBro write the word first: `/start/<key>`.
    if let [first, key] = segments
        && let Some(verb) = word(first).filter(|_| matches!(&**first, "start" | "finish" | "fail"))
    {
        spots.insert(0, Spot { key: vec![key.clone()], verb, slash });
    }
    // CronRadar lets the key travel in a header instead.
    let token = request.bearer().or_else(|| request.authorization("apikey"));
    let sent: Vec<String> = token.into_iter().chain(request.basic_user()).collect();
    for spot in spots.clone().iter().filter(|spot| spot.key.len() == 1) {
        for token in sent.iter().filter(|token| token.len() <= KEY_BYTES_MAX) {
            let key = vec![spot.key[0].clone(), token.clone()];
            spots.push(Spot { key, verb: spot.verb, slash });
        }
    }
    if spots.is_empty() { Route::Nothing } else { Route::Family { spots } }
}
