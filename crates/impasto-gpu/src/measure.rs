//! Measures how a card computes layers of each width the fastest.
//!
//! Each way computes one convolution of the width; the shortest of three times counts. A way must beat the rule's by a
//! quarter: its results are other bytes, which must be worth it.

use std::time::Duration;

use impasto_encoder::{Conv, Weights};
use impasto_engine::{EngineError, Size};

use crate::alone::Alone;
use crate::device::Device;
use crate::layers::{COLUMNS, Layer};
use crate::program::Program;
use crate::ways::{WIDTHS, Way, Ways};

/// The convolutions that are timed.
#[derive(Clone, Copy)]
pub(crate) struct Trials {
    /// Multiplications, as a direct product.
    work: usize,
    /// Sides of the maps, at least and at most.
    sides: (usize, usize),
}

/// Maps as the layers of a picture of 512 pixels have them.
pub(crate) const TRIALS: Trials = Trials { work: 1 << 28, sides: (32, 512) };

/// The shortest measurement, in seconds. A fast card repeats the convolution, so that the start of a submission counts
/// little.
const LEAST: f64 = 0.005;

/// The most repetitions.
const MOST: f64 = 200.0;

/// Timed runs of each way, after a warm-up.
const TIMES: usize = 3;

/// The rule's way takes at least this much longer than one that replaces it.
const ADVANTAGE: f64 = 1.25;

/// The fastest ways of a card. `clock` gives the time since some moment.
pub(crate) async fn fastest(
    device: &Device,
    trials: Trials,
    clock: &dyn Fn() -> Duration,
) -> Result<Ways, EngineError> {
    let rule = Ways::rule(device.units.filter(|units| units.by_default()));
    let mut ways = rule;
    for (index, width) in WIDTHS.into_iter().enumerate() {
        let usual = rule.0[index];
        let mut best = (usual, ADVANTAGE.recip() * seconds(device, trials, (width, usual), clock).await?);
        // Narrower matrices would be padded.
        let units = device.units.filter(|_| width >= COLUMNS).map(|_| Way::OnUnits);
        for way in
            [Some(Way::Direct), Some(Way::Winograd), units].into_iter().flatten().filter(|way| *way != usual)
        {
            let found = seconds(device, trials, (width, way), clock).await?;
            if found < best.1 {
                best = (way, found);
            }
        }
        ways.0[index] = best.0;
    }
    Ok(ways)
}

/// The shortest time of a convolution of some width, in seconds.
async fn seconds(
    device: &Device,
    trials: Trials,
    (width, way): (usize, Way),
    clock: &dyn Fn() -> Duration,
) -> Result<f64, EngineError> {
    let side = ((trials.work / (9 * width * width)) as f64).sqrt() as usize;
    let side = side.clamp(trials.sides.0, trials.sides.1);
    let size = Size::new(side, side);
    let shape = Conv { block: 1, place: 1, inputs: width, outputs: width };
    let weights = Weights { kernel: vec![0.5; 9 * width * width], bias: vec![0.0; width] };
    let layer = Layer::by(device, &shape, &weights, way);
    let input = device.buffer((size_of::<f32>() * width * size.area()) as u64);
    let alone = Alone::record(device, &layer, size, input);
    let timed = |repetitions: usize| {
        let start = clock();
        run(device, &alone.program, repetitions)?;
        Ok(clock().saturating_sub(start).as_secs_f64())
    };
    let repetitions = (LEAST / timed(1)?).clamp(1.0, MOST) as usize;
    let mut least = f64::INFINITY;
    for _ in 0..TIMES {
        least = least.min(timed(repetitions)?);
    }
    Ok(least / repetitions as f64)
}

/// Runs a program some times, and waits for its end.
fn run(device: &Device, program: &Program, repetitions: usize) -> Result<(), EngineError> {
    let mut encoder = device.inner.create_command_encoder(&Default::default());
    (0..repetitions).for_each(|_| program.encode(device, &mut encoder));
    device.queue.submit([encoder.finish()]);
    device.finish()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::device::tests::card;

    /// A clock by which the way number `fast` of each width takes `short`, and every other 100.
    fn found(device: &Device, fast: usize, short: u64) -> Ways {
        let (looks, now) = (Cell::new(0), Cell::new(0));
        let clock = || {
            let look = looks.replace(looks.get() + 1);
            let ways = 2 + usize::from(device.units.is_some());
            if look % 2 == 1 {
                let way = look / (2 * (TIMES + 1)) % ways;
                now.set(now.get() + if way == fast { short } else { 100 });
            }
            Duration::from_secs(now.get())
        };
        let trials = Trials { work: 1 << 10, sides: (8, 8) };
        pollster::block_on(fastest(device, trials, &clock)).unwrap()
    }

    #[test]
    fn a_way_replaces_the_rules_if_it_is_a_quarter_faster() {
        let Some(card) = card() else { return };
        let device = card.without_units();
        // The rule's way is measured first, then the other.
        assert_eq!(found(&device, 1, 79).to_string(), "wwwdddd");
        for (fast, short) in [(1, 80), (1, 99), (0, 1)] {
            assert_eq!(found(&device, fast, short), Ways::rule(None), "{fast} {short}");
        }
    }
}
