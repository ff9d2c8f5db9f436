//! The simplest run: one picture, one style, one result.
//!
//! `cargo run --release -p impasto --example 01_stylize [result.png]`
use std::{env, error::Error, path::Path};

use impasto::{Overrides, StyleTransfer, image};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/harbour.jpg");
const STYLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/swirls.jpg");
/// Long edge of the result in pixels. It is small so that the example runs fast; try 512 without the overrides.
const SIZE: usize = 96;

/// Repaints the content in the style and writes the result.
pub fn run(result: &Path) -> Result<(), Box<dyn Error>> {
    let content = image::open(CONTENT.as_ref())?.picture;
    let style = image::open(STYLE.as_ref())?.picture;
    let few = Overrides { iterations: Some(10), ..Default::default() };
    let mut session = StyleTransfer::new(content).style(style).size(SIZE).overrides(few).build()?;
    while session.step()?.is_some() {}
    image::save(result, &session.picture()?, None, &Default::default())?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let default = env::temp_dir().join("stylized.png");
    run(env::args_os().nth(1).map_or(default, Into::into).as_ref())
}
