//! Kernels translated for a card, kept in a file: a driver need not translate them at every start.
//!
//! The bytes are the driver's own ([`wgpu::PipelineCache`]). Before them stands their seal, a SHA-256 that also covers
//! the card, its driver and the sources of the kernels. So the file of another card, another driver or another version
//! of the kernels is not used, a damaged one neither, and the file does not grow from version to version. A file that
//! cannot be read or written costs time and nothing else.
#![allow(unsafe_code)] // one call, at `create`

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wgpu::{Features, PipelineCache, PipelineCacheDescriptor};

use crate::Adapter;
use crate::sources::sources;

/// Bytes of a file that may be used. The kernels take less than a megabyte with any driver.
const LARGEST: u64 = 64 << 20;

/// Bytes of a seal.
const SEAL: usize = 32;

/// The translated kernels of a card.
#[derive(Debug)]
pub(crate) struct Pipelines {
    pub(crate) cache: PipelineCache,
    path: PathBuf,
    adapter: Adapter,
    /// The bytes that were in the file.
    before: Option<Vec<u8>>,
}

impl Pipelines {
    /// The feature that a device needs, if the adapter has it.
    pub(crate) fn feature(adapter: &Adapter) -> Features {
        adapter.inner.features() & Features::PIPELINE_CACHE
    }

    /// Reads the file of a card in a folder. `None` where the adapter cannot keep kernels.
    pub(crate) async fn open(device: &wgpu::Device, adapter: &Adapter, folder: &Path) -> Option<Pipelines> {
        let key = wgpu::util::pipeline_cache_key(&adapter.inner.get_info())?;
        if !device.features().contains(Features::PIPELINE_CACHE) {
            return None;
        }
        let path = folder.join(key);
        let before = read(&path).and_then(|bytes| unsealed(&bytes, adapter));
        let adapter = adapter.clone();
        if let Some(data) = &before
            && let Some(cache) = create(device, Some(data)).await
        {
            return Some(Pipelines { cache, path, adapter, before });
        }
        let cache = create(device, None).await?;
        Some(Pipelines { cache, path, adapter, before: None })
    }

    /// Writes the file, if it would hold anything new. Where that is not possible, the next start translates again.
    pub(crate) fn keep(&self) {
        let Some(data) = self.cache.get_data().filter(|data| self.before.as_ref() != Some(data)) else {
            return;
        };
        let Some(folder) = self.path.parent() else { return };
        let _ = fs::create_dir_all(folder);
        let beside = tempfile::Builder::new().prefix(".impasto-").tempfile_in(folder);
        let Ok(mut beside) = beside else { return };
        let written = beside.write_all(&seal(&data, &self.adapter)).and_then(|()| beside.write_all(&data));
        if written.is_ok() {
            let _ = beside.persist(&self.path);
        }
    }
}

/// A cache with bytes of an earlier one; `None` if they do not fit.
async fn create(device: &wgpu::Device, data: Option<&[u8]>) -> Option<PipelineCache> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let descriptor = PipelineCacheDescriptor { label: Some("impasto"), data, fallback: true };
    // SAFETY: bytes must come from `PipelineCache::get_data`. These come from a file of the user's own cache folder,
    // which `keep` alone writes, from `get_data`, and renames when it is whole. Damage, and bytes of another card,
    // driver or version, are found by the seal; wgpu and the driver check their own headers besides. Nothing proves
    // that no other program wrote bytes with a right seal. One that may write there may also replace the user's
    // programs.
    let cache = unsafe { device.create_pipeline_cache(&descriptor) };
    scope.pop().await.is_none().then_some(cache)
}

/// The bytes of a file of sensible size.
fn read(path: &Path) -> Option<Vec<u8>> {
    let facts = fs::metadata(path).ok()?;
    if !facts.is_file() || facts.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The driver's bytes in those of a file; `None` if the seal is another one.
fn unsealed(bytes: &[u8], adapter: &Adapter) -> Option<Vec<u8>> {
    let (found, data) = bytes.split_at_checked(SEAL)?;
    (found == seal(data, adapter)).then(|| data.to_vec())
}

/// The digest of the bytes and of everything that they are for.
fn seal(data: &[u8], adapter: &Adapter) -> [u8; SEAL] {
    let mut digest = Sha256::new_with_prefix("impasto pipelines 1");
    let identity = format!("{} {:?}", adapter.identity(), adapter.inner.get_info());
    for part in [identity.as_bytes(), sources().as_bytes(), data] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::device::tests::card;
    use crate::{GpuBackend, adapters_here};

    /// Opens the first card with a folder, and returns the file there.
    fn opened(folder: &Path) -> Option<(GpuBackend, Vec<u8>)> {
        card()?;
        let adapter = crate::find(&adapters_here(), "gpu").expect("the card was there before");
        let backend = GpuBackend::open_keeping(&adapter, folder).expect("a card that opens");
        let key = wgpu::util::pipeline_cache_key(&adapter.inner.get_info())?;
        let bytes = fs::read(folder.join(key)).unwrap_or_default();
        Some((backend, bytes))
    }

    #[test]
    fn a_file_is_written_used_and_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("impasto");
        let Some((backend, bytes)) = opened(&place) else { return };
        let adapter = backend.adapter();
        if Pipelines::feature(adapter).is_empty() {
            assert!(bytes.is_empty());
            return;
        }
        let data = unsealed(&bytes, adapter).expect("the file has its seal");
        assert!(!data.is_empty());
        let files = || fs::read_dir(&place).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
        let path = files().pop().unwrap();
        assert_eq!(files().len(), 1, "nothing is left beside it");
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        let (_, again) = opened(&place).unwrap();
        assert!(again == bytes && fs::metadata(&path).unwrap().modified().unwrap() == written);
        // For another card, or another driver of the same card, the seal is wrong.
        let other = Adapter { driver: "another".into(), ..adapter.clone() };
        assert!(unsealed(&bytes, &other).is_none());
    }

    #[test]
    fn what_is_no_file_of_ours_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("impasto");
        let Some((backend, whole)) = opened(&place) else { return };
        if Pipelines::feature(backend.adapter()).is_empty() {
            return;
        }
        let path = fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let foreign = b"another program's bytes".repeat(9);
        let wrong = [
            Vec::new(),
            whole[..SEAL - 1].to_vec(),
            whole[..whole.len() - 1].to_vec(),
            [&whole[..], b"x"].concat(),
            flipped(0),
            flipped(SEAL),
            flipped(whole.len() - 1),
            // The seal is right, and wgpu refuses what is under it.
            [&seal(&foreign, backend.adapter())[..], &foreign].concat(),
            seal(&[], backend.adapter()).to_vec(),
            // A byte of the key by which wgpu tells cards apart.
            {
                let mut data = whole[SEAL..].to_vec();
                data[17] ^= 1;
                [&seal(&data, backend.adapter())[..], &data].concat()
            },
        ];
        for bytes in wrong {
            fs::write(&path, &bytes).unwrap();
            let (card, after) = opened(&place).unwrap();
            assert!(
                unsealed(&after, card.adapter()).is_some_and(|data| !data.is_empty()),
                "{} bytes",
                bytes.len()
            );
            assert!(after != bytes && !card.is_lost());
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_done_without() {
        let folder = tempfile::tempdir().unwrap();
        // A file where the folder should be, and a folder where the file should be.
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        let Some((_, bytes)) = opened(&file.join("impasto")) else { return };
        assert!(bytes.is_empty());
        let adapter = crate::find(&adapters_here(), "gpu").unwrap();
        let Some(key) = wgpu::util::pipeline_cache_key(&adapter.inner.get_info()) else { return };
        let taken = folder.path().join(key);
        fs::create_dir(&taken).unwrap();
        opened(folder.path()).unwrap();
        assert!(taken.is_dir() && fs::read_dir(folder.path()).unwrap().count() == 2);
    }
}
