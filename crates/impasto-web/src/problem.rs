//! Errors as the page says them.

use std::fmt;

use impasto::{Error, Setting};
use serde::Serialize;

/// A sentence about an error, and one with advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The error in words.
    pub message: String,
    /// Advice, if there is any.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), hint: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Problem {
        Problem { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let spell = |text: &str| Setting::spell(text, |setting| setting.name().replace('_', " "));
        Problem { message: spell(&error.to_string()), hint: error.hint().map(|hint| spell(&hint)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_spelt_as_words() {
        let error = impasto::StyleTransfer::new(impasto::Picture::filled(64, 64, [0.5; 3]))
            .style(impasto::Picture::filled(64, 64, [0.2; 3]))
            .stroke_size(9.0)
            .build()
            .err()
            .unwrap();
        assert_eq!(Problem::from(error).message, "stroke size: expected 0.1 to 4, found 9");
    }
}
