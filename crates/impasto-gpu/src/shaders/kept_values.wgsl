// Kept features, one by one.

@group(0) @binding(1) var<storage, read> kept: array<u32>;

fn feature(at: u32) -> f32 {
    return number((kept[at / 2u] >> (16u * (at % 2u))) & 0xffffu);
}
