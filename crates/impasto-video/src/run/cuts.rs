//! The shots of a film, and whether it can be read to its end.

use impasto_job::{ErrorKind, JobError, VideoContext};

use crate::shots::{Detector, Shots};
use crate::source::Source;
use crate::timeline::Timeline;

/// Frames by which a header may promise too much: edit lists, and frames that a decoder cannot show without others.
pub(super) const SLACK: usize = 2;

/// The shots: those that are given, those that are known, or those that are found. A film that was not looked through
/// before is looked through, also if its cuts are given: it may end early.
pub(super) fn shots(
    (cuts, no_cuts): (Option<&[usize]>, bool),
    (source, line): (&Source, &Timeline),
    known: Option<Shots>,
    around: &VideoContext,
) -> Result<Shots, JobError> {
    let frames = line.len();
    if let Some(wrong) = cuts.iter().copied().flatten().find(|cut| **cut >= frames) {
        return Err(JobError::bad_input(format!("`cuts`: the film has {frames} frames, found {wrong}")));
    }
    let given = if no_cuts { Some(&[][..]) } else { cuts };
    let given = given.map(|cuts| Shots::given(cuts, frames));
    match known.filter(|known| known.frames == frames) {
        Some(known) if given.as_ref().is_none_or(|given| *given == known) => Ok(known),
        _ => find_shots(source, line, around).map(|found| given.unwrap_or(found)),
    }
}

/// Looks through the whole film for cuts. A film that ends early is found here.
fn find_shots(source: &Source, line: &Timeline, around: &VideoContext) -> Result<Shots, JobError> {
    let mut detector = Detector::default();
    let (mut read, mut next) = (0, 0);
    for frame in source.small_frames()? {
        let frame = frame?;
        // A frame that is shown several times counts as often; one that is not shown does not count.
        while line.source.get(next) == Some(&read) {
            detector.add(&frame);
            next += 1;
        }
        read += 1;
        if around.control.is_asked_to_end() {
            return Err(JobError::new(ErrorKind::Interrupted, "interrupted; nothing was painted"));
        }
    }
    let needed = line.source.last().map_or(0, |last| last + 1);
    check_read(source, read, (needed, around))?;
    if read < needed {
        detector.repeat(line.len() - next);
    }
    Ok(detector.shots())
}

/// Refuses a film of which fewer frames can be read than its file promises. A few frames may be missing at its end; a
/// note says so if any of them is needed.
pub(super) fn check_read(
    source: &Source,
    read: usize,
    (needed, around): (usize, &VideoContext),
) -> Result<(), JobError> {
    let promised = source.film().and_then(|(_, probe)| probe.promised).unwrap_or(0);
    let expected = source.times().len().max(promised);
    let path = source.files().first().map(|path| path.display().to_string()).unwrap_or_default();
    if read + SLACK < expected {
        return Err(JobError::bad_input(format!(
            "{path} is cut off or damaged: {read} of {expected} frames can be read"
        ))
        .hint(format!("to take what is there, copy it first: ffmpeg -i {path} -c:v ffv1 whole.mkv")));
    }
    if read < needed {
        around
            .warn(format!("note: {path}: the last frames cannot be read; the frame before stands for them"));
    }
    Ok(())
}
