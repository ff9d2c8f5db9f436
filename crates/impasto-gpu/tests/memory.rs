//! The memory of a card: the buffers that are alive never take more than the plan says.
#![allow(clippy::unwrap_used)] // a failing test

use std::io::Write;
use std::sync::Arc;

use impasto_encoder::{RandomSpec, Tap, levels};
use impasto_engine::painting::{AdamStep, Home, Painting, PixelTerm, TvForm, Values};
use impasto_engine::{
    Affine, Aim, Backend, Cancel, Edges, Engine, InstructionSet, Judging, Network, Pixels, Request, Size,
    TapLoss, Tiled, Tiling,
};
use impasto_engine_testing::{Random, cotangents, picture, plane};
use impasto_gpu::{GpuBackend, Method};

/// The sizes of pictures, in the order in which they are evaluated: the small one after the large one finds its
/// buffers.
const SIZES: [Size; 4] =
    [Size { width: 64, height: 48 }, Size { width: 97, height: 61 }, SMALL, Size { width: 160, height: 99 }];
const SMALL: Size = Size { width: 33, height: 70 };

/// The share of a plan that an evaluation takes at least: a plan must not be loose, either. What passes to the card to
/// observe is planned for content targets that were just taken back, and only tiles take some back.
const LEAST: f64 = 0.8;

/// Bytes that wgpu has for itself: a buffer of zeros of 512 KiB, and what it rounds up.
const OF_WGPU: u64 = 540_000;

/// A card that is counted alone; `None`, after saying so, where there is none.
fn card(method: Method) -> Option<GpuBackend> {
    let name = std::env::var("IMPASTO_TEST_ADAPTER").unwrap_or_else(|_| "gpu".into());
    match GpuBackend::find(&name) {
        Ok(card) => Some(card.method(method)),
        Err(reason) => {
            let forbidden = std::env::var_os("IMPASTO_NO_SKIPS");
            let forbidden = forbidden.is_some_and(|value| value == "1" || value == "units");
            assert!(!forbidden, "skipped: {reason}");
            // Not by a macro, which the test harness would catch.
            let _ = writeln!(std::io::stderr(), "skipped: {reason}");
            None
        }
    }
}

/// Engines of a card whose buffers are watched.
struct Watched {
    card: GpuBackend,
    engine: Box<dyn Engine>,
    random: Random,
}

impl Watched {
    fn new(method: Method, half: bool) -> Option<Watched> {
        Some(Watched::on(card(method)?, half))
    }

    fn on(card: GpuBackend, half: bool) -> Watched {
        let encoder = "random:vgg19?width=1/16".parse::<RandomSpec>().unwrap().encoder("random:vgg19");
        let mut engine = card.prepare(Network::new(encoder), Cancel::default()).unwrap();
        engine.set_half(half);
        assert_eq!(card.taken().now, engine.kernel_bytes() as u64, "the kernels");
        Watched { card, engine, random: Random(3) }
    }

    fn tap(&self, name: &str) -> Tap {
        self.engine.network().encoder.topology().tap(name).unwrap()
    }

    fn picture(&mut self, size: Size) -> Pixels {
        picture(&mut self.random, size)
    }

    /// Bytes of a content target.
    fn target(&self, tap: Tap, size: Size) -> usize {
        let topology = self.engine.network().encoder.topology();
        let (width, height) = topology.size_at(tap.conv(), (size.width, size.height));
        width * height * self.engine.target_stride(tap)
    }

    /// Runs some work twice, and compares the bytes that were alive beyond some with those planned. Buffers of the work
    /// before may be alive when the first one begins. The second one begins with its own, or with those of the largest
    /// size of its kind.
    fn compare(
        &mut self,
        beyond: usize,
        (before, of_kind, planned): (usize, usize, usize),
        work: &mut dyn FnMut(&mut Watched),
    ) {
        for allowed in [before.max(of_kind), of_kind] {
            self.card.count_anew();
            work(self);
            let most = self.card.taken().most as usize - beyond;
            assert!(most <= allowed, "{most} bytes, but {allowed} were planned");
            assert!(most as f64 >= LEAST * planned as f64, "{most} bytes of {planned} that were planned");
        }
    }

    /// Evaluates the same kind of request at several sizes.
    fn evaluate(&mut self, request: impl Fn(&mut Random, Size) -> Request, content: Option<Tap>) {
        let (mut before, mut of_kind) = (0, 0);
        for size in SIZES {
            let image = self.picture(size);
            self.engine.forget_targets();
            let mut beyond = self.engine.kernel_bytes();
            let mut request = request(&mut self.random, size);
            if let Some(tap) = content {
                let planned = self.engine.capture_bytes(size, tap, 1).unwrap() + self.target(tap, size);
                self.card.count_anew();
                request.residuals = vec![self.engine.capture(&image, Edges::default(), tap).unwrap()];
                let most = self.card.taken().most as usize - beyond;
                assert!(most <= planned, "{most} bytes of a capture, but {planned} were planned");
                beyond += self.target(tap, size);
                (before, of_kind) = (planned, 0);
            }
            let planned = self.engine.evaluation_bytes(size, &request, 1).unwrap();
            of_kind = of_kind.max(planned);
            self.compare(beyond, (before, of_kind, planned), &mut |watched| {
                let seen = watched.engine.observe(&image, &request).unwrap();
                watched.engine.pull_back(&image, &cotangents(&seen)).unwrap();
            });
            before = of_kind;
            let (taken, allocated) = (self.card.taken().now, self.card.allocated());
            let counted = |allocated| (taken..=taken + OF_WGPU).contains(&allocated);
            assert!(allocated.is_none_or(counted), "{taken} bytes were counted, {allocated:?} are allocated");
        }
    }

    /// Evaluates requests for styles, with a content target, and with regions and features.
    fn evaluate_styles(&mut self) {
        let taps = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"].map(|name| self.tap(name));
        let style = |_: &mut Random, _| Request { moments: taps.to_vec(), ..Request::default() };
        self.evaluate(style, None);
        let content = self.tap("relu4_2");
        self.evaluate(style, Some(content));
        let regions = |random: &mut Random, size| Request {
            moments: taps[..3].to_vec(),
            regions: vec![plane(random, size), plane(random, size)],
            residual_weight: Some(plane(random, size)),
            features: vec![taps[1]],
            ..Request::default()
        };
        self.evaluate(regions, Some(content));
    }
}

#[test]
fn evaluations_take_what_was_planned() {
    for (method, half) in [(Method::Direct, false), (Method::Winograd, false), (Method::Winograd, true)] {
        let Some(mut watched) = Watched::new(method, half) else { return };
        watched.evaluate_styles();
    }
}

/// Matrices for units are padded, and tiles may have factors.
#[test]
fn evaluations_on_matrix_units_take_what_was_planned() {
    for half in [false, true] {
        let Some(card) = card(Method::Winograd) else { return };
        let card = card.units(true);
        if card.matrix_units().is_none() {
            let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "units");
            assert!(!forbidden, "skipped: no matrix units");
            let _ = writeln!(std::io::stderr(), "skipped: no matrix units");
            return;
        }
        Watched::on(card, half).evaluate_styles();
    }
}

/// A size after a larger one of the same kind: tiles of several sizes take turns.
#[test]
fn sizes_that_take_turns_take_no_more_than_the_largest() {
    for half in [false, true] {
        let Some(mut watched) = Watched::new(Method::Winograd, half) else { return };
        let moments = vec![watched.tap("relu2_2"), watched.tap("relu4_1")];
        let request = Request { moments, ..Request::default() };
        let kernels = watched.engine.kernel_bytes();
        let mut largest = 0;
        // Neither of the wide and the high one has room for the other.
        for size in [SMALL, Size::new(130, 40), Size::new(40, 131), SIZES[0], Size::new(140, 90), SMALL] {
            largest = largest.max(watched.engine.evaluation_bytes(size, &request, 1).unwrap());
            let image = watched.picture(size);
            watched.card.count_anew();
            let seen = watched.engine.observe(&image, &request).unwrap();
            watched.engine.pull_back(&image, &cotangents(&seen)).unwrap();
            let most = watched.card.taken().most as usize - kernels;
            assert!(most <= largest, "{size:?}: {most} bytes, but {largest} were planned");
        }
        // Another kind of request does not keep the buffers of the largest.
        let request = Request { moments: vec![watched.tap("relu2_2")], ..Request::default() };
        let planned = watched.engine.evaluation_bytes(SMALL, &request, 1).unwrap();
        let image = watched.picture(SMALL);
        watched.engine.observe(&image, &request).unwrap();
        assert!(watched.card.taken().now as usize - kernels <= planned);
    }
}

#[test]
fn tiles_take_what_was_planned_for_a_window() {
    for half in [false, true] {
        let Some(mut watched) = Watched::new(Method::Winograd, half) else { return };
        let (content, deepest) = (watched.tap("relu2_2"), watched.tap("relu3_1"));
        let kernels = watched.engine.kernel_bytes();
        let (size, window) = (Size::new(230, 170), 130 * 120);
        let tiles = Tiled::tiles(watched.engine.network(), deepest, size, Some(window));
        assert!(tiles.counts.0 > 1 && tiles.counts.1 > 1, "{tiles:?}");
        let held = watched.target(content, tiles.window);
        let image = watched.picture(size);
        let Watched { card, engine, random } = watched;
        let tiling = Tiling { window: Some(window), target_bytes: usize::MAX, folder: None };
        let mut watched = Watched { card, engine: Box::new(Tiled::new(engine, tiling)), random };
        let planned = watched.engine.capture_bytes(size, content, 1).unwrap() + held;
        let mut target = None;
        watched.compare(kernels, (0, planned, planned), &mut |watched| {
            watched.engine.forget_targets();
            target = Some(watched.engine.capture(&image, Edges::default(), content).unwrap());
        });
        let request =
            Request { moments: vec![deepest], residuals: target.into_iter().collect(), ..Request::default() };
        let evaluation = watched.engine.evaluation_bytes(size, &request, 1).unwrap();
        watched.compare(kernels, (planned, evaluation + held, evaluation + held), &mut |watched| {
            let seen = watched.engine.observe(&image, &request).unwrap();
            watched.engine.pull_back(&image, &cotangents(&seen)).unwrap();
        });
    }
}

/// A step of a painting on the card.
fn step(
    watched: &mut Watched,
    size: Size,
    [picture, first, second, average]: &mut [Values; 4],
    make: impl Fn(&mut dyn Engine, &mut Painting, &mut AdamStep),
) {
    let terms = [PixelTerm::TotalVariation { form: TvForm::NinePoint, weight: 0.5 }];
    let mut painting = Painting { size, picture, over: None, terms: &terms, margin: 2, level: false };
    let mut adam = AdamStep {
        beta1: 0.9,
        beta2: 0.99,
        rate: 0.01,
        epsilon: 0.05,
        bounded: true,
        first,
        second,
        average,
        average_decay: 0.9,
    };
    make(watched.engine.as_mut(), &mut painting, &mut adam);
}

/// A loss for each tap of a request.
fn judging(engine: &dyn Engine, request: &Request) -> Judging {
    let tap = |tap: &Tap| {
        let channels = engine.network().encoder.topology().channels(*tap);
        let aim = Aim {
            mean: vec![0.5; channels],
            second: vec![0.5; channels * channels],
            deviation: vec![0.5; channels],
            gram: 1.0,
            covariance: 1.0,
            mean_std: 1.0,
        };
        TapLoss { weight: 1.0, aims: vec![Some(aim)] }
    };
    Judging { content: Vec::new(), style: request.moments.iter().map(tap).collect() }
}

#[test]
fn paintings_on_the_card_take_their_pixels_and_what_was_planned() {
    for half in [false, true] {
        let Some(mut watched) = Watched::new(Method::Winograd, half) else { return };
        let size = SIZES[1];
        let home = Home::Engine(watched.engine.pixel_memory().unwrap());
        let start = watched.picture(size).data;
        let keep = |values: Vec<f32>| home.keep(values).unwrap();
        let mut vectors: [Values; 4] =
            [1.0, 0.0, 0.0, 1.0].map(|factor| keep(start.iter().map(|value| factor * value).collect()));
        // The pixels are on their way until the card is waited for.
        let mut some = vec![0.0; 3];
        vectors[0].read(0, &mut some).unwrap();
        let pixels = 4 * size_of_val(&start[..]);
        let request = Request { moments: vec![watched.tap("relu3_1")], ..Request::default() };
        let planned = watched.engine.evaluation_bytes(size, &request, 1).unwrap();
        let beyond = watched.engine.kernel_bytes() + pixels;
        // Judging on the card comes on top.
        let judging = Arc::new(judging(watched.engine.as_ref(), &request));
        let judged = planned + watched.engine.judging_bytes(&request);
        assert!(judged > planned);
        watched.compare(beyond, (0, judged, judged), &mut |watched| {
            step(watched, size, &mut vectors, |engine, painting, adam| {
                engine.step_judged(painting, &request, &judging, adam).unwrap().unwrap();
            });
        });
        watched.engine.forget_targets();
        watched.compare(beyond, (0, planned, planned), &mut |watched| {
            step(watched, size, &mut vectors, |engine, painting, adam| {
                let (seen, _) = engine.observe_painting(painting, &request).unwrap();
                engine.step_painting(painting, &cotangents(&seen), adam).unwrap();
            });
        });
    }
}

/// The processor promises the same. This network is narrow, so much of its memory is the picture, whose precision
/// stays.
#[test]
fn half_precision_takes_less() {
    let Some(mut watched) = Watched::new(Method::Winograd, false) else { return };
    let taps = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"].map(|name| watched.tap(name));
    let request = Request { moments: taps.to_vec(), ..Request::default() };
    let mut bytes = |half: bool| {
        watched.engine.set_half(half);
        watched.engine.evaluation_bytes(Size::new(2048, 2048), &request, 1).unwrap()
    };
    let (half, full) = (bytes(true), bytes(false));
    assert!((half as f64) < 0.9 * full as f64, "{half} against {full}");
}

/// Each level by itself: it leaves its buffers before the next one.
#[test]
fn levels_of_drafts_take_what_was_planned() {
    let Some(card) = card(Method::Winograd) else { return };
    let mut random = Random(5);
    for level in levels().unwrap() {
        let channels = level.channels();
        let mut level = card.autoencoder(level, Cancel::default(), InstructionSet::best()).unwrap();
        for (size, regions) in [(Size::new(96, 64), 0), (Size::new(64, 120), 2)] {
            let image = picture(&mut random, size);
            let regions: Vec<_> = (0..regions).map(|_| plane(&mut random, size)).collect();
            let moves = vec![Affine::identity(channels); regions.len().max(1)];
            let planned = level.bytes(size, regions.len(), 1).unwrap();
            let before = card.taken().now as usize;
            card.count_anew();
            level.encode(&image, &regions).unwrap();
            level.decode(&moves).unwrap();
            let most = card.taken().most as usize - before;
            assert!(most <= planned, "{size:?}: {most} bytes, but {planned} were planned");
            assert!(most as f64 >= LEAST * planned as f64, "{size:?}: {most} bytes of {planned} planned");
            level.leave();
            assert_eq!(card.taken().now as usize, before, "buffers that stay");
        }
    }
}
