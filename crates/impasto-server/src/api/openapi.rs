//! The description of the API, made from the routes, with the schema of jobs from `impasto-job`.

use axum::Json;
use impasto_job::JobSpec;
use serde_json::{Value, json};

/// Returns the OpenAPI document.
pub fn openapi() -> Value {
    let (_, closed) = super::closed().split_for_parts();
    let (_, open) = super::open().split_for_parts();
    let mut whole = closed;
    whole.merge(open);
    let mut document = serde_json::to_value(&whole).unwrap_or_default();
    document["info"] = json!({
        "title": "impasto serve",
        "version": "1",
        "description": "A queue of style transfer jobs. Pictures are named by the SHA-256 of their files.",
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/api/v1" }]);
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer" },
    });
    document["security"] = json!([{ "token": [] }]);
    describe_settings(&mut document);
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in operations.filter_map(|(_, path)| path.as_object_mut()).flatten() {
        describe_problems(&mut operation["responses"]);
    }
    document
}

/// Problems have a type of their own, and any operation may answer with one.
fn describe_problems(responses: &mut Value) {
    let problem =
        json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        if status.starts_with(['4', '5']) {
            response["content"] = problem.clone();
        }
    }
    responses["default"] = json!({ "description": "A problem", "content": problem });
}

/// Adds the schema of settings: the options of `impasto-job`, at one level.
fn describe_settings(document: &mut Value) {
    let schema = serde_json::to_value(JobSpec::schema()).unwrap_or_default();
    let mut properties = serde_json::Map::new();
    for group in ["FilmSpec", "EncodingSpec", "RunSpec", "ObjectiveSpec", "RegionSpec", "OutputSpec"] {
        for (name, option) in schema["$defs"][group]["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), option.clone());
        }
    }
    let names = [crate::settings::flat_names(), crate::settings::film_names()].concat();
    properties.retain(|name, _| names.contains(name));
    let picture = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    properties.insert("content".into(), picture.clone());
    properties.insert(
        "styles".into(),
        json!({ "type": "array", "minItems": 1, "items": {
        "anyOf": [picture, { "type": "object", "required": ["picture"] }] } }),
    );
    properties.insert("kind".into(), json!({ "enum": crate::settings::Kind::ALL.map(|(name, _)| name) }));
    let text = json!(properties).to_string().replace("#/$defs/", "#/components/schemas/");
    let properties: Value = serde_json::from_str(&text).unwrap_or_default();
    let schemas = &mut document["components"]["schemas"];
    for kind in ["ColourKind", "ResizeKind", "RestKind", "ProfileKind"] {
        schemas[kind] = schema["$defs"][kind].clone();
    }
    schemas["Settings"] = json!({
        "type": "object",
        "description": "Settings of a job. Options have the names of the command line with underscores.",
        "properties": properties,
    });
    for (_, path) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in path.as_object_mut().into_iter().flatten() {
            let body = &mut operation["requestBody"]["content"]["application/json"]["schema"];
            if *body == json!({ "type": "object" }) {
                *body = json!({ "$ref": "#/components/schemas/Settings" });
            }
            if operation["requestBody"]["content"]["application/json"]["schema"].is_null()
                && let Some(operation) = operation.as_object_mut()
                && operation["requestBody"]["content"]["application/octet-stream"].is_null()
            {
                operation.remove("requestBody");
            }
        }
    }
}

/// The description, as the server gives it.
pub(crate) async fn serve() -> Json<Value> {
    Json(openapi())
}
