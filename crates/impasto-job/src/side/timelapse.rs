//! `timelapse`: a film of the developing picture, as a GIF or, with an installed ffmpeg, as an MP4.
//!
//! Up to a hundred frames are taken, or fifty for a GIF, evenly spaced over the iterations of the run. All have one
//! size, in the shape of the result, so that coarse scales look coarse. Strokes move everywhere in every frame, so a
//! GIF takes about a byte for a pixel; the number of its pixels is therefore bounded. The first frame is the initial
//! picture. The last frame is the result, which stays for a while. Until the end of the run, the frames are in a file
//! without a name beside the output, three bytes a pixel, so that memory does not grow with the run.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use gif::{Encoder, Frame, Repeat};
use impasto::image::{Averaging, Filter, Sink, Space, fit_long_edge, resize, write_atomically};
use impasto::{Picture, Session};

use super::movie::{self, Movie};
use crate::JobError;

/// Tells something about a file.
type Tell<'a> = &'a dyn Fn(&Path);

/// Duration of the result, in the same unit.
const HOLD: u16 = 150;

/// Largest long edge of the frames of a GIF.
const GIF_EDGE: usize = 640;

/// The most pixels of all frames of a GIF. At about a byte for a pixel (1.03 measured) the file has about 5 MB.
const GIF_PIXELS: usize = 4_800_000;

/// Largest long edge of the frames of a movie.
const MOVIE_EDGE: usize = 1280;

/// The approximate number of pixels from which the palette of a frame is learnt.
const PALETTE_PIXELS: usize = 30_000;

/// The kind of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gif,
    Movie,
}

impl Kind {
    /// Returns the kind for the extension of a file.
    fn of(path: &Path) -> Option<Kind> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "gif" => Some(Kind::Gif),
            "mp4" => Some(Kind::Movie),
            _ => None,
        }
    }

    /// Number of frames between the first and the last.
    fn frames(self) -> usize {
        match self {
            Kind::Gif => 50,
            Kind::Movie => 100,
        }
    }

    /// Duration of a frame in hundredths of a second, the unit of GIF files.
    fn delay(self) -> u16 {
        match self {
            Kind::Gif => 14,
            Kind::Movie => 8,
        }
    }
}

/// Checks before any work whether a file with this name can be made here.
pub(crate) fn check(path: &Path) -> Result<(), JobError> {
    match Kind::of(path) {
        Some(Kind::Gif) => Ok(()),
        Some(Kind::Movie) => Movie::find().map(|_| ()),
        None => Err(JobError::bad_input("`timelapse`: expected a name that ends in .gif or .mp4")),
    }
}

/// The frames of a run in progress.
pub(crate) struct Timelapse {
    path: PathBuf,
    kind: Kind,
    /// The colour space of the run's pictures.
    space: Space,
    /// The size of every frame.
    size: (usize, usize),
    /// Number of iterations of the whole run.
    total: usize,
    file: File,
    frames: usize,
    /// Number of iterations that led to the last frame.
    last: Option<usize>,
    /// The error that kept a frame from being taken. The run continues, but there will be no film.
    problem: Option<JobError>,
}

impl Timelapse {
    /// Takes the first frame: the initial picture of the session, or its picture after `done` iterations.
    pub(crate) fn new(
        path: &Path,
        session: &Session,
        space: Space,
        done: usize,
    ) -> Result<Timelapse, JobError> {
        check(path)?;
        let kind = Kind::of(path).unwrap_or(Kind::Gif);
        let result = session.scales().last().map_or((1, 1), |scale| (scale.width, scale.height));
        let total = session.scales().iter().map(|scale| scale.iterations).sum();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::tempfile_in(folder.unwrap_or(Path::new(".")));
        let mut timelapse = Timelapse {
            path: path.into(),
            kind,
            space,
            size: frame_size(kind, result),
            total,
            file: file.map_err(|error| JobError::write(path, &error))?,
            frames: 0,
            last: None,
            problem: None,
        };
        timelapse.take(session, done);
        Ok(timelapse)
    }

    /// Takes the first frame again, after the draft has been painted.
    pub(crate) fn first(&mut self, session: &Session) {
        self.take(session, 0);
    }

    /// Takes a frame after a step, if one is due. The last frame is taken by [`write`](Timelapse::write).
    pub(crate) fn step(&mut self, session: &Session, done: usize) {
        if is_due(done, self.total, self.kind.frames()) {
            self.take(session, done);
        }
    }

    fn take(&mut self, session: &Session, done: usize) {
        if self.problem.is_none() {
            let taken =
                session.picture().map_err(JobError::from).and_then(|picture| self.add(&picture, done));
            self.problem = taken.err();
        }
    }

    fn add(&mut self, picture: &Picture, done: usize) -> Result<(), JobError> {
        let (width, height) = self.size;
        let frame = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
        let bytes = interleaved(&frame.between(self.space, Space::Srgb));
        // A second frame after the same number of iterations takes the place of the first.
        let at = self.frames - usize::from(self.last == Some(done));
        self.file
            .seek(SeekFrom::Start((at * bytes.len()) as u64))
            .and_then(|_| self.file.write_all(&bytes))
            .map_err(|error| JobError::write(&self.path, &error))?;
        (self.frames, self.last) = (at + 1, Some(done));
        Ok(())
    }

    /// Writes the film, with the result as its last frame. Tells that the work begins, and that the file is there.
    pub(crate) fn write(
        mut self,
        result: &Picture,
        done: usize,
        (writing, wrote): (Tell<'_>, Tell<'_>),
    ) -> Result<(), JobError> {
        if let Some(problem) = self.problem.take() {
            return Err(problem.about("`timelapse`"));
        }
        self.add(result, done)?;
        writing(&self.path);
        self.write_frames()?;
        wrote(&self.path);
        Ok(())
    }

    fn write_frames(&mut self) -> Result<(), JobError> {
        let begin = self.file.seek(SeekFrom::Start(0));
        begin.map_err(|error| JobError::write(&self.path, &error))?;
        let mut frames = Frames { from: BufReader::new(&self.file), size: self.size, left: self.frames };
        match self.kind {
            Kind::Gif => Ok(write_atomically(&self.path, |file| write_gif(file, &mut frames))?),
            Kind::Movie => {
                let delay = Kind::Movie.delay();
                let times = usize::from(HOLD).div_ceil(delay.into());
                Movie::find()?.write(&self.path, self.size, f64::from(delay) / 100.0, |film| {
                    while let Some(frame) = frames.next()? {
                        // All frames of a movie have the same duration, so the last one is repeated.
                        for _ in 0..if frames.left == 0 { times } else { 1 } {
                            film.write_all(&frame)?;
                        }
                    }
                    Ok(())
                })
            }
        }
    }
}

/// Whether one of so many frames is due after `done` iterations. They are evenly spaced over the run.
fn is_due(done: usize, total: usize, frames: usize) -> bool {
    let of = |done: usize| done as u128 * frames as u128 / total.max(1) as u128;
    done < total && done > 0 && of(done) > of(done - 1)
}

/// Returns the size of the frames: in the shape of the result, and for a movie with even sides.
fn frame_size(kind: Kind, result: (usize, usize)) -> (usize, usize) {
    let long = result.0.max(result.1);
    match kind {
        Kind::Gif => {
            let (width, height) = fit_long_edge(result, long.min(GIF_EDGE));
            let (area, most) = (width * height, GIF_PIXELS / (kind.frames() + 1));
            let shrunk = (width.max(height) as f64 * (most as f64 / area as f64).sqrt()) as usize;
            if area > most { fit_long_edge(result, shrunk) } else { (width, height) }
        }
        Kind::Movie => {
            let (width, height) = fit_long_edge(result, long.min(MOVIE_EDGE));
            (movie::even(width), movie::even(height))
        }
    }
}

/// Returns the bytes of a picture as screens take them: red, green and blue of each pixel.
fn interleaved(picture: &Picture) -> Vec<u8> {
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let (rgb, area) = (picture.rgb(), picture.width() * picture.height());
    (0..area).flat_map(|at| [0, 1, 2].map(|plane| byte(rgb[plane * area + at]))).collect()
}

/// A reader of the frames that were kept, one after the other.
struct Frames<R> {
    from: R,
    size: (usize, usize),
    left: usize,
}

impl<R: Read> Frames<R> {
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes = vec![0; 3 * self.size.0 * self.size.1];
        self.from.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }
}

/// Writes a GIF that loops. Each frame has its own 256 colours.
fn write_gif<R: Read>(file: &mut dyn Sink, frames: &mut Frames<R>) -> io::Result<()> {
    // Neither side is above GIF_EDGE.
    let (width, height) = (frames.size.0 as u16, frames.size.1 as u16);
    let mut encoder = Encoder::new(file, width, height, &[]).map_err(io::Error::other)?;
    encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
    // With 1, the palette is learnt from all pixels; the largest value is 30.
    let speed = (frames.size.0 * frames.size.1 / PALETTE_PIXELS).clamp(1, 30) as i32;
    while let Some(bytes) = frames.next()? {
        let mut frame = Frame::from_rgb_speed(width, height, &bytes, speed);
        frame.delay = if frames.left == 0 { HOLD } else { Kind::Gif.delay() };
        encoder.write_frame(&frame).map_err(io::Error::other)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_evenly() {
        let due = |total: usize| (0..=total).filter(|done| is_due(*done, total, 100)).collect::<Vec<_>>();
        assert_eq!(due(4), [1, 2, 3]);
        assert_eq!(due(200), (1..100).map(|frame| 2 * frame).collect::<Vec<_>>());
        let (many, apart) = (due(1234), [12, 13]);
        assert_eq!(many.len(), 99);
        assert!(many.windows(2).all(|pair| apart.contains(&(pair[1] - pair[0]))), "{many:?}");
        assert!(due(0).is_empty());
    }

    #[test]
    fn frames_have_the_shape_of_the_result() {
        assert_eq!(frame_size(Kind::Gif, (3000, 300)), (640, 64));
        let (width, height) = frame_size(Kind::Gif, (3000, 2000));
        assert!(width.abs_diff(height * 3 / 2) <= 1 && width * height * 51 <= GIF_PIXELS && width > 365);
        assert_eq!(frame_size(Kind::Gif, (333, 77)), (333, 77));
        assert_eq!(frame_size(Kind::Movie, (333, 77)), (332, 76));
        assert_eq!(frame_size(Kind::Movie, (9000, 1)), (1280, 2));
    }
}
