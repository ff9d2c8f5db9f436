//! The settings of a job as a browser sends them: one flat object, with pictures by their ids.
//!
//! The names and the meaning of options are those of `impasto-job`. What names a file there is a picture's id here:
//! nothing in a request can name a file of the machine.

mod first;
mod options;
mod slots;

use std::path::{Path, PathBuf};

use impasto::encoder;
use impasto_job::spec::{
    CompareSpec, InputSpec, SheetSpec, StyleSpec, StylizeSpec, TextureSpec, VideoSpec, shares,
};
use impasto_job::{JobSpec, Task};
use serde_json::{Map, Value, json};

use crate::problem::Problem;

pub(crate) use first::{Length, weigh};
pub(crate) use options::{film_names, flat_names};
pub(crate) use slots::{Slot, StyleSlot};

/// The kind of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Stylize,
    Texture,
    Sheet,
    Compare,
    Batch,
    Video,
}

impl Kind {
    pub(crate) const ALL: [(&str, Kind); 6] = [
        ("stylize", Kind::Stylize),
        ("texture", Kind::Texture),
        ("sheet", Kind::Sheet),
        ("compare", Kind::Compare),
        ("batch", Kind::Batch),
        ("video", Kind::Video),
    ];

    pub(crate) fn name(self) -> &'static str {
        Kind::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// The settings of a job, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) kind: Kind,
    pub(crate) title: Option<String>,
    pub(crate) content: Option<Slot>,
    pub(crate) styles: Vec<StyleSlot>,
    /// The contents of a batch.
    pub(crate) contents: Vec<Slot>,
    /// The pictures that a comparison scores.
    pub(crate) pictures: Vec<Slot>,
    pub(crate) mask: Vec<Slot>,
    pub(crate) protect: Option<Slot>,
    /// The initial picture, if it is one.
    pub(crate) init: Option<Slot>,
    pub(crate) vary: Vec<String>,
    pub(crate) timelapse: bool,
    /// All other options, by their flat names.
    pub(crate) options: Map<String, Value>,
}

/// Finds the file of a picture.
pub(crate) type Files<'a> = &'a dyn Fn(&Slot) -> Result<PathBuf, Problem>;

impl Settings {
    /// Takes the settings apart.
    pub(crate) fn parse(body: &Value) -> Result<Settings, Problem> {
        let Value::Object(given) = body else {
            return Err(Problem::malformed("expected the settings of a job as an object"));
        };
        let mut given: Map<String, Value> =
            given.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
        let kind = match given.remove("kind") {
            None => Kind::Stylize,
            Some(kind) => Kind::ALL
                .into_iter()
                .find(|(name, _)| kind.as_str() == Some(name))
                .map(|(_, kind)| kind)
                .ok_or_else(|| {
                    Problem::setting("kind", format!("there is no kind {kind}"))
                        .hint("stylize, texture, sheet, compare, batch or video")
                })?,
        };
        let title = match given.remove("title") {
            None => None,
            Some(Value::String(title)) if title.chars().count() <= 200 => Some(title),
            Some(_) => return Err(Problem::setting("title", "expected a text of at most 200 characters")),
        };
        if let (Some(color), false) = (given.remove("color"), given.contains_key("colour")) {
            given.insert("colour".into(), color);
        }
        let styles = given.remove("styles").or_else(|| given.remove("style"));
        let mut settings = Settings {
            kind,
            title,
            content: slots::one(&mut given, "content")?,
            styles: slots::styles(styles)?,
            contents: slots::many(&mut given, "contents")?,
            pictures: slots::many(&mut given, "pictures")?,
            mask: slots::many(&mut given, "mask")?,
            protect: slots::one(&mut given, "protect")?,
            init: slots::init(&mut given)?,
            vary: slots::texts(&mut given, "vary")?,
            timelapse: slots::flag(&mut given, "timelapse")?,
            options: Map::new(),
        };
        options::check_model(&given)?;
        settings.options = given;
        settings.check_pictures()?;
        Ok(settings)
    }

    /// Finds pictures that are missing, or of no use for this kind of job.
    fn check_pictures(&self) -> Result<(), Problem> {
        let given = [
            ("content", self.content.is_some()),
            ("contents", !self.contents.is_empty()),
            ("pictures", !self.pictures.is_empty()),
            ("mask", !self.mask.is_empty()),
            ("protect", self.protect.is_some()),
            ("init", self.init.is_some()),
            ("vary", !self.vary.is_empty()),
            ("timelapse", self.timelapse),
        ];
        let (needed, allowed): (&[&str], &[&str]) = match self.kind {
            Kind::Stylize => (&["content"], &["mask", "protect", "init", "timelapse"]),
            Kind::Texture => (&[], &["init"]),
            Kind::Sheet => (&["content", "vary"], &["mask", "protect", "init"]),
            Kind::Compare => (&["pictures"], &["content"]),
            Kind::Batch => (&["contents"], &["timelapse"]),
            Kind::Video => (&["content"], &["mask", "protect"]),
        };
        let kind = self.kind.name();
        for (option, given) in given {
            if needed.contains(&option) && !given {
                return Err(Problem::setting(option, format!("{option} is missing: {kind} needs it")));
            }
            if given && !needed.contains(&option) && !allowed.contains(&option) {
                return Err(Problem::setting(option, format!("{option} has no use for {kind}")));
            }
        }
        if self.styles.is_empty() {
            return Err(Problem::setting(
                "styles",
                "styles are missing: give the id of at least one picture",
            ));
        }
        if self.kind != Kind::Video && self.styles.iter().any(StyleSlot::has_time) {
            return Err(Problem::setting("styles", "styles: a picture has no time, so at has no effect")
                .hint("at is for the styles of a film; weight mixes several styles"));
        }
        Ok(())
    }

    /// The settings of a film's first frame, as a picture. Other settings stay as they are. Styles keep their times,
    /// which [`weigh`] makes weights.
    pub(crate) fn of_first_frame(&self) -> Settings {
        if self.kind != Kind::Video {
            return self.clone();
        }
        let names = flat_names();
        let mut options = self.options.clone();
        options.retain(|name, _| names.contains(name) && !["format", "depth"].contains(&name.as_str()));
        Settings { kind: Kind::Stylize, options, ..self.clone() }
    }

    /// The same job on the processor, if it leaves the choice of a device to the program.
    pub(crate) fn on_processor(&self) -> Option<Settings> {
        let named = self.options.get("device").is_some_and(|device| device != "auto");
        let mut options = self.options.clone();
        options.insert("device".into(), "cpu".into());
        (!named).then(|| Settings { options, ..self.clone() })
    }

    /// All pictures that the job is made from.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        let of_styles =
            self.styles.iter().flat_map(|style| [Some(&style.picture), style.mask.as_ref()]).flatten();
        let single = [&self.content, &self.protect, &self.init].into_iter().flatten();
        single.chain(&self.contents).chain(&self.pictures).chain(&self.mask).chain(of_styles)
    }

    /// The job, with files in place of pictures, and its files in this folder.
    pub(crate) fn job(&self, files: Files<'_>, folder: &Path) -> Result<JobSpec, Problem> {
        let styles = self.styles.iter().map(|style| style.spec(files)).collect::<Result<Vec<_>, _>>()?;
        let content = || self.content.as_ref().map_or(Ok(PathBuf::new()), files);
        let task = match self.kind {
            Kind::Stylize => Task::Stylize(self.stylize(content()?, styles, files, folder)?),
            Kind::Texture => Task::Texture(self.texture(styles, files, folder)?),
            Kind::Sheet => Task::Sheet(self.sheet(content()?, styles, files, folder)?),
            Kind::Compare => Task::Compare(self.compare(styles, files)?),
            Kind::Batch => return Err(Problem::internal("a batch is run picture by picture")),
            Kind::Video => Task::Video(Box::new(self.video(content()?, styles, files, folder)?)),
        };
        Ok(task.into())
    }

    fn stylize(
        &self,
        content: PathBuf,
        styles: Vec<StyleSpec>,
        files: Files<'_>,
        folder: &Path,
    ) -> Result<StylizeSpec, Problem> {
        let spec = StylizeSpec::new(content, styles, PathBuf::new());
        let mut spec = options::applied(&spec, &self.options, &options::STYLIZE)?;
        spec.regions.mask = self.mask.iter().map(files).collect::<Result<_, _>>()?;
        spec.regions.protect = self.protect.as_ref().map(files).transpose()?;
        if let Some(init) = &self.init {
            spec.run.init = Some(files(init)?);
        }
        spec.output = folder.join(options::result_name(spec.result.format.as_deref())?);
        spec.report = Some(folder.join("report.json"));
        spec.side_outputs.timelapse = self.timelapse.then(|| folder.join("timelapse.gif"));
        spec.checkpoint = Some(folder.join("checkpoint"));
        options::check_run(&spec.run, &self.options)?;
        shares(&spec.style, spec.run.objective.style_weights.as_deref())?;
        Ok(spec)
    }

    fn texture(
        &self,
        styles: Vec<StyleSpec>,
        files: Files<'_>,
        folder: &Path,
    ) -> Result<TextureSpec, Problem> {
        let mut options = self.options.clone();
        // One number stands for both sides.
        if let Some(size) = options.get("size").filter(|size| size.is_number()).cloned() {
            options.insert("size".into(), json!([size, size]));
        }
        let spec = serde_json::from_value(json!({ "style": styles, "output": "" }))
            .map_err(|error| Problem::internal(error.to_string()))?;
        let mut spec: TextureSpec = options::applied(&spec, &options, &options::TEXTURE)?;
        if let Some(init) = &self.init {
            spec.init = Some(files(init)?);
        }
        spec.output = folder.join(options::result_name(spec.result.format.as_deref())?);
        spec.report = Some(folder.join("report.json"));
        options::check_texture(&spec)?;
        Ok(spec)
    }

    fn sheet(
        &self,
        content: PathBuf,
        styles: Vec<StyleSpec>,
        files: Files<'_>,
        folder: &Path,
    ) -> Result<SheetSpec, Problem> {
        let spec = SheetSpec {
            content,
            style: styles,
            vary: self.vary.clone(),
            output: folder.join("result.png"),
            run: Default::default(),
            regions: Default::default(),
            input: InputSpec::default(),
        };
        let mut spec = options::applied(&spec, &self.options, &options::SHEET)?;
        spec.regions.mask = self.mask.iter().map(files).collect::<Result<_, _>>()?;
        spec.regions.protect = self.protect.as_ref().map(files).transpose()?;
        if let Some(init) = &self.init {
            spec.run.init = Some(files(init)?);
        }
        options::check_run(&spec.run, &self.options)?;
        Ok(spec)
    }

    fn video(
        &self,
        content: PathBuf,
        styles: Vec<StyleSpec>,
        files: Files<'_>,
        folder: &Path,
    ) -> Result<VideoSpec, Problem> {
        let mut options = self.options.clone();
        let name = options::film_name(options.remove("format"))?;
        let spec = VideoSpec::new(content, styles, PathBuf::new());
        let mut spec = options::applied(&spec, &options, &options::VIDEO)?;
        spec.regions.mask = self.mask.iter().map(files).collect::<Result<_, _>>()?;
        spec.regions.protect = self.protect.as_ref().map(files).transpose()?;
        spec.output = folder.join(name);
        options::check_run(&spec.run, &options)?;
        spec.check()?;
        shares(&spec.style, spec.run.objective.style_weights.as_deref())?;
        Ok(spec)
    }

    fn compare(&self, styles: Vec<StyleSpec>, files: Files<'_>) -> Result<CompareSpec, Problem> {
        let pictures = self.pictures.iter().map(files).collect::<Result<Vec<_>, _>>()?;
        let content = self.content.as_ref().map(files).transpose()?;
        let spec: CompareSpec =
            serde_json::from_value(json!({ "pictures": pictures, "content": content, "style": styles }))
                .map_err(|error| Problem::internal(error.to_string()))?;
        options::applied(&spec, &self.options, &options::COMPARE)
    }

    /// The settings of the single pictures of a batch: each content in each style.
    pub(crate) fn children(&self) -> Vec<Value> {
        let each = |content: &Slot, style: &StyleSlot| {
            let mut body = self.options.clone();
            body.insert("kind".into(), "stylize".into());
            body.insert("content".into(), content.to_json());
            body.insert("styles".into(), Value::Array(vec![style.to_json()]));
            if self.timelapse {
                body.insert("timelapse".into(), true.into());
            }
            Value::Object(body)
        };
        self.contents
            .iter()
            .flat_map(|content| self.styles.iter().map(move |style| each(content, style)))
            .collect()
    }
}

/// Whether a model may be asked for: one with a name, not a file.
pub(crate) fn is_model_name(name: &str) -> bool {
    encoder::known().iter().any(|known| known.name == name) || name.starts_with("random:")
}
