// Transformed tiles in single precision. A thread takes one channel of one tile, so that neighbouring threads read and
// write neighbouring values.

@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn put(point: u32, tile: u32, term: u32, value: f32) {
    output[(point * work.rows + tile) * work.terms + term] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let tile = at / work.terms;
    let term = at % work.terms;
    if (tile >= work.tiles) {
        return;
    }
    if (term >= work.channels) {
        pad(tile, term);
        return;
    }
    find(tile);
    transform(tile, term);
}
