// Keeps a map in half precision (kept.wgsl). A thread takes a window of 2x2.
//
// A pooling takes the first of the largest values of a window. Rounding may make a value before it equal to it, and
// another one would be taken. So where a pooling follows, what is less than the largest stays less.

struct Work {
    width: u32,
    height: u32,
    quads: u32,
    across: u32,     // windows in a row, those that hang over counted
    count: u32,      // windows times quads
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> map: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec2<u32>>;

override chosen: bool = false;

fn keep(at: u32, codes: vec4<u32>) {
    output[at] = vec2(codes.x | (codes.y << 16u), codes.z | (codes.w << 16u));
}

// Codes of a value in a window whose largest value is `best`.
fn beside(value: vec4<f32>, best: vec4<f32>) -> vec4<u32> {
    return select(code(value), min(code(value), code(best) - vec4(1u)), best > value);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = 64u * (group.y * work.per_row + group.x) + thread;
    if (index >= work.count) {
        return;
    }
    let quad = index % work.quads;
    let x = (index / work.quads) % work.across;
    let y = (index / work.quads) / work.across;
    let right = 2u * x + 1u < work.width;
    let down = 2u * y + 1u < work.height;
    let first = (2u * y * work.width + 2u * x) * work.quads + quad;
    let row = work.width * work.quads;
    if (!right || !down || !chosen) {
        keep(first, code(map[first]));
        if (right) {
            keep(first + work.quads, code(map[first + work.quads]));
        }
        if (down) {
            keep(first + row, code(map[first + row]));
        }
        if (right && down) {
            keep(first + row + work.quads, code(map[first + row + work.quads]));
        }
        return;
    }
    let a = map[first];
    let b = map[first + work.quads];
    let c = map[first + row];
    let d = map[first + row + work.quads];
    var best = select(a, b, b > a);
    best = select(best, c, c > best);
    best = select(best, d, d > best);
    keep(first, beside(a, best));
    keep(first + work.quads, beside(b, best));
    keep(first + row, beside(c, best));
    keep(first + row + work.quads, beside(d, best));
}
