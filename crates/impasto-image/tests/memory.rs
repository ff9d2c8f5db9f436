//! Small files that unpack to large data: their memory is bounded. These tests are a program of their own, because the
//! allocations of the whole process are counted.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)] // other tests use the rest
#[path = "all/common/mod.rs"]
mod common;
use common::{chunk, decode, packed, png};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// The most memory for files of some kilobytes or megabytes with few pixels.
const BOUND: usize = 128 << 20;

/// Returns a block of EXIF with `count` fields of `kind`. Each has `size` values, all in the same place.
fn overlapping(count: u16, kind: u16, size: u32, whole: usize) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    block.extend(count.to_le_bytes());
    for tag in 0..count {
        block.extend((0x9000 + tag).to_le_bytes().into_iter().chain(kind.to_le_bytes()));
        block.extend(size.to_le_bytes().into_iter().chain(100u32.to_le_bytes()));
    }
    block.resize(block.len().max(whole), 0);
    block
}

fn jpeg(exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(encoder, &[120; 3 * 8 * 8], 8, 8, image::ExtendedColorType::Rgb8)
        .unwrap();
    let content = [b"Exif\0\0", exif].concat();
    let head = [&[0xff, 0xe1][..], &(content.len() as u16 + 2).to_be_bytes()].concat();
    [&bytes[..2], &head, &content, &bytes[2..]].concat()
}

// There is one test, because memory is counted for the whole process.
#[test]
fn what_unpacks_to_gigabytes_is_not_unpacked() {
    let pixels = chunk(b"IDAT", &{
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, &[0, 9, 9, 9]).unwrap();
        packer.finish().unwrap()
    });
    let bomb = packed(1 << 30);
    let beside = |kind: &[u8; 4], data: &[u8]| png(1, 1, &[chunk(kind, data), pixels.clone()]);
    let tiff = |exif: &[u8]| {
        // The picture has one pixel, and the block of EXIF is its directory.
        let mut bytes = exif.to_vec();
        bytes[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        bytes
    };
    let cases = [
        ("thousands of fields of the same bytes in JPEG", jpeg(&overlapping(5000, 7, 65_000, 0))),
        ("texts of zeros in PNG", beside(b"eXIf", &overlapping(30, 2, 2_000_000, 2_100_000))),
        ("numbers in PNG", beside(b"eXIf", &overlapping(2000, 5, 250_000, 2_100_000))),
        ("fields without end in TIFF", tiff(&overlapping(5000, 2, 3_000_000, 3_100_000))),
        ("a profile", beside(b"iCCP", &[b"x\0\0", &bomb[..]].concat())),
        ("a text", beside(b"zTXt", &[b"x\0\0", &bomb[..]].concat())),
        ("XMP", beside(b"iTXt", &[b"XML:com.adobe.xmp\0\x01\0\0\0", &bomb[..]].concat())),
        ("more pixels than there are", png(64, 64, &[chunk(b"IDAT", &bomb)])),
        #[cfg(feature = "jxl")]
        ("a packed box in JPEG XL", include_bytes!("data/boxes.jxl").to_vec()),
    ];
    for (what, bytes) in cases {
        let profiler = dhat::Profiler::builder().testing().build();
        let result = decode(&bytes, what);
        let peak = dhat::HeapStats::get().max_bytes;
        drop(profiler);
        assert!(peak < BOUND, "{what}: {} MB", peak >> 20);
        let late = matches!(result, Err(impasto_image::ImageError::TooSlow { .. }));
        assert!(!late, "{what}");
        // Pixels are not refused because of the data beside them.
        assert!(
            result.is_ok() || what.contains("pixels") || what.contains("TIFF"),
            "{what}: {:?}",
            result.err()
        );
    }
}
