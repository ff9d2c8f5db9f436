// Transforms 36 sums of each tile and output back to 4x4 values. The last step of each is `finished`, as in
// `convolve.wgsl`. The file beside it defines `unscaled`, which takes the scales of tiles and kernels back.

struct Work {
    width: u32,
    height: u32,
    channels: u32,   // values of a position
    across: u32,     // tiles in a row
    first: u32,      // first tile
    tiles: u32,      // tiles that are transformed
    rows: u32,       // rows of each matrix that is read
    columns: u32,    // values of a row
    per_row: u32,
    factor: f32,     // what takes the scale of the kernels back
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(2) var<storage, read> sums: array<f32>;

alias Value = f32;

fn finish(x: u32, y: u32, channel: u32, sum: f32) {
    if (x >= work.width || y >= work.height) {
        return;
    }
    let at = (y * work.width + x) * work.channels + channel;
    output[at] = finished(at, channel, sum);
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
            line[i] = sums[((6u * i + j) * work.rows + tile) * work.columns + channel];
        }
        lines[j] = output_line(line);
    }
    let left = 4u * ((work.first + tile) % work.across);
    let top = 4u * ((work.first + tile) / work.across);
    for (var i = 0u; i < 4u; i++) {
        let line = unscaled(tile, output_line(array(
            lines[0][i], lines[1][i], lines[2][i], lines[3][i], lines[4][i], lines[5][i],
        )));
        for (var j = 0u; j < 4u; j++) {
            finish(left + j, top + i, channel, line[j]);
        }
    }
}
