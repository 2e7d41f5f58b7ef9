//! Nodes between which and their database something stands: a line that stalls, a server that only reads, TLS.

use serde_json::json;

use super::databases::{ask, socket, start_postgresql};
use super::hb::Home;
use super::line::{Line, State};
use super::nodes::{Load, assert_kept, counts, node, quick, refused, socket_url, tell};
use super::receiver::{FakeReceiver, Step};
use super::receiving::wait_for;
use super::server::{PING_KEY, Server};
use super::tls;

/// It takes no ping and says so, and is not ready.
pub(crate) fn refuses(server: &Server) {
    let refused = server.get(&format!("/ping/{PING_KEY}/job"));
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_node_that_is_cut_off_refuses_and_the_other_one_does_its_work() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let line = Line::to(&socket(&home));
    let hook = FakeReceiver::always(&Step::Ok);
    let (apart, whole) = (
        node(&home, "apart", &line.url(""), |_| {}),
        node(&home, "whole", &socket_url(&home), |_| {}),
    );
    tell(&apart, &hook);
    apart.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let load = Load::start(&[&apart, &whole], &["job"]);
    for (round, state) in [State::Cut, State::Stalled].into_iter().enumerate() {
        let slug = format!("quick{round}");
        quick(&whole, &slug);
        assert_eq!(apart.get(&format!("/ping/{PING_KEY}/{slug}")).status, 200);
        line.set(state);
        refuses(&apart);
        whole.await_status(&slug, "missed");
        wait_for(|| hook.requests().len() == round + 1);
        assert!(!apart.lines().iter().any(|line| line.contains("alert sent")));
        line.set(State::Open);
        wait_for(|| apart.get("/readyz").status == 200);
        assert_eq!(apart.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    }
    // Two pings of its own went through the node that came back.
    let acknowledged: Vec<u64> = load.end().into_iter().map(|count| count + 2).collect();
    assert_kept(&home, &["job"], &acknowledged, 4);
    assert_eq!(counts(&hook).into_values().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(ask(&home, "select count(*) from blind_times"), "0", "somebody watched");
}

#[test]
fn a_server_that_only_reads_is_no_server() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let server = node(&home, "one", &socket_url(&home), |_| {});
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(server.get(&target).status, 200);
    ask(&home, "alter system set default_transaction_read_only = on");
    ask(&home, "select pg_reload_conf()");
    wait_for(|| server.get(&target).status == 503);
    refuses(&server);
    let late = refused(&home, &socket_url(&home));
    assert!(late.contains("database does not allow writes"), "{late}");
    ask(&home, "alter system reset all");
    ask(&home, "select pg_reload_conf()");
    wait_for(|| server.get("/readyz").status == 200);
    assert_eq!(server.get(&target).status, 200);
}

#[test]
fn the_next_host_is_tried_when_one_is_away_or_says_nothing() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let lines = [Line::to(&socket(&home)), Line::to(&socket(&home))];
    let hosts = lines.each_ref().map(Line::place).join(",");
    for state in [State::Cut, State::Stalled] {
        lines[0].set(state);
        lines[1].set(State::Open);
        let url = format!("postgres://hb@{hosts}/shop?target_session_attrs=read-write");
        let server = node(&home, "one", &url, |_| {});
        assert_eq!(server.get("/readyz").status, 200);
        lines[0].set(State::Open);
        lines[1].set(state);
        wait_for(|| server.get("/readyz").status == 200);
        assert_eq!(server.stop(), Some(0));
    }
}

#[test]
fn tls_proves_as_much_as_sslmode_asks_for() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let good = tls::certify(&home, "good", "IP:127.0.0.1", "2");
    let other = tls::certify(&home, "other", "DNS:other.example", "2");
    let plain = Line::to(&socket(&home));
    let good = Line::tls(&socket(&home), tls::server(&home, &good, false));
    let other = Line::tls(&socket(&home), tls::server(&home, &other, false));
    let ca = format!("&sslrootcert={}", home.path("ca.pem").display());
    for (line, words, why) in [
        (&plain, "?sslmode=prefer", None),
        (&plain, "?sslmode=require", Some("server does not support TLS")),
        (&good, "?sslmode=require", None),
        (&good, "", None),
        (&good, "?sslmode=verify-full", Some("UnknownIssuer")),
        (&good, &format!("?sslmode=verify-full{ca}"), None),
        (&other, &format!("?sslmode=verify-full{ca}"), Some("not valid for name")),
        (&other, &format!("?sslmode=verify-ca{ca}"), None),
        (&other, "?sslmode=verify-ca", Some("UnknownIssuer")),
        (&other, "?sslmode=disable", Some("cannot be reached")),
    ] {
        let url = line.url(words);
        match why {
            None => {
                let server = node(&home, "one", &url, |_| {});
                assert_eq!(server.get("/readyz").status, 200, "{words}");
            }
            Some(why) => {
                let said = refused(&home, &url);
                assert!(said.contains(why), "{words}: {said}");
            }
        }
    }
}
