//! `impasto compare`: scores for pictures of any tool, by measures that no run optimises; as a table, as JSON, and as a page.

mod html;
mod table;

use std::path::Path;

use impasto::encoder::Encoder;
use impasto::image::{Space, check_writable, fit_long_edge};
use impasto::referee::{Measure, Referee, Scores};
use impasto::{Picture, thread_pool};
use serde_json::{Value, json};

use crate::args::CompareArgs;
use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::models;
use crate::output::{line, printable, say};
use crate::style_arg::{self, StyleArg};

/// Parts of a side by which the shape of a picture may differ from the content's, for rounding and for tools that paint in
/// multiples of 8 pixels.
const OTHER_SHAPE: f64 = 0.02;

/// Everything that was read, in sRGB.
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

/// A picture's scores, and the size that it has them at.
struct Scored {
    size: (usize, usize),
    scores: Scores,
}

pub(crate) fn run(args: CompareArgs) -> Result<(), Failure> {
    let whole =
        |style: &StyleArg| style.settings().all(|(setting, _)| setting == "weight" || setting == "scale");
    if let Some(style) = args.style.iter().find(|style| !whole(style)) {
        return Err(Failure::bad_input(format!(
            "--style {style}: a style is compared with as it is, all of it, and not turned"
        ))
        .hint("weight and scale are what counts here; turn or cut the picture first"));
    }
    let pool = thread_pool(args.threads)?;
    let model = args.referee_model.as_deref().map(models::open).transpose()?;
    let inputs = read(&args)?;
    if let Some(path) = &args.html {
        inputs::check_apart("--html", path, &inputs.all())?;
        if let Some(model) = &args.referee_model {
            inputs::check_model("--html", path, model)?;
        }
        check_writable(path).map_err(|error| Failure::from(error).about("--html"))?;
    }
    if let Some(model) = &model {
        inputs.pictures.iter().try_for_each(|picture| check_held_out(picture, model))?;
    }
    let mut referee = referee(&args, &inputs, model.as_ref())?;
    let sizes: Vec<_> = inputs.pictures.iter().map(|input| referee.size_of(&input.decoded.picture)).collect();
    notes(&inputs, &sizes).iter().for_each(|note| say(note));
    let scored = pool.install(|| {
        let pictures = inputs.pictures.iter().zip(sizes);
        let score = |(input, size): (&Input, _)| {
            let scores = referee.score(&input.decoded.picture)?;
            Ok::<_, Failure>(Scored { size, scores })
        };
        pictures.map(score).collect::<Result<Vec<_>, _>>()
    })?;
    if let Some(path) = &args.html {
        html::write(path, &inputs, &scored)?;
    }
    if args.json {
        return line(&as_json(&inputs, &scored, model.as_ref()).to_string());
    }
    table::lines(&inputs.pictures, &scored).iter().try_for_each(|text| line(text))
}

fn read(args: &CompareArgs) -> Result<Inputs, Failure> {
    let limits = args.input.limits()?;
    let open = |path: &Path| {
        let mut input = inputs::read(path, &limits)?;
        // Space of the measures.
        input.decoded.bring_to(Space::Srgb);
        Ok::<_, Failure>(input)
    };
    Ok(Inputs {
        content: args.content.as_deref().map(open).transpose()?,
        styles: args.style.iter().map(|style| open(&style.path)).collect::<Result<_, _>>()?,
        pictures: args.pictures.iter().map(|path| open(path)).collect::<Result<_, _>>()?,
    })
}

fn referee(args: &CompareArgs, inputs: &Inputs, model: Option<&Encoder>) -> Result<Referee, Failure> {
    if !(args.style_scale.is_finite() && args.style_scale > 0.0) {
        let problem = format!("--style-scale: expected a number above 0, found {}", args.style_scale);
        return Err(Failure::bad_input(problem));
    }
    let shares = style_arg::shares(&args.style, None)?;
    let styles = inputs.styles.iter().zip(&args.style).zip(shares).map(|((input, given), share)| {
        let style = given.style(input.decoded.picture.clone(), None, share, None);
        style.scale(given.scale.unwrap_or(1.0) * args.style_scale)
    });
    let content = inputs.content.as_ref().map(|input| input.decoded.picture.clone());
    let mut referee = Referee::new(content, styles.collect())?;
    if let Some(size) = args.size {
        referee = referee.size(size)?;
    }
    if let Some(model) = model {
        referee = referee.encoder(model)?;
    }
    Ok(referee)
}

/// A picture is no surprise to the encoder that it was made with, whose digest its recipe has.
fn check_held_out(picture: &Input, model: &Encoder) -> Result<(), Failure> {
    let recipe = picture.decoded.metadata.recipe.as_deref();
    let recipe: Value = recipe.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if recipe["encoder"]["sha256"].as_str() != Some(model.provenance().sha256.as_str()) {
        return Ok(());
    }
    let name = printable(recipe["encoder"]["name"].as_str().unwrap_or("this encoder"));
    let message =
        format!("--referee-model: {} was made with {name}, which cannot judge it", picture.path.display());
    Err(Failure::bad_input(message).hint("give an encoder that made none of the pictures, or none"))
}

/// What a reader of the scores should know.
fn notes(inputs: &Inputs, sizes: &[(usize, usize)]) -> Vec<String> {
    let mut notes: Vec<String> = inputs.all().iter().filter_map(|input| input.note()).collect();
    let transparent = inputs.all().into_iter().filter(|input| input.decoded.alpha.is_some());
    notes.extend(transparent.map(|input| {
        format!("note: {} is transparent in parts, which is not looked at", input.path.display())
    }));
    for (input, size) in inputs.pictures.iter().zip(sizes) {
        if inputs.content.as_ref().is_some_and(|content| has_other_shape(&content.decoded.picture, *size)) {
            let name = input.path.display();
            notes.push(format!("note: {name} has another shape than the content, which is stretched to it"));
        }
    }
    if sizes.iter().any(|size| *size != sizes[0]) {
        let long = sizes.iter().map(|(width, height)| *width.max(height)).min().unwrap_or(0);
        notes.push(format!(
            "note: the pictures are scored at different sizes, which scores depend on; --size {long} brings them together"
        ));
    }
    notes
}

fn has_other_shape(content: &Picture, (width, height): (usize, usize)) -> bool {
    let expected = fit_long_edge(content.size(), width.max(height));
    let differs = |a: usize, b: usize| a.abs_diff(b) as f64 > (OTHER_SHAPE * a.max(b) as f64).max(1.0);
    differs(expected.0, width) || differs(expected.1, height)
}

fn as_json(inputs: &Inputs, scored: &[Scored], model: Option<&Encoder>) -> Value {
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
        "referee_model": model.map(|model| {
            let provenance = model.provenance();
            json!({ "name": provenance.name, "family": provenance.family, "sha256": provenance.sha256 })
        }),
        "pictures": pictures.collect::<Vec<_>>(),
        "measures": measures,
    })
}
