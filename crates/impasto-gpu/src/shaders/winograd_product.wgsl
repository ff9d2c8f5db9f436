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

fn load(point: u32, tile: u32, quad: u32) -> vec4<f32> {
    if (tile >= work.tiles || quad >= work.inputs) {
        return vec4(0.0);
    }
    return input[(point * work.tiles + tile) * work.inputs + quad];
}

fn finish(point: u32, tile: u32, quad: u32, sum: vec4<f32>) {
    if (tile < work.tiles && quad < work.outputs) {
        output[(point * work.tiles + tile) * work.outputs + quad] = sum;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let start = 64u * group.x;
    let column = QUADS * group.y;
    let point = group.z;
    let down = thread / 8u;
    let across = thread % 8u;
    let t = thread % 4u;
    let rows = thread / 4u;
    for (var step = 0u; step < work.steps; step++) {
        let quad = 4u * step + t;
        let base = start + 4u * rows;
        place_left(t, rows, mat4x4(
            load(point, base, quad),
            load(point, base + 1u, quad),
            load(point, base + 2u, quad),
            load(point, base + 3u, quad),
        ));
        let first = (point * work.steps + step) * TERMS;
        for (var i = thread; i < 256u; i += 64u) {
            right[i] = kernels[(first + i / QUADS) * work.columns + column + i % QUADS];
        }
        workgroupBarrier();
        multiply(down, across);
        workgroupBarrier();
    }
    // Written out, because registers cannot be indexed.
    finish(point, start + row_of(0u, down), column + across, sums[0]);
    finish(point, start + row_of(0u, down), column + 8u + across, sums[1]);
    finish(point, start + row_of(1u, down), column + across, sums[2]);
    finish(point, start + row_of(1u, down), column + 8u + across, sums[3]);
    finish(point, start + row_of(2u, down), column + across, sums[4]);
    finish(point, start + row_of(2u, down), column + 8u + across, sums[5]);
    finish(point, start + row_of(3u, down), column + across, sums[6]);
    finish(point, start + row_of(3u, down), column + 8u + across, sums[7]);
    finish(point, start + row_of(4u, down), column + across, sums[8]);
    finish(point, start + row_of(4u, down), column + 8u + across, sums[9]);
    finish(point, start + row_of(5u, down), column + across, sums[10]);
    finish(point, start + row_of(5u, down), column + 8u + across, sums[11]);
    finish(point, start + row_of(6u, down), column + across, sums[12]);
    finish(point, start + row_of(6u, down), column + 8u + across, sums[13]);
    finish(point, start + row_of(7u, down), column + across, sums[14]);
    finish(point, start + row_of(7u, down), column + 8u + across, sums[15]);
}
