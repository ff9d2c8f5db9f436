//! How far a flow is from the true one (Baker et al. 2011).

use crate::flow::Flow;

/// The distances between the ends of true and estimated vectors, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowError {
    /// The mean distance: the endpoint error, EPE.
    pub mean: f64,
    /// The root of the mean squared distance, RMSE, as in OpenCV's tests.
    pub rms: f64,
    /// Number of pixels that were compared.
    pub pixels: usize,
}

/// Compares a flow with the truth, where `counts` is true. Pixels whose truth is unknown (NaN) do not count.
///
/// # Panics
/// If the flows or `counts` differ in size.
pub fn flow_error(flow: &Flow, truth: &Flow, counts: Option<&[bool]>) -> FlowError {
    assert_eq!(flow.size(), truth.size(), "both flows have one size");
    assert!(counts.is_none_or(|counts| counts.len() == flow.u.len()), "a mark for each pixel");
    let mut error = FlowError { mean: 0.0, rms: 0.0, pixels: 0 };
    for at in 0..flow.u.len() {
        let (u, v) = (flow.u[at] - truth.u[at], flow.v[at] - truth.v[at]);
        let unknown = truth.u[at].is_nan() || truth.v[at].is_nan();
        if unknown || counts.is_some_and(|counts| !counts[at]) {
            continue;
        }
        let square = f64::from(u).powi(2) + f64::from(v).powi(2);
        error.mean += square.sqrt();
        error.rms += square;
        error.pixels += 1;
    }
    let pixels = error.pixels.max(1) as f64;
    FlowError { mean: error.mean / pixels, rms: (error.rms / pixels).sqrt(), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_averaged_over_the_pixels_that_count() {
        let truth = Flow { width: 3, height: 1, u: vec![0.0, 0.0, f32::NAN], v: vec![0.0; 3] };
        let flow = Flow { width: 3, height: 1, u: vec![3.0, 0.0, 9.0], v: vec![4.0, 0.0, 9.0] };
        let error = flow_error(&flow, &truth, None);
        assert_eq!((error.mean, error.rms, error.pixels), (2.5, 12.5f64.sqrt(), 2));
        let first = flow_error(&flow, &truth, Some(&[true, false, true]));
        assert_eq!((first.mean, first.pixels), (5.0, 1));
    }
}
