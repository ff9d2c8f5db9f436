//! The masks of a run, read and matched: where each style is painted, and which parts stay unchanged.

use std::path::{Path, PathBuf};

use impasto::image::Plane;
use impasto::{FEATHER, Mask, MaskLevels, RegionAssignment, Regions, StyleMask, StyleTransfer, assign};

use crate::JobError;
use crate::inputs::{Input, Source};
use crate::spec::{RegionSpec, StyleSpec};

/// The masks of a run, matched with each other.
#[derive(Clone, Default)]
pub struct Masks {
    content: Vec<Input>,
    /// The mask of each style, if it has one.
    styles: Vec<Option<Input>>,
    protect: Option<Input>,
    /// The weights of the kept parts, from the picture of `protect`.
    kept: Option<Plane>,
    /// Notes about the files.
    notes: Vec<String>,
    /// The matched regions; `None` if there is no mask besides that of `protect`.
    assigned: Option<RegionAssignment>,
}

impl Masks {
    /// Reads the masks and matches them.
    pub fn read(args: &RegionSpec, styles: &[StyleSpec], source: &Source) -> Result<Masks, JobError> {
        Masks::read_moving(args, styles, source, &|_| None)
    }

    /// Reads the masks of a film. Those of the content may move: `frame` returns the first frame of such a mask by its
    /// path, and `None` for a picture.
    pub fn read_moving(
        args: &RegionSpec,
        styles: &[StyleSpec],
        source: &Source,
        frame: &dyn Fn(&Path) -> Option<Mask>,
    ) -> Result<Masks, JobError> {
        args.check()?;
        let read = |option: &str, path: &Path| source.read(path).map_err(|failure| failure.about(option));
        let stands = |path: &&PathBuf| frame(path).is_none();
        let still = args.mask.iter().filter(stands);
        let content = still.map(|path| read("`mask`", path)).collect::<Result<Vec<_>, _>>()?;
        let of_styles =
            styles.iter().map(|style| style.mask.as_deref().map(|path| read("mask", path)).transpose());
        let of_styles = of_styles.collect::<Result<Vec<_>, _>>()?;
        let unmoved = args.protect.as_ref().filter(stands);
        let protect = unmoved.map(|path| read("`protect`", path)).transpose()?;
        let kept = match args.protect.as_deref().and_then(frame) {
            Some(mask) => Some(grey(mask, args.protect.as_deref().unwrap_or(Path::new("")))?),
            None => protect.as_ref().map(kept).transpose()?,
        };
        let mut masks =
            Masks { content, styles: of_styles, protect, kept, notes: Vec::new(), assigned: None };
        masks.notes = masks.inputs().filter_map(note).collect();
        let named = styles.iter().any(|style| style.region.is_some());
        if !args.mask.is_empty() || masks.styles.iter().any(Option::is_some) || named {
            let theirs: Vec<StyleMask> = styles
                .iter()
                .zip(&masks.styles)
                .map(|(style, mask)| {
                    let mask = mask.as_ref().map(|mask| mask_of("mask", mask)).transpose()?;
                    Ok(StyleMask { mask, region: style.colour()? })
                })
                .collect::<Result<_, JobError>>()?;
            let mut still = masks.content.iter();
            let ours = args.mask.iter().filter_map(|path| match frame(path) {
                Some(mask) => Some(Ok(mask)),
                None => still.next().map(|mask| mask_of("`mask`", mask)),
            });
            let ours: Vec<Mask> = ours.collect::<Result<_, _>>()?;
            masks.assigned = Some(assign(&ours, &theirs, args.rest())?);
        }
        masks.check_still(args, frame)?;
        masks.notes.extend(masks.note_on_rest(args, styles));
        // The pictures are no longer needed, and large.
        let all = masks.content.iter_mut().chain(masks.styles.iter_mut().flatten()).chain(&mut masks.protect);
        all.for_each(Input::forget_picture);
        Ok(masks)
    }

    /// Returns a note if several styles share a mask, and nothing was said about the rest of the picture.
    fn note_on_rest(&self, args: &RegionSpec, styles: &[StyleSpec]) -> Option<String> {
        let is_grey = self.assigned.as_ref().is_some_and(|assigned| assigned.colours.is_empty());
        let ([_], true, None, [first, others @ ..]) = (&args.mask[..], is_grey, args.rest, styles) else {
            return None;
        };
        let (stays, first) = ("note: outside of the mask the photograph stays", first.path.display());
        match others.len() {
            0 => None,
            1 => Some(format!("{stays}; `rest` first paints it in {first}")),
            others => Some(format!(
                "{stays}; `rest` first with a mask for each of the {others} others paints it in {first}"
            )),
        }
    }

    /// Refuses grey masks without effect that stand still.
    fn check_still(&self, args: &RegionSpec, frame: &dyn Fn(&Path) -> Option<Mask>) -> Result<(), JobError> {
        let stands = |path: &Path| frame(path).is_none();
        let all = |plane: &Plane, is: fn(f32) -> bool| plane.data().iter().all(|weight| is(*weight));
        if let (Some(path), Some(kept)) = (&args.protect, &self.kept)
            && stands(path)
            && all(kept, |weight| weight >= 1.0)
        {
            let message = format!("`protect`: {} is white: nothing is left to paint", path.display());
            return Err(JobError::bad_input(message).hint("white is kept, black is painted"));
        }
        let Some(assigned) = self.assigned.as_ref().filter(|assigned| assigned.colours.is_empty()) else {
            return Ok(());
        };
        for (path, region) in args.mask.iter().zip(&assigned.regions) {
            if stands(path) && all(region, |weight| weight == 0.0) {
                let message = format!("`mask`: {} is black: its region has no position", path.display());
                return Err(JobError::bad_input(message).hint("white is where the style goes"));
            }
        }
        Ok(())
    }

    /// All masks that were read.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.content.iter().chain(self.styles.iter().flatten()).chain(&self.protect)
    }

    pub(super) fn inputs_mut(&mut self) -> impl Iterator<Item = &mut Input> {
        self.content.iter_mut().chain(self.styles.iter_mut().flatten()).chain(&mut self.protect)
    }

    /// The masks of the content.
    pub fn of_content(&self) -> &[Input] {
        &self.content
    }

    /// The mask of the style at this index.
    pub fn of_style(&self, index: usize) -> Option<&Input> {
        self.styles.get(index)?.as_ref()
    }

    /// The mask of the kept parts.
    pub fn protect(&self) -> Option<&Input> {
        self.protect.as_ref()
    }

    /// Notes about the files and about the matching.
    pub fn notes(&self) -> impl Iterator<Item = &String> {
        self.notes.iter().chain(self.assigned.iter().flat_map(|assigned| &assigned.notes))
    }

    /// The numbers of the regions that the style at this index is for; `None` if it is painted everywhere.
    pub fn regions_of(&self, index: usize) -> Option<Vec<usize>> {
        let parts = self.assigned.as_ref()?.parts.get(index)?;
        let mut regions: Vec<usize> = parts.iter().map(|(region, _)| *region).collect();
        regions.sort_unstable();
        Some(regions)
    }

    /// The regions of a frame of a film. `frame` returns the frame of each mask that moves, by its path.
    ///
    /// # Errors
    /// When a frame of `protect` has colours.
    pub fn regions_of_frame(
        &self,
        args: &RegionSpec,
        frame: &dyn Fn(&Path) -> Option<Mask>,
    ) -> Result<Regions, JobError> {
        let mut regions =
            Regions::default().rest(args.rest()).feather(args.feather.unwrap_or(FEATHER)).moving();
        if let Some(assigned) = &self.assigned {
            for (index, plane) in assigned.regions.iter().enumerate() {
                let moved = match &assigned.colours[..] {
                    // Each grey mask is a region.
                    [] => match args.mask.get(index).and_then(|path| frame(path)) {
                        Some(Mask::Grey(moved)) => Some(moved),
                        _ => None,
                    },
                    colours => match args.mask.first().and_then(|path| frame(path)) {
                        Some(Mask::Colours(mask)) => mask.region(colours[index]),
                        _ => None,
                    },
                };
                regions = regions.region(moved.unwrap_or_else(|| plane.clone()));
            }
        }
        let kept = match args.protect.as_deref().and_then(|path| Some((frame(path)?, path))) {
            Some((mask, path)) => Some(grey(mask, path)?),
            None => self.kept.clone(),
        };
        Ok(regions.protect(kept))
    }

    /// Takes the regions of a style, each with the part of the style that is used; `None` if it is painted everywhere.
    pub fn take_parts(&mut self, index: usize) -> Option<Vec<(usize, Option<Plane>)>> {
        self.assigned.as_mut()?.parts.get_mut(index).map(std::mem::take)
    }

    /// Gives a transfer its regions. The masks move into it, because they may be large.
    pub fn onto(&mut self, transfer: StyleTransfer, args: &RegionSpec) -> StyleTransfer {
        let planes = self.assigned.as_mut().map(|assigned| std::mem::take(&mut assigned.regions));
        let mut regions = Regions::default().rest(args.rest()).feather(args.feather.unwrap_or(FEATHER));
        for plane in planes.into_iter().flatten() {
            regions = regions.region(plane);
        }
        transfer.regions(regions.protect(self.kept.take()))
    }
}

/// Returns the weights of the kept parts.
fn kept(input: &Input) -> Result<Plane, JobError> {
    let wrong = |error: JobError| error.hint("expected a grey picture: white is kept, black is painted");
    grey(mask_of("`protect`", input).map_err(wrong)?, &input.path)
}

/// The weights of a mask of kept parts, which must be grey.
fn grey(mask: Mask, path: &Path) -> Result<Plane, JobError> {
    match mask {
        Mask::Grey(plane) => Ok(plane),
        Mask::Colours(_) => {
            let path = path.display();
            let message = format!("`protect`: {path} has colours: expected a grey picture");
            Err(JobError::bad_input(message).hint("white is kept, black is painted"))
        }
    }
}

fn mask_of(option: &str, input: &Input) -> Result<Mask, JobError> {
    let mask = Mask::new(&input.decoded.picture, input.decoded.alpha.as_ref());
    mask.map_err(|error| JobError::from(error).about(&format!("{option}: {}", input.path.display())))
}

/// Returns a note if a mask has the numbers 0 and 1 in place of black and white.
fn note(input: &Input) -> Option<String> {
    let MaskLevels::Booleans { of } = MaskLevels::of(&input.decoded.picture) else { return None };
    let path = input.path.display();
    Some(format!("note: the brightest value of {path} is 1 of {of}: 1 is taken as white"))
}
