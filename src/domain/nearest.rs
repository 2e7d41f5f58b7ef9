//! "Did you mean …?": the known word closest to a mistyped one.
//!
//! Closeness is counted in single mistakes of the hand: a letter too many, too few, wrong, or two swapped. A suggestion that
//! is wrong annoys more than none, so short words must be very close. Case does not count. Words are bounded, because they
//! come from command lines and files and the table is quadratic.

/// Longer words than this get no suggestion; no name hb knows comes near it.
const WORD_CHARS_MAX: usize = 64;

/// The candidate with the fewest mistakes, the first of equals; `None` if all are too far off.
///
/// One mistake is allowed from two letters on, two from five, three from eight: `grce` finds `grace`, `xyz` finds nothing.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = letters(word)?;
    let allowed = ((word.len() + 1) / 3).min(3);
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(&word, &letters(candidate)?), candidate)))
        .filter(|(mistakes, _)| *mistakes <= allowed)
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

/// The characters of a word in lower case, unless there are too many.
fn letters(word: &str) -> Option<Vec<char>> {
    let letters: Vec<char> =
        word.chars().take(WORD_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    (!letters.is_empty() && letters.len() <= WORD_CHARS_MAX).then_some(letters)
}

/// Optimal string alignment distance: Levenshtein's, with a swap of neighbours as one mistake. Three rows are enough.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, l) in left.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, r) in right.iter().enumerate() {
            let mut best = (last[column] + usize::from(l != r))
                .min(last[column + 1] + 1)
                .min(this[column] + 1);
            if row > 0 && column > 0 && *l == right[column - 1] && left[row - 1] == *r {
                best = best.min(before[column - 1] + 1);
            }
            this.push(best);
        }
        before = std::mem::replace(&mut last, this);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_counted() {
        for (left, right, mistakes) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "ab", 1),
            ("ab", "abc", 1),
            ("abc", "axc", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("", "abc", 3),
        ] {
            let chars = |word: &str| word.chars().collect::<Vec<_>>();
            assert_eq!(distance(&chars(left), &chars(right)), mistakes, "{left} {right}");
            assert_eq!(distance(&chars(right), &chars(left)), mistakes, "{right} {left}");
        }
    }

    #[test]
    fn only_close_words_are_suggested() {
        let known = ["grace", "timeout", "schedule", "tail", "on"];
        for (word, expected) in [
            ("grce", Some("grace")),
            ("garce", Some("grace")),
            ("GRACE", Some("grace")),
            ("time-out", Some("timeout")),
            ("shedul", Some("schedule")),
            ("tial", Some("tail")),
            ("no", Some("on")),
            ("x", None),
            ("xyz", None),
            ("", None),
            ("retention", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), known), None);
        assert_eq!(nearest("grace", []), None);
    }
}
