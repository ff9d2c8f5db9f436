//! Rectangles of planes: cut out, put back, added.

use impasto_engine::{Rect, Size};

/// The place of a rectangle of an image in a window of the image.
pub(super) fn inside(rect: Rect, window: Rect) -> Rect {
    Rect { x: rect.x - window.x, y: rect.y - window.y, size: rect.size }
}

/// The rows of a rectangle in each of some planes of a size, as ranges.
fn rows(planes: usize, size: Size, rect: Rect) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..planes).flat_map(move |plane| {
        (rect.y..rect.y + rect.size.height).map(move |y| {
            let start = (plane * size.height + y) * size.width + rect.x;
            start..start + rect.size.width
        })
    })
}

/// Cuts a rectangle out of planes.
pub(super) fn cut(planes: &[f32], size: Size, rect: Rect) -> Vec<f32> {
    let count = planes.len() / size.area();
    let mut to = Vec::with_capacity(count * rect.size.area());
    rows(count, size, rect).for_each(|row| to.extend_from_slice(&planes[row]));
    to
}

/// Copies a rectangle into planes.
pub(super) fn paste(planes: &mut [f32], size: Size, rect: Rect, from: &[f32]) {
    let places = rows(planes.len() / size.area(), size, rect);
    places.zip(from.chunks_exact(rect.size.width)).for_each(|(row, from)| planes[row].copy_from_slice(from));
}

/// Adds a rectangle to planes.
pub(super) fn add(planes: &mut [f32], size: Size, rect: Rect, from: &[f32]) {
    let places = rows(planes.len() / size.area(), size, rect);
    for (row, from) in places.zip(from.chunks_exact(rect.size.width)) {
        planes[row].iter_mut().zip(from).for_each(|(to, from)| *to += from);
    }
}

/// Sets everything outside a rectangle to 0.
pub(super) fn only(planes: &mut [f32], size: Size, rect: Rect) {
    let kept = cut(planes, size, rect);
    planes.fill(0.0);
    paste(planes, size, rect, &kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_out_goes_back_to_its_place() {
        let size = Size::new(5, 4);
        let planes: Vec<f32> = (0..40).map(|i| i as f32).collect();
        let rect = Rect { x: 1, y: 2, size: Size::new(3, 2) };
        let part = cut(&planes, size, rect);
        assert_eq!(part, [11.0, 12.0, 13.0, 16.0, 17.0, 18.0, 31.0, 32.0, 33.0, 36.0, 37.0, 38.0]);
        let mut back = vec![0.0; 40];
        paste(&mut back, size, rect, &part);
        let mut alone = planes.clone();
        only(&mut alone, size, rect);
        assert_eq!(back, alone);
        assert_eq!(back.iter().filter(|value| **value > 0.0).count(), 12);
        add(&mut back, size, rect, &part);
        assert_eq!((back[11], back[38], back[39]), (22.0, 76.0, 0.0));
        let window = Rect { x: 1, y: 1, size: Size::new(4, 3) };
        assert_eq!(inside(rect, window), Rect { x: 0, y: 1, size: rect.size });
    }
}
