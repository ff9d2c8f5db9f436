//! What may be written beside the result: `--triptych`, content, styles and result side by side; `--plot`, the losses of the run;
//! and `--timelapse`, which `timelapse.rs` makes.

use std::path::{Path, PathBuf};

use clap::Args;
use impasto::image::{
    Averaging, Encoding, Filter, Format, Space, check_output, check_writable, fit_long_edge, resize, save,
    write_atomically,
};
use impasto::{Picture, Step};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::plot;
use crate::results::same_file;
use crate::timelapse;

#[derive(Args, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ExtrasArgs {
    /// Also write content, styles and result side by side
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) triptych: Option<PathBuf>,
    /// Also draw the losses of the run
    #[arg(long, value_name = "FILE.svg", help_heading = "Output")]
    pub(crate) plot: Option<PathBuf>,
    /// Also show how the picture comes about; mp4 needs an installed ffmpeg
    #[arg(long, value_name = "FILE.gif|mp4", help_heading = "Output")]
    pub(crate) timelapse: Option<PathBuf>,
}

impl ExtrasArgs {
    /// The files, with their options.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            ("--triptych", self.triptych.as_deref()),
            ("--plot", self.plot.as_deref()),
            ("--timelapse", self.timelapse.as_deref()),
        ];
        files.into_iter().filter_map(|(option, path)| Some((option, path?)))
    }
}

/// What is needed for them at the end of a run: its pictures are gone by then.
pub(crate) struct SideOutputs<'a> {
    args: &'a ExtrasArgs,
    /// Content and styles, in the content's space.
    pictures: Vec<Picture>,
    space: Space,
}

/// Long edge of the pictures of a triptych, at most.
const LONG_EDGE: usize = 1024;

/// The gap between them, as a part of their height.
const GAP: f64 = 0.02;

impl SideOutputs<'_> {
    /// Checks the names against those of all inputs and of other files that are written, and takes what is needed.
    pub(crate) fn new<'a>(
        args: &'a ExtrasArgs,
        (content, styles, all): (&Input, &[Input], &[&Input]),
        others: &[(&'static str, Option<&Path>)],
        model: &str,
    ) -> Result<SideOutputs<'a>, Failure> {
        for (option, path) in args.files() {
            inputs::check_apart(option, path, all)?;
            inputs::check_model(option, path, model)?;
            let rest = args.files().filter(|(other, _)| *other != option);
            let others = others.iter().filter_map(|(other, path)| Some((*other, (*path)?)));
            if let Some((other, _)) = rest.chain(others).find(|(_, other)| same_file(path, other)) {
                return Err(Failure::bad_input(format!("{option} and {other} name the same file")));
            }
            let checked = match option {
                "--triptych" => check_output(path, None, false),
                _ => check_writable(path),
            };
            checked.map_err(|error| Failure::from(error).about(option))?;
        }
        if args
            .plot
            .as_ref()
            .is_some_and(|path| path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("svg")))
        {
            return Err(Failure::bad_input("--plot: expected a name that ends in .svg"));
        }
        args.timelapse.as_deref().map_or(Ok(()), timelapse::check)?;
        let space = content.decoded.space;
        let small = |input: &&Input| {
            let picture = &input.decoded.picture;
            let (width, height) = fit_long_edge(picture.size(), picture.long_edge().min(LONG_EDGE));
            let small = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
            small.between(input.decoded.space, space)
        };
        let all: Vec<&Input> = [content].into_iter().chain(styles).collect();
        if let Some(path) = &args.triptych {
            let (most, format) = (Format::of(path)?.longest_side(), Format::of(path)?.name());
            let widest = (all.len() + 1) * LONG_EDGE * 11 / 10;
            if widest > most {
                let message = format!("--triptych: up to {widest} pixels in a row, {format} holds {most}");
                let can = Format::those(|format| format.longest_side() >= widest);
                return Err(Failure::bad_input(message).hint(format!("end the name in {can}")));
            }
        }
        let pictures = if args.triptych.is_some() { all.iter().map(small).collect() } else { Vec::new() };
        Ok(SideOutputs { args, pictures, space })
    }

    /// Writes them, each whatever becomes of the other.
    pub(crate) fn write(&self, result: &Picture, steps: &[Step]) -> Result<(), Failure> {
        let row = self.write_row(result);
        self.write_plot(steps).and(row)
    }

    fn write_row(&self, result: &Picture) -> Result<(), Failure> {
        if let Some(path) = &self.args.triptych {
            let (width, height) = fit_long_edge(result.size(), result.long_edge().min(LONG_EDGE));
            let result = resize(result, width, height, Filter::Bicubic, Averaging::Light);
            let pictures: Vec<&Picture> = self.pictures.iter().chain([&result]).collect();
            // As high as the result, if none becomes too wide by it.
            let highest = |picture: &&Picture| (LONG_EDGE * picture.height() / picture.width()).max(1);
            let height = pictures.iter().map(highest).fold(height, usize::min);
            let encoding = Encoding {
                space: self.space,
                icc_profile: (self.space != Space::Srgb).then(|| self.space.icc()),
                ..Encoding::default()
            };
            save(path, &side_by_side(&pictures, height), None, &encoding)?;
        }
        Ok(())
    }

    fn write_plot(&self, steps: &[Step]) -> Result<(), Failure> {
        if let Some(path) = &self.args.plot {
            let drawn = plot::losses(steps).map_err(Failure::bug)?;
            write_atomically(path, |file| file.write_all(drawn.as_bytes()))?;
        }
        Ok(())
    }
}

/// Pictures of one height in a row, on white.
fn side_by_side(pictures: &[&Picture], height: usize) -> Picture {
    let gap = ((height as f64 * GAP).round() as usize).max(2);
    let scaled: Vec<Picture> = pictures
        .iter()
        .map(|picture| {
            let width = (picture.width() * height).div_ceil(picture.height()).max(1);
            resize(picture, width, height, Filter::Bicubic, Averaging::Light)
        })
        .collect();
    let width = scaled.iter().map(Picture::width).sum::<usize>() + gap * (scaled.len() - 1);
    let mut row = Picture::filled(width, height, [1.0; 3]);
    let mut left = 0;
    for picture in &scaled {
        row.put(picture, (left, 0));
        left += picture.width() + gap;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_a_row() {
        let (red, blue) =
            (Picture::filled(10, 20, [1.0, 0.0, 0.0]), Picture::filled(80, 40, [0.0, 0.0, 1.0]));
        let row = side_by_side(&[&red, &blue], 20);
        assert_eq!(row.size(), (10 + 2 + 40, 20));
        let pixel = |x: usize| [0, 1, 2].map(|plane| row.rgb()[plane * 52 * 20 + 10 * 52 + x].round());
        assert_eq!([pixel(5), pixel(11), pixel(30)], [[1.0, 0.0, 0.0], [1.0; 3], [0.0, 0.0, 1.0]]);
    }
}
