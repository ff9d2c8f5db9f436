// The derivative before a pooling from the one behind it, through the ReLU before the pooling. The features there tell
// how the pooling and the ReLU decided. What comes from a tap there is added. What both are read from, another file
// tells.
//
// A thread takes a window of 2x2. Windows that hang over the end of an odd side have no pooled value.

struct Work {
    width: u32,
    height: u32,
    quads: u32,
    across: u32,     // windows in a row, those that hang over counted
    count: u32,      // windows times quads
    scale: f32,
    tapped: u32,     // whether derivatives at a tap are added
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(2) var<storage, read> pooled: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f32>>;

alias Value = vec4<f32>;

const LARGEST = 0u;
const MEAN = 1u;
override kind: u32 = 0u;

fn finish(at: u32, derivative: vec4<f32>) {
    var sum = derivative;
    if (work.tapped != 0u) {
        sum += from_tap(at);
    }
    output[at] = select(vec4(0.0), sum, feature(at) > vec4(0.0));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = 64u * (group.y * work.per_row + group.x) + thread;
    if (index >= work.count) {
        return;
    }
    let quad = index % work.quads;
    let x = (index / work.quads) % work.across;
    let y = (index / work.quads) / work.across;
    let right = 2u * x + 1u < work.width;
    let below = 2u * y + 1u < work.height;
    let first = (2u * y * work.width + 2u * x) * work.quads + quad;
    let down = work.width * work.quads;
    if (!right || !below) {
        finish(first, vec4(0.0));
        if (right) {
            finish(first + work.quads, vec4(0.0));
        }
        if (below) {
            finish(first + down, vec4(0.0));
        }
        return;
    }
    let by = work.scale * pooled[(y * (work.width / 2u) + x) * work.quads + quad];
    var share: mat4x4<f32>;
    let a = feature(first);
    let b = feature(first + work.quads);
    let c = feature(first + down);
    let d = feature(first + down + work.quads);
    if (kind == LARGEST) {
        // The first of the largest, in reading order.
        var choice = vec4(0u);
        var best = a;
        choice = select(choice, vec4(1u), b > best);
        best = select(best, b, b > best);
        choice = select(choice, vec4(2u), c > best);
        best = select(best, c, c > best);
        choice = select(choice, vec4(3u), d > best);
        for (var i = 0u; i < 4u; i++) {
            share[i] = select(vec4(0.0), by, choice == vec4(i));
        }
    } else if (kind == MEAN) {
        share = mat4x4(0.25 * by, 0.25 * by, 0.25 * by, 0.25 * by);
    } else {
        let root = sqrt(a * a + b * b + c * c + d * d);
        let each = select(vec4(0.0), by / root, root > vec4(0.0));
        share = mat4x4(each * a, each * b, each * c, each * d);
    }
    finish(first, share[0]);
    finish(first + work.quads, share[1]);
    finish(first + down, share[2]);
    finish(first + down + work.quads, share[3]);
}
