//! `hb monitor export`: the monitors of a receiver as the file that `hb monitor apply` reads.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::receiver::{Asking, Failed};
use super::{exit, say};
use crate::client::answer::Object;
use crate::client::api::Ask;
use crate::domain::nearest::nearest;
use crate::domain::text;

/// The form of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// `[monitors.nightly]`
    #[default]
    Toml,
    /// `{"monitors": [{"slug": "nightly"}]}`
    Json,
}

/// What is exported.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// Only these [default: all]
    #[arg(value_name = "MONITOR")]
    names: Vec<String>,
    /// The form of the file: toml, json [default: toml]
    #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
    format: Option<Form>,
}

/// Runs the command.
pub(super) async fn export(asking: &Asking, wanted: &ExportArguments) -> Result<i32, Failed> {
    let mut all = definitions(asking).await?;
    if let Some(missing) = wanted
        .names
        .iter()
        .find(|name| !all.iter().any(|one| Object(one).text("slug") == name.as_str()))
    {
        let shown = text::excerpt(missing.as_bytes());
        let near = nearest(missing, all.iter().map(|one| Object(one).text("slug")));
        let near = near.map(|near| format!(", did you mean `{}`?", text::excerpt(near.as_bytes())));
        let why = format!("there is no monitor `{shown}`{}", near.unwrap_or_default());
        return Err(Failed::because(why));
    }
    if !wanted.names.is_empty() {
        all.retain(|one| wanted.names.iter().any(|name| name == Object(one).text("slug")));
    }
    let mut slugs: Vec<String> =
        all.iter().map(|one| Object(one).text("slug").to_owned()).collect();
    slugs.sort_unstable();
    let is_alone =
        |slug: &str| !slug.is_empty() && slugs.iter().filter(|other| *other == slug).count() == 1;
    let before = all.len();
    all.retain(|one| is_alone(Object(one).text("slug")));
    if all.len() < before {
        let count = text::count(before - all.len(), "monitor");
        say::warning(format!("{count} without a slug of their own are left out"));
        say::hint(
            "a file knows them by their slugs: `hb monitor edit <ID> --rename NAME` gives one",
        );
    }
    say::data(&match wanted.format.unwrap_or_default() {
        Form::Toml => toml(&all),
        Form::Json => {
            format!(
                "{}\n",
                serde_json::to_string_pretty(&json!({ "monitors": all })).unwrap_or_default()
            )
        }
    });
    Ok(exit::OK)
}

/// The definitions of all monitors.
pub(super) async fn definitions(asking: &Asking) -> Result<Vec<Value>, Failed> {
    let answer = asking.api.ask(Ask::get(&["definitions"])).await?;
    Ok(Object(&answer.value).items("monitors").to_vec())
}

/// The monitors as TOML, each a table of its own.
fn toml(monitors: &[Value]) -> String {
    let mut out = String::new();
    for monitor in monitors {
        let slug = Object(monitor).text("slug");
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("[monitors.{}]\n", key(slug)));
        for (name, member) in monitor.as_object().into_iter().flatten() {
            if name != "slug" {
                out.push_str(&format!("{} = {}\n", key(name), value(member)));
            }
        }
    }
    out
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A text in quotes: TOML's escapes are those of JSON, but for the control character 127.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{} = {}", key(name), self::value(member)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        // There is no nothing in TOML, and none in a definition.
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::toml;
    use crate::config::monitors;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let nasty = "\"\\\n\t\u{0}\u{7f}\u{1b}é☃'''\"\"\" ]\n[admin]";
        let all = vec![
            json!({"slug": "bare_1-x", "grace": 90, "wait_first": true, "tags": ["a", nasty]}),
            json!({"slug": "dotted.name", "description": nasty, "channels": []}),
            json!({"slug": "9", "keys": [{"dialect": "d", "key": ["a", nasty]}]}),
        ];
        let text = toml(&all);
        let read = monitors::toml(&text);
        assert!(read.mistakes.is_empty(), "{text}: {:?}", read.mistakes);
        let read: Vec<_> =
            read.monitors.into_iter().map(|one| serde_json::Value::Object(one.members)).collect();
        assert_eq!(read, all, "{text}");
    }
}
