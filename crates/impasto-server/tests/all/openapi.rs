//! The description of the API is the committed one, and has every option of a job.

use serde_json::Value;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_committed_description_is_true() {
    let made = serde_json::to_string_pretty(&impasto_server::openapi()).unwrap() + "\n";
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        made == committed,
        "docs/openapi.json is old: run `cargo run --release -- serve --openapi > docs/openapi.json`"
    );
}

#[test]
fn settings_have_every_option_of_a_run() {
    let document = impasto_server::openapi();
    let settings = &document["components"]["schemas"]["Settings"]["properties"];
    let schema = serde_json::to_value(impasto_job::JobSpec::schema()).unwrap();
    for group in ["RunSpec", "ObjectiveSpec"] {
        for (name, _) in schema["$defs"][group]["properties"].as_object().unwrap() {
            assert!(name == "objective" || settings[name].is_object(), "{name}");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(&format!("/{reference}")).is_some_and(Value::is_object), "{reference}");
    }
}
