//! Nodes on hosts of their own, one of which falls off the network: what it sends vanishes, and nobody tells
//! it so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::databases::{ask, start_postgresql_on};
use super::hb::Home;
use super::hosts::Host;
use super::nodes::{Load, assert_kept, counts, node, quick, tell};
use super::nodes_apart::refuses;
use super::receiver::{FakeReceiver, Step};
use super::receiving::wait_for;
use super::server::PING_KEY;

/// The longest time from the cut to the last alert: what people are promised.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// The longest wait of somebody who pings the node that was cut off. It takes 7 s when the node was idle, and
/// what a statement may take when it was not.
const REFUSED_WITHIN: Duration = Duration::from_secs(25);

/// Between two pings of the same job.
const PAUSE: Duration = Duration::from_millis(50);

/// Where alerts go; every node reaches it, cut off or not.
const HOOK: &str = "10.77.9.1";

/// The world with the database and the hook, and two hosts for nodes. The first reaches the database over
/// `cable` and the hook over `radio`, the second one both over `other`.
fn hosts() -> (Host, Host, Host) {
    let (world, one, two) = (Host::new(), Host::new(), Host::new());
    world.link(&one, "cable", "10.77.1");
    world.link(&one, "radio", "10.77.2");
    world.link(&two, "other", "10.77.3");
    world.own(HOOK);
    one.lead(HOOK, "10.77.2.1");
    two.lead(HOOK, "10.77.3.1");
    (world, one, two)
}

/// The first node has claimed twenty alerts; sixteen are on their way and four wait behind them.
#[test]
fn a_node_whose_packets_vanish_refuses_and_another_sends_its_alerts() {
    let home = Home::new();
    let (world, host_one, host_two) = hosts();
    world.inside(|| {
        let _database = start_postgresql_on(&home, "10.77.0.0/16");
        let free = Arc::new(AtomicBool::new(false));
        let hangs = vec![Step::Held(200, Arc::clone(&free)); 16];
        let hook = FakeReceiver::at(HOOK, &[hangs, vec![Step::Ok]].concat());
        let url = "postgres://hb@10.77.1.1/shop";
        let one = host_one.inside(|| node(&home, "one", url, |_| {}));
        host_one.inside(|| {
            tell(&one, &hook);
            for number in 0..20 {
                one.monitor(json!({ "slug": format!("m{number}"), "schedule": "every 1h" }));
                let answer = one.get(&format!("/ping/{PING_KEY}/m{number}/fail"));
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
            one.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
        });
        let sending = "select count(*) from deliveries where state = 'sending'";
        wait_for(|| hook.requests().len() == 16 && ask(&home, sending) == "20");
        let url = "postgres://hb@10.77.3.1/shop";
        let two = host_two.inside(|| node(&home, "two", url, |_| {}));
        let loads = [
            host_one.inside(|| Load::paced(&[&one], &["job"], PAUSE)),
            host_two.inside(|| Load::paced(&[&two], &["job"], PAUSE)),
        ];
        host_one.inside(|| wait_for(|| one.look("job")["event_count"].as_u64() > Some(40)));

        world.cut("cable", true);
        let cut_at = Instant::now();
        host_one.inside(|| refuses(&one));
        let took = cut_at.elapsed();
        assert!(took < REFUSED_WITHIN, "it refused only after {took:?}");
        let unsent = "select count(*) from deliveries where state <> 'sent'";
        wait_for(|| ask(&home, unsent) == "0");
        let took = cut_at.elapsed();
        assert!(took < TOLD_WITHIN, "the last alert went out after {took:?}");
        let marks = "select string_agg(id || sent_at || attempts, ',' order by id) from deliveries";
        let marked = ask(&home, marks);
        // What it was sending gets its answer only now; the four behind must stay where they are.
        free.store(true, Ordering::SeqCst);
        let sent = || one.lines().iter().filter(|line| line.contains("alert sent")).count();
        wait_for(|| sent() == 16);
        host_two.inside(|| quick(&two, "quick"));
        host_two.inside(|| two.get(&format!("/ping/{PING_KEY}/quick")));
        host_two.inside(|| two.await_status("quick", "missed"));
        host_one.inside(|| refuses(&one));
        let theirs = "select count(*) from pg_stat_activity where client_addr = '10.77.1.2'";
        wait_for(|| ask(&home, theirs) == "0");

        world.cut("cable", false);
        host_one.inside(|| wait_for(|| one.get("/readyz").status == 200));
        wait_for(|| ask(&home, unsent) == "0");
        let acknowledged: u64 = loads.into_iter().flat_map(Load::end).sum();
        assert_kept(&home, &["job"], &[acknowledged], 2);
        let counts = counts(&hook);
        let mut often: Vec<usize> = counts.values().copied().collect();
        often.sort_unstable();
        assert_eq!(often, [vec![1; 5], vec![2; 16]].concat(), "{counts:#?}");
        let still =
            format!("{marks} where monitor_id <> (select id from monitors where slug = 'quick')");
        assert_eq!(ask(&home, &still), marked, "nothing was marked over");
        assert_eq!(ask(&home, "select count(*) from blind_times"), "0", "somebody watched");
        assert_eq!((one.stop(), two.stop()), (Some(0), Some(0)));
    });
}
