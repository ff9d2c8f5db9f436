//! `impasto models`: what encoders there are, and what is in one.

use impasto::encoder::{Encoder, known, open};

use crate::args::ModelsCommand;
use crate::failure::Failure;
use crate::output::line;

pub(crate) fn run(command: ModelsCommand) -> Result<(), Failure> {
    match command {
        ModelsCommand::List => {
            for model in known() {
                line(&format!("{:<14} {}", model.name, model.about))?;
            }
            line(
                "FILE           a safetensors file: canonical (conv1_1.weight) or torchvision's (features.0.weight)",
            )?;
        }
        ModelsCommand::Show { name } => show(&open(&name)?)?,
    }
    Ok(())
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
