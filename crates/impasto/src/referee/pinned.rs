//! The random numbers of the measures, pinned in a file, so that scores can be compared between machines, versions
//! and implementations. `tests/oracle/referee.py` drew them.

/// Normal numbers in steps of 1/40, as signed bytes: first the directions of patches, then the filters.
const NUMBERS: &[u8] = include_bytes!("pinned.bin");

/// Number of directions for patches.
pub(super) const DIRECTIONS: usize = 128;

/// Side of a patch in pixels.
pub(super) const PATCH: usize = 7;

/// Number of values of a patch: three planes.
pub(super) const PATCH_VALUES: usize = 3 * PATCH * PATCH;

/// Number of filters in the bank.
pub(super) const FILTERS: usize = 32;

/// Side of a filter in pixels.
pub(super) const FILTER: usize = 5;

/// Number of weights of a filter: three planes.
pub(super) const FILTER_VALUES: usize = 3 * FILTER * FILTER;

fn numbers(from: usize, count: usize) -> Vec<f64> {
    NUMBERS[from..from + count].iter().map(|byte| f64::from(byte.cast_signed())).collect()
}

/// Scales a vector to length 1.
fn unit(numbers: &mut [f64]) {
    let length = numbers.iter().map(|value| value * value).sum::<f64>().sqrt();
    numbers.iter_mut().for_each(|value| *value /= length);
}

/// Unit vectors, `[DIRECTIONS, 3, PATCH, PATCH]`.
pub(super) fn directions() -> Vec<f32> {
    let mut numbers = numbers(0, DIRECTIONS * PATCH_VALUES);
    numbers.chunks_exact_mut(PATCH_VALUES).for_each(unit);
    numbers.into_iter().map(|value| value as f32).collect()
}

/// Unit vectors whose planes sum to 0, so that flat colour gives no response; `[FILTERS, 3, FILTER, FILTER]`.
pub(super) fn filters() -> Vec<f32> {
    let mut numbers = numbers(DIRECTIONS * PATCH_VALUES, FILTERS * FILTER_VALUES);
    for plane in numbers.chunks_exact_mut(FILTER * FILTER) {
        let mean = plane.iter().sum::<f64>() / plane.len() as f64;
        plane.iter_mut().for_each(|value| *value -= mean);
    }
    numbers.chunks_exact_mut(FILTER_VALUES).for_each(unit);
    numbers.into_iter().map(|value| value as f32).collect()
}
