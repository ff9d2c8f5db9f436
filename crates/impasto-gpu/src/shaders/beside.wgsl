// Features are kept in half precision, so the output has room for the derivatives at a tap before.

fn from_tap(at: u32) -> Value {
    return output[at];
}
