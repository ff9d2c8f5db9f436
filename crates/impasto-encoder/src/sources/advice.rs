//! Advice for a model that is not on this machine: what would be fetched, and how to do without fetching.

use super::catalogue::Model;
use super::error::{NotHere, SourceError};
use super::store::Store;

impl Store {
    /// The error for a model that is not on this machine.
    pub fn not_here(&self, model: &'static Model, passed_over: Vec<String>) -> SourceError {
        SourceError::NotHere(Box::new(NotHere {
            name: model.name.into(),
            folders: self.environment().folders(),
            passed_over,
            offline: self.environment().offline.clone(),
            to_fetch: self.what_is_fetched(model),
            by_hand: self.by_hand(model),
        }))
    }

    /// The download in words: `80 MB from huggingface.co, licence BSD-3-Clause`.
    pub fn what_is_fetched(&self, model: &Model) -> String {
        let Some(file) = model.first_choice() else { return String::new() };
        let hosts: Vec<String> =
            self.environment().addresses(file).iter().map(|url| host(url).to_string()).collect();
        let megabytes = file.bytes_to_fetch(model) as f64 / 1e6;
        format!("{megabytes:.0} MB from {}, licence {}", hosts.join(" or "), model.family.licence())
    }

    /// How to get a model without fetching it.
    pub(super) fn by_hand(&self, model: &Model) -> String {
        let files = model.files.iter().filter(|file| !file.addresses.is_empty());
        let whole = files.map(|file| (file, self.environment().addresses(file)));
        let ways: Vec<String> = whole
            .take(2)
            .map(|(file, addresses)| {
                format!(
                    "{} as {}",
                    addresses
                        .iter()
                        .map(|address| without_credentials(address))
                        .collect::<Vec<_>>()
                        .join(" or "),
                    file.name
                )
            })
            .collect();
        let folder = self
            .environment()
            .models()
            .map_or("IMPASTO_CACHE/models".into(), |folder| folder.display().to_string());
        format!(
            "fetch {} on another machine, and put it into {folder}; or give the path of the file in place of the name",
            ways.join(", or ")
        )
    }
}

/// The host of an address, for messages.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// An address that may be shown and stored: `user:password@` is left out.
pub(super) fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_string() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    format!("{scheme}://{host}{}", &rest[end..])
}
