// Winograd's F(4x4, 3x3): a tile of 4x4 outputs from 6x6 inputs by 36 products instead of 144 (Lavin and Gray, 2015,
// arXiv:1509.09308). Here are the three transforms of one line. The points are 0, +-3/2, +-2/3 and infinity, as in the
// CPU engine, where their error is explained.

const A = 1.5;
const B = 0.6666666666666666;
const A2 = 2.25;
const B2 = 0.4444444444444444;
const BOTH = 2.6944444444444446;     // A2 + B2
const B3 = 0.2962962962962963;
const SCALE = 0.27692307692307694;   // 1 / (2 (A2 - B2))

// G: three weights to six points.
fn weight_line(g: vec3<f32>) -> array<f32, 6> {
    let even = SCALE * fma(A2, g.z, g.x);
    let inverse = SCALE * fma(A2, g.x, g.z);
    let odd = SCALE * A * g.y;
    return array(g.x, even + odd, even - odd, inverse + odd, inverse - odd, g.z);
}

// B^T: six values to six points.
fn input_line(d: array<f32, 6>) -> array<f32, 6> {
    let even = fma(-B2, d[2], d[4]);
    let odd = fma(A, d[3], -B * d[1]);
    let even_inverse = fma(-A2, d[2], d[4]);
    let odd_inverse = fma(B, d[3], -A * d[1]);
    return array(
        fma(-BOTH, d[2], d[0]) + d[4],
        even + odd,
        even - odd,
        even_inverse + odd_inverse,
        even_inverse - odd_inverse,
        fma(-BOTH, d[3], d[1]) + d[5],
    );
}

// A^T: six points to four values.
fn output_line(m: array<f32, 6>) -> vec4<f32> {
    let even = m[1] + m[2];
    let odd = m[1] - m[2];
    let even_inverse = m[3] + m[4];
    let odd_inverse = m[3] - m[4];
    return vec4(
        fma(B2, even, m[0]) - even_inverse,
        B * (odd - odd_inverse),
        fma(-B2, even_inverse, even),
        fma(A, odd, fma(-B3, odd_inverse, m[5])),
    );
}
