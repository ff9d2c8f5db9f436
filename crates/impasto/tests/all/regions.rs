//! Regions, protected content, and styles for single layers: the effect of each, in whole pictures, in tiles, and
//! in resumed runs.
#![allow(clippy::unwrap_used)] // a panic fails the test

use crate::common::{NARROW, saved, waves};
use impasto::image::{Filter, Plane, resize};
use impasto::{
    Checkpoint, Colour, ColourMap, Error, Evaluation, Init, Overrides, Picture, Regions, Rest, Session,
    Style, StyleTransfer,
};
use impasto_engine::Tiling;

const WIDTH: usize = 96;
const HEIGHT: usize = 64;

/// Tolerance for the mean over pixels. Sums have another order, and Adam's first steps take the sign of a gradient
/// even if it is only rounding.
const ROUNDING: f64 = 1e-4;

/// A plane with 1 in the columns from `from` to `to`, and 0 elsewhere.
fn columns(width: usize, height: usize, from: usize, to: usize) -> Plane {
    let inside = |at: usize| if (from..to).contains(&(at % width)) { 1.0 } else { 0.0 };
    Plane::new(width, height, (0..width * height).map(inside).collect()).unwrap()
}

fn overrides() -> Overrides {
    Overrides { iterations: Some(3), min_size: Some(64), ..Overrides::default() }
}

fn transfer() -> StyleTransfer {
    StyleTransfer::new(waves(WIDTH, HEIGHT, 0)).model(NARROW).overrides(overrides()).size(WIDTH)
}

fn end(mut session: Session) -> Picture {
    session.by_ref().for_each(|step| drop(step.unwrap()));
    session.picture().unwrap()
}

/// Columns in which the pictures differ.
fn changed(a: &Picture, b: &Picture) -> Vec<usize> {
    let width = a.width();
    let pairs = a.rgb().iter().zip(b.rgb()).enumerate().filter(|(_, (a, b))| a != b);
    let mut columns: Vec<usize> = pairs.map(|(at, _)| at % width).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

#[test]
fn what_is_protected_is_the_content_to_the_last_bit_and_its_edge_is_soft() {
    let content = waves(WIDTH, HEIGHT, 0);
    let regions = Regions::default().protect(columns(WIDTH, HEIGHT, 0, 48)).feather(0.02);
    let noise = Overrides { init: Some(Init::Noise), ..overrides() };
    for (colour, overrides) in [
        (Colour::Style, overrides()),
        (Colour::Style, noise),
        (Colour::Match(ColourMap::Pca), self::overrides()),
    ] {
        let transfer = transfer().style(waves(80, 70, 1)).colour(colour).overrides(overrides);
        let painted = end(transfer.clone().build().unwrap());
        let session = transfer.regions(regions.clone()).build().unwrap();
        assert!(session.scales().len() > 1);
        let result = end(session);
        let changed = changed(&result, &content);
        // The edge has a standard deviation of 2 pixels: 3 pixels away, almost all of the content is kept.
        assert!((40..46).contains(&changed[0]), "the first change is in column {}", changed[0]);
        assert_eq!(changed[changed.len() - 1], WIDTH - 1);
        assert!(changed.len() > 46, "the free part was not painted");
        assert_ne!(painted, result);
        // At the edge, the value lies between content and painted picture.
        let at = |picture: &Picture, x: usize| picture.rgb()[20 * WIDTH + x];
        assert_ne!(at(&result, 48), at(&content, 48));
    }
}

#[test]
fn what_is_protected_has_its_own_colours_too() {
    let regions = Regions::default().protect(columns(WIDTH, HEIGHT, 0, 48)).feather(0.0);
    let content = waves(WIDTH, HEIGHT, 0);
    for colour in [Colour::Keep, Colour::Luminance] {
        let transfer = transfer().style(waves(80, 70, 1)).colour(colour).regions(regions.clone());
        let result = end(transfer.build().unwrap());
        let changed = changed(&result, &content);
        assert!((47..=49).contains(&changed[0]), "{colour:?}: {}", changed[0]);
    }
}

#[test]
fn a_run_that_is_broken_off_has_what_is_protected() {
    let regions = Regions::default().protect(columns(WIDTH, HEIGHT, 0, 48)).feather(0.0);
    let noise = Overrides { init: Some(Init::Noise), min_size: Some(96), ..overrides() };
    let cancel = impasto::Cancel::default();
    let transfer = transfer().style(waves(80, 70, 1)).overrides(noise).regions(regions);
    let mut session = transfer.cancel(cancel.clone()).build().unwrap();
    // The run is cancelled at the last scale, whose preparation frees the content.
    cancel.cancel();
    assert!(session.step().unwrap_err().is_cancelled());
    let changed = changed(&session.picture().unwrap(), &waves(WIDTH, HEIGHT, 0));
    assert!((47..=49).contains(&changed[0]), "{}", changed[0]);
}

#[test]
fn without_iterations_nothing_is_changed_where_it_is_kept() {
    let none = Overrides { iterations: Some(0), init: Some(Init::Noise), ..overrides() };
    let regions = Regions::default().protect(columns(WIDTH, HEIGHT, 0, 48)).feather(0.0);
    let session = transfer().style(waves(80, 70, 1)).overrides(none).regions(regions).build().unwrap();
    let result = session.picture().unwrap();
    // Noise in the unprotected part.
    let content = resize(
        &waves(WIDTH, HEIGHT, 0),
        result.width(),
        result.height(),
        Filter::Bicubic,
        impasto::image::Averaging::Light,
    );
    let half = result.width() / 2;
    let changed = changed(&result, &content);
    assert!(changed[0] >= half && changed.len() > half / 2, "{} {}", changed[0], changed.len());
}

/// The gradient of the style loss alone, summed over the columns.
fn slopes(regions: Regions, styles: Vec<Style>) -> Vec<f64> {
    let overrides = Overrides { content_weight: Some(0.0), tv_weight: Some(0.0), ..Overrides::default() };
    let mut transfer = StyleTransfer::new(waves(WIDTH, HEIGHT, 0)).model(NARROW).overrides(overrides);
    for style in styles {
        transfer = transfer.style(style);
    }
    let Evaluation { gradient, .. } = transfer.regions(regions).evaluate(&waves(WIDTH, HEIGHT, 2)).unwrap();
    let mut slopes = vec![0.0; WIDTH];
    gradient.data.iter().enumerate().for_each(|(at, slope)| slopes[at % WIDTH] += slope.abs() as f64);
    slopes
}

#[test]
fn gradients_reach_every_region_however_small() {
    let [one, other] = [waves(80, 70, 1), waves(64, 64, 3)];
    // A pixel, a column, and half of the picture.
    let mut pixel = Plane::filled(WIDTH, HEIGHT, 0.0);
    pixel.data_mut()[5 * WIDTH + 2] = 1.0;
    let column = columns(WIDTH, HEIGHT, 20, 21);
    let half = columns(WIDTH, HEIGHT, 48, 96);
    let regions = || Regions::default().region(pixel.clone()).region(column.clone()).region(half.clone());
    let part = |picture: &Picture, region| Style::new(picture.clone()).parts([(region, None)]);
    for (only, columns) in [(0, 2..3), (1, 20..21), (2, 48..96)] {
        // Only one of the regions has a style.
        let slopes = slopes(regions(), vec![part(&one, only)]);
        assert!(slopes[columns.clone()].iter().all(|slope| *slope > 0.0), "region {only}: {slopes:?}");
    }
    let all = slopes(regions(), vec![part(&one, 0), part(&other, 1), part(&one, 2)]);
    assert!([2, 20, 50, 80].iter().all(|x| all[*x] > 0.0));
}

#[test]
fn each_region_is_painted_in_its_style() {
    // Dark on the left and light on the right, and the other way round.
    let (dark, light) = (Picture::filled(64, 64, [0.1; 3]), Picture::filled(64, 64, [0.9; 3]));
    let halves = [columns(WIDTH, HEIGHT, 0, 48), columns(WIDTH, HEIGHT, 48, 96)];
    let mean = |picture: &Picture, from: usize, to: usize| {
        let values = picture.rgb().iter().enumerate().filter(|(at, _)| (from..to).contains(&(at % WIDTH)));
        let values: Vec<f64> = values.map(|(_, value)| *value as f64).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let run = |first: &Picture, second: &Picture, rest: Rest| {
        let mut regions = Regions::default().rest(rest).region(halves[1].clone());
        let mut styles =
            vec![Style::new(first.clone()).parts([]), Style::new(second.clone()).parts([(0, None)])];
        if rest == Rest::Keep {
            regions = regions.region(halves[0].clone());
            styles[0] = Style::new(first.clone()).parts([(1, None)]);
        }
        let more = Overrides { iterations: Some(12), content_weight: Some(0.0), ..overrides() };
        let mut transfer = transfer().overrides(more).regions(regions);
        for style in styles {
            transfer = transfer.style(style);
        }
        let result = end(transfer.build().unwrap());
        mean(&result, 0, 40) - mean(&result, 56, WIDTH)
    };
    let content = mean(&waves(WIDTH, HEIGHT, 0), 0, 40) - mean(&waves(WIDTH, HEIGHT, 0), 56, WIDTH);
    for rest in [Rest::Keep, Rest::First] {
        let (lighter_left, darker_left) = (run(&light, &dark, rest), run(&dark, &light, rest));
        assert!(
            lighter_left > content + 0.05 && darker_left < content - 0.05,
            "{rest:?}: {lighter_left} {darker_left} {content}"
        );
    }
}

#[test]
fn tiles_give_the_same_picture() {
    let (width, height) = (400, 300);
    let layers = |name: &str| Some(vec![name.to_owned()]);
    let shallow = Overrides {
        iterations: Some(2),
        min_size: Some(400),
        content_layers: layers("relu2_1"),
        style_layers: layers("relu1_1"),
        ..Overrides::default()
    };
    let regions = Regions::default()
        .region(columns(width, height, 100, 330))
        .protect(columns(width, height, 300, 400))
        .rest(Rest::First);
    let transfer = StyleTransfer::new(waves(width, height, 0))
        .style(Style::new(waves(150, 150, 1)).parts([]))
        .style(Style::new(waves(150, 150, 3)).parts([(0, Some(columns(150, 150, 20, 150)))]))
        .colour(Colour::Match(ColourMap::default()))
        .overrides(shallow)
        .regions(regions)
        .size(width);
    let whole = end(transfer.clone().build().unwrap());
    let tiling = Tiling { window: Some(192 * 192), ..Tiling::default() };
    let session = transfer.tiling(tiling).build().unwrap();
    assert_ne!(session.plan().scales[0].tiles, (1, 1));
    let tiled = end(session);
    let differences = tiled.rgb().iter().zip(whole.rgb()).map(|(a, b)| (a - b).abs() as f64);
    let mean = differences.sum::<f64>() / tiled.rgb().len() as f64;
    assert!(mean < ROUNDING, "{mean}");
}

#[test]
fn a_style_can_be_for_some_layers() {
    let (coarse, fine) = (waves(80, 70, 1), waves(64, 64, 3));
    let judged = |styles: Vec<Style>| {
        let mut transfer = StyleTransfer::new(waves(WIDTH, HEIGHT, 0)).model(NARROW);
        for style in styles {
            transfer = transfer.style(style);
        }
        transfer.evaluate(&waves(WIDTH, HEIGHT, 2)).unwrap().losses.style
    };
    let names: Vec<String> =
        judged(vec![coarse.clone().into()]).into_iter().map(|(layer, _)| layer).collect();
    let (first, deep) = names.split_at(2);
    let mixed = judged(vec![
        Style::new(fine.clone()).layers(first.to_vec()),
        Style::new(coarse.clone()).layers(deep.to_vec()),
    ]);
    let alone = [judged(vec![fine.clone().into()]), judged(vec![coarse.clone().into()])];
    for (index, (layer, value)) in mixed.iter().enumerate() {
        assert_eq!(*value, alone[usize::from(index >= 2)][index].1, "{layer}");
    }
    let only = judged(vec![Style::new(fine).layers(first.to_vec())]);
    assert!(only.iter().enumerate().all(|(index, (_, value))| (index < 2) == (*value > 0.0)), "{only:?}");
}

#[test]
fn a_run_with_regions_is_taken_up_with_the_same_bytes_and_not_with_others() {
    let mask = |to| columns(WIDTH, HEIGHT, 10, to);
    let begin = |to| {
        let regions = Regions::default().region(mask(to)).protect(columns(WIDTH, HEIGHT, 0, 30));
        transfer().style(waves(80, 70, 1)).regions(regions).build().unwrap()
    };
    let expected = end(begin(60));
    let mut session = begin(60);
    for done in 0..=6 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, saved(&session)).unwrap();
        let checkpoint = Checkpoint::read(&path).unwrap();
        let mut resumed = begin(60);
        resumed.restore(&checkpoint).unwrap();
        assert_eq!(resumed.picture().unwrap(), session.picture().unwrap(), "after {done}");
        assert_eq!(end(resumed), expected, "after {done}");
        let error = begin(61).restore(&checkpoint).unwrap_err().to_string();
        assert!(error.contains("`mask`"), "{error}");
        session.step().unwrap();
    }
}

#[test]
fn what_cannot_be_is_an_error_with_what_was_expected() {
    let half = || columns(WIDTH, HEIGHT, 0, 48);
    let failed = |regions: Regions, style: Style| {
        let error = transfer().style(style).regions(regions).build().err().expect("an error");
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        error.to_string()
    };
    let style = || Style::new(waves(80, 70, 1));
    let cases = [
        (Regions::default().region(Plane::filled(HEIGHT, WIDTH, 1.0)), style(), "96x64, found 64x96"),
        (Regions::default().region(Plane::filled(WIDTH, HEIGHT, 2.0)), style(), "0 to 1, found 2"),
        (Regions::default().region(Plane::filled(WIDTH, HEIGHT, f32::NAN)), style(), "0 to 1, found NaN"),
        (Regions::default().region(Plane::filled(WIDTH, HEIGHT, 0.0)), style(), "no position"),
        (Regions::default().protect(Plane::filled(WIDTH, HEIGHT, 1.0)), style(), "nothing is left to paint"),
        (Regions::default().protect(half()).feather(0.5), style(), "0 to 0.25"),
        (Regions::default().protect(half()).feather(f64::NAN), style(), "0 to 0.25"),
        (Regions::default().region(half()), style().parts([(1, None)]), "below 1, found 1"),
        (Regions::default(), style().parts([(0, Some(Plane::filled(80, 70, 0.0)))]), "nothing is left of"),
        (Regions::default(), style().parts([(0, Some(Plane::filled(70, 80, 1.0)))]), "80x70, found 70x80"),
        // A mask that keeps only transparent positions; and a mask of another shape, which has the style's shape
        // after a rotation.
        (
            Regions::default(),
            style().alpha(columns(80, 70, 40, 80)).parts([(0, Some(columns(80, 70, 0, 40)))]),
            "black where the style is opaque",
        ),
        (
            Regions::default(),
            style().parts([(0, Some(Plane::filled(70, 80, 1.0)))]).rotated(45.0),
            "80x70, found 70x80",
        ),
        (Regions::default(), style().layers(vec!["relu9_1".to_owned()]), "relu1_1"),
        (Regions::default(), style().layers(Vec::new()), "at least one"),
    ];
    for (regions, style, expected) in cases {
        let message = failed(regions, style);
        assert!(message.contains(expected), "{expected}: {message}");
    }
}
