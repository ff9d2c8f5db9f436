//! What the tests of the command share: folders with small pictures in them, and the command. No test counts on the speed of the
//! machine: what has to happen first is waited for.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failing test

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use impasto::Picture;
use impasto::image::{Decoded, Depth, Encoding, Plane, open, save};
use serde_json::Value;
use tempfile::TempDir;

/// What takes so long is stuck, on any machine.
const PATIENCE: Duration = Duration::from_secs(600);

// === Folders with pictures ===

/// A temporary folder, which is the current folder of the commands that run in it.
pub(crate) struct Folder {
    folder: TempDir,
    /// A program, with options, that runs the command.
    through: Vec<&'static str>,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder { folder: TempDir::new().unwrap(), through: Vec::new() }
    }

    /// Runs commands without what root may do beyond others; `false` if that cannot be.
    pub(crate) fn give_up_privileges(&mut self) -> bool {
        self.through = vec!["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
        let through = Command::new(self.through[0]).args(&self.through[1..]).arg("true").output();
        through.is_ok_and(|output| output.status.success())
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

    /// Everything in the folder, hidden files too, in order.
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
    let mut command = prepared(Command::new(env!("CARGO_BIN_EXE_impasto")));
    command.args(args);
    command
}

fn prepared(mut command: Command) -> Command {
    command.env("NO_COLOR", "1").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
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

/// Waits for the command.
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

/// The exit code; `None` where a signal ended it.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let mut code = None;
    wait_until("the end of the command", || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    code.and_then(|status| status.code())
}

/// Waits for something to happen; fails where it never does.
pub(crate) fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

// === Commands in progress ===

/// A command whose stderr is read line by line. It cannot run far ahead of the reader: the pipe holds 64 kB, which are some 160
/// objects of `--progress json`.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: BufReader<ChildStderr>,
    seen: String,
    /// Ends the command when it is stuck; dropped, it does not.
    _guard: Sender<()>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let (guard, dropped) = mpsc::channel();
        let id = child.id().to_string();
        thread::spawn(move || {
            if dropped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-s", "KILL", &id]).status();
            }
        });
        Running { child, lines, seen: String::new(), _guard: guard }
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

    /// Sends a signal by name, and waits until the command has it.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success(), "kill -s {name} {id}");
        #[cfg(target_os = "linux")]
        wait_until("a signal to arrive", || {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let pending = |line: &str| {
                line.strip_prefix("ShdPnd:").is_some_and(|mask| mask.trim().contains(|digit| digit != '0'))
            };
            !status.lines().any(pending)
        });
    }

    /// Waits until the command has worked for a while, by the time that processors spent on it.
    #[cfg(target_os = "linux")]
    pub(crate) fn work(&mut self, hundredths: u64) {
        let stat = format!("/proc/{}/stat", self.child.id());
        wait_until("the command to work", || {
            // Behind the name in brackets, which may hold anything: user's and system's time are numbers 12 and 13 (proc(5)).
            let text = fs::read_to_string(&stat).unwrap();
            let numbers = text.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
            numbers.map(|number| number.parse::<u64>().unwrap()).sum::<u64>() >= hundredths
        });
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ran {
        self.lines.read_to_string(&mut self.seen).unwrap();
        Ran { code: wait(&mut self.child), stdout: String::new(), stderr: self.seen }
    }
}

/// Says that a test cannot do its work on this system, and why; fails where everything has to be tested.
#[track_caller]
pub(crate) fn skip(test: &str, why: &str) {
    let why = why.trim();
    let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
    assert!(!forbidden, "{test} cannot do its work here: {why}");
    // Past the harness, which hides what passing tests print.
    let _ = writeln!(io::stderr(), "skipped: {test}: {why}");
}

/// Runs a script with the command as `$0`, in a new, empty file system of 32 kilobytes, mounted on the folder `m`. Where the system does
/// not let us mount one, files cannot become larger than 24 kilobytes; `None` where the script needs more than that.
pub(crate) fn in_small_file_system(folder: &Folder, test: &str, script: &str) -> Option<Ran> {
    fs::create_dir(folder.path("m")).unwrap();
    let run = |how: &[&str], script: &str| {
        let mut command = Command::new("unshare");
        command.args(how).args(["--mount", "sh", "-c", script]);
        command.arg(env!("CARGO_BIN_EXE_impasto")).current_dir(folder.path(".")).stdin(Stdio::null());
        command.output()
    };
    const MOUNT: &str = "mount -t tmpfs -o size=32k tmpfs m";
    // As a user who is root in a name space of their own; where there are none, as root.
    let mut why = Vec::new();
    for how in [&["--user", "--map-root-user"][..], &[]] {
        match run(how, MOUNT) {
            Ok(output) if output.status.success() => {
                return Some(Ran::of(run(how, &format!("{MOUNT} && {script}")).unwrap()));
            }
            Ok(output) => why.push(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => why.push(error.to_string()),
        }
    }
    if script.contains("mount ") {
        skip(test, &why.join("; "));
        return None;
    }
    // A full disk is not much more than files that cannot grow.
    let limited = format!("trap '' XFSZ; ulimit -f 24; {script}");
    let mut command = Command::new("bash");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_impasto")]).current_dir(folder.path("."));
    Some(Ran::of(command.stdin(Stdio::null()).output().unwrap()))
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
