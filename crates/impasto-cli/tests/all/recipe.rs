//! A result carries the content's EXIF and print size, and its recipe. `show` prints the recipe, and `--like` repeats
//! it.
#![allow(clippy::unwrap_used)] // a failing test

use crate::common::{Folder, RUN, waves};
use impasto::image::{Density, Encoding, Format, Metadata, save};

/// Returns a block of EXIF with an artist and a latitude (CIPA DC-008): little-endian, with two directories.
fn exif() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    block.extend(entry(0x013b, 2, 4, *b"Ann\0"));
    block.extend(entry(0x8825, 4, 1, 38u32.to_le_bytes()));
    block.extend([0; 4]);
    block.extend([1, 0]);
    block.extend(entry(1, 2, 2, *b"N\0\0\0"));
    block.extend([0; 4]);
    block
}

fn photograph(folder: &Folder) {
    let metadata =
        Metadata { exif: Some(exif()), density: Some(Density { x: 240.0, y: 240.0 }), recipe: None };
    let encoding = Encoding { metadata, keep_gps: true, ..Encoding::default() };
    save(&folder.path("photo.jpg"), &waves(48, 36, 0.0), None, &encoding).unwrap();
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn exif_and_print_size_are_kept_and_the_place_is_not() {
    let folder = Folder::with_pictures();
    photograph(&folder);
    let place = |name: &str| {
        let exif = folder.decoded(name).metadata.exif.unwrap();
        assert!(contains(&exif, b"Ann"), "{name}");
        contains(&exif, b"N\0")
    };
    assert!(place("photo.jpg"));
    for name in ["o.png", "o.jpg", "o.tif", "o.webp"] {
        folder.succeeds(&format!("stylize photo.jpg s.png -o {name} --iterations 1"));
        assert!(!place(name), "{name}");
        assert_eq!(folder.decoded(name).metadata.density, Some(Density { x: 240.0, y: 240.0 }), "{name}");
        folder.succeeds(&format!("stylize photo.jpg s.png -o {name} --iterations 1 --keep-gps"));
        assert!(place(name), "{name}");
        folder.succeeds(&format!("stylize photo.jpg s.png -o {name} --iterations 1 --no-metadata"));
        assert_eq!(folder.decoded(name).metadata, Metadata::default(), "{name}");
        assert!(!contains(&folder.bytes(name), b"impasto"), "{name}");
    }
    let ran = folder.succeeds("stylize photo.jpg s.png -o o.qoi --iterations 1");
    ran.assert_says(&["QOI holds no EXIF", "QOI holds no recipe"]);
    folder
        .fails(2, "stylize photo.jpg s.png -o o.bmp --iterations 1 --keep-gps")
        .assert_says(&["BMP", "hint: "]);
}

#[test]
fn the_recipe_is_shown_and_repeated() {
    let folder = Folder::with_pictures();
    let options = "--preset gatys --size 40 --iterations 3 --style-weight 700 --style-weights 1,2 --init noise \
                   --seed 9 --style-layers relu1_1,relu2_1 --half --resize gamma --depth 8";
    for format in Format::all().filter(|format| format.holds_recipe()) {
        let name = format!("o.{}", format.extension());
        // OpenEXR has only floats.
        let options =
            if format == Format::OpenExr { options.replace("--depth 8", "") } else { options.into() };
        folder.succeeds(&format!("stylize c.png s.png t.png -o {name} {options}"));
        let shown = folder.succeeds(&format!("show {name}")).stdout;
        let first = shown.lines().next().unwrap();
        assert!(first.starts_with("impasto stylize c.png s.png t.png -o OUT "), "{first}");
        for part in [
            "--preset gatys",
            "--style-weights 1.0,2.0",
            "--init noise",
            "--seed 9",
            "--half",
            "--resize gamma",
        ] {
            assert!(first.contains(part), "{part}: {first}");
        }
        // The summary has few lines; `--all` has every value.
        for part in
            ["content     c.png", "styles      s.png, t.png", "preset      gatys", "size        40x30"]
        {
            assert!(shown.contains(part) && shown.lines().count() < 14, "{part}: {shown}");
        }
        let all = folder.succeeds(&format!("show {name} --all")).stdout;
        assert!(all.contains("recipe.optimizer") && all.contains("encoder.sha256"), "{all}");
        assert_eq!(all.lines().next(), Some(first));
        // Both `--like` and the command that `show` prints give the same bytes again.
        let again = format!("again.{}", format.extension());
        folder.succeeds(&format!("stylize c.png s.png t.png -o {again} --like {name}"));
        assert!(folder.bytes(&name) == folder.bytes(&again), "{name}");
        let command = first.strip_prefix("impasto ").unwrap().replace("OUT", &again);
        folder.succeeds(&command);
        assert!(folder.decoded(&name).picture == folder.decoded(&again).picture, "{name}");
    }
    let json = folder.succeeds("show o.png --json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["options"]["run"]["objective"]["style_weight"], 700.0);
    assert_eq!(json["content"]["name"], "c.png");
}

#[test]
fn options_beside_like_count_more() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png -o o.png --size 40 --iterations 3 --seed 4 --preset gatys");
    folder.succeeds("stylize t.png s.png -o p.png --like o.png --seed 0 --iterations 2 --keep last");
    let first = folder.succeeds("show p.png").stdout;
    let first = first.lines().next().unwrap();
    assert_eq!(
        first,
        "impasto stylize t.png s.png -o OUT --iterations 2 --keep last --preset gatys --size 40"
    );
    // Options from a recipe are checked like options on the command line.
    folder
        .fails(2, "stylize c.png s.png t.png -o p.png --like o.png --style-weights 1")
        .assert_says(&["--style-weights"]);
}

#[test]
fn a_recipe_switches_on_nothing_that_is_about_one_file() {
    let folder = Folder::with_pictures();
    photograph(&folder);
    folder.succeeds("stylize photo.jpg s.png -o a.jpg --iterations 1 --keep-gps --quality 80 --threads 1");
    folder.succeeds("stylize photo.jpg s.png -o b.jpg --like a.jpg");
    let exif = folder.decoded("b.jpg").metadata.exif.unwrap();
    assert!(contains(&exif, b"Ann") && !contains(&exif, b"N\0"));
    let ran = folder.succeeds("stylize photo.jpg s.png -o b.png --like a.jpg");
    ran.assert_says(&["--quality of the recipe is not for PNG"]);
    folder.succeeds("stylize c.png s.png -o a.dat --iterations 1 --format png --depth 16");
    let ran = folder.succeeds("stylize c.png s.png -o b.webp --like a.dat");
    ran.assert_says(&["--depth of the recipe is not for WebP"]);
    assert!(folder.bytes("b.webp").starts_with(b"RIFF"));
    let ran = folder.fails(2, "stylize c.png s.png -o c2.png --like a.jpg --report a.jpg");
    ran.assert_says(&["--report and --like"]);
}

#[test]
fn a_recipe_that_jpeg_has_no_room_for_is_left_out_and_that_is_said() {
    let folder = Folder::with_pictures();
    // One style has many long names.
    let names: Vec<String> = (0..130).map(|i| format!("{}{i:03}.png", "\u{6f22}".repeat(70))).collect();
    let bytes = folder.bytes("s.png");
    names.iter().for_each(|name| folder.write(name, &bytes));
    let line = |output: &str| format!("stylize c.png {} -o {output} --iterations 1", names.join(" "));
    folder.succeeds(&line("o.jpg")).assert_says(&["no room for a recipe"]);
    assert_eq!(folder.decoded("o.jpg").metadata.recipe, None);
    folder.succeeds(&line("o.png"));
    assert!(folder.decoded("o.png").metadata.recipe.is_some());
}

#[test]
fn other_weights_under_the_same_name_are_noted() {
    let folder = Folder::with_pictures();
    let lite = include_bytes!("../../../impasto-encoder/src/lite.safetensors");
    folder.write("m.safetensors", lite);
    folder.succeeds("stylize c.png s.png -o a.png --iterations 1 --model m.safetensors");
    let again = "stylize c.png s.png -o b.png --like a.png";
    assert!(!folder.succeeds(again).stderr.contains("other weights"));
    // Only the last of all weights is changed.
    let mut other = lite.to_vec();
    let last = other.len() - 1;
    other[last] ^= 0x80;
    folder.write("m.safetensors", &other);
    folder.succeeds(again).assert_says(&["other weights than m.safetensors"]);
}

#[test]
fn settings_of_styles_and_colours_come_along() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png:weight=5 t.png:scale=0.8,rotate=10 -o a.png --iterations 2 --colour match --colour-map pca");
    folder.succeeds("stylize c.png s.png t.png -o b.png --like a.png");
    assert_eq!(folder.bytes("a.png"), folder.bytes("b.png"));
    let ran = folder.succeeds("stylize c.png s.png -o c2.png --like a.png --colour keep");
    ran.assert_says(&["another number of styles"]);
    folder.succeeds("stylize c.png s.png t.png -o a.png --iterations 2 --style-weights 3,1");
    folder.succeeds("stylize c.png s.png:weight=2 t.png -o b.png --like a.png");
    let shown = folder.succeeds("show b.png").stdout;
    assert!(shown.starts_with("impasto stylize c.png s.png:weight=2 t.png -o OUT"), "{shown}");
    folder
        .fails(2, "stylize c.png s.png t.png -o b.png --like a.png --plot a.png")
        .assert_says(&["--plot and --like"]);
}

#[test]
fn pictures_without_a_recipe_and_with_a_strange_one() {
    let folder = Folder::with_pictures();
    folder.fails(2, "show c.png").assert_says(&["c.png", "carries no recipe", "hint: "]);
    folder.fails(2, "show missing.png").assert_says(&["no such file"]);
    folder.fails(2, "stylize c.png s.png -o o.png --like s.png").assert_says(&[
        "--like",
        "s.png",
        "no recipe",
    ]);
    let with = |recipe: &str| {
        let metadata = Metadata { recipe: Some(recipe.into()), ..Metadata::default() };
        let encoding = Encoding { metadata, ..Encoding::default() };
        save(&folder.path("r.png"), &waves(20, 20, 0.0), None, &encoding).unwrap();
    };
    for strange in ["", "{", "[]", "{\"steps\": 20}"] {
        with(strange);
        folder.fails(2, "show r.png").assert_says(&["no recipe"]);
    }
    for (damaged, says) in [
        ("{\"impasto\": \"0.1.0\"}", "no options"),
        ("{\"impasto\": \"0.1.0\", \"options\": {\"run\": {\"magic\": 1}}}", "magic"),
        ("{\"impasto\": \"0.1.0\", \"options\": {\"run\": {\"seed\": \"x\"}}}", "damaged"),
        ("{\"impasto\": \"0.1.0\", \"options\": {\"run\": 5}}", "damaged"),
        (
            "{\"impasto\": \"0.1.0\", \"options\": {\"run\": {\"objective\": {\"preset\": \"none such\"}}}}",
            "none such",
        ),
    ] {
        with(damaged);
        folder.fails(2, "stylize c.png s.png -o o.png --like r.png").assert_says(&[says]);
    }
    assert!(!folder.has("victim") && !folder.has("o.png"));
    let evil = "{\"impasto\": \"\\u001b[31m\", \"content\": {\"name\": \"--report=x\"}, \"options\": {\"run\": {\"x; touch y\": 1}}}";
    with(evil);
    let shown = folder.succeeds("show r.png").stdout;
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(shown.lines().next(), Some("impasto stylize ./--report=x -o OUT"));
    with("{\"impasto\": \"9.0.0\", \"options\": {\"run\": {\"iterations\": 1}}}");
    folder.succeeds("stylize c.png s.png -o o.png --like r.png").assert_says(&["impasto 9.0.0"]);
    folder.succeeds("show r.png");
}

#[test]
fn only_names_of_files_travel() {
    let folder = Folder::with_pictures();
    folder
        .write("secret-weights.safetensors", include_bytes!("../../../impasto-encoder/src/lite.safetensors"));
    let here = folder.path(".").canonicalize().unwrap();
    let here = here.display();
    folder.succeeds(&format!(
        "stylize {here}/c.png {here}/s.png -o o.png --iterations 1 --model {here}/secret-weights.safetensors --init {here}/t.png"
    ));
    let shown = folder.succeeds("show o.png --json").stdout;
    assert!(!shown.contains(&here.to_string()), "{shown}");
    assert!(shown.contains("secret-weights.safetensors") && shown.contains("t.png"), "{shown}");
}

#[test]
fn formats_and_limits_that_are_asked_for() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png -o o.picture --iterations 1 --format webp");
    assert!(folder.bytes("o.picture").starts_with(b"RIFF"));
    folder.succeeds("stylize c.png s.png -o o.exr --iterations 1");
    folder.succeeds("stylize o.exr s.png -o o.tif --iterations 1");
    folder.fails(2, "stylize o.exr s.png -o o.png --iterations 1").assert_says(&[
        "32 bits",
        "PNG holds 16",
        ".tif or .exr",
    ]);
    folder.succeeds("stylize o.exr s.png -o o.png --iterations 1 --depth 16");
    folder.succeeds("stylize c.png s.png -o o.tif --iterations 1 --depth 32");
    folder
        .fails(2, "stylize c.png s.png -o o.exr --iterations 1 --depth 8")
        .assert_says(&["--depth 8", "OpenEXR holds 32"]);
    folder.fails(2, "stylize c.png s.png -o o.png --format gif").assert_says(&["--format gif", "png, jpg"]);
    folder.fails(2, "stylize c.png s.png -o o.xyz").assert_says(&[".xyz", "--format"]);
    for (limits, says) in
        [("side=47", "47 pixels a side"), ("megapixels=0.001", "0.001 megapixels"), ("file=100", "0.0001 MB")]
    {
        let ran = folder.fails(2, &format!("{RUN} --limits {limits}"));
        ran.assert_says(&["too large", says]);
        // The hint has the value that would do.
        let (_, would_do) = ran.hint().split_once("or give --limits ").unwrap();
        folder.succeeds(&format!("{RUN} --limits {would_do}"));
    }
    folder.fails(2, &format!("{RUN} --limits five")).assert_says(&["--limits", "five", "hint: "]);
    folder.succeeds(&format!("{RUN} --limits none"));
    folder.fails(2, "plan c.png s.png --limits side=9").assert_says(&["9 pixels a side"]);
}

#[test]
fn a_preview_needs_a_terminal() {
    let folder = Folder::with_pictures();
    let ran = folder.succeeds(&format!("{RUN} --preview"));
    ran.assert_says(&["no preview", "no terminal"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn the_first_of_several_pictures_is_taken_and_that_is_said() {
    let folder = Folder::with_pictures();
    let gif = |frames: usize| {
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        let samples: Vec<u8> = waves(40, 30, 1.0).rgb().iter().map(|value| (value * 255.0) as u8).collect();
        (0..frames).for_each(|_| encoder.encode(&samples, 40, 30, image::ExtendedColorType::Rgb8).unwrap());
        drop(encoder);
        bytes
    };
    for (frames, said) in [(1, false), (2, true)] {
        folder.write("a.gif", &gif(frames));
        let ran = folder.succeeds("stylize c.png a.gif -o o.png --iterations 1");
        assert_eq!(ran.stderr.contains("a.gif holds several pictures; the first is taken"), said, "{ran}");
    }
}
