//! A card and the processor are compared on one picture, which takes about a second. The results are compared too: a
//! card whose driver computes wrongly never wins.

use impasto_engine::{
    Backend, Cancel, Cotangents, CpuBackend, Engine, EngineError, InstructionSet, Moments, MomentsCotangent,
    Network, Pixels, Request, Size,
};

use crate::{Clock, Error, StyleTransfer};

/// Side of the picture that is measured.
const SIDE: usize = 256;

/// The card must be this much faster: its results are other bytes, which must be worth it.
const ADVANTAGE: f64 = 1.25;

/// A card whose evaluation takes so many times as long as the processor's is not measured further.
const HOPELESS: f64 = 2.0;

/// The largest relative difference of the derivatives. ReLUs and poolings may decide differently within rounding.
const AGREES: f64 = 0.02;

impl StyleTransfer {
    /// Whether a card runs this transfer's network at least a quarter faster than the processor, by the transfer's
    /// clock, and gives the same derivatives but for rounding. Each evaluates a picture of 256x256 four times; the
    /// shortest time counts, without the first.
    ///
    /// # Errors
    /// Problems with the options, and what keeps one of them from evaluating.
    pub fn is_faster_on(&self, card: &dyn Backend) -> Result<bool, Error> {
        let set = self.instruction_set.map_or_else(InstructionSet::from_env, Ok)?;
        let processor = CpuBackend { set: Some(set) };
        Ok(outpaces(card, &processor, &self.prepare()?.network, &self.clock)?)
    }
}

/// [`StyleTransfer::is_faster_on`] for a network.
pub(super) fn outpaces(
    card: &dyn Backend,
    processor: &dyn Backend,
    network: &Network,
    clock: &Clock,
) -> Result<bool, EngineError> {
    let image = picture();
    let evaluate = |backend: &dyn Backend, most: f64| {
        let mut engine = backend.prepare(network.clone(), Cancel::default())?;
        evaluate(engine.as_mut(), &image, clock, most)
    };
    let (slow, expected) = evaluate(processor, f64::INFINITY)?;
    let (fast, found) = evaluate(card, HOPELESS * slow)?;
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let pairs = || found.data.iter().zip(&expected.data);
    let difference = square(&mut pairs().map(|(a, b)| f64::from(a - b)));
    let norm = square(&mut expected.data.iter().map(|value| f64::from(*value)));
    Ok(difference <= AGREES * AGREES * norm && ADVANTAGE * fast < slow)
}

/// The shortest of three evaluations after a first one, in seconds, and the derivative. One that takes longer than
/// `most` is the last.
fn evaluate(
    engine: &mut dyn Engine,
    image: &Pixels,
    clock: &Clock,
    most: f64,
) -> Result<(f64, Pixels), EngineError> {
    let taps = engine.network().encoder.topology().taps().collect();
    let request = Request { moments: taps, ..Request::default() };
    let (mut least, mut gradient) = (f64::INFINITY, None);
    for turn in 0..4 {
        let start = clock.now();
        let seen = engine.observe(image, &request)?;
        let by = |sums: &Moments| MomentsCotangent {
            first: sums.first.iter().map(|_| 0.0).collect(),
            second: sums.second.iter().map(|sum| sum / sums.weight.powi(2)).collect(),
        };
        let moments = seen.moments.iter().map(|regions| regions.iter().map(by).collect()).collect();
        gradient = Some(engine.pull_back(image, &Cotangents { moments, ..Cotangents::default() })?);
        let seconds = clock.seconds_since(start);
        if turn > 0 {
            least = least.min(seconds);
            if seconds > most {
                break;
            }
        }
    }
    gradient.map(|gradient| (least, gradient)).ok_or(EngineError::NoObservation)
}

/// A picture of waves.
fn picture() -> Pixels {
    let size = Size::new(SIDE, SIDE);
    let value = |i: usize| {
        let (x, y) = ((i % SIDE) as f32, (i / SIDE % SIDE) as f32);
        let plane = (i / size.area()) as f32;
        0.5 + 0.25 * (0.11 * (plane + 1.0) * x).sin() + 0.2 * (0.17 * (3.0 - plane) * y + 0.05 * x).sin()
    };
    Pixels { size, data: (0..3 * size.area()).map(value).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use impasto_engine::CpuBackend;

    use super::*;

    /// A backend that computes as the processor does, after a number of ticks of a clock.
    #[derive(Debug)]
    struct Timed {
        network: Option<Network>,
        ticks: u64,
        clock: Arc<AtomicU64>,
    }

    impl Backend for Timed {
        fn name(&self) -> &str {
            "timed"
        }

        /// Every engine that is made takes its time at each look at the clock.
        fn prepare(&self, network: Network, cancel: Cancel) -> Result<Box<dyn Engine>, EngineError> {
            self.clock.store(self.ticks, Ordering::Relaxed);
            CpuBackend { set: None }.prepare(self.network.clone().unwrap_or(network), cancel)
        }
    }

    fn network(seed: u64) -> Network {
        let name = format!("random:vgg16?seed={seed}&width=1/32");
        Network::new(impasto_encoder::open(&name).expect("an encoder of random weights"))
    }

    /// Compares a card that needs some ticks for an evaluation with a processor that needs 100.
    fn wins(ticks: u64, of_another_network: bool) -> bool {
        let pace = Arc::new(AtomicU64::new(0));
        let now = AtomicU64::new(0);
        let ticking = pace.clone();
        let clock = Clock::new(move || {
            let passed = ticking.load(Ordering::Relaxed);
            Duration::from_secs(now.fetch_add(passed, Ordering::Relaxed) + passed)
        });
        let other = of_another_network.then(|| network(2));
        let card = Timed { network: other, ticks, clock: pace.clone() };
        let processor = Timed { network: None, ticks: 100, clock: pace };
        outpaces(&card, &processor, &network(1), &clock).expect("both evaluate")
    }

    #[test]
    fn a_card_wins_if_it_is_a_quarter_faster_and_agrees() {
        assert!(wins(79, false) && wins(1, false));
        assert!(!wins(80, false) && !wins(100, false) && !wins(500, false));
        assert!(!wins(1, true), "its derivatives are those of another network");
    }
}
