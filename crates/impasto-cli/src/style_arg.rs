//! A style picture on the command line: `FILE`, or `FILE:weight=2,scale=0.5`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A style picture, with what is said of it alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct StyleArg {
    pub(crate) path: PathBuf,
    /// Its part among several styles.
    pub(crate) weight: Option<f64>,
    /// Its size beside the content.
    pub(crate) scale: Option<f64>,
}

impl StyleArg {
    /// For the parser of the command line.
    pub(crate) fn parse(text: OsString) -> Result<StyleArg, String> {
        let plain = |path: PathBuf| StyleArg { path, weight: None, scale: None };
        // A file of exactly this name is meant, whatever stands in it.
        let Some((path, settings)) = text.to_str().and_then(split).filter(|_| !Path::new(&text).exists())
        else {
            return Ok(plain(text.into()));
        };
        let mut style = plain(path.into());
        for setting in settings.split(',') {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let number =
                value.trim().parse().map_err(|_| format!("{name}: expected a number, found {value:?}"));
            match name.trim() {
                "weight" => style.weight = Some(number?),
                "scale" => style.scale = Some(number?),
                other => return Err(format!("{other:?} is no setting of a style: weight and scale are")),
            }
        }
        Ok(style)
    }
}

/// What stands before and behind the colon of settings. Names of files have colons, too, but seldom `=` behind the last.
fn split(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(':').filter(|(path, settings)| !path.is_empty() && settings.contains('='))
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
        let settings = [("weight", self.weight), ("scale", self.scale)];
        let given = settings.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (at, (name, value)) in given.enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

impl From<StyleArg> for String {
    fn from(style: StyleArg) -> String {
        style.to_string()
    }
}

impl TryFrom<String> for StyleArg {
    type Error = String;

    fn try_from(text: String) -> Result<StyleArg, String> {
        StyleArg::parse(text.into())
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
        let style = parse("a:b.jpg:weight=0.7, scale=2").unwrap();
        assert_eq!(
            (style.path.as_path(), style.weight, style.scale),
            (Path::new("a:b.jpg"), Some(0.7), Some(2.0))
        );
        assert_eq!(style.to_string(), "a:b.jpg:weight=0.7,scale=2");
        for plain in ["a.jpg", "a:b", "C:\\a.jpg", "a=b.jpg", "-"] {
            assert_eq!(parse(plain).unwrap().to_string(), plain);
        }
        for bad in ["a.jpg:weight=x", "a.jpg:size=3", "a.jpg:weight=1,", "a.jpg:=1"] {
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
