// The first convolution backwards, to the pixels. With three channels to write, a tile of 64 columns would be nearly
// empty; so each thread takes one pixel. The kernels hold the network's affine map already.
//
// Where the picture's edge is repeated or continued at the other side, pixels there also get what the places beyond the
// edge would get.

struct Work {
    width: u32,
    height: u32,
    quads: u32,
    sides: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> derivative: array<vec4<f32>>;
// For each of nine neighbours and each quad of outputs: the weights of red, green and blue.
@group(0) @binding(2) var<storage, read> kernels: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// The sum for a place, which may lie one step beyond the picture.
fn gather(x: i32, y: i32) -> vec3<f32> {
    var sum = vec3(0.0);
    for (var tap = 0; tap < 9; tap++) {
        let column = x + 1 - tap % 3;
        let row = y + 1 - tap / 3;
        if (column < 0 || row < 0 || column >= i32(work.width) || row >= i32(work.height)) {
            continue;
        }
        let base = (u32(row) * work.width + u32(column)) * work.quads;
        var weights = u32(tap) * work.quads * 3u;
        for (var quad = 0u; quad < work.quads; quad++) {
            let by = derivative[base + quad];
            sum += vec3(dot(by, kernels[weights]), dot(by, kernels[weights + 1u]), dot(by, kernels[weights + 2u]));
            weights += 3u;
        }
    }
    return sum;
}

// Whether the place beyond an end reads position `at`.
fn reads(side: u32, at: i32, nearest: i32, opposite: i32) -> bool {
    return (side == 1u && at == nearest) || (side == 2u && at == opposite);
}

fn gather_row(x: i32, y: i32) -> vec3<f32> {
    let last = i32(work.width) - 1;
    var sum = gather(x, y);
    if (reads(side(work.sides, 0u), x, 0, last)) {
        sum += gather(-1, y);
    }
    if (reads(side(work.sides, 1u), x, last, 0)) {
        sum += gather(last + 1, y);
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let area = work.width * work.height;
    if (at >= area) {
        return;
    }
    let x = i32(at % work.width);
    let y = i32(at / work.width);
    let last = i32(work.height) - 1;
    var sum = gather_row(x, y);
    if (reads(side(work.sides, 2u), y, 0, last)) {
        sum += gather_row(x, -1);
    }
    if (reads(side(work.sides, 3u), y, last, 0)) {
        sum += gather_row(x, last + 1);
    }
    output[at] = sum.x;
    output[area + at] = sum.y;
    output[2u * area + at] = sum.z;
}
