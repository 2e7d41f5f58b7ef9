//! Man pages and completions in the repository are what the code makes today.
//!
//! `UPDATE=1 cargo test --test it generated` writes them anew. The pages come from the arguments
//! themselves; what arguments cannot say (exit status, files, environment) stands in the constants
//! of `man.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::hb::{Home, Seen};
use crate::man;

/// What to run when a file is not what it should be.
const COMMAND: &str = "UPDATE=1 cargo test --test it generated";

/// The shells, and the file that each wants.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "hb.bash"),
    ("zsh", "_hb"),
    ("fish", "hb.fish"),
    ("elvish", "hb.elv"),
    ("powershell", "_hb.ps1"),
];

/// Compares a directory of the repository with what it should hold, or makes it so.
fn check(directory: &str, expected: &BTreeMap<String, String>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(&directory).expect("the directory can be made");
        for stale in names(&directory).iter().filter(|name| !expected.contains_key(*name)) {
            std::fs::remove_file(directory.join(stale)).expect("a stale file can be removed");
        }
        for (name, text) in expected {
            std::fs::write(directory.join(name), text).expect("a file can be written");
        }
    }
    let mut wrong: Vec<PathBuf> = Vec::new();
    for (name, text) in expected {
        let path = directory.join(name);
        if std::fs::read_to_string(&path).ok().as_ref() != Some(text) {
            wrong.push(path);
        }
    }
    let stale = names(&directory).into_iter().filter(|name| !expected.contains_key(name));
    wrong.extend(stale.map(|name| directory.join(name)));
    assert!(wrong.is_empty(), "not what the code makes: {wrong:?}\nrun `{COMMAND}`");
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn man_pages_are_up_to_date() {
    check("man", &man::pages());
}

#[test]
fn completions_are_up_to_date() {
    let home = Home::new();
    let script = |(shell, file): &(&str, &str)| {
        let seen = Seen::of(&mut home.hb(&["completions", shell]));
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{shell}");
        ((*file).to_owned(), seen.stdout)
    };
    check("completions", &COMPLETIONS.iter().map(script).collect());
}
