// Tiles and kernels with scales, for matrix units that take half precision.

// What takes the scale of each tile back.
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

fn unscaled(tile: u32, line: vec4<f32>) -> vec4<f32> {
    // One after the other: their product may be out of range.
    return (line * work.factor) * factors[tile];
}
