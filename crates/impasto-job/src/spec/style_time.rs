//! The time of a style in a film: `at=10s`, `at=50%` or `at=250f`.

use crate::JobError;

use super::StyleSpec;

/// The time at which a film has a style alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StyleTime {
    /// Seconds from the beginning.
    Seconds(f64),
    /// A part of the way from the first frame to the last: 0 to 1.
    Part(f64),
    /// A frame of the result, from 0 on.
    Frame(f64),
}

/// The forms of a time, for messages.
const FORMS: &str = "expected a time in a film, such as 10s, 50% or 250f";

impl StyleTime {
    /// Parses `10s`, `50%` or `250f`.
    ///
    /// # Errors
    /// When the text is no time, or when it is out of range.
    pub fn parse(text: &str) -> Result<StyleTime, String> {
        let wrong = || format!("at: {FORMS}, found {text:?}");
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let number: f64 = text[..text.len() - unit.len_utf8()].trim().parse().map_err(|_| wrong())?;
        if !(0.0..=1e9).contains(&number) {
            return Err(wrong());
        }
        match unit {
            's' => Ok(StyleTime::Seconds(number)),
            '%' if number <= 100.0 => Ok(StyleTime::Part(number / 100.0)),
            'f' if number.fract() == 0.0 => Ok(StyleTime::Frame(number)),
            _ => Err(wrong()),
        }
    }
}

impl StyleSpec {
    /// The time of the style in a film, if it has one.
    ///
    /// # Errors
    /// When it is no time.
    pub fn time(&self) -> Result<Option<StyleTime>, JobError> {
        let time = self.at.as_deref().map(StyleTime::parse).transpose();
        time.map_err(|problem| {
            JobError::bad_input(format!("`style` {self}: {problem}"))
                .hint("at is the time at which the film has the style alone")
        })
    }
}

/// Refuses times of styles where there is one picture only.
///
/// # Errors
/// With the style in the message.
pub fn refuse_times(styles: &[StyleSpec]) -> Result<(), JobError> {
    match styles.iter().find(|style| style.at.is_some()) {
        None => Ok(()),
        Some(style) => {
            let message = format!("`style` {style}: a picture has no time, so at has no effect");
            Err(JobError::bad_input(message)
                .hint("at is for the styles of a film; weight mixes several styles"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_parts_or_frames() {
        assert_eq!(StyleTime::parse("2.5s"), Ok(StyleTime::Seconds(2.5)));
        assert_eq!(StyleTime::parse("50%"), Ok(StyleTime::Part(0.5)));
        assert_eq!(StyleTime::parse("250f"), Ok(StyleTime::Frame(250.0)));
        for wrong in ["", "s", "10", "-1s", "101%", "2.5f", "infs", "nans", "1m", "10\u{20ac}"] {
            assert!(StyleTime::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_has_no_times() {
        let style = StyleSpec::parse("a.jpg:at=3s".into()).unwrap();
        assert_eq!(style.time().unwrap(), Some(StyleTime::Seconds(3.0)));
        let wrong = StyleSpec { at: Some("soon".into()), ..StyleSpec::plain("a.jpg") };
        let refused = wrong.time().unwrap_err();
        assert!(refused.to_string().contains("a.jpg:at=soon: at: expected a time"), "{refused}");
        assert!(refused.hint_text().is_some());
        assert!(refuse_times(&[StyleSpec::plain("b.jpg")]).is_ok());
        assert!(refuse_times(&[style]).unwrap_err().to_string().contains("a.jpg:at=3s"));
    }
}
