//! `--timelapse`: the frames of the film, and what happens without ffmpeg, without frames or after an interruption.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::{Folder, Older, RUN, Running, finish};
use impasto::Picture;

const SHORT: &str = "stylize c.png s.png -o o.png";

/// Returns the size, and the delay (in hundredths of a second) and the pixels of each frame.
fn frames(folder: &Folder, name: &str) -> (usize, usize, Vec<(u16, Vec<u8>)>) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let bytes = folder.bytes(name);
    let mut decoder = options.read_info(&bytes[..]).unwrap();
    let (width, height) = (decoder.width() as usize, decoder.height() as usize);
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!((frame.width as usize, frame.height as usize), (width, height));
        let rgb = frame.buffer.chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
        frames.push((frame.delay, rgb));
    }
    (width, height, frames)
}

/// Returns the red, green and blue of each pixel, in 0..255.
fn bytes_of(picture: &Picture) -> Vec<f32> {
    let area = picture.width() * picture.height();
    (0..area)
        .flat_map(|at| [0, 1, 2].map(|plane| (picture.rgb()[plane * area + at] * 255.0).round()))
        .collect()
}

/// Returns the root of the mean squared difference.
fn difference(frame: &[u8], picture: &[f32]) -> f32 {
    assert_eq!(frame.len(), picture.len());
    let squares = frame.iter().zip(picture).map(|(a, b)| (f32::from(*a) - b).powi(2)).sum::<f32>();
    (squares / frame.len() as f32).sqrt()
}

/// Tolerance for a palette of 256 colours, in 8-bit steps. On a regular grid colours are 256 / 256^(1/3) = 40 apart,
/// which gives an error of 40 / sqrt(12) = 11.7. A learnt palette is not regular, so one and a half times that is
/// allowed.
const PALETTE: f32 = 17.5;

// === GIF ===

#[test]
fn a_gif_goes_from_the_first_picture_to_the_result() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!("{SHORT} --iterations 30 --init gray --timelapse t.gif"));
    let (width, height, frames) = frames(&folder, "t.gif");
    assert_eq!((width, height, frames.len()), (48, 36, 31));
    assert!(frames[..30].iter().all(|(delay, _)| *delay == 14) && frames[30].0 == 150);
    let result = bytes_of(&folder.decoded("o.png").picture);
    assert!(difference(&frames[30].1, &result) < PALETTE, "{}", difference(&frames[30].1, &result));
    // The first frame is middle grey with noise of one step.
    assert!(frames[0].1.iter().all(|byte| (126..=130).contains(byte)));
    // The first frame must differ enough, or the test could not tell it from the result.
    assert!(difference(&frames[0].1, &result) > 2.0 * PALETTE, "{}", difference(&frames[0].1, &result));
}

#[test]
fn a_long_run_has_no_more_frames_and_all_have_one_size() {
    let folder = Folder::with_pictures();
    folder.succeeds(
        "stylize c.png s.png -o o.png --size 64 --min-size 32 --iterations 70 --style-layers relu1_1 --content-layers relu1_1 --timelapse t.gif",
    );
    let (width, height, frames) = frames(&folder, "t.gif");
    // The scales are 32, 45 and 64 pixels, with 210 iterations in all.
    assert_eq!((width, height, frames.len()), (64, 48, 51));
    let moved = frames.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert!(moved > 45, "{moved}");
}

#[test]
fn the_same_run_makes_the_same_film_and_picture() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!("{RUN} --timelapse a.gif"));
    let picture = folder.bytes("o.png");
    folder.succeeds(&format!("{RUN} --threads 1 --timelapse b.gif"));
    assert_eq!(folder.bytes("a.gif"), folder.bytes("b.gif"));
    folder.succeeds(RUN);
    assert_eq!(folder.bytes("o.png"), picture);
}

#[test]
fn a_large_result_has_a_smaller_film() {
    let folder = Folder::with_pictures();
    folder.succeeds(&format!("{SHORT} --size 700 --min-size 700 --iterations 0 --timelapse t.gif"));
    let (width, height, frames) = frames(&folder, "t.gif");
    // The only frame is the result. With all of its frames a film would have at most 4.8 million pixels, and a row in
    // each frame more by rounding.
    assert_eq!((frames.len(), frames[0].0), (1, 150));
    assert!(
        width > 345 && width * (height - 1) * 51 <= 4_800_000 && width.abs_diff(height * 4 / 3) <= 1,
        "{width}x{height}"
    );
}

#[cfg(unix)]
#[test]
fn what_was_collected_is_written_when_a_run_is_interrupted_and_resumed() {
    let folder = Folder::with_pictures();
    let line = "stylize c.png s.png -o o.png --iterations 400 --size 96 --plateau 0 --checkpoint k --timelapse t.gif --progress json";
    let mut run = Running::start(folder.command(line.split_whitespace()));
    run.read_until(|line| line.contains("\"iteration\":9"));
    run.signal("INT");
    run.end().assert_failed(130, line);
    let (width, height, first) = frames(&folder, "t.gif");
    assert!((3..80).contains(&first.len()), "{}", first.len());
    assert_eq!((width, height, first[first.len() - 1].0), (96, 72, 150));
    let stopped = bytes_of(&folder.decoded("o.png").picture);
    let apart = difference(&first[first.len() - 1].1, &stopped);
    assert!(apart < PALETTE, "{apart}");
    // The resumed run continues the film from the stopped picture, although it starts in another folder.
    std::fs::create_dir(folder.path("elsewhere")).unwrap();
    let mut resume = folder.command(["resume", "../k"]);
    resume.current_dir(folder.path("elsewhere"));
    assert_eq!(finish(resume).code, Some(0));
    let (.., second) = frames(&folder, "t.gif");
    assert!(difference(&second[0].1, &stopped) < PALETTE);
    assert!((51..=53).contains(&(first.len() + second.len())), "{} {}", first.len(), second.len());
    std::fs::remove_dir(folder.path("elsewhere")).unwrap();
    assert_eq!(folder.names(), ["c.png", "o.png", "s.png", "t.gif", "t.png"]);
}

// === Wrong names ===

#[test]
fn wrong_names_are_refused_before_the_work() {
    let older = Older::new();
    older.0.write("o.gif", b"an older film");
    for (options, says) in [
        ("-o o.png --timelapse t.png", ".gif or .mp4"),
        ("-o o.png --timelapse t", ".gif or .mp4"),
        ("-o o.png --timelapse nowhere/t.gif", "nowhere"),
        ("-o o.png --timelapse r.gif --report r.gif", "--timelapse and --report"),
        ("-o o.png --timelapse k.gif --checkpoint k.gif", "--timelapse and the checkpoint"),
        ("-o o.png --init o.gif --timelapse o.gif", "o.gif"),
    ] {
        older.fails(2, &format!("stylize c.png s.png {options} --iterations 1")).assert_says(&[says]);
    }
}

// === Films by ffmpeg ===

#[cfg(unix)]
mod movies {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// Installs a program called ffmpeg in a folder that is the whole path. The folder also has links to two of the
    /// system's tools.
    fn install(folder: &Folder, script: &str) {
        fs::create_dir(folder.path("bin")).unwrap();
        // A shell writes the script. If this process wrote it, a child process of another test could inherit the open
        // file, and the system would refuse to run it ('text file busy').
        let written = Command::new("sh")
            .args(["-c", r#"printf '#!/bin/sh\n%s\n' "$1" > ffmpeg && chmod 755 ffmpeg"#, "sh", script])
            .current_dir(folder.path("bin"))
            .status();
        assert!(written.unwrap().success());
        // The scripts use these tools.
        for tool in ["cat", "head"] {
            let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap();
            let path = String::from_utf8(found.stdout).unwrap();
            std::os::unix::fs::symlink(path.trim(), folder.path("bin").join(tool)).unwrap();
        }
    }

    fn with_path(folder: &Folder, line: &str) -> crate::common::Ran {
        let mut command = folder.command(line.split_whitespace());
        command.env("PATH", folder.path("bin"));
        finish(command)
    }

    /// This script writes its arguments to a file and its input to the film.
    const RECORDS: &str = r#"case "$*" in *-encoders*) echo " V....D mpeg4    MPEG-4"; echo " V....D libx264    H.264"; exit 0;; esac
for film; do :; done
echo "$*" > args
cat > "$film""#;

    #[test]
    fn ffmpeg_gets_every_frame() {
        let folder = Folder::with_pictures();
        install(&folder, RECORDS);
        let ran =
            with_path(&folder, &format!("{SHORT} --size 45 --min-size 45 --iterations 5 --timelapse t.mp4"));
        assert_eq!(ran.code, Some(0), "{ran}");
        // The picture has 45x34 pixels, and the film has even sides. There are 6 frames, and the last is shown 19
        // times.
        let (film, frame) = (folder.bytes("t.mp4"), 3 * 44 * 34);
        assert_eq!(film.len(), (5 + 19) * frame);
        let at = |number: usize| &film[number * frame..(number + 1) * frame];
        assert!((5..24).all(|number| at(number) == at(5)) && at(4) != at(5) && at(0) != at(1));
        let args = String::from_utf8(folder.bytes("args")).unwrap();
        for words in ["-f rawvideo -pix_fmt rgb24 -s 44x34 -r 12.5 -i -", "-c:v libx264", "yuv420p"] {
            assert!(args.contains(words), "{words} in {args}");
        }
        assert!(!folder.names().iter().any(|name| name.starts_with('.')), "{:?}", folder.names());
    }

    #[test]
    fn another_encoder_is_taken_where_the_best_is_missing() {
        let folder = Folder::with_pictures();
        install(&folder, &RECORDS.replace(r#"echo " V....D libx264    H.264";"#, ""));
        assert_eq!(with_path(&folder, &format!("{RUN} --timelapse t.mp4")).code, Some(0));
        assert!(String::from_utf8(folder.bytes("args")).unwrap().contains("-c:v mpeg4"));
    }

    #[test]
    fn without_ffmpeg_nothing_begins() {
        for (script, says) in [
            (None, "not installed"),
            (Some("echo ' V....D vp9 VP9'"), "neither libx264"),
            (Some("exit 3"), "does not run"),
        ] {
            let folder = Folder::with_pictures();
            match script {
                Some(script) => install(&folder, script),
                None => fs::create_dir(folder.path("bin")).unwrap(),
            }
            let before = folder.names();
            let ran = with_path(&folder, &format!("{RUN} --progress json --timelapse t.mp4"));
            ran.assert_failed(2, says);
            ran.assert_says(&[says]);
            assert!(ran.hint().contains(".gif") && ran.steps().is_empty(), "{ran}");
            assert_eq!(folder.names(), before);
        }
    }

    #[test]
    fn what_ffmpeg_says_is_told_and_the_picture_is_safe() {
        let folder = Folder::with_pictures();
        folder.write("t.mp4", b"an older film");
        // This program ends before it has read all of its input.
        install(
            &folder,
            r#"case "$*" in *-encoders*) echo " V....D libx264 H.264"; exit 0;; esac
head -c 10 > /dev/null; echo "no room on the moon" >&2; exit 1"#,
        );
        let ran = with_path(&folder, &format!("{RUN} --timelapse t.mp4"));
        ran.assert_failed(1, "a film");
        ran.assert_says(&["no room on the moon", "wrote o.png"]);
        assert_eq!(folder.bytes("t.mp4"), b"an older film");
        assert_eq!(folder.decoded("o.png").picture.size(), (48, 36));
        assert!(!folder.names().iter().any(|name| name.starts_with('.')), "{:?}", folder.names());
    }
}
