//! What a server says beside its answers. One such warning changes what the answer means.
//!
//! A commit that waits for a standby is on the server's own disk already. When somebody ends the wait, because
//! the standby is gone, PostgreSQL calls the commit a success and only warns that it may be nowhere else.
//! Whoever took that for a success would lose it with this server.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, Connection};

/// The last warning of a connection.
#[derive(Clone, Default)]
pub(super) struct Warned(Arc<Mutex<Option<String>>>);

impl Warned {
    /// Carries a connection until it ends, beside whatever is asked through it, and hears its warnings. They
    /// are heard before the answer that they belong to.
    pub(super) fn by<S, T>(mut connection: Connection<S, T>) -> Warned
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let warned = Warned::default();
        let heard = warned.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) =
                std::future::poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notice(notice) = message {
                    heard.put(Some(notice.message().to_owned()));
                }
            }
        });
        warned
    }

    /// The last warning since this was asked.
    pub(super) fn take(&self) -> Option<String> {
        self.put(None)
    }

    fn put(&self, warning: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), warning)
    }
}
