// Transformed kernels for matrix units that take half precision: the first parts of a matrix, then the second ones. A
// layer has one scale, a power of two.

@group(0) @binding(2) var<storage, read_write> output: array<f16>;

fn put(point: u32, row: u32, column: u32, value: f32) {
    let both = parts(work.scale * value);
    let at = (2u * point * work.rows + row) * work.columns + column;
    output[at] = both.first;
    output[at + work.rows * work.columns] = both.second;
}
