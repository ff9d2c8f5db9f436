//! What the tests of the command share: folders with small pictures in them, and the command, run with a time limit.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failing test

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use impasto::Picture;
use impasto::image::{Decoded, Depth, Encoding, Plane, open, save};
use serde_json::Value;
use tempfile::TempDir;

/// No command of these tests takes nearly as long.
const LIMIT: Duration = Duration::from_secs(40);

// === Folders with pictures ===

/// A temporary folder, which is the current folder of the commands that run in it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(TempDir::new().unwrap())
    }

    /// With a content picture `c.png` of 48x36, styles `s.png` of 40x56 and `t.png` of 44x44.
    pub(crate) fn with_pictures() -> Folder {
        let folder = Folder::new();
        folder.draw("c.png", 48, 36, 0.0);
        folder.draw("s.png", 40, 56, 1.0);
        folder.draw("t.png", 44, 44, 2.0);
        folder
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
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

    /// Everything in the folder, hidden files too, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = impasto(args);
        command.current_dir(self.0.path());
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        finish(self.command(args))
    }

    /// Runs a line of words; names with spaces need [`run`](Folder::run).
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }

    /// As [`line`](Folder::line), and it shall succeed.
    pub(crate) fn succeeds(&self, line: &str) -> Ran {
        let ran = self.line(line);
        assert_eq!(ran.code, Some(0), "{line}\n{ran}");
        ran
    }

    /// As [`line`](Folder::line), and it shall fail in an orderly way, with this code.
    pub(crate) fn fails(&self, code: i32, line: &str) -> Ran {
        let before = self.names();
        let ran = self.line(line);
        ran.assert_failed(code, line);
        assert_eq!(self.names(), before, "{line}: files came or went\n{ran}");
        ran
    }
}

/// Waves of several lengths and colours, other ones for another `kind`; within 0..1, without large flat areas.
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

/// The largest difference of two pictures of one size, in steps of 8 bits.
pub(crate) fn largest_difference(a: &Picture, b: &Picture) -> f32 {
    assert_eq!(a.size(), b.size());
    a.rgb().iter().zip(b.rgb()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) * 255.0
}

// === The command ===

/// The command, quiet about colours and without a standard input to wait for.
pub(crate) fn impasto<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_impasto"));
    command.args(args).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

/// What a command left behind.
pub(crate) struct Ran {
    /// `None` when a signal ended it.
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

    /// An error in the user's terms: the code, an `error:` line, nothing on stdout, no trace of a panic.
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

    /// The `error:` and `hint:` lines hold these words.
    #[track_caller]
    pub(crate) fn assert_says(&self, words: &[&str]) {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in\n{self}");
        }
    }

    /// The `hint:` line, empty if there is none.
    pub(crate) fn hint(&self) -> &str {
        self.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default()
    }

    /// The JSON objects of `--progress json` that tell of steps.
    pub(crate) fn steps(&self) -> Vec<Value> {
        let objects = self.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        objects.filter(|object| object["event"] == "step").collect()
    }
}

/// Waits for the command; ends it and fails if that takes too long.
pub(crate) fn finish(mut command: Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let readers = [thread::spawn(|| read_all(stdout)), thread::spawn(|| read_all(stderr))];
    let code =
        wait(&mut child, LIMIT).unwrap_or_else(|| panic!("still running after {LIMIT:?}: {command:?}"));
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
    Ran { code, stdout, stderr }
}

fn read_all(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The exit code (`None` in it: ended by a signal); `None` and the end of it if it takes longer than `limit`.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code());
        }
        if start.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

// === Commands in progress ===

/// A command whose stderr is read line by line.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: BufReader<ChildStderr>,
    seen: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Running { child, lines, seen: String::new() }
    }

    /// Reads on up to the line that this is true of.
    pub(crate) fn read_until(&mut self, wanted: impl Fn(&str) -> bool) {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                panic!("ended before the line that was waited for:\n{}", self.seen);
            }
            self.seen.push_str(&line);
            if wanted(&line) {
                return;
            }
        }
    }

    /// The command, with nobody reading its stderr any more.
    pub(crate) fn into_child(self) -> Child {
        self.child
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success(), "kill -s {name} {id}");
    }

    /// Waits for the end, which shall come within `limit`.
    pub(crate) fn end_within(mut self, limit: Duration) -> Ran {
        let (start, patience) = (Instant::now(), limit + Duration::from_secs(8));
        // The pipe holds far more than what is said at the end.
        let code = wait(&mut self.child, patience)
            .unwrap_or_else(|| panic!("still running {patience:?} after the signal:\n{}", self.seen));
        let took = start.elapsed();
        self.lines.read_to_string(&mut self.seen).unwrap();
        assert!(took <= limit, "took {took:?} instead of {limit:?}:\n{}", self.seen);
        Ran { code, stdout: String::new(), stderr: self.seen }
    }
}

/// Says that a test could not do its work here; past the harness, which hides what passing tests print.
pub(crate) fn skip(test: &str, why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {}", why.trim());
}

/// Runs a script with the command as `$0`, in a new, empty file system of a few kilobytes, mounted on the folder `m`;
/// `None` where the system does not let us.
pub(crate) fn in_small_file_system(folder: &Folder, test: &str, script: &str) -> Option<Ran> {
    fs::create_dir(folder.path("m")).unwrap();
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.arg(env!("CARGO_BIN_EXE_impasto")).current_dir(folder.path(".")).stdin(Stdio::null());
        command.output()
    };
    const MOUNT: &str = "mount -t tmpfs -o size=32k tmpfs m";
    match run(MOUNT) {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            skip(test, &String::from_utf8_lossy(&output.stderr));
            return None;
        }
        Err(error) => {
            skip(test, &error.to_string());
            return None;
        }
    }
    Some(Ran::of(run(&format!("{MOUNT} && {script}")).unwrap()))
}

/// A quick run of the usual pictures.
pub(crate) const RUN: &str = "stylize c.png s.png -o o.png --iterations 2";

/// The picture that a quick run with these options writes.
pub(crate) fn painted(folder: &Folder, options: &str) -> Picture {
    folder.succeeds(&format!("{RUN} {options}"));
    folder.decoded("o.png").picture
}

/// The report of a quick run with these options.
pub(crate) fn report(folder: &Folder, options: &str) -> Value {
    folder.succeeds(&format!("{RUN} --report r.json {options}"));
    folder.json("r.json")
}

/// `(width, height, iterations)` of each scale.
pub(crate) fn scales(report: &Value) -> Vec<(u64, u64, u64)> {
    let number = |scale: &Value, key: &str| scale[key].as_u64().unwrap();
    let scales = report["scales"].as_array().unwrap().iter();
    scales.map(|s| (number(s, "width"), number(s, "height"), number(s, "iterations"))).collect()
}

/// The pictures, and an older result that must survive every mistake.
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
