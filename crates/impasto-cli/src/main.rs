//! The `impasto` command: parses, calls the library, prints. Data goes to stdout, everything else to stderr.
//!
//! Exit codes: 0 success; 1 the run or some items failed; 2 usage or bad input; 3 the environment (a file that cannot
//! be written, threads that cannot be started); 130 interrupted.
#![forbid(unsafe_code)]

mod allocator;
mod args;
mod bench;
mod compat;
mod completions;
mod deflicker;
mod devices;
mod doctor;
mod evaluate;
mod failure;
mod inspect;
mod interrupt;
mod jobs;
mod models;
mod output;
mod plan;
#[cfg_attr(not(feature = "preview"), path = "no_preview.rs")]
mod preview;
mod progress;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod usage;
mod video;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use clap::FromArgMatches;

use args::{Cli, Command};
use failure::Failure;

/// The message of the last panic, for a panic that reaches [`main`].
static PANIC: Mutex<String> = Mutex::new(String::new());

/// The start of the command.
static STARTED: OnceLock<Instant> = OnceLock::new();

/// Returns the time since the command began.
fn elapsed() -> Duration {
    STARTED.get_or_init(Instant::now).elapsed()
}

fn main() -> ExitCode {
    elapsed();
    // A panic that the library catches (in a decoder, say) is an error there and prints nothing here.
    panic::set_hook(Box::new(|info| {
        if let Ok(mut message) = PANIC.lock() {
            *message = info.to_string();
        }
    }));
    let matches = match usage::parse() {
        Ok(matches) => matches,
        Err(failure) => {
            failure.print();
            return failure.code();
        }
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    models::set_network(cli.network);
    if !matches!(cli.command, Command::Models { .. }) {
        allocator::begin_with_fixed_limit();
    }
    // The arguments are not used after a panic.
    let done = panic::catch_unwind(AssertUnwindSafe(|| match cli.command {
        Command::Stylize(args) => {
            jobs::stylize(*args, matches.subcommand_matches("stylize").unwrap_or(&matches))
        }
        Command::Video(args) => video::run(*args),
        Command::Deflicker(args) => deflicker::run(*args),
        Command::Texture(args) => jobs::texture(*args),
        Command::Sheet(args) => jobs::sheet(*args),
        Command::Show(args) => show::run(args),
        Command::Plan(args) => plan::run(*args),
        Command::Batch(args) => jobs::batch(*args),
        Command::Resume(args) => jobs::resume(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Compare(args) => jobs::compare(*args),
        Command::Bench(args) => bench::run(args),
        Command::Compat { command } => compat::run(command),
        Command::Inspect(args) => inspect::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
        Command::Models { command } => models::run(command),
        Command::Devices(args) => devices::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => completions::man(args),
    }));
    let failure = match done {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::bug(PANIC.lock().map(|message| message.clone()).unwrap_or_default()),
    };
    failure.print();
    failure.code()
}
