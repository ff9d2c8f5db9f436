//! What a picture is worth by an objective: any picture, of any tool, of the content's shape.
#![allow(clippy::print_stdout)]
use std::error::Error;

use impasto::{Preset, StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg");
const SIZE: usize = 96;

/// Judges, and prints every term of the loss.
pub fn run() -> Result<(), Box<dyn Error>> {
    let content = image::open(CONTENT.as_ref())?.picture;
    let style = image::open(STYLE.as_ref())?.picture;
    let transfer = StyleTransfer::new(content.clone()).style(style).size(SIZE);
    // The content itself: as near to the content as can be, and not at all like the style.
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
