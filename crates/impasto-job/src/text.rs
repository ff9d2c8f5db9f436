//! Texts of strangers (names of files, metadata, answers of other programs), which a terminal would obey.

/// A line without control characters.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}
