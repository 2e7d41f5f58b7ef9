//! `hb status --watch`: a picture that stays true, or a line for each change.
//!
//! The receiver's stream only says that it is time to look. What changed is found by comparing two
//! looks, so that a lost connection, a restarted receiver and one without a stream all tell the same
//! story, only later. While the receiver cannot be reached, the last picture stays, and says so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::receiver::{Asking, Failed};
use super::status::{Picture, canvas, monitor, picture};
use super::table::{Canvas, cut, one_line};
use super::{moments, say, status_view};
use crate::client::answer::Object;
use crate::client::live::{Live, POLL_STEP};
use crate::domain::time::Moment;
use crate::sys::{clock, terminal};

/// What a shell shows for a program that somebody ended with Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Moves to the first line; what is drawn then stands in place of what stood there.
const HOME: &str = "\x1b[H";

/// Erases the rest of a line, and everything below.
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";

/// Erases everything, once.
const CLEAR: &str = "\x1b[2J";

/// What is watched, and where it is shown.
pub(crate) struct Watched<'a> {
    /// Only this monitor.
    pub(crate) monitor: Option<&'a str>,
    /// Monitors at most.
    pub(crate) limit: usize,
    /// Whether a terminal is drawn on.
    pub(crate) on_terminal: bool,
}

/// Watches until somebody has seen enough.
pub(crate) async fn watch(asking: &Asking, watched: &Watched<'_>) -> Result<i32, Failed> {
    tokio::select! {
        never = look_again_and_again(asking, watched) => never,
        // A handler that cannot be set leaves Ctrl-C as it was: it ends this program.
        Ok(()) = tokio::signal::ctrl_c() => {
            if watched.on_terminal {
                say::data("\n");
            }
            Ok(INTERRUPTED)
        }
    }
}

async fn look_again_and_again(asking: &Asking, watched: &Watched<'_>) -> Result<i32, Failed> {
    let mut live = Live::default();
    // Whoever mistypes a name or a key hears it at once; later trouble may pass.
    let mut seen = look(asking, watched).await?;
    let mut told = statuses(&seen.monitors);
    if watched.on_terminal {
        say::data(CLEAR);
    } else {
        told.iter().for_each(|(slug, status)| say::data(&line(clock::now(), slug, None, status)));
    }
    let mut trouble: Option<String> = None;
    loop {
        if watched.on_terminal {
            say::data(&screen(asking, &seen, trouble.as_deref()));
        }
        if trouble.is_some() {
            tokio::time::sleep(POLL_STEP).await;
        } else {
            live.wait(&asking.api).await;
        }
        let looked = look(asking, watched).await;
        let before = trouble.take();
        match looked {
            Ok(picture) => seen = picture,
            Err(failed) if failed.may_pass() => {
                let why = failed.why().to_owned();
                if !watched.on_terminal && before.as_ref() != Some(&why) {
                    say::warning(&why);
                }
                trouble = Some(why);
                continue;
            }
            Err(failed) => return Err(failed),
        }
        let now = statuses(&seen.monitors);
        if !watched.on_terminal {
            changes(&told, &now, clock::now()).iter().for_each(|line| say::data(line));
        }
        told = now;
    }
}

async fn look(asking: &Asking, watched: &Watched<'_>) -> Result<Picture, Failed> {
    match watched.monitor {
        None => picture(asking, watched.limit).await,
        Some(name) => {
            let value = monitor(asking, name).await?.value;
            let status = Object(&value).text("status").to_owned();
            let status = serde_json::json!({ "monitors": { status: 1 } });
            let (monitors, reasons) = (vec![value], BTreeMap::new());
            Ok(Picture { status, monitors, reasons, more: false })
        }
    }
}

/// The status of each monitor.
fn statuses(monitors: &[Value]) -> BTreeMap<String, String> {
    let pair = |one: &Value| {
        let monitor = Object(one);
        (monitor.text("slug").to_owned(), monitor.text("status").to_owned())
    };
    monitors.iter().map(pair).collect()
}

/// A line for everything that is different.
fn changes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    now: Moment,
) -> Vec<String> {
    let changed = after.iter().filter_map(|(slug, status)| match before.get(slug) {
        Some(known) if known == status => None,
        known => Some(line(now, slug, known.map(String::as_str), status)),
    });
    let gone = before.keys().filter(|slug| !after.contains_key(*slug));
    let gone = gone.map(|slug| line(now, slug, before.get(slug).map(String::as_str), "removed"));
    changed.chain(gone).collect()
}

/// `2026-03-29 03:00:01  nightly  up -> missed`.
fn line(now: Moment, slug: &str, from: Option<&str>, to: &str) -> String {
    let from = from.map(|from| format!("{} -> ", one_line(from))).unwrap_or_default();
    format!("{}  {}  {from}{}\n", moments::local(now), one_line(slug), one_line(to))
}

/// The whole screen, in place of the last one.
fn screen(asking: &Asking, seen: &Picture, trouble: Option<&str>) -> String {
    let (columns, rows) = terminal::size().unwrap_or((80, 24));
    let canvas = Canvas { columns: Some(columns), ..canvas() };
    let now = clock::now();
    let mut heads = status_view::summary(&asking.api.shown(), &seen.status);
    if let Some(trouble) = trouble {
        heads.push_str(&format!("{}; this is how it was\n", one_line(trouble)));
    }
    // A line that the terminal breaks would push the last ones off the screen.
    let mut lines: String = heads.lines().map(|head| format!("{}\n", cut(head, columns))).collect();
    lines.push('\n');
    lines.push_str(&status_view::table(seen, now, canvas));
    let foot = format!("{}  Ctrl-C ends", moments::local(now));
    fitted(&lines, &foot, (columns, rows), seen.monitors.len())
}

/// As many lines as the terminal has, each erased to its end; the foot stands in the last.
fn fitted(lines: &str, foot: &str, (columns, rows): (usize, usize), monitors: usize) -> String {
    let lines: Vec<&str> = lines.lines().collect();
    let room = rows.saturating_sub(1);
    let hidden = lines.len().saturating_sub(room);
    let shown = &lines[..lines.len() - hidden];
    let more = match hidden.min(monitors) {
        0 => String::new(),
        count => format!("{count} more below; "),
    };
    let mut out = HOME.to_owned();
    for line in shown {
        out.push_str(&format!("{line}{REST_OF_LINE}\n"));
    }
    let foot = cut(&format!("{more}{foot}"), columns);
    out.push_str(&format!("{foot}{REST_OF_LINE}{REST_OF_SCREEN}"));
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{changes, fitted};
    use crate::domain::time::Moment;

    fn statuses(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(slug, status)| ((*slug).to_owned(), (*status).to_owned())).collect()
    }

    #[test]
    fn a_change_is_a_line_and_what_stays_is_none() {
        let before = statuses(&[("a", "up"), ("b", "up"), ("c", "late")]);
        let after = statuses(&[("a", "up"), ("b", "missed"), ("d", "new")]);
        let now = Moment::from_epoch_ms(0);
        let lines: Vec<String> = changes(&before, &after, now)
            .iter()
            .map(|line| line.splitn(3, "  ").skip(1).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(lines, ["b up -> missed\n", "d new\n", "c late -> removed\n"]);
        assert!(changes(&after, &after, now).is_empty());
    }

    #[test]
    fn a_screen_has_as_many_lines_as_the_terminal() {
        let text = "head\n\nmonitor\na\nb\nc\n";
        for rows in 1..10 {
            let screen = fitted(text, "foot", (20, rows), 3);
            assert!(screen.lines().count() <= rows, "{rows}: {screen:?}");
            assert_eq!(screen.contains("more below"), rows < 7, "{rows}: {screen:?}");
        }
    }
}
