//! Things that come with the program: sample pictures, and presets of settings.

use std::fs;

use impasto::image::Limits;
use impasto_job::inputs::Input;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::problem::Problem;
use crate::store::{Picture, Preset, Style, now, rfc3339};

/// A photograph to try the studio with.
const HARBOUR: (&str, &[u8]) = ("harbour.jpg", include_bytes!("../samples/harbour.jpg"));

/// Styles, with the id and the name that they have in the library.
const STYLES: [(&str, &str, &str, &[u8]); 2] = [
    ("5a0c1b7e-0001-4000-8000-000000000001", "Swirls", "swirls.jpg", include_bytes!("../samples/swirls.jpg")),
    ("5a0c1b7e-0002-4000-8000-000000000002", "Mosaic", "mosaic.jpg", include_bytes!("../samples/mosaic.jpg")),
];

/// Puts the samples into the library, once. Returns the ids of the sample photographs.
pub(crate) fn prepare(app: &App) -> Result<Vec<String>, Problem> {
    let photograph = keep(app, HARBOUR.0, HARBOUR.1)?;
    let id = photograph.clone();
    app.store.run(move |connection| {
        // A fact holds on to it: nobody can remove a sample by mistake.
        crate::store::set_fact(connection, "samples.photograph", &id)
    })?;
    let known = app.store.run(|connection| crate::store::fact(connection, "samples.styles"))?;
    if known.is_none() {
        for (id, name, file, bytes) in STYLES {
            let picture = keep(app, file, bytes)?;
            let tags = vec!["sample".to_owned()];
            let (id, name) = (id.to_owned(), name.to_owned());
            let style = Style { id, name, tags, picture, settings: None, sample: true };
            app.store.run(move |connection| style.put(connection))?;
        }
        app.store.run(|connection| crate::store::set_fact(connection, "samples.styles", "1"))?;
    }
    Ok(vec![photograph])
}

/// Keeps a sample as if it were an upload.
fn keep(app: &App, name: &str, bytes: &[u8]) -> Result<String, Problem> {
    let id: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = app.files.picture(&id);
    let found = id.clone();
    if path.exists() && app.store.run(move |connection| Picture::touch(connection, &found))? {
        return Ok(id);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, bytes)?;
    let input = Input::from_bytes(name, bytes, &Limits::default())?;
    let (width, height) = input.decoded.picture.size();
    let picture = Picture {
        id: id.clone(),
        name: name.to_owned(),
        format: "jpg".into(),
        width,
        height,
        bytes: bytes.len() as u64,
        depth: 8,
        alpha: false,
        profile: "srgb".into(),
        notes: Vec::new(),
        has_recipe: false,
        frames: 0,
        seconds: 0.0,
        created: rfc3339(now()),
    };
    app.store.run(move |connection| picture.insert(connection))?;
    Ok(id)
}

/// Presets that are always there.
pub(crate) fn presets() -> Vec<Preset> {
    let preset = |number: u8, name: &str, settings| Preset {
        id: format!("5a0c1b7e-1{number:03}-4000-8000-000000000000"),
        name: name.to_owned(),
        settings,
    };
    vec![
        preset(1, "Painting", json!({})),
        preset(2, "Fine painting", json!({ "effort": "fine" })),
        preset(3, "Light touch", json!({ "strength": 0.4 })),
        preset(4, "The photograph's colours", json!({ "colour": "keep" })),
        preset(5, "Large strokes", json!({ "stroke_size": 2 })),
        preset(6, "Small strokes", json!({ "stroke_size": 0.5 })),
    ]
}
