//! The checkpoint file. It is a safetensors file: the state as JSON in its metadata, the vectors as f32 tensors,
//! the note as a tensor of bytes, and as the last tensor the SHA-256 of all bytes before it. The file is written
//! and read in one pass, vector by vector, so the whole is never copied.

use crate::digest::{each_bytes, hexadecimal};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use impasto_engine::painting::{Home, Numbers, Values, bands};
use impasto_image::write_atomically;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use sha2::{Digest, Sha256};

use super::{CheckpointError, State, VERSION};
use crate::Error;

/// The metadata key of the state.
const STATE: &str = "impasto";

/// Name of the note's tensor.
const NOTE: &str = "note";

/// Name of the digest's tensor.
const DIGEST: &str = "sha256";

const DIGEST_BYTES: usize = 32;

/// The largest header that is accepted, in bytes.
const LARGEST_HEADER: u64 = 100 << 20;

/// Number of values that are converted to bytes at a time.
const CHUNK: usize = 1 << 14;

/// Writes a state and its vectors, completely or not at all. An earlier file stays in place until the new one is
/// safely on the disk. Returns the digest at its end, as hexadecimal text.
pub(crate) fn write(
    path: &Path,
    state: &State,
    note: &str,
    tensors: &[(String, &dyn Numbers)],
) -> Result<String, CheckpointError> {
    let header = header(state, note.len(), tensors)
        .map_err(|problem| CheckpointError::Damaged { path: path.into(), problem })?;
    let mut written = String::new();
    write_atomically(path, |file| {
        let mut digest = Sha256::new();
        let mut both = |bytes: &[u8]| {
            digest.update(bytes);
            file.write_all(bytes)
        };
        both(&(header.len() as u64).to_le_bytes())?;
        both(&header)?;
        let mut buffer = Vec::new();
        for (_, values) in tensors {
            for band in bands(values.len()) {
                let mut done = Ok(());
                each_bytes(values.view(band, &mut buffer)?, |bytes| {
                    if done.is_ok() {
                        done = both(bytes);
                    }
                });
                done?;
            }
        }
        both(note.as_bytes())?;
        written = hexadecimal(digest.clone());
        file.write_all(&digest.finalize())
    })?;
    Ok(written)
}

/// The header as JSON, padded to a multiple of 8 bytes as the format requires.
fn header(state: &State, note: usize, tensors: &[(String, &dyn Numbers)]) -> Result<Vec<u8>, String> {
    let state = serde_json::to_string(state).map_err(|error| error.to_string())?;
    let mut end = 0;
    let mut infos: Vec<(String, TensorInfo)> = tensors
        .iter()
        .map(|(name, values)| {
            let start = end;
            end += size_of::<f32>() * values.len();
            let info =
                TensorInfo { dtype: Dtype::F32, shape: vec![values.len()], data_offsets: (start, end) };
            (name.clone(), info)
        })
        .collect();
    for (name, length) in [(NOTE, note), (DIGEST, DIGEST_BYTES)] {
        let info = TensorInfo { dtype: Dtype::U8, shape: vec![length], data_offsets: (end, end + length) };
        infos.push((name.into(), info));
        end += length;
    }
    let metadata = Metadata::new(Some(HashMap::from([(STATE.to_string(), state)])), infos)
        .map_err(|error| error.to_string())?;
    let mut header = serde_json::to_vec(&metadata).map_err(|error| error.to_string())?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// The vectors of a file whose digest was correct. They may be large, so each is read only when it is needed.
#[derive(Debug)]
pub(super) struct Tensors {
    file: File,
    /// Byte range of each vector in the file, by name.
    places: HashMap<String, Range<u64>>,
}

impl Tensors {
    /// Whether there is a vector of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Reads a vector, which must be empty or have `len` numbers.
    pub(super) fn read(&self, path: &Path, name: &str, len: usize, home: &Home) -> Result<Values, Error> {
        let damaged = |problem: &str| CheckpointError::Damaged { path: path.into(), problem: problem.into() };
        let failed = |source| CheckpointError::Read { path: path.into(), source };
        let place = self.places.get(name).ok_or_else(|| damaged("it lacks a part of the state"))?;
        let found = (place.end - place.start) as usize / size_of::<f32>();
        if found != len && found != 0 {
            return Err(damaged("its parts do not fit each other").into());
        }
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.start)).map_err(failed)?;
        let mut writer = home.begin(found).map_err(Error::stream)?;
        let mut bytes = vec![0; size_of::<f32>() * CHUNK.min(found)];
        for start in (0..found).step_by(CHUNK) {
            let bytes = &mut bytes[..size_of::<f32>() * CHUNK.min(found - start)];
            file.read_exact(bytes).map_err(failed)?;
            let numbers: Vec<f32> =
                bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
            writer.push(&numbers).map_err(Error::stream)?;
        }
        Ok(writer.finish())
    }
}

/// Reads the state and the note, and reads all bytes once to check the digest.
pub(super) fn read(path: &Path) -> Result<(State, String, Tensors), CheckpointError> {
    let damaged = |problem: &str| CheckpointError::Damaged { path: path.into(), problem: problem.into() };
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => CheckpointError::Read { path: path.into(), source },
    };
    let file = File::open(path).map_err(failed)?;
    let whole = file.metadata().map_err(failed)?.len();
    let mut file = BufReader::new(file);
    let mut digest = Sha256::new();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(failed)?;
    digest.update(length);
    let length = u64::from_le_bytes(length);
    if length > LARGEST_HEADER || length > whole {
        return Err(damaged("it does not begin as a safetensors file does"));
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(failed)?;
    digest.update(&header);
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|_| damaged("its header cannot be read"))?;
    let state = metadata.metadata().as_ref().and_then(|entries| entries.get(STATE));
    let state = state.ok_or_else(|| damaged("it is a safetensors file, but of another kind"))?;
    // The version is checked first: the rest may differ in another version.
    let version: serde_json::Value =
        serde_json::from_str(state).map_err(|_| damaged("its state cannot be read"))?;
    let version = version["version"].as_u64().ok_or_else(|| damaged("its state cannot be read"))?;
    if version != VERSION as u64 {
        return Err(CheckpointError::Version { path: path.into(), found: version });
    }
    let declared = (8 + length).saturating_add(metadata.data_len() as u64);
    if declared != whole {
        return Err(damaged(match whole < declared {
            true => "it ends too early",
            false => "there is more in it than its header says",
        }));
    }
    let mut note = Vec::new();
    let (mut places, mut buffer) = (HashMap::new(), vec![0; size_of::<f32>() * CHUNK]);
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).ok_or_else(|| damaged("its header cannot be read"))?;
        let (start, end) = info.data_offsets;
        if name == DIGEST {
            let mut expected = vec![0; end - start];
            file.read_exact(&mut expected).map_err(failed)?;
            if digest.finalize()[..] != expected[..] {
                return Err(damaged("its bytes have changed since it was written"));
            }
            let state = serde_json::from_str(state).map_err(|_| damaged("its state cannot be read"))?;
            let note = String::from_utf8(note).map_err(|_| damaged("its note is not text"))?;
            return Ok((state, note, Tensors { file: file.into_inner(), places }));
        }
        if info.dtype != if name == NOTE { Dtype::U8 } else { Dtype::F32 } {
            return Err(damaged("it holds something other than numbers"));
        }
        for at in (start..end).step_by(buffer.len()) {
            let bytes = &mut buffer[..(end - at).min(size_of::<f32>() * CHUNK)];
            file.read_exact(bytes).map_err(failed)?;
            digest.update(&*bytes);
            if name == NOTE {
                note.extend_from_slice(bytes);
            }
        }
        let beginning = 8 + length;
        places.insert(name, beginning + start as u64..beginning + end as u64);
    }
    Err(damaged("its digest is missing"))
}
