//! A published recipe with some of its values changed.
use std::{env, error::Error, path::Path};

use impasto::{Init, Overrides, Preset, StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg");
const SIZE: usize = 96;

/// Repaints the content with the changed recipe and writes the result.
pub fn run(result: &Path) -> Result<(), Box<dyn Error>> {
    let overrides = Overrides {
        style_layers: Some(["relu1_1", "relu3_1", "relu4_1"].map(String::from).into()),
        statistic: Some("covariance:100+mean-std".parse()?),
        init: Some(Init::StyleStats),
        iterations: Some(10),
        ..Default::default()
    };
    let transfer = StyleTransfer::new(image::open(CONTENT.as_ref())?.picture).size(SIZE).seed(7);
    let transfer = transfer.style(image::open(STYLE.as_ref())?.picture).style_scale(0.5);
    let mut session = transfer.preset(Preset::named("gatys")?).overrides(overrides).build()?;
    while session.step()?.is_some() {}
    Ok(image::save(result, &session.picture()?, None, &Default::default())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&env::temp_dir().join("own-recipe.png"))
}
