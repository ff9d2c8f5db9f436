//! `impasto models list`: the encoders that have names, and their places on this machine.

use clap::Args;
use impasto::encoder::known;
use impasto::encoder::sources::{Digest, Finding, Model, Needed, State, Store, WeightFile};
use indicatif::DecimalBytes;
use serde_json::{Value, json};

use super::open::store;
use crate::failure::Failure;
use crate::output::line;

#[derive(Args)]
pub(crate) struct ListArgs {
    /// Print JSON, which also has addresses and hashes
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: ListArgs) -> Result<(), Failure> {
    let store = store();
    if args.json {
        let models: Vec<Value> = known()
            .iter()
            .map(|known| match store.model(known.name) {
                Some(model) => published(&store, model),
                None => json!({ "name": known.name, "about": known.about, "built_in": true }),
            })
            .collect();
        let environment = store.environment();
        let object = json!({
            "models": models,
            "folders": environment.folders(),
            "offline": environment.offline,
        });
        return line(&object.to_string());
    }
    for known in known() {
        line(&format!("{:<17} {}", known.name, known.about))?;
        let Some(model) = store.model(known.name) else { continue };
        let found = store.look(model);
        for finding in &found {
            line(&format!("{:17} {}", "", describe(finding)))?;
        }
        // A file that cannot be used does not count.
        if !found.iter().any(|finding| !matches!(finding.state, State::Wrong(_))) {
            line(&format!("{:17} not here; to fetch: {}", "", store.what_is_fetched(model)))?;
        }
    }
    line(&format!(
        "{:<17} weights as safetensors, PyTorch, Keras, Caffe, ONNX, MatConvNet or NumPy files",
        "FILE"
    ))
}

fn describe(finding: &Finding) -> String {
    let Finding { path, cache, bytes, state, .. } = finding;
    let state = match state {
        State::Verified => "verified".to_string(),
        State::Unverified => "verified before its first use".to_string(),
        State::Wrong(why) => format!("cannot be used: {why}"),
    };
    format!("here: {} ({}, {cache} cache, {state})", path.display(), DecimalBytes(*bytes))
}

fn published(store: &Store, model: &'static Model) -> Value {
    let found: Vec<Value> = store
        .look(model)
        .iter()
        .map(|finding| {
            let (state, problem) = match &finding.state {
                State::Verified => ("verified", None),
                State::Unverified => ("unverified", None),
                State::Wrong(why) => ("wrong", Some(why)),
            };
            json!({
                "path": finding.path,
                "cache": finding.cache,
                "bytes": finding.bytes,
                "state": state,
                "problem": problem,
            })
        })
        .collect();
    let files: Vec<Value> = model.files.iter().map(|file| of_file(store, model, file)).collect();
    json!({
        "name": model.name,
        "about": model.about,
        "built_in": false,
        "family": model.family.to_string(),
        "licence": model.family.licence(),
        "attribution": model.family.attribution(),
        "found": found,
        "files": files,
    })
}

fn of_file(store: &Store, model: &Model, file: &WeightFile) -> Value {
    let mut object = json!({
        "name": file.name,
        "publisher": file.publisher,
        "addresses": store.environment().shown_addresses(file),
        "bytes": file.size.exact(),
        "bytes_to_fetch": file.bytes_to_fetch(model),
        "fetched": match file.needed {
            Needed::Whole => "whole",
            Needed::Convolutions => "convolutions",
        },
    });
    match file.digest {
        Some(Digest::Sha256(digest)) => object["sha256"] = json!(digest),
        Some(Digest::Md5(digest)) => object["md5"] = json!(digest),
        None => {}
    }
    object
}
