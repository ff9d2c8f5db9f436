//! `impasto models import`: writes the convolutions of a file of any format as a canonical file, which is small and
//! quick to read.

use std::path::PathBuf;

use clap::Args;
use impasto::encoder::{Family, Precision, import_file};

use crate::failure::Failure;
use crate::output::{line, printable};
use impasto_job::encoding::same_file;

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// The file: safetensors, PyTorch (.pth), Keras (.h5), Caffe, ONNX, MatConvNet (.mat) or NumPy (.npz); the format
    /// is detected from the content
    file: PathBuf,
    /// The safetensors file to write
    #[arg(short, long, value_name = "OUT.safetensors")]
    output: PathBuf,
    /// The training, if the weights do not reveal it: vgg19, vgg19-oxford, vgg16, vgg16-oxford, vgg19-normalised
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// Round the weights to half precision: half the size
    #[arg(long)]
    half: bool,
}

pub(crate) fn run(args: &ImportArgs) -> Result<(), Failure> {
    let family = family(args.family.as_deref())?;
    if same_file(&args.file, &args.output) {
        let message = format!("{} is the file to import: it would be overwritten", args.output.display());
        return Err(Failure::bad_input(message).hint("give another name with -o"));
    }
    let encoder = import_file(&args.file, family)?;
    let precision = if args.half { Precision::Half } else { Precision::Single };
    let sha256 = encoder.save(&args.output, precision)?;
    line(&printable(&format!(
        "{}: {}, {} convolutions, sha256 {sha256}",
        args.output.display(),
        encoder.provenance().family,
        encoder.topology().convs().len()
    )))
}

/// Refuses `--family` for a named model, whose family is known.
pub(super) fn check_family_of_name(family: Option<Family>, name: &str) -> Result<(), Failure> {
    match family {
        Some(_) => Err(Failure::bad_input(format!("--family is for files, and {name} is not a file"))),
        None => Ok(()),
    }
}

/// Parses the value of `--family`.
pub(super) fn family(name: Option<&str>) -> Result<Option<Family>, Failure> {
    let read = |name: &str| name.parse::<Family>().map_err(|error| Failure::from(error).about("--family"));
    name.map(read).transpose()
}
