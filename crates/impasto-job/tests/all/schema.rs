//! The format of a job: its JSON schema, its defaults, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use impasto_job::spec::{StyleSpec, VideoSpec};
use impasto_job::{JobSpec, Runner, Task, spell};
use serde_json::{Value, json};

use crate::small;

/// The schema file, on which faces (front ends) and clients rely.
fn schema_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/job.schema.json")
}

/// `IMPASTO_WRITE_SCHEMA=1 cargo test -p impasto-job schema` writes the file anew.
#[test]
fn the_schema_in_docs_is_that_of_the_program() {
    let schema = serde_json::to_string_pretty(&JobSpec::schema()).unwrap() + "\n";
    if std::env::var_os("IMPASTO_WRITE_SCHEMA").is_some() {
        fs::write(schema_file(), &schema).unwrap();
    }
    assert_eq!(fs::read_to_string(schema_file()).unwrap(), schema, "docs/job.schema.json is not up to date");
}

#[test]
fn a_job_comes_back_from_json() {
    let job = JobSpec::from(Task::Stylize(small(Path::new("out.png"))));
    assert_eq!(JobSpec::from_json(&job.to_json().unwrap()).unwrap(), job);
}

/// What paints films is above this crate.
#[test]
fn a_film_is_a_job_that_needs_its_painter() {
    let mut spec = VideoSpec::new("in.mp4".into(), vec![StyleSpec::plain("b.jpg")], "out.mp4".into());
    spec.film.looped = true;
    let job = JobSpec::from(Task::Video(Box::new(spec)));
    let json = job.to_json().unwrap();
    assert!(json.contains("\"video\"") && json.contains("\"loop\": true"));
    assert_eq!(JobSpec::from_json(&json).unwrap(), job);
    let refused = Runner::new(job).run().err().unwrap();
    assert!(refused.message().contains("paints no films"), "{refused}");
}

#[test]
fn options_that_are_left_out_have_their_defaults() {
    let text = r#"{ "version": 1, "task": { "stylize": {
        "content": "a.jpg", "style": [{ "path": "b.jpg" }], "output": "c.png", "run": { "size": 300 } } } }"#;
    let Task::Stylize(spec) = JobSpec::from_json(text).unwrap().task else { panic!() };
    assert_eq!(
        (spec.run.size, spec.run.objective.preset.as_str(), spec.style[0].clone()),
        (Some(300), "impasto", StyleSpec::plain("b.jpg"))
    );
}

#[test]
fn what_is_no_job_is_refused_with_the_reason() {
    let stylize = |more: Value| {
        let mut spec = json!({ "content": "a", "style": [], "output": "c" });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "version": 1, "task": { "stylize": spec } }).to_string()
    };
    for (text, reason) in [
        ("{}".to_string(), "version"),
        (json!({ "version": 2, "task": {} }).to_string(), "version 2"),
        (json!({ "version": 1, "task": { "film": {} } }).to_string(), "unknown variant `film`"),
        (stylize(json!({ "outptu": "x" })), "unknown field `outptu`"),
        (stylize(json!({ "run": { "sise": 3 } })), "unknown field `sise`"),
        (stylize(json!({ "run": { "size": "big" } })), "expected usize"),
    ] {
        let error = JobSpec::from_json(&text).unwrap_err();
        assert!(error.message().contains(reason), "{reason}: {}", error.message());
    }
}

/// A face can spell the name of every option of a job.
#[test]
fn every_option_can_be_spelled() {
    let schema = serde_json::to_value(JobSpec::schema()).unwrap();
    let mut names = Vec::new();
    properties(&schema, &mut names);
    // Groups of options, and names of fields that are not options.
    let tasks = ["stylize", "texture", "batch", "sheet", "compare", "video"];
    let groups = [
        "version",
        "task",
        "run",
        "objective",
        "regions",
        "result",
        "side_outputs",
        "contents",
        "pictures",
        "path",
        "film",
        "encoding",
        "work",
    ];
    let is_group = |name: &String| groups.contains(&name.as_str()) || tasks.contains(&name.as_str());
    for name in names.iter().filter(|name| !is_group(name)) {
        let spelled = spell(&format!("`{name}`"), |name| format!("--{name}"));
        let of_style = ["weight", "scale", "rotate", "region", "at"].contains(&name.as_str());
        assert!(of_style || spelled == format!("--{name}"), "{name}");
    }
}

fn properties(value: &Value, names: &mut Vec<String>) {
    if let Some(found) = value.get("properties").and_then(Value::as_object) {
        names.extend(found.keys().filter(|name| found[*name].is_object()).cloned());
    }
    match value {
        Value::Object(inside) => inside.values().for_each(|value| properties(value, names)),
        Value::Array(inside) => inside.iter().for_each(|value| properties(value, names)),
        _ => {}
    }
}
