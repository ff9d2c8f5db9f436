// The values that a convolution reads beyond the ends of an axis. A side is 0 (zeros), 1 (the nearest value), 2 (the
// opposite end) or 3 (the mirror image, without the edge itself). Kernels ask for no more than one step beyond the end
// where a side is not 0.

// The position that replaces `at`, or -1 for zero.
fn source(at: i32, last: i32, low: u32, high: u32) -> i32 {
    if (at >= 0 && at <= last) {
        return at;
    }
    let side = select(high, low, at < 0);
    if (side == 0u || at < -1 || at > last + 1) {
        return -1;
    }
    if (side == 3u) {
        return clamp(select(2 * last - at, -at, at < 0), 0, last);
    }
    return select(select(0, last, at < 0), clamp(at, 0, last), side == 1u);
}

// The sides of `sides`, two bits each: low and high end of the columns, then of the rows.
fn side(sides: u32, index: u32) -> u32 {
    return (sides >> (2u * index)) & 3u;
}
