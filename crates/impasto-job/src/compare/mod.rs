//! The job `compare`: scores for pictures made by any tool, with measures that no run optimises. The scores are shown
//! as a table, as JSON, and as an HTML page.

mod html;
mod table;

use std::path::{Path, PathBuf};

use impasto::encoder::{Encoder, Provenance};
use impasto::image::{Space, check_writable, fit_long_edge};
use impasto::referee::{Measure, Referee, Scores};
use impasto::{Picture, thread_pool};
use serde_json::{Value, json};

use crate::inputs::{self, Input};
use crate::spec::{CompareSpec, StyleSpec, shares};
use crate::text::printable;
use crate::{Context, JobError};

/// The part of a side by which a picture may differ from the content's shape without a note. It allows for rounding,
/// and for tools that paint in multiples of 8 pixels.
const OTHER_SHAPE: f64 = 0.02;

/// All pictures that were read, in sRGB.
struct Inputs {
    content: Option<Input>,
    styles: Vec<Input>,
    pictures: Vec<Input>,
}

impl Inputs {
    fn all(&self) -> Vec<&Input> {
        self.content.iter().chain(&self.styles).chain(&self.pictures).collect()
    }
}

/// A picture's scores, and the size at which it was scored.
struct Scored {
    size: (usize, usize),
    scores: Scores,
}

/// The outcome of a comparison.
pub struct Compared {
    inputs: Inputs,
    scored: Vec<Scored>,
    model: Option<Provenance>,
}

pub(crate) fn run(spec: &CompareSpec, context: &Context) -> Result<Compared, JobError> {
    check_styles(&spec.style)?;
    let pool = thread_pool(spec.threads)?;
    let model = spec.referee_model.as_deref().map(|name| context.model(name)).transpose()?;
    let inputs = read(spec, context)?;
    check_page(spec, &inputs)?;
    if let Some(model) = &model {
        inputs.pictures.iter().try_for_each(|picture| check_held_out(picture, model))?;
    }
    let mut referee = referee(spec, &inputs, model.as_ref())?;
    let sizes: Vec<_> = inputs.pictures.iter().map(|input| referee.size_of(&input.decoded.picture)).collect();
    notes(&inputs, &sizes).into_iter().for_each(|note| context.warn(note));
    let scored = pool.install(|| {
        let pictures = inputs.pictures.iter().zip(sizes);
        let score = |(input, size): (&Input, _)| {
            context.control.flag().check()?;
            let scores = referee.score(&input.decoded.picture)?;
            Ok::<_, JobError>(Scored { size, scores })
        };
        pictures.map(score).collect::<Result<Vec<_>, _>>()
    })?;
    if let Some(path) = &spec.html {
        context.control.saving(|| html::write(path, &inputs, &scored))?;
    }
    Ok(Compared { inputs, scored, model: model.map(|model| model.provenance().clone()) })
}

/// Refuses settings of styles other than weight and scale.
fn check_styles(styles: &[StyleSpec]) -> Result<(), JobError> {
    let whole =
        |style: &StyleSpec| style.settings().all(|(setting, _)| setting == "weight" || setting == "scale");
    match styles.iter().find(|style| !whole(style)) {
        None => Ok(()),
        Some(style) => Err(JobError::bad_input(format!(
            "`style` {style}: a comparison uses a style as it is, all of it, and not turned"
        ))
        .hint("use only weight and scale here; turn or crop the picture first")),
    }
}

fn check_page(spec: &CompareSpec, inputs: &Inputs) -> Result<(), JobError> {
    let Some(path) = &spec.html else { return Ok(()) };
    inputs::check_apart("`html`", path, &inputs.all())?;
    if let Some(model) = &spec.referee_model {
        inputs::check_model("`html`", path, model)?;
    }
    check_writable(path).map_err(|error| JobError::from(error).about("`html`"))
}

impl Compared {
    /// The scores as a table for a terminal, line by line.
    pub fn table(&self) -> Vec<String> {
        table::lines(&self.inputs.pictures, &self.scored)
    }

    /// The scores of each picture, in the order of the pictures.
    pub fn scores(&self) -> impl Iterator<Item = &Scores> {
        self.scored.iter().map(|scored| &scored.scores)
    }

    /// The scores as JSON, with the inputs and a description of each measure.
    pub fn to_json(&self) -> Value {
        as_json(&self.inputs, &self.scored, self.model.as_ref())
    }
}

fn read(spec: &CompareSpec, context: &Context) -> Result<Inputs, JobError> {
    let all = spec.pictures.iter().chain(&spec.content).chain(spec.style.iter().map(|style| &style.path));
    inputs::check_standard_input(all.map(PathBuf::as_path))?;
    let source = context.source(&spec.input)?;
    let open = |path: &Path| {
        let mut input = source.read(path)?;
        // The measures are defined in sRGB.
        input.decoded.bring_to(Space::Srgb);
        Ok::<_, JobError>(input)
    };
    Ok(Inputs {
        content: spec.content.as_deref().map(open).transpose()?,
        styles: spec.style.iter().map(|style| open(&style.path)).collect::<Result<_, _>>()?,
        pictures: spec.pictures.iter().map(|path| open(path)).collect::<Result<_, _>>()?,
    })
}

fn referee(spec: &CompareSpec, inputs: &Inputs, model: Option<&Encoder>) -> Result<Referee, JobError> {
    if !(spec.style_scale.is_finite() && spec.style_scale > 0.0) {
        let problem = format!("`style_scale`: expected a number above 0, found {}", spec.style_scale);
        return Err(JobError::bad_input(problem));
    }
    let shares = shares(&spec.style, None)?;
    let styles = inputs.styles.iter().zip(&spec.style).zip(shares).map(|((input, given), share)| {
        let style = given.style(input.decoded.picture.clone(), None, share, None);
        style.scale(given.scale.unwrap_or(1.0) * spec.style_scale)
    });
    let content = inputs.content.as_ref().map(|input| input.decoded.picture.clone());
    let mut referee = Referee::new(content, styles.collect())?;
    if let Some(size) = spec.size {
        referee = referee.size(size)?;
    }
    if let Some(model) = model {
        referee = referee.encoder(model)?;
    }
    Ok(referee)
}

/// Refuses the encoder that a picture was made with, by the digest in the picture's recipe: it cannot judge its own
/// work.
fn check_held_out(picture: &Input, model: &Encoder) -> Result<(), JobError> {
    let recipe = picture.decoded.metadata.recipe.as_deref();
    let recipe: Value = recipe.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if recipe["encoder"]["sha256"].as_str() != Some(model.provenance().sha256.as_str()) {
        return Ok(());
    }
    let name = printable(recipe["encoder"]["name"].as_str().unwrap_or("this encoder"));
    let message =
        format!("`referee_model`: {} was made with {name}, which cannot judge it", picture.path.display());
    Err(JobError::bad_input(message)
        .hint("give an encoder that made none of the pictures, or leave the option out"))
}

/// Returns notes for the reader of the scores.
fn notes(inputs: &Inputs, sizes: &[(usize, usize)]) -> Vec<String> {
    let mut notes: Vec<String> = inputs.all().iter().flat_map(|input| input.notes()).collect();
    let transparent = inputs.all().into_iter().filter(|input| input.decoded.alpha.is_some());
    notes
        .extend(transparent.map(|input| {
            format!("note: {} is transparent in parts, which is ignored", input.path.display())
        }));
    for (input, size) in inputs.pictures.iter().zip(sizes) {
        if inputs.content.as_ref().is_some_and(|content| has_other_shape(&content.decoded.picture, *size)) {
            let name = input.path.display();
            notes.push(format!(
                "note: {name} has another shape than the content: the content is stretched to it"
            ));
        }
    }
    if sizes.iter().any(|size| *size != sizes[0]) {
        let long = sizes.iter().map(|(width, height)| *width.max(height)).min().unwrap_or(0);
        notes.push(format!(
            "note: the pictures are scored at different sizes, which affects the scores; `size` {long} makes them equal"
        ));
    }
    notes
}

fn has_other_shape(content: &Picture, (width, height): (usize, usize)) -> bool {
    let expected = fit_long_edge(content.size(), width.max(height));
    let differs = |a: usize, b: usize| a.abs_diff(b) as f64 > (OTHER_SHAPE * a.max(b) as f64).max(1.0);
    differs(expected.0, width) || differs(expected.1, height)
}

fn as_json(inputs: &Inputs, scored: &[Scored], model: Option<&Provenance>) -> Value {
    let pictures = inputs.pictures.iter().zip(scored).map(|(input, Scored { size, scores })| {
        let mut picture = json!(input.summary);
        picture["scored_width"] = json!(size.0);
        picture["scored_height"] = json!(size.1);
        picture["scores"] = json!(scores);
        picture
    });
    let about = |measure: &Measure| (measure.name.to_owned(), json!(measure));
    let measures: serde_json::Map<String, Value> =
        Measure::ALL.iter().chain([&Measure::LAYER]).map(about).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "content": inputs.content.as_ref().map(|input| &input.summary),
        "styles": inputs.styles.iter().map(|input| &input.summary).collect::<Vec<_>>(),
        "referee_model": model.map(|provenance| {
            json!({ "name": provenance.name, "family": provenance.family, "sha256": provenance.sha256 })
        }),
        "pictures": pictures.collect::<Vec<_>>(),
        "measures": measures,
    })
}
