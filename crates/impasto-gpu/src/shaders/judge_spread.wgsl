// Derivatives by sums, in the layout of tap.wgsl, from those by mean moments: 2 D, then d. Zeros where nothing is
// judged.

struct Work {
    channels: u32,
    side: u32,
    length: u32,     // numbers of a row of the output
    rows: u32,       // rows before that of d
    second: f32,     // factor of D
    first: f32,      // factor of d
    judged: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> by: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let row = at / work.length;
    let column = at % work.length;
    if (row > work.rows) {
        return;
    }
    var value = 0.0;
    if (work.judged != 0u && column < work.channels) {
        if (row == work.rows) {
            value = work.first * by[column * work.side + work.channels];
        } else if (row < work.channels) {
            value = work.second * by[row * work.side + column];
        }
    }
    output[at] = value;
}
