//! Mixes two styles: three parts of the first to one part of the second.
use std::{env, error::Error, path::Path};

use impasto::{Overrides, Style, StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLES: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/mosaic.jpg"),
];
const SIZE: usize = 96;

/// Repaints the content in both styles and writes the result.
pub fn run(result: &Path) -> Result<(), Box<dyn Error>> {
    let mut transfer = StyleTransfer::new(image::open(CONTENT.as_ref())?.picture).size(SIZE);
    for (style, weight) in STYLES.iter().zip([3.0, 1.0]) {
        transfer = transfer.style(Style::new(image::open(style.as_ref())?.picture).weight(weight));
    }
    let few = Overrides { iterations: Some(10), ..Default::default() };
    let mut session = transfer.overrides(few).build()?;
    while session.step()?.is_some() {}
    Ok(image::save(result, &session.picture()?, None, &Default::default())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&env::temp_dir().join("two-styles.png"))
}
