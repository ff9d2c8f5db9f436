//! Options by flat names: each is put into the group of the job that has it.

use impasto::encoder::known;
use impasto::image::Format;
use impasto_job::JobError;
use impasto_job::spec::{RunSpec, StylizeSpec, TextureSpec, VideoSpec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::is_model_name;
use crate::problem::Problem;

/// What no request may set: names of files, which the server chooses, and limits on input.
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

/// The groups of a film's options.
pub(super) const OF_FILMS: [&str; 5] = ["/film", "/encoding", "/run", "/run/objective", "/regions"];

/// The formats of films, the usual one first.
const FILMS: [&str; 6] = ["mp4", "webm", "mkv", "mov", "gif", "apng"];

/// Returns the job with the options in the groups that have them. A group is a path such as `/run/objective`, or empty
/// for the job itself.
pub(super) fn applied<T: Serialize + DeserializeOwned>(
    spec: &T,
    options: &Map<String, Value>,
    groups: &[&str],
) -> Result<T, Problem> {
    let internal = |error: serde_json::Error| Problem::internal(error.to_string());
    let mut all = serde_json::to_value(spec).map_err(internal)?;
    for group in groups {
        // A job that names no device leaves it out.
        if let Some(Value::Object(group)) = all.pointer_mut(group)
            && group.contains_key("seed")
        {
            group.entry("device").or_insert(Value::Null);
        }
    }
    for (name, value) in options {
        let is_open = |name: &str| !CLOSED.contains(&name) && !name.contains(['/', '~']);
        let place = groups
            .iter()
            .filter(|_| is_open(name))
            .map(|group| format!("{group}/{name}"))
            .find(|place| all.pointer(place).is_some_and(|value| !value.is_object()));
        let Some(place) = place.as_deref().and_then(|place| all.pointer_mut(place)) else {
            return Err(Problem::setting(name, format!("there is no setting {name} here")));
        };
        *place = in_form(name, value);
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
    let groups = ["", "/objective"];
    let is_wrong = |name: &str, value: &Value| {
        let alone = Map::from_iter([(name.to_owned(), value.clone())]);
        applied(&RunSpec::default(), &alone, &groups).is_ok_and(|run| check(&run).is_err())
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
    let spec = StylizeSpec::new("".into(), Vec::new(), "".into());
    names_in(
        &serde_json::to_value(spec).unwrap_or_default(),
        &["/run", "/run/objective", "/regions", "/result"],
    )
}

/// The flat names of all options of `video` that a request may set.
pub(crate) fn film_names() -> Vec<String> {
    let spec = VideoSpec::new("".into(), Vec::new(), "".into());
    let mut names = names_in(&serde_json::to_value(spec).unwrap_or_default(), &OF_FILMS);
    names.push("format".into());
    names
}

fn names_in(all: &Value, groups: &[&str]) -> Vec<String> {
    let objects = groups.iter().filter_map(|group| all.pointer(group)?.as_object());
    let open =
        objects.flatten().filter(|(name, value)| !value.is_object() && !CLOSED.contains(&name.as_str()));
    open.map(|(name, _)| name.clone()).chain(["device".to_owned()]).collect()
}
