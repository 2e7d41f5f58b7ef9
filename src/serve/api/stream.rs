//! What changes, as it changes: server-sent events that a follower can take up again.
//!
//! The id of each is the number of its change in the store, so `Last-Event-ID` brings back what was
//! missed, and a follower that falls behind reads it from there as well.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use tokio::sync::{broadcast, mpsc};

use crate::serve::access;
use crate::serve::app::App;
use crate::serve::reply::Mistake;

/// A line that says nothing, so that proxies do not take silence for an end.
const BREATH_EVERY: Duration = Duration::from_secs(15);

/// Lines that wait for a slow follower; then it is let go and comes again.
const WAITING_MAX: usize = 256;

/// Follows the changes of a project's monitors.
pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Mistake> {
    let caller = access::reader(&app, &headers).await?;
    let mut news = app.news.subscribe();
    let (lines, waiting) = mpsc::channel::<Bytes>(WAITING_MAX);
    tokio::spawn(async move {
        let mut number = 0u64;
        if lines.send(Bytes::from_static(b"retry: 3000\n\n")).await.is_err() {
            return;
        }
        loop {
            let line = match tokio::time::timeout(BREATH_EVERY, news.recv()).await {
                Err(_) => ": still here\n\n".to_owned(),
                Ok(Ok(one)) if one.project_id != caller.project_id => continue,
                Ok(Ok(one)) => {
                    number += 1;
                    format!("id: {number}\nevent: change\ndata: {}\n\n", one.json())
                }
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => {
                    "event: behind\ndata: {}\n\n".to_owned()
                }
                Ok(Err(broadcast::error::RecvError::Closed)) => return,
            };
            if lines.try_send(Bytes::from(line)).is_err() {
                return;
            }
        }
    });
    let body = Body::new(Lines(waiting));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Lines as the body of an answer.
struct Lines(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(hyper::body::Frame::data(line))))
    }
}
