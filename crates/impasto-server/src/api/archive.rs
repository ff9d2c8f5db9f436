//! The results of a batch as one archive.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::mpsc;

use super::pictures::attachment;
use super::results::name_of;
use crate::app::App;
use crate::extract::Uuid;
use crate::problem::{Problem, ProblemBody};
use crate::store::{Filter, Job, State as Of};

/// The results of a batch as an archive, sent while it is made. Pictures are packed already, so they are only stored.
#[utoipa::path(get, path = "/jobs/{id}/zip", tag = "results", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/zip"), (status = 404, body = ProblemBody)))]
pub(crate) async fn zip(State(app): State<Arc<App>>, Uuid(id): Uuid) -> Result<Response, Problem> {
    let files = app.store.call({
        let id = id.clone();
        move |connection| {
            let parent = Job::get(connection, &id)?;
            let filter = Filter {
                states: vec![Of::Done],
                parent: Some(id.clone()),
                limit: 100_000,
                ..Filter::default()
            };
            let children = if parent.kind == "batch" { filter.page(connection)?.0 } else { vec![parent] };
            Ok(children)
        }
    });
    let files: Vec<(String, PathBuf)> =
        files.await?.iter().filter_map(|job| Some((name_of(job, ""), app.result_of(job)?))).collect();
    if files.is_empty() {
        return Err(Problem::not_found("result of this batch"));
    }
    let (sender, receiver) = mpsc::channel(8);
    tokio::task::spawn_blocking(move || {
        let sent = pack(files, Pipe(sender.clone()));
        if let Err(error) = sent {
            // The archive ends early, which the browser shows as a failed download.
            let _ = sender.blocking_send(Err(error));
        }
    });
    let pieces =
        unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) });
    let body = Body::from_stream(pieces);
    Ok((attachment("impasto.zip", "application/zip"), body).into_response())
}

/// Writes the archive. Names that are equal get a number.
fn pack(files: Vec<(String, PathBuf)>, pipe: Pipe) -> io::Result<()> {
    let mut zip = zip::ZipWriter::new_stream(pipe);
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .large_file(false);
    let mut names = HashMap::new();
    for (title, path) in files {
        let title = title.trim_end_matches('.').to_owned();
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let extension = extension.unwrap_or_default();
        let count = names.entry(title.clone()).and_modify(|count| *count += 1).or_insert(1);
        let name = if *count == 1 {
            format!("{title}.{extension}")
        } else {
            format!("{title} ({count}).{extension}")
        };
        zip.start_file(name, options).map_err(io::Error::other)?;
        io::copy(&mut fs::File::open(path)?, &mut zip)?;
    }
    zip.finish().map_err(io::Error::other)?.into_inner().flush()
}

/// Sends what is written to the answer in progress.
struct Pipe(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
