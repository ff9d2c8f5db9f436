//! The target of a frame: the painting before, moved to where things are now.

use impasto_image::{Filter, Picture, resize_plane};

use super::motion::Motion;
use super::planes::{blurred, mean, mixed, smoothstep};
use super::renew::{self, Renewal};
use super::state::State;
use crate::warp;

/// The part of a change of light that the painting follows.
const FOLLOWS: f32 = 0.7;

/// Deviation, in pixels, of the blur of a change of light.
const LIGHT: f32 = 4.0;

/// A change of light below this does not count: it is noise.
const NO_LIGHT: f32 = 1.0 / 255.0;

/// Confidence around a pixel below which less of a change of light is believed.
const UNKNOWN: f32 = 0.1;

/// Confidence at which a pixel is wholly free, and at which it is not free at all.
const FREE: (f32, f32) = (0.02, 0.12);

/// Confidence below which a pixel is not held, and above which it is held wholly. Confidence falls off gently, and a
/// pixel that is held by half would move by half.
pub(super) const HELD: (f32, f32) = (0.05, 0.3);

/// Where a frame begins, and how free it is to change.
pub(crate) struct Target {
    /// The painting before, moved.
    pub(crate) picture: Picture,
    /// How far each pixel is held, 0..1.
    pub(crate) held: Vec<f32>,
    /// Which pixels begin anew, 0..1.
    pub(crate) free: Vec<f32>,
    pub(crate) renewal: Renewal,
    /// The light that the painting has got at each pixel.
    pub(crate) light: Vec<f32>,
}

/// The target from the state before. The state's anchor is moved along with it.
pub(crate) fn target(
    state: &mut State,
    motion: &Motion,
    now: &Picture,
    (seconds, life, loose): (f64, Option<f64>, f32),
) -> Target {
    let back = &motion.back;
    let free: Vec<f32> = motion.confidence.iter().map(|c| 1.0 - smoothstep(*c, FREE.0, FREE.1)).collect();
    let renewal = renew::step((&state.age, &state.growth, &state.depth), back, &free, seconds, life);
    let hold =
        |(confidence, renewed): (&f32, &f32)| smoothstep(*confidence, HELD.0, HELD.1) * (1.0 - renewed);
    let held: Vec<f32> = motion.confidence.iter().zip(&renewal.free).map(hold).collect();
    // Paint that follows other styles keeps no detail of an earlier painting.
    let anchored: Vec<f32> = held.iter().map(|held| held * (1.0 - loose)).collect();
    let anchor = state.anchor.clone().moved(back, &anchored);
    let mut picture = anchor.sharpened(&state.painting, back);
    state.anchor = anchor;
    let light = light(&mut picture, &state.reference.input, now, motion);
    let free = free.iter().zip(&renewal.free).map(|(free, renewed)| free.max(*renewed)).collect();
    Target { picture, held, free, renewal, light }
}

/// Adds the change of light between two frames (ReCoNet, Gao et al. 2018, relaxes its loss by the change of luminance):
/// shadows and fades follow the film, and the strokes stay. Returns what was added. Each pixel has the mean of the
/// trusted pixels around it: a lamp that is switched on costs confidence, and a part of it would be lost otherwise.
fn light(picture: &mut Picture, before: &Picture, now: &Picture, motion: &Motion) -> Vec<f32> {
    let (width, area) = (now.width(), motion.confidence.len());
    let luma = |picture: &Picture| -> Vec<f32> {
        let rgb = picture.rgb();
        (0..area).map(|at| 0.2126 * rgb[at] + 0.7152 * rgb[area + at] + 0.0722 * rgb[2 * area + at]).collect()
    };
    let old = luma(before);
    let [old] = warp::planes([&old], &motion.back);
    let change: Vec<f32> =
        luma(now).iter().zip(&old).zip(&motion.confidence).map(|((now, old), c)| c * (now - old)).collect();
    let (change, known) = (blurred(&change, width, LIGHT), blurred(&motion.confidence, width, LIGHT));
    let bound = NO_LIGHT.max(motion.noise * 0.28 / LIGHT);
    let followed = |(change, known): (&f32, &f32)| {
        let change = change / known.max(UNKNOWN);
        FOLLOWS * (change - change.clamp(-bound, bound))
    };
    let light: Vec<f32> = change.iter().zip(&known).map(followed).collect();
    for plane in picture.rgb_mut().chunks_exact_mut(area) {
        plane.iter_mut().zip(&light).for_each(|(value, light)| *value = (*value + light).clamp(0.0, 1.0));
    }
    light
}

/// Fills the free parts: from the draft, or from the frame where there is none, in the colours and the contrast of the
/// painting around them.
pub(crate) fn filled(target: Picture, free: &[f32], now: &Picture, draft: Option<&Picture>) -> Picture {
    if free.iter().all(|free| *free == 0.0) {
        return target;
    }
    let model = modelled(&target, free, draft.unwrap_or(now));
    mixed(target, &model, free)
}

/// A picture of the frame in the painting's colours: around each pixel the painting is `a * picture + b` where it is
/// known (the guided filter of He, Sun and Tang 2010), and so it goes on where it is not. Far from what is known it is
/// the picture itself. The means are taken at a quarter of the size.
fn modelled(target: &Picture, free: &[f32], picture: &Picture) -> Picture {
    /// Deviation of the window in pixels of the quarter.
    const AROUND: f32 = 6.0;
    /// Variance below which a picture counts as flat.
    const FLAT: f32 = 1e-3;
    /// The share of the window that has to be known, from not believed to believed.
    const KNOWN: (f32, f32) = (0.02, 0.15);
    /// The gains that are believed: contrast may be stronger or weaker by this factor.
    const GAIN: f32 = 1.6;
    let size = picture.size();
    let (width, height) = (size.0.div_ceil(4), size.1.div_ceil(4));
    let small = |plane: &[f32]| resize_plane(plane, size, (width, height), Filter::Bilinear);
    let wide = |plane: &[f32]| resize_plane(plane, (width, height), size, Filter::Bilinear);
    let known = small(&free.iter().map(|free| 1.0 - free).collect::<Vec<f32>>());
    let weight = blurred(&known, width, AROUND);
    let average = |values: &dyn Fn(usize) -> f32| -> Vec<f32> {
        let values: Vec<f32> = (0..known.len()).map(|at| known[at] * values(at)).collect();
        blurred(&values, width, AROUND)
            .iter()
            .zip(&weight)
            .map(|(sum, weight)| sum / weight.max(1e-4))
            .collect()
    };
    let area = free.len();
    let mut result = picture.clone();
    for plane in 0..3 {
        let (full, paint) = (&picture.rgb()[plane * area..][..area], &target.rgb()[plane * area..][..area]);
        let (seen, paint) = (small(full), small(paint));
        let (x, y) = (average(&|at| seen[at]), average(&|at| paint[at]));
        let (xx, xy) = (average(&|at| seen[at] * seen[at]), average(&|at| seen[at] * paint[at]));
        let mut model = [vec![0.0; known.len()], vec![0.0; known.len()]];
        for at in 0..known.len() {
            let believed = smoothstep(weight[at], KNOWN.0, KNOWN.1);
            let variance = xx[at] - x[at] * x[at] + FLAT;
            let gain = ((xy[at] - x[at] * y[at] + FLAT) / variance).clamp(1.0 / GAIN, GAIN);
            model[0][at] = 1.0 + believed * (gain - 1.0);
            model[1][at] = believed * (y[at] - gain * x[at]);
        }
        let [gain, offset] = model.map(|plane| wide(&plane));
        for (at, value) in result.rgb_mut()[plane * area..][..area].iter_mut().enumerate() {
            *value = (gain[at] * *value + offset[at]).clamp(0.0, 1.0);
        }
    }
    result
}

/// The share of a frame that the frame before does not show.
pub(crate) fn unseen(held: &[f32]) -> f32 {
    mean(&held.iter().map(|held| if *held < 0.5 { 1.0 } else { 0.0 }).collect::<Vec<f32>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_gets_the_colours_that_the_painting_has_around_it() {
        let size = (90, 60);
        let ramp = |i: usize| (i % size.0) as f32 / size.0 as f32;
        let frame = Picture::new(size.0, size.1, (0..3 * size.0 * size.1).map(ramp).collect()).unwrap();
        // The painting is weaker and lighter than the frame, with a hole in the middle.
        let free: Vec<f32> =
            (0..size.0 * size.1).map(|i| if (35..55).contains(&(i % size.0)) { 1.0 } else { 0.0 }).collect();
        let mut painting = frame.clone();
        painting.rgb_mut().iter_mut().for_each(|value| *value = 0.3 + 0.7 * *value);
        let truth = painting.clone();
        let area = free.len();
        painting
            .rgb_mut()
            .iter_mut()
            .enumerate()
            .filter(|(i, _)| free[i % area] > 0.0)
            .for_each(|(_, v)| *v = 0.0);
        let filled = filled(painting, &free, &frame, None);
        let worst = filled.rgb().iter().zip(truth.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // The gain is a little below one, because the window is finite.
        assert!(worst < 0.05, "{worst}");
    }
}
