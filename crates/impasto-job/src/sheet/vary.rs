//! `vary`: the options that a sheet varies, and their values, in rows and columns.

use serde_json::{Map, Value, json};

use crate::JobError;
use crate::spec::RunSpec;

/// Largest number of pictures on a sheet.
const MOST: usize = 100;

/// Options that cannot be varied: they do not change a picture by themselves, or would change the common size.
const FIXED: [&str; 6] = ["size", "threads", "device", "memory", "time", "colour_map"];

/// An option with its values.
struct Varied {
    /// Name as on the command line, without the leading dashes.
    name: String,
    values: Vec<String>,
}

/// A picture of the sheet: its options and its label.
pub(super) struct Cell {
    pub(super) run: RunSpec,
    pub(super) label: String,
    /// The varied options with their values.
    pub(super) settings: Map<String, Value>,
}

/// The options that are varied: one across; if there are two, the first downwards and the second across.
pub(super) struct Grid {
    down: Option<Varied>,
    across: Varied,
}

impl Grid {
    pub(super) fn of(vary: &[String]) -> Result<Grid, JobError> {
        let mut varied = vary.iter().map(|text| varied(text)).collect::<Result<Vec<_>, _>>()?;
        let found = varied.len();
        let grid = match (varied.pop(), varied.pop()) {
            (Some(across), down) if found <= 2 => Grid { down, across },
            _ => {
                let message = format!("`vary`: expected one or two options, found {found}");
                return Err(JobError::bad_input(message).hint("a sheet has only rows and columns"));
            }
        };
        if let Some(down) = grid.down.as_ref().filter(|down| down.name == grid.across.name) {
            return Err(JobError::bad_input(format!("`vary` {} is given twice", down.name)));
        }
        let pictures = grid.across.values.len() * grid.down.as_ref().map_or(1, |down| down.values.len());
        if pictures > MOST {
            let message = format!("`vary`: expected at most {MOST} pictures, found {pictures}");
            return Err(JobError::bad_input(message));
        }
        Ok(grid)
    }

    /// Returns the pictures, row by row.
    pub(super) fn cells(&self, run: &RunSpec) -> Result<Vec<Cell>, JobError> {
        let rows: Vec<Option<(&String, &String)>> = match &self.down {
            Some(down) => down.values.iter().map(|value| Some((&down.name, value))).collect(),
            None => vec![None],
        };
        let mut cells = Vec::new();
        for row in rows {
            for value in &self.across.values {
                let chosen: Vec<_> = row.into_iter().chain([(&self.across.name, value)]).collect();
                cells.push(cell(run, &chosen)?);
            }
        }
        Ok(cells)
    }

    /// The labels above the columns.
    pub(super) fn columns(&self) -> Vec<String> {
        self.across.labels()
    }

    /// The labels above the rows; none if there is only one row.
    pub(super) fn rows(&self) -> Vec<String> {
        self.down.as_ref().map(Varied::labels).unwrap_or_default()
    }
}

impl Varied {
    fn labels(&self) -> Vec<String> {
        self.values.iter().map(|value| format!("{} {value}", self.name)).collect()
    }
}

/// Parses an option and its values, such as `strength=0.3,0.6`.
fn varied(text: &str) -> Result<Varied, JobError> {
    let wrong = || {
        JobError::bad_input(format!("`vary` {text}: expected an option and its values"))
            .hint("such as `vary` strength=0.3,0.6,0.9")
    };
    let (name, values) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim().trim_start_matches('-');
    let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
    if name.is_empty() || values.iter().any(String::is_empty) {
        return Err(wrong());
    }
    // The American spelling of an option is accepted too.
    let name = name.replace("color", "colour");
    Ok(Varied { name, values })
}

/// Returns a picture whose run has the chosen values.
fn cell(run: &RunSpec, chosen: &[(&String, &String)]) -> Result<Cell, JobError> {
    let mut changed = run.clone();
    for (name, value) in chosen {
        changed = with(&changed, name, value)?;
        if changed.overrides()?.1.is_some() && changed.init != run.init {
            return Err(JobError::bad_input(format!(
                "`vary`: {name} {value} is a picture: only names can be varied"
            )));
        }
    }
    let label = chosen.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let settings = chosen.iter().map(|(name, value)| value_of(&changed, name, value)).collect();
    Ok(Cell { run: changed, label, settings })
}

/// The name of an option and its value in a run.
fn value_of(run: &RunSpec, name: &str, text: &str) -> (String, Value) {
    let (key, options) = (name.replace('-', "_"), serde_json::to_value(run).unwrap_or_default());
    let found = options.get(&key).filter(|_| key != "objective").or_else(|| options["objective"].get(&key));
    let value = found.cloned().unwrap_or_else(|| json!(text));
    (key, value)
}

/// Returns the run with another value of one option, given as text.
fn with(run: &RunSpec, name: &str, text: &str) -> Result<RunSpec, JobError> {
    let options = serde_json::to_value(run).map_err(|error| JobError::bug(error.to_string()))?;
    let key = name.replace('-', "_");
    let pointer = match (options.get(&key), options["objective"].get(&key)) {
        (Some(_), _) if key != "objective" => format!("/{key}"),
        (None, Some(_)) => format!("/objective/{key}"),
        _ => String::new(),
    };
    if pointer.is_empty() || FIXED.contains(&&key[..]) {
        return Err(JobError::bad_input(format!("`vary`: {name} is no option that can be varied"))
            .hint("such as strength, stroke-size, content-weight, colour, preset, statistic or seed"));
    }
    let mut problem = None;
    for value in readings(text) {
        let mut changed = options.clone();
        if let Some(place) = changed.pointer_mut(&pointer) {
            *place = value;
        }
        match serde_json::from_value(changed) {
            Ok(run) => return Ok(run),
            // The first reading is the most likely one, so its error is reported.
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let problem = problem.map(|error| error.to_string()).unwrap_or_default();
    Err(JobError::bad_input(format!("`vary`: invalid value {text} for {name}: {problem}")))
}

/// Returns the possible values of a text: a number, a word, or a list with one of them.
fn readings(text: &str) -> Vec<Value> {
    let number =
        serde_json::from_str(text).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
    let each = [number, Some(json!(text))].into_iter().flatten();
    each.clone().chain(each.map(|value| json!([value]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_take_their_values_from_text() {
        let run = RunSpec::default();
        let with = |name: &str, text: &str| with(&run, name, text);
        assert_eq!(with("strength", "0.3").unwrap().objective.strength, Some(0.3));
        assert_eq!(with("stroke-size", "2").unwrap().stroke_size, Some(2.0));
        assert_eq!(with("iterations", "40").unwrap().iterations, Some(vec![40]));
        assert_eq!(with("style-layers", "relu1_1").unwrap().objective.style_layers.unwrap(), ["relu1_1"]);
        assert_eq!(with("effort", "fine").unwrap().effort.as_deref(), Some("fine"));
        assert!(with("half", "true").unwrap().half);
        for (name, text) in
            [("strength", "much"), ("seed", "-1"), ("colour", "mine"), ("size", "3"), ("objective", "1")]
        {
            assert!(with(name, text).is_err(), "{name} {text}");
        }
    }
}
