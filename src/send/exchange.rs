//! Conversations over TCP: a Zabbix trapper's frame and its answer, an NSCA server's greeting and the
//! packet made for it.
//!
//! Nothing of what a server says is trusted: its answer has a longest length, and the whole
//! conversation has the time of one attempt.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::attempt::Attempt;
use super::target::Target;
use crate::domain::dialect::nsca::{GREETING_BYTES, Packet};
use crate::domain::dialect::{Answer, Exchange, zabbix};
use crate::domain::text;
use crate::sys::http::ATTEMPT_TIMEOUT;

/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Has the conversation with `to`, which is a host and a port.
pub(crate) async fn hold(target: &Target, to: &str, exchange: &Exchange) -> Attempt {
    let talk = async {
        let connecting = TcpStream::connect(to);
        let limit = target.client.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let stream = tokio::time::timeout(limit, connecting).await.map_err(|_| silence())??;
        match exchange {
            Exchange::Zabbix(content) => ask_zabbix(stream, content).await,
            Exchange::Nsca(packet) => tell_nsca(stream, packet).await.map(|()| Vec::new()),
        }
    };
    let answer = match tokio::time::timeout(ATTEMPT_TIMEOUT, talk).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let why = text::without_errno(&error.to_string()).to_owned();
            return Attempt::Later { why, after: None };
        }
        Err(_) => return Attempt::Later { why: silence().to_string(), after: None },
    };
    match target.dialect.judge(0, &answer) {
        Answer::Accepted => Attempt::delivered(true),
        Answer::Unconfirmed => Attempt::delivered(false),
        Answer::Later => Attempt::Later { why: "the server could not take it".into(), after: None },
        Answer::TooLarge | Answer::Refused => {
            let why =
                "the server could not place all of it; does it know this host and these keys?";
            Attempt::Refused { why: why.to_owned() }
        }
    }
}

fn silence() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

async fn ask_zabbix(mut stream: TcpStream, content: &serde_json::Value) -> io::Result<Vec<u8>> {
    stream.write_all(&zabbix::frame(content)).await?;
    let mut header = [0; zabbix::HEADER_BYTES];
    stream.read_exact(&mut header).await?;
    let length = zabbix::content_bytes(&header).map_err(io::Error::other)?;
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

async fn tell_nsca(mut stream: TcpStream, packet: &Packet) -> io::Result<()> {
    let mut greeting = [0; GREETING_BYTES];
    stream.read_exact(&mut greeting).await?;
    stream.write_all(&packet.to_bytes(&greeting)).await?;
    stream.shutdown().await
}
