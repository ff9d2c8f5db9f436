//! Reads the frames of a film, or those of a mask, one after the other.

use impasto_job::JobError;

use super::cuts::SLACK;
use crate::ffmpeg::Decoded;
use crate::source::Frames;

/// The most frames that may be missing at the end of an input: a mask may have fewer than its film, and the last ones
/// of either may be unreadable.
const MISSING: usize = 2 * SLACK;

/// The frames of an input, read one after the other, each made into what is needed of it.
pub(super) struct Reader<'a, T> {
    frames: Frames<'a>,
    /// The input's frame that comes next.
    next: usize,
    last: Option<T>,
}

impl<'a, T: Clone> Reader<'a, T> {
    pub(super) fn new(frames: Frames<'a>) -> Reader<'a, T> {
        Reader { frames, next: 0, last: None }
    }

    /// A frame of the input. Frames before it are passed over. When the input ends early, its last frame stands for the
    /// rest.
    pub(super) fn read(
        &mut self,
        source: usize,
        make: impl FnOnce(Decoded) -> Result<T, JobError>,
    ) -> Result<T, JobError> {
        let mut latest = None;
        while self.next <= source {
            // The frames before may be the last ones.
            if self.next + MISSING < source {
                if !self.frames.skip_frame()? {
                    break;
                }
            } else {
                let Some(frame) = self.frames.next() else { break };
                latest = Some(frame?);
            }
            self.next += 1;
        }
        if let Some(frame) = latest {
            self.last = Some(make(frame)?);
        }
        self.last.clone().ok_or_else(|| JobError::bad_input(format!("frame {source} cannot be read")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use impasto::image::{Limits, Picture};

    /// Reads frames of a folder of eight, the n-th of which has the brightness n / 10.
    fn read(sources: &[usize]) -> Vec<f32> {
        let folder = tempfile::tempdir().unwrap();
        for at in 0..8 {
            let file = folder.path().join(format!("{at}.png"));
            Picture::filled(4, 3, [at as f32 / 10.0; 3]).save(file).unwrap();
        }
        let source = Source::open(folder.path(), Limits::default(), None, false).unwrap();
        let mut reader = Reader::new(source.frames().unwrap());
        let brightness = |(picture, _): Decoded| Ok((picture.rgb()[0] * 10.0).round());
        sources.iter().map(|source| reader.read(*source, brightness).unwrap()).collect()
    }

    #[test]
    fn frames_may_be_passed_over_and_shown_again() {
        assert_eq!(read(&[0, 1, 1, 6, 7]), [0.0, 1.0, 1.0, 6.0, 7.0]);
        assert_eq!(read(&[7]), [7.0]);
    }

    #[test]
    fn the_last_frame_stands_for_those_that_are_missing_wherever_the_work_begins() {
        for missing in 8..8 + MISSING {
            assert_eq!(read(&[missing]), [7.0], "{missing}");
            assert_eq!(read(&[2, missing, missing]), [2.0, 7.0, 7.0], "{missing}");
        }
    }
}
