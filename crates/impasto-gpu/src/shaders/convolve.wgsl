// A 3x3 convolution as a product: rows are positions, columns are outputs, terms are the nine neighbours' channels.
// The neighbours are gathered while they are loaded, so no second copy of the map is written ("implicit GEMM").
//
// Backward it is the same convolution with turned kernels. The last step of each sum is `finished`, in another file.

struct Work {
    width: u32,
    height: u32,
    inputs: u32,     // quads of a position of the input
    outputs: u32,    // quads of a position of the output
    columns: u32,    // quads of a row of the kernels
    steps: u32,      // groups of sixteen terms
    first: u32,      // first position
    end: u32,        // position after the last
    sides: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(2) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> kernels: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;

alias Value = vec4<f32>;

fn load(position: u32, quad: u32, tap: u32) -> vec4<f32> {
    if (position >= work.end || tap >= 9u) {
        return vec4(0.0);
    }
    let x = i32(position % work.width + tap % 3u) - 1;
    let y = i32(position / work.width + tap / 3u) - 1;
    let column = source(x, i32(work.width) - 1, side(work.sides, 0u), side(work.sides, 1u));
    let row = source(y, i32(work.height) - 1, side(work.sides, 2u), side(work.sides, 3u));
    if (column < 0 || row < 0) {
        return vec4(0.0);
    }
    return input[(u32(row) * work.width + u32(column)) * work.inputs + quad];
}

fn finish(position: u32, quad: u32, sum: vec4<f32>) {
    if (position >= work.end || quad >= work.outputs) {
        return;
    }
    let at = position * work.outputs + quad;
    output[at] = finished(at, quad, sum);
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
        let term = 4u * step + t;
        let tap = term / work.inputs;
        let quad = term % work.inputs;
        let base = start + 4u * rows;
        place_left(t, rows, mat4x4(
            load(base, quad, tap),
            load(base + 1u, quad, tap),
            load(base + 2u, quad, tap),
            load(base + 3u, quad, tap),
        ));
        for (var i = thread; i < 256u; i += 64u) {
            right[i] = kernels[(TERMS * step + i / QUADS) * work.columns + column + i % QUADS];
        }
        workgroupBarrier();
        multiply(down, across);
        workgroupBarrier();
    }
    finish_tile(start, column, down, across);
}
