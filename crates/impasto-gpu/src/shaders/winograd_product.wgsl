// The 36 products: rows are tiles, terms are input channels, columns are outputs. The third axis of the grid is the
// point.

struct Work {
    tiles: u32,
    inputs: u32,     // quads of a row on the left
    outputs: u32,    // quads of a row of the result
    columns: u32,    // quads of a row of the kernels
    steps: u32,      // groups of sixteen terms
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> kernels: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;

var<private> point: u32;

fn load(tile: u32, quad: u32) -> vec4<f32> {
    if (tile >= work.tiles || quad >= work.inputs) {
        return vec4(0.0);
    }
    return input[(point * work.tiles + tile) * work.inputs + quad];
}

fn finish(tile: u32, quad: u32, sum: vec4<f32>) {
    if (tile < work.tiles && quad < work.outputs) {
        output[(point * work.tiles + tile) * work.outputs + quad] = sum;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let start = 64u * group.x;
    let column = QUADS * group.y;
    point = group.z;
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
        let first = (point * work.steps + step) * TERMS;
        for (var i = thread; i < 256u; i += 64u) {
            right[i] = kernels[(first + i / QUADS) * work.columns + column + i % QUADS];
        }
        workgroupBarrier();
        multiply(down, across);
        workgroupBarrier();
    }
    finish_tile(start, column, down, across);
}
