//! The shape of the house: who may name whom, what may stand where, how long a file may be.

use std::path::{Path, PathBuf};

/// Each layer, and the layers that it may name.
const LAYERS: [(&str, &[&str]); 11] = [
    ("domain", &["domain"]),
    ("sys", &["domain", "sys"]),
    ("config", &["domain", "sys", "config"]),
    ("journal", &["domain", "sys", "journal"]),
    ("store", &["domain", "sys", "store"]),
    ("notify", &["domain", "sys", "notify"]),
    ("send", &["domain", "sys", "journal", "send"]),
    ("run", &["domain", "sys", "journal", "send", "run"]),
    ("client", &["domain", "sys", "client"]),
    ("serve", &["domain", "sys", "store", "notify", "serve"]),
    (
        "cli",
        &[
            "domain", "sys", "config", "journal", "store", "notify", "send", "client", "run",
            "serve", "cli",
        ],
    ),
];

/// Words that a folder must not hold, outside of its tests.
const BANNED: [(&str, &[&str]); 6] = [
    (
        "domain",
        &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "Instant::now",
            "async fn",
            "tokio",
            "reqwest",
            "nix::",
        ],
    ),
    ("config", &["println!", "TcpStream", "UdpSocket", "reqwest", "tokio"]),
    ("journal", &["reqwest", "tokio"]),
    ("send", &["std::process::Command"]),
    ("run", &["crate::config", "reqwest"]),
    ("sys", &["monitor:"]),
];

/// The longest file.
const LINES_MAX: usize = 400;

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                found.push((path, text));
            }
        }
    }
    found
}

/// The layer that a file belongs to; none for `lib.rs` and `main.rs`.
fn layer(path: &Path) -> Option<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let below = path.strip_prefix(src).expect("below src");
    (below.components().count() > 1).then(|| {
        below.components().next().expect("a part").as_os_str().to_string_lossy().into_owned()
    })
}

#[test]
fn a_layer_names_only_those_below_it() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = layer(&path) else { continue };
        let (_, may) = LAYERS.iter().find(|(name, _)| *name == own).expect("a known layer");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for named in code.split("crate::").skip(1) {
                let named: String =
                    named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = LAYERS.iter().any(|(name, _)| *name == named);
                if known && !may.contains(&named.as_str()) {
                    wrong.push(format!(
                        "{}:{}: `{own}` names `{named}`",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pure_folder_stays_pure() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = layer(&path) else { continue };
        if path.components().any(|part| part.as_os_str().to_string_lossy().contains("tests")) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (_, words) in BANNED.iter().filter(|(folder, _)| *folder == own) {
            for (number, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                for word in words.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{}:{}: `{word}`", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_holds_one_noun_and_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not say what it is for", path.display()));
        }
        for name in ["utils", "helpers", "common", "misc", "manager"] {
            if path.file_stem().is_some_and(|stem| stem == name) {
                wrong.push(format!("{}: a name that says nothing", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
