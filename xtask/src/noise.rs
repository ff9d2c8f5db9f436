//! Seeded randomness for the drawings: a generator, and smooth noise over the plane.

/// A small generator (splitmix64): equal seeds give equal pictures everywhere.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) >> 40) as f32 / (1 << 24) as f32
    }

    /// Uniform in `low..high`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Bell-shaped around 0, within -1..1, with a standard deviation of a third.
    pub(crate) fn bell(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit()) * (2.0 / 3.0) - 1.0
    }

    /// One of several choices.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[((self.unit() * choices.len() as f32) as usize).min(choices.len() - 1)]
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Uniform in 0..1 for a grid point.
pub(crate) fn hash(seed: u64, x: i32, y: i32) -> f32 {
    let place = (x as u32 as u64) << 32 | y as u32 as u64;
    (mix(mix(seed ^ 0x5851_f42d_4c95_7f2d).wrapping_add(place)) >> 40) as f32 / (1 << 24) as f32
}

/// Gradient noise, about -1..1, with features of about size 1.
pub(crate) fn noise(seed: u64, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let corner = |dx: i32, dy: i32| {
        let angle = hash(seed, left as i32 + dx, top as i32 + dy) * std::f32::consts::TAU;
        angle.cos() * (u - dx as f32) + angle.sin() * (v - dy as f32)
    };
    let fade = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let upper = lerp(corner(0, 0), corner(1, 0), fade(u));
    let lower = lerp(corner(0, 1), corner(1, 1), fade(u));
    1.5 * lerp(upper, lower, fade(v))
}

/// The sum of octaves of noise, each twice as fine and half as strong; about -1..1.
pub(crate) fn fbm(seed: u64, x: f32, y: f32, octaves: u32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for octave in 0..octaves {
        // Offset, so that the zeros of the lattices do not coincide.
        let offset = 17.3 * octave as f32;
        sum += weight * noise(seed + u64::from(octave), x * scale + offset, y * scale - offset);
        weight *= 0.5;
        scale *= 2.0;
    }
    sum * 1.2
}

/// From `a` to `b` as `t` goes from 0 to 1.
pub(crate) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// From 0 to 1 as `x` goes from `low` to `high`, smooth at both ends.
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
