//! The recipe that a saved picture carries, in the form of the command's: `impasto stylize --like` and the studio read
//! its options.

use impasto::Session;
use serde_json::json;

use crate::{Given, Settings};

/// Returns the recipe of a run, or of a draft if there is no session. A run that ended early states the iterations that
/// it did.
pub(crate) fn of(settings: &Settings, content: &Given, style: &Given, session: Option<&Session>) -> String {
    let mut run = json!({
        "objective": { "strength": settings.strength },
        "size": settings.size,
        "stroke_size": settings.stroke_size,
        "colour": settings.colour,
        "effort": if session.is_some() { settings.effort.as_str() } else { "draft" },
    });
    let mut recipe = json!({
        "impasto": env!("CARGO_PKG_VERSION"),
        "content": { "name": content.name },
        "styles": [{ "name": style.name }],
    });
    if let Some(session) = session {
        let done = session.iterations_done();
        if session.is_hurried() && done.len() == session.scales().len() && done.last() != Some(&0) {
            run["iterations"] = json!(done);
        }
        let encoder = session.encoder();
        recipe["encoder"] =
            json!({ "name": encoder.name, "family": encoder.family, "sha256": encoder.sha256 });
        recipe["recipe"] = json!(session.recipe());
        recipe["scales"] = json!(session.scales());
        recipe["instruction_set"] = json!(session.instruction_set());
    }
    recipe["options"] = json!({ "run": run });
    recipe.to_string()
}
