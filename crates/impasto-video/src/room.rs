//! The room on the disk that a film takes until it is made: its frames of 16 bits, and a state for each shot.

use impasto::image::fit_long_edge;
use impasto_job::spec::VideoSpec;

/// Bytes of state for each pixel, and bytes of a pixel of 16 bits in a file, at most.
const STATE_BYTES: u64 = 160;
const FRAME_BYTES: u64 = 7;

/// The bytes of frames of this size and of the states of shots, at most.
pub(crate) fn bytes((width, height): (usize, usize), frames: usize, shots: usize) -> u64 {
    let each = FRAME_BYTES.saturating_mul(frames as u64).saturating_add(STATE_BYTES * shots as u64);
    ((width * height) as u64).saturating_mul(each)
}

/// The bytes that a film will take, from facts that are known before it is read: its size as shown, its frames, and
/// its length in seconds. It counts one shot, as cuts are not found yet. [`VideoPlan::disk_bytes`] counts them all.
///
/// [`VideoPlan::disk_bytes`]: crate::VideoPlan::disk_bytes
pub fn disk_bytes(spec: &VideoSpec, size: (usize, usize), frames: usize, seconds: f64) -> u64 {
    let long = size.0.max(size.1);
    let size = fit_long_edge(size, spec.run.size.unwrap_or(long.min(impasto::DEFAULT_SIZE)).max(1));
    let rate = spec.film.fps.as_deref().and_then(crate::timeline::rate);
    let frames = rate.map_or(frames, |(n, d)| (seconds * n as f64 / d as f64).ceil() as usize);
    bytes(size, frames.div_ceil(spec.film.hold.unwrap_or(1).max(1)), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use impasto_job::spec::StyleSpec;

    #[test]
    fn the_size_the_rate_and_held_frames_count() {
        let mut spec = VideoSpec::new("in.mp4".into(), vec![StyleSpec::plain("s.jpg")], "out.mp4".into());
        spec.run.size = Some(100);
        let of = |spec: &VideoSpec| disk_bytes(spec, (200, 100), 50, 2.0);
        assert_eq!(of(&spec), 100 * 50 * (7 * 50 + 160));
        spec.film.fps = Some("12".into());
        assert_eq!(of(&spec), 100 * 50 * (7 * 24 + 160));
        spec.film.hold = Some(5);
        assert_eq!(of(&spec), 100 * 50 * (7 * 5 + 160));
    }
}
