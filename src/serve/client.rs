//! From where a request comes, as far as that is known.

use axum::http::{Extensions, HeaderMap};

use super::listen::Peer;
use crate::domain::proxies::{Proxies, Said};

/// The client of a request: who is connected, or whom a proxy that is believed speaks for.
pub(crate) struct Client {
    /// Its address; `local` where it comes through a socket in the file system.
    pub(crate) address: String,
    /// Whether it uses https, to us or to that proxy.
    pub(crate) is_https: bool,
}

impl Client {
    /// Of a request with these headers, which came as these extensions say.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions, proxies: &Proxies) -> Client {
        let peer = extensions.get().copied().unwrap_or(Peer { address: None, is_tls: false });
        let all = |name: &str| {
            let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
            lines.map(str::to_owned).reduce(|all, line| format!("{all},{line}"))
        };
        let (for_list, forwarded) = (all("x-forwarded-for"), all("forwarded"));
        let proto = all("x-forwarded-proto");
        let said = Said {
            peer: peer.address,
            for_list: for_list.as_deref(),
            proto: proto.as_deref(),
            forwarded: forwarded.as_deref(),
        };
        let itself = || peer.address.map(|address| address.to_canonical().to_string());
        let address = proxies.client(&said).or_else(itself).unwrap_or_else(|| "local".to_owned());
        Client { address, is_https: peer.is_tls || proxies.is_https(&said) }
    }
}
