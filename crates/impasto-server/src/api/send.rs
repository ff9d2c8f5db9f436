//! A file as an answer, piece by piece: films are too large for memory. A player asks for ranges of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;

use crate::problem::Problem;

/// Bytes that are read at a time.
const PIECE: u64 = 1 << 18;

/// The file, or the range of it that the request asks for.
pub(super) async fn file(
    path: PathBuf,
    headers: &HeaderMap,
    kind: &'static str,
) -> Result<Response, Problem> {
    let asked = headers.get(header::RANGE).and_then(|text| text.to_str().ok()).map(str::to_owned);
    let (mut file, length) = crate::blocking(move || {
        let file = File::open(path).map_err(|_| Problem::not_found("file"))?;
        let length = file.metadata()?.len();
        Ok((file, length))
    })
    .await?;
    let kind = [(header::CONTENT_TYPE, kind.to_owned()), (header::ACCEPT_RANGES, "bytes".to_owned())];
    let (start, end) = match asked.as_deref().and_then(|text| range(text, length)) {
        None => (0, length),
        Some(None) => {
            let whole = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, whole).into_response());
        }
        Some(Some(range)) => range,
    };
    let size = [(header::CONTENT_LENGTH, (end - start).to_string())];
    file.seek(SeekFrom::Start(start))?;
    let pieces = try_unfold((file, end - start), |(file, left)| async move { piece(file, left).await });
    let body = Body::from_stream(pieces);
    if (start, end) == (0, length) && asked.is_none() {
        return Ok((kind, size, body).into_response());
    }
    let range = [(header::CONTENT_RANGE, format!("bytes {start}-{}/{length}", end.saturating_sub(1)))];
    Ok((StatusCode::PARTIAL_CONTENT, kind, size, range, body).into_response())
}

/// The next piece of a file, of which this many bytes are left to send.
async fn piece(mut file: File, left: u64) -> io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; left.min(PIECE) as usize];
        file.read_exact(&mut bytes).map(|()| (Bytes::from(bytes), file))
    });
    let (bytes, file) = read.await.map_err(io::Error::other)??;
    let left = left - bytes.len() as u64;
    Ok(Some((bytes, (file, left))))
}

/// The range that a header asks for, as start and end; `None` inside if there is none in the file, and outside if the
/// header is to be ignored: it is malformed, or has several ranges.
#[allow(clippy::option_option)] // both kinds of nothing have a meaning in HTTP
fn range(text: &str, length: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok();
    let (start, end) = match (first, last) {
        ("", last) => (length.saturating_sub(number(last)?), length),
        (first, "") => (number(first)?, length),
        (first, last) => (number(first)?, number(last)?.checked_add(1)?.min(length)),
    };
    Some((start < end).then_some((start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        assert_eq!(range("bytes=0-9", 100), Some(Some((0, 10))));
        assert_eq!(range("bytes=90-", 100), Some(Some((90, 100))));
        assert_eq!(range("bytes=-7", 100), Some(Some((93, 100))));
        assert_eq!(range("bytes=95-200", 100), Some(Some((95, 100))));
        assert_eq!(range("bytes=100-", 100), Some(None));
        assert_eq!(range("bytes=5-2", 100), Some(None));
        for ignored in ["", "bytes", "bytes=", "bytes=a-b", "bytes=0-1,5-6", "lines=0-1"] {
            assert_eq!(range(ignored, 100), None, "{ignored}");
        }
    }
}
