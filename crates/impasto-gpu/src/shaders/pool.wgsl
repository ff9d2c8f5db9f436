// 2x2 pooling with stride 2: the largest, the mean, or the root of the sum of squares. An odd last row or column is
// left out.

struct Work {
    width: u32,      // of the input
    quads: u32,
    half_width: u32,
    count: u32,      // quads of the output
    scale: f32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

const LARGEST = 0u;
const MEAN = 1u;
override kind: u32 = 0u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count) {
        return;
    }
    let quad = at % work.quads;
    let position = at / work.quads;
    let corner = 2u * (position / work.half_width) * work.width + 2u * (position % work.half_width);
    let a = input[corner * work.quads + quad];
    let b = input[(corner + 1u) * work.quads + quad];
    let c = input[(corner + work.width) * work.quads + quad];
    let d = input[(corner + work.width + 1u) * work.quads + quad];
    var value: vec4<f32>;
    if (kind == LARGEST) {
        // Comparisons keep what is not a number where it comes first, as every engine does.
        value = select(a, b, b > a);
        value = select(value, c, c > value);
        value = select(value, d, d > value);
    } else if (kind == MEAN) {
        value = 0.25 * (a + b + c + d);
    } else {
        value = sqrt(a * a + b * b + c * c + d * d);
    }
    output[at] = work.scale * value;
}
