//! The short help: `-h` shows the options that most pictures need, and examples. `--help` shows everything.

use clap::Command;

/// The options that the short help of every painting command shows, besides the command's own.
const COMMON: [&str; 17] = [
    "content",
    "style",
    "output",
    "size",
    "effort",
    "time",
    "strength",
    "stroke_size",
    "colour",
    "seed",
    "mask",
    "protect",
    "preset",
    "model",
    "device",
    "like",
    "preview",
];

/// The commands that share the options of `stylize`.
const PAINTERS: [&str; 6] = ["stylize", "texture", "sheet", "plan", "batch", "video"];

const START: &str = "\
Begin with:
  impasto stylize photo.jpg painting.jpg -o out.png    repaint a photograph
  impasto serve --open                                 the same in a browser
  impasto stylize -h                                   options, with examples";

/// The same without the studio.
const START_WITHOUT_SERVE: &str = "\
Begin with:
  impasto stylize photo.jpg painting.jpg -o out.png    repaint a photograph
  impasto stylize -h                                   options, with examples";

const STYLIZE: &str = "\
Examples:
  impasto stylize photo.jpg painting.jpg -o out.png
  impasto stylize photo.jpg painting.jpg -o out.png --effort draft    a first look
  impasto stylize photo.jpg painting.jpg -o out.png --strength 0.6    clearer subject
  impasto stylize photo.jpg painting.jpg -o out.png --colour keep     the photograph's colours
  impasto stylize photo.jpg a.jpg b.jpg:weight=0.5 -o out.png --protect face.png
  impasto stylize photo.jpg a.jpg b.jpg -o out.png --mask sky.png --rest first    b in the sky, a elsewhere";

const TEXTURE: &str = "\
Examples:
  impasto texture painting.jpg -o tile.png --size 512x512 --seamless";

const SHEET: &str = "\
Examples:
  impasto sheet photo.jpg painting.jpg -o sheet.png --vary strength=0.3,0.6,1
  impasto stylize photo.jpg painting.jpg -o large.png --like sheet.png --cell 2    its second picture, large";

const BATCH: &str = "\
Examples:
  impasto batch photos/*.jpg --style a.jpg b.jpg -o results/";

const VIDEO: &str = "\
Examples:
  impasto video film.mp4 painting.jpg -o painted.mp4
  impasto video film.mp4 painting.jpg -o painted.mp4 --effort draft    a first look
  impasto video frames/ painting.jpg -o out/%04d.png                   needs no ffmpeg";

const DEFLICKER: &str = "\
Examples:
  impasto deflicker film.mp4 painted/%04d.png -o steady.mp4
  impasto deflicker film.mp4 painted.mp4 -o steady.mp4 --strength 0.5    closer to each painting";

/// Returns the command line with the short help arranged.
pub(super) fn arranged(command: Command) -> Command {
    let uncommon = uncommon(&command);
    let start = if cfg!(feature = "serve") { START } else { START_WITHOUT_SERVE };
    let mut command = command.after_help(start);
    command = command.mut_subcommand("deflicker", |deflicker| deflicker.after_help(DEFLICKER));
    for name in PAINTERS {
        let footer = match name {
            "stylize" => STYLIZE,
            "texture" => TEXTURE,
            "sheet" => SHEET,
            "batch" => BATCH,
            "video" => VIDEO,
            _ => "",
        };
        command = command.mut_subcommand(name, |painter| {
            let painter = if name == "sheet" {
                painter
                    .mut_arg("size", |size| size.help("Long edge of each picture in pixels [default: 256]"))
            } else {
                painter
            };
            let hidden: Vec<_> = painter.get_arguments().map(|arg| arg.get_id().clone()).collect();
            let hidden = hidden.into_iter().filter(|id| uncommon.iter().any(|name| name == id.as_str()));
            let painter =
                hidden.fold(painter, |painter, id| painter.mut_arg(id, |arg| arg.hide_short_help(true)));
            let all = format!("`impasto {name} --help` shows all options.");
            let short = [footer, &all].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
            painter.after_help(short.join("\n\n")).after_long_help(footer)
        });
    }
    command
}

/// The options of `stylize` that are not common: wherever they appear, the short help leaves them out.
fn uncommon(command: &Command) -> Vec<String> {
    let stylize = command.find_subcommand("stylize").into_iter().flat_map(Command::get_arguments);
    let names = stylize.map(|arg| arg.get_id().to_string());
    names.filter(|name| !COMMON.contains(&name.as_str())).collect()
}
