//! `impasto compat style-transfer`: crowsonkb/style-transfer-pytorch, with the preset `crowson`. Defaults that are not
//! in the preset are added here.

use std::path::Path;

use clap::{ArgAction, Parser, ValueEnum};
use impasto::image::Limits;

use super::{Translation, list, refused};
use crate::failure::Failure;
use impasto_job::inputs;

/// Options of style-transfer-pytorch; after --, options of `impasto stylize`
#[derive(Parser)]
#[command(name = "impasto compat style-transfer", no_binary_name = true)]
// As in the program, the last value counts if an option is given twice.
#[command(allow_negative_numbers = true, args_override_self = true, max_term_width = 100)]
#[command(after_help = "docs/compat.md describes the translation of each option")]
pub(super) struct StyleTransfer {
    /// The picture to repaint
    content: String,
    /// The style pictures
    #[arg(required = true)]
    styles: Vec<String>,
    /// The file to write (-o)
    #[arg(short, long, default_value = "out.png")]
    output: String,
    /// Shares of the styles, also -sw (--style-weights)
    #[arg(long, alias = "sw", num_args = 1..)]
    style_weights: Option<Vec<f64>>,
    /// No meaning here
    #[arg(long, num_args = 1..)]
    devices: Option<Vec<String>>,
    /// Seed (--seed)
    #[arg(short, long)]
    random_seed: Option<u64>,
    /// Weight that multiplies the content term, also -cw (--content-weight)
    #[arg(long, alias = "cw")]
    content_weight: Option<f64>,
    /// Weight that multiplies the total variation, also -tw (--tv-weight)
    #[arg(long, alias = "tw")]
    tv_weight: Option<f64>,
    /// The optimiser (--optimizer)
    #[arg(long, value_enum, default_value_t = Optimizer::Adam)]
    optimizer: Optimizer,
    /// Long edge of the first scale, also -ms (--min-size)
    #[arg(long, alias = "ms")]
    min_scale: Option<usize>,
    /// Long edge of the result, or 512+ (--size)
    #[arg(short = 's', long, default_value = "512")]
    end_scale: String,
    /// Iterations at each scale but the first (--iterations)
    #[arg(short, long)]
    iterations: Option<usize>,
    /// Iterations at the first scale, also -ii (--first-iterations)
    #[arg(long, alias = "ii")]
    initial_iterations: Option<usize>,
    /// Iterations between intermediate pictures (--save-every)
    #[arg(long)]
    save_every: Option<usize>,
    /// Adam's step size, also -ss (--learning-rate)
    #[arg(long, alias = "ss")]
    step_size: Option<f64>,
    /// Decay of the average of the iterates, also -ad (--average-decay)
    #[arg(long, alias = "ad")]
    avg_decay: Option<f64>,
    /// The initial picture (--init)
    #[arg(long, value_enum, default_value_t = Begin::Content)]
    init: Begin,
    /// Size of the styles relative to the content (--style-scale)
    #[arg(long)]
    style_scale_fac: Option<f64>,
    /// Refused: no recipe here supports it
    #[arg(long)]
    style_size: Option<usize>,
    /// Pooling between blocks (--pooling)
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// Refused: there is no proofing here
    #[arg(long)]
    proof: Option<String>,
    /// No meaning here
    #[arg(long)]
    web: bool,
    /// No meaning here
    #[arg(long)]
    host: Option<String>,
    /// No meaning here
    #[arg(long)]
    port: Option<u16>,
    /// No meaning here
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    browser: Option<String>,
    /// Print the equivalent command, and do nothing
    #[arg(long, visible_alias = "dry-run", action = ArgAction::SetTrue)]
    pub(super) print: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Optimizer {
    Adam,
    Lbfgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Begin {
    Content,
    Gray,
    Uniform,
    Normal,
    StyleStats,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pooling {
    Max,
    Average,
    L2,
}

/// The program's default iterations at the first scale and at the others.
const ITERATIONS: (usize, usize) = (1000, 500);

impl StyleTransfer {
    pub(super) fn translate(&self) -> Result<Translation, Failure> {
        self.check()?;
        let mut to = Translation::new(&self.content, &self.styles, &self.output, "crowson");
        to.option("--size", self.size()?);
        to.given("--min-size", self.min_scale);
        to.given("--style-weights", self.style_weights.as_deref().map(list));
        to.given("--content-weight", self.content_weight);
        to.given("--tv-weight", self.tv_weight);
        // `--iterations` alone would also apply to the first scale.
        if let Some(each) = self.iterations {
            to.option("--iterations", each);
            to.option("--first-iterations", self.initial_iterations.unwrap_or(ITERATIONS.0));
        } else {
            to.given("--first-iterations", self.initial_iterations);
        }
        if self.optimizer == Optimizer::Lbfgs {
            to.option("--optimizer", "lbfgs");
        }
        match self.step_size {
            Some(step) if self.optimizer == Optimizer::Lbfgs => {
                to.note(format!("-ss {step}: lbfgs uses no step size, in the program neither"));
            }
            step => to.given("--learning-rate", step),
        }
        to.given("--average-decay", self.avg_decay);
        match self.init {
            Begin::Content | Begin::Normal => {}
            Begin::Gray => to.option("--init", "gray"),
            Begin::Uniform => to.option("--init", "noise"),
            Begin::StyleStats => to.option("--init", "style-stats"),
        }
        to.given("--style-scale", self.style_scale_fac);
        if let Some(factor) = self.style_scale_fac.filter(|factor| *factor > 1.0) {
            to.note(format!(
                "--style-scale-fac {factor}: smaller styles are enlarged, up to {factor} times; the program enlarges \
                 none"
            ));
        }
        to.given(
            "--pooling",
            self.pooling.map(|pooling| match pooling {
                Pooling::Max => "max",
                Pooling::Average => "average",
                Pooling::L2 => "l2",
            }),
        );
        to.given("--seed", self.random_seed);
        // The program's TIFF files have 16 bits, all others 8.
        let end = Path::new(&self.output).extension().map(|end| end.to_string_lossy().to_lowercase());
        if end.is_some_and(|end| ["tif", "tiff"].contains(&end.as_str())) {
            to.option("--depth", 16);
        }
        if let Some(every) = self.save_every {
            to.option("--save-every", every);
            to.note(format!(
                "--save-every {every}: intermediate pictures have numbers in their names; in the program each \
                 overwrites the last"
            ));
        }
        self.note_the_rest(&mut to);
        Ok(to)
    }

    /// Refuses options that would change the picture but have no equivalent.
    fn check(&self) -> Result<(), Failure> {
        if let Some(profile) = &self.proof {
            return Err(refused(
                "--proof",
                &format!("pictures are not proofed here, with {profile} or any other profile"),
                "proof content and styles in another program first",
            ));
        }
        if let Some(size) = self.style_size {
            return Err(refused(
                "--style-size",
                &format!("styles have no fixed size of {size} pixels here"),
                "give --style-scale-fac, their size relative to the content at every scale",
            ));
        }
        if self.init == Begin::Normal {
            let hint = "--init uniform and --init style_stats are the kinds of noise here";
            return Err(refused("--init normal", "there is no such noise here", hint));
        }
        Ok(())
    }

    /// Returns the long edge. `512+` stands for the long edge of a picture that has the content's shape and as many
    /// pixels as 512x512.
    fn size(&self) -> Result<usize, Failure> {
        let wrong = || {
            Failure::bad_input(format!(
                "--end-scale: expected pixels such as 512 or 512+, found {}",
                self.end_scale
            ))
        };
        let Some(square) = self.end_scale.strip_suffix('+') else {
            return self.end_scale.parse().map_err(|_| wrong());
        };
        let square: f64 = square.parse::<usize>().map_err(|_| wrong())? as f64;
        let content = inputs::read(Path::new(&self.content), &Limits::default())?;
        let (width, height) = content.decoded.picture.size();
        let aspect = width.max(height) as f64 / width.min(height) as f64;
        Ok((aspect.sqrt() * square) as usize)
    }

    fn note_the_rest(&self, to: &mut Translation) {
        let page = "`impasto serve --open` is the page";
        let is_processor = self.devices.as_ref().is_some_and(|names| names == &["cpu"]);
        if is_processor {
            to.option("--device", "cpu");
        }
        for (option, value, why) in [
            (
                "--devices",
                self.devices.as_ref().filter(|_| !is_processor).map(|names| names.join(" ")),
                "`impasto stylize` takes --device for that",
            ),
            ("--web", self.web.then(String::new), page),
            ("--host", self.host.clone(), page),
            ("--port", self.port.map(|port| port.to_string()), page),
            ("--browser", self.browser.clone(), page),
        ] {
            // The value that selects the processor needs no note.
            if let Some(value) = value.filter(|value| value != "cpu") {
                let said = format!("{option} {value}");
                to.note(format!("{} has no meaning here: {why}", said.trim_end()));
            }
        }
    }
}
