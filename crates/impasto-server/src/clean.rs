//! Cleaning up: the bin after 7 days, pictures that nobody uses after a day, small versions that are not needed.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::problem::Problem;
use crate::store::{Job, Picture, now};

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(60);

/// Rounds between two that look at all files.
const ROUNDS: u64 = 30;

/// How long jobs stay in the bin, and how long pictures stay that no job and no style uses, in milliseconds.
const BIN: i64 = 7 * 24 * 3_600_000;
const UNUSED: i64 = 24 * 3_600_000;

/// Cleans up from time to time, for ever.
pub(crate) async fn clean(app: Arc<App>) {
    let mut rounds = 0u64;
    loop {
        app.drafts.clean();
        if rounds.is_multiple_of(ROUNDS) {
            let app = Arc::clone(&app);
            // A failure is no harm: the next round tries again.
            let _ = crate::blocking(move || files(&app)).await;
        }
        rounds += 1;
        tokio::time::sleep(EVERY).await;
    }
}

fn files(app: &App) -> Result<(), Problem> {
    let samples = app.samples.clone();
    let (jobs, pictures) = app.store.run(move |connection| {
        let mut jobs = Vec::new();
        for id in Job::binned_before(connection, now() - BIN)? {
            jobs.extend(Job::remove(connection, &id)?);
        }
        for id in &samples {
            Picture::touch(connection, id)?;
        }
        Ok((jobs, Picture::remove_unused(connection, now() - UNUSED)?))
    })?;
    jobs.iter().for_each(|id| app.files.remove_job(id));
    pictures.iter().for_each(|id| app.files.remove_picture(id));
    app.files.count();
    Ok(())
}
