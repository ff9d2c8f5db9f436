// Derivatives take the place of the features. Those at a tap have a buffer of their own.

@group(0) @binding(1) var<storage, read> added: array<Value>;

fn feature(at: u32) -> Value {
    return output[at];
}

fn from_tap(at: u32) -> Value {
    return added[at];
}
