//! Whether a card's matrix units compute what other kernels compute: one convolution, both ways.
//!
//! wgpu has them as an experiment, and drivers differ in what they make of it. A layout that is read the wrong way
//! round, a part that is lost, or sums in half precision give other numbers here.

use impasto_encoder::{Conv, Weights};
use impasto_engine::{EngineError, Size};

use crate::convolution::{Between, Convolution, Finish, Method, between_bytes};
use crate::device::Device;
use crate::layers::Layer;
use crate::program::Recorder;

/// The map of the trial: 99 tiles, more than a block of them.
const SIZE: Size = Size { width: 42, height: 35 };

/// Its channels, whose matrices are padded.
const SIDES: (usize, usize) = (72, 68);

/// The largest difference, as a part of the largest value. Between two ways of adding in single precision it is some
/// 1e-6; numbers of half precision, in one part, are wrong by 1e-4.
const AGREES: f32 = 1e-5;

/// Whether a device with matrix units agrees with the same one without.
pub(crate) async fn passes(plain: &Device, with: &Device) -> bool {
    match (computed(plain).await, computed(with).await) {
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

/// One convolution of numbers that have no order.
async fn computed(device: &Device) -> Result<Vec<f32>, EngineError> {
    let (inputs, outputs) = SIDES;
    let mut random = numbers();
    let mut draw = |count: usize| random.by_ref().take(count).collect::<Vec<f32>>();
    let shape = Conv { block: 1, place: 1, inputs, outputs };
    let weights = Weights { kernel: draw(9 * inputs * outputs), bias: vec![0.0; outputs] };
    let layer = Layer::forwards(device, &[shape], &[weights])?.remove(0);
    let input = device.filled(&draw(inputs * SIZE.area()));
    let count = outputs * SIZE.area();
    let bytes = (size_of::<f32>() * count) as u64;
    let (output, host) = (device.buffer(bytes), device.host_buffer(bytes));
    let [transformed, products, factors] =
        between_bytes(SIZE, SIDES, device.units).map(|bytes| device.buffer(bytes as u64));
    let convolution = Convolution {
        size: SIZE,
        inputs,
        outputs,
        sides: 0,
        finish: Finish::Plain,
        input: &input,
        kernels: &layer.forward,
        added: &layer.bias,
        output: &output,
        half: false,
        units: layer.units,
    };
    let mut recorder = Recorder::default();
    let between = Between { transformed: &transformed, products: &products, factors: Some(&factors) };
    debug_assert_eq!(layer.method, Method::Winograd);
    convolution.winograd(&mut recorder, &between);
    let program = recorder.finish(device);
    let mut encoder = device.inner.create_command_encoder(&Default::default());
    program.encode(device, &mut encoder);
    encoder.copy_buffer_to_buffer(&output, 0, &host, 0, bytes);
    device.queue.submit([encoder.finish()]);
    device.read(&host, count).await
}

/// Numbers between -1 and 1 with 24 bits each, the same ones every time.
fn numbers() -> impl Iterator<Item = f32> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let value = |state: u64| ((state >> 40) as f32 - 8_388_607.5) / 8_388_608.0;
    std::iter::successors(Some(1_442_695_040_888_963_407), next).map(value)
}
