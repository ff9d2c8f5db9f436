//! The curve of sRGB (IEC 61966-2-1), which Display P3 shares: converts encoded values to light and back.

use std::sync::OnceLock;

/// Light of an encoded value; mirrored below 0.
pub fn decode(value: f32) -> f32 {
    let size = value.abs();
    let light = if size <= 0.04045 { size / 12.92 } else { ((size + 0.055) / 1.055).powf(2.4) };
    light.copysign(value)
}

/// Like [`decode`], from a table: it runs for every pixel of large pictures.
pub(crate) fn light_of(value: f32) -> f32 {
    /// Linear interpolation between so many values is exact to 3e-8.
    const LINES: usize = 1 << 12;
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    let table = TABLE.get_or_init(|| (0..=LINES + 1).map(|i| decode(i as f32 / LINES as f32)).collect());
    if !(0.0..=1.0).contains(&value) {
        return decode(value);
    }
    let at = value * LINES as f32;
    let line = at as usize;
    // Not `fract`, which is a function call if the processor's rounding instructions may not be used.
    table[line] + (at - line as f32) * (table[line + 1] - table[line])
}

/// The encoded value of light; mirrored below 0.
pub fn encode(light: f32) -> f32 {
    let size = light.abs();
    let value = if size <= 0.003_130_8 { 12.92 * size } else { 1.055 * size.powf(1.0 / 2.4) - 0.055 };
    value.copysign(light)
}

/// Like [`encode`], from a table. It is indexed by the root of light: near black the curve is too steep for linear
/// interpolation by light itself.
pub(crate) fn value_of(light: f32) -> f32 {
    /// Linear interpolation between so many values is exact to 5e-8.
    const LINES: usize = 1 << 12;
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    let value = |i: usize| encode((i as f32 / LINES as f32).powi(2));
    let table = TABLE.get_or_init(|| (0..=LINES + 1).map(value).collect());
    if !(0.0..=1.0).contains(&light) {
        return encode(light);
    }
    let at = light.sqrt() * LINES as f32;
    let line = at as usize;
    table[line] + (at - line as f32) * (table[line + 1] - table[line])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_inverse_and_have_their_known_values() {
        for value in (-20..=120).map(|i| i as f32 / 100.0) {
            assert!((encode(decode(value)) - value).abs() < 1e-6, "{value}");
            assert!((light_of(value) - decode(value)).abs() < 2e-7, "{value}");
        }
        for light in (-100..=10_000).map(|i| i as f32 / 9000.0) {
            assert!(
                (value_of(light) - encode(light)).abs() < 4e-7,
                "{light} {} {}",
                value_of(light),
                encode(light)
            );
        }
        // Middle grey.
        assert!((decode(0.5) - 0.214_041).abs() < 1e-6);
    }
}
