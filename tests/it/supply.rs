//! What we take from others: under which licence, in how many versions, and what for.
//!
//! `deny.toml` says the same to cargo-deny. These tests hold it without another tool and without a
//! network: the licences of what is linked on Linux, the versions in the whole lock file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Licences that may be linked into a program under MIT or Apache-2.0 without asking anybody.
const LICENCES: [&str; 11] = [
    "0BSD",
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    // The list of root certificates: data, to be passed on freely.
    "CDLA-Permissive-2.0",
    // `option-ext` alone: a change to one of its files would have to be published.
    "MPL-2.0",
];

/// Crates that stand in the lock file more than once, and why that cannot be helped.
const TWICE: [(&str, &str); 6] = [
    ("base64", "the HTTP client and the mail library are one version apart"),
    ("fallible-iterator", "SQLite's and PostgreSQL's bindings are one version apart; three pages"),
    ("getrandom", "ring and everything else are some versions apart"),
    ("syn", "macros that run at build time move to version 3 one by one"),
    ("wasi", "follows the two versions of getrandom; nothing of it is built on Linux"),
    ("windows-sys", "bindings of other systems' code; nothing of it is built on Linux"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Everything that may be linked on Linux, as cargo describes it. What only other systems build was
/// never fetched, and cannot be asked for without a network.
fn packages() -> Vec<Value> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &platform])
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    metadata["packages"].as_array().expect("packages are a list").clone()
}

/// Whether one of the choices that a licence leaves is allowed: `OR` chooses, `AND` adds up.
fn is_allowed(licence: &str) -> bool {
    let bare = licence.replace(['(', ')'], "").replace('/', " OR ");
    // Brackets are not read. Where there is an `AND`, every licence named must be allowed: that is
    // stricter than it need be for `(a OR b) AND c`, and never too mild.
    let mut names = bare.split(" OR ").flat_map(|choice| choice.split(" AND "));
    let allowed = |name: &str| LICENCES.contains(&name.trim());
    if bare.contains(" AND ") { names.all(allowed) } else { names.any(allowed) }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    for (licence, expected) in [
        ("MIT", true),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND OpenSSL", false),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(licence), expected, "{licence}");
    }
}

#[test]
fn every_licence_is_one_we_may_link() {
    let mut wrong = Vec::new();
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_allowed(licence) {
            wrong.push(format!("{}: `{licence}`", package["name"]));
        }
    }
    assert!(wrong.is_empty(), "not in the list of allowed licences:\n{}", wrong.join("\n"));
}

#[test]
fn everything_comes_from_the_registry() {
    for package in packages() {
        let source = package["source"].as_str();
        let is_own = source.is_none() && package["name"] == env!("CARGO_PKG_NAME");
        let is_registered = source == Some("registry+https://github.com/rust-lang/crates.io-index");
        assert!(is_own || is_registered, "{} comes from {source:?}", package["name"]);
    }
}

#[test]
fn nothing_is_there_twice_without_a_reason() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("there is a lock file");
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in lock.lines() {
        let quoted = |key: &str| line.strip_prefix(key)?.strip_suffix('"');
        if let Some(found) = quoted("name = \"") {
            name = found;
        } else if let Some(found) = quoted("version = \"") {
            versions.entry(name).or_default().push(found);
        }
    }
    versions.retain(|_, versions| versions.len() > 1);
    let twice: Vec<&str> = versions.keys().copied().collect();
    let known: Vec<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "in Cargo.lock: {versions:?}");
    assert!(TWICE.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn every_direct_dependency_says_what_it_is_for() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("there is a manifest");
    let (mut inside, mut said, mut wrong) = (false, false, Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
            said = false;
        } else if line.starts_with("# ") {
            said = true;
        } else if line.trim().is_empty() {
            said = false;
        } else if inside && !said {
            wrong.push(line);
        } else {
            said = false;
        }
    }
    assert!(wrong.is_empty(), "no comment above:\n{}", wrong.join("\n"));
}
