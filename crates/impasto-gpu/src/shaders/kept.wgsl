// Features in half precision, as they are kept for the way back: numbers of 16 bits, two in a word.
//
// Behind a ReLU nothing is negative, so there is no sign: seven bits are the exponent, nine the fraction. The range,
// from 2^-63 to 2^65, is that of numbers whose squares single precision carries, so no map of any network needs a
// factor. IEEE's binary16 ends at 65504, which features of VGG-19 may exceed. Numbers are rounded to the nearest, here
// and not by `pack2x16float`, which may round as it likes: the error is at most 2^-10.
//
// A number above the range becomes its largest, and one below its smallest: what is positive stays positive, because
// that is how the ReLU decided. What is not a number becomes zero; the sums have shown it before.

// 2^-63 by its bits, without the fourteen that are rounded away.
const LOW = 32768u;
const LARGEST_CODE = 65535u;

fn code(value: vec4<f32>) -> vec4<u32> {
    let bits = bitcast<vec4<u32>>(value);
    let even = (bits >> vec4(14u)) & vec4(1u);
    let rounded = (bits + vec4(0x1fffu) + even) >> vec4(14u);
    let within = clamp(rounded, vec4(LOW + 1u), vec4(LOW + LARGEST_CODE)) - vec4(LOW);
    return select(vec4(0u), within, value > vec4(0.0));
}

fn number(code: u32) -> f32 {
    return select(0.0, bitcast<f32>((code + LOW) << 14u), code > 0u);
}
