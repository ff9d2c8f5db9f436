//! Files made to do harm: each gives a picture or a typed error. `memory.rs` has the tests of their memory.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::time::Duration;

use impasto_image::{Encoding, ImageError, Limits, Picture, open, save};

use crate::common::{chunk, decode, every_format, packed, png};

/// Decodes an untrusted file, and checks the time and the kind of error.
fn survive(bytes: &[u8], what: &str) -> Result<impasto_image::Decoded, ImageError> {
    let result = decode(bytes, what);
    if let Err(error) = &result {
        // A panic in a decoder is caught and reported with these words. None of these files causes one.
        assert!(!error.to_string().contains("the decoder failed"), "{what}: {error}");
        assert!(!matches!(error, ImageError::Read { .. } | ImageError::TooSlow { .. }), "{what}: {error}");
    }
    result
}

#[test]
fn truncated_at_every_37th_byte() {
    for (name, bytes) in every_format() {
        let whole = survive(&bytes, &name).unwrap();
        for length in (0..bytes.len()).step_by(37) {
            let result = survive(&bytes[..length], &format!("{name} cut at {length}"));
            // Without its end, a file may still have a whole picture, but half a picture must not be accepted as whole.
            let same = |cut: impasto_image::Decoded| cut.picture == whole.picture && cut.alpha == whole.alpha;
            assert!(result.map_or(true, same), "{name} cut at {length}");
        }
    }
}

#[test]
fn single_bytes_and_bits_that_are_wrong() {
    for (name, bytes) in every_format() {
        // Headers are dense, so every byte of them is tried.
        for at in (0..bytes.len().min(160)).chain((160..bytes.len()).step_by(37)) {
            for flip in [0xff, 0x80, 0x01] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                let _ = survive(&bytes, &format!("{name} with byte {at} ^ {flip:x}"));
            }
        }
    }
}

/// A random number generator that needs no crate (Marsaglia, "Xorshift RNGs", 2003).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

#[test]
fn thousands_of_mutations() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for (name, bytes) in every_format() {
        for round in 0..150 {
            let mut bytes = bytes.clone();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(bytes.len());
                match numbers.below(5) {
                    0 => bytes[at] = numbers.next() as u8,
                    1 => bytes.truncate(at.max(1)),
                    // Decoders often fail at extreme numbers: zero, the largest, the smallest.
                    2 => {
                        let end = bytes.len().min(at + 4);
                        let fill = [0, 0xff, 0x80][numbers.below(3)];
                        bytes[at..end].fill(fill);
                    }
                    3 => {
                        let end = bytes.len().min(at + numbers.below(64));
                        let part = bytes[at..end].to_vec();
                        bytes.splice(at..at, part);
                    }
                    _ => {
                        let end = bytes.len().min(at + numbers.below(64));
                        bytes.drain(at..end);
                        if bytes.is_empty() {
                            bytes.push(0);
                        }
                    }
                }
            }
            let _ = survive(&bytes, &format!("{name}, mutation {round}"));
        }
    }
}

#[test]
fn headers_that_lie() {
    let bmp = |width: i32, height: i32, palette: u32| {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bytes.extend(width.to_le_bytes().into_iter().chain(height.to_le_bytes()));
        bytes.extend([1, 0, if palette > 0 { 8 } else { 24 }, 0]);
        bytes.extend([0; 16]);
        bytes.extend(palette.to_le_bytes());
        bytes.extend([0; 100]);
        bytes
    };
    let gif = |width: u16, height: u16| {
        [
            &b"GIF89a"[..],
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            b"\xf7\0\0",
            &[7; 768],
            b",\0\0\0\0",
            &width.to_le_bytes(),
            &height.to_le_bytes(),
            b"\0\x08\x01\0\0;",
        ]
        .concat()
    };
    let tiff = |width: u32, height: u32| {
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            let parts =
                [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()];
            parts.concat()
        };
        let entries = [
            entry(256, 4, 1, width),
            entry(257, 4, 1, height),
            entry(258, 3, 1, 8),
            entry(259, 3, 1, 1),
            entry(262, 3, 1, 1),
            entry(273, 4, 0x7fff_ffff, 8),
            entry(277, 3, 1, 1),
            entry(279, 4, 0x7fff_ffff, 8),
        ];
        [&b"II*\0\x08\0\0\0\x08\0"[..], &entries.concat(), &[0; 4]].concat()
    };
    let qoi = |width: u32, height: u32| {
        [&b"qoif"[..], &width.to_be_bytes(), &height.to_be_bytes(), &[3, 0], &[0; 16]].concat()
    };
    let tga = |width: u16, height: u16, palette: u8| {
        let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
        let head = match palette {
            0 => [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            more => [0, 1, 9, 0, 0, more, more, 24, 0, 0, 0, 0],
        };
        let bits = if palette == 0 { 24 } else { 8 };
        [&head[..], &size, &[bits, 0], &[0; 64], b"TRUEVISION-XFILE.\0"].concat()
    };
    let jpeg = |width: u16, height: u16| {
        let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
        [&b"\xff\xd8\xff\xc0\0\x0b"[..], &frame, b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\0\0\xff\xd9"].concat()
    };
    let data = chunk(b"IDAT", &packed(1 << 20));
    let mut files = vec![
        ("PNG of 50 000 x 50 000", png(50_000, 50_000, std::slice::from_ref(&data))),
        ("PNG of 25 000 x 25 000", png(25_000, 25_000, std::slice::from_ref(&data))),
        ("PNG of 9 000 x 9 000 that is not there", png(9_000, 9_000, std::slice::from_ref(&data))),
        ("PNG without width", png(0, 5, &[data])),
        ("BMP of 50 000 x 50 000", bmp(50_000, 50_000, 0)),
        ("BMP of no height", bmp(5, 0, 0)),
        ("BMP upside down beyond counting", bmp(5, i32::MIN, 0)),
        ("BMP of a huge palette", bmp(5, 5, u32::MAX)),
        ("GIF of 65 535 x 65 535", gif(65_535, 65_535)),
        ("GIF of nothing", gif(0, 0)),
        ("TIFF of 50 000 x 50 000", tiff(50_000, 50_000)),
        ("TIFF of two billion strips", tiff(9_000, 9_000)),
        ("QOI of 19 000 x 19 000", qoi(19_000, 19_000)),
        ("QOI beyond its own limit", qoi(60_000, 60_000)),
        ("QOI of nothing", qoi(0, 0)),
        ("TGA of 65 535 x 65 535", tga(65_535, 65_535, 0)),
        ("TGA of a huge palette", tga(5, 5, 0xff)),
        ("TGA of nothing", tga(0, 0, 0)),
        ("JPEG of 65 535 x 65 535", jpeg(65_535, 65_535)),
        ("JPEG of nothing", jpeg(0, 0)),
    ];
    for text in [
        "P6 50000 50000 255\n",
        "P6 0 5 255\n",
        "P5 99999999999 1 255\n",
        "P6 5 5 0\n",
        "P3 9000 9000 65535\n1",
    ] {
        files.push((text, text.as_bytes().to_vec()));
    }
    for (what, bytes) in files {
        let error = survive(&bytes, what).expect_err(what);
        assert!(matches!(error, ImageError::TooLarge { .. } | ImageError::Damaged { .. }), "{what}: {error}");
        if ["50 000", "25 000", "19 000", "65 535"].iter().any(|size| what.contains(size)) {
            assert!(matches!(error, ImageError::TooLarge { .. }), "{what}: {error}");
        }
    }
}

#[test]
fn profiles_and_texts_that_unpack_to_gigabytes() {
    let bomb = packed(1 << 30);
    let small = chunk(b"IDAT", &{
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[0, 9, 9, 9]).unwrap();
        encoder.finish().unwrap()
    });
    for (kind, head) in
        [(b"iCCP", &b"x\0\0"[..]), (b"zTXt", b"x\0\0"), (b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0")]
    {
        let bytes = png(1, 1, &[chunk(kind, &[head, &bomb].concat()), small.clone()]);
        if let Ok(decoded) = survive(&bytes, "a bomb beside the pixels") {
            assert_eq!(decoded.picture.size(), (1, 1));
        }
    }
    // The file has more pixels than its header says. It may be within the limits, like a hundred megapixels in a
    // hundred kilobytes, so both results are accepted.
    let _ = survive(&png(64, 64, &[chunk(b"IDAT", &bomb)]), "more pixels than there are");
}

#[test]
fn broken_profiles_and_exif_are_ignored() {
    let whole = Picture::filled(6, 4, [0.2, 0.4, 0.6]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    save(&path, &whole, None, &Encoding::default()).unwrap();
    let plain = std::fs::read(&path).unwrap();
    let with = |kind: &[u8; 4], data: &[u8]| [&plain[..33], &chunk(kind, data), &plain[33..]].concat();
    let profile = impasto_image::Space::DisplayP3.icc();
    let squeezed = |bytes: &[u8]| {
        let mut encoder = flate2::write::ZlibEncoder::new(b"x\0\0".to_vec(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for length in (0..profile.len()).step_by(37) {
        let decoded = survive(&with(b"iCCP", &squeezed(&profile[..length])), "a short profile").unwrap();
        assert_eq!(decoded.picture.size(), (6, 4));
        let mut wrong = profile.clone();
        wrong[length] ^= 0xff;
        let _ = survive(&with(b"iCCP", &squeezed(&wrong)), "a wrong profile").unwrap();
    }
    // The directories are one that is its own successor, one of 65 535 fields, and one with fields beyond the end.
    let directory = |count: u16, field: &[u8], next: u32| {
        [&b"II*\0\x08\0\0\0"[..], &count.to_le_bytes(), field, &next.to_le_bytes()].concat()
    };
    let beyond = [0x0f, 0x01, 2, 0, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f];
    let itself = [0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0];
    let mut blocks = vec![
        directory(0, &[], 8),
        directory(u16::MAX, &beyond, 0),
        directory(1, &beyond, 8),
        directory(1, &itself, 0),
        b"MM\0*\xff\xff\xff\xff".to_vec(),
        vec![0; 5000],
    ];
    blocks.extend((0..=9u8).map(|turn| directory(1, &[0x12, 1, 3, 0, 1, 0, 0, 0, turn, 0, 0, 0], 0)));
    for block in blocks {
        let decoded = survive(&with(b"eXIf", &block), "strange EXIF").unwrap();
        assert_eq!(decoded.picture.long_edge(), 6);
        assert_eq!(decoded.picture.short_edge(), 4);
    }
}

#[test]
fn xml_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    save(&path, &Picture::filled(2, 2, [0.5; 3]), None, &Encoding::default()).unwrap();
    let plain = std::fs::read(&path).unwrap();
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><l>&b;</l>".to_owned();
    let deep = "<a>".repeat(200_000);
    for text in [laughs, deep.clone(), deep + &"</a>".repeat(200_000), "x".repeat(1 << 22)] {
        let data = [b"XML:com.adobe.xmp\0\0\0\0\0", text.as_bytes()].concat();
        let bytes = [&plain[..33], &chunk(b"iTXt", &data), &plain[33..]].concat();
        assert_eq!(survive(&bytes, "strange XML").unwrap().metadata.recipe, None);
    }
}

#[test]
fn files_over_the_limit_and_under_a_lifted_one() {
    let bytes = [b"P6 2 1 255\nabcdef".to_vec(), vec![0; 100]].concat();
    let decode = |limits: &Limits| impasto_image::decode(&bytes[..], "a", limits);
    let limits = Limits::default();
    assert!(decode(&limits).is_ok() && decode(&Limits::NONE).is_ok());
    for tight in [
        Limits { file: 100, ..limits },
        Limits { pixels: 1, ..limits },
        Limits { side: 1, ..limits },
        Limits { memory: 5, ..limits },
    ] {
        assert!(matches!(decode(&tight), Err(ImageError::TooLarge { .. })), "{tight:?}");
    }
    let late = Limits { time: Some(Duration::from_nanos(1)), ..limits };
    assert!(matches!(decode(&late), Err(ImageError::TooSlow { .. })));
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let pictures = [Picture::filled(300, 200, [0.1; 3]), Picture::filled(10, 400, [0.9; 3])];
    save(&path, &pictures[0], None, &Encoding::default()).unwrap();
    let long = std::fs::read(&path).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Some programs write a file in place, so the file is sometimes incomplete.
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                std::fs::write(&path, &long[..long.len() / 2]).unwrap();
                std::fs::write(&path, &long).unwrap();
            }
        });
        for _ in 0..200 {
            match open(&path) {
                Ok(decoded) => assert_eq!(decoded.picture.size(), (300, 200)),
                Err(error) => {
                    assert!(
                        matches!(error, ImageError::Damaged { .. } | ImageError::Empty { .. }),
                        "{error}"
                    );
                }
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[cfg(unix)]
#[test]
fn pipes_folders_and_devices() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let hasty = Limits { time: Some(Duration::from_millis(200)), ..Limits::default() };
    let error = impasto_image::read(&pipe, &hasty).unwrap_err();
    assert!(matches!(error, ImageError::TooSlow { .. }) && error.hint().unwrap().contains("pipe"), "{error}");
    // Once data is written to it, a pipe is read like any file. This is another pipe, because the first is still waited
    // for.
    let pipe = folder.path().join("another.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let picture = folder.path().join("a.png");
    save(&picture, &Picture::filled(3, 2, [0.5; 3]), None, &Encoding::default()).unwrap();
    let bytes = std::fs::read(&picture).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&pipe, &bytes).unwrap());
        assert_eq!(open(&pipe).unwrap().picture.size(), (3, 2));
    });
    assert!(matches!(open(folder.path()), Err(ImageError::IsFolder { .. })));
    assert!(matches!(open("/dev/null".as_ref()), Err(ImageError::Empty { .. })));
    let endless = open("/dev/zero".as_ref()).unwrap_err();
    assert!(matches!(endless, ImageError::TooLarge { .. } | ImageError::TooSlow { .. }), "{endless}");
}
