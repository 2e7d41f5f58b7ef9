//! Whom to believe about where a request came from.
//!
//! A proxy says in headers for whom it asks, and so may anybody else. A header is worth as much as the
//! one who wrote its last entry: the proxy that is connected to us, if we know it. From there it is
//! followed backwards, entry by entry, as long as each is a proxy that we know; the first that is none
//! is the client. What stands to the left of it the client may have made up.
//!
//! Where nobody has named a proxy, this host alone is believed, and then the first entry counts, as it
//! does for Healthchecks: there is one proxy, and its owner knows what it passes on.

use core::net::IpAddr;

/// Entries of a header that are looked at; a chain of proxies is not longer.
const ENTRIES_MAX: usize = 64;

/// Addresses that begin with the same bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    first: u128,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address.
    ///
    /// Bits behind the mask are refused: who writes `10.1.2.3/8` means one of two things.
    pub(crate) fn parse(text: &str) -> Result<Network, String> {
        let text = text.trim();
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err("it is no address and no network, such as 10.0.0.0/8 or fd00::/8".into());
        };
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits.map(str::parse::<u32>) {
            None => width,
            Some(Ok(bits)) if bits <= width => bits,
            Some(_) => return Err(format!("behind the `/` stands a number from 0 to {width}")),
        };
        let (first, bits) = (wide(address), bits + 128 - width);
        if first & !mask(bits) != 0 {
            return Err("it has bits behind its mask".into());
        }
        Ok(Network { first, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        wide(address) & mask(self.bits) == self.first
    }
}

/// Both kinds of addresses as one: an IPv4 address is where IPv6 maps it.
fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

/// What a request says of where it came from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// The other end of the connection; none: this host, through a socket in the file system.
    pub(crate) peer: Option<IpAddr>,
    /// `X-Forwarded-For`, all its lines joined by commas.
    pub(crate) for_list: Option<&'a str>,
    /// `X-Forwarded-Proto`.
    pub(crate) proto: Option<&'a str>,
    /// `Forwarded` (RFC 7239), all its lines joined by commas.
    pub(crate) forwarded: Option<&'a str>,
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxies {
    networks: Vec<Network>,
}

impl Proxies {
    /// These, and this host.
    pub(crate) fn new(networks: Vec<Network>) -> Proxies {
        Proxies { networks }
    }

    /// Whether this is one of them; no address is this host, through a socket in the file system.
    pub(crate) fn knows(&self, address: Option<IpAddr>) -> bool {
        address.is_none_or(|address| {
            address.to_canonical().is_loopback()
                || self.networks.iter().any(|network| network.has(address))
        })
    }

    /// The address of the client, where somebody who is believed says one; else it is the peer.
    pub(crate) fn client(&self, said: &Said<'_>) -> Option<String> {
        if !self.knows(said.peer) {
            return None;
        }
        if self.networks.is_empty() {
            let first = said.for_list.and_then(|list| host(list.split(',').next()?));
            let first = first.or_else(|| entries(said.forwarded?, "for").next().and_then(host));
            return first.map(str::to_owned);
        }
        let last = |list: &mut dyn DoubleEndedIterator<Item = &str>| self.walk(said.peer, list);
        let by_list = said.for_list.map(|list| last(&mut list.split(',')));
        let by_forwarded = said.forwarded.map(|text| last(&mut entries(text, "for")));
        // A proxy writes one of the two and passes the other on as the client has sent it. Where they
        // differ nobody knows which, and the peer is what is left.
        let told = match (by_list, by_forwarded) {
            (Some(one), Some(other)) if one != other => None,
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => None,
        };
        told.map(|address| address.to_canonical().to_string())
    }

    /// The last of those who asked whom we do not know as a proxy.
    fn walk(
        &self,
        peer: Option<IpAddr>,
        list: &mut dyn DoubleEndedIterator<Item = &str>,
    ) -> Option<IpAddr> {
        let mut asked = peer;
        for entry in list.rev().take(ENTRIES_MAX) {
            let Some(before) = host(entry).and_then(|host| host.parse().ok()) else { break };
            asked = Some(before);
            if !self.knows(asked) {
                break;
            }
        }
        asked
    }

    /// Whether the client used https, as somebody who is believed says.
    pub(crate) fn is_https(&self, said: &Said<'_>) -> bool {
        let last = said.proto.and_then(|list| list.rsplit(',').next());
        let told = last.or_else(|| entries(said.forwarded?, "proto").next_back());
        self.knows(said.peer)
            && told.is_some_and(|told| unquoted(told).eq_ignore_ascii_case("https"))
    }
}

/// The values of one parameter of `Forwarded`, as they stand there.
fn entries<'a>(forwarded: &'a str, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> + 'a {
    forwarded.split(',').filter_map(move |element| {
        element.split(';').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        })
    })
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

/// The address of an entry without its port: `192.0.2.1:4711`, `"[2001:db8::1]:4711"`.
fn host(entry: &str) -> Option<&str> {
    let entry = unquoted(entry);
    let bare = match entry.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or(inner),
        None => match entry.rsplit_once(':') {
            Some((host, _)) if host.contains('.') && !host.contains(':') => host,
            Some(_) | None => entry,
        },
    };
    bare.parse::<IpAddr>().ok().map(|_| bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        (!text.is_empty()).then(|| text.parse().expect("an address"))
    }

    #[test]
    fn networks_are_read_and_odd_ones_refused() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.6"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            (" ::1 ", "::1", "::2"),
        ] {
            let read = Network::parse(network).expect(network);
            assert!(read.has(address(inside).unwrap()), "{network} {inside}");
            assert!(!read.has(address(outside).unwrap()), "{network} {outside}");
        }
        assert!(Network::parse("::/0").unwrap().has(address("192.0.2.1").unwrap()));
        for wrong in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.1.2.3/8", "::1/129"] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// What is told with these proxies (`-`: none named), this peer and these headers.
    fn check(proxies: &str, peer: &str, for_list: &str, forwarded: &str, expected: &str) {
        let named = proxies.split(',').filter(|text| *text != "-");
        let networks = named.map(|text| Network::parse(text).expect(text)).collect();
        let header = |text: &'static str| (!text.is_empty()).then_some(text);
        let leak = |text: &str| header(Box::leak(text.to_owned().into_boxed_str()));
        let said = Said {
            peer: address(peer),
            for_list: leak(for_list),
            forwarded: leak(forwarded),
            proto: None,
        };
        let told = Proxies::new(networks).client(&said).unwrap_or_default();
        assert_eq!(told, expected, "{proxies} {peer} {for_list} {forwarded}");
    }

    #[test]
    fn only_who_is_known_is_believed() {
        for (proxies, peer, for_list, forwarded, expected) in [
            // Nobody is named: this host's proxy, and the first entry.
            ("-", "127.0.0.1", "1.1.1.1, 2.2.2.2", "", "1.1.1.1"),
            ("-", "::ffff:127.0.0.1", "1.1.1.1:80", "", "1.1.1.1"),
            ("-", "", "::ffff:1.1.1.1", "", "::ffff:1.1.1.1"),
            ("-", "10.0.0.1", "1.1.1.1", "for=1.1.1.1", ""),
            ("-", "::1", "", "for=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
            ("-", "::1", "unknown", "", ""),
            // Named ones: from the right, as far as they are known.
            ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.1.1.1", "", "1.1.1.1"),
            ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.1.1.1, 10.9.9.9", "", "1.1.1.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "1.1.1.1", "", "1.1.1.1"),
            ("10.0.0.0/8", "192.0.2.1", "1.1.1.1", "", ""),
            ("10.0.0.0/8", "127.0.0.1", "6.6.6.6, 1.1.1.1", "", "1.1.1.1"),
            ("10.0.0.0/8", "", "1.1.1.1", "", "1.1.1.1"),
            ("10.0.0.0/8", "10.0.0.1", "10.0.0.9, 10.0.0.8", "", "10.0.0.9"),
            ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, garbage", "", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "1.1.1.1, ", "", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "", "for=6.6.6.6, for=1.1.1.1", "1.1.1.1"),
            ("10.0.0.0/8", "10.0.0.1", "", "proto=https;for=\"1.1.1.1:99\"", "1.1.1.1"),
            ("10.0.0.0/8", "10.0.0.1", "1.1.1.1", "for=1.1.1.1", "1.1.1.1"),
            ("10.0.0.0/8", "10.0.0.1", "1.1.1.1", "for=6.6.6.6", ""),
            ("10.0.0.0/8,fd00::/8", "fd00::1", "2001:db8::5, 10.0.0.3", "", "2001:db8::5"),
        ] {
            check(proxies, peer, for_list, forwarded, expected);
        }
    }

    #[test]
    fn https_is_believed_from_the_same() {
        let proxies = Proxies::new(vec![Network::parse("10.0.0.0/8").unwrap()]);
        for (peer, proto, forwarded, expected) in [
            ("10.0.0.1", Some("https"), None, true),
            ("10.0.0.1", Some("http, HTTPS"), None, true),
            ("10.0.0.1", Some("https, http"), None, false),
            ("10.0.0.1", None, Some("for=1.1.1.1;proto=https"), true),
            ("10.0.0.1", None, None, false),
            ("192.0.2.1", Some("https"), None, false),
            ("127.0.0.1", Some("https"), None, true),
        ] {
            let said = Said { peer: address(peer), proto, forwarded, ..Said::default() };
            assert_eq!(proxies.is_https(&said), expected, "{said:?}");
        }
    }
}
