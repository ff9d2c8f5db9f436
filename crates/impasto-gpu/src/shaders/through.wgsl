// The derivative by the painting from the one by what is seen. What is not finite is told in `state`.

struct Work {
    area: u32,
    count: u32,
    covered: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> cover: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: atomic<u32>;

const NOT_FINITE = 1u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count) {
        return;
    }
    let value = gradient[at];
    // By its bits, which no compiler may simplify.
    if ((bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u) {
        atomicOr(&state, NOT_FINITE);
    }
    if (work.covered != 0u) {
        gradient[at] = (1.0 - cover[at % work.area]) * value;
    }
}
