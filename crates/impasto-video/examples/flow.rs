//! Computes the flow between two pictures, and writes it as a `.flo` file.
//!
//!   cargo run --release -p impasto-video --example flow -- FROM TO OUT.flo [fast|medium|fine] [ROUNDS]
//!
//! The flow gathers TO out of FROM. The program prints the best time of ROUNDS runs, in milliseconds, for one direction
//! and for both directions at once. `benches/flow.py` compares it with OpenCV's.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use impasto_image::Picture;
use impasto_video::flow::{self, Gray, Preset, write_flo};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, out, rest @ ..] = arguments.as_slice() else {
        return Err("usage: flow FROM TO OUT.flo [fast|medium|fine] [ROUNDS]".into());
    };
    let preset = match rest.first().map_or("medium", String::as_str) {
        "fast" => Preset::Fast,
        "medium" => Preset::Medium,
        "fine" => Preset::Fine,
        other => return Err(format!("{other} is no preset: fast, medium, fine").into()),
    };
    let rounds: usize = rest.get(1).map_or(Ok(1), |rounds| rounds.parse())?;
    let gray = |path: &str| -> Result<Gray, Box<dyn Error>> { Ok(Gray::of(&Picture::open(path)?)) };
    let (from, to) = (gray(from)?, gray(to)?);
    let (mut one, mut both) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        let found = flow::between(&from, &to, preset, None);
        one = one.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        rayon::join(|| flow::between(&from, &to, preset, None), || flow::between(&to, &from, preset, None));
        both = both.min(start.elapsed().as_secs_f64());
        write_flo(&found, Path::new(out))?;
    }
    println!("{:.2} {:.2}", 1e3 * one, 1e3 * both);
    Ok(())
}
