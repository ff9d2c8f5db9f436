//! The page of options (docs/options.md) and the command's own help agree: names in both directions, and defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

use crate::common::Folder;

static PAGE: LazyLock<String> = LazyLock::new(|| {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/options.md")).unwrap()
});

/// Options of the page that no help lists as such, with the reason.
const NOT_IN_HELP: [&str; 1] = ["--color"]; // another spelling of `--colour`

/// The options of a command, each with its part of the help.
type Options = BTreeMap<String, String>;

/// Returns the options of every command, by its name; `models list` and so on count as commands. Commands of other
/// programs are in docs/compat.md, which `compat.rs` compares.
fn helps() -> BTreeMap<String, Options> {
    let folder = Folder::new();
    let subcommands = |prefix: &str| -> Vec<String> {
        let help = folder.succeeds(&format!("{prefix} --help")).stdout;
        let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        let entries = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = entries.map(|line| line.split_whitespace().next().unwrap());
        names
            .filter(|name| *name != "help")
            .map(|name| format!("{prefix} {name}").trim().to_owned())
            .collect()
    };
    let (groups, commands): (Vec<_>, Vec<_>) =
        subcommands("").into_iter().partition(|name| ["models", "compat"].contains(&name.as_str()));
    assert_eq!(groups.len(), 2);
    let all = commands.into_iter().chain(subcommands("models"));
    all.map(|name| (name.clone(), options(&folder.succeeds(&format!("{name} --help")).stdout))).collect()
}

/// Returns the options in the text of a help.
fn options(help: &str) -> Options {
    let mut found = Options::new();
    let mut current = None;
    for line in help.lines() {
        let indent = line.len() - line.trim_start().len();
        let short = line.trim_start().strip_prefix('-').and_then(|rest| rest.split_once(", "));
        let start = match short {
            Some((letter, long)) if letter.len() == 1 => long,
            _ => line.trim_start(),
        };
        if indent <= 6 && start.starts_with("--") {
            current = names(start).into_iter().next();
        } else if indent == 0 && !line.is_empty() {
            current = None;
        }
        if let Some(name) = &current {
            let text = found.entry(name.clone()).or_default();
            text.push_str(line.trim());
            text.push(' ');
        }
    }
    found
}

/// Returns all `--names` in a text, in order.
fn names(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
    let starts = text.match_indices("--").map(|(at, _)| at);
    let starts = starts.filter(|&at| !text[..at].ends_with(is_name));
    let names = starts.map(|at| text[at..].split(|c| !is_name(c)).next().unwrap().trim_end_matches('-'));
    names.filter(|name| name.len() > 2).map(str::to_owned).collect()
}

/// Returns the sections of the page by their headings, without backticks.
fn sections() -> BTreeMap<String, &'static str> {
    let sections = PAGE.split("\n## ").skip(1);
    sections.map(|section| (section.lines().next().unwrap().replace('`', ""), section)).collect()
}

/// Returns the rows of the tables in a section, as cells.
fn rows(section: &str) -> Vec<Vec<String>> {
    let lines = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| option"));
    let cells = lines.map(|line| line.replace("\\|", "/"));
    cells.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn drift_of_options_every_option_is_on_the_page_and_every_option_of_the_page_exists() {
    let helps = helps();
    assert!(helps.len() > 15, "{:?}", helps.keys());
    let exist: BTreeSet<_> = helps.values().flat_map(|options| options.keys().cloned()).collect();
    let named: BTreeSet<_> = names(&PAGE).into_iter().collect();
    let missing: Vec<_> = exist.difference(&named).collect();
    assert!(missing.is_empty(), "options that docs/options.md does not name: {missing:?}");
    let gone: Vec<_> =
        named.difference(&exist).filter(|name| !NOT_IN_HELP.contains(&name.as_str())).collect();
    assert!(gone.is_empty(), "options of docs/options.md that no command has: {gone:?}");
}

#[test]
fn drift_of_options_a_row_of_a_commands_section_names_options_of_that_command() {
    let (helps, sections) = (helps(), sections());
    let shared = ["Regions", "The objective", "Pictures"].map(|heading| ("stylize", heading.to_owned()));
    let own = helps.keys().map(|name| (name.as_str(), format!("impasto {name}")));
    let mut rows_seen = 0;
    for (command, heading) in own.chain(shared) {
        let Some(section) = sections.get(&heading) else {
            // A command may be explained elsewhere; a table that all painters share has to be there.
            assert!(heading.starts_with("impasto "), "docs/options.md has no section {heading}");
            continue;
        };
        for row in rows(section) {
            for name in names(&row[0]) {
                let known = helps[command].contains_key(&name);
                assert!(known || NOT_IN_HELP.contains(&name.as_str()), "{heading}: {command} has no {name}");
                rows_seen += 1;
            }
        }
    }
    assert!(rows_seen > 80, "{rows_seen} rows");
}

/// A default that the help states as a number or a single word is in the page's column of defaults.
#[test]
fn drift_of_options_defaults_of_the_page_are_those_of_the_help() {
    let (helps, sections) = (helps(), sections());
    let mut compared = 0;
    for (command, options) in &helps {
        let Some(section) = sections.get(&format!("impasto {command}")) else { continue };
        for row in rows(section).iter().filter(|row| row.len() == 4 && !row[2].is_empty()) {
            let named = names(&row[0]);
            let [name] = &named[..] else { continue };
            let Some(stated) = options.get(name).and_then(|text| text.split("[default: ").nth(1)) else {
                continue;
            };
            let stated = stated.split(']').next().unwrap();
            let first = stated.split([',', ' ']).next().unwrap();
            if stated == first || first.contains(|c: char| c.is_ascii_digit()) {
                assert!(row[2].contains(first), "{command} {name}: `{first}` in the help, `{}` here", row[2]);
                compared += 1;
            }
        }
    }
    assert!(compared > 15, "{compared} defaults");
}

/// Defaults that the help leaves to the preset: the page states those of a run.
#[test]
fn drift_of_options_defaults_of_the_preset_are_those_of_a_run() {
    let folder = Folder::with_pictures();
    folder.succeeds("stylize c.png s.png -o o.png --iterations 1 --report run.json");
    let recipe = folder.json("run.json")["recipe"].clone();
    let rows = rows(sections()["impasto stylize"]);
    for (option, value) in [("--plateau", "plateau"), ("--average-decay", "average_decay")] {
        let row = rows.iter().find(|row| names(&row[0]).contains(&option.to_owned())).unwrap();
        let value = recipe[value].to_string();
        assert!(row[2].starts_with(&format!("{value} for `impasto`")), "{option}: {value}, here {}", row[2]);
    }
}
