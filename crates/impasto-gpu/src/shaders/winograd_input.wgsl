// Transforms tiles of 6x6 inputs, which overlap by two: 36 values for each tile and channel. A thread takes one channel
// of one tile, so that neighbouring threads read and write neighbouring values.

struct Work {
    width: u32,
    height: u32,
    channels: u32,   // values of a position
    across: u32,     // tiles in a row
    first: u32,      // first tile
    tiles: u32,      // tiles that are transformed
    sides: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let tile = at / work.channels;
    let channel = at % work.channels;
    if (tile >= work.tiles) {
        return;
    }
    let left = 4 * i32((work.first + tile) % work.across) - 1;
    let top = 4 * i32((work.first + tile) / work.across) - 1;
    var rows: array<i32, 6>;
    for (var i = 0; i < 6; i++) {
        rows[i] = source(top + i, i32(work.height) - 1, side(work.sides, 2u), side(work.sides, 3u));
    }
    var lines: array<array<f32, 6>, 6>;
    for (var j = 0; j < 6; j++) {
        let column = source(left + j, i32(work.width) - 1, side(work.sides, 0u), side(work.sides, 1u));
        var line: array<f32, 6>;
        for (var i = 0; i < 6; i++) {
            line[i] = 0.0;
            if (column >= 0 && rows[i] >= 0) {
                line[i] = input[(u32(rows[i]) * work.width + u32(column)) * work.channels + channel];
            }
        }
        lines[j] = input_line(line);
    }
    for (var i = 0u; i < 6u; i++) {
        let line = input_line(array(
            lines[0][i], lines[1][i], lines[2][i], lines[3][i], lines[4][i], lines[5][i],
        ));
        for (var j = 0u; j < 6u; j++) {
            output[((6u * i + j) * work.tiles + tile) * work.channels + channel] = line[j];
        }
    }
}
