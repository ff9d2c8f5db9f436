//! The effort of the preset `impasto`: how much work a run does.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::{Error, Recipe, Setting};

/// How much work a run of the preset `impasto` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effort {
    /// The draft alone: subject and palette, without strokes.
    Draft,
    /// A draft, and a few iterations at each scale.
    #[default]
    Normal,
    /// A draft, a smaller first scale, and about three times the work of `Normal`.
    Fine,
}

impl Effort {
    /// All efforts, from the least work to the most.
    pub const ALL: &'static [Effort] = &[Effort::Draft, Effort::Normal, Effort::Fine];

    /// The recipe of this effort, in place of the preset's. Only the preset `impasto` has several.
    pub(crate) fn recipe(self, preset: &Recipe) -> Result<Recipe, Error> {
        if preset.preset != "impasto" {
            let problem =
                format!("preset {} has one recipe; {} is for preset impasto", preset.preset, Setting::Effort);
            return Err(Error::invalid(Setting::Effort, problem));
        }
        if *preset != crate::preset::with_effort(Effort::Normal) {
            return Err(Error::invalid(
                Setting::Effort,
                "expected the preset's own recipe, found another one",
            ));
        }
        Ok(crate::preset::with_effort(self))
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effort::Draft => "draft",
            Effort::Normal => "normal",
            Effort::Fine => "fine",
        })
    }
}

/// Other names for efforts, which the hint explains.
const MEANT: [(&[&str], Effort); 3] = [
    (&["low", "fast", "quick", "preview"], Effort::Draft),
    (&["medium", "default", "standard"], Effort::Normal),
    (&["high", "best", "max", "full", "slow", "quality"], Effort::Fine),
];

impl FromStr for Effort {
    type Err = Error;

    fn from_str(name: &str) -> Result<Effort, Error> {
        let known: Vec<String> = Effort::ALL.iter().map(Effort::to_string).collect();
        let found = Effort::ALL.iter().copied().find(|effort| effort.to_string() == name);
        found.ok_or_else(|| {
            let meant = MEANT.iter().find(|(names, _)| names.contains(&name)).map(|(_, effort)| effort);
            match meant {
                Some(effort) => {
                    Error::Unknown { kind: "effort", name: name.into(), nearest: vec![effort.to_string()] }
                }
                None => Error::unknown("effort", name, known.iter().map(String::as_str)),
            }
        })
    }
}
