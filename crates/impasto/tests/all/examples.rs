//! The examples run and write their pictures.
// The examples are programs of their own: their `main` is not called here, and their `run` is not used elsewhere. A
// panic by `unwrap` fails the test.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

#[path = "../../examples/01_stylize.rs"]
mod stylize;

#[path = "../../examples/02_progress_and_stop.rs"]
mod progress_and_stop;

#[path = "../../examples/03_two_styles.rs"]
mod two_styles;

#[path = "../../examples/04_own_recipe.rs"]
mod own_recipe;

#[path = "../../examples/05_evaluate.rs"]
mod evaluate;

#[path = "../../examples/06_in_memory.rs"]
mod in_memory;

use std::error::Error;
use std::path::{Path, PathBuf};

/// The size of the examples' pictures.
const SIZE: (usize, usize) = (96, 72);

/// A path that a test may write to, different for every example.
fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_file(&path).unwrap();
    }
    path
}

fn writes(name: &str, run: fn(&Path) -> Result<(), Box<dyn Error>>) {
    let path = fresh(name);
    run(&path).unwrap();
    let picture = impasto::image::open(&path).unwrap().picture;
    assert_eq!(picture.size(), SIZE);
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/harbour.jpg");
    let content = impasto::image::open(&content).unwrap().picture;
    let content = impasto::image::resize(
        &content,
        SIZE.0,
        SIZE.1,
        impasto::image::Filter::Bicubic,
        impasto::image::Averaging::Light,
    );
    let differences = picture.rgb().iter().zip(content.rgb()).map(|(a, b)| (a - b).abs());
    let mean = differences.sum::<f32>() / content.rgb().len() as f32;
    // The difference is several 8-bit steps, so the result is not the content itself.
    assert!(mean > 0.02, "{mean}");
}

#[test]
fn stylize_writes_a_picture() {
    writes("stylized.png", stylize::run);
}

#[test]
fn progress_and_stop_comes_to_an_end() {
    progress_and_stop::run().unwrap();
}

#[test]
fn two_styles_writes_a_picture() {
    writes("two-styles.png", two_styles::run);
}

#[test]
fn own_recipe_writes_a_picture() {
    writes("own-recipe.png", own_recipe::run);
}

#[test]
fn evaluate_judges() {
    evaluate::run().unwrap();
}

#[test]
fn in_memory_repaints() {
    in_memory::run().unwrap();
}
