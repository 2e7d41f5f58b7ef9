//! Where in a JSON text its members and items stand. Pure.
//!
//! serde_json tells the place of an error of its own, and of nothing else. Here a text that it has
//! accepted is walked once more, so that a mistake in a value can be told with its line; a text that is
//! no JSON gives nothing useful, and does no harm.

/// A member of an object: its name, and where its value begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The name; empty for an item of a list.
    pub(crate) name: String,
    /// Where the name begins, or the item.
    pub(crate) at: usize,
    /// Where the value begins.
    pub(crate) value_at: usize,
}

/// The members of the object, or the items of the list, that begins at or behind `at`.
pub(crate) fn below(text: &str, at: usize) -> Vec<Place> {
    let bytes = text.as_bytes();
    let mut places = Vec::new();
    let mut here = blank(bytes, at);
    let is_object = bytes.get(here) == Some(&b'{');
    if !is_object && bytes.get(here) != Some(&b'[') {
        return places;
    }
    here = blank(bytes, here + 1);
    while bytes.get(here).is_some_and(|byte| !matches!(byte, b'}' | b']')) {
        let start = here;
        let mut name = String::new();
        if is_object {
            here = past(bytes, here);
            name =
                serde_json::from_str(text.get(start..here).unwrap_or_default()).unwrap_or_default();
            here = blank(bytes, here);
            here = blank(bytes, here + 1);
        }
        places.push(Place { name, at: start, value_at: here });
        here = blank(bytes, past(bytes, here));
        if bytes.get(here) == Some(&b',') {
            here = blank(bytes, here + 1);
        } else {
            break;
        }
    }
    places
}

fn blank(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Behind the value that begins at `at`.
fn past(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = past_text(bytes, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        let is_over = depth == 0
            && (matches!(byte, b'"' | b'}' | b']')
                || bytes.get(at).is_none_or(|next| next.is_ascii_whitespace() || *next == b':'));
        if is_over {
            return at;
        }
    }
    at
}

fn past_text(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn every_value_is_found_where_it_stands() {
        let text = r#" { "a" : 1 , "b\"}" : [ {"x": "]"}, 2 ,"\\" ], "c":{"d":{}},
            "e":-1.5e3}"#;
        let names: Vec<(String, char)> = below(text, 0)
            .into_iter()
            .map(|place| (place.name, text[place.value_at..].chars().next().expect("a value")))
            .collect();
        let expected = [("a", '1'), ("b\"}", '['), ("c", '{'), ("e", '-')];
        assert_eq!(names, expected.map(|(name, first)| (name.to_owned(), first)));
        let list = below(text, 0)[1].value_at;
        let items: Vec<&str> =
            below(text, list).iter().map(|place| &text[place.value_at..][..2]).collect();
        assert_eq!(items, ["{\"", "2 ", "\"\\"]);
        for odd in ["", "{", "[", "{\"a", "{\"a\"", "{\"a\":", "1", "{]", "[,]", "[\"\\"] {
            let _ = below(odd, 0);
        }
        assert!(below("{}", 0).is_empty() && below("[ ]", 0).is_empty());
    }
}
