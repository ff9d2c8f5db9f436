//! Painting drafts in well under a second: pictures stay decoded, at the size of a draft, as long as they are used.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use impasto::Speed;
use impasto::image::Limits;
use impasto_job::inputs::{Input, Inputs, Masks, Source, read};
use impasto_job::spec::ObjectiveSpec;
use impasto_job::{Cause, Control, Event, JobSpec, Runner, Task};
use tokio::sync::Semaphore;

use crate::accept::{is_content, length};
use crate::app::App;
use crate::pictures::{jpeg, shrink};
use crate::problem::Problem;
use crate::settings::{Kind, Length, Settings, Slot, weigh};

/// Long edge of the pictures that stay decoded: twice that of a draft, so that a style keeps its details.
const EDGE: usize = 1024;

/// The most pictures that stay decoded, and for how long after their last use.
const MOST: usize = 12;
const STAYS: Duration = Duration::from_secs(180);

/// The most speeds that are kept.
const SPEEDS: usize = 100;

/// The most drafts that may wait. A page sends one at a time.
const WAITING: usize = 16;

/// Pictures that stay decoded, and the turn of drafts: one at a time, with all threads.
pub(crate) struct Drafts {
    pictures: Mutex<Vec<(String, Arc<Input>, Instant)>>,
    /// The speeds of runs, by what they depend on. Measuring one takes longer than a draft.
    speeds: Mutex<HashMap<String, Speed>>,
    turn: Semaphore,
    places: Semaphore,
}

impl Default for Drafts {
    fn default() -> Drafts {
        Drafts {
            pictures: Mutex::default(),
            speeds: Mutex::default(),
            turn: Semaphore::new(1),
            places: Semaphore::new(WAITING),
        }
    }
}

impl Drafts {
    /// Keeps a picture that was just decoded.
    pub(crate) fn keep(&self, id: &str, mut input: Input) -> Arc<Input> {
        shrink(&mut input.decoded, EDGE);
        input.decoded.metadata = Default::default();
        let input = Arc::new(input);
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        pictures.retain(|(known, ..)| known != id);
        pictures.push((id.to_owned(), Arc::clone(&input), Instant::now()));
        if pictures.len() > MOST {
            pictures.remove(0);
        }
        input
    }

    /// The picture with this name in the list, decoded now if it is not any more.
    fn get(&self, name: &str, path: &Path, limits: &Limits) -> Result<Input, Problem> {
        let found = {
            let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
            let place = pictures.iter().position(|(known, ..)| known == name);
            place.map(|place| {
                let (known, input, _) = pictures.remove(place);
                pictures.push((known, Arc::clone(&input), Instant::now()));
                input
            })
        };
        match found {
            Some(input) => Ok((*input).clone()),
            None => Ok((*self.keep(name, read(path, limits)?)).clone()),
        }
    }

    /// The speed of runs of this kind, if it was measured.
    pub(crate) fn speed(&self, key: &str) -> Option<Speed> {
        self.speeds.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    /// Keeps the speed of runs of this kind.
    pub(crate) fn keep_speed(&self, key: String, speed: Speed) {
        let mut speeds = self.speeds.lock().unwrap_or_else(PoisonError::into_inner);
        if speeds.len() >= SPEEDS {
            speeds.clear();
        }
        speeds.insert(key, speed);
    }

    /// Forgets pictures that nobody has used for a while.
    pub(crate) fn clean(&self) {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        pictures.retain(|(.., used)| used.elapsed() < STAYS);
        pictures.shrink_to_fit();
    }
}

/// A run that is ready to be drafted or planned.
pub(crate) struct Prepared {
    pub(crate) runner: Runner,
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
}

/// Prepares a run. With `edge`, it is made for a draft with at most this long edge, from small pictures. The draft of a
/// film is that of its first frame.
pub(crate) fn prepare(app: &Arc<App>, settings: &Settings, edge: Option<usize>) -> Result<Prepared, Problem> {
    let is_film = settings.kind == Kind::Video;
    let length = if is_film { length(app, settings)? } else { Length::default() };
    let settings = &if edge.is_some() { settings.of_first_frame() } else { settings.clone() };
    if ![Kind::Stylize, Kind::Texture].contains(&settings.kind) {
        let detail = format!("a job of the kind {} has no draft and no plan", settings.kind.name());
        return Err(Problem::setting("kind", detail));
    }
    // A file such as a GIF is a film and a picture: only the content of a film is taken as its first frame.
    let file_of = |slot: &Slot| match is_film && is_content(settings, slot) {
        true => app.still_of(slot),
        false => app.file_of(slot),
    };
    for slot in settings.slots() {
        if !file_of(slot)?.exists() {
            let detail = format!("there is no picture {}", slot.to_json());
            return Err(
                Problem::setting("content", detail).hint("upload it first: PUT /api/v1/pictures/{sha256}")
            );
        }
    }
    let mut job = settings.job(&file_of, &app.files.incoming())?;
    let mut inputs = None;
    if let (Some(edge), Task::Stylize(spec)) = (edge, &mut job.task) {
        // A draft is painted with whatever options: what counts is what they change.
        spec.run.effort = Some("draft".into());
        spec.run.size = Some(spec.run.size.unwrap_or(edge).min(edge));
        (spec.run.time, spec.run.iterations, spec.run.first_iterations) = (None, None, None);
        let small = |path: &Path| app.drafts.get(&name(path), path, &app.limits);
        let content = small(&spec.content)?;
        // A small picture is not enlarged.
        let long = content.decoded.picture.long_edge();
        spec.run.size = spec.run.size.map(|size| size.min(long));
        let styles = spec.style.iter().map(|style| small(&style.path)).collect::<Result<Vec<_>, _>>()?;
        let masks = Masks::read(&spec.regions, &spec.style, &Source::files(app.limits))?;
        if is_film {
            weigh(spec, &masks, &length)?;
        }
        if spec.run.init.take().is_some_and(|init| init != *"draft") {
            return Err(Problem::setting("init", "init: a run that begins otherwise has no draft"));
        }
        inputs = Some(Inputs { content, styles, init: None, masks });
    }
    let notes = Arc::new(Mutex::new(Vec::new()));
    let (models, told) = (Arc::clone(&app.models), Arc::clone(&notes));
    let mut runner = Runner::new(job).models(move |name| models(name)).on_event(move |event| {
        if let (Event::Warned { text }, Ok(mut notes)) = (event, told.lock()) {
            notes.push(impasto_job::spell(&text, str::to_owned));
        }
    });
    if let Some(inputs) = inputs {
        runner = runner.inputs(inputs);
    }
    Ok(Prepared { runner, notes })
}

/// Everything that the speed of a run depends on: the network, the layers, the statistic, threads and precision; and
/// not sizes, weights or pictures.
pub(crate) fn speed_key(job: &JobSpec) -> String {
    let (objective, rest) = match &job.task {
        Task::Stylize(spec) => {
            let masked = spec.regions.protect.is_some() || !spec.regions.mask.is_empty();
            let rest = (spec.run.threads, spec.run.half, spec.run.effort.clone(), masked, spec.style.len());
            (spec.run.objective.clone(), format!("{rest:?}"))
        }
        Task::Texture(spec) => {
            let (preset, model) = (spec.preset.clone(), spec.model.clone());
            let (statistic, style_layers) = (spec.statistic.clone(), spec.style_layers.clone());
            let objective =
                ObjectiveSpec { preset, model, statistic, style_layers, ..ObjectiveSpec::default() };
            (objective, format!("texture {:?} {}", spec.threads, spec.style.len()))
        }
        _ => return String::new(),
    };
    let ObjectiveSpec { preset, model, content_layers, style_layers, statistic, pooling, .. } = objective;
    format!("{preset} {model} {content_layers:?} {style_layers:?} {statistic:?} {pooling:?} {rest}")
}

/// The name of a file: the id of a picture, or a result with the id of its job.
fn name(path: &Path) -> String {
    let last = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match crate::ids::is_digest(&last) {
        true => last,
        false => path.display().to_string(),
    }
}

/// Paints a draft, as JPEG. When the request is broken off, the work ends too.
pub(crate) async fn paint(app: &Arc<App>, settings: Settings, edge: usize) -> Result<Vec<u8>, Problem> {
    let Ok(_place) = app.drafts.places.try_acquire() else {
        let detail = "too many drafts are asked for at once";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(1));
    };
    let closed = |_| Problem::internal("the server is closed");
    let _turn = app.drafts.turn.acquire().await.map_err(closed)?;
    let control = Control::default();
    let _ends = Ends(control.clone());
    let work = {
        let app = Arc::clone(app);
        move || {
            let started = Instant::now();
            let draft = |settings: &Settings| -> Result<_, Problem> {
                let Prepared { runner, .. } = prepare(&app, settings, Some(edge))?;
                Ok(runner.controlled_by(&control).draft())
            };
            let mut drafted = draft(&settings)?;
            if drafted.as_ref().is_err_and(|error| *error.cause() == Cause::Device)
                && let Some(settings) = settings.on_processor()
            {
                drafted = draft(&settings)?;
            }
            let drafted = drafted?;
            let made = jpeg(&drafted.picture, drafted.space)?;
            app.metrics.draft(started.elapsed());
            Ok(made)
        }
    };
    crate::blocking(work).await
}

/// Cancels the work when the request is dropped.
struct Ends(Control);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
