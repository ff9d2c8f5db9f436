//! `impasto sheet`: small pictures of what options do, side by side with their values. What looks the same at every size can be
//! chosen here, and made large.

mod draw;

use std::path::PathBuf;
use std::time::Instant;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser};
use impasto::image::{Encoding, Format, Space, check_output, save};
use impasto::{Cancel, EngineCache, Picture, Session};
use serde_json::{Value, json};

use crate::args::{Cli, Command, ProgressKind};
use crate::failure::Failure;
use crate::inputs;
use crate::interrupt::{cancel_on_signal, saving};
use crate::limits::InputArgs;
use crate::masks::RegionArgs;
use crate::options::RunArgs;
use crate::output::say;
use crate::pictures::{Pictures, Source};
use crate::style_arg::StyleArg;
use crate::transfer;

#[derive(Args)]
pub(crate) struct SheetArgs {
    /// The picture to repaint
    pub(crate) content: PathBuf,
    /// The pictures whose style to take, as FILE or FILE:weight=W,scale=F,rotate=D,mask=FILE,region=COLOUR,layers=L+L
    #[arg(required = true, value_parser = OsStringValueParser::new().try_map(StyleArg::parse))]
    pub(crate) style: Vec<StyleArg>,
    /// An option and its values, such as strength=0.3,0.6,0.9; given twice, the first goes down and the second across
    #[arg(long, value_name = "NAME=V,V,...", required = true)]
    pub(crate) vary: Vec<String>,
    /// Where to write the sheet; the extension chooses the format (png, jpg, tif, webp, exr, qoi, bmp)
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Of each picture: as of stylize, but for a long edge of 256 pixels unless --size is given
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) regions: RegionArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// How to show progress, on stderr: a line for each picture, or an object
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

/// Long edge of the pictures unless asked otherwise.
const SIZE: usize = 256;

/// Pictures on a sheet at most.
const MOST: usize = 100;

/// Options that change nothing of a picture, or the size that all have.
const FIXED: [&str; 5] = ["size", "threads", "memory", "time", "colour_map"];

/// An option with its values.
struct Varied {
    /// As on the command line, without dashes.
    name: String,
    values: Vec<String>,
}

/// A picture of the sheet: how it is made, and the value of each option.
struct Cell {
    run: RunArgs,
    label: String,
}

pub(crate) fn run(mut args: SheetArgs) -> Result<(), Failure> {
    args.run.size.get_or_insert(SIZE);
    let limits = args.input.limits()?;
    let varied = args.vary.iter().map(|text| varied(text)).collect::<Result<Vec<_>, _>>()?;
    let (down, across) = match &varied[..] {
        // A single one goes across.
        [one] => (None, one),
        [down, across] if down.name != across.name => (Some(down), across),
        [one, _] => return Err(Failure::bad_input(format!("--vary {} is given twice", one.name))),
        _ => {
            return Err(Failure::bad_input(format!(
                "--vary: expected one or two options, found {}",
                varied.len()
            ))
            .hint("a sheet has rows and columns"));
        }
    };
    let rows = down.map_or(1, |down| down.values.len());
    if rows * across.values.len() > MOST {
        let found = rows * across.values.len();
        return Err(Failure::bad_input(format!("--vary: expected at most {MOST} pictures, found {found}")));
    }
    let cells = (0..rows * across.values.len())
        .map(|at| {
            let (row, column) = (at / across.values.len(), at % across.values.len());
            let chosen = down.map(|down| (&down.name, &down.values[row])).into_iter();
            let chosen: Vec<_> = chosen.chain([(&across.name, &across.values[column])]).collect();
            cell(&args.run, &chosen)
        })
        .collect::<Result<Vec<_>, _>>()?;

    check_output(&args.output, None, false)?;
    let init = args.run.overrides()?.1;
    let source = Source::File(&args.content);
    let pictures = Pictures::read(source, &args.style, init.as_deref(), &args.regions, &limits)?;
    inputs::check_apart("--output", &args.output, &pictures.all())?;
    inputs::check_model("--output", &args.output, &args.run.objective.model)?;
    pictures.notes().iter().for_each(|note| say(note));
    let cancel = cancel_on_signal();
    let mut made = Vec::with_capacity(cells.len());
    let mut cache = None;
    // What is wrong with the last shall not be found after the work for the first.
    let mut size = (1, 1);
    for cell in &cells {
        let session = begin(cell, &args, pictures.clone(), &mut cache, &cancel)?;
        size = session.scales().last().map_or(size, |scale| (scale.width, scale.height));
        cache = Some(session.into_cache());
    }
    let (format, (width, height)) = (
        Format::of(&args.output)?,
        draw::size(size, across.values.len(), down.map_or(0, |down| down.values.len())),
    );
    if width.max(height) > format.longest_side() {
        let (name, most) = (format.name(), format.longest_side());
        return Err(Failure::bad_input(format!(
            "the sheet has {width}x{height} pixels: {name} holds {most} a side"
        ))
        .hint("end the name in .png, or give fewer values or a smaller --size"));
    }
    if pictures.content.decoded.alpha.is_some() {
        say("note: the sheet is opaque: what is transparent in the content is shown as what is around it");
    }
    let mut ended = Ok(());
    for (index, cell) in cells.iter().enumerate() {
        let start = Instant::now();
        match make(cell, &args, pictures.clone(), &mut cache, &cancel) {
            Ok(picture) => made.push(picture),
            // What is there is worth having.
            Err(failure) => {
                ended =
                    Err(if cancel.is_cancelled() { Failure::interrupted("interrupted") } else { failure });
                break;
            }
        }
        tell(args.progress, (index + 1, cells.len()), &cell.label, start.elapsed().as_secs_f64());
    }
    if made.is_empty() {
        return ended;
    }
    let label = |name: &str, value: &String| format!("{name} {value}");
    let columns: Vec<String> = across.values.iter().map(|value| label(&across.name, value)).collect();
    let names: Vec<String> =
        down.iter().flat_map(|down| down.values.iter().map(|value| label(&down.name, value))).collect();
    let space = pictures.content.decoded.space;
    let sheet = draw::sheet(&made, size, &columns, &names);
    let icc_profile = (space != Space::Srgb).then(|| space.icc());
    saving(|| {
        Ok::<_, Failure>(save(
            &args.output,
            &sheet,
            None,
            &Encoding { space, icc_profile, ..Encoding::default() },
        )?)
    })?;
    if args.progress != ProgressKind::Json {
        let (width, height) = sheet.size();
        say(&format!("wrote {}: {} pictures, {width}x{height}", args.output.display(), made.len()));
    }
    ended.map_err(|failure| {
        failure.and_hint(format!("{} has the {} pictures that were made", args.output.display(), made.len()))
    })
}

/// `strength=0.3,0.6`.
fn varied(text: &str) -> Result<Varied, Failure> {
    let wrong = || {
        Failure::bad_input(format!("--vary {text}: expected an option and its values"))
            .hint("such as --vary strength=0.3,0.6,0.9")
    };
    let (name, values) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim().trim_start_matches('-');
    let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
    if name.is_empty() || values.iter().any(String::is_empty) {
        return Err(wrong());
    }
    // The other spelling of an option is the same option.
    let name = name.replace("color", "colour");
    Ok(Varied { name, values })
}

/// A run with other values of options, each checked as on the command line.
fn cell(run: &RunArgs, chosen: &[(&String, &String)]) -> Result<Cell, Failure> {
    let value_of = |run: &RunArgs| serde_json::to_value(run).map_err(|error| Failure::bug(error.to_string()));
    let mut changed = value_of(run)?;
    for (name, value) in chosen {
        let key = name.replace('-', "_");
        let place = |run: &Value| match run.get(&key) {
            Some(_) => Some(format!("/{key}")),
            None => run["objective"].get(&key).map(|_| format!("/objective/{key}")),
        };
        let known = place(&changed).filter(|_| key != "objective" && !FIXED.contains(&&key[..]));
        let Some(pointer) = known else {
            return Err(Failure::bad_input(format!("--vary: {name} is no option that can be varied"))
                .hint("such as strength, stroke-size, content-weight, colour, preset, statistic or seed"));
        };
        let option = format!("--{name}={value}");
        let words = ["impasto", "stylize", "c", "s", "-o", "o", &option];
        let parsed = Cli::try_parse_from(words).map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Failure::bad_input(format!("--vary: {first}"))
        })?;
        let Command::Stylize(parsed) = parsed.command else { continue };
        if parsed.run.overrides()?.1.is_some() {
            return Err(Failure::bad_input(format!(
                "--vary: {name} {value} is a picture: only names can be varied"
            )));
        }
        let given = value_of(&parsed.run)?;
        if let (Some(to), Some(from)) = (changed.pointer_mut(&pointer), given.pointer(&pointer)) {
            *to = from.clone();
        }
    }
    let label = chosen.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let run = serde_json::from_value(changed).map_err(|error| Failure::bug(error.to_string()))?;
    Ok(Cell { run, label })
}

fn begin(
    cell: &Cell,
    args: &SheetArgs,
    mut pictures: Pictures,
    cache: &mut Option<EngineCache>,
    cancel: &Cancel,
) -> Result<Session, Failure> {
    let (preset, (overrides, _)) = (cell.run.objective.preset()?, cell.run.overrides()?);
    let transfer =
        transfer::of(&cell.run, &mut pictures, (&args.style, None), &args.regions, preset, overrides)
            .map_err(|failure| failure.about(&cell.label))?;
    let session = transfer.cancel(cancel.clone()).build_with(cache.take());
    session.map_err(|error| Failure::from(error).about(&cell.label))
}

fn make(
    cell: &Cell,
    args: &SheetArgs,
    pictures: Pictures,
    cache: &mut Option<EngineCache>,
    cancel: &Cancel,
) -> Result<Picture, Failure> {
    let mut session = begin(cell, args, pictures, cache, cancel)?;
    while session.step()?.is_some() {}
    let picture = session.picture();
    *cache = Some(session.into_cache());
    Ok(picture?)
}

fn tell(kind: ProgressKind, (number, of): (usize, usize), label: &str, seconds: f64) {
    match kind {
        ProgressKind::None => {}
        ProgressKind::Bar => say(&format!("[{number}/{of}] {label}: {seconds:.1} s")),
        ProgressKind::Json => {
            let object =
                json!({ "event": "made", "number": number, "of": of, "label": label, "seconds": seconds });
            say(&object.to_string());
        }
    }
}
