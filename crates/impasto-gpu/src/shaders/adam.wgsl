// One step of Adam (Kingma and Ba, 2015, arXiv:1412.6980), with projection to 0..1. If `state` tells of a derivative
// that cannot be followed, nothing changes.

struct Work {
    count: u32,
    beta1: f32,
    beta2: f32,
    rate: f32,
    epsilon: f32,
    bounded: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> picture: array<f32>;
@group(0) @binding(3) var<storage, read_write> first: array<f32>;
@group(0) @binding(4) var<storage, read_write> second: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: atomic<u32>;

const NOT_FINITE = 1u;
const TOO_LARGE = 2u;
const LOST = 4u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count || (atomicLoad(&state) & (NOT_FINITE | TOO_LARGE)) != 0u) {
        return;
    }
    let by = gradient[at];
    let mean = work.beta1 * first[at] + (1.0 - work.beta1) * by;
    let square = work.beta2 * second[at] + (1.0 - work.beta2) * by * by;
    let moved = picture[at] - work.rate * mean / (sqrt(square) + work.epsilon);
    first[at] = mean;
    second[at] = square;
    picture[at] = select(moved, clamp(moved, 0.0, 1.0), work.bounded != 0u);
    if ((bitcast<u32>(moved) & 0x7f800000u) == 0x7f800000u) {
        atomicOr(&state, LOST);
    }
}
