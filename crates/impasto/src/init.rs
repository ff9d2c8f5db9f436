//! The pictures that a run can begin with. Noise comes from ChaCha8 with a seed, so it is the same on every
//! machine.

use impasto_image::Picture;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use crate::recipe::Noise;

/// A picture of noise.
pub(crate) fn noise(kind: Noise, (width, height): (usize, usize), seed: u64) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    each_channel(width, height, |channel| match kind {
        Noise::Normal { mean, deviation } => mean[channel] + deviation * normal(&mut rng),
        Noise::Uniform => uniform(&mut rng),
    })
}

/// Middle grey with noise of one 8-bit step, so that the channels are not all equal.
pub(crate) fn gray((width, height): (usize, usize), seed: u64) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    each_channel(width, height, |_| 0.5 + uniform(&mut rng) / 255.0)
}

/// Normal noise with the mean and standard deviation of the styles' colours. Values outside 0..1 are drawn again.
pub(crate) fn style_stats(styles: &[(f64, &Picture)], (width, height): (usize, usize), seed: u64) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut mean, mut square) = ([0.0; 3], [0.0; 3]);
    for (share, style) in styles {
        let area = style.width() * style.height();
        for (channel, plane) in style.rgb().chunks_exact(area).enumerate() {
            mean[channel] += share * plane.iter().map(|&v| v as f64).sum::<f64>() / area as f64;
            square[channel] += share * plane.iter().map(|&v| (v as f64).powi(2)).sum::<f64>() / area as f64;
        }
    }
    each_channel(width, height, |channel| {
        let deviation = (square[channel] - mean[channel].powi(2)).max(0.0).sqrt() as f32;
        /// The mean is in 0..1, so at worst about half of the draws are inside.
        const DRAWS: usize = 64;
        let mut draws = (0..DRAWS).map(|_| mean[channel] as f32 + deviation * normal(&mut rng));
        draws.find(|value| (0.0..=1.0).contains(value)).unwrap_or(mean[channel] as f32)
    })
}

fn each_channel(width: usize, height: usize, mut value: impl FnMut(usize) -> f32) -> Picture {
    let area = width * height;
    let rgb = (0..3 * area).map(|i| value(i / area)).collect();
    Picture::new(width, height, rgb).unwrap_or_else(|| Picture::filled(1, 1, [0.5; 3]))
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    StandardNormal.sample(rng)
}

/// A number in 0..1 with 24 random bits.
fn uniform(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}
