//! Commands in progress, for tests that interrupt them.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use super::{PATIENCE, Ran, wait, wait_until};

/// A running command whose stderr is read line by line. The command cannot run far ahead of the reader: the pipe holds
/// 64 kB, about 160 objects of `--progress json`.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: BufReader<ChildStderr>,
    seen: String,
    /// A guard that ends the command if it is stuck. Once dropped, the guard no longer does so.
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

    /// Reads lines up to the first one for which `wanted` is true.
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

    /// Returns the child process. Its stderr is no longer read.
    pub(crate) fn into_child(self) -> Child {
        self.child
    }

    /// Sends a signal by name, and waits until the command has received it.
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

    /// Waits until the command has used this much processor time.
    #[cfg(target_os = "linux")]
    pub(crate) fn work(&mut self, hundredths: u64) {
        let stat = format!("/proc/{}/stat", self.child.id());
        wait_until("the command to work", || {
            // The program's name is in brackets and may contain anything. After it, numbers 12 and 13 are the times in
            // user and system mode (proc(5)).
            let text = fs::read_to_string(&stat).unwrap();
            let numbers = text.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
            numbers.map(|number| number.parse::<u64>().unwrap()).sum::<u64>() >= hundredths
        });
    }

    /// Reads the rest of stderr and waits for the end of the command.
    pub(crate) fn end(mut self) -> Ran {
        self.lines.read_to_string(&mut self.seen).unwrap();
        Ran { code: wait(&mut self.child), stdout: String::new(), stderr: self.seen }
    }
}
