//! `impasto inspect`: an encoder's view of a picture, layer by layer, as pictures and as a table; and reconstructions
//! of the picture from single layers.

mod sheet;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use impasto::encoder::Encoder;
use impasto::image::{Averaging, Encoding, Filter, Space, check_output, fit_long_edge, resize, save};
use impasto::{Cancel, Inspector, LayerFeatures, Picture, Reconstruction, StyleTransfer};
use impasto_job::inputs;
use impasto_job::memory::default_memory;
use impasto_job::spec::InputSpec;
use impasto_job::{Control, Pace};
use serde_json::{Value, json};

use crate::args::ProgressKind;
use crate::failure::Failure;
use crate::interrupt::control_on_signal;
use crate::output::{line, say};
use crate::progress::Progress;

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The picture to inspect
    image: PathBuf,
    /// The folder to write to; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The encoder: lite, vgg19, vgg19-oxford, random:vgg19?seed=0, ... (see `models list`), or a file of weights
    #[arg(long, value_name = "NAME|FILE", default_value = "lite")]
    model: String,
    /// Long edge of the inspected picture in pixels; it is never enlarged
    #[arg(long, value_name = "N", default_value_t = 512)]
    size: usize,
    /// Layers to inspect [default: relu1_1, relu2_1, relu3_1, relu4_1, relu4_2 and relu5_1]
    #[arg(long, value_name = "L,...", value_delimiter = ',')]
    layers: Vec<String>,
    /// Channels to show for each layer: those with the most energy
    #[arg(long, value_name = "N", default_value_t = 64)]
    channels: usize,
    /// Also make a picture, from noise, with the features of this layer; one picture for each of several layers
    #[arg(long, value_name = "L,...", value_delimiter = ',', help_heading = "Reconstruction")]
    reconstruct: Vec<String>,
    /// Also make a picture, from noise, with the style of all layers up to this one, or of exactly these layers; may be
    /// given several times
    #[arg(long, value_name = "L|L,...", help_heading = "Reconstruction")]
    reconstruct_style: Vec<String>,
    /// Iterations of a reconstruction at each scale [default: 500 at the first scale, 150 at each other]
    #[arg(long, value_name = "N", help_heading = "Reconstruction")]
    iterations: Option<usize>,
    /// Seed of the noise: the same seed gives the same bytes [default: 0]
    #[arg(long, value_name = "N", help_heading = "Reconstruction")]
    seed: Option<u64>,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name (see `devices`) [default: auto]
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    #[command(flatten)]
    input: InputSpec,
    /// Progress display of reconstructions on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    progress: ProgressKind,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: InspectArgs) -> Result<(), Failure> {
    args.check()?;
    let encoder = crate::models::open(&args.model)?;
    let input = inputs::read(&args.image, &args.input.limits()?)?;
    input.notes().iter().for_each(|note| say(note));
    let picture = &input.decoded.picture;
    let (width, height) = fit_long_edge(picture.size(), args.size.min(picture.long_edge()));
    let picture = resize(picture, width, height, Filter::Bicubic, Averaging::Light);
    let control = control_on_signal();
    let cancel = control.flag();
    let reconstructions = args.reconstructions(&encoder)?;
    let layers: Vec<String> = args.layers.iter().map(|layer| layer.trim().to_owned()).collect();
    let limits = (args.threads, default_memory());
    let mut inspector =
        Inspector::on(args.device(), picture.clone(), &encoder, &layers, limits, cancel.clone())?;
    inspector.device_note().into_iter().for_each(say);
    for (_, what) in &reconstructions {
        // Find errors before the work.
        args.transfer(what, &picture, &encoder, &cancel)?.build()?;
    }
    make_folder(&args.output)?;
    let of_layers = inspector.layers().flat_map(|layer| [features_name(layer), gram_name(layer)]);
    let names: Vec<String> = of_layers.chain(reconstructions.iter().map(|(name, _)| name.clone())).collect();
    for name in &names {
        let path = args.output.join(name);
        inputs::check_apart("--output", &path, &[&input])?;
        check_output(&path, None, false)?;
    }
    let mut rows = Vec::new();
    for index in 0..inspector.layers().count() {
        let features = inspector.look(index).map_err(|error| args.ended(error))?;
        args.draw(&features, &control)?;
        rows.push(features_of(&features));
        if !args.json {
            if index == 0 {
                line("layer     channels  size         mean      zeros   largest")?;
            }
            line(&row(&features))?;
        }
    }
    if args.json {
        let size = json!({ "width": picture.width(), "height": picture.height() });
        line(&json!({ "image": size, "model": encoder.provenance().name, "layers": rows }).to_string())?;
    }
    drop(inspector);
    for (name, what) in &reconstructions {
        let transfer = args.transfer(what, &picture, &encoder, &cancel)?;
        args.reconstruct(transfer, &args.output.join(name), input.decoded.space, &control)?;
    }
    args.note(&format!("wrote {} pictures to {}", names.len(), args.output.display()));
    Ok(())
}

impl InspectArgs {
    fn check(&self) -> Result<(), Failure> {
        let wrong = |message: &str| Err(Failure::bad_input(message));
        if self.size == 0 {
            return wrong("--size: expected at least 1 pixel, found 0");
        }
        if self.channels == 0 {
            return wrong("--channels: expected at least 1, found 0");
        }
        let given = [("--iterations", self.iterations.is_some()), ("--seed", self.seed.is_some())];
        if self.reconstruct.is_empty()
            && self.reconstruct_style.is_empty()
            && let Some((option, _)) = given.iter().find(|(_, given)| *given)
        {
            return wrong(&format!("{option} is for --reconstruct and --reconstruct-style"));
        }
        Ok(())
    }

    fn device(&self) -> &str {
        self.device.as_deref().unwrap_or("auto")
    }

    /// Returns the reconstructions to make, with the names of their files.
    fn reconstructions(&self, encoder: &Encoder) -> Result<Vec<(String, Reconstruction)>, Failure> {
        let contents = self.reconstruct.iter().map(|layer| Reconstruction::Content(layer.trim().to_owned()));
        let styles = self.reconstruct_style.iter().map(|layers| {
            Reconstruction::Style(layers.split(',').map(|layer| layer.trim().to_owned()).collect())
        });
        let mut named: Vec<(String, Reconstruction)> = Vec::new();
        for what in contents.chain(styles) {
            what.layers(encoder)?;
            let name = match &what {
                Reconstruction::Content(layer) => format!("reconstruct_{layer}.png"),
                Reconstruction::Style(layers) => format!("reconstruct_style_{}.png", layers.join("-")),
            };
            if named.iter().any(|(other, _)| *other == name) {
                return Err(Failure::bad_input(format!("{name} would be made twice")));
            }
            named.push((name, what));
        }
        Ok(named)
    }

    fn transfer(
        &self,
        what: &Reconstruction,
        picture: &Picture,
        encoder: &Encoder,
        cancel: &Cancel,
    ) -> Result<StyleTransfer, Failure> {
        let transfer = what
            .transfer(picture.clone(), encoder, self.iterations)?
            .size(picture.long_edge())
            .seed(self.seed.unwrap_or(0))
            .memory(default_memory())
            .cancel(cancel.clone())
            .device(self.device())?;
        Ok(match self.threads {
            Some(threads) => transfer.threads(threads),
            None => transfer,
        })
    }

    /// Writes the pictures of a layer.
    fn draw(&self, features: &LayerFeatures, control: &Control) -> Result<(), Failure> {
        let mut channels = features.by_energy();
        // If all channels are shown, they are in their own order.
        if channels.len() > self.channels {
            channels.truncate(self.channels);
        } else {
            channels.sort_unstable();
        }
        let pictures = [
            (features_name(&features.layer), sheet::contact_sheet(features, &channels)),
            (gram_name(&features.layer), sheet::heat_map(features)),
        ];
        for (name, picture) in pictures {
            control.saving(|| save(&self.output.join(name), &picture, None, &Encoding::default()))?;
        }
        Ok(())
    }

    fn reconstruct(
        &self,
        transfer: StyleTransfer,
        path: &Path,
        space: Space,
        control: &Control,
    ) -> Result<(), Failure> {
        let mut session = transfer.build()?;
        let (progress, mut pace) = (Progress::new(self.progress), Pace::new(&session, &[]));
        progress.begin(pace.work());
        let ended = loop {
            match session.step() {
                Ok(Some(step)) => {
                    pace.step(&step, &session);
                    progress.run(&pace.event(&step));
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        progress.finish();
        match ended {
            Ok(()) => {
                let icc_profile = (space != Space::Srgb).then(|| space.icc());
                let encoding = Encoding { space, icc_profile, ..Encoding::default() };
                Ok(control
                    .saving(|| save(path, &session.picture()?, None, &encoding).map_err(Failure::from))?)
            }
            Err(error) => Err(self.ended(error)),
        }
    }

    /// Returns the failure of a command that an error ended. The pictures that were written before are complete.
    fn ended(&self, error: impasto::Error) -> Failure {
        match error.is_cancelled() {
            true => {
                let folder = self.output.display();
                Failure::interrupted(format!("interrupted; {folder} holds the pictures that are complete"))
            }
            false => error.into(),
        }
    }

    fn note(&self, text: &str) {
        match self.progress {
            ProgressKind::Json => say(&json!({ "event": "note", "text": text }).to_string()),
            _ => say(text),
        }
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::bad_input(format!("--output: {} is a file, not a folder", folder.display()))
            .hint("several pictures are written: give the name of a folder"));
    }
    fs::create_dir_all(folder).map_err(|error| Failure::write(folder, &error))
}

fn features_name(layer: &str) -> String {
    format!("{layer}_features.png")
}

fn gram_name(layer: &str) -> String {
    format!("{layer}_gram.png")
}

fn row(features: &LayerFeatures) -> String {
    format!(
        "{:<9} {:<9} {:<12} {:<9.4} {:<7} {:.4}",
        features.layer,
        features.channels,
        format!("{}x{}", features.width, features.height),
        features.mean(),
        format!("{:.1}%", 100.0 * features.sparsity()),
        features.largest(),
    )
}

fn features_of(features: &LayerFeatures) -> Value {
    json!({
        "layer": features.layer,
        "channels": features.channels,
        "width": features.width,
        "height": features.height,
        "mean": features.mean(),
        "zeros": features.sparsity(),
        "largest": features.largest(),
    })
}
