// Ties the derivatives along one axis: a pixel and its mirror images in the margin get the mean of theirs. Pictures are
// more than three margins long, so that a pixel has at most one image at each end.

struct Work {
    count: u32,
    length: u32,     // of the axis
    stride: u32,     // between two neighbours along the axis
    margin: u32,
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> given: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.count) {
        return;
    }
    let place = (at / work.stride) % work.length;
    let line = at - place * work.stride;
    let last = work.length - 1u;
    let twice = 2u * work.margin;
    // The place that is mirrored, or the place itself.
    var home = place;
    if (place < work.margin) {
        home = twice - place;
    } else if (place > last - work.margin) {
        home = 2u * last - twice - place;
    }
    var sum = given[line + home * work.stride];
    var images = 1.0;
    if (home > work.margin && home <= twice) {
        sum += given[line + (twice - home) * work.stride];
        images += 1.0;
    }
    let behind = last - home;
    if (behind > work.margin && behind <= twice) {
        sum += given[line + (last - (twice - behind)) * work.stride];
        images += 1.0;
    }
    output[at] = sum / images;
}
