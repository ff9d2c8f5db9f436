// Tells in `state` of parts of a loss that are not finite. Then no step follows.

struct Work {
    start: u32,
    count: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: atomic<u32>;

const NOT_FINITE = 1u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    // By its bits, which no compiler may simplify.
    if (at < work.count && (bitcast<u32>(parts[work.start + at]) & 0x7f800000u) == 0x7f800000u) {
        atomicOr(&state, NOT_FINITE);
    }
}
