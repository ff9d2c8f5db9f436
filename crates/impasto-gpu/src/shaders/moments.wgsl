// Sums of w f and w f f^T over a chunk of positions, for a pair of blocks of 64 channels. The product is symmetric, so
// only pairs with the second block not before the first are computed.
//
// Sums have two stages, 64 positions each before the next, so that thousands of roundings do not add up: on flat
// pictures they would all go one way.

struct Work {
    quads: u32,      // of a position
    blocks: u32,     // blocks of 64 channels
    count: u32,      // positions
    chunk: u32,      // positions of a chunk
    weighted: u32,
    first: u32,      // first chunk
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> features: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
// For each chunk and pair: 64 rows of 16 quads, and 16 quads of sums of w f.
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

const RECORD = 1040u;

var<private> totals: array<vec4<f32>, 16>;

// Written out, because registers cannot be indexed.
fn add_up() {
    totals[0] += sums[0];
    sums[0] = vec4(0.0);
    totals[1] += sums[1];
    sums[1] = vec4(0.0);
    totals[2] += sums[2];
    sums[2] = vec4(0.0);
    totals[3] += sums[3];
    sums[3] = vec4(0.0);
    totals[4] += sums[4];
    sums[4] = vec4(0.0);
    totals[5] += sums[5];
    sums[5] = vec4(0.0);
    totals[6] += sums[6];
    sums[6] = vec4(0.0);
    totals[7] += sums[7];
    sums[7] = vec4(0.0);
    totals[8] += sums[8];
    sums[8] = vec4(0.0);
    totals[9] += sums[9];
    sums[9] = vec4(0.0);
    totals[10] += sums[10];
    sums[10] = vec4(0.0);
    totals[11] += sums[11];
    sums[11] = vec4(0.0);
    totals[12] += sums[12];
    sums[12] = vec4(0.0);
    totals[13] += sums[13];
    sums[13] = vec4(0.0);
    totals[14] += sums[14];
    sums[14] = vec4(0.0);
    totals[15] += sums[15];
    sums[15] = vec4(0.0);
}

fn keep(at: u32, even: vec4<f32>, odd: vec4<f32>) {
    partial[at] = even;
    partial[at + 8u] = odd;
}

fn load(position: u32, end: u32, quad: u32) -> vec4<f32> {
    if (position >= end || quad >= work.quads) {
        return vec4(0.0);
    }
    return features[position * work.quads + quad];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    var row = 0u;
    var column = group.y;
    while (column >= work.blocks - row) {
        column -= work.blocks - row;
        row++;
    }
    column += row;
    let chunk = work.first + group.x;
    let start = chunk * work.chunk;
    let end = min(start + work.chunk, work.count);
    let down = thread / 8u;
    let across = thread % 8u;
    var first = vec4(0.0);
    var first_total = vec4(0.0);
    for (var base = start; base < end; base += TERMS) {
        for (var i = thread; i < 256u; i += 64u) {
            let position = base + i / QUADS;
            let value = load(position, end, QUADS * row + i % QUADS);
            var weight = 1.0;
            if (work.weighted != 0u && position < end) {
                weight = weights[position];
            }
            left[i] = weight * value;
            right[i] = load(position, end, QUADS * column + i % QUADS);
        }
        workgroupBarrier();
        multiply(down, across);
        if (row == column && thread < QUADS) {
            for (var k = 0u; k < TERMS; k++) {
                first += left[k * QUADS + thread];
            }
        }
        if ((base - start) % 64u == 48u || base + TERMS >= end) {
            add_up();
            first_total += first;
            first = vec4(0.0);
        }
        workgroupBarrier();
    }
    let pairs = work.blocks * (work.blocks + 1u) / 2u;
    let to = (chunk * pairs + group.y) * RECORD;
    keep(to + row_of(0u, down) * QUADS + across, totals[0], totals[1]);
    keep(to + row_of(1u, down) * QUADS + across, totals[2], totals[3]);
    keep(to + row_of(2u, down) * QUADS + across, totals[4], totals[5]);
    keep(to + row_of(3u, down) * QUADS + across, totals[6], totals[7]);
    keep(to + row_of(4u, down) * QUADS + across, totals[8], totals[9]);
    keep(to + row_of(5u, down) * QUADS + across, totals[10], totals[11]);
    keep(to + row_of(6u, down) * QUADS + across, totals[12], totals[13]);
    keep(to + row_of(7u, down) * QUADS + across, totals[14], totals[15]);
    if (thread < QUADS) {
        partial[to + 1024u + thread] = first_total;
    }
}
