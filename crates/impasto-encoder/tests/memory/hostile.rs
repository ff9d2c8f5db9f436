//! Every hostile file gives an error that says what the file is. Memory is bounded, and nothing panics.
//!
//! One test has all files and runs alone, because memory is counted for the whole process.

#![cfg(feature = "foreign-formats")]
#![allow(clippy::unwrap_used)] // a failing test

use std::io::Write;

use crate::forging::*;
use impasto_encoder::{EncoderError, read_file};

/// Files that are small but would take many times their size in memory.
fn things_that_grow() {
    let names = [element(5, &60_000u32.to_le_bytes()), element(1, &[b'n'; 60_000])].concat();
    let structs = [names, element(14, &[]).repeat(20_000)].concat();
    says("names of fields", &mat(&[array(2, &[1, 20_000], &structs)]), &["60000 characters", "63"]);
    let names: Vec<String> = (0..10_001).map(|i| format!("archive/data/{i}")).collect();
    let mut entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    entries.insert(0, ("archive/data.pkl", b"\x80\x02}."));
    says("an archive of many", &zip(&entries), &["10002 files"]);
    let header = r#"{"conv1_1.weight":{"dtype":"F16","shape":[8388608,13],"data_offsets":[0,218103808]}}"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file()
        .write_all(&[&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat())
        .unwrap();
    // The file is sparse, so it takes no space.
    file.as_file().set_len(8 + header.len() as u64 + 218_103_808).unwrap();
    let profiler = dhat::Profiler::builder().testing().build();
    let error = read_file(file.path()).unwrap_err();
    let peak = dhat::HeapStats::get().max_bytes;
    drop(profiler);
    assert!(peak < BOUND && matches!(error, EncoderError::WrongTensor { .. }), "{error}: {} MB", peak >> 20);
    // There are so many blocks that a stride overflows.
    let deep = |block: usize| format!("conv{block}_1.weight");
    let tensors: Vec<String> = (1..=20)
        .map(|block| {
            format!(
                r#""{}":{{"dtype":"F16","shape":[1],"data_offsets":[{},{}]}}"#,
                deep(block),
                2 * block - 2,
                2 * block
            )
        })
        .collect();
    let header = format!("{{{}}}", tensors.join(","));
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 40]].concat();
    says("blocks without end", &bytes, &["conv17_1"]);
}

/// Files with a part that could be read as another network.
fn things_that_are_taken_for_a_network() {
    // This is a known network with a layer that must not be left out.
    let layer = field(100, &[field(1, b"bn1"), field(2, b"BatchNorm")].concat());
    let normalised = [fixture("second.caffemodel"), layer].concat();
    says("batch normalisation", &normalised, &["it has batch normalisation (bn1)", "of any width, without"]);
    let word = array(4, &[1, 5], &element(16, b"bnorm"));
    let names = [element(5, &5u32.to_le_bytes()), element(1, b"type\0")].concat();
    let layer = array(2, &[1, 1], &[names, word].concat());
    says("a bnorm", &mat(&[array(1, &[1, 1], &layer)]), &["it has batch normalisation"]);
    says("normalised.h5", &fixture("normalised.h5"), &["it has batch normalisation (block1_bn1/"]);
    says("mixed.h5", &fixture("mixed.h5"), &["two convolutions are conv1_1"]);
    let twice = fixture("second.caffemodel").repeat(2);
    says("two networks", &twice, &["two convolutions are conv1_1"]);
}

fn things_that_are_no_weights() {
    says("nothing", b"", &["an empty file", "fetch it again"]);
    says(
        "a page",
        b"\n <!DOCTYPE html><html><body>Quota exceeded</body></html>",
        &["a web page", "download it again"],
    );
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:692f\nsize 574677321\n";
    says("a pointer", pointer, &["a pointer of git-lfs", "git lfs pull"]);
    says("gzip", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0], &["a gzip archive", "unpack"]);
    says("Torch7", &[4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0], &["Torch7"]);
    says("a picture", b"\x89PNG\r\n\x1a\n0000", &["a picture"]);
    says("an array", b"\x93NUMPY\x01\0v\0", &["a single array", "savez"]);
    says("text", b"To whom it may concern, these are the weights.", &["an unknown format", "safetensors"]);
    says("JSON", br#"{"error":"not found"}"#, &["text (JSON)"]);
    says("MATLAB 7.3", b"MATLAB 7.3 MAT-file, Platform", &["7.3", "-v7"]);
    says("another zip", &zip(&[("readme.txt", b"hello")]), &["without PyTorch's data.pkl"]);
    let error = read_file(&fixtures()).unwrap_err();
    assert!(error.to_string().contains("a folder"), "{error}");
    let error = read_file(&fixtures().join("no such file")).unwrap_err();
    assert!(matches!(error, EncoderError::Io { .. }), "{error}");
}

fn pickles() {
    let head = b"\x80\x02";
    let legacy = |object: &[u8]| {
        let magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
        let system = b"\x80\x02}q\0(X\x10\0\0\0protocol_versionq\x01M\xe9\x03X\r\0\0\0little_endianq\x02\x88X\n\0\0\0type_sizesq\x03}u.";
        [&magic[..], system, object, b"\x80\x02]."].concat()
    };
    let archive = |object: &[u8]| zip(&[("archive/data.pkl", object), ("archive/version", b"3\n")]);
    let call = |name: &str| [head, format!("c{name}\n").as_bytes(), b"X\x02\0\0\0ls\x85R."].concat();
    for name in [
        "os\nsystem",
        "posix\nsystem",
        "subprocess\nPopen",
        "builtins\neval",
        "__builtin__\nexec",
        "torch\nload",
        "torch.hub\nload",
        "numpy\nload",
        "runpy\nrun_path",
        "collections\nnamedtuple",
    ] {
        let word = name.replace('\n', ".");
        says(name, &legacy(&call(name)), &["a program", &word, "nothing of it was executed"]);
        says(name, &archive(&call(name)), &["a program", &word]);
    }
    // These files make the same calls with the opcodes of protocol 4 and names from the memo, with INST, and with a
    // class number.
    let stacked = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94N\x30h\x00h\x01\x93\x8c\x02ls\x85R.";
    says("from the memo", &archive(stacked), &["a program", "posix.system"]);
    says("put together", &archive(b"\x80\x04N\x8c\x06system\x93."), &["a program"]);
    says("INST", &archive(b"(X\x02\0\0\0lsios\nsystem\n."), &["a program", "os.system"]);
    says("EXT", &archive(b"\x80\x02\x82\x01."), &["a program"]);
    // The archive has a second pickle, which another reader might take.
    let two = zip(&[("a/data.pkl", &b"\x80\x02}."[..]), ("data.pkl", &call("os\nsystem"))]);
    says("the other pickle", &two, &["a program"]);

    // Long files, compressed bombs, and deep nesting.
    let long = [&head[..], &vec![b'N'; 3 << 20][..], b"."].concat();
    says("a long pickle", &legacy(&long), &["PyTorch (legacy)", "more than"]);
    says("a packed bomb", &archive(&vec![b'N'; 100 << 20]), &["PyTorch (zip)", "more than"]);
    says("a text that is not there", &archive(b"\x80\x02X\xff\xff\xff\x7fab"), &["PyTorch (zip)"]);
    let nested = [&head[..], b"N", &vec![0x85; 500_000][..], b"."].concat();
    says("nested tuples", &archive(&nested), &["PyTorch (zip)"]);
    says("nested tuples", &legacy(&nested), &["PyTorch (legacy)"]);
    // Each list is twice in the next one. That gives 2^60 entries from some hundred bytes.
    let doubled = [&head[..], b"]q\0", &b"h\0h\0\x86q\0".repeat(60)[..], b"."].concat();
    says("doubled tuples", &archive(&doubled), &["PyTorch"]);
    says("no pickle", &legacy(b"\xff\xff"), &["PyTorch (legacy)", "not a pickle"]);
}

/// Returns a pickle of one tensor on a storage, with this shape, stride and offset.
fn tensor_pickle(shape: [u32; 4], stride: [u32; 4], offset: u32, storage: u32) -> Vec<u8> {
    let int = |value: u32| [&b"J"[..], &value.to_le_bytes()].concat();
    let four = |values: [u32; 4]| [b"(".to_vec(), values.map(int).concat(), b"t".to_vec()].concat();
    let text = |text: &str| [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    [
        b"\x80\x02}".to_vec(),
        text("features.0.weight"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        text("0"),
        text("cpu"),
        int(storage),
        b"tQ".to_vec(),
        int(offset),
        four(shape),
        four(stride),
        b"\x89}tRs.".to_vec(),
    ]
    .concat()
}

fn tensors_of_pickles() {
    let archive = |pickle: &[u8], storage: &[u8]| {
        zip(&[("archive/data.pkl", pickle), ("archive/data/0", storage), ("archive/version", b"3\n")])
    };
    let sound = tensor_pickle([4, 3, 3, 3], [27, 9, 3, 1], 0, 108);
    // This file is sound except for the missing bias.
    says("one tensor", &archive(&sound, &[0; 432]), &["features.0.bias is missing"]);
    let cases = [
        ("an offset outside", tensor_pickle([4, 3, 3, 3], [27, 9, 3, 1], 1 << 30, 108)),
        ("a shape outside", tensor_pickle([1 << 20, 3, 3, 3], [27, 9, 3, 1], 0, 108)),
        ("a storage that lies", tensor_pickle([4, 3, 3, 3], [27, 9, 3, 1], 0, 1 << 30)),
        ("sides that overflow", tensor_pickle([1 << 30, 1 << 30, 1 << 30, 3], [27, 9, 3, 1], 0, 108)),
        ("all on one number", tensor_pickle([1 << 26, 3, 3, 3], [0, 0, 0, 0], 0, 108)),
    ];
    for (what, pickle) in cases {
        says(what, &archive(&pickle, &[0; 432]), &["encoder"]);
    }
}

fn protocol_buffers() {
    let cut = fixture("first.caffemodel");
    says("a cut model", &cut[..cut.len() * 2 / 3], &["cut off", "fetch it again"]);
    let cut = fixture("raw.onnx");
    says("a cut model", &cut[..cut.len() / 2], &["cut off"]);
    // The messages are nested. The reader does not recurse at any depth.
    let mut nested = field(1, b"x");
    for _ in 0..20_000 {
        nested = field(2, &nested);
        if nested.len() > 100_000 {
            break;
        }
    }
    says("nested messages", &nested, &["encoder"]);
    let layer = |blob: &[u8]| {
        let blob = field(7, blob);
        let bias = field(7, &[field(7, &field(1, &varint(4))), field(5, &[0; 16])].concat());
        field(100, &[field(1, b"conv1_1"), field(2, b"Convolution"), blob, bias].concat())
    };
    let dims =
        |sides: &[u64]| field(7, &field(1, &sides.iter().flat_map(|&s| varint(s)).collect::<Vec<u8>>()));
    let model = |blob: &[u8]| [field(1, b"VGG"), layer(blob)].concat();
    says("huge sides", &model(&[dims(&[1 << 40, 3, 3, 3]), field(5, &[0; 64])].concat()), &["more than"]);
    says(
        "sides that overflow",
        &model(&[dims(&[u64::MAX, u64::MAX, 3, 3]), field(5, &[0; 64])].concat()),
        &["encoder"],
    );
    says(
        "too few numbers",
        &model(&[dims(&[4, 3, 3, 3]), field(5, &[0; 64])].concat()),
        &["Caffe", "64 bytes"],
    );
    let nan = [dims(&[4, 3, 3, 3]), field(5, &[0xff; 432])].concat();
    says("not numbers", &model(&nan), &["conv1_1.weight", "NaN"]);
    // The file has millions of fields of two bytes.
    says("endless fields", &[field(1, b"VGG"), b"\x28\x01".repeat(1_500_000)].concat(), &["encoder"]);
    let tensor = |data: &[u8]| {
        field(
            5,
            &[
                varint(8),
                varint(1 << 40),
                varint(8),
                varint(3),
                varint(8),
                varint(3),
                varint(8),
                varint(3),
                varint(16),
                varint(1),
                field(8, b"w"),
                field(9, data),
            ]
            .concat(),
        )
    };
    let node = field(
        1,
        &[field(1, b"x"), field(1, b"w"), field(1, b"w"), field(2, b"y"), field(4, b"Conv")].concat(),
    );
    let onnx = [varint(8), varint(7), field(7, &[node.clone(), tensor(&[0; 64])].concat())].concat();
    says("huge sides", &onnx, &["encoder"]);
    let strange = [varint(8), varint(7), field(7, &field(1, &field(4, b"Conv")))].concat();
    says("no weights", &strange, &["no convolution of 3x3"]);
}

fn matlab() {
    says(
        "a bomb of numbers",
        &mat(&[array(
            7,
            &[3, 3, 4000, 4000],
            &[&7u32.to_le_bytes()[..], &(9 * 16_000_000u32 * 4).to_le_bytes(), &vec![0; 8 << 20]].concat(),
        )]),
        &["MatConvNet", "more than"],
    );
    says("sides that overflow", &mat(&[array(7, &[i32::MAX; 8], &[])]), &["MatConvNet"]);
    says(
        "numbers that are not there",
        &mat(&[array(
            7,
            &[3, 3, 30, 40],
            &[&7u32.to_le_bytes()[..], &(9 * 1200u32 * 4).to_le_bytes()].concat(),
        )]),
        &["MatConvNet"],
    );
    says(
        "cells without end",
        &mat(&[array(1, &[1 << 30, 1], &element(14, &[]).repeat(400_000))]),
        &["MatConvNet", "too many"],
    );
    let mut nested = array(1, &[0, 0], &[]);
    for _ in 0..200 {
        nested = array(1, &[1, 1], &nested);
    }
    says("cells in cells", &mat(&[nested]), &["MatConvNet", "too deeply"]);
    says(
        "structures without fields",
        &mat(&[array(2, &[1 << 30, 1], &[element(5, &[32, 0, 0, 0]), element(1, &[])].concat())]),
        &["no convolution"],
    );
    says("no layers", &mat(&[array(7, &[1, 1], &element(7, &[0; 4]))]), &["encoder"]);
    let cut = fixture("new.mat");
    for length in [100, 128, 140, cut.len() / 2, cut.len() - 9] {
        says("a cut file", &cut[..length], &["encoder"]);
    }
}

fn numpy() {
    let array = |header: &str, data: &[u8]| {
        [&b"\x93NUMPY\x01\0"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    };
    let of = |shape: &str, data: &[u8]| {
        array(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n"), data)
    };
    let npz = |kernel: &[u8]| zip(&[("conv1_1_W.npy", kernel), ("conv1_1_b.npy", &of("4,", &[0; 16]))]);
    says(
        "no input",
        &npz(&of("4, 3, 3, 3", &[0; 432])),
        &["training of these weights is unknown", "--family"],
    );
    says("sides that overflow", &npz(&of("4294967296, 4294967296, 3, 3", &[0; 64])), &["encoder"]);
    says("a side that is too large", &npz(&of("99999999999999999999, 3, 3, 3", &[])), &["NumPy"]);
    says("too few numbers", &npz(&of("4, 3, 3, 3", &[0; 64])), &["NumPy", "64 bytes"]);
    says("not numbers", &npz(&of("4, 3, 3, 3", &[0xff; 432])), &["NaN"]);
    says("brackets", &npz(&array(&"(".repeat(60_000), &[])), &["NumPy"]);
    // The file has 200 MB of zeros in 200 kB. Only 432 bytes are needed.
    says("a packed bomb", &npz(&of("4, 3, 3, 3", &vec![0; 200 << 20])), &["--family"]);
    says(
        "a header without end",
        &zip(&[("a.npy", &[&b"\x93NUMPY\x02\0\xff\xff\xff\xff"[..], &[b' '; 64]].concat()[..])]),
        &["NumPy"],
    );
}

fn hdf5() {
    let whole = fixture("published.h5");
    for length in [8, 96, 512, whole.len() / 2, whole.len() - 1] {
        says("a cut file", &whole[..length], &["Keras"]);
    }
    says("huge sides", &fixture("sides.h5"), &["more than 100000000 weights"]);
    says("huge pieces", &fixture("pieces.h5"), &["chunks of [256, 256, 32, 32]"]);
}

#[test]
fn hostile_files_are_errors_and_take_no_memory() {
    let _alone = alone();
    things_that_grow();
    things_that_are_taken_for_a_network();
    things_that_are_no_weights();
    pickles();
    tensors_of_pickles();
    protocol_buffers();
    matlab();
    numpy();
    hdf5();
}
