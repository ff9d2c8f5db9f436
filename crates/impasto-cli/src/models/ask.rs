//! The question before a model is fetched, which states the model, the addresses, the size and the licence.

use std::io::{BufRead, Write};

use impasto::encoder::sources::{Model, Store, WeightFile};
use indicatif::DecimalBytes;

/// Returns the places from which the model would be fetched, one a line.
pub(super) fn offers(store: &Store, model: &Model) -> Vec<String> {
    let with_addresses = |file: &'static WeightFile| (file, store.environment().shown_addresses(file));
    let files = model.files.iter().map(with_addresses).filter(|(_, addresses)| !addresses.is_empty());
    files
        .flat_map(|(file, addresses)| {
            let bytes = DecimalBytes(file.bytes_to_fetch(model));
            addresses.into_iter().map(move |address| format!("{bytes} from {address} ({})", file.publisher))
        })
        .collect()
}

/// Asks the user. Any answer but yes counts as no.
pub(super) fn ask(store: &Store, model: &Model, from: &mut impl BufRead, to: &mut impl Write) -> bool {
    let mut text = format!(
        "model {} is not on this machine. {}; licence {}: {}.\nIt would be fetched, and kept in {}:\n",
        model.name,
        model.about,
        model.family.licence(),
        model.family.attribution(),
        store.environment().models().unwrap_or_default().display()
    );
    for (index, offer) in offers(store, model).iter().enumerate() {
        text.push_str(&format!("  {}{offer}\n", if index == 0 { "" } else { "if that fails, " }));
    }
    text.push_str("Fetch it? [y/N] ");
    let mut answer = String::new();
    let asked =
        to.write_all(text.as_bytes()).and_then(|()| to.flush()).and_then(|()| from.read_line(&mut answer));
    asked.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use impasto::encoder::sources::{Environment, catalogue};

    use super::*;

    #[test]
    fn only_a_yes_is_a_yes_and_all_is_said_before() {
        let environment = Environment { cache: Some("/home/ann/cache".into()), ..Environment::default() };
        let store = Store::new(environment, catalogue());
        let model = store.model("vgg19").unwrap();
        for (answer, expected) in
            [("y\n", true), (" Yes\n", true), ("n\n", false), ("\n", false), ("", false), ("yellow\n", false)]
        {
            let mut asked = Vec::new();
            assert_eq!(ask(&store, model, &mut answer.as_bytes(), &mut asked), expected, "{answer:?}");
            let asked = String::from_utf8(asked).unwrap();
            for words in [
                "vgg19",
                "80.10 MB from https://huggingface.co/timm/",
                "if that fails, 574.67 MB from https://download.pytorch.org/",
                "BSD-3-Clause",
                "/home/ann/cache/models",
                "[y/N]",
            ] {
                assert!(asked.contains(words), "{words}: {asked}");
            }
        }
    }
}
