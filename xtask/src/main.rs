//! Tasks of the repository: `cargo xtask samples` draws the sample pictures into `samples/`, `cargo xtask styles`
//! further styles into `docs/pictures/`.
//!
//! Code draws the pictures, so that they belong to the project and can be made again.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod canvas;
mod cutouts;
mod dots;
mod harbour;
mod mosaic;
mod noise;
mod swirls;
mod woodcut;

use std::path::Path;
use std::process::ExitCode;

use canvas::Canvas;
use image::codecs::jpeg::JpegEncoder;

/// One sample picture: the name of its file, and its drawing.
struct Sample {
    name: &'static str,
    size: (usize, usize),
    draw: fn(&mut Canvas),
}

const SAMPLES: [Sample; 3] = [
    Sample { name: "harbour", size: harbour::SIZE, draw: harbour::draw },
    Sample { name: "swirls", size: swirls::SIZE, draw: swirls::draw },
    Sample { name: "mosaic", size: mosaic::SIZE, draw: mosaic::draw },
];

const STYLES: [Sample; 3] = [
    Sample { name: "dots", size: dots::SIZE, draw: dots::draw },
    Sample { name: "woodcut", size: woodcut::SIZE, draw: woodcut::draw },
    Sample { name: "cutouts", size: cutouts::SIZE, draw: cutouts::draw },
];

const USAGE: &str = "usage: cargo xtask samples|styles [FOLDER]

Draws the sample pictures, or the styles of the documentation, into FOLDER (default: samples/ or docs/pictures/ of this
repository).";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["samples"] => draw(&SAMPLES, 92, &root.join("samples")),
        ["samples", folder] => draw(&SAMPLES, 92, Path::new(folder)),
        ["styles"] => draw(&STYLES, 80, &root.join("docs/pictures")),
        ["styles", folder] => draw(&STYLES, 80, Path::new(folder)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Draws samples into a folder, as JPEG files of this quality.
fn draw(samples: &[Sample], quality: u8, folder: &Path) -> Result<(), String> {
    for sample in samples {
        let (width, height) = sample.size;
        let mut canvas = Canvas::new(width, height);
        (sample.draw)(&mut canvas);
        let path = folder.join(sample.name).with_extension("jpg");
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality)
            .encode(&canvas.finish(), width as u32, height as u32, image::ExtendedColorType::Rgb8)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        std::fs::write(&path, &file).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}: {width}x{height}, {} KB", path.display(), file.len() / 1000);
    }
    Ok(())
}
