//! `impasto models show`: one encoder, layer by layer.

use std::path::Path;

use clap::Args;
use impasto::encoder::{Encoder, Pooling, Tap, examine};
use impasto_engine::{Cancel, Cpu, Engine, Network, Padding, Request, Size, Target};

use super::import;
use crate::failure::Failure;
use crate::output::{line, printable};

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The encoder: lite, vgg19, vgg19-oxford, random:vgg16?width=1/4, ... (see `models list`), or a file of weights
    name: String,
    /// The training, if the weights of a file do not reveal it: vgg19, vgg19-oxford, vgg16, vgg16-oxford,
    /// vgg19-normalised
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
}

pub(crate) fn run(args: &ShowArgs) -> Result<(), Failure> {
    let (family, path) = (import::family(args.family.as_deref())?, Path::new(&args.name));
    if family.is_some() && path.exists() {
        return show(&examine(path, family)?.encoder);
    }
    import::check_family_of_name(family, &args.name)?;
    show(&super::open(&args.name)?)
}

fn show(encoder: &Encoder) -> Result<(), Failure> {
    let (topology, provenance) = (encoder.topology(), encoder.provenance());
    let say = |name: &str, value: &str| line(&printable(&format!("{name:<13} {value}")));
    say("name", &provenance.name)?;
    say("family", &provenance.family)?;
    say("sha256", &provenance.sha256)?;
    say("pooling", &encoder.pooling().to_string())?;
    let told = ["name", "family", "pooling"];
    for (key, value) in provenance.metadata.iter().filter(|(key, _)| !told.contains(&key.as_str())) {
        say(key, value)?;
    }
    let (trained, run) = (provenance.metadata.get("padding"), Padding::trained(encoder).to_string());
    if trained.is_some_and(|trained| *trained != run) {
        say("runs with", &format!("{run} padding, not with that of its training"))?;
    }
    let metrics: Vec<String> = topology
        .taps()
        .filter(|tap| encoder.metric(*tap).is_some())
        .map(|tap| topology.tap_name(tap))
        .collect();
    if !metrics.is_empty() {
        say("metrics", &format!("styles look through one at {}", metrics.join(", ")))?;
    }
    line("")?;
    table(encoder)?;
    line("")?;
    say(
        "parameters",
        &format!("{} ({} MB as f32)", spaced(encoder.parameters()), megabytes(4 * encoder.parameters())),
    )?;
    if let Some(deepest) = topology.taps().last() {
        let (flops, name) = (topology.flops_per_pixel(deepest), topology.tap_name(deepest));
        say(
            "cost",
            &format!("{:.0} kFLOP per pixel and evaluation, in both directions, to {name}", flops / 1e3),
        )?;
    }
    let (bytes, kernels, layers) = memory(encoder)?;
    say("memory", &format!("{bytes} bytes per pixel in an evaluation at {layers}; {kernels} MB for kernels"))
}

/// Prints a line for each layer: its output for a picture of W x H, its weights, its receptive field and its cost.
fn table(encoder: &Encoder) -> Result<(), Failure> {
    let topology = encoder.topology();
    let row = |cells: [&str; 7]| {
        let [layer, output, kernel, parameters, sees, stride, flops] = cells;
        line(&format!(
            "{layer:<9} {output:<18} {kernel:<16} {parameters:>11} {sees:>5} {stride:>7} {flops:>10}"
        ))
    };
    row(["layer", "output", "kernel", "parameters", "sees", "stride", "kFLOP/px"])?;
    let kind = match encoder.pooling() {
        Pooling::Max => "max 2x2",
        Pooling::Average => "average 2x2",
        Pooling::L2 => "l2 2x2",
    };
    let size = |channels: usize, stride: usize| match stride {
        1 => format!("{channels} x H x W"),
        _ => format!("{channels} x H/{stride} x W/{stride}"),
    };
    let mut before = 0.0;
    for (index, conv) in topology.convs().iter().enumerate() {
        let tap = Tap::after(index);
        let stride = 1 << (conv.block - 1);
        let flops = topology.flops_per_pixel(tap);
        row([
            &conv.name(),
            &size(conv.outputs, stride),
            &format!("{}x{}x3x3", conv.outputs, conv.inputs),
            &spaced(9 * conv.inputs * conv.outputs + conv.outputs),
            &topology.receptive_field(tap).to_string(),
            &stride.to_string(),
            &format!("{:.1}", (flops - before) / 1e3),
        ])?;
        before = flops;
        if topology.pools_after(index) {
            let name = format!("pool{}", conv.block);
            row([&name, &size(conv.outputs, 2 * stride), kind, "0", "", &(2 * stride).to_string(), ""])?;
        }
    }
    Ok(())
}

/// Returns the bytes per pixel of an evaluation, the megabytes of kernels, and the layers of the evaluation, from the
/// plan of the engine that paints.
fn memory(encoder: &Encoder) -> Result<(usize, usize, String), Failure> {
    let topology = encoder.topology();
    // The layers that most recipes use, if the network has them; otherwise its first layer.
    let find = |name: &&str| topology.tap(name).ok();
    let moments: Vec<Tap> =
        ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"].iter().filter_map(find).collect();
    let content = topology.tap("relu4_2").ok();
    let deepest = moments.iter().copied().chain(content).max().unwrap_or(Tap::after(0));
    let names: Vec<String> = moments.iter().chain(&content).map(|&tap| topology.tap_name(tap)).collect();
    let engine = Cpu::new(Network::new(encoder.truncated(deepest)), Cancel::default());
    let residuals = content.map(Target::unheld).into_iter().collect();
    let request = Request { moments, residuals, ..Request::default() };
    // The difference of two sizes leaves out the memory that does not grow with the picture.
    let bytes = |side: usize| engine.evaluation_bytes(Size::new(side, side), &request, 1);
    let (small, large) = (bytes(1024)?, bytes(2048)?);
    Ok(((large - small) / (3 << 20), engine.kernel_bytes() >> 20, names.join(", ")))
}

/// Returns a number in groups of three digits.
fn spaced(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
