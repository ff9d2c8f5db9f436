// The 36 products on matrix units: rows are tiles, terms are input channels, columns are outputs. The third axis of the
// grid is the point. A workgroup has 64 x 64 sums, in square blocks of `BLOCK`; each subgroup takes a block at a time,
// however many threads it has. All matrices are padded, so every block is whole. The file beside it defines `BLOCK`,
// `clear` and `multiply`.

struct Work {
    rows: u32,
    terms: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> work: Work;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

const THREADS = 128u;
const BLOCKS = 64u / BLOCK;

// Zeros to start the sums from. They are loaded, because some backends cannot construct a zero matrix.
var<workgroup> zeros: array<f32, SIDE * SIDE>;

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
) {
    for (var i = thread; i < SIDE * SIDE; i += THREADS) {
        zeros[i] = 0.0;
    }
    workgroupBarrier();
    for (var block = subgroup; block < BLOCKS * BLOCKS; block += subgroups) {
        multiply(group.z, 64u * group.x + BLOCK * (block / BLOCKS), 64u * group.y + BLOCK * (block % BLOCKS));
    }
}
