//! Brings the tables up to date: one step after the other, each in a transaction of its own.
//!
//! The number of the last step stands in the table `meta` and is changed in the step's transaction,
//! so hb can be killed anywhere and goes on where it was. Nodes that start together take turns. A
//! step that was released is never edited. Before a file of an older hb is changed, it is copied
//! beside itself, because an older hb refuses what a newer one wrote.
//!
//! The hard part is an older node that runs while a newer one takes these steps. Steps only add, so it
//! may go on until it is upgraded; [`OLDEST_BESIDE`] says down to which schema that is so. A step that
//! an older node must not write beside raises that number, and renames what it would write, so that its
//! statements fail until it looks at [`standing`] and stops.

use super::Place;
use super::engine::{Engine, Make};
use super::sqlite::Sqlite;
use super::tx::{Trouble, Tx, Value};

/// One step: what is run to come from the schema before it to this one.
///
/// `{id}` is a number that counts by itself, `{bytes}` the type for bytes and `{float}` that for
/// fractions; the rest is what both engines understand.
pub(super) type Migration = &'static str;

/// All steps, the oldest first; the schema's number is how many of them were done.
pub(super) const STEPS: &[Migration] = &[
    include_str!("schema/0001_first.sql"),
    include_str!("schema/0002_keys_and_audit.sql"),
    include_str!("schema/0003_channel_notes.sql"),
    include_str!("schema/0004_repeats.sql"),
    include_str!("schema/0005_folds.sql"),
    include_str!("schema/0006_months.sql"),
    include_str!("schema/0007_followers.sql"),
];

/// The schema that this hb writes.
pub(super) fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The oldest schema whose hb may go on beside these tables.
const OLDEST_BESIDE: i64 = 3;

/// The schema of a store.
pub(super) const FIND_SCHEMA: &str = "select value from meta where name = 'schema'";

const SAVE_SCHEMA: &str = "insert into meta (name, value) values ('schema', $1) \
    on conflict (name) do update set value = excluded.value";

const FIND_OLDEST: &str = "select value from meta where name = 'oldest-beside'";

const SAVE_OLDEST: &str = "insert into meta (name, value) values ('oldest-beside', $1) \
    on conflict (name) do update set value = excluded.value";

/// How an hb that runs stands to the tables, which a newer one may have changed since it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They are as it knows them.
    Same,
    /// They are newer, and it may go on with them.
    Beside {
        /// The schema that was found.
        found: i64,
    },
    /// They are newer, and it must not touch them.
    Outdated {
        /// The schema that was found.
        found: i64,
        /// The newest one that this hb knows.
        known: i64,
    },
}

/// How this hb stands to the tables right now.
pub(crate) fn standing(tx: &mut dyn Tx) -> Result<Standing, Trouble> {
    let mut number = |sql| -> Result<i64, Trouble> {
        let Some(mut row) = tx.rows(sql, &[])?.into_iter().next() else { return Ok(0) };
        Ok(row.text()?.parse().unwrap_or(0))
    };
    let (found, oldest) = (number(FIND_SCHEMA)?, number(FIND_OLDEST)?);
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    Ok(match found {
        _ if oldest > known => Standing::Outdated { found, known },
        _ if found > known => Standing::Beside { found },
        _ => Standing::Same,
    })
}

/// Does the steps that are missing.
pub(super) fn migrate(
    engine: &mut dyn Engine,
    place: &Place,
    steps: &[Migration],
) -> Result<(), Trouble> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let mut is_copied = false;
    loop {
        engine.begin_alone()?;
        let done = match look(engine) {
            Ok(found) if found > known => Err(Trouble::Newer { found, known }),
            Ok(found) if found == known => engine.commit().map(|()| true),
            Ok(found) if found > 0 && !is_copied => {
                engine.roll_back();
                copy(place, found)?;
                is_copied = true;
                continue;
            }
            Ok(found) => {
                // Of what was empty just now there is nothing to keep a copy of.
                is_copied |= found == 0;
                step(engine, steps, found).map(|()| false)
            }
            Err(trouble) => Err(trouble),
        };
        match done {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(trouble) => {
                engine.roll_back();
                return Err(trouble);
            }
        }
    }
}

/// The schema that is there; 0 in an empty store.
fn look(engine: &mut dyn Engine) -> Result<i64, Trouble> {
    engine
        .script("create table if not exists meta (name text primary key, value text not null)")?;
    let mut rows = engine.rows(FIND_SCHEMA, &[])?;
    let Some(row) = rows.first_mut() else { return Ok(0) };
    let text = row.text()?;
    text.parse().map_err(|_| Trouble::Fatal(format!("`{text}` is no number of a schema")))
}

fn step(engine: &mut dyn Engine, steps: &[Migration], found: i64) -> Result<(), Trouble> {
    let place = usize::try_from(found).unwrap_or(usize::MAX);
    let Some(text) = steps.get(place) else {
        return Err(Trouble::Ours(format!("there is no step after schema {found}")));
    };
    let (id, bytes, float) = match engine.make() {
        // Without `autoincrement` the number of a deleted row would be given again.
        Make::Sqlite => ("integer primary key autoincrement", "blob", "real"),
        Make::Postgres => {
            ("bigint generated by default as identity primary key", "bytea", "double precision")
        }
    };
    let text = text.replace("{id}", id).replace("{bytes}", bytes).replace("{float}", float);
    engine.script(&text)?;
    crate::sys::fault::point(&format!("store-migration-{}", found + 1));
    engine.run(SAVE_SCHEMA, &[Value::Text((found + 1).to_string())])?;
    engine.run(SAVE_OLDEST, &[Value::Text(OLDEST_BESIDE.to_string())])?;
    engine.commit()
}

/// Copies a file before it is changed; a server's owner has copies of the server.
fn copy(place: &Place, found: i64) -> Result<(), Trouble> {
    match place {
        Place::Sqlite(directory) => {
            Sqlite::backup(directory, &directory.join(format!("hb.schema-{found}.sqlite")))
        }
        Place::Postgres(_) => Ok(()),
    }
}
