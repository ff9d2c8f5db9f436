//! Assigns styles to regions: matches the masks of content and styles, by colour or by position in the list.

use impasto_image::Plane;

use crate::mask::{ColourMask, Mask, MaskColour};
use crate::{Error, Rest, Setting};

/// The mask of a style, and the region that the style is for.
#[derive(Clone, Debug, Default)]
pub struct StyleMask {
    /// A grey mask says how much each position of the style counts. A mask with colours says so for each region.
    pub mask: Option<Mask>,
    /// The region that the whole style is for, given by its colour in the content's mask.
    pub region: Option<MaskColour>,
}

/// The regions of a content, and the styles for each of them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RegionAssignment {
    /// One plane for each region, of the size of the content's mask.
    pub regions: Vec<Plane>,
    /// For each style: the regions it is for, and how much its positions count for each. `None` counts all alike.
    pub parts: Vec<Vec<(usize, Option<Plane>)>>,
    /// The colour of each region, if regions are given by colours.
    pub colours: Vec<MaskColour>,
    /// Notes for the user, such as a colour without a style.
    pub notes: Vec<String>,
}

/// Matches the masks of the content with the masks of the styles.
///
/// - One grey mask of the content: all styles are painted where it is white.
/// - As many grey masks as styles: each mask is for the style at the same place in the list.
/// - One mask with colours: each of its colours is painted in the styles whose masks contain that colour, and in
///   the styles that name it.
///
/// A grey mask of a style says how much each of its positions counts. With [`Rest::First`], the first style takes
/// the rest: the grey masks are for the styles after it, and it needs no region of its own.
///
/// # Errors
/// [`Error::Invalid`] for masks that do not go together, and for a style without any region.
pub fn assign(content: &[Mask], styles: &[StyleMask], rest: Rest) -> Result<RegionAssignment, Error> {
    let wrong = |problem: String| Err(Error::invalid(Setting::Mask, problem));
    let mut assigned = RegionAssignment::default();
    if let [Mask::Colours(mask)] = content {
        return by_colour(mask, styles, rest);
    }
    for (index, style) in styles.iter().enumerate() {
        if style.region.is_some() || matches!(style.mask, Some(Mask::Colours(_))) {
            let problem = "is for a region given by colour: expected one mask with colours for the content";
            return wrong(format!("style {} {problem}", index + 1));
        }
    }
    for mask in content {
        match mask {
            Mask::Grey(plane) => assigned.regions.push(plane.clone()),
            Mask::Colours(_) => {
                return wrong(
                    "expected only grey masks where there are several, found one with colours".into(),
                );
            }
        }
    }
    let (masks, first) = (content.len(), usize::from(rest == Rest::First && !content.is_empty()));
    let others = styles.len() - first.min(styles.len());
    if (masks > 1 || first == 1) && masks != others {
        return Err(match (first, others) {
            (0, _) => Error::invalid(
                Setting::Mask,
                format!("expected one, or one for each of {others} styles, found {masks}"),
            ),
            (_, 0) => first_alone(),
            _ => Error::invalid(
                Setting::Mask,
                format!("expected one for each of the {others} styles after the first, found {masks}"),
            )
            .advised(format!("the first style takes the rest, because of {} first", Setting::Rest)),
        });
    }
    let region = |index| if masks > 1 { index } else { 0 };
    // The region for the rest comes after all others.
    let parts = |(index, style)| match usize::checked_sub(index, first) {
        Some(index) => vec![(region(index), grey(style))],
        None => vec![(masks, grey(style))],
    };
    assigned.parts = styles.iter().enumerate().map(parts).collect();
    Ok(assigned)
}

/// The error for a first style that takes the rest, without a second one for the mask.
fn first_alone() -> Error {
    let (mask, rest) = (Setting::Mask, Setting::Rest);
    let problem =
        "first paints the rest in the first style: expected a second style for the mask, found none";
    Error::invalid(rest, problem).advised(format!(
        "the styles a.jpg b.jpg with {mask} m.png {rest} first paint b.jpg in the mask and a.jpg elsewhere; without \
         {rest} a single style is painted in the mask"
    ))
}

/// The style's mask if it is grey: how much each position counts.
fn grey(style: &StyleMask) -> Option<Plane> {
    match &style.mask {
        Some(Mask::Grey(plane)) => Some(plane.clone()),
        _ => None,
    }
}

/// A part of a style: the colour of its region, and the weights of the style's positions.
type ColourPart = (MaskColour, Option<Plane>);

/// The parts of a style, by its own mask or by the region that it names. The first style may take the rest alone.
fn parts_of(
    content: &ColourMask,
    style: &StyleMask,
    (number, takes_rest): (usize, bool),
    notes: &mut Vec<String>,
) -> Result<Vec<ColourPart>, Error> {
    let wrong = |problem: String| Err(Error::invalid(Setting::Mask, problem));
    match (&style.mask, style.region) {
        (Some(Mask::Colours(_)), Some(_)) => {
            wrong(format!("style {number} has a mask with colours and a region: expected only one of them"))
        }
        (Some(Mask::Colours(mask)), None) => {
            let shared = content.colours().iter();
            let mine: Vec<ColourPart> =
                shared.filter_map(|&colour| Some((colour, Some(mask.region(colour)?)))).collect();
            for other in mask.colours().iter().filter(|colour| content.nearest(**colour).is_none()) {
                notes.push(format!(
                    "note: {other} in the mask of style {number} is not in the content's mask"
                ));
            }
            if mine.is_empty() {
                let (ours, theirs) = (listed(content), listed(mask));
                return wrong(format!(
                    "no colour of the content's mask ({ours}) is in the mask of style {number} ({theirs})"
                ));
            }
            Ok(mine)
        }
        (_, Some(region)) => match content.nearest(region) {
            Some(colour) => Ok(vec![(colour, grey(style))]),
            None => {
                let regions = listed(content);
                wrong(format!("the content's mask has no region {region}; its regions are {regions}"))
            }
        },
        (_, None) if takes_rest => Ok(Vec::new()),
        (_, None) => Err(nowhere(content, number)),
    }
}

/// The error for a style that no region of a mask with colours is for.
fn nowhere(content: &ColourMask, number: usize) -> Error {
    let no_mask = "a mask of black and white needs no region; a photograph is no mask";
    let Some(first) = content.colours().first() else {
        let problem =
            "it has colours, but no area of one colour: expected black and white, or regions of one colour";
        return Error::invalid(Setting::Mask, problem).advised(no_mask);
    };
    let regions = listed(content);
    let problem =
        format!("style {number} goes nowhere: expected a mask with colours, or a region: one of {regions}");
    Error::invalid(Setting::Mask, problem)
        .advised(format!("STYLE:region={first} places the style on that colour; {no_mask}"))
}

/// The most colours of a mask that a message lists.
const LISTED: usize = 6;

/// The colours of a mask with their shares, for messages.
fn listed(mask: &ColourMask) -> String {
    let shares = mask.colours().iter().map(|colour| (colour, 100.0 * mask.share(*colour)));
    let shown = shares.take(LISTED).map(|(colour, share)| format!("{colour} ({share:.1} %)"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match mask.colours().len().checked_sub(LISTED) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn by_colour(content: &ColourMask, styles: &[StyleMask], rest: Rest) -> Result<RegionAssignment, Error> {
    let mut parts: Vec<Vec<ColourPart>> = Vec::new();
    let mut notes = Vec::new();
    for (index, style) in styles.iter().enumerate() {
        let takes_rest = index == 0 && rest == Rest::First;
        parts.push(parts_of(content, style, (index + 1, takes_rest), &mut notes)?);
    }
    let used = |colour: &MaskColour| parts.iter().flatten().any(|(other, _)| other == colour);
    let painted: Vec<MaskColour> = content.colours().iter().copied().filter(used).collect();
    for colour in content.colours().iter().filter(|colour| !painted.contains(colour)) {
        let becomes = if rest == Rest::Keep { "stays as it is" } else { "is painted in the first" };
        let share = 100.0 * content.share(*colour);
        notes.push(format!("note: {colour} ({share:.1} % of the mask) has no style, and {becomes}"));
    }
    if painted.is_empty() {
        let rest = Setting::Rest;
        let problem =
            format!("no style has a region; with {rest} first, the first style would take the rest");
        return Err(Error::invalid(Setting::Mask, problem));
    }
    let place = |colour: MaskColour| painted.iter().position(|other| *other == colour);
    let indexed = |(index, mine): (usize, Vec<ColourPart>)| {
        let regions = mine.into_iter().filter_map(|(colour, plane)| Some((place(colour)?, plane)));
        // The region for the rest comes after all others.
        let rest = (index == 0 && rest == Rest::First).then(|| (painted.len(), grey(&styles[0])));
        regions.chain(rest).collect()
    };
    Ok(RegionAssignment {
        regions: painted.iter().filter_map(|colour| content.region(*colour)).collect(),
        parts: parts.into_iter().enumerate().map(indexed).collect(),
        colours: painted,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use impasto_image::Picture;

    use super::*;

    /// Stripes of colours, each 4 pixels wide.
    fn stripes(colours: &[[f32; 3]]) -> Mask {
        let (width, height) = (4 * colours.len(), 4);
        let at = |plane: usize, x: usize| colours[x / 4][plane];
        let rgb = (0..3 * width * height).map(|i| at(i / (width * height), i % width)).collect();
        Mask::new(&Picture::new(width, height, rgb).unwrap(), None).unwrap()
    }

    const RED: [f32; 3] = [1.0, 0.0, 0.0];
    const BLUE: [f32; 3] = [0.0, 0.0, 1.0];
    const BLACK: [f32; 3] = [0.0; 3];
    const WHITE: [f32; 3] = [1.0; 3];

    fn masked(mask: Mask) -> StyleMask {
        StyleMask { mask: Some(mask), region: None }
    }

    #[test]
    fn colours_are_matched_and_what_has_no_style_is_named() {
        let content = [stripes(&[RED, BLUE, BLACK])];
        let styles = [masked(stripes(&[BLACK, [0.95, 0.02, 0.0]])), masked(stripes(&[BLUE, RED]))];
        let assigned = assign(&content, &styles, Rest::Keep).unwrap();
        assert_eq!(assigned.regions.len(), 3);
        let regions: Vec<Vec<usize>> =
            assigned.parts.iter().map(|parts| parts.iter().map(|(region, _)| *region).collect()).collect();
        // The largest region comes first, then the order of colours: black, red, blue. Pixels at an edge are not
        // counted, so the inner stripe is the smallest.
        assert_eq!(regions, [vec![0, 1], vec![1, 2]]);
        let red = assigned.parts[1][0].1.as_ref().unwrap();
        assert_eq!(red.data()[..8], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        let only = assign(&content, &styles[1..], Rest::Keep).unwrap();
        assert_eq!(only.regions.len(), 2);
        assert!(only.notes[0].contains("#000000") && only.notes[0].contains("33.3 %"), "{:?}", only.notes);
    }

    #[test]
    fn a_style_can_name_its_region_and_the_first_may_take_the_rest() {
        let content = [stripes(&[RED, BLUE])];
        let named = StyleMask { mask: None, region: MaskColour::parse("blue") };
        let assigned = assign(&content, &[StyleMask::default(), named.clone()], Rest::First).unwrap();
        assert_eq!((assigned.regions.len(), &assigned.parts), (1, &vec![vec![(1, None)], vec![(0, None)]]));
        let error = assign(&content, &[StyleMask::default(), named], Rest::Keep).unwrap_err();
        assert!(error.to_string().contains("style 1 goes nowhere"), "{error}");
        let absent = StyleMask { mask: None, region: MaskColour::parse("yellow") };
        let error = assign(&content, &[absent], Rest::Keep).unwrap_err().to_string();
        assert!(error.contains("#ffff00") && error.contains("#ff0000 (50.0 %)"), "{error}");
    }

    #[test]
    fn grey_masks_go_to_all_styles_or_each_to_its_own() {
        let grey = stripes(&[WHITE, BLACK]);
        let styles = [StyleMask::default(), masked(stripes(&[BLACK, WHITE]))];
        let one = assign(std::slice::from_ref(&grey), &styles, Rest::Keep).unwrap();
        assert_eq!((one.regions.len(), one.parts[0][0].0, one.parts[1][0].0), (1, 0, 0));
        assert!(one.parts[0][0].1.is_none() && one.parts[1][0].1.is_some());
        let each = assign(&[grey.clone(), grey.clone()], &styles, Rest::Keep).unwrap();
        assert_eq!((each.regions.len(), each.parts[1][0].0), (2, 1));
        assert!(assign(&[grey.clone(), grey.clone(), grey.clone()], &styles, Rest::Keep).is_err());
        let rest = assign(std::slice::from_ref(&grey), &styles, Rest::First).unwrap();
        assert_eq!((rest.parts[0][0].0, rest.parts[1][0].0), (1, 0));
        let alone = assign(std::slice::from_ref(&grey), &styles[..1], Rest::First).unwrap_err().to_string();
        assert!(alone.contains("`rest`") && alone.contains("expected a second style"), "{alone}");
        assert!(assign(&[grey.clone(), stripes(&[RED, BLUE])], &styles, Rest::Keep).is_err());
        let coloured = [masked(stripes(&[RED, BLUE]))];
        for content in [&[][..], &[grey]] {
            let error = assign(content, &coloured, Rest::Keep).unwrap_err().to_string();
            assert!(error.contains("one mask with colours"), "{error}");
        }
    }
}
