//! One conversation in SMTP: who is asked for, what is said, and whether it is on disk.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::lines::{Line, Lines};
use crate::domain::event::Kind;
use crate::domain::ping::mail::{self, Command, MESSAGE_BYTES_MAX};
use crate::domain::ping::{self};
use crate::serve::app::App;
use crate::serve::ping::{Known, Place};
use crate::serve::recorder::{Ping, Recorded};
use crate::store::Trouble;
use crate::sys::{clock, host};

/// As long a client may take until it has named a monitor of ours: who knows one is no stranger any more.
const FIRST_RECIPIENT_TIME_MAX: Duration = Duration::from_secs(30);

/// Monitors that one message may tell; the sender's server sends the rest with another.
const RECIPIENTS_MAX: usize = 20;

/// Messages in a conversation.
const MESSAGES_MAX: u32 = 100;

/// Lines that are none of ours, or out of turn: whoever sends more is no mail server.
const MISTAKES_MAX: u32 = 10;

/// Commands in a conversation, whatever they are.
const COMMANDS_MAX: u32 = 2_000;

const BUSY: &str = "451 4.3.0 the ping cannot be kept now, come again";
const BYE: &str = "421 4.3.2 hb stops, come again";
const ENOUGH: &str = "421 4.7.0 that is enough for one conversation";
const NO_MONITOR: &str = "550 5.1.1 no monitor here has this address";
const OUT_OF_TURN: &str = "503 5.5.1 not now: MAIL FROM, then RCPT TO, then DATA";
const TOO_LONG: &str = "552 5.3.4 the message is too long";

/// A message that is being put together.
#[derive(Default)]
struct Envelope {
    sender: Option<String>,
    monitors: Vec<Arc<Known>>,
}

struct Talk {
    app: Arc<App>,
    peer: String,
    host: String,
    envelope: Envelope,
    /// Whether it has named a monitor, in whichever message.
    is_known: bool,
    mistakes: u32,
    messages: u32,
}

/// What comes of a line.
enum Next {
    /// An answer.
    Say(String),
    /// The message is to come.
    Message,
    /// An answer, and the end.
    End(String),
}

impl Next {
    fn say(answer: &str) -> Next {
        Next::Say(answer.to_owned())
    }
}

/// Talks with whoever is there, until they go or hb stops.
pub(super) async fn talk(
    app: Arc<App>,
    stream: TcpStream,
    peer: String,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let envelope = Envelope::default();
    let host = host::name();
    let mut talk = Talk { app, peer, host, envelope, is_known: false, mistakes: 0, messages: 0 };
    let known_by = tokio::time::sleep(FIRST_RECIPIENT_TIME_MAX);
    tokio::pin!(known_by);
    let mut lines = Lines::of(stream);
    lines.say(&format!("220 {} hb takes pings", talk.host)).await?;
    for _ in 0..COMMANDS_MAX {
        let line = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => None,
            () = &mut known_by, if !talk.is_known => Some(Err(io::ErrorKind::TimedOut.into())),
            line = lines.next() => Some(line),
        };
        let Some(line) = line else { return lines.say(BYE).await };
        let next = match line {
            Ok(Line::Whole(line)) => talk.hear(Command::read(&line)).await,
            Ok(Line::TooLong) => talk.mistake("500 5.5.2 the line is too long"),
            Ok(Line::Over) => return Ok(()),
            Err(error) => {
                let _ = lines.say("421 4.4.2 too slow, come again").await;
                return Err(error);
            }
        };
        match next {
            Next::Say(answer) => lines.say(&answer).await?,
            Next::End(answer) => return lines.say(&answer).await,
            Next::Message => {
                lines.say("354 the message, and a dot").await?;
                let answer = match lines.message().await? {
                    Some(message) => talk.take(&message).await,
                    None => TOO_LONG,
                };
                talk.envelope = Envelope::default();
                lines.say(answer).await?;
            }
        }
    }
    lines.say(ENOUGH).await
}

impl Talk {
    async fn hear(&mut self, command: Command) -> Next {
        match command {
            Command::Hello => Next::Say(format!("250 {}", self.host)),
            Command::HelloExtended => Next::Say(format!(
                "250-{}\r\n250-SIZE {MESSAGE_BYTES_MAX}\r\n250-PIPELINING\r\n250 8BITMIME",
                self.host
            )),
            Command::From { .. } if self.envelope.sender.is_some() => self.mistake(OUT_OF_TURN),
            Command::From { bytes, .. } if bytes > Some(MESSAGE_BYTES_MAX as u64) => {
                Next::say(TOO_LONG)
            }
            Command::From { .. } if self.messages >= MESSAGES_MAX => Next::End(ENOUGH.to_owned()),
            Command::From { sender, .. } => {
                self.envelope.sender = Some(sender);
                self.messages += 1;
                Next::say("250 2.1.0 go on")
            }
            Command::To(_) if self.envelope.sender.is_none() => self.mistake(OUT_OF_TURN),
            Command::To(_) if self.envelope.monitors.len() >= RECIPIENTS_MAX => {
                Next::say("452 4.5.3 too many recipients, send the rest with another message")
            }
            Command::To(address) => self.look_up(&address).await,
            Command::Data if self.envelope.monitors.is_empty() => self.mistake(OUT_OF_TURN),
            Command::Data => Next::Message,
            Command::Reset => {
                self.envelope = Envelope::default();
                Next::say("250 2.0.0 forgotten")
            }
            Command::Nothing => Next::say("252 2.0.0 well"),
            Command::Quit => Next::End("221 2.0.0 bye".to_owned()),
            Command::Wrong => self.mistake("501 5.5.4 that cannot be read"),
            Command::Unknown => self.mistake("500 5.5.1 unknown command"),
            Command::Http => Next::End("421 5.5.1 this is no web server".to_owned()),
        }
    }

    fn mistake(&mut self, answer: &str) -> Next {
        self.mistakes += 1;
        if self.mistakes > MISTAKES_MAX { Next::End(ENOUGH.to_owned()) } else { Next::say(answer) }
    }

    /// Whether a monitor has this address.
    async fn look_up(&mut self, address: &str) -> Next {
        let place = match mail::key(address) {
            Some(key) => self.app.directory.find("", &key).await,
            None => Ok(Place::Nowhere),
        };
        match place {
            Ok(Place::Monitor(known)) => {
                self.envelope.monitors.push(known);
                self.is_known = true;
                Next::say("250 2.1.5 go on")
            }
            Ok(Place::Ambiguous) => Next::say("550 5.1.4 several monitors have this slug"),
            Ok(Place::Vacant { .. } | Place::Nowhere) => {
                if !self.app.strangers.may_ask(&self.peer, clock::now()) {
                    return Next::End("421 4.7.1 too many unknown addresses".to_owned());
                }
                let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
                self.app.refusals.note(&ping::mask(local), &self.peer, "email");
                Next::say(NO_MONITOR)
            }
            Err(trouble) => {
                self.app.noted(&trouble);
                Next::say(BUSY)
            }
        }
    }

    /// Brings a message to its monitors; what is answered is true of all of them.
    async fn take(&mut self, message: &[u8]) -> &'static str {
        let agent = mail::agent(self.envelope.sender.as_deref().unwrap_or_default());
        let mut recorded = JoinSet::new();
        for known in &self.envelope.monitors {
            let ping = self.ping(known, message, &agent);
            let app = Arc::clone(&self.app);
            recorded.spawn(async move { app.recorder.record(ping).await });
        }
        let (mut trouble, mut is_kept) = (None, false);
        while let Some(answer) = recorded.join_next().await {
            match answer.map_err(|error| Trouble::Ours(error.to_string())).flatten() {
                Ok(
                    Recorded::Stored | Recorded::Late | Recorded::Duplicate | Recorded::Coalesced,
                ) => is_kept = true,
                Ok(Recorded::Gone) => self.app.directory.forget(),
                Err(found) => trouble = Some(found),
            }
        }
        match trouble {
            Some(trouble) => {
                self.app.noted(&trouble);
                BUSY
            }
            None if is_kept => "250 2.0.0 it is on disk",
            None => NO_MONITOR,
        }
    }

    fn ping(&self, known: &Known, message: &[u8], agent: &str) -> Ping {
        let received_at = clock::now();
        let kind = known.mail.judge(message);
        let mut arrival = mail::arrival(kind.unwrap_or(Kind::Success), message);
        ping::settle(&mut arrival, received_at);
        let packed = (!arrival.output.is_empty()).then(|| self.app.packers.pack(&arrival.output));
        Ping {
            monitor_id: known.monitor_id,
            dialect: known.dialect.clone(),
            arrival: Box::new(arrival),
            ignored: kind.is_none(),
            coalesced: false,
            received_at,
            packed,
            method: String::new(),
            scheme: "email".to_owned(),
            remote: self.peer.clone(),
            agent: agent.to_owned(),
        }
    }
}
