//! Reads the frames of a film, or those of a mask, one after the other.

use impasto_job::JobError;

use crate::ffmpeg::Decoded;
use crate::source::Frames;

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
        while self.next < source && self.frames.skip_frame()? {
            self.next += 1;
        }
        if self.next == source
            && let Some(frame) = self.frames.next()
        {
            self.last = Some(make(frame?)?);
            self.next += 1;
        }
        self.last.clone().ok_or_else(|| JobError::bad_input(format!("frame {source} cannot be read")))
    }
}
