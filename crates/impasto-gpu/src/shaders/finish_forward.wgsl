// The last step of a convolution's sums: it adds the bias, and makes negative values zero. A `plain` one is the sum as
// it is: the derivative before a pooling.

@group(0) @binding(1) var<storage, read> bias: array<Value>;

override plain: bool = false;

fn finished(at: u32, channel: u32, sum: Value) -> Value {
    if (plain) {
        return sum;
    }
    // Not `max`: what is not a number must stay so, for the loss to show it.
    let value = sum + bias[channel];
    return select(value, Value(), value < Value());
}
