//! Paints synthetic films whose motion is known exactly, and prints how steady, how sharp and how fast they are.
//!
//!     cargo run --release -p impasto-video --example film -- PHOTO STYLE CLIP FRAMES [WIDTH] [EFFORT] [FOLDER]
//!
//! CLIP is slow, pan, slide or fast (pans of 0.18, 0.37, 1.1 and 5.6 pixels a frame), noise, zoom, disc (an object
//! before a scene), light (it fades) or lamp (one is switched on). With FOLDER, the frames are written there, with a
//! still of the last frame, and that frame itself. At the end the losses of the last frame are compared with those of a
//! still of the same frame, at the layers of the objective and at others.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use impasto::{Colour, Effort, Overrides, Picture, StyleTransfer};
use impasto_video::film::{Frame, Painter, Tuning};
use impasto_video::measure::{Film, Motion, band_energy, colour_drift, frame_difference, warping_error};
use impasto_video::{flow, warp};

/// The frame at which a lamp is switched on.
const LAMP: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [photo, style, clip, frames, rest @ ..] = &arguments[..] else {
        return Err("expected PHOTO STYLE CLIP FRAMES [WIDTH] [EFFORT] [FOLDER]".into());
    };
    let (photo, style, frames) = (Picture::open(photo)?, Picture::open(style)?, frames.parse::<usize>()?);
    let width: usize = rest.first().map_or(Ok(384), |width| width.parse())?;
    let effort: Effort = rest.get(1).map_or(Ok(Effort::Normal), |effort| effort.parse())?;
    let size = (width, width * 3 / 4);
    let motion = |motion| Film::new(&photo, size, motion);
    let film = match &clip[..] {
        "pan" => motion(Motion::Pan(0.37, 0.0)),
        "noise" => motion(Motion::Still).noise(3.0 / 255.0, 1),
        "zoom" => motion(Motion::Zoom(1.005)),
        "lamp" => motion(Motion::Pan(0.37, 0.0)).lamp(LAMP),
        "light" => motion(Motion::Still).light(-0.005),
        "disc" => {
            let radius = width as f64 / 7.0;
            motion(Motion::Disc { radius, disc: (2.3, -0.8), scene: (-0.6, 0.2) })
        }
        "slow" => motion(Motion::Pan(0.17, 0.05)),
        "slide" => motion(Motion::Pan(1.1, 0.0)),
        "fast" => motion(Motion::Pan(5.3, 1.7)),
        other => return Err(format!("no clip {other}").into()),
    };
    let frame = |time: usize| Frame {
        picture: film.frame(time),
        alpha: None,
        seconds: 0.04,
        styles: Vec::new(),
        regions: None,
    };
    let transfer = StyleTransfer::new(film.frame(0)).style(style);
    let judge = transfer.clone().size(width);
    let mut painter = Painter::new(transfer, (Colour::Style, Tuning::of(effort), None), &frame(0))?;
    let start = Instant::now();
    let (first, mut state) = painter.first(&frame(0))?;
    let still_seconds = start.elapsed().as_secs_f64();
    println!("first: {} iterations, {still_seconds:.2} s", first.iterations);
    let save = |time: usize, picture: &Picture| match rest.get(2) {
        Some(folder) => picture.save(format!("{folder}/{time:04}.png")),
        None => Ok(()),
    };
    save(0, &first.picture)?;
    let seen = |time: usize, before: usize| flow::visible(&film.flow(time, before), &film.flow(before, time));
    let (mut before, mut floor_before) = (first.picture.clone(), first.picture.clone());
    let (mut error, mut floor, mut input, mut difference) = (0.0, 0.0, 0.0, 0.0);
    let start = Instant::now();
    let mut iterations = 0;
    for time in 1..frames {
        let (painted, next) = painter.next(&frame(time), state, None)?;
        state = next;
        iterations += painted.iterations;
        let (back, counts) = (film.flow(time, time - 1), seen(time, time - 1));
        error += warping_error(&painted.picture, &before, &back, &counts);
        input += warping_error(&film.frame(time), &film.frame(time - 1), &back, &counts);
        difference += frame_difference(&painted.picture, &before).powi(2);
        let panned = warp::picture(&first.picture, &film.flow(time, 0));
        let inside = flow::visible(&film.flow(time, 0), &film.flow(0, time));
        let both: Vec<bool> = inside.iter().zip(&counts).map(|(a, b)| *a && *b).collect();
        floor += warping_error(&panned, &floor_before, &back, &both);
        floor_before = panned.clone();
        before = painted.picture.clone();
        save(time, &before)?;
        if clip == "lamp" && time >= LAMP {
            println!("{}", lamp(&film, &first.picture, &before, time));
        }
        if time % 10 == 0 || time + 1 == frames {
            let (now, then) = (band_energy(&before), band_energy(&first.picture));
            // What the first frame does not show has not drifted from it.
            let mut shown = panned.clone();
            let area = inside.len();
            let outside = |(at, _): &(usize, &mut f32)| !inside[at % area];
            for (at, value) in shown.rgb_mut().iter_mut().enumerate().filter(outside) {
                *value = before.rgb()[at];
            }
            println!("{time}: {:?}", painted.guarded);
            let drift = colour_drift(&shown, &before);
            println!(
                "{time}: error {:.3e} floor {:.3e} ratio {:.2} input {:.3e} bands {:.3} {:.3} drift {:.2} \
                 (worst {:.2}) rms {:.3}/255 unseen {:.3} its {:.1} {:.2} s a frame",
                error / time as f64,
                floor / time as f64,
                error / floor,
                input / time as f64,
                now.finest / then.finest,
                now.second / then.second,
                drift.mean,
                drift.worst,
                (difference / time as f64).sqrt(),
                painted.unseen,
                iterations as f64 / time as f64,
                start.elapsed().as_secs_f64() / time as f64
            );
        }
    }
    let last = film.frame(frames - 1);
    let (still, seconds) = painted(&judge, &last)?;
    // The still and what it shows stand beside the frames.
    if let Some(folder) = rest.get(2) {
        still.save(format!("{folder}/still.png"))?;
        last.save(format!("{folder}/shown.png"))?;
    }
    println!("a still takes {seconds:.2} s");
    let (then, now) = (band_energy(&first.picture), band_energy(&still));
    println!(
        "a still of the last frame beside the first frame: bands {:.3} {:.3}",
        now.finest / then.finest,
        now.second / then.second
    );
    let opening = (film.frame(0), painted(&judge, &film.frame(0))?.0, first.picture.clone());
    for (name, style, content) in JUDGES {
        for (which, (frame, still, film)) in
            [("last", &(last.clone(), still.clone(), before.clone())), ("first", &opening)]
        {
            let own = losses(&judge, (style, content), frame, still)?;
            let film = losses(&judge, (style, content), frame, film)?;
            println!(
                "{name}: losses of the {which} frame over those of a still: style {:.3}, content {:.3}",
                film.0 / own.0,
                film.1 / own.1
            );
        }
    }
    // A still for each frame, without any film.
    let (other, _) = painted(&judge, &film.frame(frames - 2))?;
    let (back, counts) = (film.flow(frames - 1, frames - 2), seen(frames - 1, frames - 2));
    let alone = warping_error(&still, &other, &back, &counts);
    if clip == "lamp" {
        println!("lamp, a still: {}", lamp(&film, &first.picture, &still, frames - 1));
    }
    println!("stills: ratio {:.2}", alone / floor * (frames - 1) as f64);
    Ok(())
}

/// The effect of a lamp that was switched on: how much lighter the painting is under it than before, over how much
/// lighter the film is; and the part of the strokes that are those of before.
fn lamp(film: &Film, first: &Picture, now: &Picture, time: usize) -> String {
    let panned = |picture: &Picture| warp::picture(picture, &film.flow(time, 0));
    let (dark, light) = (panned(&film.frame(0)), film.frame(time));
    let area = dark.width() * dark.height();
    let luma = |picture: &Picture| -> Vec<f32> {
        let rgb = picture.rgb();
        (0..area).map(|at| 0.21 * rgb[at] + 0.72 * rgb[area + at] + 0.07 * rgb[2 * area + at]).collect()
    };
    let [dark, light, was, is] = [&dark, &light, &panned(first), now].map(luma);
    let lit: Vec<usize> = (0..area).filter(|at| light[*at] - dark[*at] > 0.15).collect();
    let mean =
        |of: &dyn Fn(usize) -> f32| lit.iter().map(|at| of(*at)).sum::<f32>() / lit.len().max(1) as f32;
    let lighter = mean(&|at| is[at] - was[at]) / mean(&|at| light[at] - dark[at]);
    // Strokes are what differs from the mean of the pixels around.
    let strokes = |luma: &[f32]| -> Vec<f32> {
        let width = film.frame(0).width();
        let around = |at: usize| {
            let (x, y) = (at % width, at / width);
            let rows = y.saturating_sub(3)..(y + 4).min(area / width);
            let row = |y: usize| &luma[y * width + x.saturating_sub(3)..y * width + (x + 4).min(width)];
            let values: Vec<f32> = rows.flat_map(row).copied().collect();
            luma[at] - values.iter().sum::<f32>() / values.len() as f32
        };
        (0..area).map(around).collect()
    };
    let (was, is) = (strokes(&was), strokes(&is));
    let product = |a: &[f32], b: &[f32]| mean(&|at| a[at] * b[at]);
    let same = product(&was, &is) / (product(&was, &was) * product(&is, &is)).sqrt();
    format!(
        "lamp {time}: lighter {lighter:.2}, strokes kept {same:.2}, sharp {:.2}",
        product(&is, &is) / product(&was, &was)
    )
}

/// The layers that pictures are judged by: those of the objective, and others that it does not use.
const JUDGES: [(&str, &[&str], &[&str]); 2] = [
    ("own layers", &["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"], &["relu4_2"]),
    ("held-out layers", &["relu1_2", "relu2_2", "relu3_3", "relu4_4"], &["relu3_2"]),
];

/// A still of a frame, and the seconds that it takes.
fn painted(judge: &StyleTransfer, frame: &Picture) -> Result<(Picture, f64), impasto::Error> {
    let mut session = judge.clone().content(frame.clone(), None).build()?;
    let start = Instant::now();
    while session.step()?.is_some() {}
    Ok((session.picture()?, start.elapsed().as_secs_f64()))
}

/// The style and the content term of a picture, by chosen layers.
fn losses(
    judge: &StyleTransfer,
    (style, content): (&[&str], &[&str]),
    frame: &Picture,
    picture: &Picture,
) -> Result<(f64, f64), impasto::Error> {
    let names = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect());
    let overrides = Overrides {
        style_layers: names(style),
        style_layer_weights: Some(vec![1.0; style.len()]),
        content_layers: names(content),
        ..Overrides::default()
    };
    let judge = judge.clone().content(frame.clone(), None).overrides(overrides);
    let found = judge.evaluate(picture)?.losses;
    let sum = |terms: &[(String, f64)]| terms.iter().map(|(_, value)| value).sum::<f64>();
    Ok((sum(&found.style), sum(&found.content)))
}
