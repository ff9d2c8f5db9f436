// Hands the sums of a thread (tile.wgsl) to `finish`, which the kernel defines: it takes a row, a quad of columns and
// their sums. Written out, because registers cannot be indexed.
fn finish_tile(start: u32, column: u32, down: u32, across: u32) {
    finish(start + row_of(0u, down), column + across, sums[0]);
    finish(start + row_of(0u, down), column + 8u + across, sums[1]);
    finish(start + row_of(1u, down), column + across, sums[2]);
    finish(start + row_of(1u, down), column + 8u + across, sums[3]);
    finish(start + row_of(2u, down), column + across, sums[4]);
    finish(start + row_of(2u, down), column + 8u + across, sums[5]);
    finish(start + row_of(3u, down), column + across, sums[6]);
    finish(start + row_of(3u, down), column + 8u + across, sums[7]);
    finish(start + row_of(4u, down), column + across, sums[8]);
    finish(start + row_of(4u, down), column + 8u + across, sums[9]);
    finish(start + row_of(5u, down), column + across, sums[10]);
    finish(start + row_of(5u, down), column + 8u + across, sums[11]);
    finish(start + row_of(6u, down), column + across, sums[12]);
    finish(start + row_of(6u, down), column + 8u + across, sums[13]);
    finish(start + row_of(7u, down), column + across, sums[14]);
    finish(start + row_of(7u, down), column + 8u + across, sums[15]);
}
