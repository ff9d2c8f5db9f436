// Adds the records of all chunks, in a fixed order and in two stages.

struct Work {
    length: u32,     // quads of a record
    chunks: u32,
    to: u32,         // first quad of the output
    per_row: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = 64u * (group.y * work.per_row + group.x) + thread;
    if (at >= work.length) {
        return;
    }
    var total = vec4(0.0);
    for (var base = 0u; base < work.chunks; base += 32u) {
        var sum = vec4(0.0);
        for (var chunk = base; chunk < min(base + 32u, work.chunks); chunk++) {
            sum += partial[chunk * work.length + at];
        }
        total += sum;
    }
    output[work.to + at] = total;
}
