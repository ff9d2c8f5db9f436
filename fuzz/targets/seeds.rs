//! Writes what the fuzzer begins with: `cargo run --bin seeds`, in this folder, makes `corpus/`.

mod common;

use std::fs;
use std::path::Path;

use impasto::OptimizerKind;
use impasto_image::{Density, Encoding, Format, Metadata, Picture, Plane, Space, save};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let [pictures, encoders, weights, checkpoints] =
        ["decode", "encoder_file", "weights", "checkpoint"].map(|target| corpus.join(target));
    for folder in [&pictures, &encoders, &weights, &checkpoints] {
        fs::create_dir_all(folder)?;
    }
    let noise = |i: usize| (i as f32 * 12.9898).sin().abs();
    let picture = Picture::new(13, 9, (0..3 * 13 * 9).map(noise).collect()).ok_or("no picture")?;
    let alpha = Plane::new(13, 9, (0..13 * 9).map(noise).collect()).ok_or("no plane")?;
    for format in Format::all() {
        for &depth in format.depths() {
            for plain in [true, false] {
                let alpha = Some(&alpha).filter(|_| !plain && format.holds_alpha());
                let metadata = Metadata {
                    recipe: (!plain).then(|| "{}".into()),
                    density: (!plain).then_some(Density { x: 72.0, y: 72.0 }),
                    exif: (!plain).then(exif),
                };
                let icc_profile = (!plain).then(|| Space::DisplayP3.icc());
                let keep_gps = true;
                let encoding = Encoding { depth, metadata, icc_profile, keep_gps, ..Encoding::default() };
                let name = format!("{depth:?}-{plain}.{}", format.extension());
                save(&pictures.join(name), &picture, alpha, &encoding)?;
            }
        }
    }
    // Formats that are only read.
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/impasto-image/tests/data"))? {
        let path = entry?.path();
        let name = path.file_name().ok_or("no name")?;
        fs::copy(&path, pictures.join(name))?;
    }
    fs::write(pictures.join("tiny.ppm"), b"P6 2 1 255\nabcdef")?;
    fs::write(pictures.join("tiny.pgm"), b"P2 2 1 15\n3 15\n")?;
    fs::write(pictures.join("tiny.pam"), b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcd")?;
    fs::write(pictures.join("tiny.gif"), b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;")?;
    fs::write(pictures.join("tiny.tga"), [&[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 24, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0][..], b"TRUEVISION-XFILE.\0"].concat())?;
    fs::write(encoders.join("small"), common::encoder_file())?;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/impasto-encoder/tests/fixtures"))? {
        let path = entry?.path();
        let name = path.file_name().ok_or("no name")?;
        fs::copy(&path, weights.join(name))?;
    }
    for (name, optimizer) in [("adam", OptimizerKind::Adam), ("lbfgs", OptimizerKind::Lbfgs)] {
        let mut session = common::session(optimizer);
        for step in 0..4 {
            let path = checkpoints.join(format!("{name}-{step}"));
            session.save(&path, "a note")?;
            for first in [0, 1] {
                let bytes = [&[first][..], &fs::read(&path)?].concat();
                fs::write(checkpoints.join(format!("{name}-{step}-{first}")), bytes)?;
            }
            fs::remove_file(path)?;
            session.step()?;
        }
    }
    Ok(())
}

/// A block of EXIF with an artist and a latitude (CIPA DC-008).
fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let first = [entry(0x013b, 2, 4, *b"Ann\0"), entry(0x8825, 4, 1, 38u32.to_le_bytes())].concat();
    [&b"II*\0\x08\0\0\0\x02\0"[..], &first, &[0; 4], &[1, 0], &entry(1, 2, 2, *b"N\0\0\0"), &[0; 4]].concat()
}
