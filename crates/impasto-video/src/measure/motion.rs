//! Motions whose flow is known in closed form.

/// The motion of a film that is rendered from a photograph. Offsets are in pixels of the film.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// Nothing moves.
    Still,
    /// The scene moves by an offset each frame.
    Pan(f64, f64),
    /// The scene grows by this factor each frame, around the middle.
    Zoom(f64),
    /// The scene turns by these degrees each frame, around the middle.
    Turn(f64),
    /// A disc with a texture of its own moves by `disc` each frame, in front of a scene that moves by `scene`. It
    /// begins in the middle, and has this radius.
    Disc {
        /// Radius in pixels.
        radius: f64,
        /// Offset of the disc each frame.
        disc: (f64, f64),
        /// Offset of the scene behind each frame.
        scene: (f64, f64),
    },
}

/// The layer that a point of a frame shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layer {
    Scene,
    Disc,
}

/// A place, in pixels from the middle of a frame.
pub(super) type Place = [f64; 2];

impl Motion {
    /// The layer that a place shows at a time, counted in frames.
    pub(super) fn layer(&self, time: f64, [x, y]: Place) -> Layer {
        match self {
            Self::Disc { radius, disc, .. } => {
                let (x, y) = (x - time * disc.0, y - time * disc.1);
                if x * x + y * y <= radius * radius { Layer::Disc } else { Layer::Scene }
            }
            _ => Layer::Scene,
        }
    }

    /// The place at time 0 of what a layer shows at a place and a time.
    pub(super) fn origin(&self, layer: Layer, time: f64, [x, y]: Place) -> Place {
        let moved = |(dx, dy): (f64, f64)| [x - time * dx, y - time * dy];
        match *self {
            Self::Still => [x, y],
            Self::Pan(dx, dy) => moved((dx, dy)),
            Self::Zoom(factor) => [x, y].map(|at| at * factor.powf(-time)),
            Self::Turn(degrees) => turned([x, y], -time * degrees),
            Self::Disc { disc, scene, .. } => moved(if layer == Layer::Disc { disc } else { scene }),
        }
    }

    /// The place at a time of what a layer shows at a place at time 0: the inverse of [`Motion::origin`].
    pub(super) fn place(&self, layer: Layer, time: f64, origin: Place) -> Place {
        // Every motion repeats the same step, so its inverse is the way back in time.
        self.origin(layer, -time, origin)
    }
}

fn turned([x, y]: Place, degrees: f64) -> Place {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [cos * x - sin * y, sin * x + cos * y]
}
