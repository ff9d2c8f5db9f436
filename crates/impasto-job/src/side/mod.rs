//! Files beside the result: `triptych`, with content, styles and result side by side; `plot`, the losses of the run;
//! and `timelapse`, a film, which `timelapse.rs` makes.

mod movie;
#[cfg(feature = "plot")]
mod plot;
mod timelapse;

use std::path::{Path, PathBuf};

use impasto::image::{
    Averaging, Encoding, Filter, Format, Space, check_output, check_writable, fit_long_edge, resize, save,
};
use impasto::{Picture, Step};

use crate::JobError;
use crate::encoding::same_file;
use crate::inputs::{self, Input};
use crate::spec::SideOutputSpec;

pub(crate) use timelapse::Timelapse;

/// The data that the files beside the result need. It is taken at the start, because the run consumes its pictures.
pub(crate) struct SideOutputs<'a> {
    spec: &'a SideOutputSpec,
    /// Content and styles, in the content's space.
    pictures: Vec<Picture>,
    space: Space,
}

/// Largest long edge of the pictures of a triptych.
const LONG_EDGE: usize = 1024;

/// The gap between the pictures of a triptych, as a part of their height.
const GAP: f64 = 0.02;

impl SideOutputs<'_> {
    /// Checks the names against those of all inputs and of all other files that are written, and keeps small copies of
    /// the pictures.
    pub(crate) fn new<'a>(
        spec: &'a SideOutputSpec,
        (content, styles, all): (&Input, &[Input], &[&Input]),
        others: &[(&'static str, Option<&Path>)],
        model: &str,
    ) -> Result<SideOutputs<'a>, JobError> {
        for (name, path) in spec.files() {
            let option = &format!("`{name}`");
            inputs::check_apart(option, path, all)?;
            inputs::check_model(option, path, model)?;
            let rest = spec
                .files()
                .filter(|(other, _)| *other != name)
                .map(|(other, path)| (format!("`{other}`"), path));
            let others = others.iter().filter_map(|(other, path)| Some(((*other).to_owned(), (*path)?)));
            if let Some((other, _)) = rest.chain(others).find(|(_, other)| same_file(path, other)) {
                return Err(JobError::bad_input(format!("{option} and {other} name the same file")));
            }
            let checked = match name {
                "triptych" => check_output(path, None, false),
                _ => check_writable(path),
            };
            checked.map_err(|error| JobError::from(error).about(option))?;
        }
        if cfg!(not(feature = "plot")) && spec.plot.is_some() {
            return Err(JobError::bad_input("`plot`: this build cannot draw losses")
                .hint("build with the feature plot"));
        }
        if spec
            .plot
            .as_ref()
            .is_some_and(|path| path.extension().is_none_or(|end| !end.eq_ignore_ascii_case("svg")))
        {
            return Err(JobError::bad_input("`plot`: expected a name that ends in .svg"));
        }
        spec.timelapse.as_deref().map_or(Ok(()), timelapse::check)?;
        let space = content.decoded.space;
        let small = |input: &&Input| {
            let picture = &input.decoded.picture;
            let (width, height) = fit_long_edge(picture.size(), picture.long_edge().min(LONG_EDGE));
            let small = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
            small.between(input.decoded.space, space)
        };
        let all: Vec<&Input> = [content].into_iter().chain(styles).collect();
        if let Some(path) = &spec.triptych {
            let (most, format) = (Format::of(path)?.longest_side(), Format::of(path)?.name());
            let widest = (all.len() + 1) * LONG_EDGE * 11 / 10;
            if widest > most {
                let message =
                    format!("`triptych`: a row of up to {widest} pixels, but {format} holds {most}");
                let can = Format::those(|format| format.longest_side() >= widest);
                return Err(JobError::bad_input(message).hint(format!("end the name in {can}")));
            }
        }
        let pictures = if spec.triptych.is_some() { all.iter().map(small).collect() } else { Vec::new() };
        Ok(SideOutputs { spec, pictures, space })
    }

    /// Writes the files, and tells each that is written. If one fails, the other is still written.
    pub(crate) fn write(
        &self,
        result: &Picture,
        steps: &[Step],
        wrote: &dyn Fn(&Path),
    ) -> Result<(), JobError> {
        let tell = |path: &Option<PathBuf>| path.as_deref().into_iter().for_each(wrote);
        let row = self.write_row(result).map(|()| tell(&self.spec.triptych));
        self.write_plot(steps).map(|()| tell(&self.spec.plot)).and(row)
    }

    fn write_row(&self, result: &Picture) -> Result<(), JobError> {
        if let Some(path) = &self.spec.triptych {
            let (width, height) = fit_long_edge(result.size(), result.long_edge().min(LONG_EDGE));
            let result = resize(result, width, height, Filter::Bicubic, Averaging::Light);
            let pictures: Vec<&Picture> = self.pictures.iter().chain([&result]).collect();
            // All pictures are as high as the result, or lower if one of them would be too wide.
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

    #[cfg(feature = "plot")]
    fn write_plot(&self, steps: &[Step]) -> Result<(), JobError> {
        if let Some(path) = &self.spec.plot {
            let drawn = plot::losses(steps).map_err(JobError::bug)?;
            impasto::image::write_atomically(path, |file| file.write_all(drawn.as_bytes()))?;
        }
        Ok(())
    }

    /// Does nothing, because `new` has refused the option.
    #[cfg(not(feature = "plot"))]
    fn write_plot(&self, _: &[Step]) -> Result<(), JobError> {
        Ok(())
    }
}

/// Draws pictures in a row, at one height, on white.
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
