//! The short help, and mistakes on the command line that newcomers make.

use crate::common::Folder;

#[test]
fn the_short_help_is_short_and_has_examples() {
    let folder = Folder::with_pictures();
    for name in ["stylize", "texture", "sheet", "batch", "plan", "video"] {
        let (short, long) =
            (folder.line(&format!("{name} -h")).stdout, folder.line(&format!("{name} --help")).stdout);
        assert!(short.lines().count() < long.lines().count() / 3, "{short}");
        assert!(short.contains("--seed") && !short.contains("--keep "), "{short}");
        assert!(long.contains("--keep"), "{long}");
        assert!(short.contains(&format!("impasto {name} --help")), "{short}");
        assert!(name == "plan" || short.contains("Examples:"), "{short}");
    }
    assert!(folder.line("--help").stdout.contains("impasto stylize photo.jpg painting.jpg -o out.png"));
}

#[test]
fn options_of_other_programs_are_answered_with_ours() {
    let folder = Folder::with_pictures();
    for (theirs, ours) in [
        ("--brush-size 2", "--stroke-size"),
        ("--epochs 5", "--iterations"),
        ("--alpha 1", "--strength sets"),
        ("--alpha 1", "--content-weight"),
        ("--beta 1", "--style-weight"),
        ("--steps 100", "--iterations"),
        ("--preserve-color", "--colour keep "),
        ("--preserve_color", "--colour keep "),
        ("--keep-colors", "--colour keep "),
        ("--original_colors 1", "--colour keep "),
        ("--content_img a.jpg", "the content is the first picture"),
        ("--style_img a.jpg", "styles follow the content"),
        ("--seamless", "impasto texture"),
        ("--tileable", "impasto texture"),
        ("--tile 512", "impasto texture"),
        ("--fast", "--effort draft "),
        ("--stylesize 64", "--stroke-size"),
        ("--verbose", "--progress"),
        ("-v", "--progress"),
        ("--overwrite", "replaces an older result"),
        ("--vary seed=1", "`impasto sheet` has it"),
        ("--gpu 0", "processor"),
        ("--strngth 1", "--strength"),
        ("--stroke_size 1", "--stroke-size"),
    ] {
        let ran = folder.fails(2, &format!("stylize c.png s.png -o o.png {theirs}"));
        assert!(ran.hint().contains(ours), "{theirs}\n{ran}");
    }
    let ran = folder.fails(2, "stylize c.png s.png -o o.png --qwxzy");
    assert!(!ran.hint().contains("did you mean"), "{ran}");
    assert!(folder.fails(2, "models list --jsn").hint().contains("--json"));
    let ran = folder.fails(2, "texture s.png -o o.png --size 64x64 --tileable");
    assert!(ran.hint().starts_with("--seamless "), "{ran}");
    #[cfg(feature = "serve")]
    assert!(folder.fails(2, "serve --host 0.0.0.0").hint().starts_with("--listen "));
}

#[test]
fn long_options_with_one_dash_are_those_of_neural_style() {
    let folder = Folder::with_pictures();
    let theirs =
        "-content_image c.png -style_image s.png -output_image o.png -num_iterations 1 -image_size 48";
    let ran = folder.fails(2, &format!("stylize {theirs}"));
    let meant = format!("compat neural-style {theirs}");
    assert!(ran.hint().contains(&format!("`impasto {meant}`")), "{ran}");
    folder.succeeds(&meant);
    for (given, meant) in [
        ("-output_image x.png", "--output names"),
        ("-o x.png -num_iterations 1", "--iterations sets"),
        ("-o x.png -size 64", "with two dashes: --size"),
    ] {
        let ran = folder.fails(2, &format!("stylize c.png s.png {given}"));
        assert!(ran.hint().starts_with(meant), "{given}\n{ran}");
    }
    // A short option may have its value attached.
    folder.succeeds("stylize c.png s.png -oout.png --iterations 1");
}

#[test]
fn what_another_command_does_is_answered_with_that_command() {
    let folder = Folder::with_pictures();
    std::fs::create_dir(folder.path("photos")).unwrap();
    folder.draw("photos/a.png", 40, 30, 0.0);
    folder.write("film.mp4", b"no film");
    for (given, meant) in [
        ("stylize photos s.png -o o.png", "`impasto batch photos --style s.png -o results`"),
        ("stylize film.mp4 s.png -o o.png", "`impasto video film.mp4 s.png -o film-painted.mp4`"),
        ("stylize film.mp4 s.png -o w.mp4", "`impasto video film.mp4 s.png -o w.mp4`"),
        ("stylize c.png s.png -o w.mp4", "`impasto stylize c.png s.png -o out.png --timelapse w.mp4`"),
        ("paint c.png s.png -o o.png", "`impasto stylize`"),
    ] {
        let ran = folder.fails(2, given);
        assert!(ran.hint().contains(meant), "{given}\n{ran}");
    }
    folder.succeeds("batch photos --style s.png -o results --iterations 1");
}

#[test]
fn a_missing_command_or_output_is_answered_with_the_whole_command() {
    let folder = Folder::with_pictures();
    for (given, meant) in [
        ("c.png s.png", "impasto stylize c.png s.png -o out.png"),
        ("c.png s.png -o x.png", "impasto stylize c.png s.png -o x.png"),
        ("stylize c.png s.png", "impasto stylize c.png s.png -o out.png"),
        ("stylize c.png s.png x.png", "impasto stylize c.png s.png -o x.png"),
        ("stylize c.png s.png x.png --size 64", "impasto stylize c.png s.png -o x.png --size 64"),
        ("stylize c.png --size 64 s.png x.png", "impasto stylize c.png --size 64 s.png -o x.png"),
        ("stylize c.png x.png --size 64 s.png", "impasto stylize c.png x.png --size 64 s.png -o out.png"),
        ("c.png s.png x.png", "impasto stylize c.png s.png -o x.png"),
        ("stylize c.png out.png --size 64", "impasto stylize c.png out.png --size 64 -o out2.png"),
        ("texture s.png x.png", "impasto texture s.png -o x.png"),
        ("film.mp4 s.png", "impasto video film.mp4 s.png -o film-painted.mp4"),
        ("video film.mp4 s.png", "impasto video film.mp4 s.png -o film-painted.mp4"),
        ("video film.mp4 s.png x.mp4", "impasto video film.mp4 s.png -o x.mp4"),
        ("video frames/%d.png s.png", "impasto video frames/%d.png s.png -o painted/%04d.png"),
        ("deflicker film.mp4 painted.mp4", "impasto deflicker film.mp4 painted.mp4 -o steady.mp4"),
        ("batch c.png --style s.png", "impasto batch c.png --style s.png -o results"),
        ("batch c.png s.png -o r", "impasto batch c.png --style s.png -o r"),
        ("batch -o r c.png t.png s.png", "impasto batch -o r c.png t.png --style s.png"),
        ("batch c.png s.png", "impasto batch c.png --style s.png -o results"),
        ("stylise c.png s.png -o x.png", "impasto stylize"),
    ] {
        let ran = folder.fails(2, given);
        assert!(ran.hint().contains(&format!("`{meant}`")), "{given}\n{ran}");
    }
}

#[test]
fn numbers_with_units_are_explained() {
    let folder = Folder::with_pictures();
    for (given, meant) in [
        ("--size 500x300", "--size 500"),
        ("--size 500px", "--size 500"),
        ("--strength 50%", "--strength 0.5"),
        ("--stroke-size 2x", "--stroke-size 2"),
        ("--size 50%", "such as --size 512"),
        ("--size 2k", "--size 2000"),
        ("--size 1,024", "--size 1024"),
        ("--strength 0,6", "--strength 0.6"),
        ("--strength 60", "--strength 0.6"),
        ("--quality 90%", "--quality 90"),
    ] {
        let ran = folder.fails(2, &format!("stylize c.png s.png -o o.png {given}"));
        assert!(ran.hint().ends_with(meant), "{given}\n{ran}");
    }
}

#[test]
fn values_that_are_none_are_answered_with_the_range_and_an_example() {
    let folder = Folder::with_pictures();
    for (given, expected, meant) in [
        ("--strength abc", "expected a number from 0 to 1", "--strength 0.6"),
        ("--strength -1", "expected 0 to 1", "0 is the content"),
        ("--size -5", "pixels above 0", "--size 1024"),
        ("--size abc", "pixels above 0", "--size 1024"),
        ("--quality high", "from 1 to 100", "--quality 95"),
        ("--quality 300", "from 1 to 100", "--quality 95"),
        ("--colour original", "expected style, keep, match or luminance", "--colour keep"),
        ("--color content", "expected style, keep, match or luminance", "--colour keep"),
        ("--progress jsn", "expected bar, json or none", "--progress json"),
        ("--effort high", "no effort high", "fine"),
        ("--device cuda", "no device cuda", "--device gpu"),
        ("s.png:3", "s.png:3: 3 is no setting", "s.png:weight=3"),
    ] {
        let ran = folder.fails(2, &format!("stylize c.png s.png -o o.png {given}"));
        ran.assert_says(&[expected]);
        assert!(ran.hint().contains(meant), "{given}\n{ran}");
    }
}

#[test]
fn the_doctor_tells_what_a_report_of_a_fault_needs() {
    let folder = Folder::with_pictures();
    let told = folder.succeeds("doctor").stdout;
    for fact in ["impasto ", "features ", "instruction set ", "encoders ", "ffmpeg ", "memory for a run "] {
        assert!(told.lines().any(|line| line.starts_with(fact)), "{fact}\n{told}");
    }
    let facts: serde_json::Value = serde_json::from_str(&folder.succeeds("doctor --json").stdout).unwrap();
    assert!(facts["encoders"].as_array().unwrap().contains(&"lite".into()), "{facts}");
}

#[test]
fn shells_and_manuals_know_every_command_and_option() {
    let folder = Folder::with_pictures();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = folder.succeeds(&format!("completions {shell}")).stdout;
        assert!(script.contains("stroke-size") && script.contains("stylize"), "{shell}");
    }
    folder.succeeds("man pages");
    let page = String::from_utf8(folder.bytes("pages/impasto-stylize.1")).unwrap();
    assert!(page.contains("stroke\\-size") && page.contains("average\\-decay"), "{page}");
}
