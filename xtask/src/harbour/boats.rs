//! The boats. Each is built in metres around the middle of its waterline, with the bow to the right unless mirrored.

use super::HORIZON;
use super::boat::Boat;
use crate::canvas::{Canvas, Point, curve, ellipse, mix, polygon, rgb, shade};
use crate::noise::{fbm, noise, smoothstep};

/// The boat in front, under full sail.
pub(crate) fn under_sail(canvas: &mut Canvas, at: Point) {
    let boat = Boat::new(at, -1.0);
    let wood = rgb(0xa8743f);
    boat.spar(canvas, &[(2.5, 0.95), (3.2, 1.25)], 0.09, wood);
    boat.spar(canvas, &[(0.35, 0.5), (0.35, 7.3)], 0.15, wood);
    boat.sail(canvas, &[(3.1, 1.3), (0.55, 6.6), (0.6, 1.35)], 0xf4e6c8, 1.5);
    boat.sail(canvas, &[(0.22, 7.0), (0.2, 1.25), (-2.35, 1.15), (-1.45, 5.0)], 0xb5532f, 1.25);
    boat.spar(canvas, &[(0.3, 1.15), (-2.5, 1.05)], 0.1, wood);
    boat.spar(canvas, &[(0.3, 5.3), (-1.5, 5.1)], 0.06, wood);
    boat.spar(canvas, &[(3.2, 1.25), (0.35, 7.1)], 0.02, rgb(0x5a4a3a));
    boat.spar(canvas, &[(-2.5, 0.9), (0.35, 7.2)], 0.02, rgb(0x5a4a3a));
    sailor(canvas, &boat, -1.8, 0xd8b23c);
    sailor(canvas, &boat, -0.7, 0x8c2f2a);
    boat.hull(canvas, 2.65, 0x1f4f6e, 0xf1e7d3);
    let flag = curve(&[(0.35, 7.3), (0.05, 7.42), (-0.25, 7.28), (-0.6, 7.4)]);
    let mut cloth = flag.clone();
    cloth.extend(flag.iter().rev().map(|point| (point.0, point.1 - 0.25)));
    canvas.fill(polygon(&boat.puts(&cloth)), |_, _| (rgb(0xc9352b), 1.0));
}

/// Somebody sitting in a boat, seen above its side.
fn sailor(canvas: &mut Canvas, boat: &Boat, forwards: f32, coat: u32) {
    let coat = rgb(coat);
    let (seat, neck) = (boat.put(forwards, 0.45), boat.put(forwards + 0.1, 0.98));
    canvas.line(&[seat, neck], boat.size(0.42), |x, _| {
        (shade(coat, 0.95 - 0.35 * (x - neck.0) / boat.size(0.4)), 1.0)
    });
    let arm = boat.puts(&[(forwards + 0.05, 0.95), (forwards + 0.32, 0.72), (forwards + 0.62, 0.8)]);
    canvas.line(&arm, boat.size(0.15), |_, _| (shade(coat, 1.15), 1.0));
    canvas.fill(ellipse(arm[2], (boat.size(0.07), boat.size(0.07))), |_, _| (rgb(0xd3a27c), 1.0));
    let head = boat.put(forwards + 0.14, 1.3);
    canvas.fill(ellipse(head, (boat.size(0.13), boat.size(0.16))), |x, _| {
        (shade(rgb(0xc99470), 1.0 - 0.3 * (x - head.0) / boat.size(0.13)), 1.0)
    });
    let cap = boat.puts(&[(forwards + 0.02, 1.4), (forwards + 0.26, 1.38)]);
    canvas.line(&cap, boat.size(0.13), |_, _| (rgb(0x2f3648), 1.0));
}

/// A boat at its mooring, the sail rolled up.
pub(crate) fn moored(canvas: &mut Canvas, at: Point) {
    let boat = Boat::new(at, 1.0);
    let wood = rgb(0xb98a52);
    boat.spar(canvas, &[(0.5, 0.5), (0.5, 7.0)], 0.14, wood);
    boat.spar(canvas, &[(0.5, 1.5), (-2.2, 1.45)], 0.1, wood);
    let roll = curve(&[(0.4, 1.62), (-0.4, 1.72), (-1.2, 1.66), (-2.1, 1.58)]);
    canvas.line(&boat.puts(&roll), boat.size(0.3), |x, y| {
        (shade(rgb(0xefe4cb), 1.0 + 0.2 * noise(180, x / 2.0, y / 2.0)), 1.0)
    });
    for rope in [(2.7, 1.0), (-2.6, 0.8), (1.2, 0.7), (-0.3, 0.7)] {
        boat.spar(canvas, &[rope, (0.5, 6.9)], 0.02, rgb(0x4a4038));
    }
    let cabin = boat.puts(&[(-0.9, 0.5), (-0.8, 1.15), (1.1, 1.1), (1.5, 0.5)]);
    canvas.fill(polygon(&cabin), |x, _| {
        (shade(rgb(0xf3ebdc), 1.05 - 0.25 * (x - cabin[0].0) / boat.size(2.4)), 1.0)
    });
    for window in [-0.45, 0.1, 0.65] {
        let middle = boat.put(window, 0.9);
        canvas.fill(ellipse(middle, (boat.size(0.15), boat.size(0.1))), |_, _| (rgb(0x22333f), 1.0));
    }
    boat.hull(canvas, 2.75, 0xc23b2c, 0xf4ecdc);
}

/// A fishing boat with its wheelhouse and gallows.
pub(crate) fn trawler(canvas: &mut Canvas, at: Point) {
    let boat = Boat::new(at, -1.0);
    let wood = rgb(0x8a6a48);
    boat.spar(canvas, &[(1.5, 0.6), (1.5, 5.6)], 0.16, wood);
    boat.spar(canvas, &[(1.5, 2.0), (-0.9, 4.2)], 0.1, wood);
    boat.spar(canvas, &[(-2.5, 0.6), (-2.5, 3.0), (-1.8, 3.0), (-1.8, 0.6)], 0.12, rgb(0x4f5a60));
    for rope in [(3.1, 1.2), (-0.9, 4.2), (-3.0, 0.9), (-1.8, 3.0)] {
        boat.spar(canvas, &[(1.5, 5.5), rope], 0.03, rgb(0x4a4038));
    }
    let house = boat.puts(&[(-1.5, 0.5), (-1.5, 2.3), (0.2, 2.3), (0.4, 0.5)]);
    canvas.fill(polygon(&house), |x, y| {
        (shade(rgb(0xf2ead8), 1.05 + 0.01 * (x - at.0) + 0.05 * noise(185, x / 3.0, y / 3.0)), 1.0)
    });
    canvas.line(&boat.puts(&[(-1.7, 2.35), (0.4, 2.35)]), boat.size(0.2), |_, _| (rgb(0xb5452f), 1.0));
    for window in [-1.1, -0.55, 0.0] {
        let corners = [(window - 0.2, 1.5), (window - 0.2, 2.05), (window + 0.2, 2.05), (window + 0.2, 1.5)];
        canvas.fill(polygon(&boat.puts(&corners)), |_, _| (rgb(0x26394a), 1.0));
    }
    for buoy in [0.8, 1.1, 2.0] {
        canvas.fill(ellipse(boat.put(buoy, 0.85), (boat.size(0.2), boat.size(0.22))), |_, _| {
            (rgb(0xe8762c), 1.0)
        });
    }
    boat.hull(canvas, 3.2, 0x2f6b4f, 0xe9d9a8);
}

/// A rowing boat close to us, with its oars shipped.
pub(crate) fn dinghy(canvas: &mut Canvas, at: Point) {
    let boat = Boat::new(at, 1.0);
    // We look down into it: the far side, the thwarts, then the near side in front.
    let far = curve(&[(-1.5, 0.62), (-0.9, 0.82), (0.2, 0.86), (1.1, 0.88), (1.78, 0.98)]);
    let near = curve(&[(1.78, 0.98), (0.9, 0.5), (0.0, 0.38), (-0.9, 0.42), (-1.5, 0.62)]);
    let mut inside = far.clone();
    inside.extend_from_slice(&near);
    canvas.fill(polygon(&boat.puts(&inside)), |x, y| {
        let (forwards, up) = boat.metres(x, y);
        let rib = (forwards * 3.2).rem_euclid(1.0) < 0.14;
        let light = 0.62 + 0.9 * (up - 0.4) + 0.08 * noise(190, x / 6.0, y / 1.5);
        (shade(rgb(0xb5844e), if rib { light * 1.22 } else { light }), 1.0)
    });
    for (seat, width) in [(-0.8, 0.3), (0.25, 0.28), (1.0, 0.24)] {
        let plank = [(seat, 0.5), (seat + width, 0.5), (seat + width + 0.08, 0.84), (seat + 0.08, 0.84)];
        canvas.fill(polygon(&boat.puts(&plank)), |x, y| {
            (shade(rgb(0xd9ab6b), 1.0 + 0.12 * noise(191, x / 8.0, y / 1.2)), 1.0)
        });
    }
    boat.spar(canvas, &far, 0.07, rgb(0xe6c891));
    for lift in [0.0, 0.09] {
        boat.spar(canvas, &[(-1.75, 0.72 + lift), (1.2, 0.66 + lift)], 0.05, rgb(0xe9d3a2));
        let blade = boat.put(-1.75, 0.72 + lift);
        canvas.fill(ellipse(blade, (boat.size(0.26), boat.size(0.06))), |_, _| (rgb(0xd6b57c), 1.0));
    }
    let mut side = near.clone();
    side.extend([(-1.42, 0.2), (-1.25, -0.06), (1.2, -0.06), (1.55, 0.45)]);
    canvas.fill(polygon(&boat.puts(&side)), |x, y| {
        let (forwards, up) = boat.metres(x, y);
        let strake = (up * 9.0 - 0.5 * forwards.powi(2)).rem_euclid(1.0);
        let light =
            0.98 + 0.3 * (up - 0.3) - 0.1 * forwards + if strake < 0.14 { -0.2 } else { 0.08 * strake };
        let wear = 0.1 * fbm(193, x / 11.0, y / 3.0, 3);
        let colour = if up < 0.05 { rgb(0x5d2b24) } else { rgb(0xe8ddc4) };
        (shade(mix(colour, rgb(0x20302f), smoothstep(0.08, -0.05, up) * 0.7), light + wear), 1.0)
    });
    boat.spar(canvas, &near, 0.08, rgb(0x2f6f8a));
    let rope = curve(&[(1.78, 0.95), (2.1, 0.5), (2.5, 0.1), (3.1, -0.06)]);
    boat.spar(canvas, &rope, 0.035, rgb(0xcdb88c));
}

/// A red buoy with its ring and top mark.
pub(crate) fn buoy(canvas: &mut Canvas, (x, y): Point) {
    let round = move |at: f32| 1.25 - 0.6 * smoothstep(-12.0, 14.0, at - x);
    canvas.fill(ellipse((x, y - 5.0), (14.0, 9.0)), |at, at_y| {
        (shade(rgb(0xc63a26), round(at) - 0.02 * (at_y - y + 5.0)), 1.0)
    });
    canvas.fill(
        polygon(&[(x - 8.0, y - 11.0), (x - 3.5, y - 37.0), (x + 3.5, y - 37.0), (x + 8.0, y - 11.0)]),
        |at, at_y| {
            let band = at_y > y - 27.0 && at_y < y - 19.0;
            (shade(if band { rgb(0xf3ead6) } else { rgb(0xc63a26) }, round(at)), 1.0)
        },
    );
    canvas.line(&[(x, y - 37.0), (x, y - 47.0)], 1.4, |_, _| (rgb(0x33302f), 1.0));
    canvas.fill(polygon(&[(x - 4.5, y - 44.0), (x, y - 52.0), (x + 4.5, y - 44.0)]), |at, _| {
        (shade(rgb(0xc63a26), round(at)), 1.0)
    });
}

/// Sails in the distance.
pub(crate) fn distant(canvas: &mut Canvas) {
    for (x, heading, cloth) in [(142.0, 1.0, 0xf6ead2), (226.0, -1.0, 0xe9d2b4), (12.0, 1.0, 0xd8a27c)] {
        let boat = Boat::new((x, HORIZON + 12.0), heading);
        boat.sail(canvas, &[(0.1, 7.4), (0.1, 0.9), (-2.3, 0.9)], cloth, 0.5);
        boat.sail(canvas, &[(2.2, 0.9), (0.3, 6.8), (0.3, 0.9)], cloth, 0.5);
        boat.hull(canvas, 2.6, 0x3d4650, 0xe9e0d0);
    }
}
