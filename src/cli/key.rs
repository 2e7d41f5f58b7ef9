//! `hb key`: who may ping a receiver, look at it, change it.
//!
//! A key itself is printed once, alone on stdout, so that it can go where it is to be kept; everything that
//! is said about it goes to stderr. Afterwards the receiver knows its hash and shows its first letters.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::monitor::each;
use super::receiver::{
    ADMIN_HINT, Asking, Failed, ReceiverArguments, ask_as_admin, in_a_path, print,
};
use super::status::{MONITORS_MAX, canvas, say_more};
use super::table::{Cell, Colour, draw, one_line};
use super::{arguments, exit, flags, moments, prompt, say};
use crate::client::answer::Object;
use crate::client::api::{Answer, Ask, Trouble};
use crate::client::pages;
use crate::domain::nearest::nearest;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::sys::clock;

/// The keys of a receiver.
#[derive(Args, Debug)]
pub(crate) struct KeyArguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// What is done with them.
#[derive(Subcommand, Debug)]
enum Action {
    /// Show them by their first letters, and when each was last used
    List {
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Make one, and print it, this once
    Create(CreateArguments),
    /// Make one in the place of another, and print it, this once
    Rotate {
        /// The key: its number, its name or its first letters
        #[arg(value_name = "ID")]
        which: String,
        /// How long the old one goes on working; 0 ends it at once [default: 24h]
        #[arg(long, value_name = "TIME")]
        overlap: Option<String>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// End it at once
    Revoke {
        /// The keys: their numbers, names or first letters
        #[arg(value_name = "ID", required = true)]
        which: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// A key that is wanted.
#[derive(Args, Debug)]
struct CreateArguments {
    /// ping, read, write, admin
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// What it is for, such as `db hosts`
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How long it is good: 90d, 1y [default: for ever]
    #[arg(long, value_name = "TIME", conflicts_with = "expires_at")]
    expires_in: Option<String>,
    /// Until when it is good: `2027-01-01`, 2027-01-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    expires_at: Option<String>,
    /// ping: the monitors that it reaches, such as `db-*` (repeatable) [default: all]
    #[arg(long, value_name = "PATTERN")]
    monitor: Vec<String>,
    /// ping: it makes no monitor that there is not
    #[arg(long)]
    no_create: bool,
    /// The receiver's answer
    #[arg(long)]
    json: bool,
}

impl CreateArguments {
    fn body(&self) -> Result<Value, Failed> {
        let mut members = Map::new();
        members.insert("kind".to_owned(), json!(self.kind));
        if let Some(name) = &self.name {
            members.insert("name".to_owned(), json!(name));
        }
        let span = flags::positive("expires-in", &self.expires_in).map_err(Failed::usage)?;
        if let Some(span) = span {
            members.insert("expires_in".to_owned(), json!(span.as_secs()));
        }
        if let Some(at) = &self.expires_at {
            let (now, zone) = (clock::now(), jiff::tz::TimeZone::system());
            let refused = |why: String| Failed::usage(format!("`--expires-at`: {why}"));
            let at = moments::meant(at, now, &zone).map_err(refused)?;
            members.insert("expires_at".to_owned(), json!(at.to_rfc3339()));
        }
        let mut scope = Map::new();
        if !self.monitor.is_empty() {
            scope.insert("monitors".to_owned(), json!(self.monitor));
        }
        if self.no_create {
            scope.insert("create".to_owned(), json!(false));
        }
        if !scope.is_empty() {
            members.insert("scope".to_owned(), Value::Object(scope));
        }
        Ok(Value::Object(members))
    }
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: KeyArguments = match arguments::read("key", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask_as_admin(&arguments.receiver, async |asking| match arguments.action {
        Action::List { json } => list(asking, json).await,
        Action::Create(wanted) => create(asking, &wanted).await,
        Action::Rotate { which, overlap, json } => rotate(asking, &which, &overlap, json).await,
        Action::Revoke { which, yes } => revoke(asking, &which, yes).await,
    })
}

async fn list(asking: &Asking, json: bool) -> Result<i32, Failed> {
    let listed = keys(asking).await?;
    if json {
        print(&listed.json());
        return Ok(exit::OK);
    }
    let now = clock::now();
    let rows: Vec<Vec<Cell>> = listed.items.iter().map(|one| row(Object(one), now)).collect();
    let heads = ["id", "kind", "name", "begins with", "last used", "ends", "reaches"];
    say::data(&draw(&heads, &rows, canvas()));
    say_more(listed.more, listed.items.len(), "keys");
    Ok(exit::OK)
}

fn row(key: Object<'_>, now: Moment) -> Vec<Cell> {
    let used = key.moment("last_used_at").map(|at| moments::distance(at, now));
    let ends = key.moment("expires_at");
    let colour = ends.filter(|at| *at <= now).map(|_| Colour::Red);
    let ends = ends.map(|at| moments::distance(at, now)).unwrap_or_default();
    vec![
        Cell::from(key.text("id")),
        Cell::from(key.text("kind")),
        Cell::from(key.text("name")),
        Cell::from(key.text("prefix")),
        Cell::from(used.unwrap_or_else(|| "never".to_owned())),
        Cell::coloured(&ends, colour),
        Cell::from(reach(key)),
    ]
}

/// What a ping key reaches, where that is not everything.
fn reach(key: Object<'_>) -> String {
    let Some(scope) = key.object("scope") else { return String::new() };
    let mut words = scope.texts("monitors").join(" ");
    if scope.0.get("create") == Some(&Value::Bool(false)) {
        words.push_str(if words.is_empty() { "what there is" } else { ", what there is" });
    }
    words
}

async fn create(asking: &Asking, wanted: &CreateArguments) -> Result<i32, Failed> {
    let answer = admins(asking, Ask::post(&["keys"], &wanted.body()?)).await?;
    told(&answer, wanted.json)
}

async fn rotate(
    asking: &Asking,
    which: &str,
    overlap: &Option<String>,
    json: bool,
) -> Result<i32, Failed> {
    let overlap = flags::time("overlap", overlap).map_err(Failed::usage)?;
    let id = id_of(asking, which).await?;
    let body = overlap.map_or_else(|| json!({}), |span| json!({ "overlap": span.as_secs() }));
    let answer = admins(asking, Ask::post(&["keys", &id, "rotate"], &body)).await?;
    let code = told(&answer, json)?;
    let ends_at = Object(&answer.value).object("replaces").and_then(|old| old.moment("ends_at"));
    if let Some(at) = ends_at.filter(|_| !json) {
        let when = match at > clock::now() {
            true => format!("goes on until {}", moments::local(at)),
            false => "has ended".to_owned(),
        };
        say::hint(format!("the old key {when}"));
    }
    Ok(code)
}

/// Prints a new key, which nobody will see again.
fn told(answer: &Answer, json: bool) -> Result<i32, Failed> {
    if json {
        print(&answer.bytes);
        return Ok(exit::OK);
    }
    let made = Object(&answer.value);
    let Some(key) = made.word("key") else {
        return Err(Failed::because("the receiver tells no key"));
    };
    say::data(&format!("{}\n", one_line(key)));
    say::hint(format!(
        "this is {} key {}; it is not shown again: keep it where it is used",
        one_line(made.text("kind")),
        one_line(made.text("id"))
    ));
    Ok(exit::OK)
}

async fn revoke(asking: &Asking, which: &[String], yes: bool) -> Result<i32, Failed> {
    let quoted: Vec<String> = which.iter().map(|name| format!("`{name}`")).collect();
    let question = format!("end {}? What uses it is refused from then on.", quoted.join(", "));
    if !yes && !prompt::agreed(&question) {
        return Err(Failed::because("nothing was ended"));
    }
    each(which, async |name| {
        let id = id_of(asking, name).await?;
        let path = ["keys", id.as_str()];
        admins(asking, Ask { method: "DELETE", ..Ask::get(&path) }).await?;
        say::data(&format!("key {} was ended\n", one_line(&id)));
        Ok(())
    })
    .await
}

async fn keys(asking: &Asking) -> Result<pages::Listed, Failed> {
    let listed = pages::list(&asking.api, &["keys"], "keys", &[], MONITORS_MAX).await;
    listed.map_err(as_admin)
}

/// Asks, and says who may where that is somebody else.
async fn admins(asking: &Asking, ask: Ask<'_>) -> Result<Answer, Failed> {
    asking.api.ask(ask).await.map_err(as_admin)
}

fn as_admin(trouble: Trouble) -> Failed {
    match trouble {
        Trouble::Key(why) => Failed::because(why).hint(ADMIN_HINT).code(exit::CONFIG),
        other => Failed::from(other),
    }
}

/// The number of the key that a person means.
async fn id_of(asking: &Asking, which: &str) -> Result<String, Failed> {
    in_a_path(which)?;
    let listed = keys(asking).await?;
    let all: Vec<Object<'_>> = listed.items.iter().map(Object).collect();
    meant(&all, which)
}

/// Its number counts before its first letters, these before its name.
fn meant(keys: &[Object<'_>], which: &str) -> Result<String, Failed> {
    let shown = text::excerpt(which.as_bytes());
    for member in ["id", "prefix", "name"] {
        let bare = |text: &'_ str| text.trim_end_matches('…').to_owned();
        let found: Vec<&str> = keys
            .iter()
            .filter(|key| key.word(member).is_some_and(|word| bare(word) == bare(which)))
            .map(|key| key.text("id"))
            .collect();
        match found.as_slice() {
            [] => {}
            [only] => return Ok((*only).to_owned()),
            several => {
                let why = format!("{} keys are called `{shown}`", several.len());
                let hint = format!("say which by its number: {}", several.join(", "));
                return Err(Failed::because(why).hint(hint));
            }
        }
    }
    let known = keys.iter().flat_map(|key| [key.text("name"), key.text("prefix")]);
    let near = nearest(which, known).map(|near| text::excerpt(near.as_bytes()));
    let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    let hint = "`hb key list` shows them";
    Err(Failed::because(format!("there is no key `{shown}`{near}")).hint(hint))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{meant, reach};
    use crate::client::answer::Object;

    #[test]
    fn a_key_is_meant_by_its_number_its_letters_or_its_name() {
        let keys: [Value; 4] = [
            json!({"id": "1", "name": "ops", "prefix": "hbw_aaaa"}),
            json!({"id": "2", "name": "1", "prefix": "hbr_bbbb…"}),
            json!({"id": "3", "name": "twin", "prefix": "hbp_cccc"}),
            json!({"id": "4", "name": "twin", "prefix": ""}),
        ];
        let keys: Vec<Object<'_>> = keys.iter().map(Object).collect();
        for (which, id) in
            [("1", "1"), ("ops", "1"), ("hbr_bbbb", "2"), ("hbr_bbbb…", "2"), ("hbp_cccc", "3")]
        {
            assert_eq!(meant(&keys, which).expect("it is there"), id, "{which}");
        }
        for (which, part) in [
            ("twin", "2 keys are called `twin`"),
            ("op", "there is no key `op`, did you mean `ops`?"),
            ("", "there is no key ``"),
        ] {
            let why = meant(&keys, which).expect_err("nobody knows which");
            assert!(why.why().starts_with(part), "{which}: {}", why.why());
        }
    }

    #[test]
    fn a_scope_is_told_where_there_is_one() {
        for (scope, words) in [
            (json!(null), ""),
            (json!({"monitors": ["db-*", "www"]}), "db-* www"),
            (json!({"create": false}), "what there is"),
            (json!({"monitors": ["db-*"], "create": false}), "db-*, what there is"),
        ] {
            assert_eq!(reach(Object(&json!({ "scope": scope }))), words);
        }
    }
}
