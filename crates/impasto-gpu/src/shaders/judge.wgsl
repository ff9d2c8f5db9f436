// The loss of mean moments, a part for each channel, and its derivatives by them. A workgroup takes one row.
//
// Moments, aims and derivatives are squares as in judge_gather.wgsl. The aims have their standard deviations in the row
// behind the means. The derivatives have half of that by each mean in its row and half in its column, as a symmetric
// matrix must, so that two products with a metric map them back.

struct Work {
    channels: u32,
    side: u32,
    gram: f32,       // factors of the three sums of squares
    covariance: f32,
    mean_std: f32,
    rounding: f32,   // a variance below this part of E[f^2] counts as 0
    start: u32,      // first part of the output
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> seen: array<f32>;
@group(0) @binding(2) var<storage, read> aims: array<f32>;
@group(0) @binding(3) var<storage, read_write> by: array<f32>;
@group(0) @binding(4) var<storage, read_write> parts: array<f32>;

// For each thread: the part of the loss, and of the derivative by the mean.
var<workgroup> totals: array<vec2<f32>, 64>;

// The loss of a mean and a deviation, its derivative by E[f^2], and the one by the mean.
fn mean_std(row: u32) -> vec3<f32> {
    let square = seen[row * work.side + row];
    let mean = seen[row * work.side + work.channels];
    let away = mean - aims[row * work.side + work.channels];
    let variance = square - mean * mean;
    let deviation = sqrt(select(0.0, variance, variance > work.rounding * square));
    let wide = deviation - aims[(work.channels + 1u) * work.side + row];
    var slope = 0.0;
    if (deviation > 0.0) {
        slope = wide / deviation;
    }
    return work.mean_std * vec3(away * away + wide * wide, slope, 2.0 * (away - slope * mean));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = group.x;
    let start = row * work.side;
    let inside = row < work.channels;
    var total = vec2(0.0);
    for (var column = thread; inside && column < work.channels; column += 64u) {
        let mean = seen[start + work.channels];
        let other = seen[column * work.side + work.channels];
        let aim = aims[start + work.channels] * aims[column * work.side + work.channels];
        let second = seen[start + column] - aims[start + column];
        let spread = (seen[start + column] - mean * other) - (aims[start + column] - aim);
        total.x += work.gram * second * second + work.covariance * spread * spread;
        total.y -= 4.0 * work.covariance * spread * other;
        var value = 2.0 * (work.gram * second + work.covariance * spread);
        if (row == column) {
            let more = mean_std(row);
            total += vec2(more.x, more.z);
            value += more.y;
        }
        by[start + column] = value;
    }
    // Entries outside the moments are zero; the row behind the channels is written below.
    let beyond = select(select(0u, work.channels, row == work.channels), work.channels + 1u, inside);
    for (var column = beyond + thread; column < work.side; column += 64u) {
        by[start + column] = 0.0;
    }
    totals[thread] = total;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) {
            totals[thread] += totals[thread + half];
        }
    }
    if (inside && thread == 0u) {
        parts[work.start + row] = totals[0].x;
        by[start + work.channels] = 0.5 * totals[0].y;
        by[work.channels * work.side + row] = 0.5 * totals[0].y;
    }
}
