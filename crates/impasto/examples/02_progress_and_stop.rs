//! Watches a run and ends it when the loss stalls. The current picture is available after every step.
#![allow(clippy::print_stdout)]
use impasto::{StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg");
const SIZE: usize = 64;
/// The run stops after a step that lowers the loss by less than this fraction.
const STALLED: f64 = 0.02;

/// Repaints until the loss stalls.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let content = image::open(CONTENT.as_ref())?.picture;
    let style = image::open(STYLE.as_ref())?.picture;
    let mut session = StyleTransfer::new(content).style(style).size(SIZE).build()?;
    let mut before = f64::INFINITY;
    while let Some(step) = session.step()? {
        println!("scale {}, iteration {}: loss {:.4}", step.scale, step.iteration, step.losses.total);
        if step.scale == step.scales && step.losses.total > (1.0 - STALLED) * before {
            session.stop();
        }
        before = step.losses.total;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run()
}
