// Transforms 36 sums of each tile and output back to 4x4 values, and finishes them as `convolve.wgsl` does.

struct Work {
    width: u32,
    height: u32,
    channels: u32,   // values of a position
    across: u32,     // tiles in a row
    first: u32,      // first tile
    tiles: u32,      // tiles that are transformed
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
// The bias of each output; backward the derivatives at the tap below.
@group(0) @binding(2) var<storage, read> added: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

const FORWARD = 0u;
const PLAIN = 1u;
const MASKED = 2u;
const MASKED_WITH_TAP = 3u;
override mode: u32 = 0u;

fn finish(x: u32, y: u32, channel: u32, sum: f32) {
    if (x >= work.width || y >= work.height) {
        return;
    }
    let at = (y * work.width + x) * work.channels + channel;
    if (mode == FORWARD) {
        // Not `max`: what is not a number must stay so, for the loss to show it.
        let value = sum + added[channel];
        output[at] = select(value, 0.0, value < 0.0);
    } else if (mode == PLAIN) {
        output[at] = sum;
    } else if (mode == MASKED) {
        output[at] = select(0.0, sum, output[at] > 0.0);
    } else {
        output[at] = select(0.0, sum + added[at], output[at] > 0.0);
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let tile = at / work.channels;
    let channel = at % work.channels;
    if (tile >= work.tiles) {
        return;
    }
    var lines: array<vec4<f32>, 6>;
    for (var j = 0u; j < 6u; j++) {
        var line: array<f32, 6>;
        for (var i = 0u; i < 6u; i++) {
            line[i] = sums[((6u * i + j) * work.tiles + tile) * work.channels + channel];
        }
        lines[j] = output_line(line);
    }
    let left = 4u * ((work.first + tile) % work.across);
    let top = 4u * ((work.first + tile) / work.across);
    for (var i = 0u; i < 4u; i++) {
        let line = output_line(array(
            lines[0][i], lines[1][i], lines[2][i], lines[3][i], lines[4][i], lines[5][i],
        ));
        for (var j = 0u; j < 4u; j++) {
            finish(left + j, top + i, channel, line[j]);
        }
    }
}
