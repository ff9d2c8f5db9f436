//! Options of other programs, and what they are called here.
//!
//! The names are those of neural-style, neural-style-pt, style-transfer-pytorch, fast-neural-style and of common
//! scripts for PyTorch and TensorFlow.

/// Names elsewhere, the name here, and what it sets.
const TABLE: [(&[&str], &str, &str); 26] = [
    (
        &["content", "content-image", "content-path", "input", "in", "image"],
        "",
        "the content is the first picture: `impasto stylize CONTENT STYLE -o OUT`",
    ),
    (
        &["style", "style-image", "style-path", "style-images"],
        "",
        "styles follow the content: `impasto stylize CONTENT STYLE... -o OUT`",
    ),
    (
        &["out", "output-image", "output-path", "output-file", "save", "result", "output-dir"],
        "output",
        "names the file of the result",
    ),
    (
        &["image-size", "max-size", "img-size", "resolution", "end-scale", "width", "height", "long-edge"],
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
        &["alpha", "content-loss-weight", "cw"],
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
        &["brush-size", "brush", "stroke", "style-size", "scale", "brush-scale"],
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
        "takes `keep`: the colours of the content",
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
];

/// Returns our option for one of another program, if there is one, and a hint.
pub(super) fn of(name: &str) -> Option<(&'static str, String)> {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    let (_, ours, meaning) = TABLE.iter().find(|(theirs, ..)| theirs.contains(&name.as_str()))?;
    let hint = if ours.is_empty() { (*meaning).to_owned() } else { format!("--{ours} {meaning}") };
    Some((ours, hint))
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
    fn spellings_do_not_matter() {
        assert_eq!(of("--brush_size").unwrap().0, "stroke-size");
        assert_eq!(of("-Preserve-Color").unwrap().0, "colour");
        assert_eq!(of("--no-such-thing"), None);
    }
}
