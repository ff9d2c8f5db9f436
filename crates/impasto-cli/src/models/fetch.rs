//! `impasto models fetch`: brings an encoder into our own cache, from another cache or the network. The command itself
//! is the consent.

use clap::Args;
use impasto::encoder::sources::{Fetch, catalogue};
use impasto::encoder::{Precision, known, nearest};

use super::open::store;
use super::watch::Watch;
use crate::args::ProgressKind;
use crate::failure::Failure;
use crate::output::{line, say};

#[derive(Args)]
pub(crate) struct FetchArgs {
    /// The model: vgg19, vgg19-oxford, vgg16, vgg16-oxford or vgg19-normalised
    name: String,
    /// Keep the model in half precision: half the size; features differ by about a thousandth
    #[arg(long)]
    half: bool,
    /// Fetch the model from the network even if it is on this machine
    #[arg(long)]
    force: bool,
    /// Progress display on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    progress: ProgressKind,
}

pub(crate) fn run(args: FetchArgs) -> Result<(), Failure> {
    let store = store();
    let Some(model) = store.model(&args.name) else {
        if known().iter().any(|known| known.name == args.name) || args.name.starts_with("random:") {
            say(&format!("{} is part of the program: there is nothing to fetch", args.name));
            return Ok(());
        }
        let names = catalogue().iter().map(|model| model.name);
        let all = names.clone().collect::<Vec<_>>().join(", ");
        let near = nearest(&args.name, names);
        let failure = Failure::bad_input(format!("no model {} to fetch: expected one of {all}", args.name));
        return Err(if near.is_empty() {
            failure
        } else {
            failure.hint(format!("did you mean {}?", near.join(" or ")))
        });
    };
    let precision = if args.half { Precision::Half } else { Precision::Single };
    let how = Fetch { precision, force: args.force, ..Fetch::default() };
    let mut watch = Watch::new(args.progress);
    let fetched = store.fetch(model, &how, &mut |event| watch.event(event));
    watch.finish();
    line(&fetched?.display().to_string())
}
