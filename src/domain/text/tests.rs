//! Tests of `text.rs`: tables of whole outputs, and loops over hostile bytes against the laws.

use super::{clean, excerpt, fit, last_line_end, marker, printable, to_text, whole_start};

/// A number below `limit`; the quality does not matter.
fn below(seed: &mut u64, limit: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % limit
}

/// Up to `size` bytes out of those that matter to the code.
fn nasty(seed: &mut u64, size: usize) -> Vec<u8> {
    let alphabet = b"a0f \\xX5c\n\r\t\x08\x1b[];?m\x07\0,.\xc3\xa9\xe2\x80\xae\xff";
    (0..below(seed, size)).map(|_| alphabet[below(seed, alphabet.len())]).collect()
}

/// The inverse of `to_text`: each `\xNN` is one byte.
fn from_text(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let pair = text.get(at..at + 4).and_then(|four| four.strip_prefix("\\x"));
        match pair
            .filter(|pair| !pair.contains('+'))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        {
            Some(byte) => (out.push(byte), at += 4),
            None => (out.push(bytes[at]), at += 1),
        };
    }
    out
}

#[test]
fn output_is_cleaned_as_a_terminal_would_show_it() {
    for (raw, expected) in [
        ("plain\ntext\n", "plain\ntext\n"),
        ("10%\r20%\r100%\ndone\n", "100%\ndone\n"),
        ("10%\r20%\r", "20%"),
        ("\r10%\r\r\n", "10%\n"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("100%\r\u{1b}[K\n", "100%\n"),
        ("\u{1b}[1;31mred\u{1b}[0m and \u{1b}[?25lhidden", "red and hidden"),
        ("\u{1b}]0;title\u{7}text", "text"),
        ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{1b}]0;never closed\nnext\n", "\nnext\n"),
        ("\u{1b}(Bplain\u{1b}=\u{1b}7", "plain"),
        ("\u{1b}[12\nnext", "\nnext"),
        ("a\u{1b}", "a"),
        ("|\u{8}/\u{8}-", "-"),
        ("né\u{8}o\n\u{8}x", "no\nx"),
        ("h\0i\0\u{7}\tthere", "hi\tthere"),
        ("äöü € 😀\n", "äöü € 😀\n"),
    ] {
        assert_eq!(String::from_utf8(clean(raw.as_bytes())).unwrap(), expected, "{raw:?}");
    }
    assert_eq!(clean(b"caf\xe9\n"), b"caf\xe9\n");
}

#[test]
fn cleaning_leaves_no_control_and_changes_nothing_twice() {
    let mut seed = 3;
    for _ in 0..20_000 {
        let cleaned = clean(&nasty(&mut seed, 40));
        assert!(cleaned.iter().all(|byte| *byte >= 0x20 || matches!(byte, b'\n' | b'\t')));
        assert_eq!(clean(&cleaned), cleaned);
    }
}

#[test]
fn what_does_not_fit_loses_its_front() {
    let lines: Vec<u8> = (0..400).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    assert_eq!(fit(&lines, lines.len()), lines);
    let cut = fit(&lines, 100);
    assert_eq!(
        String::from_utf8(cut.clone()).unwrap(),
        "[... 3,427 bytes omitted ...]\nline 393\nline 394\nline 395\nline 396\nline 397\nline 398\nline 399\n"
    );
    assert_eq!(
        String::from_utf8(fit(&cut, 80)).unwrap(),
        "[... 3,445 bytes omitted ...]\nline 395\nline 396\nline 397\nline 398\nline 399\n"
    );
    assert_eq!(fit("ééé".as_bytes(), 3), "é".as_bytes());
    assert_eq!(fit(b"abc", 0), b"");
}

#[test]
fn the_limit_is_kept_and_no_character_is_split() {
    let mut seed = 5;
    for _ in 0..5_000 {
        let text: String = (0..below(&mut seed, 300))
            .map(|_| ['a', ' ', '\n', 'é', '€', '😀'][below(&mut seed, 6)])
            .collect();
        let limit = below(&mut seed, 200);
        let cut = fit(text.as_bytes(), limit);
        assert!(cut.len() <= limit);
        let cut = String::from_utf8(cut).unwrap();
        let end = cut.split_once("omitted ...]\n").map_or(cut.as_str(), |(_, end)| end);
        assert!(text.ends_with(end));
        nasty(&mut seed, 9)
            .iter()
            .for_each(|byte| assert!(fit(&[*byte; 70], limit).len() <= limit));
    }
}

#[test]
fn any_bytes_can_be_had_back() {
    assert_eq!(to_text(b"caf\xe9 \\xe9 C:\\xylo"), "caf\\xe9 \\x5cxe9 C:\\xylo");
    let mut seed = 9;
    for _ in 0..40_000 {
        let bytes = nasty(&mut seed, 24);
        let text = to_text(&bytes);
        assert_eq!(from_text(&text), bytes, "{text}");
        assert!(!text.contains('\u{fffd}'));
    }
    assert_eq!(to_text("\u{fffd}".as_bytes()), "\u{fffd}");
}

#[test]
fn a_terminal_cannot_be_steered() {
    assert_eq!(
        printable("a\tb\n\u{1b}[31m\r\u{7f}\u{9b}\u{202e}x\u{2066}\u{200f}é".as_bytes()),
        "a\tb\n\\x1b[31m\\x0d\\x7f\\u{9b}\\u{202e}x\\u{2066}\\u{200f}é"
    );
}

#[test]
fn excerpts_are_short_and_ascii() {
    assert_eq!(excerpt(b"1.5h"), "1.5h");
    assert_eq!(excerpt("−5m\n".as_bytes()), "\\u{2212}5m\\n");
    assert_eq!(excerpt(&b"5m".repeat(300)), format!("{}...", "5m".repeat(20)));
    assert!(excerpt("é".repeat(90).as_bytes()).len() <= 43);
}

#[test]
fn boundaries_and_markers() {
    assert_eq!(marker(7), "[... 7 bytes omitted ...]\n");
    assert_eq!(marker(1_234_567), "[... 1,234,567 bytes omitted ...]\n");
    for (bytes, at) in [
        (&b"ab\ncd"[..], 3),
        (b"ab\r\ncd", 4),
        (b"ab cd\n", 3),
        (b"abcd", 0),
        (b"\xa9abc", 1),
        (b"", 0),
        (b"\n", 0),
    ] {
        assert_eq!(whole_start(bytes), at, "{bytes:?}");
    }
    for (bytes, at) in
        [(&b"ab\ncd"[..], 3), (b"abcd", 4), (b"ab\xc3", 2), (b"", 0), (b"ab\rcd\n", 6)]
    {
        assert_eq!(last_line_end(bytes), at, "{bytes:?}");
    }
}
