//! `impasto stylize`: reads pictures, runs a session, writes what comes of it, whatever happens.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use impasto::engine::Tiling;
use impasto::image::{Decoded, check_output, check_writable};
use impasto::{Checkpoint, Overrides, Picture, Preset, Session, Step};

use crate::args::{ResumeArgs, StylizeArgs};
use crate::checkpoints::{Checkpoints, ResumeInfo};
use crate::failure::Failure;
use crate::from_recipe::{FromRecipe, like};
use crate::inputs::{self, Input};
use crate::interrupt::{cancel_on_signal, saving};
use crate::numbered::{check_numbered, numbered};
use crate::pictures::{Pictures, Source};
use crate::preview;
use crate::progress::Progress;
use crate::recipe;
use crate::report::Report;
use crate::results::{check_side, encoding, losses_of_format, same_file, write};
use crate::side_outputs::SideOutputs;
use crate::texture::TextureArgs;
use crate::timelapse::Timelapse;
use crate::transfer;

pub(crate) fn run(args: Box<StylizeArgs>, matches: &ArgMatches) -> Result<(), Failure> {
    let FromRecipe { args, notes, weights } = like(*args, matches)?;
    perform(args, None, notes, weights)
}

/// `impasto texture`: a run without a content.
pub(crate) fn texture(args: TextureArgs) -> Result<(), Failure> {
    perform(args.stylize()?, None, Vec::new(), None)
}

/// `impasto resume`: the same run, from where it stood.
pub(crate) fn resume(given: ResumeArgs) -> Result<(), Failure> {
    let checkpoint = Checkpoint::read(&given.checkpoint).map_err(impasto::Error::from)?;
    let note = ResumeInfo::parse(checkpoint.note()).ok_or_else(|| {
        Failure::bad_input(format!("{} was not written by `impasto stylize`", given.checkpoint.display()))
            .hint("the program that wrote it may be able to resume it")
    })?;
    let mut args = note.args.clone();
    args.run.threads = given.threads.or(args.run.threads);
    args.progress = given.progress.unwrap_or(args.progress);
    perform(args, Some(Resumed { path: given.checkpoint, checkpoint, note }), Vec::new(), None)
}

/// What a run goes on from.
struct Resumed {
    path: PathBuf,
    checkpoint: Checkpoint,
    note: ResumeInfo,
}

/// `weights` is the SHA-256 of those that are expected, if any are.
fn perform(
    args: StylizeArgs,
    resumed: Option<Resumed>,
    mut warnings: Vec<String>,
    weights: Option<String>,
) -> Result<(), Failure> {
    if args.output == Path::new("-") {
        return Err(Failure::bad_input("-o -: expected the name of a file")
            .hint("for a pipe, write to /dev/stdout and give --format"));
    }
    if args.save_every == Some(0) {
        return Err(Failure::bad_input("--save-every: expected at least 1, found 0"));
    }
    let limits = args.input.limits()?;
    let preset = args.run.objective.preset()?;
    let (overrides, init_path) = args.run.overrides()?;

    let source = args.texture.as_ref().map_or(Source::File(&args.content), Source::Texture);
    let mut pictures = Pictures::read(source, &args.style, init_path.as_deref(), &args.regions, &limits)?;
    let all = pictures.all();
    if let Some(Resumed { note, .. }) = &resumed {
        note.check(&all)?;
    }
    warnings.extend(check_outputs(&args, &pictures.content, &all)?);
    warnings.extend(pictures.notes());

    let resumed_from = resumed.as_ref().map(|resumed| resumed.path.as_path());
    let mut checkpoints = Checkpoints::new(&args, &all, resumed_from)?;
    let others = [
        ("--output", Some(args.output.as_path())),
        ("--report", args.report.as_deref()),
        ("the checkpoint", Some(checkpoints.path())),
    ];
    let model = &args.run.objective.model;
    let extras = SideOutputs::new(&args.extras, (&pictures.content, &pictures.styles, &all), &others, model)?;
    let mut session = begin(&args, &mut pictures, (preset, overrides), resumed.as_ref())?;
    let mut steps = resumed.map_or_else(Vec::new, |resumed| resumed.note.steps);
    check_side(&args.output, &args.result, &session)?;
    check_numbered(&args, &session, &pictures.all(), checkpoints.path())?;
    let content = &pictures.content;

    if weights.is_some_and(|expected| expected != session.encoder().sha256) {
        let model = &args.run.objective.model;
        warnings.push(format!("note: the picture of --like was made with other weights than {model}"));
    }
    let mut progress = Progress::new(args.progress, &session, &steps);
    for warning in warnings {
        progress.note(&warning);
    }
    let recipe = session.recipe();
    if !recipe.tuned_for.contains(&session.encoder().family) {
        progress.note(&format!(
            "note: preset {} was tuned for {} weights; {} may want other weights of content, style and total variation",
            recipe.preset,
            recipe.tuned_for.join(" or "),
            session.encoder().name
        ));
    }
    let recipe_of = |session: &Session| {
        recipe::of(
            &args.run,
            &args.result,
            &args.regions,
            &pictures,
            (&args.style, args.texture.as_ref()),
            session,
        )
    };
    let recipe = recipe_of(&session);
    let format = args.result.format(&args.output)?;
    if !args.result.no_metadata && format.holds_recipe() && !format.fits_recipe(&recipe) {
        progress.note(&format!(
            "warning: {} has no room for a recipe as long as this: the result has none",
            format.name()
        ));
    }
    let mut output = Output { args: &args, content: &content.decoded, recipe };
    let space = content.decoded.space;
    let film = args.extras.timelapse.as_deref();
    let mut film = film.map(|path| Timelapse::new(path, &session, space, steps.len())).transpose()?;
    let ended = match first_sight(&mut session, &output, &progress, film.as_mut()) {
        Ok(()) => drive(&mut session, &output, &mut progress, &mut steps, &mut checkpoints, film.as_mut()),
        Err(ended) => Err(ended),
    };
    progress.finish();
    if ended.is_err() {
        // What is refused would be refused again.
        if !matches!(&ended, Err(Ended::Run(impasto::Error::Invalid { .. }))) {
            checkpoints.stop(&session, &steps, &progress);
        }
        session.finish();
    }
    let outcome = match &ended {
        Ok(()) => "complete",
        Err(Ended::Run(error)) if error.is_cancelled() => "interrupted",
        Err(_) => "failed",
    };
    // A draft is a picture. Nothing was painted: an earlier result under this name is worth more than the picture to begin with.
    let interrupted = matches!(&ended, Err(Ended::Run(error)) if error.is_cancelled());
    let worth_saving = ended.is_ok() || !steps.is_empty() || (interrupted && session.has_draft());
    let picture = match session.picture() {
        Ok(picture) => picture,
        // What ended the run took its picture, too.
        Err(lost) => return Err(if let Err(Ended::Run(error)) = ended { error } else { lost }.into()),
    };
    if ended.is_ok() {
        // Only now it is known what there was time for.
        output.recipe = recipe_of(&session);
    }
    let written = if worth_saving { saving(|| output.write(&args.output, &picture)) } else { Ok(()) };
    let filmed = |film: Timelapse| film.write(&picture, steps.len());
    let beside = match worth_saving {
        true => saving(|| extras.write(&picture, &steps).and(film.map_or(Ok(()), filmed))),
        false => Ok(()),
    };
    if let (Err(lost), Err(_)) = (&beside, &ended) {
        progress.note(&format!("warning: {}", lost.message()));
    }
    if let Some(path) = &args.report {
        let outcome = if written.is_ok() { outcome } else { "failed" };
        let mut report = Report::of(&args, &pictures, (&session, &steps), picture.size(), outcome)?;
        if worth_saving && written.is_ok() {
            report.output = args.output.display().to_string();
        }
        report.write(path)?;
    }
    if let Err(failure) = written {
        if ended.is_ok() {
            checkpoints.stop(&session, &steps, &progress);
        }
        return Err(checkpoints.mention(failure));
    }
    let saved = if worth_saving {
        let (width, height) = picture.size();
        let done = steps.len();
        format!("{} holds the picture after {done} iterations ({width}x{height})", args.output.display())
    } else {
        "nothing was painted yet, so nothing was written".to_string()
    };
    match ended {
        Ok(()) => {
            checkpoints.remove();
            let seconds = steps.iter().fold(0.0, |sum, step| sum + step.seconds);
            let (width, height) = picture.size();
            progress.note(&format!(
                "wrote {}: {width}x{height}, {} iterations in {seconds:.1} s",
                args.output.display(),
                steps.len()
            ));
            if args.preview
                && let Err(reason) = preview::show(&picture, content.decoded.space)
            {
                progress.note(&format!("note: no preview: {reason}"));
            }
            beside
        }
        Err(Ended::Run(error)) if error.is_cancelled() => {
            Err(checkpoints.mention(Failure::interrupted(format!("interrupted; {saved}"))))
        }
        Err(Ended::Run(error)) => {
            progress.note(&saved);
            Err(checkpoints.mention(error.into()))
        }
        Err(Ended::Save(failure)) => Err(checkpoints.mention(failure)),
    }
}

/// The session, at its first step or where it was left. What is to be painted from goes into it.
fn begin(
    args: &StylizeArgs,
    pictures: &mut Pictures,
    (preset, overrides): (Preset, Overrides),
    resumed: Option<&Resumed>,
) -> Result<Session, Failure> {
    let given = (&args.style[..], args.texture.as_ref());
    let mut transfer = transfer::of(&args.run, pictures, given, &args.regions, preset, overrides)?;
    // Content targets of a picture in tiles go to the disk that the result goes to.
    let folder = std::path::absolute(&args.output).ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let mut tiling = Tiling { folder, ..Tiling::default() };
    if let Some(Resumed { checkpoint, .. }) = resumed {
        transfer = transfer.instruction_set(checkpoint.instruction_set().parse()?);
        tiling.window = checkpoint.window();
        if tiling.window.is_none() {
            // What began whole goes on whole.
            transfer = transfer.memory(None);
        }
    }
    let mut session = transfer.tiling(tiling).cancel(cancel_on_signal()).build()?;
    if let Some(Resumed { checkpoint, .. }) = resumed {
        session.restore(checkpoint)?;
    }
    Ok(session)
}

/// What would fail at the end shall fail before the work; and what is to be said of the result.
fn check_outputs(args: &StylizeArgs, content: &Input, all: &[&Input]) -> Result<Vec<String>, Failure> {
    check_output(&args.output, Some(args.result.format(&args.output)?), content.decoded.alpha.is_some())?;
    inputs::check_apart("--output", &args.output, all)?;
    inputs::check_model("--output", &args.output, &args.run.objective.model)?;
    if let Some(path) = &args.report {
        inputs::check_apart("--report", path, all)?;
        inputs::check_model("--report", path, &args.run.objective.model)?;
        check_writable(path).map_err(|error| Failure::from(error).about("--report"))?;
        if same_file(path, &args.output) {
            return Err(Failure::bad_input("--report and --output name the same file"));
        }
    }
    encoding(&args.output, &content.decoded, &args.result)?;
    let losses = losses_of_format(&args.output, &content.decoded, &args.result)?;
    Ok(losses.into_iter().collect())
}

/// What all pictures of a run are written with.
struct Output<'a> {
    args: &'a StylizeArgs,
    content: &'a Decoded,
    recipe: String,
}

impl Output<'_> {
    fn write(&self, path: &Path, picture: &Picture) -> Result<(), Failure> {
        write(path, picture, self.content, &self.args.result, &self.recipe)
    }
}

/// Why a run did not come to its end.
enum Ended {
    Run(impasto::Error),
    Save(Failure),
}

/// Paints the draft, where the run begins with one, and shows it: the first picture, long before the last.
fn first_sight(
    session: &mut Session,
    output: &Output<'_>,
    progress: &Progress,
    film: Option<&mut Timelapse>,
) -> Result<(), Ended> {
    let Some(picture) = session.draft().map_err(Ended::Run)? else { return Ok(()) };
    progress.draft(&picture);
    if let Some(film) = film {
        film.first(session);
    }
    let more = session.scales().iter().any(|scale| scale.iterations > 0);
    if output.args.preview && more {
        // Where there is no terminal, the note at the end says so.
        let _ = preview::show(&picture, output.content.space);
    }
    Ok(())
}

fn drive(
    session: &mut Session,
    output: &Output<'_>,
    progress: &mut Progress,
    steps: &mut Vec<Step>,
    checkpoints: &mut Checkpoints,
    mut film: Option<&mut Timelapse>,
) -> Result<(), Ended> {
    while let Some(step) = session.step().map_err(Ended::Run)? {
        progress.step(&step, session);
        steps.push(step);
        if output.args.save_every.is_some_and(|every| steps.len().is_multiple_of(every)) {
            let path = numbered(&output.args.output, steps.len());
            let picture = session.picture().map_err(Ended::Run)?;
            output.write(&path, &picture).map_err(Ended::Save)?;
        }
        if let Some(film) = &mut film {
            film.step(session, steps.len());
        }
        checkpoints.step(session, steps, progress);
    }
    Ok(())
}
