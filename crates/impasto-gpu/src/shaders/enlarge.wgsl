// Enlarges a map twofold: each value is partly the nearest one, for the rest bilinear. Each value lies in the middle of
// the four that it becomes; beyond an edge the edge's own value is used.

struct Work {
    width: u32,      // of the input
    height: u32,
    quads: u32,
    count: u32,      // quads of the output
    nearest: f32,    // the part of the nearest value
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

// The farther of the two places that a place of the output lies between. The nearer one is half of it.
fn far(at: u32, length: u32) -> u32 {
    let near = at / 2u;
    return select(max(near, 1u) - 1u, min(near + 1u, length - 1u), at % 2u == 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count) {
        return;
    }
    let quad = at % work.quads;
    let x = (at / work.quads) % (2u * work.width);
    let y = (at / work.quads) / (2u * work.width);
    let column = vec2(x / 2u, far(x, work.width));
    let row = vec2(y / 2u, far(y, work.height)) * work.width;
    let blended = 1.0 - work.nearest;
    output[at] = (work.nearest + 0.5625 * blended) * input[(row.x + column.x) * work.quads + quad]
        + 0.1875 * blended * input[(row.x + column.y) * work.quads + quad]
        + 0.1875 * blended * input[(row.y + column.x) * work.quads + quad]
        + 0.0625 * blended * input[(row.y + column.y) * work.quads + quad];
}
