//! The world a job finds: its variables, its user, its directory, its priority.

use std::ffi::CString;

use super::run_arguments::WorldArguments;
use super::run_settle::Settled;
use crate::config::policy::Policy;
use crate::domain::text;
use crate::sys::{files, priority, spawn};

/// Enters the job's world: its directory and its priority. hb has no use for its own any more.
pub(crate) fn enter(settled: &Settled) -> Result<(), String> {
    if let Some(directory) = &settled.chdir {
        std::env::set_current_dir(directory)
            .map_err(|error| format!("cannot enter `{}`: {error}", directory.display()))?;
    }
    if let Some(nice) = settled.nice {
        priority::add_nice(nice).map_err(|error| format!("`--nice {nice}`: {error}"))?;
    }
    if let Some(class) = settled.ionice {
        priority::set_io_class(class).map_err(|error| format!("the I/O class: {error}"))?;
    }
    match &settled.nobody {
        Some(why) => Err(why.clone()),
        None => Ok(()),
    }
}

/// The job's environment: hb's own without its secrets, and what `--env-file` adds.
pub(crate) fn environment(
    world: &WorldArguments,
    policy: &Policy,
    troubles: &mut Vec<String>,
) -> Vec<CString> {
    let mut entries = spawn::environment();
    entries.retain(|entry| !is_secret(entry.to_bytes()));
    let files = if world.env_file.is_empty() {
        policy.env_file.clone().unwrap_or_default()
    } else {
        world.env_file.clone()
    };
    for file in files {
        match files::read_given(&file) {
            Ok(bytes) => {
                for (name, entry) in variables(&bytes) {
                    entries.retain(|known| !known.to_bytes().starts_with(&name));
                    entries.push(entry);
                }
            }
            Err(error) => {
                troubles.push(format!("cannot read variables from `{}`: {error}", file.display()));
            }
        }
    }
    entries
}

/// Whether a variable is hb's own and secret, or says what only this run may say.
fn is_secret(entry: &[u8]) -> bool {
    let name = entry.split(|byte| *byte == b'=').next().unwrap_or_default();
    let Some(own) = name.strip_prefix(b"HB_") else { return false };
    let own = String::from_utf8_lossy(own);
    let secret = ["KEY", "PASSWORD", "SECRET", "TOKEN", "DATABASE"];
    let url = match &*own {
        "TO" => entry.windows(3).any(|part| part == b"://"),
        // The address alone is none, and a job may ask that receiver.
        "SERVER" => entry.contains(&b'@'),
        _ => false,
    };
    let run = matches!(&*own, "RUN_ID" | "MONITOR" | "RUN_DIR" | "FAULT");
    url || run || secret.iter().any(|word| own.contains(word))
}

/// `NAME=value` lines, with `#` comments, an optional `export`, and quotes around a value.
fn variables(bytes: &[u8]) -> Vec<(Vec<u8>, CString)> {
    let mut found = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
        let Some(equals) = line.iter().position(|byte| *byte == b'=') else { continue };
        let name = line[..equals].trim_ascii_end();
        if line.starts_with(b"#") || name.is_empty() {
            continue;
        }
        let value = line[equals + 1..].trim_ascii_start();
        let value = [b'"', b'\'']
            .iter()
            .find_map(|quote| value.strip_prefix(&[*quote])?.strip_suffix(&[*quote]))
            .unwrap_or(value);
        let name = [name, b"="].concat();
        if let Ok(entry) = CString::new([&name, value].concat()) {
            found.push((name, entry));
        }
    }
    found
}

/// A user by name or number, with its groups.
pub(crate) fn identity(user: &str) -> Result<(u32, u32, Vec<u32>), String> {
    let found = nix::unistd::User::from_name(user)
        .ok()
        .flatten()
        .or_else(|| {
            nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(user.parse().ok()?)).ok()?
        })
        .ok_or_else(|| format!("there is no user `{}`", text::excerpt(user.as_bytes())))?;
    let name = CString::new(found.name).map_err(|_| "not a name".to_owned())?;
    let groups = nix::unistd::getgrouplist(&name, found.gid).unwrap_or_default();
    Ok((
        found.uid.as_raw(),
        found.gid.as_raw(),
        groups.into_iter().map(|gid| gid.as_raw()).collect(),
    ))
}
