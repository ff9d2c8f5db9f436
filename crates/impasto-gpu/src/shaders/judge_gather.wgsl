// The mean moments of a region from its sums, as one square matrix: E[f f^T], and E[f] as one more row and column. So
// two products with a metric map both.

struct Work {
    channels: u32,
    side: u32,       // of the square
    blocks: u32,     // blocks of 64 channels
    start: u32,      // first number of the region's records (moments.wgsl)
    second: f32,     // factor from sums of w f f^T to their means
    first: f32,      // factor from sums of w f to their means
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> square: array<f32>;

// Numbers of a record.
const RECORD = 4160u;

// The record of a pair of blocks; the second is not before the first.
fn record(row: u32, column: u32) -> u32 {
    return work.start + RECORD * (row * (2u * work.blocks - row + 1u) / 2u + column - row);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.side * work.side) {
        return;
    }
    // Both halves of the matrix are the upper one.
    let i = min(at / work.side, at % work.side);
    let j = max(at / work.side, at % work.side);
    var value = 0.0;
    if (j < work.channels) {
        value = work.second * sums[record(i / 64u, j / 64u) + 64u * (i % 64u) + j % 64u];
    } else if (j == work.channels && i < work.channels) {
        value = work.first * sums[record(i / 64u, i / 64u) + 4096u + i % 64u];
    }
    square[at] = value;
}
