//! `impasto deflicker`: makes a film steady that another program painted.

use std::sync::Arc;

use clap::Args;
use impasto_job::spec::DeflickerSpec;
use impasto_job::{End, VideoContext};

use crate::args::ProgressKind;
use crate::failure::Failure;
use crate::interrupt::stop_on_signal;
use crate::video::Progress;

#[derive(Args)]
pub(crate) struct DeflickerArgs {
    #[command(flatten)]
    pub(crate) spec: DeflickerSpec,
    /// Progress display on stderr
    #[arg(long, value_enum, default_value_t = ProgressKind::Bar)]
    pub(crate) progress: ProgressKind,
}

pub(crate) fn run(args: DeflickerArgs) -> Result<(), Failure> {
    let progress = Arc::new(Progress::new(args.progress));
    let shown = Arc::clone(&progress);
    let context =
        VideoContext { listener: Arc::new(move |event| shown.show(&event)), ..VideoContext::default() };
    stop_on_signal(&context.control);
    let done = impasto_video::deflicker(&args.spec, &context);
    progress.bar.finish_and_clear();
    match done? {
        done if done.end == End::Complete => Ok(()),
        done => {
            let output = args.spec.output.display();
            Err(Failure::interrupted(format!("interrupted; {} frames are left of {output}", done.left))
                .hint("the same command goes on with the frames that are done"))
        }
    }
}
