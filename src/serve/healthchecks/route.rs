//! The paths of the API, of badges and of the page for Prometheus; whatever is none of them may be a ping.

use crate::domain::address::percent_decode;

/// How a check is named in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// By its UUID.
    Uuid(String),
    /// By the key that readers see, 40 hexadecimal digits.
    UniqueKey(String),
}

/// Which badge is wanted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    /// The key of the check, or that of the project.
    pub(crate) key: String,
    /// Of a project's: the signature.
    pub(crate) signature: String,
    /// Of a project's: the tag; none: all checks.
    pub(crate) tag: Option<String>,
    /// Whether being late has a word of its own.
    pub(crate) shows_late: bool,
    /// How it is drawn.
    pub(crate) format: Format,
}

/// How a badge is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// As a picture.
    Svg,
    /// As numbers.
    Json,
    /// For shields.io.
    Shields,
}

impl Format {
    /// All of them, as paths end.
    pub(crate) const ALL: [(&'static str, Format); 3] =
        [("svg", Format::Svg), ("json", Format::Json), ("shields", Format::Shields)];
}

/// What a path is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All checks.
    Checks,
    /// One check.
    Check(Name),
    /// Pausing one.
    Pause(String),
    /// Resuming one.
    Resume(String),
    /// Its pings.
    Pings(String),
    /// The body of one of them.
    Body(String, u64),
    /// Its flips.
    Flips(Name),
    /// All channels.
    Channels,
    /// All badges.
    Badges,
    /// Numbers about the server.
    Metrics,
    /// Whether the store answers.
    Status,
    /// What a service tells about a message.
    Callback,
    /// The badge of a check.
    Badge(Badge),
    /// The badge of a tag.
    TagBadge(Badge),
    /// The page for Prometheus.
    Prometheus {
        /// The project's UUID.
        project: String,
        /// The key, where it is in the path.
        key: Option<String>,
    },
    /// A path that lacks its last slash: the whole one.
    Slashless(String),
    /// Nothing, but within the API.
    Nothing,
}

impl Target {
    /// The methods that it takes.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Target::Checks => "GET, POST",
            Target::Check(Name::Uuid(_)) => "GET, POST, DELETE",
            Target::Pause(_) | Target::Resume(_) | Target::Callback => "POST",
            Target::Check(Name::UniqueKey(_))
            | Target::Pings(_)
            | Target::Body(..)
            | Target::Flips(_)
            | Target::Channels
            | Target::Badges
            | Target::Metrics
            | Target::Status
            | Target::Badge(_)
            | Target::TagBadge(_)
            | Target::Prometheus { .. }
            | Target::Slashless(_)
            | Target::Nothing => "GET",
        }
    }
}

/// A path that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The version of the API, 1 to 3.
    pub(crate) version: u8,
    /// What it is about.
    pub(crate) target: Target,
}

/// What a path is about; none where it is none of Healthchecks' paths.
pub(crate) fn route(path: &str) -> Option<Route> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let (version, target) = match parts.as_slice() {
        ["api", version @ ("v1" | "v2" | "v3"), rest @ ..] => {
            (version.as_bytes()[1] - b'0', api(path, rest)?)
        }
        ["b", states @ ("2" | "3"), file] => {
            let (key, format) = file_of(file)?;
            let shows_late = *states == "3";
            let (signature, tag) = (String::new(), None);
            (3, Target::Badge(Badge { key, signature, tag, shows_late, format }))
        }
        ["badge", key, rest @ ..] => (3, tag_badge(key, rest)?),
        ["projects", project, "metrics", rest @ ..] => {
            let key = match rest {
                [] => return Some(slashless(path)),
                [""] => None,
                [key] => Some((*key).to_owned()),
                _ => return Some(Route { version: 3, target: Target::Nothing }),
            };
            (3, Target::Prometheus { project: (*project).to_owned(), key })
        }
        _ => return None,
    };
    Some(Route { version, target })
}

fn slashless(path: &str) -> Route {
    Route { version: 3, target: Target::Slashless(format!("{path}/")) }
}

fn api(path: &str, rest: &[&str]) -> Option<Target> {
    Some(match rest {
        ["checks", ""] => Target::Checks,
        ["channels", ""] => Target::Channels,
        ["badges", ""] => Target::Badges,
        ["metrics", ""] => Target::Metrics,
        ["status", ""] => Target::Status,
        ["bounces", ""] | ["notifications", _, "status"] => Target::Callback,
        ["checks" | "channels" | "badges" | "metrics" | "status" | "bounces"] => {
            slashless(path).target
        }
        ["checks", name] => name_of(name).map_or(Target::Nothing, Target::Check),
        ["checks", name, "flips", ""] => name_of(name).map_or(Target::Nothing, Target::Flips),
        ["checks", uuid, rest @ ..] if is_uuid(uuid) => {
            let uuid = (*uuid).to_owned();
            match rest {
                ["pause"] => Target::Pause(uuid),
                ["resume"] => Target::Resume(uuid),
                ["pings", ""] => Target::Pings(uuid),
                ["pings"] | ["flips"] => slashless(path).target,
                ["pings", n, "body"] => {
                    let digits = n.bytes().all(|byte| byte.is_ascii_digit());
                    let n = n.parse().ok().filter(|_| digits);
                    n.map_or(Target::Nothing, |n| Target::Body(uuid, n))
                }
                _ => Target::Nothing,
            }
        }
        ["checks", ..] => Target::Nothing,
        _ => return None,
    })
}

fn name_of(name: &str) -> Option<Name> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if is_uuid(name) {
        return Some(Name::Uuid(name.to_owned()));
    }
    (name.len() == 40 && name.bytes().all(is_hex)).then(|| Name::UniqueKey(name.to_owned()))
}

/// Whether it is a UUID as Healthchecks takes it: lower case, with its hyphens.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// A name and its format.
fn file_of(file: &str) -> Option<(String, Format)> {
    let (name, extension) = file.rsplit_once('.')?;
    let (_, format) = Format::ALL.into_iter().find(|(known, _)| *known == extension)?;
    Some((percent_decode(name), format))
}

/// `/badge/<project key>/<signature>[-2][/<tag>].<format>`.
fn tag_badge(key: &str, rest: &[&str]) -> Option<Target> {
    let (signature, tag, format) = match rest {
        [file] => {
            let (signature, format) = file_of(file)?;
            (signature, None, format)
        }
        [signature, file] => {
            let (tag, format) = file_of(file)?;
            ((*signature).to_owned(), Some(tag), format)
        }
        _ => return None,
    };
    let bare = signature.strip_suffix("-2");
    Some(Target::TagBadge(Badge {
        key: key.to_owned(),
        shows_late: bare.is_none(),
        signature: bare.unwrap_or(&signature).to_owned(),
        tag,
        format,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f";

    #[test]
    fn paths_of_the_api_are_told_from_pings() {
        let uuid = || UUID.to_owned();
        let (key, unique) = ("ab".repeat(20), Name::UniqueKey("ab".repeat(20)));
        let cases = [
            ("/api/v1/checks/".to_owned(), Some(Target::Checks)),
            ("/api/v3/checks".to_owned(), Some(Target::Slashless("/api/v3/checks/".into()))),
            (format!("/api/v2/checks/{UUID}"), Some(Target::Check(Name::Uuid(uuid())))),
            (format!("/api/v3/checks/{UUID}/"), Some(Target::Nothing)),
            (format!("/api/v3/checks/{}", UUID.to_uppercase()), Some(Target::Nothing)),
            (format!("/api/v3/checks/{key}"), Some(Target::Check(unique.clone()))),
            (format!("/api/v3/checks/{key}/flips/"), Some(Target::Flips(unique))),
            (format!("/api/v3/checks/{key}/pause"), Some(Target::Nothing)),
            (format!("/api/v3/checks/{UUID}/pause"), Some(Target::Pause(uuid()))),
            (format!("/api/v3/checks/{UUID}/pings/12/body"), Some(Target::Body(uuid(), 12))),
            (format!("/api/v3/checks/{UUID}/pings/+1/body"), Some(Target::Nothing)),
            ("/api/v4/checks/".to_owned(), None),
            ("/api/v1/push/key".to_owned(), None),
            ("/api/v1/heartbeat/key".to_owned(), None),
            ("/api/v1/endpoints/key/external".to_owned(), None),
            ("/api/v2/heartbeat/key".to_owned(), None),
            ("/api/v2/alerts".to_owned(), None),
            (format!("/ping/{UUID}"), None),
            ("/b/2/key.gif".to_owned(), None),
            ("/b/4/key.svg".to_owned(), None),
        ];
        for (path, target) in cases {
            assert_eq!(route(&path).map(|route| route.target), target, "{path}");
        }
    }

    #[test]
    fn badges_are_read_from_their_file_names() {
        let target = |path: &str| match route(path).expect(path).target {
            Target::Badge(badge) | Target::TagBadge(badge) => badge,
            other => panic!("{path}: {other:?}"),
        };
        let badge = target("/badge/p/12345678-2/a%2Fb.json");
        assert_eq!((badge.key.as_str(), badge.signature.as_str()), ("p", "12345678"));
        assert_eq!((badge.tag.as_deref(), badge.format), (Some("a/b"), Format::Json));
        assert!(!badge.shows_late);
        let badge = target("/badge/p/12345678.shields");
        assert_eq!((badge.tag, badge.shows_late, badge.format), (None, true, Format::Shields));
        assert!(target("/b/3/key.svg").shows_late && !target("/b/2/key.svg").shows_late);
    }
}
