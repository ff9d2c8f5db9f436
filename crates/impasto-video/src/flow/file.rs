//! Flow files of Middlebury (`.flo`): Baker et al. 2011, "A Database and Evaluation Methodology for Optical Flow".
//!
//! The file has the number 202021.25, the width and the height, and then u and v of each pixel, all little-endian.

use std::path::Path;

use super::Flow;

/// The number that a file begins with. Its bytes spell "PIEH".
const TAG: f32 = 202_021.25;

/// Larger offsets mean "unknown". Middlebury's programs have this bound.
const KNOWN: f32 = 1e9;

/// Sides above this are refused; no film has them.
const LARGEST: usize = 1 << 15;

/// A flow file that cannot be read or written.
#[derive(Debug)]
pub enum FlowFileError {
    /// The system refused.
    Io(std::io::Error),
    /// The file is not a flow, or is cut short. The text says what is wrong.
    Format(String),
}

impl std::fmt::Display for FlowFileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Format(what) => write!(f, "not a flow file (.flo): {what}"),
        }
    }
}

impl std::error::Error for FlowFileError {}

impl From<std::io::Error> for FlowFileError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a flow file. Offsets that are unknown become NaN.
pub fn read_flo(path: &Path) -> Result<Flow, FlowFileError> {
    parse(&std::fs::read(path)?).map_err(FlowFileError::Format)
}

/// Writes a flow file.
pub fn write_flo(flow: &Flow, path: &Path) -> Result<(), FlowFileError> {
    Ok(std::fs::write(path, bytes(flow))?)
}

fn parse(bytes: &[u8]) -> Result<Flow, String> {
    let words: Vec<[u8; 4]> = bytes.as_chunks::<4>().0.to_vec();
    let [tag, width, height, offsets @ ..] = words.as_slice() else {
        return Err("it is shorter than 12 bytes".into());
    };
    if f32::from_le_bytes(*tag) != TAG {
        return Err("it does not begin with 202021.25".into());
    }
    let side = |word: &[u8; 4]| usize::try_from(i32::from_le_bytes(*word)).unwrap_or(0);
    let (width, height) = (side(width), side(height));
    if !(1..=LARGEST).contains(&width) || !(1..=LARGEST).contains(&height) {
        return Err(format!("its size is {width} x {height}, and sides go from 1 to {LARGEST}"));
    }
    if offsets.len() != 2 * width * height {
        return Err(format!(
            "{width} x {height} pixels need {} numbers; it has {}",
            2 * width * height,
            offsets.len()
        ));
    }
    let number = |word: &[u8; 4]| {
        let value = f32::from_le_bytes(*word);
        if value.abs() <= KNOWN { value } else { f32::NAN }
    };
    let (u, v) = offsets.as_chunks::<2>().0.iter().map(|[u, v]| (number(u), number(v))).unzip();
    Ok(Flow { width, height, u, v })
}

fn bytes(flow: &Flow) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(12 + 8 * flow.u.len());
    bytes.extend(TAG.to_le_bytes());
    bytes.extend((flow.width as i32).to_le_bytes());
    bytes.extend((flow.height as i32).to_le_bytes());
    for (u, v) in flow.u.iter().zip(&flow.v) {
        bytes.extend(u.to_le_bytes());
        bytes.extend(v.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_file_begins_with_pieh_and_comes_back() {
        let flow = Flow::from_fn(3, 2, |x, y| (x as f32 + 0.25, -(y as f32)));
        let bytes = bytes(&flow);
        assert_eq!((&bytes[..4], bytes.len()), (&b"PIEH"[..], 12 + 8 * 6));
        assert_eq!(parse(&bytes).unwrap(), flow);
    }

    #[test]
    fn what_is_no_flow_is_an_error() {
        let good = bytes(&Flow::zero(3, 2));
        for cut in 0..good.len() {
            assert!(parse(&good[..cut]).is_err(), "{cut}");
        }
        let mut huge = good.clone();
        huge[4..8].copy_from_slice(&i32::MAX.to_le_bytes());
        assert!(parse(&huge).unwrap_err().contains("sides"));
        let mut unknown = good;
        unknown[12..16].copy_from_slice(&1e10f32.to_le_bytes());
        assert!(parse(&unknown).unwrap().u[0].is_nan());
    }
}
