//! How deep brackets nest in a text, found without recursion, so that the recursive parser is only
//! given texts its stack can bear. Knows strings and comments and nothing else of GraphQL.

/// The most `{`, `[` and `(` open at once.
pub(super) fn deepest(source: &str) -> usize {
    let bytes = source.as_bytes();
    let (mut at, mut open, mut deepest) = (0, 0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'#' => after_line(bytes, at),
            b'"' => after_string(bytes, at),
            _ => at + 1,
        };
        match byte {
            b'{' | b'[' | b'(' => open += 1,
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn after_line(bytes: &[u8], from: usize) -> usize {
    let end = bytes[from..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(bytes.len(), |length| from + length + 1)
}

fn after_string(bytes: &[u8], from: usize) -> usize {
    if bytes[from..].starts_with(b"\"\"\"") {
        // An unterminated block string is read by the parser as an empty string and whatever
        // follows, so the same is done here; else its rest would hide from the count.
        return after_block_string(bytes, from + 3).unwrap_or(from + 2);
    }
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\n' | b'\r' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn after_block_string(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::deepest;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for (source, expected) in [
            ("", 0),
            ("{a}", 1),
            ("{a(x:[{y:1}]){b}}", 4),
            ("{a #{{{{\n{b}}", 2),
            (r#"{a(x:"{{{\"{{")}"#, 2),
            (r#"{a(x:"""{{" \""" {{""")}"#, 2),
            (r#"{a(x:"")}"#, 2),
            ("}}}{", 1),
        ] {
            assert_eq!(deepest(source), expected, "{source}");
        }
    }

    #[test]
    fn an_unterminated_block_string_hides_nothing() {
        assert_eq!(deepest(r#"{a(x:["""b" [[[[ ]]]]])}"#), 7);
    }
}
