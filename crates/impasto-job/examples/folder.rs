//! Repaints every picture of a folder in one style, with progress. Ctrl-C pauses; the same command continues.
//!
//!     cargo run --release -p impasto-job --example folder -- photos painting.jpg repainted

#![allow(clippy::print_stderr, clippy::print_stdout)] // this is how a program speaks

use std::path::{Path, PathBuf};
use std::{env, fs};

use impasto_job::spec::{StyleSpec, StylizeSpec};
use impasto_job::{Control, Event, Runner, Task};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [_, folder, style, output] = &env::args().collect::<Vec<_>>()[..] else {
        return Err("expected a folder, a style and a folder for the results".into());
    };
    fs::create_dir_all(output)?;
    let control = Control::default();
    let on_signal = control.clone();
    ctrlc::set_handler(move || on_signal.pause())?;
    for photo in fs::read_dir(folder)? {
        let photo = photo?.path();
        let result = Path::new(output).join(photo.file_stem().unwrap_or_default()).with_extension("png");
        let checkpoint = PathBuf::from(format!("{}.checkpoint", result.display()));
        let runner = match (checkpoint.exists(), result.exists()) {
            (true, _) => Runner::resume(&checkpoint)?,
            (false, true) => continue,
            (false, false) => {
                let spec = StylizeSpec::new(photo, vec![StyleSpec::plain(style)], result);
                Runner::new(Task::Stylize(spec))
            }
        };
        let runner = runner.controlled_by(&control).on_event(|event| match event {
            Event::Step { step, seconds_left, .. } => {
                eprintln!("{}: {seconds_left:.0} s left", step.iteration)
            }
            Event::Wrote { path, .. } => println!("wrote {}", path.display()),
            _ => {}
        });
        if let impasto_job::Outcome::Painted(painted) = runner.run()?
            && painted.end == impasto_job::End::Paused
        {
            println!("{painted}; the same command continues");
            break;
        }
    }
    Ok(())
}
