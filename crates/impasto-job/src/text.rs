//! Texts from outside: file names, metadata, answers of other programs. A terminal would obey their control characters.

/// Returns the text with its control characters escaped.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}
