//! A style picture on the command line: `FILE`, or `FILE:weight=2,scale=0.5,rotate=15`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use impasto::image::Plane;
use impasto::{Picture, Style};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A style picture, with what is said of it alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StyleArg {
    pub(crate) path: PathBuf,
    /// Its part among several styles.
    pub(crate) weight: Option<f64>,
    /// Its size beside the content.
    pub(crate) scale: Option<f64>,
    /// Degrees that it is turned by, clockwise.
    pub(crate) rotate: Option<f64>,
}

impl StyleArg {
    /// Without settings.
    pub(crate) fn plain(path: impl Into<PathBuf>) -> StyleArg {
        StyleArg { path: path.into(), weight: None, scale: None, rotate: None }
    }

    /// The style that a picture becomes.
    pub(crate) fn style(&self, picture: Picture, alpha: Option<Plane>, share: f64) -> Style {
        let turned = Style::new(picture).alpha(alpha).rotated(self.rotate.unwrap_or(0.0));
        turned.weight(share).scale(self.scale.unwrap_or(1.0))
    }

    /// What was given, by name.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let settings = [("weight", self.weight), ("scale", self.scale), ("rotate", self.rotate)];
        settings.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// For the parser of the command line.
    pub(crate) fn parse(text: OsString) -> Result<StyleArg, String> {
        // A file of exactly this name is meant, whatever stands in it.
        let Some((path, settings)) = text.to_str().and_then(split).filter(|_| !Path::new(&text).exists())
        else {
            return Ok(StyleArg::plain(text));
        };
        let mut style = StyleArg::plain(path);
        for setting in settings.split(',') {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let number =
                value.trim().parse().map_err(|_| format!("{name}: expected a number, found {value:?}"));
            if style.settings().any(|(other, _)| other == name.trim()) {
                return Err(format!("{name} is given twice"));
            }
            match name.trim() {
                "weight" => style.weight = Some(number?),
                "scale" => style.scale = Some(number?),
                "rotate" => {
                    let degrees: f64 = number?;
                    if !degrees.is_finite() {
                        return Err(format!("rotate: expected degrees, found {value:?}"));
                    }
                    style.rotate = Some(degrees);
                }
                other => {
                    return Err(format!("{other:?} is no setting of a style: weight, scale and rotate are"));
                }
            }
        }
        Ok(style)
    }
}

/// What stands before and behind the colon of settings. Names of files have colons, too, but seldom `=` behind the last.
fn split(text: &str) -> Option<(&str, &str)> {
    let is_settings = |text: &str| text.contains('=') && !text.contains(['/', '\\']);
    text.rsplit_once(':').filter(|(path, settings)| !path.is_empty() && is_settings(settings))
}

/// A weight for each style: those of `--style-weights`, or their own.
pub(crate) fn shares(styles: &[StyleArg], weights: Option<&[f64]>) -> Result<Vec<f64>, Failure> {
    let Some(weights) = weights else {
        return Ok(styles.iter().map(|style| style.weight.unwrap_or(1.0)).collect());
    };
    if styles.iter().any(|style| style.weight.is_some()) {
        return Err(Failure::bad_input("--style-weights: a style has a weight of its own already"));
    }
    if weights.len() != styles.len() {
        return Err(Failure::bad_input(format!(
            "--style-weights: expected {} numbers, one for each style, found {}",
            styles.len(),
            weights.len()
        )));
    }
    Ok(weights.to_vec())
}

impl fmt::Display for StyleArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        for (at, (name, value)) in self.settings().enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StyleArg, String> {
        StyleArg::parse(text.into())
    }

    #[test]
    fn settings_stand_behind_the_last_colon() {
        assert_eq!(parse("a.jpg:rotate=-15").unwrap().rotate, Some(-15.0));
        let style = parse("a:b.jpg:weight=0.7, scale=2").unwrap();
        assert_eq!(
            (style.path.as_path(), style.weight, style.scale),
            (Path::new("a:b.jpg"), Some(0.7), Some(2.0))
        );
        assert_eq!(style.to_string(), "a:b.jpg:weight=0.7,scale=2");
        for plain in ["a.jpg", "a:b", "C:\\a.jpg", "12:30/run=3/a.jpg", "a=b.jpg", "-"] {
            assert_eq!(parse(plain).unwrap().to_string(), plain);
        }
        for bad in [
            "a.jpg:weight=x",
            "a.jpg:size=3",
            "a.jpg:weight=1,",
            "a.jpg:=1",
            "a.jpg:rotate=inf",
            "a.jpg:scale=1,scale=2",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn weights_are_given_once() {
        let styles = [parse("a:weight=3").unwrap(), parse("b").unwrap()];
        assert_eq!(shares(&styles, None).unwrap(), [3.0, 1.0]);
        assert!(shares(&styles, Some(&[1.0, 1.0])).is_err());
        assert!(shares(&styles[1..], Some(&[1.0, 1.0])).is_err());
        assert_eq!(shares(&styles[1..], Some(&[5.0])).unwrap(), [5.0]);
    }
}
