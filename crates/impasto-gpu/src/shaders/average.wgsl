// Adds the picture to the running average, unless `state` tells that the step went wrong.

struct Work {
    count: u32,
    old: f32,
    fresh: f32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> picture: array<f32>;
@group(0) @binding(2) var<storage, read_write> average: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: atomic<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at < work.count && atomicLoad(&state) == 0u) {
        average[at] = work.old * average[at] + work.fresh * picture[at];
    }
}
