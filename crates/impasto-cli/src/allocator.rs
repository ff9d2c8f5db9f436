//! Keeps glibc's allocator from hoarding what is freed.
//!
//! It takes large blocks from the system and gives them back, but after some are freed it moves the limit of "large" up to 32
//! MB; from then on what one scale frees stays, in pieces that the next scale has no use for: up to half as much again as is
//! in use, which no plan can foresee. The limit stays where the environment puts it, and that is read at the start of a
//! process alone. So the process begins again, as itself, before anything is done.

/// What is larger goes back when it is freed. Below it, the cost of doing so would show.
const LARGE: &str = "1048576";

const VARIABLE: &str = "MALLOC_MMAP_THRESHOLD_";

/// Begins this process again with a fixed limit; returns where it has one, where there is no such allocator, and where that
/// fails: the run needs more memory then, that is all.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn begin_with_fixed_limit() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    let _error = std::process::Command::new(program).arg0(name).args(args).env(VARIABLE, LARGE).exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn begin_with_fixed_limit() {}
