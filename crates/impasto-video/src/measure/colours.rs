//! How far colours have drifted, in ΔE.

use impasto_image::{Picture, curve};

/// Pixels of the side of a cell, whose mean colour is compared.
const CELL: usize = 64;

/// Drift of mean colours, in ΔE of CIE 1976: about 2.3 is just visible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// The mean over the cells.
    pub mean: f64,
    /// The cell that has drifted furthest.
    pub worst: f64,
}

/// Compares the mean light of cells of 64x64 pixels of two pictures, as CIELAB under D65. Texture does not matter.
///
/// # Panics
/// If the pictures differ in size.
pub fn colour_drift(first: &Picture, last: &Picture) -> Drift {
    assert_eq!(first.size(), last.size(), "both frames have one size");
    let (width, height) = first.size();
    let mut drift = Drift { mean: 0.0, worst: 0.0 };
    // A rest of less than half a cell belongs to the cell before it.
    let cells = |length: usize| ((length + CELL / 2) / CELL).max(1);
    for row in 0..cells(height) {
        for column in 0..cells(width) {
            let end = |cell: usize, length: usize| {
                if cell + 1 == cells(length) { length } else { (cell + 1) * CELL }
            };
            let area = [column * CELL, row * CELL, end(column, width), end(row, height)];
            let (a, b) = (lab(mean_light(first, area)), lab(mean_light(last, area)));
            let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            drift.mean += distance / (cells(width) * cells(height)) as f64;
            drift.worst = drift.worst.max(distance);
        }
    }
    drift
}

/// The mean of linear light over `[left, top, right, bottom]`.
fn mean_light(picture: &Picture, [left, top, right, bottom]: [usize; 4]) -> [f64; 3] {
    let (width, area) = (picture.width(), picture.width() * picture.height());
    let count = ((right - left) * (bottom - top)) as f64;
    [0, 1, 2].map(|plane| {
        let rows = (top..bottom).map(|y| &picture.rgb()[plane * area + y * width..][left..right]);
        rows.flatten().map(|value| f64::from(curve::decode(*value))).sum::<f64>() / count
    })
}

/// CIELAB of linear sRGB (IEC 61966-2-1, white D65).
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let xyz = [
        (0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47,
        0.212_672_9 * r + 0.715_152_2 * g + 0.072_175_0 * b,
        (0.019_333_9 * r + 0.119_192_0 * g + 0.950_304_1 * b) / 1.088_83,
    ];
    let [x, y, z] =
        xyz.map(|t| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_have_the_published_coordinates() {
        // scikit-image 0.26, rgb2lab; it rounds the matrix to six digits.
        let published = [
            ([1.0, 0.0, 0.0], [53.2408, 80.0925, 67.2032]),
            ([0.0, 1.0, 0.0], [87.7347, -86.1827, 83.1793]),
            ([0.0, 0.0, 1.0], [32.2970, 79.1875, -107.8602]),
        ];
        for (light, expected) in published {
            let found = lab(light);
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.02),
                "{found:?}, not {expected:?}"
            );
        }
    }

    #[test]
    fn one_cell_that_changes_is_the_worst() {
        let first = Picture::filled(200, 130, [0.5; 3]);
        let mut last = first.clone();
        last.put(&Picture::filled(64, 64, [0.55; 3]), (0, 0));
        let drift = colour_drift(&first, &last);
        // Grey 0.5 has L* 53.389 and 0.55 has 58.346 (scikit-image 0.26); there are 3 x 2 cells.
        assert!((drift.worst - 4.957).abs() < 0.02 && (drift.mean - 4.957 / 6.0).abs() < 0.01, "{drift:?}");
        assert_eq!(colour_drift(&first, &first).worst, 0.0);
    }
}
