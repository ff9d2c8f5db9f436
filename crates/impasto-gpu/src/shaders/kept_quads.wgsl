// Kept features, four at a time.

@group(0) @binding(1) var<storage, read> kept: array<vec2<u32>>;

fn feature(at: u32) -> vec4<f32> {
    let words = kept[at];
    return vec4(
        number(words.x & 0xffffu), number(words.x >> 16u), number(words.y & 0xffffu), number(words.y >> 16u),
    );
}
