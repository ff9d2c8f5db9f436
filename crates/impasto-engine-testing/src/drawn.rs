//! Narrow random networks, pictures and a plain loss.

use impasto_encoder::{Encoder, InputMap, Pooling, Provenance, Tap, Topology, Weights};
use impasto_engine::{
    Cotangents, Edges, Features, Moments, MomentsCotangent, Network, Observation, Padding, Pixels, Plane,
    Request, Residual, Size,
};

/// A small deterministic generator (splitmix64): a seed alone reproduces a failing case.
pub struct Random(pub u64);

impl Random {
    /// The next value, 0 to 1.
    pub fn value(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The next integer below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.value() * bound as f64) as usize
    }

    /// Roughly normal: the sum of twelve uniform values, less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.value()).sum::<f64>() - 6.0
    }
}

/// Narrow networks, with widths below and above the 16 channels where Winograd begins, mostly not multiples of a group.
pub fn network(random: &mut Random, pooling: Pooling, pool_scale: f32, padding: Padding) -> Network {
    let shapes = [
        vec![vec![5, 16], vec![17, 20], vec![18, 24], vec![20], vec![19]],
        vec![vec![16], vec![7, 33], vec![16, 3], vec![18, 21], vec![16]],
        vec![vec![18, 9], vec![19], vec![32, 17], vec![4], vec![22, 16]],
    ];
    let blocks = &shapes[random.below(shapes.len())];
    network_of(random, blocks, pooling, pool_scale, padding)
}

/// Random weights on given widths.
pub fn network_of(
    random: &mut Random,
    blocks: &[Vec<usize>],
    pooling: Pooling,
    pool_scale: f32,
    padding: Padding,
) -> Network {
    let topology = Topology::new(blocks).expect("the shapes above fit");
    let weights = topology
        .convs()
        .iter()
        .map(|conv| {
            let deviation = (2.0 / (9 * conv.inputs) as f64).sqrt();
            Weights {
                kernel: (0..conv.outputs * conv.inputs * 9)
                    .map(|_| (deviation * random.normal()) as f32)
                    .collect(),
                bias: (0..conv.outputs).map(|_| (0.1 * random.normal()) as f32).collect(),
            }
        })
        .collect();
    let input =
        InputMap { matrix: [[0.3, 0.1, 4.0], [-0.2, 4.5, 0.2], [5.0, 0.0, 0.1]], bias: [-2.0, 0.3, -2.2] };
    let encoder = Encoder::new(topology, input, weights, Pooling::Max, Provenance::default())
        .expect("the shapes above fit");
    Network { encoder, pooling, pool_scale, padding }
}

/// A picture of waves with a little noise.
pub fn picture(random: &mut Random, size: Size) -> Pixels {
    let waves: Vec<[f64; 4]> =
        (0..9).map(|_| [random.value() * 0.5, random.value() * 0.5, random.value() * 6.0, 0.15]).collect();
    let mut data = Vec::new();
    for channel in 0..3 {
        for i in 0..size.area() {
            let (x, y) = ((i % size.width) as f64, (i / size.width) as f64);
            let wave: f64 =
                waves.iter().skip(channel).map(|w| w[3] * (w[0] * x + w[1] * y + w[2]).sin()).sum();
            data.push((0.5 + wave + 0.1 * (random.value() - 0.5)) as f32);
        }
    }
    Pixels::new(size, data).expect("the shapes above fit")
}

/// Position weights that are zero near two borders.
pub fn plane(random: &mut Random, size: Size) -> Plane {
    let cut = random.value();
    let data = (0..size.area())
        .map(|i| {
            // Whole rows are zero too, because engines skip blocks of zero weight.
            let inside = (i % size.width) as f64 / size.width as f64 > cut * 0.4
                && (i / size.width) as f64 / size.height as f64 > cut * 0.5;
            if inside { random.value() as f32 } else { 0.0 }
        })
        .collect();
    Plane { size, data }
}

/// A random, non-empty set of style taps.
pub fn taps(random: &mut Random, topology: &Topology) -> Vec<Tap> {
    let mut taps: Vec<Tap> = topology.taps().filter(|_| random.value() < 0.45).collect();
    if taps.is_empty() {
        taps.push(Tap::after(random.below(topology.convs().len())));
    }
    taps
}

/// A loss that uses every sum: half the squares of the second moments, plus first moments and content residual, as
/// means. Features count by a wave over their places and a cube, which no sum can tell.
pub fn loss(observation: &Observation) -> f64 {
    let moments = observation.moments.iter().flatten().map(|m| {
        let second: f64 = m.second.iter().map(|s| (s / m.weight).powi(2)).sum();
        let first: f64 = m.first.iter().map(|f| (f / m.weight - 0.3).powi(2)).sum();
        0.5 * second + first
    });
    let residuals = observation.residuals.iter().map(|r| r.sum / (r.weight * r.channels as f64));
    let features = observation.features.iter().map(|by| {
        let each = |(i, f): (usize, &f64)| (i as f64).cos() * f + f.powi(3) / 3.0;
        by.data.iter().enumerate().map(each).sum::<f64>() / by.data.len() as f64
    });
    moments.sum::<f64>() + residuals.sum::<f64>() + features.sum::<f64>()
}

/// The derivatives of [`loss`].
pub fn cotangents(observation: &Observation) -> Cotangents {
    let by = |m: &Moments| MomentsCotangent {
        first: m.first.iter().map(|f| 2.0 * (f / m.weight - 0.3) / m.weight).collect(),
        second: m.second.iter().map(|s| s / m.weight.powi(2)).collect(),
    };
    Cotangents {
        moments: observation.moments.iter().map(|regions| regions.iter().map(by).collect()).collect(),
        residuals: observation
            .residuals
            .iter()
            .map(|r: &Residual| 1.0 / (r.weight * r.channels as f64))
            .collect(),
        features: observation.features.iter().map(by_features).collect(),
    }
}

fn by_features(features: &Features) -> Features {
    let count = features.data.len() as f64;
    let by = |(i, f): (usize, &f64)| ((i as f64).cos() + f * f) / count;
    Features { data: features.data.iter().enumerate().map(by).collect(), ..features.clone() }
}

/// A request of random taps, regions and weights; no features.
pub fn request(random: &mut Random, topology: &Topology, size: Size, edges: Edges) -> Request {
    Request {
        moments: taps(random, topology),
        residuals: Vec::new(),
        features: Vec::new(),
        regions: (0..random.below(3)).map(|_| plane(random, size)).collect(),
        residual_weight: (random.value() < 0.4).then(|| plane(random, size)),
        edges,
    }
}

/// |a - b| / |b|, with both as long vectors.
pub fn relative(a: impl IntoIterator<Item = f64>, b: impl IntoIterator<Item = f64>) -> f64 {
    relative_to(0.0, a, b)
}

/// |a - b| / |b|, where |b| is at least the norm of a vector with `scale` everywhere. Where a ReLU passes next to
/// nothing, errors are still relative to the values before the ReLU.
pub fn relative_to(scale: f64, a: impl IntoIterator<Item = f64>, b: impl IntoIterator<Item = f64>) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().collect(), b.into_iter().collect());
    assert_eq!(a.len(), b.len(), "lengths differ");
    let difference: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
    let norm = b.iter().map(|b| b * b).sum::<f64>().max(scale * scale * b.len() as f64);
    if norm == 0.0 { difference.sqrt() } else { (difference / norm).sqrt() }
}
