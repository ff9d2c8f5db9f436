//! A style picture on the command line: `FILE`, or a file with settings, such as
//! `FILE:weight=2,scale=0.5,rotate=15,mask=FILE,region=red,layers=relu1_1+relu2_1`, in a film also `at=10s`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use impasto::image::Plane;
use impasto::{MaskColour, Picture, Style};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::style_time::StyleTime;
use crate::{JobError, paths};

/// A style picture with its own settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StyleSpec {
    /// The file of the picture.
    #[serde(serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub path: PathBuf,
    /// Share among several styles [default: 1].
    #[serde(default)]
    pub weight: Option<f64>,
    /// Size relative to the content; multiplies `style_scale` [default: 1].
    #[serde(default)]
    pub scale: Option<f64>,
    /// Clockwise rotation in degrees [default: 0].
    #[serde(default)]
    pub rotate: Option<f64>,
    /// The mask of the style: the part of it that counts, or the part for each region.
    #[serde(default, serialize_with = "paths::write", deserialize_with = "paths::read")]
    pub mask: Option<PathBuf>,
    /// The region of the style: a colour in the content's mask.
    #[serde(default)]
    pub region: Option<String>,
    /// The style layers that the style applies to [default: all].
    #[serde(default)]
    pub layers: Option<Vec<String>>,
    /// The time at which a film has this style alone: 10s, 50% or 250f. Between the times of two styles they are
    /// blended [default: always].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The names of the settings.
pub const NAMES: [&str; 7] = ["weight", "scale", "rotate", "mask", "region", "layers", "at"];

impl StyleSpec {
    /// A style without settings.
    pub fn plain(path: impl Into<PathBuf>) -> StyleSpec {
        let (weight, scale, rotate) = (None, None, None);
        let (mask, region, layers, at) = (None, None, None, None);
        StyleSpec { path: path.into(), weight, scale, rotate, mask, region, layers, at }
    }

    /// Returns the style as the library takes it, made from its decoded picture.
    pub fn style(
        &self,
        picture: Picture,
        alpha: Option<Plane>,
        share: f64,
        parts: Option<Vec<(usize, Option<Plane>)>>,
    ) -> Style {
        let mut style = Style::new(picture).alpha(alpha);
        if let Some(parts) = parts {
            style = style.parts(parts);
        }
        let turned = style.rotated(self.rotate.unwrap_or(0.0));
        turned.weight(share).scale(self.scale.unwrap_or(1.0)).layers(self.layers.clone())
    }

    /// The colour of the style's region, if it names one.
    pub fn colour(&self) -> Result<Option<MaskColour>, JobError> {
        let parsed = |text: &String| {
            MaskColour::parse(text).ok_or_else(|| {
                JobError::bad_input(format!("region={text}: expected a colour")).hint(
                    "such as #ff0000, or black, white, red, green, lime, blue, yellow, cyan, magenta or grey",
                )
            })
        };
        self.region.as_ref().map(parsed).transpose()
    }

    /// The settings that were given, with their names.
    pub fn settings(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let number = |value: Option<f64>| value.map(|value| json!(value));
        let values = [
            number(self.weight),
            number(self.scale),
            number(self.rotate),
            self.mask.as_ref().map(|path| json!(path.to_string_lossy())),
            self.region.as_ref().map(|colour| json!(colour)),
            self.layers.as_ref().map(|layers| json!(layers.join("+"))),
            self.at.as_ref().map(|time| json!(time)),
        ];
        NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }

    /// The parser for command lines.
    #[cfg(feature = "clap")]
    pub fn parser() -> impl clap::builder::TypedValueParser<Value = StyleSpec> {
        use clap::builder::{OsStringValueParser, TypedValueParser};
        OsStringValueParser::new().try_map(StyleSpec::parse)
    }

    /// Parses `FILE`, or `FILE:weight=2,scale=0.5` and so on.
    ///
    /// # Errors
    /// When a setting is unknown or invalid, or is given twice.
    pub fn parse(text: OsString) -> Result<StyleSpec, String> {
        // If a file has exactly this name, the whole text is its name.
        if Path::new(&text).exists() {
            return Ok(StyleSpec::plain(text));
        }
        let Some(unicode) = text.to_str() else { return StyleSpec::parse_encoded(text) };
        match split(unicode) {
            Some((path, settings)) => StyleSpec::with(path, settings),
            None => match unicode.rsplit_once(':') {
                Some((path, number)) if number.parse::<f64>().is_ok() && Path::new(path).is_file() => {
                    Err(format!("{number} is no setting of a style: expected weight={number}"))
                }
                _ => Ok(StyleSpec::plain(text)),
            },
        }
    }

    /// Parses a text that is not Unicode. Only the names of files may be so.
    fn parse_encoded(text: OsString) -> Result<StyleSpec, String> {
        let encoded = paths::encoded(&text);
        let Some((path, settings)) = encoded.as_deref().and_then(split) else {
            return Ok(StyleSpec::plain(text));
        };
        let mut style = StyleSpec::with(path, settings)?;
        for path in [Some(&mut style.path), style.mask.as_mut()].into_iter().flatten() {
            let decoded = path.to_str().and_then(paths::decoded).ok_or("expected a name of a file")?;
            *path = decoded.into();
        }
        Ok(style)
    }

    /// The style with settings such as `weight=2,scale=0.5`.
    fn with(path: &str, settings: &str) -> Result<StyleSpec, String> {
        let mut style = StyleSpec::plain(path);
        for setting in settings.split(',') {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            let (name, value) = (name.trim(), value.trim());
            if style.settings().any(|(other, _)| other == name) {
                return Err(format!("{name} is given twice"));
            }
            style.set(name, value)?;
        }
        Ok(style)
    }

    /// Sets the setting with this name.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || value.parse().map_err(|_| format!("{name}: expected a number, found {value:?}"));
        let something = || match value {
            "" => Err(format!("{name}: expected a value after =")),
            value => Ok(value.to_owned()),
        };
        match name {
            "weight" => self.weight = Some(number()?),
            "scale" => self.scale = Some(number()?),
            "rotate" => {
                let degrees: f64 = number()?;
                if !degrees.is_finite() {
                    return Err(format!("rotate: expected degrees, found {value:?}"));
                }
                self.rotate = Some(degrees);
            }
            "mask" => self.mask = Some(something()?.into()),
            "region" => self.region = Some(something()?),
            "layers" => {
                self.layers = Some(something()?.split('+').map(|layer| layer.trim().to_owned()).collect());
            }
            "at" => {
                StyleTime::parse(value)?;
                self.at = Some(value.to_owned());
            }
            other => {
                return Err(format!("{other:?} is no setting of a style: expected {}", NAMES.join(", ")));
            }
        }
        Ok(())
    }
}

/// Splits a text at the colon before the settings. A file name may contain colons too, but rarely one that a setting
/// follows.
fn split(text: &str) -> Option<(&str, &str)> {
    let known = NAMES.iter().filter_map(|name| text.find(&format!(":{name}="))).min();
    let is_settings = |text: &str| text.contains('=') && !text.contains(['/', '\\']);
    let parts = match known {
        Some(colon) => Some((&text[..colon], &text[colon + 1..])),
        None => text.rsplit_once(':').filter(|(_, settings)| is_settings(settings)),
    };
    parts.filter(|(path, _)| !path.is_empty())
}

/// Returns a setting as the text that a user gives. In recipes a mask is an object with the name of its file.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_f64().map(|number| number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Object(file) => file.get("name").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

/// Returns the weight of each style: from `style_weights` if given, otherwise its own.
pub fn shares(styles: &[StyleSpec], weights: Option<&[f64]>) -> Result<Vec<f64>, JobError> {
    let Some(weights) = weights else {
        return Ok(styles.iter().map(|style| style.weight.unwrap_or(1.0)).collect());
    };
    if styles.iter().any(|style| style.weight.is_some()) {
        return Err(JobError::bad_input("`style_weights`: a style has a weight of its own already"));
    }
    if weights.len() != styles.len() {
        return Err(JobError::bad_input(format!(
            "`style_weights`: expected {} numbers, one for each style, found {}",
            styles.len(),
            weights.len()
        )));
    }
    Ok(weights.to_vec())
}

impl fmt::Display for StyleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        for (at, (name, value)) in self.settings().enumerate() {
            let value = text_of(&value).unwrap_or_default();
            write!(f, "{}{name}={value}", if at == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StyleSpec, String> {
        StyleSpec::parse(text.into())
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
        let masked = parse("a.jpg:mask=masks/b.png,region=#ff0000,layers=relu1_1 + relu2_1").unwrap();
        assert_eq!(masked.mask.as_deref(), Some(Path::new("masks/b.png")));
        assert_eq!(masked.to_string(), "a.jpg:mask=masks/b.png,region=#ff0000,layers=relu1_1+relu2_1");
        let timed = parse("a.jpg:weight=2,at=50%").unwrap();
        assert_eq!((timed.at.as_deref(), &*timed.to_string()), (Some("50%"), "a.jpg:weight=2,at=50%"));
        assert_eq!(parse("a.jpg:at=10s").unwrap().at.as_deref(), Some("10s"));
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
            "a.jpg:mask=",
            "a.jpg:mask=a,b.png",
            "a.jpg:at=10",
            "a.jpg:at=1s,at=2s",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn settings_stand_behind_names_that_are_not_unicode() {
        use std::os::unix::ffi::OsStringExt;
        let name = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let style = StyleSpec::parse(name(b"caf\xe9 50%.jpg:weight=2,mask=\xff.png")).unwrap();
        assert_eq!(style.path, PathBuf::from(name(b"caf\xe9 50%.jpg")));
        assert_eq!((style.weight, style.mask), (Some(2.0), Some(PathBuf::from(name(b"\xff.png")))));
        assert_eq!(StyleSpec::parse(name(b"\xff.png")).unwrap(), StyleSpec::plain(name(b"\xff.png")));
        assert!(StyleSpec::parse(name(b"\xff.png:weight=x")).is_err());
        let json = serde_json::to_string(&StyleSpec::plain(name(b"\xff.png"))).unwrap();
        let read: StyleSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(read.path, PathBuf::from(name(b"\xff.png")));
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
