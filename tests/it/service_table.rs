//! The table of services in the README and the man page of the dialects are what the code does today.
//!
//! `UPDATE=1 cargo test --test it service_table` writes the table anew; the page is written with the
//! other man pages.

use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- services: written by a test -->\n";
const END: &str = "<!-- end of services -->\n";

/// The table as it stands in the README.
fn table() -> String {
    let mut table = String::from(
        "| service | address | start | success | warning | failure | progress, stage | log | what it cannot carry |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in hb::services() {
        let cell = |text: &str| match text {
            "nothing" => "–".to_owned(),
            text if text.starts_with("as ") => text.to_owned(),
            text => text
                .split(" or ")
                .map(|request| format!("`{}`", request.replace('|', "\\|")))
                .collect::<Vec<_>>()
                .join(" *or* "),
        };
        let [start, success, warning, failure, progress, stage, log] = &row.sent[..] else {
            panic!("seven columns")
        };
        let running = match progress == stage {
            true => cell(progress),
            false => format!("{} / {}", cell(progress), cell(stage)),
        };
        let _ = writeln!(
            table,
            "| {} `{}` | `{}` | {} | {} | {} | {} | {running} | {} | {} |",
            row.title,
            row.name,
            row.address,
            cell(start),
            cell(success),
            cell(warning),
            cell(failure),
            cell(log),
            row.lacks,
        );
    }
    table
}

#[test]
fn the_readme_has_the_table_of_services() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once(BEGIN).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let expected = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).expect("written");
    }
    let readme = std::fs::read_to_string(&path).expect("a README");
    assert!(readme == expected, "run `UPDATE=1 cargo test --test it service_table`");
}

/// What may be said in a dialect of one's own.
const GRAMMAR: &[(&str, &str)] = &[
    (
        "on.KIND",
        "a request, or a list of them of which the first is sent whose `when` variables are all there. KIND is start, progress, stage, success, warning, failure, log, verified, test, pause or resume. A kind that is not given is told as `fallback.KIND` says, else not at all",
    ),
    (
        "method, url, verb, query, headers",
        "members of a request: GET, POST (with a body) or PUT; `url` is `{base}` where it is not given; `query` is a list of \"name=value\"",
    ),
    ("text, form, json, json_array, ndjson, lines", "its body, one of them"),
    ("fallback", "a table of kinds: { warning = \"success\" }"),
    (
        "parameters.NAME",
        "{ needed = true, default = \"…\", query = \"…\" }: what a target says in [targets.NAME.with]",
    ),
    ("key", "the parameter that the target's `key` stands for"),
    (
        "url",
        "the address of every request, where it is not the target's own; \"{cfg_base}/path\" adds the path where it is missing",
    ),
    (
        "strip, swap, segments_min, drop_query, keep_slash, split_last",
        "what is done to a pasted address: event words at its end are taken off, or one in its middle is replaced by `verb`; old query pairs are dropped",
    ),
    (
        "query, common, headers, body, common_json, form, tags",
        "for every request, or for those that name them with @",
    ),
    (
        "accept, retry, permanent, unverified, check, permanent_if",
        "what an answer means: lists of \"404\" or \"4xx\"; check = { json = \"ok\", equals = true }",
    ),
    (
        "body_bytes_max, clock, forbid_on, transport",
        "limits; \"client\" where the moment of an event travels with it; a word that no body may hold; http or udp",
    ),
];

/// The variables and filters.
const VARIABLES: &[(&str, &str)] = &[
    ("base, origin", "the target's address, and its beginning"),
    (
        "kind, monitor, run_id, host, env, message, line, summary, stage, percent",
        "of the event; `line` and `summary` are never empty",
    ),
    ("tail, text, opt_tail", "the last output; the message and the output; the output of failures"),
    ("at, at_iso, started_at, duration_s, duration_ms", "moments and spans"),
    (
        "exit_code, outcome_code, fail_code, exit_text",
        "the exit code; the same where it does not say the opposite of the kind; that of a failure from 1 to 255",
    ),
    (
        "progress.step, progress.steps, progress.current, progress.total, progress.unit, metrics.NAME",
        "what was counted",
    ),
    ("signals.start", "there where the start of the run was told"),
    ("with.NAME", "a parameter"),
    (
        "trunc:N, tail:N, line1",
        "filters, written {message|trunc:200}: the first characters, the last bytes, the first line",
    ),
    (
        "or:TEXT, drop_if:WORD, map:a=b,c=d",
        "another text where there is none; nothing where the text holds a word; one word for another",
    ),
    (
        "int, go_dur, hex, digest16, name, slug, quoted, ddescape, ddtag",
        "a whole number; seconds as 12.5s; a UUID without hyphens; and what some services need",
    ),
];

/// The man page of the dialects.
pub(crate) fn page() -> String {
    let escape =
        |text: &str| text.replace('\\', "\\e").replace('-', "\\-").replace("\n.", "\n\\&.");
    let mut page = String::from(
        ".TH HB\\-DIALECTS 7\n.SH NAME\nhb\\-dialects \\- heartbeat services, and how hb speaks to each\n\
         .SH DESCRIPTION\nThe address of a target tells which service it is; \\fBdialect\\fR in the configuration and \
         \\fB\\-\\-dialect\\fR say it where it does not. \\fBhb doctor URL\\fR shows what was recognised. Of an address that \
         nobody knows only a success is told, with a plain GET.\n.PP\nBelow, · is the address without an event word \
         that was pasted with it, \\fB{\\fRname\\fB}\\fR is filled in, and the words behind \\fB?\\fR are the query. Of several \
         requests the first is sent for which everything is known. What is not listed is not sent; verified and test are told as log where nothing else is said.\n.SH SERVICES\n",
    );
    for row in hb::services() {
        let _ = writeln!(page, ".TP\n\\fB{}\\fR \\- {}", escape(row.name), escape(row.title));
        let _ = writeln!(page, "{}", escape(row.address));
        if !row.parameters.is_empty() {
            let _ = writeln!(page, ".br\nwith: {}", escape(&row.parameters.join(", ")));
        }
        let kinds = ["start", "success", "warning", "failure", "progress", "stage", "log"];
        for (kind, sent) in kinds.iter().zip(&row.sent).filter(|(_, sent)| *sent != "nothing") {
            let _ = writeln!(page, ".br\n{kind}: {}", escape(sent));
        }
        let _ = writeln!(page, ".br\nIt cannot carry: {}", escape(row.lacks));
    }
    page.push_str(
        ".SH A DIALECT OF YOUR OWN\n\\fB[dialects.NAME]\\fR in the configuration; targets name it with \\fBdialect\\fR. \
         A dialect with a mistake is not used.\n",
    );
    for (terms, title) in [
        (GRAMMAR, ""),
        (
            VARIABLES,
            ".SH VARIABLES AND FILTERS\nAny text may hold {variable}. One that is not there \
         takes its query pair, header or member with it. A JSON text that is one variable keeps its type. {{ is a brace.\n",
        ),
    ] {
        page.push_str(title);
        for (term, meaning) in terms {
            let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", escape(term), escape(meaning));
        }
    }
    page.push_str(".SH SEE ALSO\nhb(1), hb\\-doctor(1)\n");
    page
}
