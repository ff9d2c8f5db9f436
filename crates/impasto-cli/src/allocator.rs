//! Keeps glibc's allocator from hoarding freed memory.
//!
//! The allocator takes large blocks from the system and gives them back when they are freed. But after some have been
//! freed, it raises the limit of "large" to up to 32 MB. From then on, the memory that one scale frees stays in the
//! process, in pieces that the next scale cannot use: up to half as much again as is in use, which no plan can foresee.
//! The environment can fix the limit, but is read only at the start of a process. So the process starts itself again
//! before it does anything.

/// The limit in bytes: larger blocks go back to the system when they are freed. Below it, the cost of that would show.
const LARGE: &str = "1048576";

const VARIABLE: &str = "MALLOC_MMAP_THRESHOLD_";

/// Starts this process again with a fixed limit. Returns if the limit is fixed already, if there is no such allocator,
/// or if the start fails; then the run only needs more memory.
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
