//! Lines in datagrams: as many as fit into one, and nobody answers.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

use super::attempt::Attempt;
use crate::domain::text;

/// Bytes of one datagram that pass every usual network whole.
const DATAGRAM_BYTES_MAX: usize = 1432;

/// Sends lines to `to`, which is a host and a port.
pub(crate) async fn send(to: &str, lines: &[String]) -> Attempt {
    match try_send(to, lines).await {
        Ok(()) => Attempt::delivered(false),
        Err(error) => {
            let why = text::without_errno(&error.to_string()).to_owned();
            Attempt::Later { why, after: None }
        }
    }
}

async fn try_send(to: &str, lines: &[String]) -> std::io::Result<()> {
    let address = tokio::net::lookup_host(to).await?.next().ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address")
    })?;
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(address).await?;
    for datagram in datagrams(lines) {
        socket.send(datagram.as_bytes()).await?;
    }
    Ok(())
}

/// Puts lines together as long as they fit.
fn datagrams(lines: &[String]) -> Vec<String> {
    let mut datagrams: Vec<String> = Vec::new();
    for line in lines {
        match datagrams.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= DATAGRAM_BYTES_MAX => {
                last.push('\n');
                last.push_str(line);
            }
            Some(_) | None => datagrams.push(line.clone()),
        }
    }
    datagrams
}

#[cfg(test)]
mod tests {
    use super::datagrams;

    #[test]
    fn lines_share_a_datagram_while_they_fit() {
        let line = |bytes: usize| "x".repeat(bytes);
        for (lines, sizes) in [
            (vec![], vec![]),
            (vec![line(10), line(10)], vec![21]),
            (vec![line(1000), line(431)], vec![1432]),
            (vec![line(1000), line(432)], vec![1000, 432]),
            (vec![line(1432), line(1)], vec![1432, 1]),
        ] {
            let got: Vec<usize> = datagrams(&lines).iter().map(String::len).collect();
            assert_eq!(got, sizes);
        }
    }
}
