//! The numbers to write, a band of rows at a time: in the file's colours, with alpha, interleaved and rounded.

use std::ops::Range;

use crate::colour::{Conversion, Model};
use crate::decode::interleave;
use crate::{Picture, Plane};

/// A picture to be written to a file.
pub(super) struct Source<'a> {
    pub(super) picture: &'a Picture,
    pub(super) alpha: Option<&'a Plane>,
    pub(super) conversion: Conversion,
}

/// Approximate number of pixels in a band of rows.
const BAND: usize = 1 << 18;

impl Source<'_> {
    pub(super) fn size(&self) -> (u32, u32) {
        let (width, height) = self.picture.size();
        (width as u32, height as u32)
    }

    /// Number of channels: 3, or 4 with alpha.
    pub(super) fn channels(&self) -> usize {
        3 + usize::from(self.alpha.is_some())
    }

    /// Rows per band.
    pub(super) fn band(&self) -> usize {
        (BAND / self.picture.width()).clamp(1, self.picture.height())
    }

    /// The bands of rows that make up the picture.
    pub(super) fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let height = self.picture.height();
        (0..height).step_by(self.band()).map(move |start| start..height.min(start + self.band()))
    }

    /// Samples of some rows, unrounded.
    pub(super) fn floats(&self, rows: Range<usize>) -> Vec<f32> {
        self.samples(rows, |rgb, alpha| interleave(rgb, alpha).collect())
    }

    /// Samples of some rows, 0..=65535.
    pub(super) fn sixteen(&self, rows: Range<usize>) -> Vec<u16> {
        self.samples(rows, |rgb, alpha| {
            interleave(rgb, alpha).map(|value| (value * 65535.0).round() as u16).collect()
        })
    }

    /// Samples of some rows, 0..=255.
    pub(super) fn eight(&self, rows: Range<usize>) -> Vec<u8> {
        self.samples(rows, |rgb, alpha| {
            interleave(rgb, alpha).map(|value| (value * 255.0).round() as u8).collect()
        })
    }

    /// All samples, 0..=255, for encoders that need them at once.
    pub(super) fn all_eight(&self) -> Vec<u8> {
        let mut samples = Vec::with_capacity(self.channels() * self.picture.width() * self.picture.height());
        self.bands().for_each(|rows| samples.extend(self.eight(rows)));
        samples
    }

    fn samples<T>(&self, rows: Range<usize>, make: impl Fn(&[f32], Option<&[f32]>) -> T) -> T {
        let (width, height) = self.picture.size();
        let pixels = rows.start * width..rows.end * width;
        let planes = self.picture.rgb().chunks_exact(width * height);
        let rgb: Vec<f32> = planes.flat_map(|plane| &plane[pixels.clone()]).copied().collect();
        let rgb = self.conversion.apply(Model::Rgb, rgb);
        make(&rgb, self.alpha.map(|alpha| &alpha.data()[pixels]))
    }
}
