// The derivatives at the deepest tap, through its ReLU; they take the place of the activations.

struct Work {
    count: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> tap: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> map: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at < work.count) {
        map[at] = select(vec4(0.0), tap[at], map[at] > vec4(0.0));
    }
}
