//! Shared code of the command's tests: folders with small pictures, and the command. No test depends on the machine's
//! speed. Each test waits for the events that must come first.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failing test

mod disk;
mod running;

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto::Picture;
use impasto::image::{Decoded, Depth, Encoding, Plane, open, save};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use disk::{in_small_file_system, skip};
pub(crate) use running::Running;

/// Time after which a wait fails. Nothing that works takes this long on any machine.
const PATIENCE: Duration = Duration::from_secs(600);

// === Folders with pictures ===

/// A temporary folder. Commands run with it as the current folder.
pub(crate) struct Folder {
    folder: TempDir,
    /// A program and its options that run the command. It is empty if the command runs directly.
    through: Vec<&'static str>,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder { folder: TempDir::new().unwrap(), through: Vec::new() }
    }

    /// Makes later commands run without root's privileges. Returns `false` if that is impossible here.
    pub(crate) fn give_up_privileges(&mut self) -> bool {
        self.through = vec!["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
        let through = Command::new(self.through[0]).args(&self.through[1..]).arg("true").output();
        through.is_ok_and(|output| output.status.success())
    }

    /// Makes a folder with the content `c.png` (48x36) and the styles `s.png` (40x56) and `t.png` (44x44).
    pub(crate) fn with_pictures() -> Folder {
        let folder = Folder::new();
        folder.draw("c.png", 48, 36, 0.0);
        folder.draw("s.png", 40, 56, 1.0);
        folder.draw("t.png", 44, 44, 2.0);
        folder
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn draw(&self, name: impl AsRef<Path>, width: usize, height: usize, kind: f32) {
        save(&self.path(name), &waves(width, height, kind), None, &Encoding::default()).unwrap();
    }

    pub(crate) fn draw_16_bits(&self, name: &str, picture: &Picture) {
        let encoding = Encoding { depth: Depth::Sixteen, ..Encoding::default() };
        save(&self.path(name), picture, None, &encoding).unwrap();
    }

    pub(crate) fn draw_transparent(&self, name: &str, width: usize, height: usize) {
        let data = (0..width * height).map(|i| (i % width) as f32 / (width - 1) as f32).collect();
        let alpha = Plane::new(width, height, data).unwrap();
        save(&self.path(name), &waves(width, height, 0.0), Some(&alpha), &Encoding::default()).unwrap();
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn bytes(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).unwrap()
    }

    pub(crate) fn decoded(&self, name: impl AsRef<Path>) -> Decoded {
        open(&self.path(name)).unwrap()
    }

    pub(crate) fn has(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Returns the names of all files in the folder in order, hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = match &self.through[..] {
            [] => impasto(args),
            [program, options @ ..] => {
                let mut command = prepared(Command::new(program));
                command.args(options).arg(env!("CARGO_BIN_EXE_impasto")).args(args);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        finish(self.command(args))
    }

    /// Runs a command from a line of words. For names with spaces there is [`run`](Folder::run).
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }

    /// Runs a [`line`](Folder::line) that must succeed.
    pub(crate) fn succeeds(&self, line: &str) -> Ran {
        let ran = self.line(line);
        assert_eq!(ran.code, Some(0), "{line}\n{ran}");
        ran
    }

    /// Runs a [`line`](Folder::line) that must fail with this code and a proper error.
    pub(crate) fn fails(&self, code: i32, line: &str) -> Ran {
        let before = self.names();
        let ran = self.line(line);
        ran.assert_failed(code, line);
        assert_eq!(self.names(), before, "{line}: files came or went\n{ran}");
        ran
    }
}

/// Draws waves of several lengths and colours. Another `kind` gives other waves. Values are within 0..1, and no large
/// area is flat.
pub(crate) fn waves(width: usize, height: usize, kind: f32) -> Picture {
    let rgb = (0..3 * width * height)
        .map(|i| {
            let channel = (i / (width * height)) as f32;
            let (x, y) = ((i % width) as f32, (i / width % height) as f32);
            let slow = (x * (0.11 + 0.05 * kind) + y * 0.07 + channel * 2.0 + kind).sin();
            let fast = (x * 0.9 - y * (1.3 - 0.2 * kind) + channel).sin();
            0.5 + 0.3 * slow + 0.15 * fast
        })
        .collect();
    Picture::new(width, height, rgb).unwrap()
}

/// Returns the largest difference of two pictures of one size, in 8-bit steps.
pub(crate) fn largest_difference(a: &Picture, b: &Picture) -> f32 {
    assert_eq!(a.size(), b.size());
    a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) * 255.0
}

// === The command ===

/// Returns the command, without colours and without a standard input.
pub(crate) fn impasto<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = prepared(Command::new(env!("CARGO_BIN_EXE_impasto")));
    command.args(args);
    command
}

fn prepared(mut command: Command) -> Command {
    command.env("NO_COLOR", "1").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

/// The exit code and the output of a command that has ended.
pub(crate) struct Ran {
    /// The exit code, or `None` if a signal ended the command.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "code: {:?}\nstdout: {}\nstderr: {}", self.code, self.stdout, self.stderr)
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Checks for a proper error: the code, an `error:` line, nothing on stdout, and no trace of a panic.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: i32, what: &str) {
        assert_eq!(self.code, Some(code), "{what}\n{self}");
        assert!(self.stderr.lines().any(|line| line.starts_with("error: ")), "{what}\n{self}");
        assert!(
            !self.stderr.contains("panicked") && !self.stderr.contains("internal error"),
            "{what}\n{self}"
        );
        assert_eq!(self.stdout, "", "{what}");
    }

    /// Checks that stderr has these words, for example in the `error:` and `hint:` lines.
    #[track_caller]
    pub(crate) fn assert_says(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in\n{self}");
        }
    }

    /// Returns the text of the `hint:` line, or an empty text.
    pub(crate) fn hint(&self) -> &str {
        self.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default()
    }

    /// Returns the `step` objects of `--progress json`.
    pub(crate) fn steps(&self) -> Vec<Value> {
        let objects = self.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        objects.filter(|object| object["event"] == "step").collect()
    }
}

/// Runs the command to its end.
pub(crate) fn finish(mut command: Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let readers = [thread::spawn(|| read_all(stdout)), thread::spawn(|| read_all(stderr))];
    let code = wait(&mut child);
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
    Ran { code, stdout, stderr }
}

fn read_all(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the end and returns the exit code, or `None` if a signal ended the command.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let mut code = None;
    wait_until("the end of the command", || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    code.and_then(|status| status.code())
}

/// Waits until `happened` is true. Fails after [`PATIENCE`].
pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A quick run of the usual pictures.
pub(crate) const RUN: &str = "stylize c.png s.png -o o.png --iterations 2";

/// Returns the picture of a quick run with these options.
pub(crate) fn painted(folder: &Folder, options: &str) -> Picture {
    folder.succeeds(&format!("{RUN} {options}"));
    folder.decoded("o.png").picture
}

/// Returns the report of a quick run with these options.
pub(crate) fn report(folder: &Folder, options: &str) -> Value {
    folder.succeeds(&format!("{RUN} --report r.json {options}"));
    folder.json("r.json")
}

/// Returns `(width, height, iterations)` of each scale.
pub(crate) fn scales(report: &Value) -> Vec<(u64, u64, u64)> {
    let number = |scale: &Value, key: &str| scale[key].as_u64().unwrap();
    let scales = report["scales"].as_array().unwrap().iter();
    scales.map(|s| (number(s, "width"), number(s, "height"), number(s, "iterations"))).collect()
}

/// A folder with the usual pictures and an older result. No mistake may change the older result.
pub(crate) struct Older(pub(crate) Folder);

impl Older {
    pub(crate) fn new() -> Older {
        let folder = Folder::with_pictures();
        folder.write("o.png", b"an older result");
        Older(folder)
    }

    #[track_caller]
    pub(crate) fn fails(&self, code: i32, line: &str) -> Ran {
        let ran = self.0.fails(code, &format!("{line} --progress json"));
        assert!(ran.steps().is_empty(), "{line}: found out after the work\n{ran}");
        assert_eq!(self.0.bytes("o.png"), b"an older result", "{line}");
        ran
    }
}
