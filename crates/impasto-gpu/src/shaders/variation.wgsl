// Total variation as a sum over pairs of neighbouring pixels, of squares or absolute values of their differences. The
// forms differ in the weights of the pairs.

struct Work {
    width: u32,
    height: u32,
    per_row: u32,
    absolute: u32,     // whether values are absolute differences, and not squares
    ends: u32,         // whether pairs of the last row and of the last column count
    factor: f32,       // of pairs across and down
    diagonal: f32,     // of diagonal pairs; those along the edges count twice more
    weight: f32,       // of the term, in a derivative
}

@group(0) @binding(0) var<uniform> work: Work;

// Weight of the pairs across in row `y`, and of those down in column `x`.
fn along(at: u32, last: u32) -> f32 {
    if (work.ends == 0u && at == last) {
        return 0.0;
    }
    let edges = f32(at == 0u) + f32(at == last);
    return work.factor + 2.0 * work.diagonal * edges;
}

fn worth(difference: f32) -> f32 {
    return select(difference * difference, abs(difference), work.absolute != 0u);
}

// The derivative of a pair's worth by the pixel whose value minus the other's is the difference.
fn slope(difference: f32) -> f32 {
    return select(2.0 * difference, sign(difference), work.absolute != 0u);
}
