//! The laws of monitors: what is given comes back, names lead to them, and nobody's change is lost.

use super::nouns::NASTY;
use super::{Bed, at, new_monitor};
use crate::store::aliases::{self, Alias};
use crate::store::monitors::{self, About, Filter, Live, Monitor, Named, NewMonitor};
use crate::store::{Trouble, Tx, due, followers};

fn full_live() -> Live {
    Live {
        state: format!("{{\"of\": {NASTY:?}}}"),
        status: "late".to_owned(),
        wake_at: Some(at(10)),
        due_at: Some(at(11)),
        deadline_at: Some(at(12)),
        last_success_at: Some(at(-13)),
        last_event_at: Some(at(i64::MAX)),
        started_at: Some(at(i64::MIN)),
        event_count: 1 << 40,
        incident_id: Some("i".to_owned()),
    }
}

fn full_about() -> About {
    About {
        slug: "slug".to_owned(),
        name: NASTY.to_owned(),
        description: "d".to_owned(),
        owner: "o".to_owned(),
        tags: vec!["one".to_owned(), NASTY.to_owned(), "[x]".to_owned()],
        rules: "{\"r\":1}".to_owned(),
        filters: "{\"f\":1}".to_owned(),
        channels: "[1]".to_owned(),
        priority: "high".to_owned(),
        source: "api".to_owned(),
    }
}

fn look(tx: &mut dyn Tx, id: i64) -> Result<Monitor, Trouble> {
    Ok(monitors::look(tx, &[Named::Id(id)])?.remove(0).monitor)
}

pub(super) fn a_monitor_comes_back_as_it_went(bed: &Bed) {
    let new =
        NewMonitor { project_id: 4, uuid: "u".to_owned(), about: full_about(), live: full_live() };
    let mut expected = Monitor {
        id: 1,
        project_id: 4,
        uuid: "u".to_owned(),
        about: full_about(),
        created_at: at(5),
        updated_at: at(5),
        version: 1,
        live: full_live(),
        damage: None,
    };
    let given = new.clone();
    assert_eq!(bed.write(move |tx| monitors::insert(tx, &given, at(5))), Ok(1));
    assert_eq!(bed.read(|tx| look(tx, 1)), Ok(expected.clone()));
    let again = bed.write(move |tx| monitors::insert(tx, &new, at(5)));
    assert!(matches!(again, Err(Trouble::Conflict(_))), "{again:?}");
    expected.about = About { slug: "other".to_owned(), tags: Vec::new(), ..About::default() };
    (expected.version, expected.updated_at) = (2, at(9));
    let about = expected.about.clone();
    bed.write(move |tx| monitors::update_about(tx, (1, 1), &about, at(9))).expect("it is changed");
    expected.live = Live { status: "new".to_owned(), ..Live::default() };
    expected.version = 3;
    let live = expected.live.clone();
    bed.write(move |tx| monitors::save(tx, &[(1, 2, &live)], at(0))).expect("it is saved");
    assert_eq!(bed.read(|tx| look(tx, 1)), Ok(expected));
    let tagged = |tags: &'static [&'static str]| {
        bed.read(move |tx| {
            let mut about = full_about();
            about.tags = vec!["100%".to_owned(), "b\"q".to_owned()];
            let filter =
                Filter { slug: None, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() };
            Ok(monitors::page(tx, 4, &filter, None, 10)?.rows.len())
        })
    };
    let mut about = full_about();
    about.tags = vec!["100%".to_owned(), "b\"q".to_owned(), "[x".to_owned()];
    bed.write(move |tx| monitors::update_about(tx, (1, 3), &about, at(9))).expect("it is changed");
    const TAGS: [(&[&str], usize); 7] = [
        (&["100%"], 1),
        (&["100%", "b\"q"], 1),
        (&["b\"q", "no"], 0),
        (&["[x"], 1),
        (&["100"], 0),
        (&["100_"], 0),
        (&["q"], 0),
    ];
    for (tags, count) in TAGS {
        assert_eq!(tagged(tags), Ok(count), "{tags:?}");
    }
}

pub(super) fn names_lead_to_monitors_in_their_order(bed: &Bed) {
    let ids = bed.monitors(4);
    let found = bed.write(move |tx| {
        let mut twin = new_monitor(1, 9);
        twin.about.slug = "m2".to_owned();
        let twin = monitors::insert(tx, &twin, at(1))?;
        for (dialect, key, id) in
            [("cronitor", "k", ids[0]), ("ohdear", "k", ids[2]), ("cronitor", NASTY, ids[3])]
        {
            let alias = Alias { dialect: dialect.to_owned(), key: key.to_owned() };
            aliases::insert(tx, id, &alias)?;
        }
        let alias = |dialect: &str, key: &str| Named::Alias(dialect.to_owned(), key.to_owned());
        let names = [
            Named::Uuid("uuid-3".to_owned()),
            Named::Uuid("nobody".to_owned()),
            Named::Slug(1, "m2".to_owned()),
            Named::Slug(2, "m2".to_owned()),
            alias("cronitor", "k"),
            alias("cronitor", "K"),
            alias("ohdear", NASTY),
            alias("cronitor", NASTY),
            Named::Key("k".to_owned()),
            Named::Id(ids[0]),
            Named::Id(77),
            Named::Uuid("uuid-3".to_owned()),
        ];
        let short = |found: Vec<monitors::Found>| {
            found
                .into_iter()
                .map(|one| (one.which, one.monitor.id, one.dialect))
                .collect::<Vec<_>>()
        };
        let (loaded, looked) = (monitors::load(tx, &names)?, monitors::look(tx, &names)?);
        assert_eq!(loaded, looked);
        assert_eq!(monitors::load(tx, &[])?, Vec::new());
        let some = |dialect: &str| Some(dialect.to_owned());
        let expected = vec![
            (0, ids[2], None),
            (2, ids[1], None),
            (2, twin, None),
            (4, ids[0], some("cronitor")),
            (7, ids[3], some("cronitor")),
            (8, ids[0], some("cronitor")),
            (8, ids[2], some("ohdear")),
            (9, ids[0], None),
            (11, ids[2], None),
        ];
        assert_eq!(short(loaded), expected);
        Ok(ids.clone())
    });
    let ids = found.expect("it holds");
    let alias = Alias { dialect: "cronitor".to_owned(), key: "k".to_owned() };
    let taken = bed.write({
        let (alias, id) = (alias.clone(), ids[1]);
        move |tx| aliases::insert(tx, id, &alias)
    });
    assert!(matches!(taken, Err(Trouble::Conflict(_))), "{taken:?}");
    let moved = bed.write(move |tx| {
        aliases::replace(tx, ids[0], &[])?;
        aliases::replace(tx, ids[1], std::slice::from_ref(&alias))?;
        Ok((aliases::of_monitor(tx, ids[0])?.len(), aliases::of_monitor(tx, ids[1])?))
    });
    let alias = Alias { dialect: "cronitor".to_owned(), key: "k".to_owned() };
    assert_eq!(moved, Ok((0, vec![alias])));
}

pub(super) fn a_save_of_an_old_version_is_refused(bed: &Bed) {
    let ids = bed.monitors(2);
    let (one, two) = (ids[0], ids[1]);
    let save = |saves: &'static [(usize, i64)]| {
        bed.write(move |tx| {
            let live = Live { status: "up".to_owned(), ..Live::default() };
            let saves: Vec<_> = saves
                .iter()
                .map(|(which, version)| ([one, two][*which], *version, &live))
                .collect();
            monitors::save(tx, &saves, at(0))
        })
    };
    assert_eq!(save(&[(0, 1)]), Ok(()));
    const STALE: [&[(usize, i64)]; 3] = [&[(0, 1)], &[(1, 1), (0, 1)], &[(1, 1), (1, 1)]];
    for stale in STALE {
        assert_eq!(save(stale), Err(Trouble::Overtaken), "{stale:?}");
    }
    assert_eq!(bed.read(move |tx| Ok(look(tx, two)?.version)), Ok(1));
    assert_eq!(save(&[(1, 1), (0, 2)]), Ok(()));
    let old = bed.write(move |tx| monitors::update_about(tx, (one, 2), &full_about(), at(2)));
    assert_eq!(old, Err(Trouble::Overtaken));
    assert_eq!(bed.read(monitors::counts), Ok(vec![(1, "up".to_owned(), 2)]));
}

pub(super) fn what_is_due_comes_in_its_order(bed: &Bed) {
    let ids = bed.monitors(5);
    assert_eq!(bed.read(due::next_wake), Ok(None));
    let due = bed.write(move |tx| {
        let wake = |ms: Option<i64>| Live { wake_at: ms.map(at), ..Live::default() };
        let lives = [wake(Some(30)), wake(None), wake(Some(10)), wake(Some(40)), wake(Some(10))];
        let saves: Vec<_> = ids.iter().zip(&lives).map(|(id, live)| (*id, 1, live)).collect();
        monitors::save(tx, &saves, at(0))?;
        assert_eq!(due::next_wake(tx)?, Some(at(10)));
        let mut found = Vec::new();
        for (now, limit) in [(9, 9), (10, 9), (39, 9), (40, 2), (99, 9)] {
            let due = due::due(tx, at(now), limit)?;
            found.push(due.iter().map(|one| one.id - ids[0]).collect::<Vec<_>>());
        }
        Ok(found)
    });
    assert_eq!(due, Ok(vec![vec![], vec![2, 4], vec![2, 4, 0], vec![2, 4], vec![2, 4, 0, 3]]));
}

pub(super) fn who_wakes_a_little_early_stays_where_it_is(bed: &Bed) {
    let id = bed.monitors(1)[0];
    let woken = bed.write(move |tx| {
        let mut woken = Vec::new();
        let steps = [
            (0, Some(1000)),
            (50, Some(1100)),
            (50, Some(1200)),
            (50, Some(600)),
            (600, Some(601)),
            (600, None),
            (600, Some(i64::MAX)),
            (600, Some(i64::MAX - 1)),
            (600, Some(i64::MAX)),
            (600, Some(i64::MIN)),
            (600, Some(i64::MAX)),
        ];
        for (version, (now, wake_at)) in (1..).zip(steps) {
            let live = Live { wake_at: wake_at.map(at), ..Live::default() };
            monitors::save(tx, &[(id, version, &live)], at(now))?;
            woken.push(look(tx, id)?.live.wake_at.map(|at| at.epoch_ms()));
        }
        Ok(woken)
    });
    let late = [Some(i64::MAX), Some(i64::MAX - 1), Some(i64::MAX - 1), Some(i64::MIN)];
    let early = [Some(1000), Some(1000), Some(1200), Some(600), Some(601), None];
    assert_eq!(woken, Ok([&early[..], &late[..], &[Some(i64::MAX)]].concat()));
}

pub(super) fn who_follows_a_host_is_found_by_it(bed: &Bed) {
    let ids = bed.monitors(3);
    let followers = |hosts: &'static [(i64, &str)]| {
        let hosts: Vec<(i64, String)> =
            hosts.iter().map(|(project_id, host)| (*project_id, (*host).to_owned())).collect();
        bed.read(move |tx| Ok((followers::is_any(tx)?, followers::of_hosts(tx, &hosts)?)))
            .expect("reading works")
    };
    let follow = |id: i64, host: Option<&'static str>| {
        bed.write(move |tx| {
            let found = monitors::load(tx, &[Named::Id(id)])?.remove(0);
            followers::follow(tx, &found.monitor, host)
        })
        .expect("writing works");
    };
    assert_eq!(followers(&[]), (false, vec![]));
    follow(ids[0], Some("laptop"));
    follow(ids[1], Some("laptop"));
    follow(ids[2], Some("desk"));
    let hosts = &[(1, "desk"), (2, "laptop"), (1, NASTY), (1, "laptop")];
    let all = vec![(0, ids[2]), (3, ids[0]), (3, ids[1])];
    assert_eq!(followers(hosts), (true, all));
    follow(ids[0], Some(NASTY));
    follow(ids[1], None);
    assert_eq!(followers(hosts), (true, vec![(0, ids[2]), (2, ids[0])]));
    let (one, two) = (ids[0], ids[2]);
    bed.write(move |tx| Ok((monitors::delete(tx, one, at(2))?, monitors::delete(tx, two, at(2))?)))
        .expect("writing works");
    assert_eq!(followers(hosts), (false, vec![]));
}
