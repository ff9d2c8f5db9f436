// The picture as the first convolution takes it: planar RGB becomes a quad for each pixel, through the network's affine
// map.

struct Work {
    red: vec4<f32>,    // a row of the matrix, and its bias
    green: vec4<f32>,
    blue: vec4<f32>,
    area: u32,
    per_row: u32,      // workgroups in a row of the grid
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> picture: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.area) {
        return;
    }
    let pixel = vec4(picture[at], picture[work.area + at], picture[2u * work.area + at], 1.0);
    output[at] = vec4(dot(work.red, pixel), dot(work.green, pixel), dot(work.blue, pixel), 0.0);
}
