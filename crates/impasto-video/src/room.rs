//! The room on the disk that a film takes until it is made, about: its frames of 16 bits, and a state for each shot.
//! Masks add 4 bytes to each pixel of a state for each region, and moments for each region.

use impasto::image::fit_long_edge;
use impasto_job::spec::VideoSpec;

/// Bytes of state for each pixel: 38 numbers and up to five regions.
const STATE_BYTES: u64 = 172;
/// Bytes of a state's moments: those of VGG-19 for style and draft, in one region.
const MOMENT_BYTES: u64 = 8_000_000;
/// Bytes of a pixel of 16 bits in a file, with alpha. Noise alone needs as many.
const FRAME_BYTES: u64 = 8;

/// The bytes of frames of this size and of the states of shots, about.
pub(crate) fn bytes((width, height): (usize, usize), frames: usize, shots: usize) -> u64 {
    let (frames, shots) = (frames as u64, shots as u64);
    let each = FRAME_BYTES.saturating_mul(frames).saturating_add(STATE_BYTES.saturating_mul(shots));
    let pixels = (width as u64).saturating_mul(height as u64);
    pixels.saturating_mul(each).saturating_add(MOMENT_BYTES.saturating_mul(shots))
}

/// About the bytes that a film will take, from facts that are known before it is read: its size as shown, its frames,
/// and its length in seconds. It counts one shot, as cuts are not found yet. [`VideoPlan::disk_bytes`] counts them all.
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
        assert_eq!(of(&spec), 100 * 50 * (8 * 50 + 172) + 8_000_000);
        spec.film.fps = Some("12".into());
        assert_eq!(of(&spec), 100 * 50 * (8 * 24 + 172) + 8_000_000);
        spec.film.hold = Some(5);
        assert_eq!(of(&spec), 100 * 50 * (8 * 5 + 172) + 8_000_000);
    }

    #[test]
    fn no_size_overflows() {
        assert_eq!(bytes((usize::MAX, usize::MAX), 1, 1), u64::MAX);
        assert_eq!(bytes((1, 1), usize::MAX, usize::MAX), u64::MAX);
    }
}
