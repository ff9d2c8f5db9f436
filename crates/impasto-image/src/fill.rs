//! Gives invisible pixels a colour. The colours that programs leave under transparency are arbitrary (often black), and
//! would show at the edges of visible areas.
//!
//! Visible colours spread outwards by pull-push (Gortler et al., "The lumigraph", 1996, section 3.4.2): averages of
//! visible colours over ever larger squares fill invisible pixels, the smallest square first.

/// Every pixel is fully transparent.
#[derive(Debug)]
pub(crate) struct NothingVisible;

/// Colours times their weights, and the weights, at one resolution.
struct Level {
    width: usize,
    height: usize,
    /// Three planes of colours, one of weights.
    planes: [Vec<f32>; 4],
}

/// Gives fully transparent pixels of planes `[3, height, width]` the colours of their surroundings.
pub(crate) fn fill(rgb: &mut [f32], alpha: &[f32], width: usize) -> Result<(), NothingVisible> {
    let area = alpha.len();
    if alpha.iter().all(|&weight| weight <= 0.0) {
        return Err(NothingVisible);
    }
    if alpha.iter().all(|&weight| weight > 0.0) {
        return Ok(());
    }
    // The first level has half the size, because a level of the picture's own size would be large.
    let mut levels = vec![Level::half_of(rgb, alpha, width)];
    while let Some(last) = levels.last().filter(|last| last.width.max(last.height) > 1) {
        let next = last.halved();
        levels.push(next);
    }
    let mut finest = levels.pop().ok_or(NothingVisible)?;
    finest.normalise();
    while let Some(mut level) = levels.pop() {
        level.normalise();
        level.fill_from(&finest);
        finest = level;
    }
    for (plane, coarse) in rgb.chunks_exact_mut(area).zip(&finest.planes) {
        for (at, value) in plane.iter_mut().enumerate().filter(|(at, _)| alpha[*at] <= 0.0) {
            *value = coarse[at / width / 2 * finest.width + at % width / 2];
        }
    }
    Ok(())
}

impl Level {
    /// The level at half size, from planes `[3, height, width]` and their weights.
    fn half_of(rgb: &[f32], alpha: &[f32], width: usize) -> Level {
        let area = alpha.len();
        let halve = |plane: usize| {
            let colours = rgb.get(plane * area..(plane + 1) * area);
            sums(width, (0..area).map(|at| alpha[at].max(0.0) * colours.map_or(1.0, |colours| colours[at])))
        };
        Level {
            width: width.div_ceil(2),
            height: (area / width).div_ceil(2),
            // The fourth plane holds the weights.
            planes: [0, 1, 2, 3].map(halve),
        }
    }

    fn halved(&self) -> Level {
        Level {
            width: self.width.div_ceil(2),
            height: self.height.div_ceil(2),
            planes: self.planes.each_ref().map(|plane| sums(self.width, plane.iter().copied())),
        }
    }

    /// Colours from their weighted sums.
    fn normalise(&mut self) {
        let [r, g, b, weights] = &mut self.planes;
        for plane in [r, g, b] {
            for (value, weight) in plane.iter_mut().zip(&*weights).filter(|(_, weight)| **weight > 0.0) {
                *value /= weight;
            }
        }
    }

    /// Fills invisible places with the coarser level's colours.
    fn fill_from(&mut self, coarse: &Level) {
        let [r, g, b, weights] = &mut self.planes;
        for (plane, coarse_plane) in [r, g, b].into_iter().zip(&coarse.planes) {
            for (at, value) in plane.iter_mut().enumerate().filter(|(at, _)| weights[*at] <= 0.0) {
                *value = coarse_plane[at / self.width / 2 * coarse.width + at % self.width / 2];
            }
        }
    }
}

/// Sums over 2x2 squares of values in rows of `width`.
fn sums(width: usize, values: impl ExactSizeIterator<Item = f32>) -> Vec<f32> {
    let half = width.div_ceil(2);
    let mut sums = vec![0.0; half * (values.len() / width).div_ceil(2)];
    let (mut row, mut x) = (0, 0);
    for value in values {
        sums[row / 2 * half + x / 2] += value;
        x += 1;
        if x == width {
            (row, x) = (row + 1, 0);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_takes_the_colours_around_it() {
        let width = 8;
        // Red on the left, blue on the right, and transparent white between.
        let at = |x: usize| {
            if x < 2 {
                [1.0, 0.0, 0.0]
            } else if x < 6 {
                [1.0; 3]
            } else {
                [0.0, 0.0, 1.0]
            }
        };
        let mut rgb: Vec<f32> =
            (0..3).flat_map(|channel| (0..5 * width).map(move |i| at(i % width)[channel])).collect();
        let alpha: Vec<f32> =
            (0..5 * width).map(|i| if (2..6).contains(&(i % width)) { 0.0 } else { 0.5 }).collect();
        let before = rgb.clone();
        fill(&mut rgb, &alpha, width).unwrap();
        for y in 0..5 {
            let pixel = |x: usize| [0, 1, 2].map(|channel| rgb[channel * 5 * width + y * width + x]);
            assert_eq!((pixel(3), pixel(4)), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]), "row {y}");
            assert_eq!((pixel(0), pixel(7)), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]), "what is seen stays");
        }
        fill(&mut rgb, &vec![1.0; 5 * width], width).unwrap();
        assert_ne!(rgb, before);
        assert!(fill(&mut rgb, &vec![0.0; 5 * width], width).is_err());
    }
}
