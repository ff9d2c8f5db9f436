//! `impasto compat style-transfer`: crowsonkb/style-transfer-pytorch, by the preset `crowson`. Defaults that the preset does not
//! hold are added here.

use std::path::Path;

use clap::{ArgAction, Parser, ValueEnum};
use impasto::image::Limits;

use super::{Translation, list, refused};
use crate::failure::Failure;
use impasto_job::inputs;

/// Options of style-transfer-pytorch; behind --, options of `impasto stylize`
#[derive(Parser)]
#[command(name = "impasto compat style-transfer", no_binary_name = true)]
// What is given twice counts as it was given last, as there.
#[command(allow_negative_numbers = true, args_override_self = true, max_term_width = 100)]
#[command(after_help = "docs/compat.md says what becomes of each option")]
pub(super) struct StyleTransfer {
    /// The picture to repaint
    content: String,
    /// The pictures whose style to take
    #[arg(required = true)]
    styles: Vec<String>,
    /// Where to write the result (-o)
    #[arg(short, long, default_value = "out.png")]
    output: String,
    /// Shares of the styles, also -sw (--style-weights)
    #[arg(long, alias = "sw", num_args = 1..)]
    style_weights: Option<Vec<f64>>,
    /// Without meaning here
    #[arg(long, num_args = 1..)]
    devices: Option<Vec<String>>,
    /// Seed (--seed)
    #[arg(short, long)]
    random_seed: Option<u64>,
    /// Multiplies the content term, also -cw (--content-weight)
    #[arg(long, alias = "cw")]
    content_weight: Option<f64>,
    /// Multiplies the total variation, also -tw (--tv-weight)
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
    /// Also write the picture every so many iterations (--save-every)
    #[arg(long)]
    save_every: Option<usize>,
    /// Adam's step, also -ss (--learning-rate)
    #[arg(long, alias = "ss")]
    step_size: Option<f64>,
    /// Decay of the average of the iterates, also -ad (--average-decay)
    #[arg(long, alias = "ad")]
    avg_decay: Option<f64>,
    /// What to begin with (--init)
    #[arg(long, value_enum, default_value_t = Begin::Content)]
    init: Begin,
    /// Size of the styles beside the content (--style-scale)
    #[arg(long)]
    style_scale_fac: Option<f64>,
    /// Refused: no recipe here follows it
    #[arg(long)]
    style_size: Option<usize>,
    /// Pooling between blocks (--pooling)
    #[arg(long, value_enum)]
    pooling: Option<Pooling>,
    /// Refused: no picture is proofed here
    #[arg(long)]
    proof: Option<String>,
    /// Without meaning here
    #[arg(long)]
    web: bool,
    /// Without meaning here
    #[arg(long)]
    host: Option<String>,
    /// Without meaning here
    #[arg(long)]
    port: Option<u16>,
    /// Without meaning here
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    browser: Option<String>,
    /// Print the equal command, and do nothing
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

/// What the program does at the first scale and at the others.
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
        // `--iterations` alone would count for the first scale, too.
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
                to.note(format!("-ss {step}: lbfgs has no step size, there neither"));
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
                "--style-scale-fac {factor}: a style that is smaller than that is enlarged, up to {factor} times; the program enlarges none"
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
                "--save-every {every}: pictures on the way have numbers in their names; the program writes each over the last"
            ));
        }
        self.note_the_rest(&mut to);
        Ok(to)
    }

    /// What would make another picture.
    fn check(&self) -> Result<(), Failure> {
        if let Some(profile) = &self.proof {
            return Err(refused(
                "--proof",
                &format!("pictures are not proofed here, by {profile} or any other profile"),
                "proof content and styles in another program first",
            ));
        }
        if let Some(size) = self.style_size {
            return Err(refused(
                "--style-size",
                &format!("styles have no fixed size of {size} pixels here"),
                "give --style-scale-fac, their size beside the content at every scale",
            ));
        }
        if self.init == Begin::Normal {
            let hint = "--init uniform and --init style_stats are noise that there is here";
            return Err(refused("--init normal", "there is no such noise here", hint));
        }
        Ok(())
    }

    /// `512+`: as many pixels on the long edge as a picture of this shape may have, if 512x512 are what fits.
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
        let page = "there is no web page";
        for (option, value, why) in [
            (
                "--devices",
                self.devices.as_ref().map(|names| names.join(" ")),
                "everything runs on the processor",
            ),
            ("--web", self.web.then(String::new), page),
            ("--host", self.host.clone(), page),
            ("--port", self.port.map(|port| port.to_string()), page),
            ("--browser", self.browser.clone(), page),
        ] {
            // What stands for the processor there says what happens here.
            if let Some(value) = value.filter(|value| value != "cpu") {
                let said = format!("{option} {value}");
                to.note(format!("{} has no meaning here: {why}", said.trim_end()));
            }
        }
    }
}
