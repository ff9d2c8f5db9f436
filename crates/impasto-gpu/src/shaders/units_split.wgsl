// Products of numbers in two parts of half precision (parts.wgsl), with sums in single precision. What the second parts
// add has sums of its own, and the product of two second parts is too small to count.
//
// Some units truncate their sums. So a unit adds only the terms of one step, and the kernel adds the steps, as in the
// paper.

@group(0) @binding(1) var<storage, read> left: array<f16>;
@group(0) @binding(2) var<storage, read> right: array<f16>;

const BLOCK = 2u * SIDE;

fn multiply(point: u32, row: u32, column: u32) {
    let zero = coopLoadT<Sum>(&zeros[0], SIDE);
    var sum00 = zero;
    var sum01 = zero;
    var sum10 = zero;
    var sum11 = zero;
    var rest00 = zero;
    var rest01 = zero;
    var rest10 = zero;
    var rest11 = zero;
    let below = 2u * SIDE * work.terms;
    let second = work.terms * work.columns;
    var a = 2u * (point * work.rows + row) * work.terms;
    var b = 2u * point * second + column;
    for (var term = 0u; term < work.terms; term += SIDE) {
        let a0 = coopLoadT<Left>(&left[a], 2u * work.terms);
        let a1 = coopLoadT<Left>(&left[a + below], 2u * work.terms);
        let b0 = coopLoadT<Right>(&right[b], work.columns);
        let b1 = coopLoadT<Right>(&right[b + SIDE], work.columns);
        let c0 = coopLoadT<Left>(&left[a + work.terms], 2u * work.terms);
        let c1 = coopLoadT<Left>(&left[a + work.terms + below], 2u * work.terms);
        let d0 = coopLoadT<Right>(&right[b + second], work.columns);
        let d1 = coopLoadT<Right>(&right[b + second + SIDE], work.columns);
        sum00 = sum00 + coopMultiplyAdd(a0, b0, zero);
        sum01 = sum01 + coopMultiplyAdd(a0, b1, zero);
        sum10 = sum10 + coopMultiplyAdd(a1, b0, zero);
        sum11 = sum11 + coopMultiplyAdd(a1, b1, zero);
        rest00 = coopMultiplyAdd(c0, b0, coopMultiplyAdd(a0, d0, rest00));
        rest01 = coopMultiplyAdd(c0, b1, coopMultiplyAdd(a0, d1, rest01));
        rest10 = coopMultiplyAdd(c1, b0, coopMultiplyAdd(a1, d0, rest10));
        rest11 = coopMultiplyAdd(c1, b1, coopMultiplyAdd(a1, d1, rest11));
        a += SIDE;
        b += SIDE * work.columns;
    }
    // naga 30 does not emit an expression that stands only in the call, so each stored value has a name.
    let width = work.columns;
    let to = (point * work.rows + row) * width + column;
    let beside = to + SIDE;
    let next = to + SIDE * width;
    let last = next + SIDE;
    let whole00 = sum00 + rest00 * (1.0 / PART);
    let whole01 = sum01 + rest01 * (1.0 / PART);
    let whole10 = sum10 + rest10 * (1.0 / PART);
    let whole11 = sum11 + rest11 * (1.0 / PART);
    coopStoreT(whole00, &output[to], width);
    coopStoreT(whole01, &output[beside], width);
    coopStoreT(whole10, &output[next], width);
    coopStoreT(whole11, &output[last], width);
}
