//! `impasto devices` lists the devices that can run a network, and says which of them `auto` may take.

use clap::Args;
use impasto::{DeviceInfo, devices};
use indicatif::BinaryBytes;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{line, printable};

#[derive(Args)]
pub(crate) struct DevicesArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: DevicesArgs) -> Result<(), Failure> {
    let devices = devices();
    if args.json {
        return line(&Value::Array(devices.iter().map(to_json).collect()).to_string());
    }
    line("device  name                                      kind        reached by  largest map")?;
    for device in &devices {
        let largest = device.largest.map_or("-".into(), |(_, binding)| BinaryBytes(binding).to_string());
        line(&printable(&format!(
            "{:<7} {:<41} {:<11} {:<11} {largest}",
            device.name,
            device.model,
            device.kind,
            device.api.as_deref().unwrap_or("-"),
        )))?;
    }
    for card in &devices {
        if let Some(units) = &card.matrix_units {
            line(&printable(&format!("matrix units of {}: {units}", card.name)))?;
        }
    }
    for text in notes(&devices) {
        line(&printable(&text))?;
    }
    Ok(())
}

/// Notes on the choice that `--device auto` makes here.
fn notes(devices: &[DeviceInfo]) -> Vec<String> {
    if !cfg!(feature = "gpu") {
        return vec!["this build has no graphics cards (feature gpu)".into()];
    }
    let cards: Vec<&DeviceInfo> = devices.iter().filter(|device| device.api.is_some()).collect();
    if cards.is_empty() {
        return vec!["no driver for Vulkan, Metal or DirectX 12 shows a graphics card here".into()];
    }
    let not_taken = cards.iter().filter_map(|card| {
        card.not_by_itself.as_ref().map(|reason| format!("auto never takes {}: it is {reason}", card.name))
    });
    let mut notes: Vec<String> = not_taken.collect();
    if notes.len() < cards.len() {
        notes
            .push("auto takes a card that is faster than the processor with a network, measured once".into());
    }
    notes
}

/// A device as JSON.
pub(crate) fn to_json(device: &DeviceInfo) -> Value {
    json!({
        "name": device.name,
        "model": device.model,
        "kind": device.kind,
        "api": device.api,
        "driver": device.driver,
        "largest_buffer_bytes": device.largest.map(|(buffer, _)| buffer),
        "largest_binding_bytes": device.largest.map(|(_, binding)| binding),
        "matrix_units": device.matrix_units,
        "auto_may_take_it": device.not_by_itself.is_none(),
    })
}
