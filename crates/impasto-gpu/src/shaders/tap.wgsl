// The derivative at a tap by the moments of one region: w (2 D f + d), a product of the features with a matrix. What a
// feature is read from, another file tells.

struct Work {
    quads: u32,      // of a position
    columns: u32,    // quads of a row of the matrix
    steps: u32,      // groups of sixteen terms
    first: u32,
    end: u32,
    weighted: u32,
    adds: u32,       // whether it is added to what is there
}

@group(0) @binding(0) var<uniform> work: Work;
// 2 D, a row for each channel, then d.
@group(0) @binding(2) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;

fn load(position: u32, quad: u32) -> vec4<f32> {
    if (position >= work.end || quad >= work.quads) {
        return vec4(0.0);
    }
    return feature(position * work.quads + quad);
}

fn finish(position: u32, quad: u32, sum: vec4<f32>) {
    if (position >= work.end || quad >= work.quads) {
        return;
    }
    var value = sum + matrix[TERMS * work.steps * work.columns + quad];
    if (work.weighted != 0u) {
        value *= weights[position];
    }
    let at = position * work.quads + quad;
    if (work.adds != 0u) {
        value += output[at];
    }
    output[at] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let start = work.first + 64u * group.x;
    let column = QUADS * group.y;
    let down = thread / 8u;
    let across = thread % 8u;
    let t = thread % 4u;
    let rows = thread / 4u;
    for (var step = 0u; step < work.steps; step++) {
        let quad = 4u * step + t;
        let base = start + 4u * rows;
        place_left(t, rows, mat4x4(
            load(base, quad), load(base + 1u, quad), load(base + 2u, quad), load(base + 3u, quad),
        ));
        for (var i = thread; i < 256u; i += 64u) {
            right[i] = matrix[(TERMS * step + i / QUADS) * work.columns + column + i % QUADS];
        }
        workgroupBarrier();
        multiply(down, across);
        workgroupBarrier();
    }
    finish_tile(start, column, down, across);
}
