//! Connections whose address somebody else has chosen: which may be made, checked when they are.
//!
//! Whoever may name a URL could otherwise reach what only this host can reach: its own services, the
//! cloud's metadata, the printers of the office. A look at the URL proves nothing, for names resolve
//! to anything and to something else a moment later. So the guard is the resolver itself: it hands
//! out allowed addresses only, and the connection goes to one of those. A host that is an address
//! is never resolved and must be checked by [`Guard::check_literal`] before every request.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::TcpStream;

/// Time to connect to one address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to one host that wait for the next request at most, where they are kept.
pub(crate) const KEPT_MAX: usize = 16;

/// How long they wait. A thousand alerts need not connect a thousand times, and few hosts close so soon.
const KEPT_TIME: Duration = Duration::from_secs(1);

/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 8;

/// An address that may not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) IpAddr);

impl fmt::Display for Denied {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "`{}` is not a public address; if it is meant to be reached, set `allow_private`",
            self.0
        )
    }
}

impl std::error::Error for Denied {}

/// The denial that an error stands for, when it does. Errors of I/O do not name what is inside of
/// them as their source.
pub(crate) fn denied(error: &(dyn std::error::Error + 'static)) -> Option<Denied> {
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let inside = inside.and_then(|inside| inside.downcast_ref::<Denied>());
    error.downcast_ref::<Denied>().or(inside).copied()
}

/// The addresses of a name.
pub(crate) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up.
pub(crate) type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// Decides which addresses may be reached.
#[derive(Clone)]
pub(crate) struct Guard {
    lookup: Lookup,
    allows: fn(IpAddr) -> bool,
}

impl Guard {
    /// Lets through to public addresses.
    pub(crate) fn public() -> Guard {
        Guard::new(system(), is_public)
    }

    /// Lets through to all addresses.
    pub(crate) fn anywhere() -> Guard {
        Guard::new(system(), |_| true)
    }

    /// Lets through to what `allows` says, of what `lookup` finds.
    pub(crate) fn new(lookup: Lookup, allows: fn(IpAddr) -> bool) -> Guard {
        Guard { lookup, allows }
    }

    /// Checks a host that is an address itself; a name passes, for it is checked when it is looked up.
    pub(crate) fn check_literal(&self, host: &str) -> Result<(), Denied> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !(self.allows)(address) => Err(Denied(address)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The allowed addresses of a host.
    async fn find(&self, host: String) -> io::Result<Vec<IpAddr>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let found = match literal {
            Some(address) => vec![address],
            None => (self.lookup)(host).await?,
        };
        let (allowed, others): (Vec<IpAddr>, Vec<IpAddr>) =
            found.into_iter().partition(|address| (self.allows)(*address));
        match (allowed.is_empty(), others.first()) {
            (true, Some(denied)) => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, Denied(*denied)))
            }
            (true, None) => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
            (false, _) => Ok(allowed.into_iter().take(ADDRESSES_MAX).collect()),
        }
    }

    /// Connects to the first allowed address of `host` that answers.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in self.find(host.to_owned()).await? {
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer in time"),
            }
        }
        Err(last)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.find(name.as_str().to_owned()).await?;
            let addresses: Addrs =
                Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// This host's own resolver.
fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// An HTTP client behind a guard. It follows no redirect and heeds no proxy of the environment: a
/// proxy would look names up where the guard cannot see. Unless it is to make a connection for each
/// request, it keeps them as long as requests come one upon the other.
pub(crate) fn client(
    guard: &Guard,
    tls: rustls::ClientConfig,
    time_max: Duration,
    kept_max: usize,
) -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(guard.clone()))
        .no_proxy()
        .referer(false)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(time_max)
        .pool_max_idle_per_host(kept_max)
        .pool_idle_timeout(KEPT_TIME)
        .user_agent(concat!("hb/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("cannot set up HTTP")
}

/// Whether an address is one of the Internet at large: not this host, not a network of its own, not
/// one that only stands for another.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private networks, this host, multicast and what is reserved.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Addresses shared by a provider's customers.
        (100, 64..=127, _) => true,
        // Of this link; clouds keep their metadata there.
        (169, 254, _) => true,
        (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation and benchmarks.
        (192, 0, 0 | 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // The old relays from IPv6.
        (192, 88, 99) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // All that is given out lies in 2000::/3. What lies outside is this host, this link, this site,
    // multicast, or an IPv4 address in another guise (::ffff:0:0/96, 64:ff9b::/96).
    let [a, b, ..] = address.segments();
    let given_out = a & 0xe000 == 0x2000;
    let special = match (a, b) {
        // 2001::/23, where Teredo and other guises live; documentation; 6to4.
        (0x2001, 0..=0x1ff) | (0x2001, 0xdb8) | (0x2002, _) => true,
        (0x3fff, 0..=0xfff) => true,
        _ => false,
    };
    given_out && !special
}
