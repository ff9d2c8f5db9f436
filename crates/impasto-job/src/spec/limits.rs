//! `limits`: limits on input files.

use std::time::Duration;

use impasto::image::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobError;

/// Options for reading input files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct InputSpec {
    /// Limits on each input file: none, or a list such as megapixels=200,side=40000,file=100M,memory=2G,time=60s, in
    /// which each value may be none [default: 100 megapixels, 30000 pixels a side, 400 MB a file, 1 GB to decode, 8 s]
    #[cfg_attr(feature = "clap", arg(long, value_name = "L", help_heading = "Input"))]
    pub limits: Option<String>,
}

const NAMES: &str =
    "none, or megapixels=N, side=N, file=SIZE, memory=SIZE and time=TIME, separated by commas";

impl InputSpec {
    /// The limits on each input file.
    ///
    /// # Errors
    /// When the option is not a list of limits.
    pub fn limits(&self) -> Result<Limits, JobError> {
        self.limits_from(Limits::default())
    }

    /// Like [`limits`](Self::limits), with other default limits.
    pub fn limits_from(&self, mut limits: Limits) -> Result<Limits, JobError> {
        let parts = self.limits.iter().flat_map(|text| text.split(',')).map(str::trim);
        for part in parts {
            if part == "none" {
                limits = Limits::NONE;
                continue;
            }
            set(&mut limits, part).ok_or_else(|| {
                JobError::bad_input(format!("`limits`: {part:?} is not a limit"))
                    .hint(format!("expected {NAMES}"))
            })?;
        }
        Ok(limits)
    }
}

fn set(limits: &mut Limits, part: &str) -> Option<()> {
    let (name, value) = part.split_once('=')?;
    let value = value.trim();
    let given = (value != "none").then_some(value);
    // A size in bytes; `none` lifts the limit.
    let bytes = || given.map_or(Some(u64::MAX), |value| parse_size::parse_size(value).ok());
    match name.trim() {
        "megapixels" => {
            let count = given.map_or(Some(f64::INFINITY), |value| value.parse().ok())?;
            // The conversion turns numbers that are too large into the largest integer.
            limits.pixels = (count > 0.0).then_some((count * 1e6) as u64)?;
        }
        "side" => limits.side = given.map_or(Some(u32::MAX), |value| value.parse().ok())?,
        "file" => limits.file = bytes()?,
        "memory" => limits.memory = bytes()?,
        "time" => {
            limits.time = match given {
                Some(value) => {
                    Some(humantime::parse_duration(value).ok().filter(|time| *time > Duration::ZERO)?)
                }
                None => None,
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Result<Limits, JobError> {
        InputSpec { limits: Some(text.into()) }.limits()
    }

    #[test]
    fn limits_are_lifted_all_or_one_by_one() {
        assert_eq!(InputSpec::default().limits().unwrap(), Limits::default());
        assert_eq!(limits("none").unwrap(), Limits::NONE);
        let some = limits("megapixels=0.5, side=none,file=2M,time=1m").unwrap();
        let expected = Limits {
            pixels: 500_000,
            side: u32::MAX,
            file: 2_000_000,
            time: Some(Duration::from_secs(60)),
            ..Limits::default()
        };
        assert_eq!(some, expected);
        assert_eq!(limits("none,memory=1G").unwrap(), Limits { memory: 1_000_000_000, ..Limits::NONE });
        for bad in ["", "all", "side", "side=", "side=-1", "pixels=5", "time=0s", "megapixels=nan", "file=x"]
        {
            assert!(limits(bad).is_err(), "{bad:?}");
        }
    }
}
