// Tiles and kernels without scales.

@group(0) @binding(3) var<storage, read_write> output: array<f32>;

fn unscaled(tile: u32, line: vec4<f32>) -> vec4<f32> {
    return line;
}
