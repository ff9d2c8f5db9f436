//! Luma, the input of the structure measures. It uses the weights of BT.601 on encoded values, as the programs do
//! that were published with these measures.

use impasto_image::{Picture, Plane};

/// 0.299 R + 0.587 G + 0.114 B of the encoded values.
pub fn luma(picture: &Picture) -> Plane {
    let (width, height) = picture.size();
    let (r, rest) = picture.rgb().split_at(width * height);
    let (g, b) = rest.split_at(width * height);
    let luma = r.iter().zip(g).zip(b).map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b).collect();
    Plane::new(width, height, luma).expect("of the picture's size")
}

/// The means of 2x2 values; odd last rows and columns are left out. `None` if nothing would be left.
pub(super) fn halved(plane: &Plane) -> Option<Plane> {
    let (width, height) = (plane.width() / 2, plane.height() / 2);
    let at = |x: usize, y: usize| plane.data()[y * plane.width() + x];
    let mean = |x: usize, y: usize| 0.25 * (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1));
    let data = (0..height).flat_map(|y| (0..width).map(move |x| mean(2 * x, 2 * y))).collect();
    Plane::new(width, height, data)
}
