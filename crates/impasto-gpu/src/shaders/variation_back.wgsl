// Adds the derivative of a total variation by each pixel: from its eight pairs.

@group(0) @binding(1) var<storage, read> picture: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    let area = work.width * work.height;
    if (at >= 3u * area) {
        return;
    }
    let x = at % work.width;
    let y = (at % area) / work.width;
    let last_x = work.width - 1u;
    let last_y = work.height - 1u;
    let own = picture[at];
    var across = 0.0;
    var down = 0.0;
    var diagonal = 0.0;
    if (x > 0u) {
        across += slope(own - picture[at - 1u]);
    }
    if (x < last_x) {
        across += slope(own - picture[at + 1u]);
    }
    if (y > 0u) {
        down += slope(own - picture[at - work.width]);
    }
    if (y < last_y) {
        down += slope(own - picture[at + work.width]);
    }
    if (work.diagonal != 0.0) {
        if (y > 0u && x > 0u) {
            diagonal += slope(own - picture[at - work.width - 1u]);
        }
        if (y > 0u && x < last_x) {
            diagonal += slope(own - picture[at - work.width + 1u]);
        }
        if (y < last_y && x > 0u) {
            diagonal += slope(own - picture[at + work.width - 1u]);
        }
        if (y < last_y && x < last_x) {
            diagonal += slope(own - picture[at + work.width + 1u]);
        }
    }
    let sum = along(y, last_y) * across + along(x, last_x) * down + work.diagonal * diagonal;
    gradient[at] += work.weight * sum;
}
