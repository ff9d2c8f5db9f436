//! `impasto models show`: one encoder, layer by layer.

use clap::Args;
use impasto::encoder::Encoder;

use crate::failure::Failure;
use crate::output::line;

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// lite, random:vgg19?seed=0, random:vgg16?width=1/4, or a safetensors file
    name: String,
}

pub(crate) fn run(args: ShowArgs) -> Result<(), Failure> {
    show(&super::open(&args.name)?)
}

fn show(encoder: &Encoder) -> Result<(), Failure> {
    let (topology, provenance) = (encoder.topology(), encoder.provenance());
    line(&format!("name        {}", provenance.name))?;
    line(&format!("family      {}", provenance.family))?;
    line(&format!("sha256      {}", provenance.sha256))?;
    line(&format!("parameters  {}", encoder.parameters()))?;
    if let Some(deepest) = topology.taps().last() {
        let flops = topology.flops_per_pixel(deepest);
        line(&format!(
            "cost        {:.0} kFLOP per pixel and evaluation to {}",
            flops / 1e3,
            topology.tap_name(deepest)
        ))?;
    }
    line(&format!("pooling     {}", encoder.pooling()))?;
    for (key, value) in
        provenance.metadata.iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "family" | "pooling"))
    {
        line(&format!("{key:<11} {value}"))?;
    }
    let layers: Vec<String> =
        topology.taps().map(|tap| format!("{}:{}", topology.tap_name(tap), topology.channels(tap))).collect();
    line(&format!("layers      {}", layers.join(" ")))?;
    Ok(())
}
