//! Measures each convolution in both directions, on every instruction set of this machine, alternating in one run.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml -- [MODEL [SIZE [ROUNDS [THREADS]]]]`; the defaults are
//! `random:vgg19`, 512, 7 and one thread per processor. GFLOP/s count direct convolutions; Winograd's F(4x4, 3x3) needs
//! a quarter of the multiplications.

use impasto_encoder::Tap;
use impasto_engine::{
    Cancel, Cotangents, Cpu, Edges, Engine, InstructionSet, LayerSeconds, MomentsCotangent, Network,
    Observation, Pixels, Request, Size,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| match arguments.get(index) {
        Some(text) => text.parse().map_err(|_| format!("expected a number, found {text}")),
        None => Ok(default),
    };
    let model = arguments.first().map_or("random:vgg19", String::as_str);
    let (side, rounds, threads) = (number(1, 512)?, number(2, 7)?, number(3, 0)?);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| measure(model, Size::new(side, side), rounds.max(1)))
}

fn measure(model: &str, size: Size, rounds: usize) -> Result<(), Failure> {
    let encoder = impasto_encoder::open(model)?;
    let topology = encoder.topology().clone();
    let taps = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"];
    let moments = taps.iter().map(|tap| topology.tap(tap)).collect::<Result<Vec<Tap>, _>>()?;
    let network = Network::new(encoder.truncated(moments[4]));
    let image = noise(size);
    let content = topology.tap("relu4_2")?;

    let sets: Vec<InstructionSet> =
        InstructionSet::ALL.iter().copied().filter(|set| set.is_available()).collect();
    let mut found: Vec<Vec<LayerSeconds>> = vec![Vec::new(); sets.len()];
    let mut engines = Vec::new();
    for &set in &sets {
        let mut engine = Cpu::with_instructions(network.clone(), Cancel::default(), set);
        let target = engine.capture(&image, Edges::default(), content)?;
        engines.push((
            engine,
            Request { moments: moments.clone(), residuals: vec![target], ..Request::default() },
        ));
    }
    // The first round is not counted.
    for round in 0..=rounds {
        for ((engine, request), found) in engines.iter_mut().zip(&mut found) {
            let seen = engine.observe(&image, request)?;
            engine.pull_back(&image, &cotangents(&seen))?;
            if round > 0 {
                found.push(engine.layer_seconds().clone());
            }
        }
    }

    let threads = rayon::current_num_threads();
    println!("{model} at {}x{}, {threads} threads, medians of {rounds} rounds\n", size.width, size.height);
    print!("{:12}", "milliseconds");
    sets.iter().for_each(|set| print!("{:>26}", format!("{} forward, back", set.name())));
    println!("   GFLOP/s of the first");
    let (mut before, mut joined) = (0.0, 0.0);
    for (index, conv) in topology.convs().iter().enumerate().take(moments[4].conv() + 1) {
        let until = topology.flops_per_pixel(Tap::after(index)) * size.area() as f64 / 2.0;
        let flops = until - std::mem::replace(&mut before, until) + joined;
        print!("{:12}", conv.name());
        let mut rates = [0.0; 2];
        for (nth, each) in found.iter().enumerate() {
            let forward = median(each.iter().map(|seconds| seconds.forward[index]));
            let backward = median(each.iter().map(|seconds| seconds.backward[index]));
            print!("{:>13.2}{:>13.2}", 1e3 * forward, 1e3 * backward);
            if nth == 0 {
                rates = [forward, backward].map(|seconds| flops / seconds / 1e9);
                // A convolution that runs together with the next is reported there.
                joined = if forward < 1e-6 { flops } else { 0.0 };
            }
        }
        match joined > 0.0 {
            true => println!("   with the next"),
            false => println!("{:>10.0}{:>8.0}", rates[0], rates[1]),
        }
    }
    print!("{:12}", "moments");
    for each in &found {
        print!("{:>13.2}{:>13}", 1e3 * median(each.iter().map(|seconds| seconds.moments)), "");
    }
    println!();
    Ok(())
}

/// Any derivatives will do.
fn cotangents(seen: &Observation) -> Cotangents {
    let of = |moments: &impasto_engine::Moments| MomentsCotangent {
        first: moments.first.clone(),
        second: moments.second.clone(),
    };
    let moments = seen.moments.iter().map(|regions| regions.iter().map(of).collect()).collect();
    Cotangents { moments, residuals: vec![1.0; seen.residuals.len()], ..Cotangents::default() }
}

/// A picture without structure, the same every time.
fn noise(size: Size) -> Pixels {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    Pixels { size, data: (0..3 * size.area()).map(|_| next()).collect() }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
