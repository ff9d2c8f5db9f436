// Gives all channels their mean, if they are to move alike, and tells in `state` of derivatives whose squares single
// precision cannot carry.

struct Work {
    area: u32,
    level: u32,
    largest: f32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: atomic<u32>;

const TOO_LARGE = 2u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.area) {
        return;
    }
    var pixel = vec3(gradient[at], gradient[work.area + at], gradient[2u * work.area + at]);
    if (work.level != 0u) {
        pixel = vec3((pixel.x + pixel.y + pixel.z) / 3.0);
        gradient[at] = pixel.x;
        gradient[work.area + at] = pixel.y;
        gradient[2u * work.area + at] = pixel.z;
    }
    if (any(abs(pixel) > vec3(work.largest))) {
        atomicOr(&state, TOO_LARGE);
    }
}
