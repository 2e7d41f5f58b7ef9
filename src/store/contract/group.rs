//! The laws of writing together, of reading beside it, and of opening and closing.

use std::sync::{LazyLock, mpsc};

use tokio::task::JoinHandle;

use super::{Bed, at};
use crate::store::batch::WAITING_MAX;
use crate::store::tx::Value;
use crate::store::{Store, Trouble, Tx, meta, migrate, projects};

type Answer = JoinHandle<Result<(), Trouble>>;

type Op = Box<dyn FnMut(&mut dyn Tx) -> Result<(), Trouble> + Send>;

/// Puts ops into one group: the writer is kept busy until all of them wait.
fn together(bed: &Bed, ops: Vec<Op>) -> Vec<Result<(), Trouble>> {
    let (_release, answers) = bed.runtime.block_on(async {
        let release = hold_writer(&bed.store).await;
        let mut answers: Vec<Answer> = Vec::new();
        for op in ops {
            answers.push(enqueue(&bed.store, op).await);
        }
        let _ = release.send(());
        (release, answers)
    });
    let ends = answers.into_iter().map(|answer| bed.runtime.block_on(answer).expect("an answer"));
    ends.collect()
}

/// Keeps the writer in an op until something is sent.
async fn hold_writer(store: &Store) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel::<()>();
    let op = move |_: &mut dyn Tx| {
        let _ = began.send(());
        let _ = released.recv();
        Ok(())
    };
    drop(enqueue(store, op).await);
    begun.recv().expect("the writer begins");
    release
}

/// Puts an op into the queue; when this returns it waits there.
async fn enqueue<F>(store: &Store, op: F) -> Answer
where
    F: FnMut(&mut dyn Tx) -> Result<(), Trouble> + Send + 'static,
{
    let store = store.clone();
    let answer = tokio::spawn(async move { store.write(op).await });
    tokio::task::yield_now().await;
    answer
}

fn save(name: &'static str) -> Op {
    Box::new(move |tx| meta::save(tx, name, "yes"))
}

fn saved(bed: &Bed, names: &'static [&'static str]) -> Vec<bool> {
    bed.read(move |tx| names.iter().map(|name| Ok(meta::find(tx, name)?.is_some())).collect())
        .expect("reading works")
}

pub(super) fn an_op_that_fails_is_taken_back_alone(bed: &Bed) {
    let ends = together(
        bed,
        vec![
            save("a"),
            Box::new(|tx| {
                meta::save(tx, "b", "yes")?;
                Err(Trouble::Ours("on purpose".to_owned()))
            }),
            save("c"),
            Box::new(|tx| {
                meta::save(tx, "d", "yes")?;
                projects::insert(tx, "u", "s", "n", at(1))?;
                projects::insert(tx, "u", "other", "n", at(1)).map(drop)
            }),
            save("e"),
        ],
    );
    assert_eq!(ends[0], Ok(()));
    assert_eq!(ends[1], Err(Trouble::Ours("on purpose".to_owned())));
    assert_eq!(ends[2], Ok(()));
    assert!(matches!(ends[3], Err(Trouble::Conflict(_))), "{ends:?}");
    assert_eq!(ends[4], Ok(()));
    assert_eq!(saved(bed, &["a", "b", "c", "d", "e"]), [true, false, true, false, true]);
    assert_eq!(bed.read(projects::all), Ok(Vec::new()));
    // The same alone: without a group there is no savepoint to go back to.
    let alone = bed.write(|tx| {
        meta::save(tx, "f", "yes")?;
        Err::<(), _>(Trouble::Ours("on purpose".to_owned()))
    });
    assert_eq!(alone, Err(Trouble::Ours("on purpose".to_owned())));
    assert_eq!(saved(bed, &["f"]), [false]);
    assert_eq!(bed.write(|tx| meta::save(tx, "g", "yes")), Ok(()));
}

pub(super) fn a_failed_statement_ends_its_op(bed: &Bed) {
    let op = |tx: &mut dyn Tx| {
        projects::insert(tx, "u", "s", "n", at(1))?;
        // An op that looks away gains nothing.
        let _ = projects::insert(tx, "u", "s", "n", at(1));
        let again = meta::save(tx, "a", "yes");
        assert!(matches!(again, Err(Trouble::Conflict(_))), "{again:?}");
        Ok(())
    };
    assert!(matches!(bed.write(op), Err(Trouble::Conflict(_))));
    let ends = together(bed, vec![Box::new(op), save("b")]);
    assert!(matches!(ends[0], Err(Trouble::Conflict(_))), "{ends:?}");
    assert_eq!(ends[1], Ok(()));
    assert_eq!(saved(bed, &["a", "b"]), [false, true]);
    let wrong = bed.write(|tx| tx.rows("select nothing from nowhere", &[]).map(drop));
    assert!(matches!(wrong, Err(Trouble::Ours(_))), "{wrong:?}");
    let wrong = bed.write(|tx| tx.run("delete from meta where name = $1", &[]).map(drop));
    assert!(matches!(wrong, Err(Trouble::Ours(_))), "{wrong:?}");
    assert_eq!(bed.write(|tx| meta::save(tx, "a", "yes")), Ok(()));
}

pub(super) fn a_panic_is_of_that_op_alone(bed: &Bed) {
    let panics = |tx: &mut dyn Tx| -> Result<(), Trouble> {
        meta::save(tx, "b", "yes")?;
        std::panic::resume_unwind(Box::new("on purpose"));
    };
    let ends = together(bed, vec![save("a"), Box::new(panics), save("c")]);
    assert_eq!((&ends[0], &ends[2]), (&Ok(()), &Ok(())));
    assert!(matches!(ends[1], Err(Trouble::Ours(_))), "{ends:?}");
    assert!(matches!(bed.write(panics), Err(Trouble::Ours(_))));
    assert!(bed.read(panics).is_err());
    assert_eq!(saved(bed, &["a", "b", "c"]), [true, false, true]);
}

pub(super) fn a_read_changes_nothing(bed: &Bed) {
    for _ in 0..2 * crate::store::READERS {
        assert!(bed.read(|tx| meta::save(tx, "a", "yes")).is_err());
        assert_eq!(saved(bed, &["a"]), [false]);
    }
}

pub(super) fn a_read_does_not_wait_for_the_writer(bed: &Bed) {
    bed.write(|tx| meta::save(tx, "a", "yes")).expect("writing works");
    let release = bed.runtime.block_on(hold_writer(&bed.store));
    assert_eq!(saved(bed, &["a"]), [true]);
    release.send(()).expect("the writer waits");
    // A picture does not change while it is looked at.
    let (store, runtime) = (bed.again(), super::runtime());
    let seen = bed.read(move |tx| {
        let before = meta::find(tx, "b")?;
        runtime.block_on(store.write(|tx| meta::save(tx, "b", "yes")))?;
        runtime.block_on(store.close());
        Ok((before, meta::find(tx, "b")?))
    });
    assert_eq!(seen, Ok((None, None)));
    assert_eq!(saved(bed, &["b"]), [true]);
}

pub(super) fn a_full_queue_refuses_at_once(bed: &Bed) {
    let answers = bed.runtime.block_on(async {
        let release = hold_writer(&bed.store).await;
        let mut answers = Vec::new();
        for _ in 0..WAITING_MAX {
            answers.push(enqueue(&bed.store, save("a")).await);
        }
        let refused = bed.store.write(|tx| meta::save(tx, "b", "yes")).await;
        assert!(matches!(refused, Err(Trouble::Unavailable(_))), "{refused:?}");
        release.send(()).expect("the writer waits");
        answers
    });
    for answer in answers {
        assert_eq!(bed.runtime.block_on(answer).expect("an answer"), Ok(()));
    }
    assert_eq!(saved(bed, &["a", "b"]), [true, false]);
}

pub(super) fn one_writer_does_not_wait_for_another(bed: &Bed) {
    let writers = bed.store.writers();
    assert_eq!(writers, if bed.store.is_shared() { 2 } else { 1 }, "a file has one");
    let release = bed.runtime.block_on(hold_writer(&bed.store));
    for writer in 1..writers {
        let written = bed.store.write_by(writer, save("a"));
        assert_eq!(bed.runtime.block_on(written), Ok(()));
    }
    assert_eq!(saved(bed, &["a"]), [writers > 1]);
    release.send(()).expect("the writer waits");
}

pub(super) fn what_another_writer_was_given_can_be_waited_for(bed: &Bed) {
    let last = bed.store.writers() - 1;
    let (release, released) = mpsc::channel::<()>();
    bed.runtime.block_on(async {
        let store = bed.store.clone();
        let given = tokio::spawn(async move {
            let op = move |tx: &mut dyn Tx| {
                let _ = released.recv();
                meta::save(tx, "a", "yes")
            };
            store.write_by(last, op).await
        });
        tokio::task::yield_now().await;
        let store = bed.store.clone();
        let caught_up = tokio::spawn(async move { store.catch_up().await });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(caught_up.is_finished(), last == 0, "a file has no other writer");
        release.send(()).expect("the writer waits");
        assert_eq!(caught_up.await.expect("an answer"), Ok(()));
        assert_eq!(given.await.expect("an answer"), Ok(()));
    });
    assert_eq!(saved(bed, &["a"]), [true]);
}

pub(super) fn closing_does_what_waits(bed: &Bed) {
    bed.runtime.block_on(async {
        let store = bed.again();
        let release = hold_writer(&store).await;
        let waits = enqueue(&store, save("a")).await;
        let closing = tokio::spawn({
            let store = store.clone();
            async move { store.close().await }
        });
        tokio::task::yield_now().await;
        release.send(()).expect("the writer waits");
        assert_eq!(waits.await.expect("an answer"), Ok(()));
        closing.await.expect("closing ends");
        let late = store.write(|tx| meta::save(tx, "b", "yes")).await;
        assert!(matches!(late, Err(Trouble::Unavailable(_))), "{late:?}");
        let late = store.read(|tx| meta::find(tx, "b")).await;
        assert!(matches!(late, Err(Trouble::Unavailable(_))), "{late:?}");
    });
    assert_eq!(saved(bed, &["a", "b"]), [true, false]);
}

pub(super) fn a_second_opening_finds_everything(bed: &Bed) {
    bed.monitors(3);
    let store = bed.again();
    let found = bed.runtime.block_on(store.read(projects::all)).expect("reading works");
    assert_eq!(found.len(), 1);
    let known = i64::try_from(migrate::STEPS.len()).expect("few steps");
    assert_eq!(bed.read(|tx| meta::find(tx, "schema")), Ok(Some(known.to_string())));
    bed.runtime.block_on(store.close());
}

pub(super) fn a_newer_schema_is_refused(bed: &Bed) {
    const NEWER: &str = "update meta set value = '99' where name = 'schema'";
    bed.write(|tx| tx.run(NEWER, &[])).expect("writing works");
    let known = i64::try_from(migrate::STEPS.len()).expect("few steps");
    let refused = Store::open(&bed.place).map(drop);
    assert_eq!(refused, Err(Trouble::Newer { found: 99, known }));
    assert_eq!(bed.read(|tx| meta::find(tx, "schema")), Ok(Some("99".to_owned())));
}

/// The steps of a hb to come: the second one fails in its middle, and a later hb has mended it.
static BROKEN: LazyLock<Vec<migrate::Migration>> = LazyLock::new(|| {
    [migrate::STEPS, &[FINE, "create table two (n bigint); insert into nowhere (n) values (2)"]]
        .concat()
});
static MENDED: LazyLock<Vec<migrate::Migration>> =
    LazyLock::new(|| [migrate::STEPS, &MENDED_ONES].concat());
const FINE: migrate::Migration = "create table one (n bigint); insert into one (n) values (1)";
const MENDED_ONES: [migrate::Migration; 3] = [
    FINE,
    "create table two (n bigint); insert into two (n) values (2)",
    "create table three (n {float}, b {bytes}, id {id}); insert into three (n) values (3)",
];

pub(super) fn a_step_that_fails_is_not_half_done(bed: &Bed) {
    bed.monitors(1);
    let known = migrate::STEPS.len();
    for _ in 0..2 {
        let failed = Store::open_with(&bed.place, &BROKEN).map(drop);
        assert!(matches!(failed, Err(Trouble::Ours(_))), "{failed:?}");
        assert_eq!(bed.read(|tx| meta::find(tx, "schema")), Ok(Some((known + 1).to_string())));
    }
    for _ in 0..2 {
        let store = Store::open_with(&bed.place, &MENDED).expect("the mended steps work");
        bed.runtime.block_on(store.close());
    }
    let sums = bed.read(|tx| {
        let rows = tx.rows(
            "select n, cast(null as bigint) from one union all select n, n from two union all \
             select cast(n as bigint), id from three order by 1",
            &[],
        )?;
        rows.into_iter().map(|mut row| Ok((row.int()?, row.maybe_int()?))).collect()
    });
    assert_eq!(sums, Ok(vec![(1, None), (2, Some(2)), (3, Some(1))]));
    assert_eq!(bed.read(projects::all).map(|all| all.len()), Ok(1));
    if let Some(directory) = &bed.directory {
        // A copy from before each change, and nothing half-made beside it.
        let mut names: Vec<String> = std::fs::read_dir(directory)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("hb.schema"))
            .collect();
        names.sort();
        let copies = [known, known + 1].map(|step| format!("hb.schema-{step}.sqlite"));
        assert_eq!(names, copies);
    }
    assert_eq!(bed.write(|tx| tx.run("delete from one where n = $1", &[Value::Int(1)])), Ok(1));
}
