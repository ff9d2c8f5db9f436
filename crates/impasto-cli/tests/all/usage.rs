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
        ("--alpha 1", "--content-weight"),
        ("--beta 1", "--style-weight"),
        ("--steps 100", "--iterations"),
        ("--preserve-color", "--colour"),
        ("--preserve_color", "--colour"),
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
}

#[test]
fn a_missing_command_or_output_is_answered_with_the_whole_command() {
    let folder = Folder::with_pictures();
    for (given, meant) in [
        ("c.png s.png", "impasto stylize c.png s.png -o out.png"),
        ("c.png s.png -o x.png", "impasto stylize c.png s.png -o x.png"),
        ("stylize c.png s.png", "impasto stylize c.png s.png -o out.png"),
        ("stylize c.png s.png x.png", "impasto stylize c.png s.png -o x.png"),
        ("texture s.png x.png", "impasto texture s.png -o x.png"),
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
    ] {
        let ran = folder.fails(2, &format!("stylize c.png s.png -o o.png {given}"));
        assert!(ran.hint().ends_with(meant), "{given}\n{ran}");
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
