//! Options by flat names: each is put into the group of the job that has it.

use std::sync::LazyLock;

use impasto::encoder::known;
use impasto::image::Format;
use impasto_job::spec::{RunSpec, TextureSpec};
use impasto_job::{JobError, JobSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::is_model_name;
use crate::problem::Problem;

/// Options that no request may set: names of files, which the server chooses, and limits on input.
const CLOSED: [&str; 23] = [
    "content",
    "contents",
    "style",
    "output",
    "report",
    "checkpoint",
    "checkpoint_every",
    "no_checkpoint",
    "save_every",
    "mask",
    "protect",
    "pictures",
    "html",
    "referee_model",
    "limits",
    "triptych",
    "plot",
    "shard",
    "input",
    "folder",
    "join",
    "from",
    "keep_frames",
];

/// A job as options are put into it: the name of its specification in the schema, and the groups that have its options.
/// A group is a path such as `/run/objective`, or empty for the job itself.
pub(super) struct Form(&'static str, &'static [&'static str]);

pub(super) const STYLIZE: Form = Form("StylizeSpec", &["/run", "/run/objective", "/regions", "/result"]);
pub(super) const TEXTURE: Form = Form("TextureSpec", &["", "/result"]);
pub(super) const SHEET: Form = Form("SheetSpec", &["/run", "/run/objective", "/regions"]);
pub(super) const COMPARE: Form = Form("CompareSpec", &[""]);
pub(super) const VIDEO: Form =
    Form("VideoSpec", &["/film", "/encoding", "/run", "/run/objective", "/regions"]);
const RUN: Form = Form("RunSpec", &["", "/objective"]);

/// The formats of films, the usual one first.
const FILMS: [&str; 6] = ["mp4", "webm", "mkv", "mov", "gif", "apng"];

impl Form {
    /// The names of the options of a group that a request may set, by the schema.
    fn names(&self, group: &str) -> Vec<&'static str> {
        static SCHEMA: LazyLock<Value> =
            LazyLock::new(|| serde_json::to_value(JobSpec::schema()).unwrap_or_default());
        let properties = |name: &str| SCHEMA["$defs"][name]["properties"].as_object();
        /// The specification that a property is, if it is a group of its own.
        fn group_of(property: &Value) -> Option<&str> {
            property["$ref"].as_str()?.strip_prefix("#/$defs/").filter(|name| name.ends_with("Spec"))
        }
        let mut found = properties(self.0);
        for part in group.split('/').filter(|part| !part.is_empty()) {
            found = found.and_then(|found| properties(group_of(found.get(part)?)?));
        }
        let options = found.into_iter().flatten().filter(|(_, property)| group_of(property).is_none());
        options.map(|(name, _)| name.as_str()).filter(|name| !CLOSED.contains(name)).collect()
    }

    /// The names of all options that a request may set.
    fn all(&self) -> Vec<String> {
        self.1.iter().flat_map(|group| self.names(group)).map(str::to_owned).collect()
    }
}

/// Returns the job with the options in the groups that have them.
pub(super) fn applied<T: Serialize + DeserializeOwned>(
    spec: &T,
    options: &Map<String, Value>,
    form: &Form,
) -> Result<T, Problem> {
    let internal = |error: serde_json::Error| Problem::internal(error.to_string());
    let mut all = serde_json::to_value(spec).map_err(internal)?;
    for (name, value) in options {
        let group = form.1.iter().find(|group| form.names(group).contains(&name.as_str()));
        let Some(Value::Object(group)) = group.and_then(|group| all.pointer_mut(group)) else {
            return Err(Problem::setting(name, format!("there is no setting {name} here")));
        };
        group.insert(name.clone(), in_form(name, value));
        // One by one, so that a wrong value is told by its name.
        T::deserialize(&all).map_err(|error| Problem::setting(name, format!("{name}: {error}")))?;
    }
    serde_json::from_value(all).map_err(internal)
}

/// The value in the form that the job has it: a time in seconds is a text, and an amount of memory may be one.
fn in_form(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("time", Value::Number(seconds)) => Value::String(format!("{seconds}s")),
        // One number stands for all scales.
        ("iterations", Value::Number(_)) => Value::Array(vec![value.clone()]),
        ("memory", Value::String(text)) => match parse_size::parse_size(text) {
            Ok(bytes) => bytes.into(),
            Err(_) => value.clone(),
        },
        _ => value.clone(),
    }
}

/// Refuses models that are not known by name: a path would read a file of the machine.
pub(super) fn check_model(given: &Map<String, Value>) -> Result<(), Problem> {
    match given.get("model").and_then(Value::as_str) {
        Some(name) if !is_model_name(name) => {
            let names: Vec<&str> = known().iter().map(|known| known.name).collect();
            Err(Problem::setting("model", format!("model: there is no model {name:?}"))
                .hint(format!("one of {}", names.join(", "))))
        }
        _ => Ok(()),
    }
}

/// Finds options of a run that are wrong whatever its pictures are. Names the option that is wrong by itself.
pub(super) fn check_run(run: &RunSpec, options: &Map<String, Value>) -> Result<(), Problem> {
    let is_wrong = |name: &str, value: &Value| {
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        applied(&RunSpec::default(), &alone, &RUN).is_ok_and(|run| check(&run).is_err())
    };
    check(run).map_err(|problem| match &problem.option {
        Some(_) => problem,
        None => match options.iter().find(|(name, value)| is_wrong(name, value)) {
            Some((name, _)) => problem.option(name),
            None => problem,
        },
    })
}

fn check(run: &RunSpec) -> Result<(), Problem> {
    let checked = || -> Result<(), JobError> {
        run.objective.preset()?;
        run.overrides()?;
        run.colour()?;
        run.time()?;
        Ok(())
    };
    checked()?;
    match run.size {
        Some(0) => Err(Problem::setting("size", "size: expected at least 1, found 0")),
        _ => Ok(()),
    }
}

/// Finds options of a texture that are wrong whatever its styles are.
pub(super) fn check_texture(spec: &TextureSpec) -> Result<(), Problem> {
    if spec.size.0.min(spec.size.1) == 0 {
        return Err(Problem::setting("size", "size: expected at least 1, found 0"));
    }
    Ok(())
}

/// The name of the result's file in the folder of its job.
pub(super) fn result_name(format: Option<&str>) -> Result<String, Problem> {
    let name = format.unwrap_or("png");
    match name.parse::<Format>() {
        Ok(format) => Ok(format!("result.{}", format.extension())),
        Err(reason) => Err(Problem::setting("format", format!("format: {reason}"))),
    }
}

/// The name of a film's file in the folder of its job.
pub(super) fn film_name(format: Option<Value>) -> Result<String, Problem> {
    let format = format.unwrap_or_else(|| FILMS[0].into());
    match format.as_str().filter(|name| FILMS.contains(name)) {
        Some(name) => Ok(format!("result.{name}")),
        None => Err(Problem::setting("format", format!("format: a film has no format {format}"))
            .hint(format!("one of {}", FILMS.join(", ")))),
    }
}

/// The flat names of all options of `stylize` that a request may set.
pub(crate) fn flat_names() -> Vec<String> {
    STYLIZE.all()
}

/// The flat names of all options of `video` that a request may set.
pub(crate) fn film_names() -> Vec<String> {
    [VIDEO.all(), vec!["format".to_owned()]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_schema() {
        let names = film_names();
        // A device is left out of a job that names none.
        for name in ["loop", "codec", "seed", "device", "strength", "feather", "rest", "resize", "format"] {
            assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
        }
        for name in ["objective", "mask", "folder", "keep_frames", "input", "run", "limits"] {
            assert!(!names.iter().any(|known| known == name), "{name}");
        }
        assert!(TEXTURE.all().iter().any(|name| name == "device"));
        let options = Map::from_iter([("device".to_owned(), "cpu".into())]);
        assert_eq!(applied(&RunSpec::default(), &options, &RUN).unwrap().device.as_deref(), Some("cpu"));
        assert!(
            applied(&RunSpec::default(), &Map::from_iter([("objective".into(), 1.into())]), &RUN).is_err()
        );
    }
}
