//! Models that are not part of the program: lists, searches, and downloads from the test's own server. Errors where a
//! download is forbidden or impossible.
#![allow(clippy::unwrap_used)] // a failing test

#[path = "../../../impasto-encoder/tests/all/common/server.rs"]
mod server;

use std::fs;
use std::process::Command;

use crate::common::{Folder, Ran, finish};
use serde_json::{Map, Value, json};
use server::{Content, Reply, Server};

/// Returns the command without the settings and caches of the test's machine.
fn command(folder: &Folder, line: &str) -> Command {
    let mut command = folder.command(line.split_whitespace());
    for name in [
        "IMPASTO_CACHE",
        "IMPASTO_MODELS_URL",
        "IMPASTO_OFFLINE",
        "XDG_CACHE_HOME",
        "TORCH_HOME",
        "HF_HOME",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_ENDPOINT",
        "HF_HUB_OFFLINE",
        "KERAS_HOME",
        "ALL_PROXY",
        "all_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ] {
        command.env_remove(name);
    }
    command.env("HOME", folder.path("home"));
    command
}

fn run(folder: &Folder, line: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = command(folder, line);
    command.envs(variables.iter().copied());
    finish(command)
}

/// Every command that takes a model, each with a model that is not there.
const COMMANDS: [&str; 10] = [
    "stylize c.png s.png -o o.png --model vgg19",
    "texture s.png -o o.png --model vgg19",
    "sheet c.png s.png -o o.png --vary strength=0.5,1 --model vgg19",
    "plan c.png s.png --model vgg19",
    "batch c.png --style s.png -o results --model vgg19",
    "evaluate c.png --content c.png --style s.png --model vgg19",
    "compare c.png --style s.png --referee-model vgg19",
    "bench --size 32 --model vgg19",
    "inspect c.png -o features --model vgg19",
    "models show vgg19",
];

/// Starts a server that must receive no request.
fn nobody() -> Server {
    Server::start(|_, _| Reply::status(404))
}

// === Nothing is fetched that was not asked for ===

#[test]
fn without_a_terminal_nothing_is_fetched_and_the_way_is_told() {
    let folder = Folder::with_pictures();
    let server = nobody();
    let url = server.url("");
    for line in COMMANDS {
        let ran = run(&folder, line, &[("IMPASTO_MODELS_URL", &url)]);
        ran.assert_failed(3, line);
        for words in ["model vgg19 is not on this machine", "home/.cache/torch/hub/checkpoints"] {
            assert!(ran.stderr.contains(words), "{words}: {ran}");
        }
        for words in ["`impasto models fetch vgg19`", "--download", "80 MB from 127.0.0.1", "BSD-3-Clause"] {
            assert!(ran.hint().contains(words), "{words}: {ran}");
        }
        assert!(!folder.has("o.png"), "{line}");
    }
    assert!(server.requests().is_empty());
    assert!(!folder.has("home"), "looking wrote something");
}

#[test]
fn offline_nothing_is_asked_and_the_way_without_is_told() {
    let folder = Folder::with_pictures();
    let server = nobody();
    let url = server.url("");
    let lines = COMMANDS.into_iter().chain(["models fetch vgg19", "models fetch vgg19 --force"]);
    for line in lines.flat_map(|line| [format!("{line} --offline"), format!("--offline {line}")]) {
        let ran = run(&folder, &line, &[("IMPASTO_MODELS_URL", &url)]);
        ran.assert_failed(3, &line);
        for words in [&url[..], "vgg19-dcbb9e9d.pth", "home/.cache/impasto/models", "path of the file"] {
            assert!(ran.hint().contains(words), "{words}: {ran}");
        }
        assert!(ran.stderr.contains("forbidden by --offline"), "{ran}");
    }
    for variable in ["IMPASTO_OFFLINE", "HF_HUB_OFFLINE"] {
        for line in ["bench --size 32 --model vgg19 --download", "models fetch vgg19"] {
            let ran = run(&folder, line, &[("IMPASTO_MODELS_URL", &url), (variable, "1")]);
            ran.assert_failed(3, line);
            assert!(ran.stderr.contains(&format!("forbidden by {variable}")), "{ran}");
        }
    }
    assert!(server.requests().is_empty());
    // A model that is part of the program still works.
    assert_eq!(run(&folder, "models show lite --offline", &[("IMPASTO_OFFLINE", "1")]).code, Some(0));
}

#[test]
fn offline_and_download_exclude_each_other() {
    let folder = Folder::new();
    for line in ["bench --offline --download", "--download --offline bench"] {
        let ran = run(&folder, line, &[]);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains("cannot be used with"), "{ran}");
    }
}

// === Lists ===

#[test]
fn the_list_says_what_is_where() {
    let folder = Folder::new();
    let cut = folder.path("torch/hub/checkpoints/vgg19-dcbb9e9d.pth");
    fs::create_dir_all(cut.parent().unwrap()).unwrap();
    fs::write(&cut, [0; 1000]).unwrap();
    // This file is as long as Keras's file, but sparse, so that it takes no space.
    let keras = folder.path("keras/models/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5");
    fs::create_dir_all(keras.parent().unwrap()).unwrap();
    fs::File::create(&keras).unwrap().set_len(80_134_624).unwrap();
    let (torch_home, keras_home) = (folder.path("torch"), folder.path("keras"));
    let variables =
        [("TORCH_HOME", torch_home.to_str().unwrap()), ("KERAS_HOME", keras_home.to_str().unwrap())];
    let text = run(&folder, "models list", &variables).stdout;
    let after = |name: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with(&format!("{name} "))).skip(1);
        lines.take_while(|line| line.starts_with(' ')).collect::<Vec<_>>().join("\n")
    };
    let vgg19 = after("vgg19");
    for words in [cut.to_str().unwrap(), "cannot be used", "expected 574673361 bytes", "not here", "80 MB"] {
        assert!(vgg19.contains(words), "{words}: {text}");
    }
    let oxford = after("vgg19-oxford");
    for words in [keras.to_str().unwrap(), "80.13 MB", "Keras cache", "verified before its first use"] {
        assert!(oxford.contains(words), "{words}: {text}");
    }
    assert!(!oxford.contains("not here") && after("vgg16").contains("not here"), "{text}");

    let ran = run(&folder, "models list --json", &variables);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1), "{ran}");
    let object: Value = serde_json::from_str(&ran.stdout).unwrap();
    let models = object["models"].as_array().unwrap();
    let of = |name: &str| models.iter().find(|model| model["name"] == name).unwrap();
    assert_eq!(of("lite")["built_in"], true);
    assert_eq!(of("vgg19")["found"][0]["state"], "wrong");
    assert_eq!(of("vgg19-oxford")["found"][0]["state"], "unverified");
    assert_eq!(of("vgg19-oxford")["licence"], "CC-BY-4.0");
    let files = of("vgg19")["files"].as_array().unwrap();
    assert_eq!(files[0]["fetched"], "convolutions");
    assert_eq!(files[1]["addresses"][0], "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth");
    assert!(files[1]["sha256"].as_str().unwrap().starts_with("dcbb9e9d"));
    assert!(
        object["folders"]
            .as_array()
            .unwrap()
            .iter()
            .any(|path| *path == *keras.parent().unwrap().to_str().unwrap())
    );
    // Listing computes no hashes and writes nothing.
    assert!(!folder.has("home"));
}

#[test]
fn a_file_with_the_right_length_and_the_wrong_bytes_is_passed_over() {
    let folder = Folder::new();
    let file = folder.path("keras/models/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::File::create(&file).unwrap().set_len(58_889_256).unwrap();
    let keras_home = folder.path("keras");
    let ran = run(&folder, "models show vgg16-oxford", &[("KERAS_HOME", keras_home.to_str().unwrap())]);
    ran.assert_failed(3, "zeros");
    for words in ["is passed over", "expected MD5 6d6bbae143d832006294945121d1f1fc", file.to_str().unwrap()] {
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
    assert_eq!(fs::metadata(file).unwrap().len(), 58_889_256);
}

// === Fetching ===

#[test]
fn what_needs_no_fetching_and_what_nobody_knows() {
    let folder = Folder::new();
    let ran = run(&folder, "models fetch lite", &[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains("part of the program"), "{ran}");
    let ran = run(&folder, "models fetch vgg-19", &[]);
    ran.assert_failed(2, "vgg-19");
    assert!(ran.hint().contains("vgg19"), "{ran}");
}

#[test]
fn another_address_does_not_make_a_wrong_file_right() {
    let folder = Folder::with_pictures();
    // One address has another model, one has a web page, and one has nothing.
    let lite = Content::of(include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    let server = Server::start(move |request, _| match request.path.as_str() {
        "w/vgg19.tv_in1k.safetensors" => Reply::file(&lite),
        "w/vgg19-dcbb9e9d.pth" => Reply::page(),
        _ => Reply::status(404),
    });
    let url = server.url("w/");
    for line in
        ["models fetch vgg19", "bench --size 32 --model vgg19 --download", "models fetch vgg19-oxford"]
    {
        let ran = run(&folder, line, &[("IMPASTO_MODELS_URL", &url)]);
        ran.assert_failed(3, line);
        assert!(ran.stderr.contains("cannot fetch vgg19") && ran.stderr.contains(&url), "{ran}");
        assert!(ran.hint().contains("another machine"), "{ran}");
    }
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    for name in ["vgg19-dcbb9e9d.pth", "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"] {
        assert!(asked.contains(&format!("w/{name}")), "{name}: {asked:?}");
    }
    // Nothing stays, neither a file nor a lock nor a folder.
    assert!(!folder.has("home/.cache/impasto"));
}

/// Returns the content of timm's file in full size: a header, the first filter of the training, and zeros. The server
/// makes the bytes as they are requested.
fn timm() -> Content {
    const FILTER: [f32; 9] =
        [-0.053474, -0.049257, -0.067942, 0.015314, 0.045068, 0.002144, 0.036226, 0.019999, 0.019864];
    let widths = [64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512];
    let indices = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34];
    let mut tensors: Vec<(String, Vec<u64>)> = vec![
        ("head.fc.bias".into(), vec![1000]),
        ("head.fc.weight".into(), vec![1000, 4096]),
        ("pre_logits.fc1.bias".into(), vec![4096]),
        ("pre_logits.fc1.weight".into(), vec![4096, 512, 7, 7]),
        ("pre_logits.fc2.bias".into(), vec![4096]),
        ("pre_logits.fc2.weight".into(), vec![4096, 4096, 1, 1]),
    ];
    let mut inputs = 3;
    for (outputs, index) in widths.into_iter().zip(indices) {
        tensors.push((format!("features.{index}.weight"), vec![outputs, inputs, 3, 3]));
        tensors.push((format!("features.{index}.bias"), vec![outputs]));
        inputs = outputs;
    }
    tensors.sort();
    let (mut header, mut end, mut first) = (Map::new(), 0, 0);
    for (name, shape) in tensors {
        let begin = end;
        end += 4 * shape.iter().product::<u64>();
        if name == "features.0.weight" {
            first = begin;
        }
        header.insert(name, json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, end] }));
    }
    assert_eq!(end, 574_668_960);
    let header = Value::Object(header).to_string().into_bytes();
    let begin = [&(header.len() as u64).to_le_bytes()[..], &header].concat();
    let data = begin.len() as u64;
    let filter = FILTER.iter().flat_map(|value| value.to_le_bytes()).collect();
    Content::zeros(data + end, vec![(0, begin), (data + first, filter)])
}

#[test]
fn a_model_of_full_size_is_fetched_in_part_and_used_by_its_name() {
    let folder = Folder::with_pictures();
    let content = timm();
    let server = Server::start(move |request, _| match request.path.as_str() {
        "vgg19.tv_in1k.safetensors" => Reply::file(&content),
        other => panic!("{other}"),
    });
    let url = server.url("");
    let cache = folder.path("cache");
    let variables = [("IMPASTO_MODELS_URL", &url[..]), ("IMPASTO_CACHE", cache.to_str().unwrap())];
    let ran = run(&folder, "models fetch vgg19 --progress json", &variables);
    assert_eq!(ran.code, Some(0), "{ran}");
    let path = cache.join("models/vgg19.safetensors");
    assert_eq!(ran.stdout, format!("{}\n", path.display()));
    let events: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let received: Vec<u64> = events.iter().filter_map(|event| event["bytes"].as_u64()).collect();
    assert!(received.len() > 20 && received.is_sorted(), "{ran}");
    // Only 80 of 575 MB are sent.
    assert!((80_100_000..80_200_000).contains(&server.sent()), "{} bytes", server.sent());
    assert!((80_100_000..80_110_000).contains(&fs::metadata(&path).unwrap().len()));

    // From here on the model works without a network.
    let asked = server.requests().len();
    let offline = [("IMPASTO_OFFLINE", "1"), ("IMPASTO_CACHE", cache.to_str().unwrap())];
    let shown = run(&folder, "models show vgg19", &offline);
    for words in ["vgg19", "BSD-3-Clause", "conv5_4", "conv1_1"] {
        assert!(shown.stdout.contains(words), "{words}: {shown}");
    }
    let listed = run(&folder, "models list", &offline);
    assert!(listed.stdout.contains("verified)"), "{listed}");
    // A preset that was tuned for the other training gives a note.
    let line = "plan c.png s.png --size 32 --min-size 32 --iterations 1 --preset crowson --model vgg19";
    assert_eq!(run(&folder, line, &offline).code, Some(0));
    let line =
        "stylize c.png s.png -o o.png --size 32 --min-size 32 --iterations 1 --model vgg19 --report r.json";
    for (preset, is_told) in [("gatys", true), ("crowson", false)] {
        let ran = run(&folder, &format!("{line} --preset {preset}"), &offline);
        assert_eq!(ran.stderr.contains("was tuned for vgg19-oxford weights"), is_told, "{ran}");
    }
    let half = run(&folder, "models fetch vgg19 --half", &offline);
    assert_eq!(half.stdout, format!("{}\n", cache.join("models/vgg19.f16.safetensors").display()));
    assert_eq!(server.requests().len(), asked);
}
