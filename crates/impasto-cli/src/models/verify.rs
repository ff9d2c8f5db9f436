//! `impasto models verify`: reads every value of a file of weights, as a run would, and prints what the file contains.

use std::path::Path;

use clap::Args;
use impasto::encoder::{ChannelOrder, Encoder, EncoderError, Examined, Identified, examine, identify};

use super::import;
use crate::failure::Failure;
use crate::output::{line, printable};

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// A file of weights of any format, or the name of an encoder
    name: String,
    /// The training, if the weights do not reveal it: vgg19, vgg19-oxford, vgg16, vgg16-oxford, vgg19-normalised
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let family = import::family(args.family.as_deref())?;
    let path = Path::new(&args.name);
    let (encoder, format, identified) = if path.exists() {
        let Examined { encoder, format, identified } = examine(path, family).map_err(unusable)?;
        (encoder, format.to_string(), identified)
    } else {
        import::check_family_of_name(family, &args.name)?;
        let encoder = super::open(&args.name)?;
        let identified = identify(&encoder.weights()[0].kernel);
        (encoder, "none: found by its name".to_string(), identified)
    };
    say("file", &args.name)?;
    say("format", &format)?;
    say("family", &encoder.provenance().family)?;
    say("fingerprint", &fingerprint(identified))?;
    say("network", &network(&encoder))?;
    say("values", &format!("{}, all finite", encoder.parameters()))?;
    say("sha256", &encoder.provenance().sha256)
}

fn say(name: &str, value: &str) -> Result<(), Failure> {
    line(&printable(&format!("{name:<11} {value}")))
}

/// Returns the failure for a file that exists but cannot be used, which is a result of this command. A file that cannot
/// be opened is bad input.
fn unusable(error: EncoderError) -> Failure {
    if matches!(error, EncoderError::Io { .. }) {
        return error.into();
    }
    let failure = Failure::failed(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn fingerprint(identified: Option<Identified>) -> String {
    let Some(Identified { family, order }) = identified else {
        return "of no known training".into();
    };
    let channels = match order {
        ChannelOrder::Rgb => "red, green, blue",
        ChannelOrder::Bgr => "blue, green, red",
    };
    format!("that of {family}, channels in the order {channels}")
}

fn network(encoder: &Encoder) -> String {
    let topology = encoder.topology();
    let convs = topology.convs();
    let last = convs.last().map(|conv| conv.name()).unwrap_or_default();
    let widths: Vec<String> = convs
        .iter()
        .enumerate()
        .filter(|&(index, _)| index + 1 == convs.len() || topology.pools_after(index))
        .map(|(_, conv)| conv.outputs.to_string())
        .collect();
    format!(
        "{} convolutions, to {last}; channels at the end of each block: {}",
        convs.len(),
        widths.join(", ")
    )
}
