//! The words of a page, as Healthchecks finds them: no tags, no scripts, one blank between words.

/// The longest name of a character that is looked for, such as `&nbsp;`.
const NAME_BYTES_MAX: usize = 10;

/// The text of a page. What stands in a tag, a comment, a script or a style is none.
pub(super) fn text(page: &str) -> String {
    let mut words = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        words.push_str(before);
        rest = match tag.as_bytes().get(1) {
            Some(b'!') if tag.starts_with("<!--") => behind(tag, "-->"),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?') => {
                let rest = behind(tag, ">");
                let silent = ["script", "style"].into_iter().find(|name| is_tag(tag, name));
                silent.map_or(rest, |name| end_of(rest, name))
            }
            _ => {
                words.push('<');
                &tag[1..]
            }
        };
    }
    words.push_str(rest);
    decoded(&words).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn behind<'a>(text: &'a str, end: &str) -> &'a str {
    text.find(end).map_or("", |at| &text[at + end.len()..])
}

fn is_tag(tag: &str, name: &str) -> bool {
    let found = tag.as_bytes().get(1..=name.len());
    let ends = tag.as_bytes().get(name.len() + 1);
    found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && ends.is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// What comes behind the end of a script.
fn end_of<'a>(rest: &'a str, name: &str) -> &'a str {
    let bytes = rest.as_bytes();
    let end = bytes.windows(name.len() + 2).position(|window| {
        window.starts_with(b"</") && window[2..].eq_ignore_ascii_case(name.as_bytes())
    });
    end.map_or("", |at| behind(&rest[at..], ">"))
}

/// Characters instead of their names.
fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        let named = &rest[start + 1..];
        let end = named.bytes().take(NAME_BYTES_MAX).position(|byte| byte == b';');
        match end.and_then(|end| character(&named[..end]).map(|found| (found, end))) {
            Some((found, end)) => {
                plain.push(found);
                rest = &named[end + 1..];
            }
            None => {
                plain.push('&');
                rest = named;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_page_is_its_words() {
        for (page, words) in [
            ("<p>Backup <b>OK</b></p>\r\n  <br/>done", "Backup OK done"),
            ("O<i>K</i>", "OK"),
            ("<style>p { FAIL }</style>a<SCRIPT>FAIL</script >b<!-- FAIL > -->c", "abc"),
            ("1 < 2 && 3 > 2 &amp; &#79;&#x4b; &nope; &", "1 < 2 && 3 > 2 & OK &nope; &"),
            ("<script>FAIL", ""),
            ("<p", ""),
            ("<", "<"),
            ("&#xD800;&#99999999;", "&#xD800;&#99999999;"),
            ("<stylex>a</stylex>", "a"),
            ("ä<é>ö&ü;", "ä<é>ö&ü;"),
        ] {
            assert_eq!(text(page), words, "{page}");
        }
    }
}
