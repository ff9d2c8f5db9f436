// The derivatives at the deepest tap, through its ReLU. Where they come from and what the ReLU let pass, another file
// tells.

struct Work {
    count: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

alias Value = vec4<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at < work.count) {
        output[at] = select(Value(), from_tap(at), feature(at) > Value());
    }
}
