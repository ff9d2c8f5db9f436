//! Where settings name pictures: by the id of an upload, or as the result of a job.

use std::path::PathBuf;

use impasto_job::spec::{StyleSpec, StyleTime};
use serde_json::{Map, Value, json};

use super::Files;
use crate::ids::{is_digest, is_uuid};
use crate::problem::Problem;

/// A picture that a job is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// An uploaded picture: the SHA-256 of its file.
    Picture(String),
    /// The result of a job.
    Job(String),
}

impl Slot {
    fn parse(option: &str, value: &Value) -> Result<Slot, Problem> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let (picture, job) = match value {
            Value::String(id) => (Some(id.as_str()), None),
            Value::Object(object) if object.len() == 1 => (text("picture"), text("job")),
            _ => (None, None),
        };
        match (picture, job) {
            (Some(id), None) if is_digest(id) => Ok(Slot::Picture(id.to_owned())),
            (None, Some(id)) if is_uuid(id) => Ok(Slot::Job(id.to_owned())),
            _ => Err(Problem::setting(
                option,
                format!("{option}: expected the id of a picture, found {value}"),
            )
            .hint("the id is the SHA-256 of the file, in 64 lower-case hexadecimal digits")),
        }
    }

    /// The picture as settings name it.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Slot::Picture(id) => json!(id),
            Slot::Job(id) => json!({ "job": id }),
        }
    }
}

/// A style picture with its settings.
#[derive(Clone, Debug)]
pub(crate) struct StyleSlot {
    pub(crate) picture: Slot,
    pub(crate) mask: Option<Slot>,
    /// Weight, scale, rotation, region and layers, as given.
    settings: Map<String, Value>,
}

impl StyleSlot {
    fn parse(value: &Value) -> Result<StyleSlot, Problem> {
        let Value::Object(object) = value else {
            return Ok(StyleSlot {
                picture: Slot::parse("styles", value)?,
                mask: None,
                settings: Map::new(),
            });
        };
        let mut settings = object.clone();
        let picture = match (settings.remove("picture"), settings.remove("job")) {
            (Some(picture), None) => Slot::parse("styles", &picture)?,
            (None, Some(job)) => Slot::parse("styles", &json!({ "job": job }))?,
            _ => return Err(Problem::setting("styles", "a style needs a picture")),
        };
        let mask = settings.remove("mask").filter(|mask| !mask.is_null());
        let mask = mask.map(|mask| Slot::parse("mask", &mask)).transpose()?;
        settings.retain(|_, value| !value.is_null());
        let style = StyleSlot { picture, mask, settings };
        style.spec(&|_| Ok(PathBuf::from("style")))?;
        Ok(style)
    }

    /// Whether the style has a time in a film.
    pub(super) fn has_time(&self) -> bool {
        self.settings.contains_key("at")
    }

    /// The style with files in place of pictures.
    pub(super) fn spec(&self, files: Files<'_>) -> Result<StyleSpec, Problem> {
        let mut all = Map::from_iter([("path".to_owned(), json!(""))]);
        for (name, value) in &self.settings {
            if ["path", "mask"].contains(&name.as_str()) {
                return Err(Problem::setting("styles", format!("a style has no setting {name}")));
            }
            all.insert(name.clone(), value.clone());
        }
        let spec = serde_json::from_value(Value::Object(all));
        let spec: StyleSpec =
            spec.map_err(|error| Problem::setting("styles", format!("a style is wrong: {error}")))?;
        if let Some(Err(problem)) = spec.at.as_deref().map(StyleTime::parse) {
            return Err(Problem::setting("styles", format!("a style is wrong: {problem}")));
        }
        let mask = self.mask.as_ref().map(files).transpose()?;
        Ok(StyleSpec { path: files(&self.picture)?, mask, ..spec })
    }

    /// The style as settings name it.
    pub(super) fn to_json(&self) -> Value {
        let mut object = self.settings.clone();
        match &self.picture {
            Slot::Picture(id) => object.insert("picture".into(), json!(id)),
            Slot::Job(id) => object.insert("job".into(), json!(id)),
        };
        if let Some(mask) = &self.mask {
            object.insert("mask".into(), mask.to_json());
        }
        Value::Object(object)
    }
}

/// Takes one picture out of the settings.
pub(super) fn one(given: &mut Map<String, Value>, option: &str) -> Result<Option<Slot>, Problem> {
    given.remove(option).map(|value| Slot::parse(option, &value)).transpose()
}

/// Takes a list of pictures out of the settings. One picture is a list of one.
pub(super) fn many(given: &mut Map<String, Value>, option: &str) -> Result<Vec<Slot>, Problem> {
    match given.remove(option) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(|value| Slot::parse(option, value)).collect(),
        Some(value) => Ok(vec![Slot::parse(option, &value)?]),
    }
}

/// Reads the styles. One style is a list of one.
pub(super) fn styles(given: Option<Value>) -> Result<Vec<StyleSlot>, Problem> {
    match given {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(StyleSlot::parse).collect(),
        Some(value) => Ok(vec![StyleSlot::parse(&value)?]),
    }
}

/// Takes the initial picture out of the settings, if it is a picture. A name, such as `noise`, stays an option.
pub(super) fn init(given: &mut Map<String, Value>) -> Result<Option<Slot>, Problem> {
    let is_name = |value: &Value| value.as_str().is_some_and(|text| !is_digest(text));
    match given.get("init") {
        Some(value) if is_name(value) => {
            let name = value.as_str().unwrap_or_default();
            match name.parse::<impasto::Init>() {
                Ok(_) => Ok(None),
                Err(_) => {
                    Err(Problem::setting("init", format!("init: there is no initial picture {name:?}"))
                        .hint("draft, content, noise, gray, style-stats, or the id of a picture"))
                }
            }
        }
        _ => one(given, "init"),
    }
}

/// Takes a list of texts out of the settings.
pub(super) fn texts(given: &mut Map<String, Value>, option: &str) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::setting(option, format!("{option}: expected a list of texts"));
    let text = |value: Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
    match given.remove(option) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.into_iter().map(text).collect(),
        Some(value) => Ok(vec![text(value)?]),
    }
}

/// Takes a yes or no out of the settings.
pub(super) fn flag(given: &mut Map<String, Value>, option: &str) -> Result<bool, Problem> {
    match given.remove(option) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(value) => {
            Err(Problem::setting(option, format!("{option}: expected true or false, found {value}")))
        }
    }
}
