//! Pings that come as mails: a small door for SMTP, off unless somebody asks for it.
//!
//! Nothing is relayed and nobody logs in: an address that names no monitor here is refused before a
//! word of the message is read. A message is answered 250 when its ping is on disk and 451 when it
//! cannot be, after which the sender's mail server comes again by itself. So a ping by mail counts at
//! least once. There is no TLS in here: what is secret in a mail is its address, and whoever needs it
//! kept on the way has a mail server of their own to put in front.

mod conversation;
mod lines;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::app::App;
use super::crowd::Crowd;

/// Conversations at a time; the next one waits in the system's own queue. Mail servers send a few at
/// once and have patience.
const CONVERSATIONS_MAX: usize = 64;

/// Conversations from one address at a time; the next one is told to come again. No mail server needs more
/// to bring pings, and one that says nothing does not keep out the others.
const CONVERSATIONS_PER_ADDRESS_MAX: usize = 8;

const CROWDED: &[u8] = b"421 4.7.0 too many conversations from one address, come again\r\n";

/// As long a conversation may take altogether.
const CONVERSATION_TIME_MAX: Duration = Duration::from_secs(600);

/// After a failed accept the loop rests, or it would spin.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// As long conversations may take to finish what they have begun when hb stops.
const FAREWELL_TIME_MAX: Duration = Duration::from_secs(5);

/// A socket that takes mails.
pub(crate) struct Door(TcpListener);

impl Door {
    /// Opens an address.
    pub(crate) async fn open(address: &str) -> io::Result<Door> {
        let bare = address.strip_prefix("smtp://").unwrap_or(address);
        TcpListener::bind(bare).await.map(Door)
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> String {
        let address = self.0.local_addr();
        address.map_or_else(|_| "smtp:".to_owned(), |address| format!("smtp://{address}"))
    }
}

/// Takes mails until it is told to stop.
pub(crate) async fn serve(door: Door, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONVERSATIONS_MAX));
    let crowd = Crowd::new(CONVERSATIONS_PER_ADDRESS_MAX);
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        let permit = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = door.0.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(REST_AFTER_FAILURE).await;
            continue;
        };
        let Some(seat) = crowd.enter(peer.ip()) else {
            // Nobody waits for it to be heard.
            let _ = stream.into_std().and_then(|mut stream| stream.write(CROWDED));
            continue;
        };
        let (app, stop) = (Arc::clone(&app), stop.clone());
        conversations.spawn(async move {
            let peer = peer.ip().to_canonical().to_string();
            let talk = conversation::talk(app, stream, peer, stop);
            // Whoever breaks off or never comes to an end is none of our errors.
            let _ = tokio::time::timeout(CONVERSATION_TIME_MAX, talk).await;
            drop((permit, seat));
        });
    }
    drop(door);
    let all = async { while conversations.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL_TIME_MAX, all).await;
}
