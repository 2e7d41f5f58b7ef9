//! File name patterns as a shell knows them: `*`, `?`, `[a-z]`, and `**` for any depth.
//!
//! A crontab line is no shell session of anybody's: the pattern arrives as it was quoted and is
//! looked up after the job, when the file it names exists.

use std::path::PathBuf;

/// Files found by one pattern at most.
const FOUND_MAX: usize = 100_000;

/// Directories that `**` goes down at most.
const DEPTH_MAX: usize = 32;

/// Every path that matches, hidden ones only where the pattern names the dot.
pub(crate) fn find(pattern: &str) -> Vec<PathBuf> {
    let start = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::new() };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut found = Vec::new();
    descend(start, &parts, DEPTH_MAX, &mut found);
    found
}

fn descend(at: PathBuf, parts: &[&str], depth: usize, found: &mut Vec<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else {
        if found.len() < FOUND_MAX {
            found.push(at);
        }
        return;
    };
    if *part == "**" {
        descend(at.clone(), rest, depth, found);
        if depth > 0 {
            for name in names(&at) {
                let below = at.join(&name);
                let is_dir = std::fs::symlink_metadata(&below).is_ok_and(|facts| facts.is_dir());
                if is_dir && !name.starts_with('.') {
                    descend(below, parts, depth - 1, found);
                }
            }
        }
        return;
    }
    if !part.contains(['*', '?', '[']) {
        let below = at.join(part);
        if below.symlink_metadata().is_ok() {
            descend(below, rest, depth, found);
        }
        return;
    }
    for name in names(&at) {
        if matches(part, &name) && (part.starts_with('.') || !name.starts_with('.')) {
            descend(at.join(&name), rest, depth, found);
        }
    }
}

fn names(directory: &PathBuf) -> Vec<String> {
    let here = PathBuf::from(".");
    let directory = if directory.as_os_str().is_empty() { &here } else { directory };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.take(FOUND_MAX).filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether one name matches one part of a pattern; linear but for the last `*`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one(&pattern, p, name[n]) {
                    p = next;
                    n += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        p = at + 1;
        n = from + 1;
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Matches one character at `p`; gives where the pattern goes on.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern[p] {
        '?' => Some(p + 1),
        '[' => {
            let close =
                pattern[p + 1..].iter().skip(1).position(|c| *c == ']').map(|at| p + 2 + at);
            let Some(close) = close else { return (c == '[').then_some(p + 1) };
            let mut set = &pattern[p + 1..close];
            let negated = matches!(set.first(), Some('!' | '^')) && set.len() > 1;
            if negated {
                set = &set[1..];
            }
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if set.get(at + 1) == Some(&'-') && at + 2 < set.len() {
                    found |= (set[at]..=set[at + 2]).contains(&c);
                    at += 3;
                } else {
                    found |= set[at] == c;
                    at += 1;
                }
            }
            (found != negated).then_some(close + 1)
        }
        literal => (literal == c).then_some(p + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.sql", "a.sql", true),
            ("*.sql", "a.sql.gz", false),
            ("db-*-*.gz", "db-a-b-c.gz", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]x", "]x", true),
            ("*", "", true),
            ("a[", "a[", true),
            ("********b", "aaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
