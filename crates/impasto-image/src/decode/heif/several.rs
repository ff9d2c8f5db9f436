//! Notes about what a file has beside its picture: more pictures, a sequence, a gain map.

use heifer_isobmff::boxes::Property;
use heifer_isobmff::{BoxIter, HeifFile};

use super::super::Note;

/// Whether the picture is one of several, and notes on what is not shown.
pub(super) fn notes(bytes: &[u8], file: &HeifFile<'_>) -> (bool, Vec<Note>) {
    let several = match (frames(bytes), file.top_level_image_ids()) {
        (Some(pictures), _) if pictures > 1 => Some(Note::FirstOf { pictures }),
        (_, all) if all.len() > 1 => {
            let number = all.iter().position(|id| *id == file.primary_id).map_or(1, |index| index + 1);
            Some(Note::MainOf { number, pictures: all.len() })
        }
        _ => None,
    };
    let is_one_of_several = several.is_some();
    (is_one_of_several, several.into_iter().chain(has_gain_map(file).then_some(Note::GainMap)).collect())
}

/// Whether the file has a gain map: that of ISO 21496-1, whose item of kind `tmap` joins it to the picture, or Apple's.
fn has_gain_map(file: &HeifFile<'_>) -> bool {
    const APPLE: &str = "urn:com:apple:photo:2020:aux:hdrgainmap";
    file.items.iter().any(|item| &item.item_type.0 == b"tmap")
        || file
            .properties
            .iter()
            .any(|property| matches!(property, Property::AuxiliaryType(kind) if kind == APPLE))
}

/// The number of pictures in the first track of a sequence (ISO/IEC 14496-12); `None` if there is no sequence.
pub(super) fn frames(bytes: &[u8]) -> Option<u64> {
    let inside = |bytes, kind: &[u8; 4]| {
        BoxIter::new(bytes)
            .map_while(Result::ok)
            .find(|part| part.header.box_type.0 == *kind)
            .map(|part| part.content)
    };
    let path: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsz"];
    let sizes = path.into_iter().try_fold(bytes, inside)?;
    // Version and flags, then the size of all pictures, then their number.
    Some(u64::from(u32::from_be_bytes(*sizes.get(8..)?.first_chunk()?)))
}
