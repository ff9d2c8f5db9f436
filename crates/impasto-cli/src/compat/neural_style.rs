//! `impasto compat neural-style`: jcjohnson/neural-style (Lua), or ProGamerGov/neural-style-pt if an option or a file
//! is one that only the latter supports. Defaults that are not in the presets `johnson` and `johnson-pt` are added
//! here.
//!
//! We differ in three points. The default seed is 0, so that the same command gives the same picture. A content and a
//! style picture are required, because there are no sample pictures. The weights are `lite`, unless `-model_file` names
//! a file that can be read.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use clap::{ArgAction, Parser, ValueEnum};

use super::{Translation, file, list, refused};
use crate::failure::Failure;

/// Options of neural-style and neural-style-pt; after --, options of `impasto stylize`
#[derive(Parser)]
#[command(name = "impasto compat neural-style", no_binary_name = true, rename_all = "snake_case")]
// As in the program, the last value counts if an option is given twice.
#[command(allow_negative_numbers = true, args_override_self = true, max_term_width = 100)]
#[command(after_help = "docs/compat.md describes the translation of each option")]
pub(super) struct NeuralStyle {
    /// Styles, separated by commas; a folder stands for all pictures in it
    #[arg(long, value_delimiter = ',')]
    style_image: Vec<String>,
    /// Shares of the styles (--style-weights)
    #[arg(long, value_delimiter = ',')]
    style_blend_weights: Option<Vec<f64>>,
    /// The picture to repaint
    #[arg(long)]
    content_image: Option<String>,
    /// Long edge of the result (--size)
    #[arg(long, default_value_t = 512)]
    image_size: usize,
    /// No meaning here, except that c selects neural-style-pt
    #[arg(long, allow_hyphen_values = true)]
    gpu: Option<String>,
    /// No meaning here
    #[arg(long)]
    multigpu_strategy: Option<String>,
    /// No meaning here, except that it selects neural-style-pt
    #[arg(long)]
    multidevice_strategy: Option<String>,
    /// Weight that multiplies each content term (--content-weight)
    #[arg(long)]
    content_weight: Option<f64>,
    /// Weight that multiplies each style term (--style-weight)
    #[arg(long)]
    style_weight: Option<f64>,
    /// Weight that multiplies the total variation (--tv-weight)
    #[arg(long)]
    tv_weight: Option<f64>,
    /// Iterations (--iterations)
    #[arg(long, default_value_t = 1000)]
    num_iterations: usize,
    /// Refused: no recipe here supports it
    #[arg(long)]
    normalize_gradients: bool,
    /// Refused: no recipe here supports it
    #[arg(long)]
    normalize_weights: bool,
    /// The initial picture: noise for random; for image the content, or -init_image (--init)
    #[arg(long, value_enum, default_value_t = Begin::Random)]
    init: Begin,
    /// The initial picture for -init image
    #[arg(long)]
    init_image: Option<String>,
    /// The optimiser (--optimizer)
    #[arg(long, value_enum, default_value_t = Optimizer::Lbfgs)]
    optimizer: Optimizer,
    /// Adam's step size in the program's pixel values (--learning-rate)
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Pairs of vectors that lbfgs remembers (--history)
    #[arg(long)]
    lbfgs_num_correction: Option<usize>,
    /// 0 shows no progress (--progress none)
    #[arg(long)]
    print_iter: Option<usize>,
    /// Iterations between intermediate pictures; 0 writes none (--save-every)
    #[arg(long, default_value_t = 100)]
    save_iter: usize,
    /// The file to write (-o)
    #[arg(long, default_value = "out.png")]
    output_image: String,
    /// Size of the styles relative to the content (--style-scale)
    #[arg(long)]
    style_scale: Option<f64>,
    /// 1 keeps the content's colours (--colour keep)
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=1), default_value_t = 0)]
    original_colors: u8,
    /// Pooling between blocks (--pooling)
    #[arg(long, value_enum, default_value_t = Pooling::Max)]
    pooling: Pooling,
    /// No meaning here
    #[arg(long)]
    proto_file: Option<String>,
    /// Weights: a safetensors file (--model); lite in place of a file that cannot be read
    #[arg(long)]
    model_file: Option<String>,
    /// No meaning here, except that mkl and openmp select neural-style-pt
    #[arg(long)]
    backend: Option<String>,
    /// No meaning here
    #[arg(long)]
    cudnn_autotune: bool,
    /// No meaning here, except that it selects neural-style-pt
    #[arg(long)]
    disable_check: bool,
    /// Seed (--seed); if negative, a seed is drawn [default: 0]
    #[arg(long, allow_hyphen_values = true)]
    seed: Option<i64>,
    /// Content layers (--content-layers)
    #[arg(long)]
    content_layers: Option<String>,
    /// Style layers, each with the full weight (--style-layers)
    #[arg(long)]
    style_layers: Option<String>,
    /// Behave like neural-style-pt, whatever the other options
    #[arg(long)]
    pt: bool,
    /// Print the equivalent command, and do nothing
    #[arg(long, visible_alias = "dry-run", action = ArgAction::SetTrue)]
    pub(super) print: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Begin {
    Random,
    Image,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Optimizer {
    Lbfgs,
    Adam,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pooling {
    Max,
    Avg,
}

/// Extensions of the pictures that neural-style-pt takes from a folder.
const PICTURES: [&str; 4] = ["jpg", "jpeg", "png", "tiff"];

impl NeuralStyle {
    pub(super) fn translate(&self) -> Result<Translation, Failure> {
        let sample = "the program's sample pictures are not here: give one of your own";
        let content = self
            .content_image
            .as_deref()
            .ok_or_else(|| refused("-content_image", "expected a picture", sample))?;
        let styles = self.styles()?;
        if styles.is_empty() {
            return Err(refused("-style_image", "expected a picture", sample));
        }
        self.check()?;
        let why_pt = self.why_pt();
        // Adam's rate refers to the program's value of white.
        let (preset, white) = if why_pt.is_some() { ("johnson-pt", 255.0) } else { ("johnson", 256.0) };
        let mut to = Translation::new(content, &styles, &self.output_image, preset);
        if let Some(why) = why_pt.filter(|why| *why != "--pt") {
            to.note(format!("behaving like neural-style-pt (preset johnson-pt), because of {why}"));
        }
        to.option("--size", self.image_size);
        to.given("--style-weights", self.style_blend_weights.as_deref().map(list));
        self.objective(&mut to);
        self.model(&mut to);
        self.optimiser(&mut to, white);
        match (self.init, &self.init_image) {
            // The presets begin with noise.
            (Begin::Random, _) => {}
            (Begin::Image, None) => to.option("--init", "content"),
            (Begin::Image, Some(image)) => to.words.extend(["--init".into(), picture(image)]),
        }
        if let Some(seed) = self.seed {
            let seed = u64::try_from(seed).unwrap_or_else(|_| drawn(seed, &mut to.notes));
            to.option("--seed", seed);
        }
        if self.original_colors == 1 {
            to.option("--colour", "keep");
            to.note("-original_colors 1: hue and chroma are kept in Oklab, where the program keeps U and V of YUV");
        }
        // The last iteration is the result itself.
        if (1..self.num_iterations).contains(&self.save_iter) {
            to.option("--save-every", self.save_iter);
        }
        match self.print_iter {
            None => {}
            Some(0) => to.option("--progress", "none"),
            Some(every) => to.note(format!("-print_iter {every}: the bar shows every iteration")),
        }
        self.note_the_rest(&mut to);
        Ok(to)
    }

    /// Refuses options that would change the picture but have no equivalent.
    fn check(&self) -> Result<(), Failure> {
        if self.normalize_gradients {
            let why = "no recipe here divides gradients by their own size";
            let hint = match self.why_pt() {
                Some(_) => format!(
                    "neural-style-pt only multiplies by the weights once more: give -content_weight {} \
                     -style_weight {} instead",
                    self.content_weight.unwrap_or(5.0).powi(2),
                    self.style_weight.unwrap_or(100.0).powi(2)
                ),
                None => "leave it out, and choose -content_weight and -style_weight anew".into(),
            };
            return Err(refused("-normalize_gradients", why, &hint));
        }
        if self.normalize_weights {
            return Err(refused(
                "-normalize_weights",
                "no recipe here divides weights by the sizes of features",
                "leave it out; `impasto stylize --style-layer-weights` gives each layer a weight of its own",
            ));
        }
        if self.init_image.is_some() && self.init != Begin::Image {
            return Err(refused("-init_image", "it has no effect without -init image", "add -init image"));
        }
        Ok(())
    }

    /// Returns the option or file that only neural-style-pt supports, if there is one.
    fn why_pt(&self) -> Option<&'static str> {
        let has = |value: &Option<String>, what: &[&str]| {
            value.as_deref().is_some_and(|value| what.iter().any(|what| value.contains(what)))
        };
        let signs = [
            (self.pt, "--pt"),
            (has(&self.gpu, &["c"]), "-gpu c"),
            (self.multidevice_strategy.is_some(), "-multidevice_strategy"),
            (self.normalize_weights, "-normalize_weights"),
            (self.disable_check, "-disable_check"),
            (has(&self.model_file, &[".pth"]), "the .pth file"),
            (has(&self.backend, &["mkl", "openmp"]), "-backend"),
            (self.style_image.iter().any(|style| Path::new(style).is_dir()), "a folder of styles"),
        ];
        signs.iter().find(|(given, _)| *given).map(|(_, sign)| *sign)
    }

    /// Returns the style files. A folder is replaced by the pictures in it, sorted by name.
    fn styles(&self) -> Result<Vec<String>, Failure> {
        let mut styles = Vec::new();
        for style in self.style_image.iter().filter(|style| !style.is_empty()) {
            let folder = Path::new(style);
            if !folder.is_dir() {
                styles.push(style.clone());
                continue;
            }
            let entries = fs::read_dir(folder).map_err(|error| Failure::read(folder, &error))?;
            let is_picture = |path: &Path| {
                let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
                path.is_file() && end.is_some_and(|end| PICTURES.contains(&end.as_str()))
            };
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_picture(path));
            let mut inside: Vec<String> = paths.map(|path| path.to_string_lossy().into_owned()).collect();
            if inside.is_empty() {
                let why = format!("{style}: no picture there ({})", PICTURES.join(", "));
                return Err(Failure::bad_input(format!("-style_image: {why}")));
            }
            inside.sort();
            styles.extend(inside);
        }
        Ok(styles)
    }

    fn objective(&self, to: &mut Translation) {
        // In the program every layer has the full weight; here the layers share it.
        let layers = |given: &Option<String>| given.as_ref().map(|text| text.split(',').count());
        match (&self.content_layers, self.content_weight) {
            (Some(layers), Some(0.0)) => {
                to.note(format!("-content_layers {layers} has no effect: -content_weight is 0"))
            }
            (given, _) => to.given("--content-layers", given.as_ref()),
        }
        let count = layers(&self.content_layers).unwrap_or(1) as f64;
        let weight = match count == 1.0 {
            true => self.content_weight,
            false => Some(self.content_weight.unwrap_or(5.0) * count),
        };
        to.given("--content-weight", weight);
        match (&self.style_layers, self.style_weight) {
            (Some(layers), Some(0.0)) => {
                to.note(format!("-style_layers {layers} has no effect: -style_weight is 0"))
            }
            (given, _) => {
                to.given("--style-layers", given.as_ref());
                to.given("--style-layer-weights", layers(given).map(|count| list(&vec![1.0; count])));
            }
        }
        to.given("--style-weight", self.style_weight);
        to.given("--tv-weight", self.tv_weight);
        to.given("--style-scale", self.style_scale);
        to.option("--pooling", if self.pooling == Pooling::Avg { "average" } else { "max" });
    }

    fn model(&self, to: &mut Translation) {
        let Some(model) = &self.model_file else { return };
        let why = if Path::new(model).is_file() {
            match impasto::encoder::open(model) {
                Ok(_) => return to.words.extend(["--model".into(), file(model)]),
                Err(error) => error.to_string(),
            }
        } else {
            "there is no such file".into()
        };
        to.note(format!("-model_file {model}: {why}; the picture is made with lite"));
    }

    fn optimiser(&self, to: &mut Translation, white: f64) {
        to.option("--iterations", self.num_iterations);
        let adam = self.optimizer == Optimizer::Adam;
        if adam {
            to.option("--optimizer", "adam");
        }
        match self.learning_rate {
            Some(rate) if adam => to.option("--learning-rate", rate / white),
            Some(rate) => to.note(format!("-learning_rate {rate}: lbfgs uses none, in the program neither")),
            None => {}
        }
        match self.lbfgs_num_correction {
            // Both programs take 0 for 100, which is also the value of the presets.
            None | Some(0 | 100) => {}
            Some(pairs) if adam => to.note(format!("-lbfgs_num_correction {pairs}: the optimizer is adam")),
            Some(pairs) => to.option("--history", pairs),
        }
    }

    fn note_the_rest(&self, to: &mut Translation) {
        let device = "`impasto stylize` takes --device for that";
        let flag = |given: bool| given.then(String::new);
        let is_processor = |gpu: &String| ["-1", "c"].contains(&gpu.as_str());
        if self.gpu.as_ref().is_some_and(is_processor) {
            to.option("--device", "cpu");
        }
        let gpu = self.gpu.clone().filter(|gpu| !is_processor(gpu));
        for (option, value, why) in [
            ("-gpu", gpu, device),
            ("-multigpu_strategy", self.multigpu_strategy.clone(), device),
            ("-multidevice_strategy", self.multidevice_strategy.clone(), device),
            ("-backend", self.backend.clone(), "there is only one"),
            ("-cudnn_autotune", flag(self.cudnn_autotune), device),
            ("-proto_file", self.proto_file.clone(), "a file of weights determines its network"),
            ("-disable_check", flag(self.disable_check), "files of weights are always checked"),
        ] {
            if let Some(value) = value {
                let said = format!("{option} {value}");
                to.note(format!("{} has no meaning here: {why}", said.trim_end()));
            }
        }
    }
}

/// Returns the file name of an initial picture, in a form that is not taken for a name such as `noise`.
fn picture(name: &str) -> std::ffi::OsString {
    if name.parse::<impasto::Init>().is_ok() { format!("./{name}").into() } else { file(name) }
}

/// Draws a seed in place of a negative one, another one each time.
fn drawn(asked: i64, notes: &mut Vec<String>) -> u64 {
    let seed = u64::from(RandomState::new().hash_one("seed") as u32);
    notes.push(format!("-seed {asked}: drawn was {seed}; `-seed {seed}` repeats this run"));
    seed
}
