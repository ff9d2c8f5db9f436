// The derivative at a tap by a content residual, 2 c w (f - f*), or derivatives that were given by the features. What a
// feature is read from, another file tells.

struct Work {
    quads: u32,
    count: u32,
    weighted: u32,
    adds: u32,       // whether it is added to what is there
    factor: f32,     // 2 c
    given: u32,      // whether `aims` holds derivatives by the features
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(2) var<storage, read> aims: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count) {
        return;
    }
    var value = aims[at];
    if (work.given == 0u) {
        var factor = work.factor;
        if (work.weighted != 0u) {
            factor *= weights[at / work.quads];
        }
        value = factor * (feature(at) - value);
    }
    if (work.adds != 0u) {
        value += output[at];
    }
    output[at] = value;
}
