//! The state that a film carries from frame to frame, and the file that holds it. A film that was killed goes on from
//! this file with the same bytes, so the live film uses only values that the file holds exactly.

use std::collections::HashMap;
use std::path::Path;

use impasto::image::{Picture, Plane, write_atomically};
use impasto::objective::MeanMoments;
use impasto::{DraftMemory, Trace};
use impasto_job::JobError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::anchor::Anchor;
use super::motion::Reference;
use crate::flow::Flow;

/// The state after a frame.
#[derive(Clone)]
pub struct State {
    /// The painting, in values of 16 bits.
    pub(crate) painting: Picture,
    /// The steadied input.
    pub(crate) input: Picture,
    /// The input that still parts were painted for.
    pub(crate) reference: Reference,
    /// The opacity of the input.
    pub(crate) alpha: Option<Plane>,
    /// The flows of the last pair, at the size of the search.
    pub(crate) flows: Option<[Flow; 2]>,
    /// Adam's second moments and the pooled moments.
    pub(crate) trace: Trace,
    pub(crate) memory: DraftMemory,
    /// From this frame to the beginning of the shot, for the grain of drafts.
    pub(crate) drift: Flow,
    /// The steadied draft, if frames have one.
    pub(crate) draft: Option<Picture>,
    /// The coarse colours that the paint dried with.
    pub(crate) ground: Picture,
    pub(crate) anchor: Anchor,
    /// Seconds since each pixel was painted anew.
    pub(crate) age: Vec<f32>,
    /// The logarithm of how much each pixel has grown since it was painted anew.
    pub(crate) growth: Vec<f32>,
    /// The energy of fine detail from when each pixel's paint was made.
    pub(crate) detail: Vec<f32>,
    /// How loose each pixel is made by the guards.
    pub(crate) loose: Vec<f32>,
    /// The regions that the paint was made for, if the film has masks.
    pub(crate) layout: Vec<Plane>,
    /// The weights of the styles that the paint has followed; none if they never change.
    pub(crate) styles: Vec<f64>,
    /// The distance to the edge of the frame at which each pixel was painted, up to a bound.
    pub(crate) depth: Vec<f32>,
}

type Planes = Vec<(String, Vec<usize>, Vec<f32>)>;

impl State {
    /// The state with another painting: one that was changed by hand.
    pub(crate) fn changed(self, painting: Picture) -> State {
        State { anchor: Anchor::new(painting.clone()), painting, ..self }
    }

    /// Writes the state with notes, as one file that replaces the old one when it is complete.
    pub(crate) fn save(&self, path: &Path, notes: HashMap<String, String>) -> Result<(), JobError> {
        let planes = self.planes();
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = planes
            .into_iter()
            .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let views = bytes.iter().map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.clone(), view))
        });
        let lost =
            |error: safetensors::SafeTensorError| JobError::failed(format!("{}: {error}", path.display()));
        let views = views.collect::<Result<Vec<_>, _>>().map_err(lost)?;
        let mut notes = notes;
        notes.insert("share".into(), self.memory.share.to_string());
        notes.insert("anchor_age".into(), self.anchor.age.to_string());
        let file = safetensors::serialize(views, Some(notes)).map_err(lost)?;
        Ok(write_atomically(path, |to| to.write_all(&file))?)
    }

    /// Reads only the notes of a state.
    pub(crate) fn notes(path: &Path) -> Result<HashMap<String, String>, JobError> {
        let bytes = std::fs::read(path).map_err(|error| JobError::read(path, &error))?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes)
            .map_err(|_| JobError::bad_input(format!("{} is damaged", path.display())))?;
        Ok(metadata.metadata().clone().unwrap_or_default())
    }

    /// Reads a state and its notes.
    pub(crate) fn open(path: &Path) -> Result<(State, HashMap<String, String>), JobError> {
        let bytes = std::fs::read(path).map_err(|error| JobError::read(path, &error))?;
        let damaged = || JobError::bad_input(format!("{} is damaged", path.display()));
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|_| damaged())?;
        let notes = metadata.metadata().clone().unwrap_or_default();
        let file = SafeTensors::deserialize(&bytes).map_err(|_| damaged())?;
        let state = State::of(&file, &notes).ok_or_else(damaged)?;
        Ok((state, notes))
    }

    /// All values, by name and shape.
    fn planes(&self) -> Planes {
        let mut all: Planes = Vec::new();
        let picture = |all: &mut Planes, name: &str, picture: &Picture| {
            all.push((name.into(), vec![3, picture.height(), picture.width()], picture.rgb().to_vec()));
        };
        let flow = |all: &mut Planes, name: &str, flow: &Flow| {
            all.push((name.into(), vec![2, flow.height, flow.width], [&flow.u[..], &flow.v].concat()));
        };
        let line = |all: &mut Planes, name: String, values: &[f32]| {
            all.push((name, vec![values.len()], values.to_vec()))
        };
        // f64 as pairs of f32 would lose bits, so each is stored as its two halves.
        let moments = |all: &mut Planes, name: &str, moments: &[Vec<MeanMoments>]| {
            for (index, regions) in moments.iter().enumerate() {
                for (region, moments) in regions.iter().enumerate() {
                    let values: Vec<f32> =
                        moments.mean.iter().chain(&moments.second).flat_map(|value| halves(*value)).collect();
                    all.push((
                        format!("{name}.{index}.{region}"),
                        vec![moments.channels, values.len() / moments.channels],
                        values,
                    ));
                }
            }
        };
        picture(&mut all, "painting", &self.painting);
        picture(&mut all, "input", &self.input);
        picture(&mut all, "reference", &self.reference.input);
        flow(&mut all, "owed", &self.reference.owed);
        picture(&mut all, "ground", &self.ground);
        picture(&mut all, "anchor", &self.anchor.picture);
        flow(&mut all, "map", &self.anchor.map);
        line(&mut all, "anchored".into(), &self.anchor.confidence);
        line(&mut all, "age".into(), &self.age);
        line(&mut all, "growth".into(), &self.growth);
        line(&mut all, "depth".into(), &self.depth);
        line(&mut all, "detail".into(), &self.detail);
        line(&mut all, "loose".into(), &self.loose);
        let styles: Vec<f32> = self.styles.iter().flat_map(|weight| halves(*weight)).collect();
        line(&mut all, "styles".into(), &styles);
        line(&mut all, "second".into(), &self.trace.second);
        moments(&mut all, "style", &self.trace.moments);
        moments(&mut all, "draft_moments", &self.memory.moments);
        for (region, values) in self.memory.palette.iter().enumerate() {
            line(&mut all, format!("palette.{region}"), values);
        }
        flow(&mut all, "drift", &self.drift);
        let mut plane = |name: String, plane: &Plane| {
            all.push((name, vec![plane.height(), plane.width()], plane.data().to_vec()));
        };
        self.alpha.iter().for_each(|alpha| plane("alpha".into(), alpha));
        self.layout.iter().enumerate().for_each(|(at, region)| plane(format!("layout.{at}"), region));
        if let Some(draft) = &self.draft {
            picture(&mut all, "draft", draft);
        }
        if let Some([back, forth]) = &self.flows {
            flow(&mut all, "back", back);
            flow(&mut all, "forth", forth);
        }
        all
    }

    fn of(file: &SafeTensors, notes: &HashMap<String, String>) -> Option<State> {
        let values = |name: &str| -> Option<(Vec<usize>, Vec<f32>)> {
            let view = file.tensor(name).ok()?;
            let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            Some((view.shape().to_vec(), values.collect()))
        };
        let picture = |name: &str| {
            let (shape, values) = values(name)?;
            Picture::new(*shape.get(2)?, *shape.get(1)?, values)
        };
        let plane = |name: &str| {
            let (shape, values) = values(name)?;
            Plane::new(*shape.get(1)?, *shape.first()?, values)
        };
        let flow = |name: &str| {
            let (shape, values) = values(name)?;
            let (height, width) = (*shape.get(1)?, *shape.get(2)?);
            let (u, v) = values.split_at_checked(width * height)?;
            Some(Flow { width, height, u: u.to_vec(), v: v.to_vec() })
        };
        let moments = |name: &str| -> Vec<Vec<MeanMoments>> {
            let region = |index: usize, region: usize| {
                let (shape, values) = values(&format!("{name}.{index}.{region}"))?;
                let channels = *shape.first()?;
                let whole: Vec<f64> = values.chunks_exact(2).map(|pair| joined(pair[0], pair[1])).collect();
                let (mean, second) = whole.split_at_checked(channels)?;
                Some(MeanMoments { channels, mean: mean.to_vec(), second: second.to_vec() })
            };
            let layer = |index: usize| (0..).map_while(|at| region(index, at)).collect::<Vec<_>>();
            (0..).map(layer).take_while(|regions| !regions.is_empty()).collect()
        };
        let memory = DraftMemory {
            share: notes.get("share")?.parse().ok()?,
            moments: moments("draft_moments"),
            palette: (0..)
                .map_while(|at| values(&format!("palette.{at}")))
                .map(|(_, values)| values)
                .collect(),
            grain: None,
        };
        let anchor = Anchor {
            picture: picture("anchor")?,
            map: flow("map")?,
            confidence: values("anchored")?.1,
            age: notes.get("anchor_age")?.parse().ok()?,
        };
        Some(State {
            painting: picture("painting")?,
            input: picture("input")?,
            reference: Reference { input: picture("reference")?, owed: flow("owed")? },
            alpha: plane("alpha"),
            flows: flow("back").zip(flow("forth")).map(|(back, forth)| [back, forth]),
            trace: Trace { second: values("second")?.1, moments: moments("style") },
            memory,
            drift: flow("drift")?,
            draft: picture("draft"),
            ground: picture("ground")?,
            anchor,
            age: values("age")?.1,
            growth: values("growth")?.1,
            depth: values("depth")?.1,
            detail: values("detail")?.1,
            loose: values("loose")?.1,
            layout: (0..).map_while(|at| plane(&format!("layout.{at}"))).collect(),
            styles: values("styles")?.1.chunks_exact(2).map(|pair| joined(pair[0], pair[1])).collect(),
        })
    }
}

/// The bits of an f64 as two f32, which only carry them.
fn halves(value: f64) -> [f32; 2] {
    let bits = value.to_bits();
    [f32::from_bits((bits >> 32) as u32), f32::from_bits(bits as u32)]
}

fn joined(high: f32, low: f32) -> f64 {
    f64::from_bits(u64::from(high.to_bits()) << 32 | u64::from(low.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_read_back_has_the_same_bits() {
        let picture = |seed: usize| {
            let value = |i: usize| (i * seed % 101) as f32 / 97.0;
            Picture::new(5, 4, (0..60).map(value).collect()).unwrap()
        };
        let moments =
            vec![vec![MeanMoments { channels: 2, mean: vec![0.1, -3e7], second: vec![1.0 / 3.0; 4] }]];
        let flow = Flow::uniform(5, 4, (0.37, -2.0));
        let state = State {
            painting: picture(3),
            input: picture(5),
            reference: Reference { input: picture(6), owed: flow.clone() },
            alpha: Some(Plane::filled(5, 4, 0.5)),
            flows: Some([flow.clone(), flow.clone()]),
            trace: Trace { second: vec![1e-9; 60], moments: moments.clone() },
            memory: DraftMemory { share: 0.7, moments, palette: vec![vec![0.25; 3]], grain: None },
            drift: flow.clone(),
            draft: Some(picture(7)),
            ground: picture(8),
            anchor: Anchor { picture: picture(11), map: flow, confidence: vec![0.5; 20], age: 3 },
            age: vec![0.04; 20],
            growth: vec![0.1; 20],
            depth: vec![7.5; 20],
            detail: vec![0.01; 20],
            loose: vec![0.3; 20],
            layout: vec![Plane::filled(5, 4, 0.25), Plane::filled(5, 4, 0.75)],
            styles: vec![0.1, 1.0 / 3.0],
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        state.save(&path, HashMap::from([("frame".into(), "7".into())])).unwrap();
        let (read, notes) = State::open(&path).unwrap();
        assert_eq!(notes["frame"], "7");
        // Names, shapes and bits; f64 halves may be NaN, so bits are compared.
        let bits = |state: &State| -> Vec<(String, Vec<usize>, Vec<u32>)> {
            let planes = state.planes().into_iter();
            planes
                .map(|(name, shape, values)| (name, shape, values.iter().map(|v| v.to_bits()).collect()))
                .collect()
        };
        assert!(bits(&state) == bits(&read));
        assert_eq!(read.layout, state.layout);
        assert_eq!((read.anchor.age, &read.styles[..]), (3, &[0.1, 1.0 / 3.0][..]));
        std::fs::write(&path, b"short").unwrap();
        assert!(State::open(&path).is_err());
    }
}
