//! The whole layer from text to `Config`, as a person meets it.
//! `mistakes` says every wrong thing and its exact sentence, `values` every right one.
//! What one file alone can show is tested in that file.

mod mistakes;
mod values;

use crate::config::find::ConfigFile;
use crate::config::understand::{Config, understand};

/// Understands texts as files `a`, `b` and so on, the strongest first.
fn config(texts: &[&str]) -> Config {
    let files = texts.iter().zip(["a", "b", "c"]).map(|(text, name)| ConfigFile {
        path: name.into(),
        text: (*text).to_owned(),
        readable_by_others: false,
    });
    understand(&files.collect::<Vec<_>>())
}

/// All mistakes, each as `file:line: sentence | hint`.
fn told(config: &Config) -> Vec<String> {
    let one = |mistake: &crate::config::mistake::Mistake| {
        let hint = mistake.hint.as_ref().map(|hint| format!(" | {hint}")).unwrap_or_default();
        format!("{}:{}: {}{hint}", mistake.file.display(), mistake.line, mistake.message)
    };
    config.mistakes.iter().map(one).collect()
}
