//! Options of other programs, and what they are called here.
//!
//! The names are those of neural-style, neural-style-pt, style-transfer-pytorch, fast-neural-style and of common
//! scripts for PyTorch and TensorFlow.

/// Names elsewhere, the name here, and what it sets.
type Row = (&'static [&'static str], &'static str, &'static str);

/// Options of `stylize`, and of the commands that share them.
const TABLE: [Row; 32] = [
    (
        &["content", "content-image", "content-img", "content-path", "input", "in", "image"],
        "",
        "the content is the first picture: `impasto stylize CONTENT STYLE -o OUT`",
    ),
    (
        &["style", "style-image", "style-img", "style-path", "style-images", "style-imgs"],
        "",
        "styles follow the content: `impasto stylize CONTENT STYLE... -o OUT`",
    ),
    (
        &["out", "output-image", "output-path", "output-file", "save", "result", "output-dir"],
        "output",
        "names the file of the result",
    ),
    (
        &[
            "image-size",
            "max-size",
            "img-size",
            "content-size",
            "resolution",
            "end-scale",
            "width",
            "height",
            "long-edge",
        ],
        "size",
        "sets the long edge of the result in pixels",
    ),
    (
        &["epochs", "steps", "num-steps", "num-iterations", "iters", "max-iter", "n-iter"],
        "iterations",
        "sets the iterations at each scale; `--effort` and `--time` are simpler",
    ),
    (&["initial-iterations"], "first-iterations", "sets the iterations at the first scale"),
    (&["min-scale", "start-scale"], "min-size", "sets the long edge of the smallest scale"),
    (
        &["alpha"],
        "strength",
        "sets the amount of style, from 0 to 1; `--content-weight` sets the weight of the content",
    ),
    (
        &["content-loss-weight", "cw"],
        "content-weight",
        "sets the weight of the content; `--strength` is simpler",
    ),
    (
        &["beta", "style-loss-weight", "sw"],
        "style-weight",
        "sets the weight of the style; `--strength` is simpler",
    ),
    (
        &["style-blend-weights", "style-interpolation-weights", "blend"],
        "style-weights",
        "sets the shares of several styles",
    ),
    (
        &["tv", "tv-loss-weight", "smoothness", "total-variation-weight"],
        "tv-weight",
        "sets the weight of the total variation",
    ),
    (
        &["intensity", "style-strength", "amount", "opacity", "ratio"],
        "strength",
        "sets the amount of style, from 0 to 1",
    ),
    (
        &["brush-size", "brush", "stroke", "style-size", "stylesize", "scale", "brush-scale"],
        "stroke-size",
        "sets the size of strokes relative to the style's",
    ),
    (&["style-scale-fac"], "style-scale", "sets the size of the style relative to the content"),
    (
        &[
            "preserve-color",
            "preserve-colors",
            "preserve-colour",
            "preserve-colours",
            "original-colors",
            "original-colours",
            "keep-color",
            "keep-colors",
            "keep-colour",
            "keep-colours",
            "color-preserve",
            "luminance-only",
        ],
        "colour",
        "keep keeps the colours of the content",
    ),
    (&["lr", "step-size"], "learning-rate", "sets the step size"),
    (&["avg-decay"], "average-decay", "sets the decay of the average of the iterates"),
    (&["random-seed", "manual-seed"], "seed", "sets the seed"),
    (&["init-image", "initialization", "init-method", "start-from"], "init", "chooses the initial picture"),
    (
        &["save-iter", "checkpoint-interval", "save-interval", "print-iter", "log-interval", "display-every"],
        "save-every",
        "writes the picture every N iterations",
    ),
    (
        &["style-mask", "content-mask", "style-seg", "content-seg", "segmentation"],
        "mask",
        "says where styles are painted; `STYLE:mask=FILE` gives the style a mask",
    ),
    (
        &["face", "keep-face", "exclude", "ignore"],
        "protect",
        "keeps the content where a grey picture is white",
    ),
    (
        &["model-file", "vgg", "network", "weights", "encoder", "vgg-path", "cnn"],
        "model",
        "names the encoder, or a file of weights",
    ),
    (&["jobs", "workers", "num-workers", "cores", "cpu-threads"], "threads", "sets the number of threads"),
    (
        &["gpu", "cuda", "devices", "cpu", "backend", "cudnn-autotune", "use-gpu"],
        "device",
        "names where the network runs: cpu for the processor, gpu for a graphics card",
    ),
    (
        &["max-memory", "ram", "mem", "vram", "low-memory"],
        "memory",
        "bounds the memory of the run; larger pictures run in tiles, with the same result",
    ),
    (
        &["seamless", "tileable", "tile", "tiles", "tiling", "tile-size", "texture"],
        "",
        "`impasto texture painting.jpg -o tile.png --size 512x512 --seamless` makes a picture that tiles; large \
         results run in tiles by themselves",
    ),
    (&["fast", "quick", "draft", "speed"], "effort", "draft takes half a second"),
    (&["verbose", "v", "debug"], "progress", "json prints every step; without it there is a bar"),
    (&["quiet", "q", "silent", "no-progress"], "progress", "none prints only notes"),
    (
        &["overwrite", "force", "f", "yes", "y", "replace"],
        "",
        "`impasto stylize` replaces an older result without being asked; `impasto batch` keeps those that it made",
    ),
];

/// Options of single commands. They go before those of [`TABLE`].
const OF_SOME: [Row; 4] = [
    (&["tile", "tileable", "tiling"], "seamless", "makes a picture that tiles"),
    (
        &["host", "bind", "address", "addr", "ip", "interface"],
        "listen",
        "names the address to listen on; one other than 127.0.0.1 needs `--allow-host` too",
    ),
    (&["browser", "open-browser", "launch"], "open", "opens the studio in the browser"),
    (&["data-dir", "data-folder", "folder", "dir"], "data", "names the folder of the studio"),
];

/// Commands elsewhere, and the command here.
const COMMANDS: [(&[&str], &str); 6] = [
    (&["paint", "style", "transfer", "run", "repaint", "apply", "create", "generate"], "stylize"),
    (&["film", "movie", "animate"], "video"),
    (&["studio", "gui", "web", "ui", "server", "start", "open"], "serve"),
    (&["continue", "restart"], "resume"),
    (&["info", "recipe"], "show"),
    (&["gpus", "gpu", "cards"], "devices"),
];

/// Returns a hint for an option of another program, if there is one here that `known` knows.
pub(super) fn of(name: &str, known: &dyn Fn(&str) -> bool) -> Option<String> {
    let name = plain(name);
    let rows = OF_SOME.iter().chain(&TABLE);
    let mut fitting =
        rows.filter(|(theirs, ours, _)| theirs.contains(&name.as_str()) && (ours.is_empty() || known(ours)));
    let (_, ours, meaning) = fitting.next()?;
    Some(if ours.is_empty() { (*meaning).to_owned() } else { format!("--{ours} {meaning}") })
}

/// Returns our command for one of another name.
pub(super) fn command(name: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(theirs, _)| theirs.contains(&name)).map(|(_, ours)| *ours)
}

/// The name of an option without dashes before it and without a value: `-Content_Image=a.jpg` is `content-image`.
pub(super) fn plain(option: &str) -> String {
    let name = option.trim_start_matches('-').split('=').next().unwrap_or_default();
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_here_is_an_option_of_stylize() {
        let command = crate::usage::command();
        let stylize = command.find_subcommand("stylize").unwrap();
        let known: Vec<_> = stylize.get_arguments().filter_map(|arg| arg.get_long()).collect();
        for (theirs, ours, _) in TABLE {
            assert!(ours.is_empty() || known.contains(&ours), "--{ours}");
            for name in theirs {
                assert!(!known.contains(name), "--{name} is an option of ours");
            }
        }
    }

    #[test]
    fn every_other_name_is_an_option_or_a_command() {
        let command = crate::usage::command();
        let known = |name: &str| {
            let commands = command.get_subcommands();
            commands.flat_map(clap::Command::get_arguments).any(|arg| arg.get_long() == Some(name))
        };
        for (_, ours, _) in OF_SOME {
            assert!(known(ours), "--{ours}");
        }
        for (theirs, ours) in COMMANDS {
            assert!(command.find_subcommand(ours).is_some(), "{ours}");
            for name in theirs {
                assert!(command.find_subcommand(name).is_none(), "{name} is a command of ours");
            }
        }
    }

    #[test]
    fn spellings_do_not_matter() {
        let of = |name: &str| of(name, &|_| true).unwrap_or_default();
        assert!(of("--brush_size").starts_with("--stroke-size "));
        assert!(of("-Preserve-Color").starts_with("--colour keep "));
        assert!(of("--content_img=a.jpg").starts_with("the content is the first picture"));
        assert_eq!(of("--no-such-thing"), "");
    }
}
