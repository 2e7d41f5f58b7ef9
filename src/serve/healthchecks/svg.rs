//! A badge as a picture, of the plain kind that every repository's page has.

/// The width of a letter in the badge's type, roughly; badges need no more.
const LETTER_WIDTH: usize = 7;

/// Letters of a label at most; a longer one is cut.
const LABEL_CHARS_MAX: usize = 60;

/// The picture of a label and a word.
pub(super) fn badge(label: &str, word: &str) -> String {
    let label: String = label.chars().take(LABEL_CHARS_MAX).collect();
    let color = match word {
        "down" => "#e05d44",
        "late" => "#fe7d37",
        _ => "#4c1",
    };
    let left = label.chars().count() * LETTER_WIDTH + 10;
    let right = word.len() * LETTER_WIDTH + 10;
    let (whole, label_at, word_at) = (left + right, left / 2, left + right / 2);
    let label = escaped(&label);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {word}\">\
         <rect width=\"{left}\" height=\"20\" fill=\"#555\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{color}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-size=\"11\" \
         font-family=\"DejaVu Sans,Verdana,sans-serif\">\
         <text x=\"{label_at}\" y=\"14\">{label}</text>\
         <text x=\"{word_at}\" y=\"14\">{word}</text></g></svg>"
    )
}

/// Text that cannot become markup; control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_label_cannot_become_markup() {
        let badge = super::badge("\"><script>&\u{1}", "up");
        assert!(badge.contains("&quot;&gt;&lt;script&gt;&amp;<"), "{badge}");
        assert!(badge.contains("#4c1") && super::badge("a", "down").contains("#e05d44"));
    }
}
