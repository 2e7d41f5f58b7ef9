//! How many pings one and two nodes of `hb serve` take on one PostgreSQL, and what each ping costs it.
//!
//!     cargo bench --bench nodes -- target/release/hb postgres://hb@/shop?host=/run/postgresql
//!         [--monitors 1000000] [--seconds 20] [--connections 128] [--rate 20000]
//!
//! The database must be empty and is filled: monitors are copied from one that the API has made, with SQL,
//! because a million calls would measure the calls. Pings go round all monitors, so that no memory of the
//! receiver's helps. What each costs is read from PostgreSQL itself, where `pg_stat_statements` is
//! loaded; commits come from `pg_stat_database`. At the end everything that was acknowledged is counted.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod load;
mod served;

use std::time::{Duration, Instant};

use load::{Load, Pace};
use served::Served;

/// The uuid of a monitor by its number, in SQL and here.
const FILL: &str = "\
    insert into monitors (project_id, uuid, slug, name, description, owner, tags, rules, filters, \
     channels, priority, source, created_at, updated_at, version, state, status, wake_at, due_at, \
     deadline_at, last_success_at, last_event_at, started_at, event_count, incident_id) \
    select m.project_id, '00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'), 'm' || n, m.name, \
     m.description, m.owner, m.tags, m.rules, m.filters, m.channels, m.priority, m.source, \
     m.created_at, m.updated_at, m.version, m.state, m.status, m.wake_at, m.due_at, m.deadline_at, \
     m.last_success_at, m.last_event_at, m.started_at, m.event_count, m.incident_id \
    from monitors m, generate_series($1::bigint, $2::bigint) n where m.slug = 'pattern'";

/// Rows of one filling statement.
const SLICE: u64 = 50_000;

struct Settings {
    hb: String,
    url: String,
    monitors: u64,
    seconds: u64,
    connections: usize,
    rate: Option<f64>,
}

impl Settings {
    fn read() -> Settings {
        let words: Vec<String> =
            std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let number = |name: &str| -> Option<u64> {
            let at = words.iter().position(|word| word == name)?;
            Some(words.get(at + 1)?.parse().expect("a number"))
        };
        Settings {
            hb: words.first().expect("the hb to measure").clone(),
            url: words.get(1).expect("the address of an empty PostgreSQL").clone(),
            monitors: number("--monitors").unwrap_or(10_000),
            seconds: number("--seconds").unwrap_or(10),
            connections: number("--connections").unwrap_or(128) as usize,
            rate: number("--rate").map(|rate| rate as f64),
        }
    }
}

fn main() {
    let settings = Settings::read();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runs");
    let database = runtime.block_on(Database::open(&settings.url));
    let one = Node::start(&settings, "one");
    // The monitor that all others are copied from.
    one.server.make("monitors", r#"{"slug": "pattern", "schedule": "every 1h", "grace": "10m"}"#);
    let began = Instant::now();
    runtime.block_on(database.fill(settings.monitors));
    println!("{} monitors, made in {:.1} s", settings.monitors, began.elapsed().as_secs_f64());
    let mut acknowledged = runtime.block_on(round("one node", &settings, &database, &[&one]));
    let two = Node::start(&settings, "two");
    acknowledged += runtime.block_on(round("two nodes", &settings, &database, &[&one, &two]));
    let kept = runtime.block_on(database.number("select count(*) from events"));
    println!("acknowledged {acknowledged}, kept {kept}");
    println!("memory of the nodes {} and {} KiB", one.server.memory_kib(), two.server.memory_kib());
    assert_eq!(acknowledged, kept, "every acknowledged ping is kept");
}

/// Pings through these nodes, and what they cost the database.
async fn round(name: &str, settings: &Settings, database: &Database, nodes: &[&Node]) -> u64 {
    let before = database.cost().await;
    let load = Load {
        addresses: nodes.iter().map(|node| node.server.address.clone()).collect(),
        connections: settings.connections,
        lasts: Duration::from_secs(settings.seconds),
        pace: Pace { rate: settings.rate, in_bursts: false },
    };
    let monitors = settings.monitors;
    let taken = load.run(move |number| ping(number, monitors)).await;
    // Counters of PostgreSQL are written down a moment after the fact.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = database.cost().await;
    let count = taken.count();
    let each = |before: Option<u64>, after: Option<u64>| match (before, after) {
        (Some(before), Some(after)) => format!("{:.2}", (after - before) as f64 / count as f64),
        _ => "?".to_owned(),
    };
    println!(
        "{name:<10} {:>8.0} pings/s   p50 {:>6.1} ms   p99 {:>6.1} ms   statements per ping {}   \
         commits per ping {}",
        taken.rate(),
        taken.at(0.5),
        taken.at(0.99),
        each(before.statements, after.statements),
        each(Some(before.commits), Some(after.commits)),
    );
    count
}

/// A node, and the directory that it keeps for itself.
struct Node {
    server: Served,
    data: std::path::PathBuf,
}

impl Node {
    fn start(settings: &Settings, name: &str) -> Node {
        let data = std::env::temp_dir().join(format!("hb-nodes-{}-{name}", std::process::id()));
        Node { server: Served::hb(&settings.hb, &data, Some(&settings.url)), data }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

struct Database(tokio_postgres::Client);

/// What the database has done so far.
struct Cost {
    statements: Option<u64>,
    commits: u64,
}

impl Database {
    async fn open(url: &str) -> Database {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("PostgreSQL answers");
        tokio::spawn(connection);
        // Not everybody has it.
        let _ = client.batch_execute("create extension if not exists pg_stat_statements").await;
        Database(client)
    }

    async fn fill(&self, monitors: u64) {
        for from in (0..monitors).step_by(SLICE as usize) {
            let to = (from + SLICE).min(monitors) - 1;
            self.0.execute(FILL, &[&(from as i64), &(to as i64)]).await.expect("monitors are made");
        }
        self.0.batch_execute("analyze monitors").await.expect("statistics");
    }

    async fn number(&self, sql: &str) -> u64 {
        let row = self.0.query_one(sql, &[]).await.expect("a number");
        u64::try_from(row.get::<_, i64>(0)).expect("not negative")
    }

    async fn cost(&self) -> Cost {
        let statements = self.0.query_one(
            "select coalesce(sum(calls), 0)::bigint from pg_stat_statements s \
             join pg_database d on d.oid = s.dbid where d.datname = current_database()",
            &[],
        );
        let statements = statements.await.ok().map(|row| row.get::<_, i64>(0).unsigned_abs());
        let commits = "select xact_commit from pg_stat_database where datname = current_database()";
        Cost { statements, commits: self.number(commits).await }
    }
}

/// A ping of one monitor after the other.
fn ping(number: u64, monitors: u64) -> String {
    // A step that has no factor in common with any usual number spreads them over the table.
    let monitor = number.wrapping_mul(7_919) % monitors;
    let path = format!("/ping/00000000-0000-4000-8000-{monitor:012x}");
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nUser-Agent: bench\r\n\r\n")
}
