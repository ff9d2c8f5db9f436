// Transforms tiles of 6x6 inputs, which overlap by two: 36 values for each tile and channel. The file beside it defines
// `put`, which takes them, and `main`.

struct Work {
    width: u32,
    height: u32,
    channels: u32,   // values of a position
    across: u32,     // tiles in a row
    first: u32,      // first tile
    tiles: u32,      // tiles that are transformed
    sides: u32,
    rows: u32,       // rows of each matrix that is written: the tiles, and perhaps some that nothing reads
    terms: u32,      // values of a row: the channels, and perhaps zeros
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> input: array<f32>;

// The rows and columns of the input that a tile reads; negative ones are zeros.
var<private> lines: array<i32, 6>;
var<private> columns: array<i32, 6>;

fn find(tile: u32) {
    let left = 4 * i32((work.first + tile) % work.across) - 1;
    let top = 4 * i32((work.first + tile) / work.across) - 1;
    for (var i = 0; i < 6; i++) {
        lines[i] = source(top + i, i32(work.height) - 1, side(work.sides, 2u), side(work.sides, 3u));
        columns[i] = source(left + i, i32(work.width) - 1, side(work.sides, 0u), side(work.sides, 1u));
    }
}

fn value(line: i32, column: i32, channel: u32) -> f32 {
    if (line < 0 || column < 0) {
        return 0.0;
    }
    return input[(u32(line) * work.width + u32(column)) * work.channels + channel];
}

// Transforms one channel of the tile that was found.
fn transform(tile: u32, channel: u32) {
    var across: array<array<f32, 6>, 6>;
    for (var j = 0; j < 6; j++) {
        var line: array<f32, 6>;
        for (var i = 0; i < 6; i++) {
            line[i] = value(lines[i], columns[j], channel);
        }
        across[j] = input_line(line);
    }
    for (var i = 0u; i < 6u; i++) {
        let line = input_line(array(
            across[0][i], across[1][i], across[2][i], across[3][i], across[4][i], across[5][i],
        ));
        for (var j = 0u; j < 6u; j++) {
            put(6u * i + j, tile, channel, line[j]);
        }
    }
}

// Zeros behind the channels of a tile.
fn pad(tile: u32, term: u32) {
    for (var point = 0u; point < 36u; point++) {
        put(point, tile, term, 0.0);
    }
}
