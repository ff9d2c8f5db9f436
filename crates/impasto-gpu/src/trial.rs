//! Whether a card's matrix units compute what other kernels compute: one convolution, both ways.
//!
//! wgpu has them as an experiment, and drivers have faults. A layout that is read the wrong way round, a part that is
//! lost, or sums in half precision give other numbers here.

use impasto_encoder::{Conv, Weights};
use impasto_engine::{EngineError, Size};

use crate::Method;
use crate::alone::Alone;
use crate::device::Device;
use crate::layers::Layer;

/// The map of the trial: 99 tiles, more than a block of them.
const SIZE: Size = Size { width: 42, height: 35 };

/// Its channels, whose matrices are padded.
const SIDES: (usize, usize) = (72, 68);

/// The largest difference, as a part of the largest value. Single precision in two orders differed by 2e-6 here; half
/// precision in one part, by 2e-3.
const AGREES: f32 = 1e-5;

/// Whether a device with matrix units agrees with the same one without.
pub(crate) async fn passes(plain: &Device, with: &Device) -> bool {
    match (computed(plain, &|_| 1.0).await, computed(with, &|_| 1.0).await) {
        (Ok(expected), Ok(found)) => agree(&expected, &found),
        _ => false,
    }
}

/// Whether two ways of computing agree.
fn agree(expected: &[f32], found: &[f32]) -> bool {
    let largest = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let near = |(expected, found): (&f32, &f32)| (expected - found).abs() <= AGREES * largest;
    largest > 0.0 && expected.len() == found.len() && expected.iter().zip(found).all(near)
}

/// One convolution of numbers that have no order, those of each column times a factor.
async fn computed(device: &Device, factor: &dyn Fn(usize) -> f32) -> Result<Vec<f32>, EngineError> {
    let (inputs, outputs) = SIDES;
    let mut random = numbers();
    let mut draw = |count: usize| random.by_ref().take(count).collect::<Vec<f32>>();
    let shape = Conv { block: 1, place: 1, inputs, outputs };
    let weights = Weights { kernel: draw(9 * inputs * outputs), bias: vec![0.0; outputs] };
    let layer = Layer::forwards(device, &[shape], &[weights])?.remove(0);
    let mut values = draw(inputs * SIZE.area());
    values.iter_mut().enumerate().for_each(|(at, value)| *value *= factor(at / inputs % SIZE.width));
    let input = device.filled(&values);
    let count = outputs * SIZE.area();
    let host = device.host_buffer((size_of::<f32>() * count) as u64);
    debug_assert_eq!(layer.method, Method::Winograd);
    let Alone { program, output, .. } = &Alone::record(device, &layer, SIZE, input);
    let mut encoder = device.inner.create_command_encoder(&Default::default());
    program.encode(device, &mut encoder);
    encoder.copy_buffer_to_buffer(output, 0, &host, 0, host.size());
    device.queue.submit([encoder.finish()]);
    device.read(&host, count).await
}

/// Numbers between -1 and 1 with 24 bits each, the same ones every time.
fn numbers() -> impl Iterator<Item = f32> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let value = |state: u64| ((state >> 40) as f32 - 8_388_607.5) / 8_388_608.0;
    std::iter::successors(Some(1_442_695_040_888_963_407), next).map(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Units;
    use crate::device::tests::card;

    /// The same convolution in double precision, without transforms.
    fn in_double_precision() -> Vec<f64> {
        let (inputs, outputs) = SIDES;
        let mut random = numbers().map(f64::from);
        let kernel: Vec<f64> = random.by_ref().take(9 * inputs * outputs).collect();
        let input: Vec<f64> = random.take(inputs * SIZE.area()).collect();
        let mut sums = vec![0.0; outputs * SIZE.area()];
        for (position, sums) in sums.chunks_mut(outputs).enumerate() {
            let (x, y) = (position % SIZE.width, position / SIZE.width);
            for place in 0..9 {
                let (left, top) = (x + place % 3, y + place / 3);
                if (1..=SIZE.width).contains(&left) && (1..=SIZE.height).contains(&top) {
                    let from = &input[((top - 1) * SIZE.width + left - 1) * inputs..][..inputs];
                    for (to, sum) in sums.iter_mut().enumerate() {
                        let weight = |channel: usize| kernel[(to * inputs + channel) * 9 + place];
                        *sum += from.iter().enumerate().map(|(at, value)| value * weight(at)).sum::<f64>();
                    }
                }
            }
        }
        sums
    }

    /// The root of the mean square of the differences, and the largest one, as parts of the largest value.
    fn errors(found: &[f32], expected: &[f64]) -> (f64, f64) {
        let largest = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let apart =
            || found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
        let square = apart().map(|apart| apart * apart).sum::<f64>() / found.len() as f64;
        (square.sqrt() / largest, apart().fold(0.0, f64::max) / largest)
    }

    /// The units of a card; none where their tests may be skipped.
    fn units_of(card: &Device) -> Option<Units> {
        let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "units");
        assert!(card.adapter.units.is_some() || !forbidden, "skipped: the card has no matrix units");
        card.adapter.units
    }

    #[test]
    fn transforms_and_units_are_as_near_as_single_precision() {
        let Some(card) = card() else { return };
        let expected = in_double_precision();
        let near = |device: &Device| {
            let (mean, most) = errors(&pollster::block_on(computed(device, &|_| 1.0)).unwrap(), &expected);
            assert!(mean < 3e-7 && most < 3e-6, "{}: {mean:e} and {most:e}", device.identity());
        };
        near(&card);
        let Some(units) = units_of(&card) else { return };
        let card = pollster::block_on(Device::open(&card.adapter, None, Some(units))).unwrap();
        near(&pollster::block_on(card.with_units(units)).unwrap());
    }

    /// Small numbers on the left keep all their bits beside large ones on the right, and the other way round. The tiles
    /// between both are not compared.
    #[test]
    fn each_tile_has_a_scale_of_its_own() {
        let Some(card) = card() else { return };
        let Some(units) = units_of(&card) else { return };
        let card = pollster::block_on(Device::open(&card.adapter, None, Some(units))).unwrap();
        let card = pollster::block_on(card.with_units(units)).unwrap();
        let computed = |factor: &dyn Fn(usize) -> f32| pollster::block_on(computed(&card, factor)).unwrap();
        let expected = computed(&|_| 1.0);
        for exponent in [-70, -30, 30, 70] {
            let factor = |column: usize| if column < 20 { 2_f32.powi(exponent) } else { 1.0 };
            let found = computed(&factor);
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let column = at / SIDES.1 % SIZE.width;
                if !(16..24).contains(&column) {
                    assert_eq!(*found, factor(column) * expected, "2^{exponent}, column {column}");
                }
            }
        }
    }

    /// A card that was opened without the features.
    #[test]
    fn units_that_are_not_there_are_not_used() {
        let Some(card) = card() else { return };
        assert!(card.units.is_none());
        for units in [Units::Whole, Units::Split16, Units::Split8] {
            assert!(pollster::block_on(card.with_units(units)).is_none(), "{units}");
        }
        assert!(card.check().is_ok());
    }

    /// The loss must show it. Cards write NaN in different ways.
    #[test]
    fn what_is_not_finite_stays_so() {
        let Some(card) = card() else { return };
        let Some(units) = units_of(&card) else { return };
        let card = pollster::block_on(Device::open(&card.adapter, None, Some(units))).unwrap();
        let card = pollster::block_on(card.with_units(units)).unwrap();
        for wrong in [0x7fff_ffff, 0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0x7f80_0000].map(f32::from_bits) {
            let factor = |column: usize| if column == 0 { wrong } else { 1.0 };
            let found = pollster::block_on(computed(&card, &factor)).unwrap();
            let of = |column: usize| found.chunks(SIDES.1).skip(column).step_by(SIZE.width).flatten();
            assert!(of(0).all(|value| !value.is_finite()), "{:x}", wrong.to_bits());
            assert!(of(8).all(|value| value.is_finite()), "{:x}", wrong.to_bits());
        }
    }

    /// What units do that read matrices the wrong way round, lose a part, or do not run at all.
    #[test]
    fn wrong_numbers_do_not_agree() {
        let right: Vec<f32> = in_double_precision().into_iter().map(|value| value as f32).collect();
        assert!(agree(&right, &right));
        let near: Vec<f32> = right.iter().map(|value| value * (1.0 + 1e-6)).collect();
        assert!(agree(&right, &near));
        // Numbers of 11 bits: half precision in one part.
        let coarse = right.iter().map(|value| f32::from_bits((value.to_bits() + 0x1000) & 0xffff_e000));
        let blocks = |turn: fn(usize, usize) -> usize| {
            let turned = |at: usize| (at / 64) * 64 + turn(at % 64 / 8, at % 8);
            (0..right.len() / 64 * 64).map(|at| right[turned(at)]).collect::<Vec<f32>>()
        };
        let whole = right.len() / 64 * 64;
        assert!(agree(&right[..whole], &blocks(|row, column| 8 * row + column)));
        let transposed = blocks(|row, column| 8 * column + row);
        assert!(!agree(&right[..whole], &transposed));
        let one = |value: f32| {
            let mut wrong = right.clone();
            wrong[right.len() / 2] = value;
            wrong
        };
        let wrong = [
            coarse.collect(),
            vec![0.0; right.len()],
            right.iter().map(|value| -value).collect(),
            right.iter().map(|value| value * 1.001).collect(),
            right[1..].to_vec(),
            one(f32::NAN),
            one(f32::INFINITY),
            one(right[right.len() / 2] + 0.01),
        ];
        for (index, wrong) in wrong.iter().enumerate() {
            assert!(!agree(&right, wrong), "{index}");
        }
        // A card that computes nothing but zeros both ways is no proof.
        assert!(!agree(&wrong[1], &wrong[1]));
    }
}
