// The heart of every product: a workgroup of 64 threads computes a tile of 64 x 64 sums.
//
// Both operands pass through workgroup memory, sixteen terms of the sum at a time, as rows of sixteen quads (vec4).
// Each thread holds 8 x 8 sums in registers: rows 4 r .. 4 r + 3 and the same 32 further on, likewise for columns. So
// neighbouring threads read neighbouring quads, and each value read is used eight times.

const TERMS = 16u;
const QUADS = 16u;

var<workgroup> left: array<vec4<f32>, 256>;
var<workgroup> right: array<vec4<f32>, 256>;

// Sums of row i and the column quads `across` (even index) and `across + 8` (odd index), at 2 i and 2 i + 1.
var<private> sums: array<vec4<f32>, 16>;

// Adds the products of the sixteen terms in workgroup memory.
fn multiply(down: u32, across: u32) {
    for (var k = 0u; k < TERMS; k++) {
        let a = left[k * QUADS + down];
        let c = left[k * QUADS + 8u + down];
        let b = right[k * QUADS + across];
        let d = right[k * QUADS + 8u + across];
        sums[0] = fma(vec4(a.x), b, sums[0]);
        sums[1] = fma(vec4(a.x), d, sums[1]);
        sums[2] = fma(vec4(a.y), b, sums[2]);
        sums[3] = fma(vec4(a.y), d, sums[3]);
        sums[4] = fma(vec4(a.z), b, sums[4]);
        sums[5] = fma(vec4(a.z), d, sums[5]);
        sums[6] = fma(vec4(a.w), b, sums[6]);
        sums[7] = fma(vec4(a.w), d, sums[7]);
        sums[8] = fma(vec4(c.x), b, sums[8]);
        sums[9] = fma(vec4(c.x), d, sums[9]);
        sums[10] = fma(vec4(c.y), b, sums[10]);
        sums[11] = fma(vec4(c.y), d, sums[11]);
        sums[12] = fma(vec4(c.z), b, sums[12]);
        sums[13] = fma(vec4(c.z), d, sums[13]);
        sums[14] = fma(vec4(c.w), b, sums[14]);
        sums[15] = fma(vec4(c.w), d, sums[15]);
    }
}

// Row of the tile that holds sums 2 i and 2 i + 1 of a thread.
fn row_of(i: u32, down: u32) -> u32 {
    return 4u * down + (i & 3u) + 32u * (i >> 2u);
}

// Puts four rows of four terms into the left operand, transposed: term `4 t + i` of row `4 rows + j` is `values[j][i]`.
fn place_left(t: u32, rows: u32, values: mat4x4<f32>) {
    let turned = transpose(values);
    left[(4u * t) * QUADS + rows] = turned[0];
    left[(4u * t + 1u) * QUADS + rows] = turned[1];
    left[(4u * t + 2u) * QUADS + rows] = turned[2];
    left[(4u * t + 3u) * QUADS + rows] = turned[3];
}
