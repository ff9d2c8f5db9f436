// Sums of w (f - f*)^2, one for each workgroup; the host adds them in double precision.

struct Work {
    quads: u32,      // of a position
    count: u32,      // quads in all
    weighted: u32,
    to: u32,         // first sum of the output
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> features: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> aims: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// Quads of a workgroup.
const SHARE = 8192u;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let end = min((group.x + 1u) * SHARE, work.count);
    var total = 0.0;
    for (var base = group.x * SHARE + thread; base < end; base += 1024u) {
        var sum = 0.0;
        for (var at = base; at < min(base + 1024u, end); at += 64u) {
            let difference = features[at] - aims[at];
            var weight = 1.0;
            if (work.weighted != 0u) {
                weight = weights[at / work.quads];
            }
            sum += weight * dot(difference, difference);
        }
        total += sum;
    }
    parts[thread] = total;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (thread < half) {
            parts[thread] += parts[thread + half];
        }
    }
    if (thread == 0u) {
        output[work.to + group.x] = parts[0];
    }
}
