//! Whether a text can be the address of a receiver at all.
//!
//! This finds the mistakes that people make while typing: no scheme, no host, a port that is
//! none, a blank in the middle. It is not a URL parser; the sender has one. Schemes are
//! `http`, `https`, and the two spellings of HTTP over a local socket,
//! `unix:/run/hb.sock:/ping/x` (or `unix:///run/…`) and `http+unix://%2Frun%2Fhb.sock/ping/x`.
//!
//! A URL is a secret, because most ping URLs contain their key: no reason repeats any of it.

use crate::domain::address::BARE_SCHEMES;

/// Longer than any ping URL; the usual limit of servers is four times that.
const URL_BYTES_MAX: usize = 2048;

/// Whether a person meant a URL and not a name.
pub(crate) fn is_meant(text: &str) -> bool {
    text.contains("://") || text.starts_with("unix:")
}

/// Says why a text is no address of a receiver.
pub(crate) fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > URL_BYTES_MAX {
        return Err("it is longer than 2048 bytes");
    }
    if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return Err("it holds a blank or a control character");
    }
    if let Some(rest) = text.strip_prefix("unix:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        return match path.starts_with('/') && !path.starts_with("/:") && path.len() > 1 {
            true => Ok(()),
            false => Err("`unix:` needs an absolute path"),
        };
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("it has no scheme such as `https://`");
    };
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    let bare = BARE_SCHEMES.into_iter().any(is);
    if !is("http") && !is("https") && !is("http+unix") && !bare {
        return Err("its scheme is not `http`, `https` or `unix`");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if is("http+unix") {
        return match authority.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f")) {
            true => Ok(()),
            false => Err("`http+unix://` needs an absolute path with `%2F` for each slash"),
        };
    }
    check_host(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

/// Checks `host`, `host:port` and `[address]:port`.
fn check_host(text: &str) -> Result<(), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or("its `[` is not closed")?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("there is no IPv6 address between `[` and `]`");
            }
            let port =
                if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("-")) };
            (address, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err("it has no host");
    }
    if host.contains(['<', '>', '"', '\\', '^', '`', '{', '|', '}', '[', ']']) {
        return Err("its host holds a character that no host has");
    }
    let Some(port) = port else { return Ok(()) };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match digits && port.parse::<u16>().is_ok_and(|port| port > 0) {
        true => Ok(()),
        false => Err("its port is not a number from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_accepted_or_say_what_is_missing() {
        let blank = "it holds a blank or a control character";
        let port = "its port is not a number from 1 to 65535";
        let cases = [
            ("https://hc-ping.com/7c8f", ""),
            ("HTTP://h", ""),
            ("http://localhost:8787/ping?a=b#c", ""),
            ("http://user:pa:ss@h:80", ""),
            ("http://[::1]:80/x", ""),
            ("http://[::1]", ""),
            ("https://b\u{fc}cher.example", ""),
            ("unix:///run/hb.sock:/ping/x", ""),
            ("unix:///run/hb.sock", ""),
            ("unix:/run/hb.sock:/ping/x", ""),
            ("unix:/run/hb.sock", ""),
            ("http+unix://%2Frun%2Fhb.sock/ping", ""),
            ("unix://run/hb.sock", "`unix:` needs an absolute path"),
            ("unix:///", "`unix:` needs an absolute path"),
            ("unix:run/hb.sock", "`unix:` needs an absolute path"),
            ("http+unix://run", "`http+unix://` needs an absolute path with `%2F` for each slash"),
            ("hc-ping.com/x", "it has no scheme such as `https://`"),
            ("ftp://h/x", "its scheme is not `http`, `https` or `unix`"),
            ("https:///x", "it has no host"),
            ("https://:80", "it has no host"),
            ("https://u@", "it has no host"),
            ("https://h:", port),
            ("https://h:0", port),
            ("https://h:65536", port),
            ("https://h:+80", port),
            ("https://::1/", "it has no host"),
            ("https://1::2/", port),
            ("https://[::1]80", port),
            ("https://[::1", "its `[` is not closed"),
            ("https://[x]", "there is no IPv6 address between `[` and `]`"),
            ("https://{host}/x", "its host holds a character that no host has"),
            ("https://a b/", blank),
            ("https://a/\n", blank),
            ("", "it has no scheme such as `https://`"),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text).err().unwrap_or_default(), expected, "{text:?}");
        }
        let long = format!("https://h/{}", "x".repeat(URL_BYTES_MAX));
        assert_eq!(check(&long), Err("it is longer than 2048 bytes"));
    }
}
