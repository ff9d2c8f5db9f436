// The picture as the network sees it: content covers a part of the painting.

struct Work {
    area: u32,
    count: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> painting: array<f32>;
// The content's share of each pixel, then the content's three planes.
@group(0) @binding(2) var<storage, read> cover: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at < work.count) {
        let part = cover[at % work.area];
        output[at] = (1.0 - part) * painting[at] + part * cover[work.area + at];
    }
}
