//! Checks a file before it is kept under a model's name, and writes its origin into it.

use std::collections::BTreeMap;

use super::advice::without_credentials;
use super::catalogue::{Digest, Model, WeightFile};
use crate::{Encoder, Provenance, identify};

/// Checks that an encoder is this model: its first filter is the training's, and every convolution has the expected
/// width. The last block may be cut short, as in some published files; no style uses deeper layers.
pub(super) fn check(model: &Model, encoder: &Encoder) -> Result<(), String> {
    let (expected, found) = (model.topology(), encoder.topology());
    let fits = expected.convs().starts_with(found.convs())
        && found.convs().last().map(|conv| conv.block) == expected.convs().last().map(|conv| conv.block);
    if !fits {
        let widths = |topology: &crate::Topology| {
            let all: Vec<String> = topology.convs().iter().map(|conv| conv.outputs.to_string()).collect();
            all.join(" ")
        };
        return Err(format!("expected convolutions of {}, found {}", widths(&expected), widths(found)));
    }
    let family = encoder.weights().first().and_then(|weights| identify(&weights.kernel));
    match family.map(|identified| identified.family) {
        Some(family) if family == model.family => Ok(()),
        Some(family) => Err(format!("expected weights of {}, found those of {family}", model.family)),
        None => Err(format!("expected weights of {}, found those of an unknown training", model.family)),
    }
}

/// The known facts about the bytes that an encoder was read from.
pub(super) struct Facts {
    source: String,
    publisher: &'static str,
    sha256: String,
    checked: String,
}

impl Facts {
    /// Facts about a file that was hashed as a whole; `address` if it was fetched.
    pub(super) fn of_whole(file: &WeightFile, sha256: &str, address: Option<&str>) -> Facts {
        // If the hash matches the published file, use the published address, so that the same file gives the same bytes
        // wherever it was found.
        let published = file.addresses.first().copied().unwrap_or(file.name);
        let (source, checked) = match file.digest {
            Some(Digest::Sha256(digest)) if digest.len() == 64 => (published, "SHA-256 of the whole file"),
            Some(Digest::Sha256(_)) => (published, "beginning of the SHA-256 of the whole file; conv1_1"),
            Some(Digest::Md5(_)) => (published, "MD5 of the whole file; conv1_1"),
            None => (address.unwrap_or(published), "shapes and conv1_1; no hash of it is published"),
        };
        let (source, checked) = (without_credentials(source), checked.to_string());
        Facts { source, publisher: file.publisher, sha256: sha256.to_string(), checked }
    }

    /// Facts about the header and the convolutions of a file that was fetched in part.
    #[cfg(feature = "fetch")]
    pub(super) fn of_part(file: &WeightFile, sha256: &str, address: &str) -> Facts {
        Facts {
            source: address.to_string(),
            publisher: file.publisher,
            sha256: sha256.to_string(),
            checked: "shapes and conv1_1; only the header and the convolutions were fetched, \
                      and source_sha256 is their hash"
                .into(),
        }
    }
}

/// The same encoder with the model's name.
pub(super) fn named(encoder: Encoder, name: &str) -> Encoder {
    let provenance = Provenance { name: name.into(), ..encoder.provenance().clone() };
    encoder.with_provenance(provenance)
}

/// The same encoder with the facts of its source as metadata.
pub(super) fn with_facts(encoder: Encoder, model: &Model, facts: &Facts) -> Encoder {
    let metadata: BTreeMap<String, String> = [
        ("name", model.name),
        ("source", &facts.source),
        ("source_sha256", &facts.sha256),
        ("publisher", facts.publisher),
        ("checked", &facts.checked),
        ("licence", model.family.licence()),
        ("attribution", model.family.attribution()),
        ("padding", model.family.padding()),
        ("changes", "convolutions only, in canonical order of names"),
    ]
    .map(|(key, value)| (key.to_string(), value.to_string()))
    .into();
    let provenance =
        Provenance { metadata, family: model.family.to_string(), ..encoder.provenance().clone() };
    encoder.with_provenance(provenance)
}
