//! Writes two frames of each kind of synthetic film, with the true flow, for comparisons with other programs.
//!
//!   cargo run --release -p impasto-video --example films -- PHOTO WIDTH HEIGHT FOLDER
//!
//! For each film the folder gets `NAME-from.ppm`, `NAME-to.ppm` and `NAME.flo`, the flow that gathers TO out of FROM.
//! In the truth, pixels that cannot be seen in FROM are unknown. `benches/flow.py` reads them.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;
use std::path::Path;

use impasto_image::Picture;
use impasto_video::flow::write_flo;
use impasto_video::measure::{Film, Motion};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [photo, width, height, folder] = arguments.as_slice() else {
        return Err("usage: films PHOTO WIDTH HEIGHT FOLDER".into());
    };
    let (photo, size) = (Picture::open(photo)?, (width.parse()?, height.parse()?));
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder)?;
    let film = |motion| Film::new(&photo, size, motion);
    let disc = Motion::Disc { radius: 50.0, disc: (5.3, -3.1), scene: (-1.6, 0.4) };
    let films = [
        ("pan-slow", film(Motion::Pan(0.37, 0.21))),
        ("pan-fast", film(Motion::Pan(-17.3, 6.6))),
        ("zoom", film(Motion::Zoom(1.02))),
        ("turn", film(Motion::Turn(2.0))),
        ("disc", film(disc)),
        ("disc-noise", film(disc).noise(4.0 / 255.0, 1)),
        ("pan-light", film(Motion::Pan(2.4, -1.3)).light(0.1)),
        ("still-noise", film(Motion::Still).noise(4.0 / 255.0, 2)),
    ];
    for (name, film) in films {
        for (time, which) in [(2, "from"), (3, "to")] {
            write_ppm(&film.frame(time), &folder.join(format!("{name}-{which}.ppm")))?;
        }
        let mut truth = film.flow(3, 2);
        let seen = film.visible(3, 2);
        for (at, _) in seen.iter().enumerate().filter(|(_, seen)| !**seen) {
            (truth.u[at], truth.v[at]) = (f32::NAN, f32::NAN);
        }
        write_flo(&truth, &folder.join(format!("{name}.flo")))?;
        println!("{name}");
    }
    Ok(())
}

/// Writes a picture as a binary PPM file of 8 bits.
fn write_ppm(picture: &Picture, path: &Path) -> std::io::Result<()> {
    let (width, height) = picture.size();
    let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
    for at in 0..width * height {
        let channel =
            |plane: usize| (255.0 * picture.rgb()[plane * width * height + at]).round().clamp(0.0, 255.0);
        bytes.extend([0, 1, 2].map(|plane| channel(plane) as u8));
    }
    std::fs::write(path, bytes)
}
