//! A connection that tells at once when something changes, and how to wait for it.
//!
//! What a message says is not used: whoever waits then asks for the state as it is. So nothing is
//! missed that was lost on the way, and a receiver that has no stream is only slower.

use std::time::Duration;

use super::api::{Api, Ask};
use super::stream::Reader;

/// A stream may be silent for ever; a day is long enough for one connection.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// How often the state is asked for where there is no stream.
pub(crate) const POLL_STEP: Duration = Duration::from_secs(5);

/// How often it is asked for where there is one: a dead connection looks like a quiet one.
pub(crate) const LOOK_STEP: Duration = Duration::from_secs(30);

/// Messages that come in one flock are answered with one look.
const FLOCK: Duration = Duration::from_millis(200);

/// Waits for changes.
#[derive(Default)]
pub(crate) struct Live {
    stream: Option<reqwest::Response>,
    reader: Reader,
}

impl Live {
    /// Waits until something may have changed. An open stream is used; a lost one is opened again at
    /// the next wait, where it was left.
    pub(crate) async fn wait(&mut self, api: &Api) {
        if self.stream.is_none() {
            self.open(api).await;
        }
        let Some(stream) = &mut self.stream else {
            tokio::time::sleep(POLL_STEP).await;
            return;
        };
        let told = async {
            loop {
                let Ok(Some(bytes)) = stream.chunk().await else { return false };
                match self.reader.feed(&bytes) {
                    Ok(messages) if messages.is_empty() => {}
                    Ok(_) => return true,
                    Err(_) => return false,
                }
            }
        };
        match tokio::time::timeout(LOOK_STEP, told).await {
            Ok(true) => tokio::time::sleep(FLOCK).await,
            Ok(false) => {
                self.stream = None;
                // A receiver that closes at once must not be asked without a pause.
                tokio::time::sleep(FLOCK * 5).await;
            }
            Err(_) => {}
        }
    }

    async fn open(&mut self, api: &Api) {
        self.reader = Reader::behind(&self.reader.last_id);
        let ask = Ask { patience: Some(CONNECTION_TIME_MAX), ..Ask::get(&["stream"]) };
        let opened = api.send_after(&ask, &self.reader.last_id);
        let Ok(Ok(response)) = tokio::time::timeout(POLL_STEP, opened).await else { return };
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let is_stream = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        self.stream = Some(response).filter(|stream| is_stream && stream.status().is_success());
    }
}
