//! The line between a node and its database, which a test may stall or cut, and which may speak TLS.
//!
//! A port of this host whose connections lead to the socket of a test's PostgreSQL. One runtime on a thread
//! of its own carries all of them; it ends with its value.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It arrives.
    Open,
    /// It goes nowhere, and nobody is told; connections can still be made.
    Stalled,
    /// Connections end, and new ones end at once.
    Cut,
    /// The test is over.
    Gone,
}

/// A line.
pub(crate) struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// To this socket.
    pub(crate) fn to(socket: &Path) -> Line {
        Line::with(socket, None)
    }

    /// To this socket, with TLS on this side.
    pub(crate) fn tls(socket: &Path, config: Arc<ServerConfig>) -> Line {
        Line::with(socket, Some(TlsAcceptor::from(config)))
    }

    fn with(socket: &Path, tls: Option<TlsAcceptor>) -> Line {
        let (state, watched) = watch::channel(State::Open);
        let (tell, told) = std::sync::mpsc::channel();
        let socket = socket.to_owned();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
                accept(listener, socket, tls, watched).await;
            });
        });
        Line { address: told.recv().expect("an address"), state, thread: Some(thread) }
    }

    /// From now on.
    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    /// `HOST:PORT`.
    pub(crate) fn place(&self) -> String {
        self.address.to_string()
    }

    /// The address of the database behind it.
    pub(crate) fn url(&self, words: &str) -> String {
        format!("postgres://hb@{}/shop{words}", self.address)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.set(State::Gone);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(
    listener: TcpListener,
    socket: PathBuf,
    tls: Option<TlsAcceptor>,
    mut state: watch::Receiver<State>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = state.wait_for(|state| *state == State::Gone) => return,
        };
        let Ok((stream, _)) = accepted else { continue };
        if *state.borrow() == State::Cut {
            continue;
        }
        tokio::spawn(lead(stream, socket.clone(), tls.clone(), state.clone()));
    }
}

async fn lead(
    mut stream: TcpStream,
    socket: PathBuf,
    tls: Option<TlsAcceptor>,
    state: watch::Receiver<State>,
) {
    let Some(tls) = tls else {
        return carry(stream, socket, state).await;
    };
    // The client asks for TLS with eight bytes of its own.
    let mut asked = [0; 8];
    let is_asked = stream.read_exact(&mut asked).await.is_ok() && asked[4..] == [4, 210, 22, 47];
    if is_asked
        && stream.write_all(b"S").await.is_ok()
        && let Ok(stream) = tls.accept(stream).await
    {
        carry(stream, socket, state).await;
    }
}

async fn carry<S>(stream: S, socket: PathBuf, mut state: watch::Receiver<State>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if state.wait_for(|state| *state != State::Stalled).await.is_err() {
        return;
    }
    let Ok(database) = UnixStream::connect(socket).await else { return };
    let ((from, to), (back, into)) = (split(stream), split(database));
    tokio::select! {
        () = pump(from, into, state.clone()) => {}
        () = pump(back, to, state) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let is_over = |state: &State| matches!(state, State::Cut | State::Gone);
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read,
            _ = state.wait_for(is_over) => return,
        };
        let Ok(count @ 1..) = read else { return };
        let Ok(now) = state.wait_for(|state| *state != State::Stalled).await.map(|now| *now) else {
            return;
        };
        if is_over(&now) || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
        let _ = to.flush().await;
    }
}
