//! Frames as bytes in a pipe: 8 or 16 bits a channel, with or without alpha.

use impasto::image::{Picture, Plane};

/// The form of a frame in a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Whether channels have 16 bits instead of 8.
    pub(crate) deep: bool,
    pub(crate) alpha: bool,
}

impl Layout {
    /// ffmpeg's name of the pixel format.
    pub(crate) fn format(self) -> &'static str {
        match (self.deep, self.alpha) {
            (false, false) => "rgb24",
            (false, true) => "rgba",
            (true, false) => "rgb48le",
            (true, true) => "rgba64le",
        }
    }

    fn channels(self) -> usize {
        if self.alpha { 4 } else { 3 }
    }

    /// Bytes of a frame.
    pub(crate) fn bytes(self) -> usize {
        self.width * self.height * self.channels() * if self.deep { 2 } else { 1 }
    }

    /// Reads a frame of [`bytes`](Layout::bytes) bytes.
    pub(crate) fn read(self, bytes: &[u8]) -> (Picture, Option<Plane>) {
        let (area, channels) = (self.width * self.height, self.channels());
        let value = |at: usize| match self.deep {
            true => f32::from(u16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]])) / 65535.0,
            false => f32::from(bytes[at]) / 255.0,
        };
        let plane = |channel: usize| (0..area).map(move |at| value(at * channels + channel));
        let rgb = plane(0).chain(plane(1)).chain(plane(2)).collect();
        let alpha = self.alpha.then(|| Plane::new(self.width, self.height, plane(3).collect())).flatten();
        let picture = Picture::new(self.width, self.height, rgb);
        (picture.unwrap_or_else(|| Picture::filled(self.width, self.height, [0.0; 3])), alpha)
    }

    /// The bytes of a frame. Without a plane it is opaque.
    pub(crate) fn write(self, picture: &Picture, alpha: Option<&Plane>) -> Vec<u8> {
        let area = self.width * self.height;
        let mut bytes = Vec::with_capacity(self.bytes());
        let mut put = |value: f32| match self.deep {
            true => bytes.extend(((value.clamp(0.0, 1.0) * 65535.0).round() as u16).to_le_bytes()),
            false => bytes.push((value.clamp(0.0, 1.0) * 255.0).round() as u8),
        };
        for at in 0..area {
            (0..3).for_each(|channel| put(picture.rgb()[channel * area + at]));
            if self.alpha {
                put(alpha.map_or(1.0, |plane| plane.data()[at]));
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_were_written() {
        for (deep, alpha) in [(false, false), (false, true), (true, false), (true, true)] {
            let layout = Layout { width: 3, height: 2, deep, alpha };
            let most = if deep { 65535.0 } else { 255.0 };
            let picture = Picture::new(3, 2, (0..18).map(|i| i as f32 * 3.0 / most).collect()).unwrap();
            let plane = alpha.then(|| Plane::new(3, 2, (0..6).map(|i| i as f32 / most).collect()).unwrap());
            let bytes = layout.write(&picture, plane.as_ref());
            assert_eq!(bytes.len(), layout.bytes());
            assert_eq!(layout.read(&bytes), (picture, plane));
        }
    }
}
