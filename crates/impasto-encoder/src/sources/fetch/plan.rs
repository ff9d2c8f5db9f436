//! Plans which bytes of a file are fetched: all, or the header and the convolutions of a safetensors file.
//!
//! A safetensors file has the length of its header (8 bytes), the header (JSON: name, type, shape and offset of each
//! tensor), and the values. A partial download keeps the file up to the values, then the range of values that holds
//! `features.*`.

use safetensors::tensor::{Metadata, TensorInfo};

use super::super::catalogue::Needed;

/// Longest header that is read; VGG files have about 4 kB.
const LONGEST_HEADER: u64 = 16 << 20;

/// Size of the first request: the header, and some bytes after it.
const FIRST_REQUEST: u64 = 64 << 10;

/// The bytes to fetch, as far as they are known yet.
pub(super) struct Plan {
    needed: Needed,
    /// The beginning of the file, until the header is complete.
    head: Vec<u8>,
    span: Option<Span>,
    /// Most bytes that may be fetched.
    most: u64,
}

/// The range of values to fetch, and the offset of all values.
struct Span {
    header: Metadata,
    data_start: u64,
    begin: u64,
    end: u64,
}

impl Plan {
    /// A plan that fetches at most `most` bytes.
    pub(super) fn new(needed: Needed, most: u64) -> Plan {
        Plan { needed, head: Vec::new(), span: None, most }
    }

    pub(super) fn restart(&mut self) {
        (self.head, self.span) = (Vec::new(), None);
    }

    /// Offset in the file of the next byte, when `kept` bytes are here.
    pub(super) fn next(&self, kept: u64) -> u64 {
        match &self.span {
            Some(span) if kept >= span.data_start => kept + span.begin,
            _ => kept,
        }
    }

    /// End of a request that begins when `kept` bytes are here; `None` for the end of the file.
    pub(super) fn until(&self, kept: u64) -> Option<u64> {
        match (self.needed, &self.span) {
            (Needed::Whole, _) => None,
            (_, Some(span)) if kept >= span.data_start => Some(span.data_start + span.end),
            (_, Some(span)) => Some(span.data_start),
            (_, None) => Some(self.header_end().unwrap_or(0).max(FIRST_REQUEST).max(kept + 1)),
        }
    }

    /// The number of bytes to keep, once it is known.
    pub(super) fn size(&self, total: Option<u64>) -> Option<u64> {
        match (self.needed, &self.span) {
            (Needed::Whole, _) => total,
            (_, span) => span.as_ref().map(|span| span.data_start + span.end - span.begin),
        }
    }

    /// Takes bytes from the offset [`next`](Plan::next), and returns how many of them to keep. Afterwards the download
    /// continues at another offset, or is complete.
    pub(super) fn take(&mut self, kept: u64, bytes: &[u8], total: Option<u64>) -> Result<usize, String> {
        let most = |limit: u64| bytes.len().min(usize::try_from(limit - kept).unwrap_or(usize::MAX));
        let wanted = match (self.needed, &self.span) {
            (Needed::Whole, _) => {
                let limit = total.unwrap_or(self.most).min(self.most);
                if kept + bytes.len() as u64 > limit {
                    return Err(format!("sends more than the {limit} bytes that were expected"));
                }
                bytes.len()
            }
            (_, Some(span)) => most(span.data_start + span.end - span.begin),
            (_, None) => {
                let wanted = most(self.header_end().unwrap_or(8));
                self.head.extend_from_slice(&bytes[..wanted]);
                match self.header_end() {
                    Some(end) if end > 8 + LONGEST_HEADER => {
                        return Err(format!(
                            "announces a header of {} bytes: not a safetensors file",
                            end - 8
                        ));
                    }
                    Some(end) if end == self.head.len() as u64 => self.span = Some(self.parse(total)?),
                    _ => {}
                }
                wanted
            }
        };
        Ok(wanted)
    }

    /// Offset of the header's end, once its length is here.
    fn header_end(&self) -> Option<u64> {
        let length = self.head.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*length).saturating_add(8))
    }

    fn parse(&self, total: Option<u64>) -> Result<Span, String> {
        // Deserialising checks that offsets are contiguous and fit shapes and types without overflow.
        let header: Metadata = serde_json::from_slice(&self.head[8..])
            .map_err(|error| format!("no usable safetensors header: {error}"))?;
        let data_start = self.head.len() as u64;
        let expected = data_start + header.data_len() as u64;
        if let Some(total) = total.filter(|&total| total != expected) {
            return Err(format!("the header implies {expected} bytes, the server states {total}"));
        }
        let tensors = header.tensors();
        let places = tensors.iter().filter(|(name, _)| name.starts_with("features.")).map(|(_, info)| info);
        let (begin, end) = places.fold((u64::MAX, 0), |(begin, end), info| {
            let (first, last) = info.data_offsets;
            (begin.min(first as u64), end.max(last as u64))
        });
        if begin >= end {
            return Err("no tensors features.* are in it".into());
        }
        if data_start + end - begin > self.most {
            return Err(format!("its convolutions take {} bytes, too many for this model", end - begin));
        }
        Ok(Span { header, data_start, begin, end })
    }

    /// Makes a safetensors file from the kept bytes of a part.
    pub(super) fn assemble(&self, kept: &[u8]) -> Result<Vec<u8>, String> {
        let span = self.span.as_ref().ok_or("the header is not there")?;
        let inside = |info: &&TensorInfo| {
            info.data_offsets.0 as u64 >= span.begin && info.data_offsets.1 as u64 <= span.end
        };
        let all = span.header.tensors();
        let mut tensors: Vec<(String, TensorInfo)> = all
            .into_iter()
            .filter(|(_, info)| inside(info))
            .map(|(name, info)| {
                let (first, last) = info.data_offsets;
                let moved = (first - span.begin as usize, last - span.begin as usize);
                (name, TensorInfo { dtype: info.dtype, shape: info.shape.clone(), data_offsets: moved })
            })
            .collect();
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let header = Metadata::new(None, tensors).map_err(|error| error.to_string())?;
        let header = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        let values = kept.get(span.data_start as usize..).ok_or("cut off")?;
        Ok([&(header.len() as u64).to_le_bytes()[..], &header, values].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 bytes of `a`, 8 of `features.0.bias`, 4 of `head`.
    fn file() -> Vec<u8> {
        let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"features.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"head":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#;
        let values: Vec<u8> = (0..16).collect();
        [&(header.len() as u64).to_le_bytes()[..], header, &values].concat()
    }

    /// Feeds a file to a plan in pieces; returns the kept bytes.
    fn fetch(plan: &mut Plan, file: &[u8], piece: usize) -> Result<Vec<u8>, String> {
        let total = file.len() as u64;
        let mut kept = Vec::new();
        while plan.size(Some(total)) != Some(kept.len() as u64) {
            let at = plan.next(kept.len() as u64) as usize;
            let end = (at + piece).min(file.len());
            assert!(at < end, "asks beyond the end");
            let wanted = plan.take(kept.len() as u64, &file[at..end], Some(total))?;
            assert!(wanted > 0);
            kept.extend_from_slice(&file[at..at + wanted]);
        }
        Ok(kept)
    }

    #[test]
    fn the_span_of_the_convolutions_is_kept_in_pieces_of_any_size() {
        for piece in [1, 3, 7, 100, 1000] {
            let mut plan = Plan::new(Needed::Convolutions, 1000);
            let kept = fetch(&mut plan, &file(), piece).unwrap();
            let assembled = plan.assemble(&kept).unwrap();
            let read = safetensors::SafeTensors::deserialize(&assembled).unwrap();
            assert_eq!(read.names(), ["features.0.bias"]);
            assert_eq!(read.tensor("features.0.bias").unwrap().data(), [4, 5, 6, 7, 8, 9, 10, 11]);
        }
        let mut plan = Plan::new(Needed::Whole, 1000);
        assert_eq!(fetch(&mut plan, &file(), 9).unwrap(), file());
    }

    #[test]
    fn lies_are_found_before_the_values_are_fetched() {
        let long = [&(20u64 << 20).to_le_bytes()[..], b"{}"].concat();
        let endless = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
        let no_json = [&4u64.to_le_bytes()[..], b"<htm", b"l>"].concat();
        let nothing = [&2u64.to_le_bytes()[..], b"{}"].concat();
        let longer = [&file()[..], &[0]].concat();
        for wrong in [long, endless, no_json, nothing, longer] {
            assert!(fetch(&mut Plan::new(Needed::Convolutions, 1000), &wrong, 1000).is_err());
        }
        assert!(fetch(&mut Plan::new(Needed::Convolutions, 20), &file(), 1000).is_err());
        assert!(fetch(&mut Plan::new(Needed::Whole, 20), &file(), 1000).is_err());
    }
}
