//! Small file systems, and tests that cannot run on a system.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::{Folder, Ran};

/// Reports that a test cannot run on this system, with the reason. Fails if `IMPASTO_NO_SKIPS` is 1.
#[track_caller]
pub(crate) fn skip(test: &str, why: &str) {
    let why = why.trim();
    let forbidden = std::env::var_os("IMPASTO_NO_SKIPS").is_some_and(|value| value == "1");
    assert!(!forbidden, "{test} cannot do its work here: {why}");
    // The test harness hides what passing tests print, so this writes to stderr directly.
    let _ = writeln!(io::stderr(), "skipped: {test}: {why}");
}

/// Runs a script with the command as `$0`. The folder `m` is a new, empty file system of 32 kilobytes. If the system
/// does not allow a mount, files are limited to 24 kilobytes instead, or the result is `None` if the script needs a
/// mount.
pub(crate) fn in_small_file_system(folder: &Folder, test: &str, script: &str) -> Option<Ran> {
    fs::create_dir(folder.path("m")).unwrap();
    let run = |how: &[&str], script: &str| {
        let mut command = Command::new("unshare");
        command.args(how).args(["--mount", "sh", "-c", script]);
        command.arg(env!("CARGO_BIN_EXE_impasto")).current_dir(folder.path(".")).stdin(Stdio::null());
        command.output()
    };
    const MOUNT: &str = "mount -t tmpfs -o size=32k tmpfs m";
    // Mounting needs root: of a new user name space, or of the system if there are no name spaces.
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
    // Without a mount, a limit on the size of files is used in place of a full disk.
    let limited = format!("trap '' XFSZ; ulimit -f 24; {script}");
    let mut command = Command::new("bash");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_impasto")]).current_dir(folder.path("."));
    Some(Ran::of(command.stdin(Stdio::null()).output().unwrap()))
}
