// Sums the pairs that begin at each pixel: across, down, and along both diagonals. One sum for each workgroup; the host
// adds them in double precision.

@group(0) @binding(1) var<storage, read> picture: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

// Values of a thread.
const EACH = 16u;

var<workgroup> parts: array<f32, 64>;

fn pairs(at: u32) -> f32 {
    let area = work.width * work.height;
    let x = at % work.width;
    let y = (at % area) / work.width;
    let right = x + 1u < work.width;
    let below = y + 1u < work.height;
    let own = picture[at];
    var sum = 0.0;
    if (right) {
        sum += along(y, work.height - 1u) * worth(picture[at + 1u] - own);
    }
    if (below) {
        sum += along(x, work.width - 1u) * worth(picture[at + work.width] - own);
    }
    if (right && below) {
        let falling = worth(picture[at + work.width + 1u] - own);
        let rising = worth(picture[at + work.width] - picture[at + 1u]);
        sum += work.diagonal * (falling + rising);
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let index = group.y * work.per_row + group.x;
    let count = 3u * work.width * work.height;
    var sum = 0.0;
    for (var i = 0u; i < EACH; i++) {
        let at = (index * EACH + i) * 64u + thread;
        if (at < count) {
            sum += pairs(at);
        }
    }
    parts[thread] = sum;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) {
            parts[thread] += parts[thread + half];
        }
    }
    if (thread == 0u && index < (count + 64u * EACH - 1u) / (64u * EACH)) {
        output[index] = parts[0];
    }
}
