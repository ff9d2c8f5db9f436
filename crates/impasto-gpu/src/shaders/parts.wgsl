// A number as two of half precision (Ootomo and Yokota, 2022, arXiv:2203.03341): the nearest one with 11 bits, and 2^11
// times the rest. Together they have 22 bits and more, for any number from 2^-14 to 2^15. A smaller one is all in the
// second part, and is wrong by 2^-25 at most, also on cards that know no numbers below 2^-14.
//
// Bits are rounded here, not by conversions to `f16`: some conversions truncate, and compilers remove a conversion
// there and back, so that the rest is zero. What is not finite stays as it is, for the loss to show it.

const PART = 2048.0;

struct Parts {
    first: f16,
    second: f16,
}

fn rounded(value: f32) -> f32 {
    let bits = bitcast<u32>(value);
    let finite = (bits & 0x7f800000u) != 0x7f800000u;
    return bitcast<f32>(select(bits, (bits + 0x1000u) & 0xffffe000u, finite));
}

fn parts(value: f32) -> Parts {
    let first = select(0.0, rounded(value), abs(value) >= 6.103515625e-5);
    return Parts(f16(first), f16(rounded((value - first) * PART)));
}
