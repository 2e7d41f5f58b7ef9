//! The laws of the smaller nouns: what is given comes back, in its order, and nothing else does.

use super::{Bed, at};
use crate::store::audit::{self, NewLine};
use crate::store::channels::{self, NewChannel};
use crate::store::incidents::{self, Incident, IncidentCursor};
use crate::store::maintenance::{self, Maintenance};
use crate::store::nodes::{self, BlindTime, Node};
use crate::store::projects::{self, NewKey};
use crate::store::tx::Value;
use crate::store::{Trouble, meta};

/// Text that a careless engine would trip over.
pub(super) const NASTY: &str = "'; drop table monitors; -- \"$1\" ?1 \\ \u{1f980} \u{feff}\n\r\t%_";

pub(super) fn values_come_back_as_they_went(bed: &Bed) {
    let came = bed.read(|tx| {
        let given = [
            Value::Int(i64::MIN),
            Value::Int(i64::MAX),
            Value::from(NASTY),
            Value::from("a\0b"),
            Value::from(""),
            Value::Float(0.1),
            Value::Null,
        ];
        let mut row = tx
            .rows(
                "select cast($1 as bigint), cast($2 as bigint), cast($3 as text), cast($4 as text), \
                 cast($5 as text), cast($6 as double precision), cast($7 as text)",
                &given,
            )?
            .remove(0);
        assert_eq!((row.int()?, row.int()?), (i64::MIN, i64::MAX));
        assert_eq!((row.text()?, row.text()?), (NASTY.to_owned(), "a\u{fffd}b".to_owned()));
        assert_eq!((row.text()?, row.maybe_float()?), (String::new(), Some(0.1)));
        assert_eq!(row.maybe_text()?, None);
        row.maybe_int()
    });
    let nothing = "column 8 is missing, not a number".to_owned();
    assert_eq!(came, Err(Trouble::Ours(nothing)));
    let wrong = bed.read(|tx| tx.rows("select name, value from meta", &[])?.remove(0).int());
    assert_eq!(wrong, Err(Trouble::Ours("column 1 is text, not a number".to_owned())));
    bed.write(|tx| meta::save(tx, "a\0", NASTY)).expect("writing works");
    assert_eq!(bed.read(|tx| meta::find(tx, "a\u{fffd}")), Ok(Some(NASTY.to_owned())));
    assert!(bed.write(|tx| meta::save(tx, "schema", "7")).is_err());
}

pub(super) fn keys_and_projects_come_back(bed: &Bed) {
    let key = |hash: &str, expires_at| NewKey {
        project_id: 1,
        kind: "ping".to_owned(),
        name: NASTY.to_owned(),
        prefix: "abcd".to_owned(),
        hash: hash.to_owned(),
        expires_at,
        scope: expires_at.map(|_| "{}".to_owned()),
    };
    let (one, two) = (key("h1", None), key("h2", Some(at(99))));
    let given = (one.clone(), two.clone());
    bed.write(move |tx| {
        assert_eq!(projects::insert(tx, "u", "default", "Default", at(3))?, 1);
        assert_eq!(projects::insert_key(tx, &given.0, at(4))?, 1);
        assert_eq!(projects::insert_key(tx, &given.1, at(5))?, 2);
        projects::keys_used(tx, &[(2, at(6)), (7, at(7))])
    })
    .expect("writing works");
    let found = bed.read(|tx| projects::key_by_hash(tx, "h2")).expect("reading works");
    let found = found.expect("it is there");
    assert_eq!((found.id, found.about, found.created_at), (2, two, at(5)));
    assert_eq!(found.last_used_at, Some(at(6)));
    assert_eq!(bed.read(|tx| projects::key_by_hash(tx, "h3")), Ok(None));
    let again = bed.write(move |tx| projects::insert_key(tx, &one, at(4)));
    assert!(matches!(again, Err(Trouble::Conflict(_))), "{again:?}");
    let ends = bed.write(|tx| {
        let ends = (projects::delete_key(tx, 2, 1)?, projects::delete_key(tx, 1, 1)?);
        Ok((ends, projects::keys(tx, 1)?.len(), projects::all(tx)?.remove(0)))
    });
    let (ends, left, project) = ends.expect("writing works");
    assert_eq!((ends, left, project.slug.as_str()), ((false, true), 1, "default"));
    let ended = bed.write(|tx| {
        let ended = (projects::end_key(tx, 2, 2, at(50))?, projects::end_key(tx, 1, 2, at(50))?);
        projects::rename(tx, 1, "other", NASTY)?;
        let named = projects::all(tx)?.remove(0);
        let gone = (projects::delete(tx, 1)?, projects::delete(tx, 1)?);
        Ok((ended, named.slug, gone, projects::keys(tx, 1)?.len()))
    });
    assert_eq!(ended, Ok(((false, true), "other".to_owned(), (true, false), 0)));
}

pub(super) fn channels_come_back(bed: &Bed) {
    let mut new = NewChannel {
        uuid: "u".to_owned(),
        project_id: 1,
        name: "mail".to_owned(),
        kind: "email".to_owned(),
        settings: NASTY.to_owned(),
        disabled: None,
    };
    let given = new.clone();
    assert_eq!(bed.write(move |tx| channels::insert(tx, &given, at(3))), Ok(1));
    let mut twin = new.clone();
    twin.uuid = "other".to_owned();
    let twin = bed.write(move |tx| channels::insert(tx, &twin, at(3)));
    assert!(matches!(twin, Err(Trouble::Conflict(_))), "{twin:?}");
    new.disabled = Some("refused".to_owned());
    let given = new.clone();
    bed.write(move |tx| {
        channels::worked(tx, 1, Some("not for everybody"), at(4))?;
        channels::failed(tx, 1, "no", at(5))?;
        channels::update(tx, 1, &given).map(drop)
    })
    .expect("writing works");
    let found = bed.read(|tx| channels::by_id(tx, 1)).expect("reading works").expect("it is there");
    assert_eq!((&found.about, found.created_at), (&new, at(3)));
    assert_eq!((found.last_ok_at, found.last_error_at), (Some(at(4)), Some(at(5))));
    assert_eq!(found.last_note.as_deref(), Some("not for everybody"));
    assert_eq!(bed.read(|tx| channels::of_project(tx, 1)), Ok(vec![found]));
    bed.write(|tx| channels::worked(tx, 1, None, at(6))).expect("writing works");
    let found = bed.read(|tx| channels::by_id(tx, 1)).expect("reading works").expect("it is there");
    assert_eq!((found.last_ok_at, found.last_note), (Some(at(6)), None));
    assert_eq!(bed.write(|tx| channels::delete(tx, 2, 1)), Ok(false));
    assert_eq!(bed.write(|tx| channels::delete(tx, 1, 1)), Ok(true));
    assert_eq!(bed.read(|tx| channels::by_id(tx, 1)), Ok(None));
}

pub(super) fn small_nouns_come_back(bed: &Bed) {
    assert_eq!(bed.read(nodes::newest_mark), Ok(None));
    let node =
        |id: &str, seen_at| Node { id: id.to_owned(), started_at: at(1), seen_at: at(seen_at) };
    let blind =
        |from, until| BlindTime { from: at(from), until: at(until), reason: "off".to_owned() };
    let plan = Maintenance {
        project_id: 1,
        scope: "{}".to_owned(),
        from_at: Some(at(1)),
        until_at: None,
        schedule: Some("0 3 * * *".to_owned()),
        duration_ms: Some(60_000),
        reason: NASTY.to_owned(),
    };
    let given = plan.clone();
    let seen = bed.write(move |tx| {
        for (id, seen_at) in [("a", 10), ("b", 20), ("a", 15)] {
            nodes::mark(tx, &node(id, seen_at))?;
        }
        for (from, until) in [(30, 40), (10, 20), (20, 30)] {
            nodes::insert_blind(tx, &blind(from, until))?;
        }
        assert_eq!(nodes::newest_mark(tx)?, Some(at(20)));
        assert_eq!(nodes::all(tx)?, [node("b", 20), node("a", 15)]);
        assert_eq!(nodes::heal(tx, at(20), at(16))?, 0);
        assert_eq!(nodes::heal(tx, at(19), at(16))?, 1);
        assert_eq!(nodes::all(tx)?, [node("b", 16), node("a", 15)]);
        nodes::delete(tx, "b")?;
        assert_eq!(nodes::newest_mark(tx)?, Some(at(15)));
        assert_eq!(nodes::blind_since(tx, at(20))?, [blind(20, 30), blind(30, 40)]);
        assert_eq!(nodes::drop_blind(tx, at(30))?, 1);
        assert_eq!(nodes::blind_since(tx, at(0))?.len(), 2);
        let id = maintenance::insert(tx, &given)?;
        let all = maintenance::all(tx)?;
        Ok((all, maintenance::delete(tx, 2, id)?, maintenance::delete(tx, 1, id)?))
    });
    assert_eq!(seen, Ok((vec![(1, plan)], false, true)));
}

pub(super) fn lines_of_one_kind_are_found(bed: &Bed) {
    let line = |project_id, at_ms, action: &str, object: &str| NewLine {
        project_id,
        at: at(at_ms),
        actor: "key hbw_ab…".to_owned(),
        action: action.to_owned(),
        object: object.to_owned(),
        detail: Some(NASTY.to_owned()),
    };
    let given = [
        line(1, 5, "key.rotate", "too early"),
        line(1, 10, "key.rotate", "first"),
        line(2, 20, "key.rotate", "another project's"),
        line(1, 20, "key.create", "another kind"),
        line(1, 30, "key.rotate", "second"),
    ];
    let expected = [given[4].clone(), given[1].clone()];
    bed.write(move |tx| given.iter().try_for_each(|one| audit::insert(tx, one))).expect("written");
    let found = bed.read(|tx| audit::of_action(tx, 1, "key.rotate", at(10))).expect("read");
    assert_eq!(found.into_iter().map(|found| found.line).collect::<Vec<_>>(), expected);
}

pub(super) fn incident(id: &str, opened_at: i64) -> Incident {
    Incident {
        id: id.to_owned(),
        project_id: 1,
        monitor_id: 2,
        severity: "critical".to_owned(),
        reason: NASTY.to_owned(),
        opened_at: at(opened_at),
        closed_at: None,
        acknowledged_at: Some(at(5)),
        acknowledged_by: Some("me".to_owned()),
        snoozed_until: Some(at(6)),
        told_at: Some(at(7)),
        remind_at: None,
        data: "{}".to_owned(),
    }
}

pub(super) fn incidents_come_back_in_pages(bed: &Bed) {
    let one = |id: &str, opened_at, closed_at: Option<i64>| Incident {
        closed_at: closed_at.map(at),
        remind_at: closed_at.is_none().then_some(at(100 - opened_at)),
        ..incident(id, opened_at)
    };
    let all = [one("d", 9, None), one("b", 9, Some(12)), one("c", 4, None), one("a", 9, None)];
    let given = all.clone();
    bed.write(move |tx| given.iter().try_for_each(|one| incidents::insert(tx, one)))
        .expect("writing works");
    let page = |is_open: bool, before: Option<IncidentCursor>, limit| {
        bed.read(move |tx| {
            let (rows, next) = incidents::page(tx, 1, is_open, before.as_ref(), limit)?;
            Ok((rows.into_iter().map(|one| one.id).collect::<String>(), next))
        })
        .expect("reading works")
    };
    assert_eq!(page(false, None, 9), ("dbac".to_owned(), None));
    let (first, next) = page(false, None, 2);
    assert_eq!(first, "db");
    let (second, next) = page(false, next, 2);
    assert_eq!((second.as_str(), next), ("ac", None));
    assert_eq!(page(true, None, 9), ("dac".to_owned(), None));
    let mut ends = all[0].clone();
    (ends.closed_at, ends.remind_at) = (Some(at(20)), None);
    let expected = vec![ends.clone(), all[2].clone()];
    let seen = bed.write(move |tx| {
        assert!(incidents::update(tx, &ends)?);
        assert!(!incidents::update(tx, &one("nobody", 1, None))?);
        assert_eq!(incidents::next_reminder(tx)?, Some(at(91)));
        assert_eq!(incidents::to_remind(tx, at(91), 9)?.len(), 1);
        assert_eq!(incidents::of_monitor(tx, 2, 3)?.len(), 3);
        assert_eq!(incidents::open_counts(tx)?, [(1, "critical".to_owned(), 2)]);
        incidents::by_id(tx, &["d", "x", "c"].map(str::to_owned))
    });
    assert_eq!(seen, Ok(expected));
    let twin = all[0].clone();
    let twin = bed.write(move |tx| incidents::insert(tx, &twin));
    assert!(matches!(twin, Err(Trouble::Conflict(_))), "{twin:?}");
}
