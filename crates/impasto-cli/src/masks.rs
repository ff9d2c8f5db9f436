//! `--mask`, `--protect` and masks of styles: which style goes where, and what stays as it is.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use impasto::image::{Limits, Plane};
use impasto::{FEATHER, Mask, RegionAssignment, Regions, Rest, StyleMask, StyleTransfer, assign};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::style_arg::StyleArg;

/// Regions of the content.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RegionArgs {
    /// Where styles go. A grey picture: where it is white; give one for each style to have each in its own place. A picture with
    /// colours: each is painted in the styles whose masks have it (STYLE:mask=FILE) or that name it (STYLE:region=#ff0000)
    #[arg(long, value_name = "FILE", help_heading = "Regions")]
    pub(crate) mask: Vec<PathBuf>,
    /// What becomes of the rest, where no style goes: it is kept as it is, or painted in the first style [default: keep]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Regions")]
    pub(crate) rest: Option<RestKind>,
    /// Keep the content as it is where this picture is white, whatever the style
    #[arg(long, value_name = "FILE", help_heading = "Regions")]
    pub(crate) protect: Option<PathBuf>,
    /// How soft the edges of what is kept are, as a part of the picture's long edge, 0 to 0.25 [default: 0.005]
    #[arg(long, value_name = "F", help_heading = "Regions")]
    pub(crate) feather: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RestKind {
    /// It stays as it is
    Keep,
    /// It is painted in the first style
    First,
}

impl RegionArgs {
    fn rest(&self) -> Rest {
        match self.rest {
            Some(RestKind::First) => Rest::First,
            _ => Rest::Keep,
        }
    }

    /// Every file, to be changed.
    pub(crate) fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.mask.iter_mut().chain(&mut self.protect)
    }

    /// An option that could do nothing is a mistake.
    fn check(&self) -> Result<(), Failure> {
        if self.rest.is_some() && self.mask.is_empty() {
            return Err(Failure::bad_input("--rest: without --mask there is no rest"));
        }
        let keeps = !self.mask.is_empty() && self.rest() == Rest::Keep;
        if self.feather.is_some() && self.protect.is_none() && !keeps {
            return Err(Failure::bad_input("--feather: nothing is kept whose edges could be soft")
                .hint("it goes with --protect, and with --mask where the rest is kept"));
        }
        Ok(())
    }
}

/// The masks of a run, matched.
#[derive(Clone, Default)]
pub(crate) struct Masks {
    content: Vec<Input>,
    /// One for each style.
    styles: Vec<Option<Input>>,
    protect: Option<Input>,
    /// What it keeps.
    kept: Option<Plane>,
    /// `None` where there is no mask but that of `--protect`.
    assigned: Option<RegionAssignment>,
}

impl Masks {
    /// Reads and matches them.
    pub(crate) fn read(args: &RegionArgs, styles: &[StyleArg], limits: &Limits) -> Result<Masks, Failure> {
        args.check()?;
        let read =
            |option: &str, path: &Path| inputs::read(path, limits).map_err(|failure| failure.about(option));
        let content = args.mask.iter().map(|path| read("--mask", path)).collect::<Result<Vec<_>, _>>()?;
        let of_styles =
            styles.iter().map(|style| style.mask.as_deref().map(|path| read("mask", path)).transpose());
        let of_styles = of_styles.collect::<Result<Vec<_>, _>>()?;
        let protect = args.protect.as_deref().map(|path| read("--protect", path)).transpose()?;
        let kept = protect.as_ref().and_then(|input| grey(mask_of(input)));
        if let Some(wrong) = protect.as_ref().filter(|_| kept.is_none()) {
            let path = wrong.path.display();
            return Err(Failure::bad_input(format!(
                "--protect: {path} has colours: expected a grey picture"
            ))
            .hint("white is kept, black is painted"));
        }
        let mut masks = Masks { content, styles: of_styles, protect, kept, assigned: None };
        let named = styles.iter().any(|style| style.region.is_some());
        if !masks.content.is_empty() || masks.styles.iter().any(Option::is_some) || named {
            let theirs: Vec<StyleMask> = styles
                .iter()
                .zip(&masks.styles)
                .map(|(style, mask)| {
                    Ok(StyleMask { mask: mask.as_ref().map(mask_of), region: style.colour()? })
                })
                .collect::<Result<_, Failure>>()?;
            let ours: Vec<Mask> = masks.content.iter().map(mask_of).collect();
            masks.assigned = Some(assign(&ours, &theirs, args.rest())?);
        }
        // What they say is known, and pictures are large.
        let all = masks.content.iter_mut().chain(masks.styles.iter_mut().flatten()).chain(&mut masks.protect);
        all.for_each(Input::forget_picture);
        Ok(masks)
    }

    /// Those that were read.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.content.iter().chain(self.styles.iter().flatten()).chain(&self.protect)
    }

    /// Those of the content.
    pub(crate) fn of_content(&self) -> &[Input] {
        &self.content
    }

    pub(crate) fn of_style(&self, index: usize) -> Option<&Input> {
        self.styles.get(index)?.as_ref()
    }

    pub(crate) fn protect(&self) -> Option<&Input> {
        self.protect.as_ref()
    }

    /// What is worth knowing.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &String> {
        self.assigned.iter().flat_map(|assigned| &assigned.notes)
    }

    /// What a style is for; `None`: everything.
    pub(crate) fn take_parts(&mut self, index: usize) -> Option<Vec<(usize, Option<Plane>)>> {
        self.assigned.as_mut()?.parts.get_mut(index).map(std::mem::take)
    }

    /// Gives a transfer its regions. The masks go, as they may be large.
    pub(crate) fn onto(&mut self, transfer: StyleTransfer, args: &RegionArgs) -> StyleTransfer {
        let planes = self.assigned.as_mut().map(|assigned| std::mem::take(&mut assigned.regions));
        let mut regions = Regions::default().rest(args.rest()).feather(args.feather.unwrap_or(FEATHER));
        for plane in planes.into_iter().flatten() {
            regions = regions.region(plane);
        }
        transfer.regions(regions.protect(self.kept.take()))
    }
}

fn grey(mask: Mask) -> Option<Plane> {
    match mask {
        Mask::Grey(plane) => Some(plane),
        Mask::Colours(_) => None,
    }
}

fn mask_of(input: &Input) -> Mask {
    Mask::new(&input.decoded.picture, input.decoded.alpha.as_ref())
}
