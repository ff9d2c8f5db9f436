// Transformed kernels in single precision.

@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn put(point: u32, row: u32, column: u32, value: f32) {
    output[(point * work.rows + row) * work.columns + column] = value;
}
