//! Where pings go: a URL taken apart just far enough to put a dialect's words in.
//!
//! `http://`, `https://`, two spellings of HTTP over a Unix socket: `unix:/run/hb.sock:/ping/x` and
//! `http+unix://%2Frun%2Fhb.sock/ping/x`, and the schemes of the services that do not speak HTTP
//! (`statsd://127.0.0.1:8125`). A ping URL is a password, so [`Address::shown`] is the only form
//! that may reach a screen, a log or a record.

use std::fmt;

/// A parsed address. It does not print; see [`Address::shown`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// `http`, `https`, or one of [`BARE_SCHEMES`].
    scheme: &'static str,
    /// User, host and port as given.
    authority: String,
    /// The path's segments, without empty ones at the end.
    path: String,
    /// Whether the path as given ended in a slash, which some servers insist on.
    slash: bool,
    /// The query without its `?`, when there is one.
    query: Option<String>,
    /// The socket, for HTTP over a Unix socket.
    socket: Option<String>,
}

/// The longest address taken.
const ADDRESS_BYTES_MAX: usize = 4096;

/// Schemes without HTTP: they name a host and a port, and most of them a dialect as well.
pub(crate) const BARE_SCHEMES: [&str; 7] =
    ["udp", "tcp", "statsd", "dogstatsd", "zabbix", "nsca", "command"];

impl Address {
    /// Reads a URL. The error is one line, without the URL's secret part.
    pub(crate) fn parse(text: &str) -> Result<Address, String> {
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(format!("a URL has at most {ADDRESS_BYTES_MAX} bytes"));
        }
        if let Some(bad) = text.chars().find(|c| c.is_control() || *c == ' ' || *c == '\\') {
            return Err(format!("`{}` cannot stand in a URL", bad.escape_debug()));
        }
        if let Some(rest) = text.strip_prefix("unix:") {
            return Address::parse_socket(rest);
        }
        let (scheme, rest) = text.split_once("://").ok_or("a URL starts with `https://`")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (scheme, socket) = match scheme.to_ascii_lowercase().as_str() {
            "http" => ("http", None),
            "https" => ("https", None),
            "http+unix" => ("http", Some(percent_decode(authority))),
            other if BARE_SCHEMES.contains(&other) => {
                let known = BARE_SCHEMES.into_iter().find(|scheme| *scheme == other);
                (known.unwrap_or("udp"), None)
            }
            other => return Err(format!("`{other}://` is not supported; use https:// or http://")),
        };
        let authority =
            if socket.is_some() { "localhost".to_owned() } else { authority.to_owned() };
        check_authority(&authority)?;
        let slash = path.ends_with('/');
        let path = path.trim_end_matches('/').to_owned();
        Ok(Address { scheme, authority, path, slash, query, socket })
    }

    fn parse_socket(rest: &str) -> Result<Address, String> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, url) = rest.split_once(":/").unwrap_or((rest, ""));
        if !socket.starts_with('/') {
            return Err(
                "a socket is named by its full path, as in `unix:/run/hb.sock:/ping/…`".into()
            );
        }
        let mut address = Address::parse(&format!("http://localhost/{url}"))?;
        address.socket = Some(socket.to_owned());
        Ok(address)
    }

    /// The path's segments that are not empty.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The same address with another path, made of these segments.
    pub(crate) fn with_segments(&self, segments: &[&str]) -> Address {
        let path = segments.iter().map(|segment| format!("/{segment}")).collect();
        Address { path, ..self.clone() }
    }

    /// The same address with a path that ends in a slash, or does not.
    pub(crate) fn with_slash(&self, slash: bool) -> Address {
        Address { slash, ..self.clone() }
    }

    /// The same address without the user in front of its host.
    pub(crate) fn without_user(&self) -> Address {
        Address { authority: self.host().to_owned(), ..self.clone() }
    }

    /// The same address with this user in front of its host.
    pub(crate) fn with_user(&self, user: &str) -> Address {
        Address { authority: format!("{user}@{}", self.host()), ..self.clone() }
    }

    /// The same address with another query; an empty one is none.
    pub(crate) fn with_query(&self, pairs: &[&str]) -> Address {
        let query = Some(pairs.join("&")).filter(|query| !query.is_empty());
        Address { query, ..self.clone() }
    }

    /// The same address without its query.
    pub(crate) fn without_query(&self) -> Address {
        Address { query: None, ..self.clone() }
    }

    /// Host, and port if one is given, without a user.
    pub(crate) fn host(&self) -> &str {
        self.authority.rsplit('@').next().unwrap_or_default()
    }

    /// The host alone, in lower case, without a port.
    pub(crate) fn host_name(&self) -> String {
        let host = self.host();
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        name.trim_end_matches('.').to_ascii_lowercase()
    }

    /// Host and port, with `port` where none is given.
    pub(crate) fn host_and_port(&self, port: u16) -> String {
        let host = self.host();
        let given = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if given && !host.ends_with(']') { host.to_owned() } else { format!("{host}:{port}") }
    }

    /// The scheme: `http`, `https`, or one of [`BARE_SCHEMES`].
    pub(crate) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Whether HTTP is spoken there.
    pub(crate) fn is_http(&self) -> bool {
        matches!(self.scheme, "http" | "https")
    }

    /// User and password in front of the host, as given.
    pub(crate) fn user(&self) -> Option<(&str, Option<&str>)> {
        let (user, _) = self.authority.rsplit_once('@')?;
        Some(match user.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (user, None),
        })
    }

    /// Whether the path as given ended in a slash.
    pub(crate) fn has_slash(&self) -> bool {
        self.slash
    }

    /// The pairs of the query as they stand in the URL.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &str> {
        self.query.as_deref().unwrap_or_default().split('&').filter(|pair| !pair.is_empty())
    }

    /// The value of a query pair, decoded.
    pub(crate) fn pair(&self, name: &str) -> Option<String> {
        self.pairs()
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find(|(known, _)| percent_decode(known) == name)
            .map(|(_, value)| percent_decode(&value.replace('+', " ")))
    }

    /// Scheme, authority and path, as a URL begins; with a slash at the end where it is asked for.
    pub(crate) fn base(&self, slash: bool) -> String {
        let end = if slash { "/" } else { "" };
        format!("{}://{}{}{end}", self.scheme, self.authority, self.path)
    }

    /// Scheme and authority, as a URL begins.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Whether the connection is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// The Unix socket to connect to, when it is one.
    pub(crate) fn socket(&self) -> Option<&str> {
        self.socket.as_deref()
    }

    /// The whole URL of a request: this path, more segments, and query pairs added to those given.
    pub(crate) fn url(&self, more: &[&str], pairs: &[(&str, &str)]) -> String {
        let mut url = format!("{}://{}{}", self.scheme, self.authority, self.path);
        for segment in more {
            url.push('/');
            url.push_str(segment);
        }
        if more.is_empty() && self.path.is_empty() {
            url.push('/');
        }
        let given = self.query.as_deref().unwrap_or_default().split('&');
        let kept = given.filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && pairs.iter().all(|(replaced, _)| *replaced != name)
        });
        let added = pairs.iter().map(|(name, value)| format!("{name}={}", percent_encode(value)));
        let query: Vec<String> = kept.map(str::to_owned).chain(added).collect();
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query.join("&"));
        }
        url
    }

    /// What may be shown: scheme and host, with the path hidden.
    pub(crate) fn shown(&self) -> String {
        match &self.socket {
            Some(socket) => format!("unix:{socket}"),
            None if self.path.is_empty() => format!("{}://{}", self.scheme, self.host()),
            None => format!("{}://{}/****", self.scheme, self.host()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown())
    }
}

fn check_authority(authority: &str) -> Result<(), String> {
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest.split_once(']').ok_or("the IPv6 address lacks its `]`")?;
            (name, port.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    if name.is_empty() {
        return Err("the URL has no host".to_owned());
    }
    match port {
        Some(port) if port.parse::<u16>().is_err() => {
            Err(format!("`{}` is not a port", port.chars().take(20).collect::<String>()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Undoes percent-encoding; what is not a valid escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_taken_apart_and_put_together() {
        for (text, expected) in [
            ("https://hc-ping.com/abc", "https://hc-ping.com/abc/start?rid=1"),
            ("https://hc-ping.com/abc/", "https://hc-ping.com/abc/start?rid=1"),
            ("HTTP://h:8000/p/k/s?create=1", "http://h:8000/p/k/s/start?create=1&rid=1"),
            ("http://h?rid=2&a=b#f", "http://h/start?a=b&rid=1"),
            ("http://[::1]:80/x", "http://[::1]:80/x/start?rid=1"),
            ("unix:/run/a.sock:/ping/x", "http://localhost/ping/x/start?rid=1"),
            ("http+unix://%2Frun%2Fa.sock/ping/x", "http://localhost/ping/x/start?rid=1"),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.url(&["start"], &[("rid", "1")]), expected, "{text}");
        }
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let address =
            Address::parse("https://user:pw@h.example/ping/secret?key=secret").expect("ok");
        assert_eq!(address.shown(), "https://h.example/****");
        assert_eq!(format!("{address:?}"), "https://h.example/****");
    }

    #[test]
    fn what_is_no_address_is_refused_in_one_line() {
        for (text, message) in [
            ("h.example/x", "a URL starts with `https://`"),
            ("ftp://h/x", "`ftp://` is not supported; use https:// or http://"),
            ("https:///x", "the URL has no host"),
            ("https://h:99999/x", "`99999` is not a port"),
            ("https://h/a b", "` ` cannot stand in a URL"),
            ("https://h/a\nb", "`\\n` cannot stand in a URL"),
            (
                "unix:run/a.sock",
                "a socket is named by its full path, as in `unix:/run/hb.sock:/ping/…`",
            ),
        ] {
            assert_eq!(Address::parse(text).expect_err(text), message);
        }
    }
}
