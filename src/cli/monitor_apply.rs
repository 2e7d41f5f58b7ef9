//! `hb monitor apply`: the monitors of a file become those of the receiver, all of them or none.
//!
//! The receiver judges; here its mistakes are brought back to the lines of the file, together with
//! those that the file itself has, in one list.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::given::sent_text_of;
use super::monitor::each;
use super::receiver::{Asking, Failed, print};
use super::table::one_line;
use super::{exit, prompt, say};
use crate::client::answer::Object;
use crate::client::api::{Answer, Ask, Trouble};
use crate::config::monitors::{self, MonitorsFile};
use crate::domain::text;

/// Time for the answer: a file of a thousand monitors is judged monitor by monitor.
const PATIENCE: Duration = Duration::from_secs(120);

/// Mistakes that are told; nobody reads on.
const TOLD_MAX: usize = 100;

/// How a file is applied.
#[derive(Args, Debug)]
pub(crate) struct ApplyArguments {
    /// The file, TOML or JSON; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show what would be different, and change nothing
    #[arg(long)]
    diff: bool,
    /// Remove monitors that were in the file once and are not any more
    #[arg(long)]
    prune: bool,
    /// Do not ask before anything is removed
    #[arg(long, short)]
    yes: bool,
    /// By what name the receiver knows the file [default: the file's own]
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// The receiver's answer
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) async fn apply(asking: &Asking, wanted: &ApplyArguments) -> Result<i32, Failed> {
    let shown = text::excerpt(wanted.file.as_os_str().as_encoded_bytes());
    let file = read(&wanted.file)?;
    let own = wanted.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let label = wanted.label.clone().or(own).filter(|label| label != "-");
    let label = label.unwrap_or_else(|| "stdin".to_owned());
    let all: Vec<Value> =
        file.monitors.iter().map(|one| Value::Object(one.members.clone())).collect();
    let body = |dry_run: bool| json!({ "monitors": all, "label": label, "prune": wanted.prune, "dry_run": dry_run });
    let is_broken = !file.mistakes.is_empty();
    let asks_first = wanted.prune && !wanted.yes && !wanted.diff;
    let is_dry = is_broken || wanted.diff || asks_first;
    let mut answer = match ask(asking, &body(is_dry)).await {
        Err(Trouble::Refused { mistakes, .. }) if !mistakes.is_empty() => {
            return Ok(refuse(&shown, &file, &mistakes));
        }
        // What is wrong in the file is worth telling without a receiver, too.
        _ if is_broken => return Ok(refuse(&shown, &file, &[])),
        answer => answer?,
    };
    if asks_first {
        let gone = slugs(Object(&answer.value).items("removed"));
        let agreed = gone.is_empty()
            || prompt::agreed(&format!("remove {} with all history?", gone.join(", ")));
        if !agreed {
            return Err(Failed::because("nothing was changed"));
        }
        answer = ask(asking, &body(false)).await?;
    }
    if wanted.json {
        print(&answer.bytes);
    } else {
        say::data(&told(Object(&answer.value), wanted.diff));
    }
    let left = slugs(Object(&answer.value).items("left"));
    if !left.is_empty() {
        say::hint(format!("not in the file any more: {}; `--prune` removes them", left.join(", ")));
    }
    Ok(exit::OK)
}

/// Takes monitors out of the hands of the files that they are kept in.
pub(super) async fn release(asking: &Asking, names: &[String]) -> Result<i32, Failed> {
    each(names, async |name| {
        let before = asking.monitor(name).await?;
        let body = json!({});
        asking.about(name, Ask::post(&["monitors", name, "release"], &body)).await?;
        let shown = one_line(name);
        say::data(&match Object(&before.value).word("file").map(one_line) {
            Some(file) => format!(
                "`{shown}` is not kept in `{file}` any more; take it out there, or the next apply keeps it again\n"
            ),
            None => format!("`{shown}` is kept in no file\n"),
        });
        Ok(())
    })
    .await
}

async fn ask(asking: &Asking, body: &Value) -> Result<Answer, Trouble> {
    let ask = Ask::post(&["apply"], body);
    asking.api.ask(Ask { patience: Some(PATIENCE), ..ask }).await
}

/// Reads the file; that it cannot be read at all is told here.
fn read(path: &Path) -> Result<MonitorsFile, Failed> {
    let text = sent_text_of(path)?;
    let is_json = path.extension().is_some_and(|extension| extension == "json")
        || (path.extension().is_none() && text.trim_start().starts_with('{'));
    Ok(if is_json { monitors::json(&text) } else { monitors::toml(&text) })
}

/// Tells everything that is wrong, in the order of the lines.
fn refuse(shown: &str, file: &MonitorsFile, of_receiver: &[Value]) -> i32 {
    let mut told: Vec<(usize, String)> =
        file.mistakes.iter().map(|note| (note.line, note.message.clone())).collect();
    for mistake in of_receiver.iter().map(Object) {
        let at = mistake.whole("at").and_then(|at| usize::try_from(at).ok());
        let Some(written) = at.and_then(|at| file.monitors.get(at)) else {
            told.push((1, mistake.text("message").to_owned()));
            continue;
        };
        let line = written.line_of(mistake.text("field"));
        told.push((line, mistake.text("message").to_owned()));
    }
    told.sort();
    told.dedup();
    for (line, message) in told.iter().take(TOLD_MAX) {
        say::error(format!("`{shown}`: line {line}: {message}"));
    }
    if told.len() > TOLD_MAX {
        say::error(format!("`{shown}`: {} more mistakes", told.len() - TOLD_MAX));
    }
    say::hint("nothing was changed");
    exit::USAGE
}

fn slugs(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| format!("`{}`", one_line(Object(item).text("slug")))).collect()
}

/// What was done, or would be: a line for each monitor that is another now, and the count.
fn told(answer: Object<'_>, is_diff: bool) -> String {
    let mut out = String::new();
    for (sign, member) in [('+', "created"), ('~', "changed"), ('-', "removed")] {
        for item in answer.items(member).iter().map(Object) {
            out.push_str(&format!("{sign} {}\n", one_line(item.text("slug"))));
            for (name, difference) in
                item.members("differences").filter(|(name, _)| *name != "slug")
            {
                let (was, is) = (value(&difference["was"]), value(&difference["is"]));
                let line = match sign {
                    '+' => format!("    {name} = {is}\n"),
                    _ => format!("    {name}: {was} -> {is}\n"),
                };
                out.push_str(&line);
            }
        }
    }
    let count = |member: &str| answer.items(member).len();
    let (created, changed, removed) = (count("created"), count("changed"), count("removed"));
    let would = if is_diff { "would be " } else { "" };
    out.push_str(&format!(
        "{created} {would}created, {changed} changed, {removed} removed; {} as they are\n",
        count("unchanged")
    ));
    out
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => one_line(text),
        other => one_line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::told;
    use crate::client::answer::Object;

    #[test]
    fn what_is_different_is_told_member_by_member() {
        let answer = json!({
            "created": [{"slug": "a", "differences": {"grace": {"was": null, "is": 60}}}],
            "changed": [{"slug": "b", "differences": {"owner": {"was": "x", "is": null}}}],
            "removed": [{"slug": "c"}], "unchanged": [{"slug": "d"}, {"slug": "e"}],
        });
        let expected = "+ a\n    grace = 60\n~ b\n    owner: x -> nothing\n- c\n\
            1 created, 1 changed, 1 removed; 2 as they are\n";
        assert_eq!(told(Object(&answer), false), expected);
        assert!(told(Object(&answer), true).contains("\n1 would be created, 1 changed"));
        assert!(told(Object(&json!({})), false).starts_with("0 created"));
    }
}
