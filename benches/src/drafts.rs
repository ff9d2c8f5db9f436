//! Measures a new draft, and the same draft after one setting changes, as an interactive page would.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin drafts -- CONTENT STYLE [SIZE [ROUNDS [THREADS]]]`;
//! the defaults are 512, 7 and one thread per processor. The changes alternate; seconds are medians. No disk is read
//! while time is measured.

use std::path::Path;
use std::time::Instant;

use impasto::{Colour, Draft, StyleTransfer};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Change = fn(&mut Draft, bool);

/// A setting, and a function that switches it on and off.
const CHANGES: [(&str, Change); 5] = [
    ("the same again", |_, _| ()),
    ("another strength", |draft, on| draft.set_strength(if on { 0.5 } else { 1.0 })),
    ("another weight of one of two styles", |draft, on| {
        draft.set_style_weights(&[1.0, if on { 3.0 } else { 1.0 }]);
    }),
    ("other colours", |draft, on| draft.set_colour(if on { Colour::Luminance } else { Colour::Style })),
    // Each new size of strokes needs new features of the styles.
    ("another size of strokes", |draft, on| draft.set_stroke_size(if on { 0.7 } else { 1.0 })),
];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [content, style, numbers @ ..] = &arguments[..] else {
        return Err("expected a content and a style".into());
    };
    let number = |index: usize, default: usize| match numbers.get(index) {
        Some(text) => text.parse().map_err(|_| format!("expected a number, found {text}")),
        None => Ok(default),
    };
    let (size, rounds, threads) = (number(0, 512)?, number(1, 7)?, number(2, 0)?);
    let open = |path: &String| impasto::image::open(Path::new(path)).map(|opened| opened.picture);
    let (content, style) = (open(content)?, open(style)?);
    let transfer = || {
        let transfer = StyleTransfer::new(content.clone()).style(style.clone()).style(style.clone());
        match threads {
            0 => transfer.size(size),
            _ => transfer.size(size).threads(threads),
        }
    };

    let mut made = Vec::new();
    let mut changed = vec![Vec::new(); CHANGES.len()];
    for _ in 0..rounds.max(1) {
        let began = Instant::now();
        let mut draft = Draft::new(transfer())?;
        draft.picture()?;
        made.push(began.elapsed().as_secs_f64());
        for ((_, change), seconds) in CHANGES.iter().zip(&mut changed) {
            change(&mut draft, true);
            let began = Instant::now();
            draft.picture()?;
            seconds.push(began.elapsed().as_secs_f64());
            change(&mut draft, false);
        }
    }
    println!("{:6.3} s  made anew", median(&mut made));
    for ((name, _), seconds) in CHANGES.iter().zip(&mut changed) {
        println!("{:6.3} s  {name}", median(seconds));
    }
    Ok(())
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
