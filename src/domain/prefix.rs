//! The path that stands in front of all others where a proxy gives hb a part of a site.
//!
//! With `https://example.org/hb` as its public URL every path is also answered below `/hb`, so that it
//! makes no difference whether the proxy takes the prefix away. There is one trap: `/hb/<uuid>` is hb's
//! own ping path. With the prefix it is `/hb/hb/<uuid>`; without it has to stay what it is.

use super::ping::is_uuid;

/// The shortest ping key; no path of ours has a first part that is as long.
const PING_KEY_BYTES_MIN: usize = 16;

/// The first part of hb's own ping URLs.
const OWN: &str = "/hb";

/// The path of a URL, without a slash at its end: `/hb` of `https://example.org/hb/`.
pub(crate) fn of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return "" };
    let Some(start) = rest.find('/') else { return "" };
    let path = rest[start..].split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/')
}

/// The path below the prefix, where it stands below it.
pub(crate) fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix).filter(|_| !prefix.is_empty())?;
    if rest.is_empty() {
        return Some("/");
    }
    let first = rest.strip_prefix('/')?.split('/').next().unwrap_or_default();
    (prefix != OWN || !is_key(first)).then_some(rest)
}

/// Whether this is the key in a ping URL of hb's own.
fn is_key(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    is_uuid(text) || (text.len() >= PING_KEY_BYTES_MIN && text.bytes().all(sign))
}

#[cfg(test)]
mod tests {
    use super::{below, of};

    #[test]
    fn the_prefix_is_the_path_of_the_url() {
        for (url, prefix) in [
            ("https://example.org", ""),
            ("https://example.org/", ""),
            ("https://example.org/hb", "/hb"),
            ("https://example.org/a/b/?x#y", "/a/b"),
            ("http://127.0.0.1:8787", ""),
            ("unix:/run/hb/hb.sock:", ""),
        ] {
            assert_eq!(of(url), prefix, "{url}");
        }
    }

    #[test]
    fn every_path_is_found_below_it_and_own_pings_stay() {
        let uuid = "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f";
        for (prefix, path, expected) in [
            ("", "/healthz", None),
            ("/hb", "/hb", Some("/")),
            ("/hb", "/hb/", Some("/")),
            ("/hb", "/hb/healthz", Some("/healthz")),
            ("/hb", "/hb/api/hb/v1/monitors", Some("/api/hb/v1/monitors")),
            ("/hb", "/hbx/healthz", None),
            ("/hb", "/healthz", None),
            (
                "/hb",
                "/hb/ping/key-of-some-length/nightly",
                Some("/ping/key-of-some-length/nightly"),
            ),
            ("/hb", "/hb/hb/events", Some("/hb/events")),
            ("/hb", "/hb/0123456789abcdef/nightly", None),
            ("/watch", "/watch/0123456789abcdef/nightly", Some("/0123456789abcdef/nightly")),
            ("/x/hb", "/x/hb/healthz", Some("/healthz")),
        ] {
            assert_eq!(below(prefix, path), expected, "{prefix} {path}");
        }
        assert_eq!(below("/hb", &format!("/hb/{uuid}/start")), None);
        let own = format!("/hb/hb/{uuid}/start");
        assert_eq!(below("/hb", &own), Some(&own[3..]));
    }
}
