// Transforms the kernels of a layer for the products, once: 36 matrices of a row for each input. A thread takes one
// input and one output. The file beside it defines `put`, which takes the values.

struct Work {
    inputs: u32,     // channels, whole quads
    rows: u32,       // rows of each matrix, whole groups of sixteen
    columns: u32,    // values of a row
    per_row: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> work: Work;
// A row for each neighbour and each of its channels.
@group(0) @binding(1) var<storage, read> kernels: array<f32>;

fn kernel(place: u32, row: u32, column: u32) -> f32 {
    return kernels[(place * work.inputs + row) * work.columns + column];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let row = at / work.columns;
    let column = at % work.columns;
    if (row >= work.inputs) {
        return;
    }
    var lines: array<array<f32, 6>, 3>;
    for (var i = 0u; i < 3u; i++) {
        let line = vec3(kernel(i, row, column), kernel(3u + i, row, column), kernel(6u + i, row, column));
        lines[i] = weight_line(line);
    }
    for (var i = 0u; i < 6u; i++) {
        let line = weight_line(vec3(lines[0][i], lines[1][i], lines[2][i]));
        for (var j = 0u; j < 6u; j++) {
            put(6u * i + j, row, column, line[j]);
        }
    }
}
