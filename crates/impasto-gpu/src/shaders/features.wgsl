// The features at a tap, in single precision.

@group(0) @binding(1) var<storage, read> features: array<vec4<f32>>;

fn feature(at: u32) -> vec4<f32> {
    return features[at];
}
