// The product of two small square matrices, each of which may be transposed. A workgroup computes 16 x 16 sums, sixteen
// terms at a time.

struct Work {
    side: u32,       // a multiple of sixteen
    left_turned: u32,
    right_turned: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(1) var<storage, read> left_matrix: array<f32>;
@group(0) @binding(2) var<storage, read> right_matrix: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

var<workgroup> left: array<f32, 256>;
var<workgroup> right: array<f32, 256>;

fn place(row: u32, column: u32, turned: u32) -> u32 {
    return select(row * work.side + column, column * work.side + row, turned != 0u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let row = thread / 4u;
    let column = 4u * (thread % 4u);
    var sum = vec4(0.0);
    for (var base = 0u; base < work.side; base += 16u) {
        for (var i = thread; i < 256u; i += 64u) {
            let a = i / 16u;
            let b = i % 16u;
            left[i] = left_matrix[place(16u * group.y + a, base + b, work.left_turned)];
            right[i] = right_matrix[place(base + a, 16u * group.x + b, work.right_turned)];
        }
        workgroupBarrier();
        for (var k = 0u; k < 16u; k++) {
            let at = 16u * k + column;
            sum = fma(vec4(left[16u * row + k]), vec4(right[at], right[at + 1u], right[at + 2u], right[at + 3u]), sum);
        }
        workgroupBarrier();
    }
    let to = (16u * group.y + row) * work.side + 16u * group.x + column;
    for (var i = 0u; i < 4u; i++) {
        output[to + i] = sum[i];
    }
}
