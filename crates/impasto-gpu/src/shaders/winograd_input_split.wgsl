// Transformed tiles for matrix units that take half precision: each number in two parts, a row of the first ones and a
// row of the second ones by turns. The range of half precision is small, so each tile has a power of two as its scale,
// by its largest input. `winograd_output_split.wgsl` takes it back. A workgroup takes one tile.

@group(0) @binding(2) var<storage, read_write> output: array<f16>;
// The inverse of each tile's scale.
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;

// Bits of a number that is not negative are in the order of the numbers.
var<workgroup> largest: array<u32, 64>;
var<private> scale: f32;

fn put(point: u32, tile: u32, term: u32, value: f32) {
    let both = parts(scale * value);
    let at = 2u * (point * work.rows + tile) * work.terms + term;
    output[at] = both.first;
    output[at + work.terms] = both.second;
}

fn power(exponent: i32) -> f32 {
    return bitcast<f32>(u32(exponent + 127) << 23u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let tile = group.x;
    find(tile);
    var most = 0u;
    for (var channel = thread; channel < work.channels; channel += 64u) {
        for (var i = 0; i < 6; i++) {
            for (var j = 0; j < 6; j++) {
                most = max(most, bitcast<u32>(abs(value(lines[i], columns[j], channel))));
            }
        }
    }
    largest[thread] = most;
    workgroupBarrier();
    for (var count = 32u; count > 0u; count /= 2u) {
        if (thread < count) {
            largest[thread] = max(largest[thread], largest[thread + count]);
        }
        workgroupBarrier();
    }
    // The largest input comes between 2^9 and 2^10. The transform makes it at most 2^5 times as large.
    let exponent = clamp(9 + 127 - i32(largest[0] >> 23u), -126, 126);
    scale = power(exponent);
    if (thread == 0u) {
        factors[tile] = power(-exponent);
    }
    for (var term = thread; term < work.terms; term += 64u) {
        if (term < work.channels) {
            transform(tile, term);
        } else {
            pad(tile, term);
        }
    }
}
