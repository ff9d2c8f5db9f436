//! Evaluates an objective on a picture. The picture may come from any tool; it must have the content's shape.
#![allow(clippy::print_stdout)]
use std::error::Error;

use impasto::{Preset, StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg");
const SIZE: usize = 96;

/// Evaluates the content and prints every term of the loss.
pub fn run() -> Result<(), Box<dyn Error>> {
    let content = image::open(CONTENT.as_ref())?.picture;
    let style = image::open(STYLE.as_ref())?.picture;
    let transfer = StyleTransfer::new(content.clone()).style(style).size(SIZE);
    // This evaluates the content itself: it matches the content as well as any picture can, but not the style.
    let judged = transfer.preset(Preset::named("crowson")?).evaluate(&content)?;
    for (layer, value) in judged.losses.content.iter().chain(&judged.losses.style) {
        println!("{layer}: {value:.4}");
    }
    println!("total: {:.4}, with {} derivatives", judged.losses.total, judged.gradient.data.len());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    run()
}
