//! Healthchecks' pings to the letter: its URLs, its answers, its rules.

use super::registry::with;
use super::shapes::{UUID, get, take};
use crate::domain::event::Kind;
use crate::domain::ping::{
    BodyWords, Filters, Native, Outcome, Request, Route, Spot, answer, may_be_made, native, route,
};

const RID: &str = "ae03bb79-1bb7-4150-bc3d-2c6367547e8c";

#[test]
fn healthchecks_urls_mean_what_they_mean_there() {
    let base = format!("/ping/{UUID}");
    let check = |tail: &str, expected: Result<(Kind, Option<i32>), (u16, &str)>| {
        for base in [&*base, "/ping/key/nightly"] {
            let target = format!("{base}{tail}");
            let came = get(&target);
            match expected {
                Ok(expected) => {
                    assert_eq!((came.one().kind, came.one().exit_code), expected, "{target}");
                    assert_eq!((came.answer.status, &*came.text()), (200, "OK"), "{target}");
                }
                Err(expected) => {
                    assert!(came.heard.is_empty(), "{target}");
                    assert_eq!((came.answer.status, &*came.text()), expected, "{target}");
                }
            }
        }
    };
    check("", Ok((Kind::Success, None)));
    check("/start", Ok((Kind::Start, None)));
    check("/fail", Ok((Kind::Failure, None)));
    check("/log", Ok((Kind::Log, None)));
    check("/0", Ok((Kind::Success, Some(0))));
    check("/1", Ok((Kind::Failure, Some(1))));
    check("/255", Ok((Kind::Failure, Some(255))));
    check("/007", Ok((Kind::Failure, Some(7))));
    check("/256", Err((400, "invalid url format")));
    check("/99999999999999999999", Err((400, "invalid url format")));
    check("/foo", Err((404, "not found")));
    check("/-1", Err((404, "not found")));
    check("/start/", Err((404, "not found")));
    check("/start/fail", Err((404, "not found")));
    check("?rid=", Err((400, "invalid uuid format")));
    check("?rid=12345", Err((400, "invalid uuid format")));
    check(&format!("?rid={}", RID.replace('-', "")), Err((400, "invalid uuid format")));
    check(&format!("?rid={RID}0"), Err((400, "invalid uuid format")));
    check("?state=fail", Ok((Kind::Success, None)));
    check("?unknown=%ff&&=&x", Ok((Kind::Success, None)));

    let upper = get(&format!("{base}/start?rid={}", RID.to_uppercase()));
    assert_eq!(upper.one().run_id.as_deref(), Some(RID));
    for (target, expected) in [
        (format!("{base}/"), 200),
        (format!("/{UUID}"), 200),
        ("/key/nightly".to_owned(), 200),
        ("/ping/key/20241231".to_owned(), 200),
        ("/ping/key/nightly/".to_owned(), 404),
        (base.to_uppercase().replace("PING", "ping"), 404),
        (base.replace('-', ""), 404),
        ("/ping/key/Nightly".to_owned(), 400),
        (format!("{base}/Fail"), 400),
        ("/ping/key/a.b".to_owned(), 404),
        ("/ping/key/other".to_owned(), 404),
        ("/ping/other/nightly".to_owned(), 404),
        (format!("/ping//{UUID}"), 404),
        (format!("//ping/{UUID}"), 404),
        ("/ping/..%2f".to_owned(), 404),
        ("/ping/%00".to_owned(), 404),
        ("/ping/%c0%af".to_owned(), 404),
        (format!("/ping/{}", "x".repeat(65_536)), 404),
        ("/ping".to_owned(), 404),
        ("/".to_owned(), 405),
    ] {
        assert_eq!(get(&target).answer.status, expected, "{}", &target[..target.len().min(60)]);
    }
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let came = take((method, &base), &[], "a=b%zz\0\u{ff}");
        assert_eq!((came.one().kind, came.answer.status), (Kind::Success, 200), "{method}");
        assert_eq!(came.one().output, "a=b%zz\0\u{ff}".as_bytes());
        assert_eq!(came.answer.body.is_empty(), method == "HEAD");
    }
}

#[test]
fn the_answer_has_the_headers_of_healthchecks() {
    let came = get(&format!("/ping/{UUID}"));
    let header = |name: &str| {
        came.answer
            .headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(header("ping-body-limit"), Some("100000"));
    assert_eq!(header("access-control-allow-origin"), Some("*"));
    assert!(header("cache-control").is_some_and(|value| value.contains("no-store")));
    assert_eq!(header("x-hb-accepted"), Some("stored"));
    with(("GET", "/ping/key/new"), &[], b"", |request| {
        let created = answer("healthchecks", &Outcome::Created, request);
        assert_eq!((created.status, created.body.as_slice()), (201, b"Created".as_slice()));
        let ambiguous = answer("healthchecks", &Outcome::Ambiguous, request);
        assert_eq!(
            (ambiguous.status, ambiguous.body.as_slice()),
            (409, b"ambiguous slug".as_slice())
        );
        let busy = answer("healthchecks", &Outcome::Busy { retry_after_s: 30 }, request);
        assert_eq!(busy.status, 503);
        assert!(busy.headers.contains(&("retry-after", "30".to_owned())));
    });
}

/// The ping key and the slug of the check that a ping may make.
fn to_create<'a>(spot: &'a Spot, request: &Request) -> Option<(&'a str, &'a str)> {
    let Some(Native::Slug { ping_key, slug }) = native(&spot.key) else { return None };
    let asked = request.param("create").is_some_and(|value| value == "1");
    (asked && may_be_made(slug)).then_some((ping_key, slug))
}

#[test]
fn only_a_slug_of_healthchecks_alphabet_is_created_and_only_with_a_one() {
    let check = |target: &str, expected: Option<(&str, &str)>| {
        with(("GET", target), &[], b"", |request: &Request| {
            let Route::Family { spots } = route(request) else { panic!("{target}") };
            let found = spots.iter().find_map(|spot: &Spot| to_create(spot, request));
            assert_eq!(found, expected, "{target}");
        });
    };
    check("/ping/key/db-1_x?create=1", Some(("key", "db-1_x")));
    check("/ping/key/db/start?create=1", Some(("key", "db")));
    check("/ping/key/db/3?create=1&rid=x", Some(("key", "db")));
    check("/ping/key/db", None);
    check("/ping/key/db?create=0", None);
    check("/ping/key/db?create=11", None);
    check("/ping/key/DB?create=1", None);
    check("/ping/key/a.b?create=1", None);
    check("/ping/key/start?create=1", None);
    check("/ping/key?create=1", None);
}

#[test]
fn filters_decide_as_healthchecks_does() {
    let words = |failure: &str, success: &str, start: &str, default_fails: bool| Filters {
        post_only: false,
        body: Some(BodyWords {
            failure: failure.to_owned(),
            success: success.to_owned(),
            start: start.to_owned(),
            default_fails,
        }),
    };
    let check =
        |filters: Filters, method: &str, kind: Kind, body: &[u8], expected: Option<Kind>| {
            with((method, "/ping/x"), &[], body, |request| {
                assert_eq!(filters.apply(kind, request), expected, "{filters:?} {body:?}");
            });
        };
    use Kind::{Failure, Start, Success};
    check(Filters::default(), "GET", Start, b"FAIL", Some(Start));
    let post = Filters { post_only: true, body: None };
    check(post.clone(), "GET", Success, b"", None);
    check(post.clone(), "HEAD", Failure, b"", None);
    check(post, "POST", Failure, b"", Some(Failure));
    check(words("FAIL", "", "", false), "POST", Success, b"FAILED", Some(Failure));
    check(words("FAIL", "FAIL", "FAIL", false), "POST", Success, b"FAIL", Some(Failure));
    check(words("", "DONE", "BEGIN", false), "POST", Success, b"BEGIN DONE", Some(Success));
    check(words("", "", "BEGIN", false), "POST", Success, b"BEGIN", Some(Start));
    check(words("", "SUCCESS", "", false), "POST", Failure, b"SUCCESS", Some(Success));
    check(words("", "success", "", false), "POST", Success, b"SUCCESS", None);
    check(words("", " A, B ,,C", "", false), "GET", Success, b"x B x", Some(Success));
    check(words("", " , ,B", "", false), "GET", Success, b"nothing", None);
    check(words("", "all good,fine", "", false), "GET", Success, b"it is all good", Some(Success));
    check(words("", "", "", true), "POST", Success, b"", Some(Failure));
    check(words("", "", "", false), "POST", Start, b"x", None);
    check(words("", "SUCCESS", "", false), "POST", Success, b"\xff\xfeSUCCESS", Some(Success));
    let beyond = [b"A".repeat(100_000), b"SUCCESS".to_vec()].concat();
    check(words("", "SUCCESS", "", false), "POST", Success, &beyond, None);
    let both = Filters { post_only: true, ..words("", "", "", true) };
    check(both, "GET", Success, b"", None);
}
