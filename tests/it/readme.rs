//! The README says only what `hb` does: its options exist, its configuration is accepted.

use std::collections::BTreeSet;

use crate::hb::{Home, Seen};

const README: &str = include_str!("../../README.md");

/// Options in the README that belong to other programs.
const OF_OTHERS: [&str; 13] = [
    "--bench",
    "--release",
    "--target",
    "--locked",
    "--path",
    "--stats",
    "--test",
    // Cronitor's.
    "--run",
    "--complete",
    "--fail",
    "--msg",
    "--series",
    "--no-stdout",
];

/// Every option of every command.
fn options() -> BTreeSet<String> {
    let tree = hb::command_tree();
    let mut waiting: Vec<&clap::Command> = vec![&tree];
    let mut found = BTreeSet::new();
    while let Some(command) = waiting.pop() {
        let names = command.get_arguments().filter_map(clap::Arg::get_long);
        found.extend(names.map(|name| format!("--{name}")));
        waiting.extend(command.get_subcommands());
    }
    found
}

#[test]
fn every_option_it_names_exists() {
    let known = options();
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let words = README.split(|c: char| !is_part(c));
    // A rule of a table is hyphens alone.
    let named = words.filter(|word| word.starts_with("--") && word.chars().any(|c| c != '-'));
    let unknown: Vec<&str> =
        named.filter(|word| !known.contains(*word) && !OF_OTHERS.contains(word)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn its_configuration_is_accepted() {
    let blocks: Vec<&str> = README
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a block ends"))
        .collect();
    assert!(blocks.len() >= 2, "the README shows configuration");
    for block in blocks {
        let home = Home::new();
        home.config(block);
        let url = "http://127.0.0.1:1/ping/key/m";
        let seen = Seen::of(&mut home.hb(&["ping", "nightly", "--dry-run", "--to", url]));
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{block}");
    }
}

/// Options of `hb run` that are no keys: they are about this one call, or stand in a target;
/// `--tag` is an item of `tags`.
const NO_KEYS: [&str; 9] = [
    "--tag",
    "--help",
    "--shell",
    "--dialect",
    "--header",
    "--ca-file",
    "--client-cert",
    "--client-key",
    "--dry-run",
];

#[test]
fn every_option_of_a_run_is_a_key_that_it_lists() {
    let tree = hb::command_tree();
    let run = tree.find_subcommand("run").expect("there is `hb run`");
    let table = README.split("| `[defaults]` and").nth(1).expect("the README has this table");
    let table = table.split("\n\n").next().unwrap_or_default();
    for option in run.get_arguments().filter_map(clap::Arg::get_long) {
        let key = option.replace('-', "_");
        let is_listed = table.contains(&format!("`{key}`"));
        assert_eq!(is_listed, !NO_KEYS.contains(&&*format!("--{option}")), "{option}");
    }
}

#[test]
fn every_key_it_names_exists() {
    for (heading, table) in [
        ("| `[defaults]` and", "[defaults]"),
        ("| `[targets.NAME]`", "[targets.home]"),
        ("| `[server]`", "[server]"),
    ] {
        let rows = README.split(heading).nth(1).expect("the README has this table");
        let rows = rows.lines().skip(2).take_while(|line| line.starts_with("| `"));
        let keys: BTreeSet<&str> = rows
            .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
            .collect();
        assert!(keys.len() > 5, "{heading} lists keys");
        let home = Home::new();
        let lines: String = keys.iter().map(|key| format!("{key} = 1979-05-27\n")).collect();
        home.config(&format!("{table}\n{lines}"));
        let seen = Seen::of(&mut home.hb(&["doctor", "--json"]));
        assert!(seen.stdout.contains("must be"), "the values are wrong on purpose: {seen:?}");
        assert!(!seen.stdout.contains("unknown key"), "{}", seen.stdout);
    }
}

/// Words as a shell would part them, as far as single quotes go.
fn parted(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, piece) in line.split('\'').enumerate() {
        if place % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            // A name in angle brackets may have a blank.
            let piece = piece.replace("<ping key>", "KEY").replace("<api key>", "KEY");
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_habit_has_a_command_that_is_understood() {
    let section = README.split("<!-- habits -->").nth(1).expect("the README has this section");
    let section = section.split("<!-- end of habits -->").next().unwrap_or_default();
    let mut count = 0;
    for row in section.lines().filter(|row| row.starts_with("| ")) {
        let here = row.rsplit(" | ").next().expect("a row has two columns");
        for line in here.split('`').skip(1).step_by(2).filter(|line| line.starts_with("hb ")) {
            count += 1;
            let read = hb::command_tree().try_get_matches_from(parted(line));
            assert!(
                read.is_ok(),
                "{line}: {}",
                read.err().map(|e| e.to_string()).unwrap_or_default()
            );
        }
    }
    assert!(count > 30, "{count}");
}
